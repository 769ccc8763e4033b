/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/point.h"

#include "modbus/point_in.h"
#include "modbus/signal.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STALE_PERIODS 3
#define STALE_MIN_MS  3000
#define ADDRESSES     65536
#define BIT_OF(t)     (1u << (t))

/* ---- reading ---- */

/* The member, or the object where the member is missing: where to report. */
static const struct gw_jnode *at(const struct gw_jnode *obj, const char *key)
{
    const struct gw_jnode *n = gw_jnode_get(obj, key);
    return n != NULL ? n : obj;
}

static bool is_float(enum gw_mb_type type)
{
    return type == GW_MB_F32 || type == GW_MB_F64 || type == GW_MB_MK102;
}

/* "<device>.<name>" with "{n}" replaced; false when it does not fit. */
static bool full_id(const char *device, const char *name, unsigned channel, char out[GW_POINT_ID])
{
    struct gw_buf b;
    gw_buf_fixed(&b, out, GW_POINT_ID);
    gw_buf_printf(&b, "%s.", device);
    while (*name != '\0') {
        if (channel > 0 && strncmp(name, "{n}", 3) == 0) {
            gw_buf_printf(&b, "%u", channel);
            name += 3;
        } else {
            gw_buf_char(&b, *name++);
        }
    }
    return !b.failed;
}

static bool has_bands(const struct gw_mb_point_keys *k)
{
    return k->signal[0] != '\0' || k->bands != NULL;
}

static bool is_coded(const struct gw_mb_point_keys *k)
{
    return k->codes != NULL || k->expect != INT64_MIN || k->counter > 0;
}

/* Takes what is not given here from the point that "from" names: where it is read, and what makes a
 * number of it. */
static void inherit(const struct gw_mb_reader *r, const struct gw_jnode *obj,
                    struct gw_mb_point_keys *k)
{
    if (k->from[0] == '\0')
        return;
    char id[GW_POINT_ID];
    uint32_t index;
    if (!full_id(r->site->devices[r->device].id, k->from, 0, id) ||
        !gw_site_find_point(r->site, id, &index)) {
        gw_jnode_issue(gw_jnode_get(obj, "from"), r->issues,
                       "\"%s\" is no point of this device declared so far", k->from);
        return;
    }
    const struct gw_mb_point *other = r->site->point_priv[index];
    const struct gw_mb_point_keys *of = &other->def->keys;
    if (k->fc < 0)
        k->fc = of->fc;
    if (k->address < 0)
        k->address = other->address;
    if (k->type < 0)
        k->type = of->type;
    if (gw_jnode_get(obj, "order") == NULL)
        k->order = of->order;
    if (k->bad_raw == NULL)
        k->bad_raw = of->bad_raw;
    if (k->period_ms < 0)
        k->period_ms = of->period_ms;
    /* The rest has a meaning only where a number is made of it. */
    const bool plain = k->states == NULL && k->bit < 0 && !is_coded(k);
    if (!has_bands(k) && k->as != GW_V_NUM && (k->as >= 0 || !plain))
        return;
    if (isnan(k->scale))
        k->scale = of->scale;
    if (isnan(k->offset))
        k->offset = of->offset;
    if (k->clamped_raw == NULL)
        k->clamped_raw = of->clamped_raw;
}

/* Function and type follow from each other when one of them is not given. */
static void settle_type(const struct gw_jnode *obj, struct gw_mb_point_keys *k,
                        struct gw_issues *issues)
{
    if (k->type < 0)
        k->type = k->fc == 1 || k->fc == 2 ? GW_MB_BIT : GW_MB_U16;
    if (k->fc < 0)
        k->fc = k->type == GW_MB_BIT ? GW_MB_READ_DISCRETE : GW_MB_READ_HOLDING;
    const bool bits = k->fc == GW_MB_READ_COILS || k->fc == GW_MB_READ_DISCRETE;
    if (bits && k->type != GW_MB_BIT)
        gw_jnode_issue(at(obj, "type"), issues, "function %d reads bits, not %s", (int)k->fc,
                       gw_mb_type_names[k->type]);
    if (!bits && k->type == GW_MB_BIT)
        gw_jnode_issue(at(obj, "type"), issues,
                       "function %d reads registers; one bit of a register is \"bit\": 0..15",
                       (int)k->fc);
    const unsigned regs = gw_mb_type_regs((enum gw_mb_type)k->type);
    if (k->address + (int64_t)regs > ADDRESSES)
        gw_jnode_issue(at(obj, "address"), issues, "%u registers from %d on end behind 65535", regs,
                       (int)k->address);
}

static void check_state(const struct gw_jnode *obj, const struct gw_mb_point_keys *k,
                        struct gw_issues *issues)
{
    const enum gw_mb_type type = (enum gw_mb_type)k->type;
    const bool signal = has_bands(k) && k->as == GW_V_STATE;
    if (is_float(type) && k->as != GW_V_NUM && !signal)
        gw_jnode_issue(at(obj, "as"), issues, "%s is a num, not %s", gw_mb_type_names[type],
                       gw_mb_as_names[k->as]);
    if (k->as == GW_V_STATE && !signal && (k->states == NULL || type != GW_MB_U16))
        gw_jnode_issue(at(obj, "as"), issues,
                       "a state needs type u16 and \"states\", or \"signal\" or \"bands\"");
    if (signal && k->states != NULL)
        gw_jnode_issue(k->states, issues, "has no meaning beside \"signal\" or \"bands\"");
}

static void settle_as(const struct gw_jnode *obj, struct gw_mb_point_keys *k,
                      struct gw_issues *issues)
{
    const enum gw_mb_type type = (enum gw_mb_type)k->type;
    const bool bit = type == GW_MB_BIT || k->bit >= 0;
    if (k->as < 0)
        k->as = k->states != NULL ? GW_V_STATE
                : bit             ? GW_V_BOOL
                : is_coded(k)     ? GW_V_INT
                                  : GW_V_NUM;
    if (bit && k->as != GW_V_BOOL)
        gw_jnode_issue(at(obj, "as"), issues, "a bit is a bool, not %s", gw_mb_as_names[k->as]);
    check_state(obj, k, issues);
    if (type != GW_MB_U16 && k->bit >= 0)
        gw_jnode_issue(at(obj, "bit"), issues, "only a u16 has bits");
    if (type != GW_MB_U16 && k->field != NULL)
        gw_jnode_issue(k->field, issues, "only a u16 has a field");
    if (k->bit >= 0 && k->field != NULL)
        gw_jnode_issue(k->field, issues, "give \"bit\" or \"field\", not both");
}

/* A key that would be ignored is a mistake. */
static void check_use(const struct gw_jnode *obj, const struct gw_mb_point_keys *k,
                      struct gw_issues *issues)
{
    const unsigned scaled = BIT_OF(GW_V_NUM) | (has_bands(k) ? BIT_OF(GW_V_STATE) : 0);
    const struct {
        const char *key;
        bool given;
        unsigned kinds; /* of enum gw_vtype */
    } uses[] = {
        {"scale", !isnan(k->scale), scaled},
        {"offset", !isnan(k->offset), scaled},
        {"decimals_from", k->decimals_from[0] != '\0', BIT_OF(GW_V_NUM)},
        {"signal", k->signal[0] != '\0', BIT_OF(GW_V_NUM) | BIT_OF(GW_V_STATE)},
        {"bands", k->bands != NULL, BIT_OF(GW_V_NUM) | BIT_OF(GW_V_STATE)},
        {"range", k->range != NULL, BIT_OF(GW_V_NUM)},
        {"clamped_raw", k->clamped_raw != NULL, scaled},
        {"codes", k->codes != NULL, BIT_OF(GW_V_INT)},
        {"expect", k->expect != INT64_MIN, BIT_OF(GW_V_INT)},
        {"counter", k->counter > 0, BIT_OF(GW_V_INT)},
        {"restart_if_less", k->restart_if_less, BIT_OF(GW_V_INT)},
        {"count_from", k->count_from[0] != '\0', BIT_OF(GW_V_STATE)},
        {"decimals", k->decimals >= 0, BIT_OF(GW_V_NUM)},
        {"unit", k->unit[0] != '\0', BIT_OF(GW_V_NUM) | BIT_OF(GW_V_INT)},
        {"sane", k->sane != NULL, BIT_OF(GW_V_NUM) | BIT_OF(GW_V_INT)},
        {"invert", k->invert, BIT_OF(GW_V_BOOL)},
        {"states", k->states != NULL, BIT_OF(GW_V_STATE)},
        {"else", k->state_else[0] != '\0', BIT_OF(GW_V_STATE)},
        {"state_from", k->state_from[0] != '\0',
         BIT_OF(GW_V_NUM) | BIT_OF(GW_V_INT) | BIT_OF(GW_V_BOOL)},
    };
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        if (uses[i].given && (uses[i].kinds & BIT_OF(k->as)) == 0)
            gw_jnode_issue(at(obj, uses[i].key), issues, "has no meaning for a point as %s",
                           gw_mb_as_names[k->as]);
    }
    if (k->order != GW_MB_ABCD && gw_mb_type_regs((enum gw_mb_type)k->type) < 2)
        gw_jnode_issue(at(obj, "order"), issues, "has no meaning for %s",
                       gw_mb_type_names[k->type]);
    if (k->scale == 0.0)
        gw_jnode_issue(at(obj, "scale"), issues, "must not be 0");
    if (k->signal[0] != '\0' && k->bands != NULL)
        gw_jnode_issue(k->bands, issues, "give \"signal\" or \"bands\", not both");
    if (k->range != NULL && !has_bands(k))
        gw_jnode_issue(
            k->range, issues,
            "needs \"signal\" or \"bands\": without them a broken wire would be a value");
}

static void read_field(const struct gw_mb_point_keys *k, struct gw_mb_format *f,
                       struct gw_issues *issues)
{
    struct gw_mb_field_in field = {0};
    if (k->field == NULL || !gw_keys_read(k->field, gw_mb_field_keys, &field, issues))
        return;
    if (field.shift + field.bits > 16)
        gw_jnode_issue(k->field, issues, "shift + bits must be at most 16");
    f->field_shift = (int)field.shift;
    f->field_bits = (int)field.bits;
}

static void read_sane(const struct gw_mb_point_keys *k, struct gw_mb_point_def *p,
                      struct gw_issues *issues)
{
    p->sane_lo = -(double)INFINITY;
    p->sane_hi = (double)INFINITY;
    if (k->counter > 0) {
        p->sane_lo = 0;
        p->sane_hi = (double)(k->counter - 1);
    }
    if (k->sane == NULL)
        return;
    const struct gw_jnode *lo = gw_jnode_first(k->sane);
    const struct gw_jnode *hi = lo != NULL ? gw_jnode_next(lo) : NULL;
    if (gw_jnode_count(k->sane) != 2 || gw_jnode_type(lo) != GW_J_NUM ||
        gw_jnode_type(hi) != GW_J_NUM || gw_jnode_num(lo) >= gw_jnode_num(hi)) {
        gw_jnode_issue(k->sane, issues, "must be [lowest, highest], two numbers");
        return;
    }
    p->sane_lo = gw_jnode_num(lo);
    p->sane_hi = gw_jnode_num(hi);
}

static void read_state_row(const struct gw_jnode *n, struct gw_mb_format *f,
                           struct gw_issues *issues)
{
    struct gw_mb_state_in row = {0};
    if (!gw_keys_read(n, gw_mb_state_keys, &row, issues))
        return;
    enum gw_state state;
    if (!gw_state_parse(row.is, &state)) {
        gw_jnode_issue(at(n, "is"), issues, "\"%s\" is no state", row.is);
        return;
    }
    if ((row.equals & ~row.mask) != 0) {
        gw_jnode_issue(at(n, "equals"), issues, "%d has bits that mask %d takes away",
                       (int)row.equals, (int)row.mask);
        return;
    }
    f->states[f->nstates++] = (struct gw_mb_state_row){
        .mask = (uint16_t)row.mask, .equals = (uint16_t)row.equals, .state = state};
}

static void read_states(const struct gw_jnode *obj, const struct gw_mb_point_keys *k,
                        struct gw_mb_format *f, struct gw_issues *issues)
{
    f->state_else = GW_S_UNKNOWN;
    if (k->state_else[0] != '\0' && !gw_state_parse(k->state_else, &f->state_else))
        gw_jnode_issue(at(obj, "else"), issues, "\"%s\" is no state", k->state_else);
    if (k->states == NULL)
        return;
    const size_t n = gw_jnode_count(k->states);
    if (n < 1 || n > GW_MB_STATES_MAX) {
        gw_jnode_issue(k->states, issues, "must have 1 to %d rows, has %zu", GW_MB_STATES_MAX, n);
        return;
    }
    for (const struct gw_jnode *row = gw_jnode_first(k->states); row != NULL;
         row = gw_jnode_next(row))
        read_state_row(row, f, issues);
}

/* True when registers of that type can hold v. */
static bool type_holds(enum gw_mb_type type, double v)
{
    switch (type) {
    case GW_MB_U16:
        return v >= 0 && v <= UINT16_MAX;
    case GW_MB_I16:
        return v >= INT16_MIN && v <= INT16_MAX;
    case GW_MB_U32:
        return v >= 0 && v <= UINT32_MAX;
    case GW_MB_I32:
        return v >= INT32_MIN && v <= INT32_MAX;
    case GW_MB_U64:
        return v >= 0;
    case GW_MB_BCD:
        return v >= 0 && v <= 9999;
    case GW_MB_BCD32:
        return v >= 0 && v <= 99999999;
    default:
        return false;
    }
}

/* Raw numbers that the type can hold; returns how many. */
static size_t read_raws(const struct gw_jnode *list, enum gw_mb_type type,
                        int64_t out[GW_MB_BAD_MAX], struct gw_issues *issues)
{
    size_t got = 0;
    const size_t n = list != NULL ? gw_jnode_count(list) : 0;
    if (n > GW_MB_BAD_MAX) {
        gw_jnode_issue(list, issues, "must have at most %d numbers, has %zu", GW_MB_BAD_MAX, n);
        return 0;
    }
    for (const struct gw_jnode *v = n > 0 ? gw_jnode_first(list) : NULL; v != NULL;
         v = gw_jnode_next(v)) {
        if (gw_jnode_type(v) != GW_J_NUM || !gw_jnode_is_int(v)) {
            gw_jnode_issue(v, issues, "must be a whole number");
        } else if (!type_holds(type, gw_jnode_num(v))) {
            gw_jnode_issue(v, issues, "%.15g can never be read as %s", gw_jnode_num(v),
                           gw_mb_type_names[type]);
        } else {
            out[got++] = (int64_t)gw_jnode_num(v);
        }
    }
    return got;
}

static void check_counter(const struct gw_jnode *obj, const struct gw_mb_point_def *p,
                          struct gw_issues *issues)
{
    const struct gw_mb_point_keys *k = &p->keys;
    if (k->counter == 0)
        return;
    if (!type_holds(p->format.type, (double)(k->counter - 1)))
        gw_jnode_issue(at(obj, "counter"), issues, "%s never counts to %lld",
                       gw_mb_type_names[p->format.type], (long long)(k->counter - 1));
    if (k->restart_if_less)
        gw_jnode_issue(at(obj, "restart_if_less"), issues,
                       "has no meaning for a counter that starts again at 0 by itself");
}

static void read_code(const struct gw_jnode *n, struct gw_mb_point_def *p, struct gw_issues *issues)
{
    const char *key = gw_jnode_key(n);
    char *end = NULL;
    const long code = strtol(key, &end, 10);
    if (end == key || *end != '\0' || strlen(key) > 10 || code < INT32_MIN || code > INT32_MAX) {
        gw_jnode_issue(n, issues, "the key must be a whole number");
        return;
    }
    if (gw_jnode_type(n) != GW_J_STR || gw_jnode_str(n)[0] == '\0' ||
        strlen(gw_jnode_str(n)) >= GW_MB_CODE_SIZE) {
        gw_jnode_issue(n, issues, "must be a text of 1 to %d bytes", GW_MB_CODE_SIZE - 1);
        return;
    }
    struct gw_mb_code *c = &p->codes[p->ncodes++];
    c->code = (int32_t)code;
    snprintf(c->name, sizeof c->name, "%s", gw_jnode_str(n));
}

static void read_codes(struct gw_mb_point_def *p, struct gw_issues *issues)
{
    const struct gw_jnode *obj = p->keys.codes;
    if (obj == NULL)
        return;
    const size_t n = gw_jnode_count(obj);
    if (n < 1 || n > GW_MB_CODES_MAX) {
        gw_jnode_issue(obj, issues, "must have 1 to %d members, has %zu", GW_MB_CODES_MAX, n);
        return;
    }
    for (const struct gw_jnode *v = gw_jnode_first(obj); v != NULL; v = gw_jnode_next(v))
        read_code(v, p, issues);
}

const char *gw_mb_point_code(const struct gw_mb_point *p, int64_t code)
{
    for (size_t i = 0; i < p->def->ncodes; i++)
        if (p->def->codes[i].code == code)
            return p->def->codes[i].name;
    return "";
}

/* Names of points; returns how many. */
static size_t read_names(const struct gw_jnode *list, char out[GW_MB_FAULTS_MAX][GW_ID_SIZE],
                         struct gw_issues *issues)
{
    if (list == NULL)
        return 0;
    const size_t n = gw_jnode_count(list);
    if (n < 1 || n > GW_MB_FAULTS_MAX) {
        gw_jnode_issue(list, issues, "must name 1 to %d points, has %zu", GW_MB_FAULTS_MAX, n);
        return 0;
    }
    size_t got = 0;
    for (const struct gw_jnode *v = gw_jnode_first(list); v != NULL; v = gw_jnode_next(v)) {
        if (gw_jnode_type(v) != GW_J_STR || strlen(gw_jnode_str(v)) >= GW_ID_SIZE) {
            gw_jnode_issue(v, issues, "must be the name of a point");
            continue;
        }
        snprintf(out[got++], GW_ID_SIZE, "%s", gw_jnode_str(v));
    }
    return got;
}

/* Digits that a step of this size needs. */
static int64_t digits_of(double step)
{
    double scaled = fabs(step);
    int64_t digits = 0;
    while (digits < 9 && fabs(scaled - round(scaled)) > 1e-6 * scaled) {
        scaled *= 10;
        digits++;
    }
    return digits;
}

/* Only now is it known which defaults have a meaning. */
static void settle_number(struct gw_mb_point_keys *k)
{
    if (k->as != GW_V_NUM && !has_bands(k))
        return;
    if (isnan(k->scale))
        k->scale = 1;
    if (isnan(k->offset))
        k->offset = 0;
    if (k->decimals < 0 && k->as == GW_V_NUM) {
        const int64_t a = digits_of(k->scale);
        const int64_t b = digits_of(k->offset);
        const bool guess =
            is_float((enum gw_mb_type)k->type) || has_bands(k) || k->decimals_from[0] != '\0';
        k->decimals = guess ? 2 : a > b ? a : b;
    }
}

static void fill_format(const struct gw_jnode *obj, struct gw_mb_point_def *p,
                        struct gw_issues *issues)
{
    const struct gw_mb_point_keys *k = &p->keys;
    struct gw_mb_format *f = &p->format;
    f->type = (enum gw_mb_type)k->type;
    f->order = (enum gw_mb_order)k->order;
    f->vtype = (enum gw_vtype)k->as;
    f->bit = (int)k->bit;
    f->invert = k->invert;
    f->scale = isnan(k->scale) ? 1 : k->scale;
    f->offset = isnan(k->offset) ? 0 : k->offset;
    read_field(k, f, issues);
    read_states(obj, k, f, issues);
    f->nbad = read_raws(k->bad_raw, f->type, f->bad_raw, issues);
    f->nclamped = read_raws(k->clamped_raw, f->type, f->clamped_raw, issues);
    read_sane(k, p, issues);
    f->sane_lo = p->sane_lo;
    f->sane_hi = p->sane_hi;
}

static const struct gw_mb_point_keys unset = {
    .fc = -1,
    .address = -1,
    .expect = INT64_MIN,
    .type = -1,
    .as = -1,
    .bit = -1,
    .scale = (double)NAN,
    .offset = (double)NAN,
    .decimals = -1,
    .period_ms = -1,
    .stride = -1,
};

static bool read_def(const struct gw_mb_reader *r, const struct gw_key *keys,
                     struct gw_mb_point_def *def)
{
    const struct gw_jnode *obj = def->node;
    struct gw_issues *issues = r->issues;
    const size_t before = gw_issues_count(issues);
    struct gw_mb_point_keys *k = &def->keys;
    if (!gw_keys_read(obj, keys, k, issues))
        return false;
    inherit(r, obj, k);
    if (k->address < 0) {
        gw_jnode_issue(obj, issues, "\"address\" is missing");
        return false;
    }
    settle_type(obj, k, issues);
    settle_as(obj, k, issues);
    check_use(obj, k, issues);
    settle_number(k);
    fill_format(obj, def, issues);
    check_counter(obj, def, issues);
    read_codes(def, issues);
    def->nfault_if = read_names(k->fault_if, def->fault_if, issues);
    def->nvalid_if = read_names(k->valid_if, def->valid_if, issues);
    const bool signal = gw_mb_signal_read(r->site, def, issues);
    return signal && gw_issues_count(issues) == before;
}

struct gw_mb_point_def *gw_mb_point_read(const struct gw_mb_reader *r, const struct gw_jnode *obj,
                                         const struct gw_key *keys)
{
    struct gw_mb_point_def *def = malloc(sizeof *def);
    if (def == NULL) {
        gw_jnode_issue(obj, r->issues, "out of memory");
        return NULL;
    }
    *def = (struct gw_mb_point_def){.keys = unset, .node = obj};
    if (read_def(r, keys, def))
        return def;
    free(def);
    return NULL;
}

void gw_mb_point_drop(struct gw_mb_point_def *def)
{
    if (def == NULL || def->users > 0)
        return;
    while (def->points != NULL) {
        struct gw_mb_point *next = def->points->next;
        free(def->points);
        def->points = next;
    }
    free(def);
}

void gw_mb_conf_free_point(void *point)
{
    struct gw_mb_point *p = point;
    if (p == NULL)
        return;
    assert(p->def->users > 0);
    p->def->users--;
    gw_mb_point_drop(p->def);
}

struct gw_mb_span gw_mb_point_span(const struct gw_mb_point *p)
{
    return (struct gw_mb_span){
        .fc = (enum gw_mb_fc)p->def->keys.fc,
        .address = p->address,
        .count = (uint16_t)gw_mb_type_regs(p->def->format.type),
    };
}

bool gw_mb_point_ref(const struct gw_site *site, uint32_t device, const struct gw_mb_point *p,
                     const char *name, char id[GW_POINT_ID])
{
    return full_id(site->devices[device].id, name, p->channel, id);
}

/* ---- adding ---- */

struct gw_mb_point_def *gw_mb_point_known(const struct gw_site *site, uint32_t device,
                                          const struct gw_jnode *entry)
{
    const struct gw_jnode *name = gw_jnode_get(entry, "name");
    if (name == NULL || gw_jnode_type(name) != GW_J_STR)
        return NULL;
    for (uint32_t d = device; d-- > 0;) {
        const struct gw_site_device *other = &site->devices[d];
        if (other->priv == NULL || strcmp(other->profile, site->devices[device].profile) != 0 ||
            site->buses[other->bus].driver->free_point != gw_mb_conf_free_point)
            continue;
        /* It has channel 1 of what has channels. */
        char id[GW_POINT_ID];
        uint32_t index;
        if (!full_id(other->id, gw_jnode_str(name), 1, id) || !gw_site_find_point(site, id, &index))
            return NULL;
        struct gw_mb_point_def *def = ((const struct gw_mb_point *)site->point_priv[index])->def;
        return def->node == entry ? def : NULL;
    }
    return NULL;
}

/* Whether all names that the definition refers to make ids. */
static bool refs_fit(const struct gw_site *site, uint32_t device, const struct gw_mb_point *p)
{
    const struct gw_mb_point_def *def = p->def;
    char id[GW_POINT_ID];
    bool fits = gw_mb_point_ref(site, device, p, def->keys.state_from, id) &&
                gw_mb_point_ref(site, device, p, def->keys.decimals_from, id) &&
                gw_mb_point_ref(site, device, p, def->keys.count_from, id);
    for (size_t i = 0; i < def->nfault_if; i++)
        fits = gw_mb_point_ref(site, device, p, def->fault_if[i], id) && fits;
    for (size_t i = 0; i < def->nvalid_if; i++)
        fits = gw_mb_point_ref(site, device, p, def->valid_if[i], id) && fits;
    return fits;
}

/* What everybody may know of it. */
static struct gw_point_def declare(const struct gw_site_device *d,
                                   const struct gw_mb_point_def *def)
{
    const struct gw_mb_point_keys *k = &def->keys;
    struct gw_point_def out = {
        .vtype = def->format.vtype,
        .decimals = k->as == GW_V_NUM ? (int)k->decimals : 0,
        .sane_lo = def->sane_lo,
        .sane_hi = def->sane_hi,
        .modulus = k->counter,
        .period_ms = k->period_ms > 0 ? k->period_ms : d->period_ms,
    };
    out.stale_ms = out.period_ms * STALE_PERIODS;
    if (out.stale_ms < STALE_MIN_MS)
        out.stale_ms = STALE_MIN_MS;
    memcpy(out.unit, k->unit, sizeof out.unit);
    return out;
}

/* The definition's point of that channel, which the first device with it makes. NULL: no memory. */
static struct gw_mb_point *point_of(struct gw_mb_point_def *def, unsigned channel, int64_t address)
{
    struct gw_mb_point *p = def->points;
    while (p != NULL && p->channel != channel)
        p = p->next;
    if (p != NULL)
        return p;
    p = malloc(sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct gw_mb_point){.def = def,
                              .next = def->points,
                              .address = (uint16_t)address,
                              .channel = (uint16_t)channel};
    def->points = p;
    return p;
}

bool gw_mb_point_add(struct gw_site *site, uint32_t device, struct gw_mb_point_def *def,
                     unsigned channel, struct gw_issues *issues)
{
    const struct gw_site_device *d = &site->devices[device];
    const struct gw_mb_point_keys *k = &def->keys;
    const int64_t steps =
        channel > 0 ? (int64_t)(channel - 1) * (k->stride > 0 ? k->stride : 1) : 0;
    const int64_t address = k->address + steps;
    char id[GW_POINT_ID];
    if (!full_id(d->id, k->name, channel, id)) {
        gw_jnode_issue(def->node, issues, "\"%s.%s\" is longer than %d characters", d->id, k->name,
                       GW_POINT_ID - 1);
        return false;
    }
    if (address + gw_mb_type_regs(def->format.type) > ADDRESSES) {
        gw_jnode_issue(def->node, issues, "channel %u: address %lld ends behind 65535", channel,
                       (long long)address);
        return false;
    }
    struct gw_mb_point *p = point_of(def, channel, address);
    if (p == NULL) {
        gw_jnode_issue(def->node, issues, "out of memory");
        return false;
    }
    if (!refs_fit(site, device, p)) {
        gw_jnode_issue(def->node, issues, "a name in it with \"%s.\" is longer than %d characters",
                       d->id, GW_POINT_ID - 1);
        return false;
    }
    const struct gw_point_def shared = declare(d, def);
    const struct gw_point point = {.id = id, .def = &shared};
    const enum gw_status status = gw_site_add_point(site, device, &point, p, def->node, issues);
    if (status == GW_OK) {
        def->users++;
        return true;
    }
    if (status == GW_E_NOMEM)
        gw_jnode_issue(def->node, issues, "out of memory");
    return false;
}

/* What a point asks of another one of its device. */
struct ref {
    const char *name; /* as the definition has it; "": none */
    const char *key;  /* that named it */
    enum gw_vtype want;
    bool same_pass; /* both are read in the same passes */
    bool expects;   /* it has "expect" */
};

static void check_ref(const struct gw_site *site, uint32_t from, const struct ref *ref,
                      struct gw_issues *issues)
{
    const struct gw_mb_point *p = site->point_priv[from];
    const struct gw_jnode *node = at(p->def->node, ref->key);
    char id[GW_POINT_ID];
    uint32_t index;
    if (ref->name[0] == '\0' || !gw_mb_point_ref(site, site->points[from].device, p, ref->name, id))
        return;
    if (!gw_site_find_point(site, id, &index)) {
        gw_jnode_issue(node, issues, "\"%s\" is no point of this device declared so far", id);
        return;
    }
    const struct gw_point *to = &site->points[index];
    const struct gw_mb_point *other = site->point_priv[index];
    const int64_t period_ms = site->points[from].def->period_ms;
    if (to->def->vtype != ref->want) {
        gw_jnode_issue(node, issues, "\"%s\" must be a point as %s, is %s", id,
                       gw_mb_as_names[ref->want], gw_mb_as_names[to->def->vtype]);
    } else if (ref->same_pass && to->def->period_ms != period_ms) {
        gw_jnode_issue(node, issues,
                       "\"%s\" is read every %lld ms and this point every %lld ms; give both the "
                       "same period_ms",
                       id, (long long)to->def->period_ms, (long long)period_ms);
    } else if (ref->expects && other->def->keys.expect == INT64_MIN) {
        gw_jnode_issue(node, issues, "\"%s\" has no \"expect\"", id);
    }
}

static void check_refs(const struct gw_site *site, uint32_t point, struct gw_issues *issues)
{
    const struct gw_mb_point_def *p = ((const struct gw_mb_point *)site->point_priv[point])->def;
    const struct ref refs[] = {
        {p->keys.state_from, "state_from", GW_V_STATE, true, false},
        {p->keys.decimals_from, "decimals_from", GW_V_INT, true, false},
        {p->keys.count_from, "count_from", GW_V_INT, true, false},
    };
    for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++)
        check_ref(site, point, &refs[i], issues);
    for (size_t k = 0; k < p->nfault_if; k++)
        check_ref(site, point, &(struct ref){p->fault_if[k], "fault_if", GW_V_BOOL, true, false},
                  issues);
    for (size_t k = 0; k < p->nvalid_if; k++)
        check_ref(site, point, &(struct ref){p->valid_if[k], "valid_if", GW_V_INT, false, true},
                  issues);
}

void gw_mb_point_check(const struct gw_site *site, uint32_t device, const struct gw_mb_device *conf,
                       size_t first, struct gw_issues *issues)
{
    for (size_t i = first; i < site->npoints; i++) {
        const struct gw_mb_point *p = site->point_priv[i];
        if (site->points[i].device != device)
            continue;
        const enum gw_mb_type type = p->def->format.type;
        if (conf != NULL && gw_mb_type_regs(type) > conf->max_regs && type != GW_MB_BIT)
            gw_jnode_issue(p->def->node, issues,
                           "%s needs %u registers, but max_regs of this device is %d",
                           gw_mb_type_names[type], gw_mb_type_regs(type), (int)conf->max_regs);
        check_refs(site, (uint32_t)i, issues);
    }
}

void gw_mb_conf_point(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                      struct gw_issues *issues)
{
    const struct gw_mb_reader r = {.site = site, .device = device, .issues = issues};
    struct gw_mb_point_def *def = gw_mb_point_read(&r, obj, gw_mb_point_keys);
    if (def == NULL)
        return;
    /* "<device>.<name>"; the site reader found the device by what stands before the point. */
    const char *key = gw_jnode_key(obj);
    const char *dot = strchr(key, '.');
    const char *name = dot != NULL ? dot + 1 : key;
    if (strlen(name) >= sizeof def->keys.name) {
        gw_jnode_issue(obj, issues, "the name of a point must be at most %zu characters",
                       sizeof def->keys.name - 1);
        goto out;
    }
    memcpy(def->keys.name, name, strlen(name) + 1);
    const size_t first = site->npoints;
    if (gw_mb_point_add(site, device, def, 0, issues))
        gw_mb_point_check(site, device, site->devices[device].priv, first, issues);
out:
    gw_mb_point_drop(def);
}
