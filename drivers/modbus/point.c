/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/point.h"

#include "modbus/point_in.h"

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
    return type == GW_MB_F32 || type == GW_MB_F64;
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

static void settle_as(const struct gw_jnode *obj, struct gw_mb_point_keys *k,
                      struct gw_issues *issues)
{
    const enum gw_mb_type type = (enum gw_mb_type)k->type;
    const bool bit = type == GW_MB_BIT || k->bit >= 0;
    if (k->as < 0)
        k->as = k->states != NULL ? GW_V_STATE : bit ? GW_V_BOOL : GW_V_NUM;
    if (bit && k->as != GW_V_BOOL)
        gw_jnode_issue(at(obj, "as"), issues, "a bit is a bool, not %s", gw_mb_as_names[k->as]);
    if (is_float(type) && k->as != GW_V_NUM)
        gw_jnode_issue(at(obj, "as"), issues, "%s is a num, not %s", gw_mb_type_names[type],
                       gw_mb_as_names[k->as]);
    if (k->as == GW_V_STATE && (k->states == NULL || type != GW_MB_U16))
        gw_jnode_issue(at(obj, "as"), issues, "a state needs type u16 and \"states\"");
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
    const struct {
        const char *key;
        bool given;
        unsigned kinds; /* of enum gw_vtype */
    } uses[] = {
        {"scale", !isnan(k->scale), BIT_OF(GW_V_NUM)},
        {"offset", !isnan(k->offset), BIT_OF(GW_V_NUM)},
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

static void read_sane(const struct gw_mb_point_keys *k, struct gw_mb_point *p,
                      struct gw_issues *issues)
{
    p->sane_lo = -INFINITY;
    p->sane_hi = INFINITY;
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
    default:
        return false;
    }
}

static void read_bad_raw(const struct gw_mb_point_keys *k, struct gw_mb_format *f,
                         struct gw_issues *issues)
{
    if (k->bad_raw == NULL)
        return;
    const size_t n = gw_jnode_count(k->bad_raw);
    if (n > GW_MB_BAD_MAX) {
        gw_jnode_issue(k->bad_raw, issues, "must have at most %d numbers, has %zu", GW_MB_BAD_MAX,
                       n);
        return;
    }
    for (const struct gw_jnode *v = gw_jnode_first(k->bad_raw); v != NULL; v = gw_jnode_next(v)) {
        if (gw_jnode_type(v) != GW_J_NUM || !gw_jnode_is_int(v)) {
            gw_jnode_issue(v, issues, "must be a whole number");
        } else if (!type_holds(f->type, gw_jnode_num(v))) {
            gw_jnode_issue(v, issues, "%.15g can never be read as %s", gw_jnode_num(v),
                           gw_mb_type_names[f->type]);
        } else {
            f->bad_raw[f->nbad++] = (int64_t)gw_jnode_num(v);
        }
    }
}

static void read_faults(struct gw_mb_point *p, struct gw_issues *issues)
{
    const struct gw_jnode *list = p->keys.fault_if;
    if (list == NULL)
        return;
    const size_t n = gw_jnode_count(list);
    if (n < 1 || n > GW_MB_FAULTS_MAX) {
        gw_jnode_issue(list, issues, "must name 1 to %d points, has %zu", GW_MB_FAULTS_MAX, n);
        return;
    }
    for (const struct gw_jnode *v = gw_jnode_first(list); v != NULL; v = gw_jnode_next(v)) {
        if (gw_jnode_type(v) != GW_J_STR || strlen(gw_jnode_str(v)) >= GW_ID_SIZE) {
            gw_jnode_issue(v, issues, "must be the name of a point");
            continue;
        }
        snprintf(p->fault_if[p->nfault_if++], GW_POINT_ID, "%s", gw_jnode_str(v));
    }
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
    if (k->as != GW_V_NUM)
        return;
    if (isnan(k->scale))
        k->scale = 1;
    if (isnan(k->offset))
        k->offset = 0;
    if (k->decimals < 0) {
        const int64_t a = digits_of(k->scale);
        const int64_t b = digits_of(k->offset);
        k->decimals = is_float((enum gw_mb_type)k->type) ? 2 : a > b ? a : b;
    }
}

static void fill_format(const struct gw_jnode *obj, struct gw_mb_point *p, struct gw_issues *issues)
{
    const struct gw_mb_point_keys *k = &p->keys;
    struct gw_mb_format *f = &p->format;
    f->type = (enum gw_mb_type)k->type;
    f->order = (enum gw_mb_order)k->order;
    f->vtype = (enum gw_vtype)k->as;
    f->bit = (int)k->bit;
    f->invert = k->invert;
    f->scale = k->as == GW_V_NUM ? k->scale : 1;
    f->offset = k->as == GW_V_NUM ? k->offset : 0;
    read_field(k, f, issues);
    read_states(obj, k, f, issues);
    read_bad_raw(k, f, issues);
    read_sane(k, p, issues);
    f->sane_lo = p->sane_lo;
    f->sane_hi = p->sane_hi;
}

bool gw_mb_point_read(const struct gw_jnode *obj, const struct gw_key *keys,
                      struct gw_mb_point *out, struct gw_issues *issues)
{
    const size_t before = gw_issues_count(issues);
    *out = (struct gw_mb_point){
        .keys = {.fc = -1,
                 .type = -1,
                 .as = -1,
                 .bit = -1,
                 .scale = NAN,
                 .offset = NAN,
                 .decimals = -1,
                 .period_ms = -1,
                 .stride = -1},
        .node = obj,
    };
    struct gw_mb_point_keys *k = &out->keys;
    if (!gw_keys_read(obj, keys, k, issues))
        return false;
    settle_type(obj, k, issues);
    settle_as(obj, k, issues);
    check_use(obj, k, issues);
    settle_number(k);
    fill_format(obj, out, issues);
    read_faults(out, issues);
    out->span = (struct gw_mb_span){
        .fc = (enum gw_mb_fc)k->fc,
        .address = (uint16_t)k->address,
        .count = (uint16_t)gw_mb_type_regs(out->format.type),
    };
    return gw_issues_count(issues) == before;
}

/* ---- adding ---- */

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

/* Turns the names that p refers to into ids. */
static bool fill_refs(const char *device, const struct gw_mb_point *tmpl, unsigned channel,
                      struct gw_mb_point *p)
{
    bool fits = true;
    if (tmpl->keys.state_from[0] != '\0')
        fits = full_id(device, tmpl->keys.state_from, channel, p->state_from);
    for (size_t i = 0; i < tmpl->nfault_if; i++)
        fits = full_id(device, tmpl->fault_if[i], channel, p->fault_if[i]) && fits;
    return fits;
}

bool gw_mb_point_add(struct gw_site *site, uint32_t device, const struct gw_mb_point *p,
                     unsigned channel, struct gw_issues *issues)
{
    const struct gw_site_device *d = &site->devices[device];
    const struct gw_mb_point_keys *k = &p->keys;
    struct gw_point point = {
        .vtype = p->format.vtype,
        .decimals = k->as == GW_V_NUM ? (int)k->decimals : 0,
        .sane_lo = p->sane_lo,
        .sane_hi = p->sane_hi,
        .period_ms = k->period_ms > 0 ? k->period_ms : d->period_ms,
    };
    point.stale_ms = point.period_ms * STALE_PERIODS;
    if (point.stale_ms < STALE_MIN_MS)
        point.stale_ms = STALE_MIN_MS;
    memcpy(point.unit, k->unit, sizeof point.unit);

    struct gw_mb_point *priv = malloc(sizeof *priv);
    if (priv == NULL) {
        gw_jnode_issue(p->node, issues, "out of memory");
        return false;
    }
    *priv = *p;
    if (!full_id(d->id, k->name, channel, point.id) || !fill_refs(d->id, p, channel, priv)) {
        gw_jnode_issue(p->node, issues, "\"%s.%s\" is longer than %d characters", d->id, k->name,
                       GW_POINT_ID - 1);
        goto out;
    }
    const int64_t steps =
        channel > 0 ? (int64_t)(channel - 1) * (k->stride > 0 ? k->stride : 1) : 0;
    const int64_t address = k->address + steps;
    if (address + p->span.count > ADDRESSES) {
        gw_jnode_issue(p->node, issues, "channel %u: address %lld ends behind 65535", channel,
                       (long long)address);
        goto out;
    }
    priv->span.address = (uint16_t)address;
    priv->keys.address = address;
    const enum gw_status status = gw_site_add_point(site, device, &point, priv, p->node, issues);
    if (status == GW_OK)
        return true;
    if (status == GW_E_NOMEM)
        gw_jnode_issue(p->node, issues, "out of memory");
out:
    free(priv);
    return false;
}

static void check_ref(const struct gw_site *site, const struct gw_point *from, const char *id,
                      enum gw_vtype want, const struct gw_jnode *node, struct gw_issues *issues)
{
    uint32_t index;
    if (!gw_site_find_point(site, id, &index)) {
        gw_jnode_issue(node, issues, "\"%s\" is no point of this device declared so far", id);
        return;
    }
    const struct gw_point *to = &site->points[index];
    if (to->vtype != want) {
        gw_jnode_issue(node, issues, "\"%s\" must be a point as %s, is %s", id,
                       gw_mb_as_names[want], gw_mb_as_names[to->vtype]);
    } else if (to->period_ms != from->period_ms) {
        gw_jnode_issue(node, issues,
                       "\"%s\" is read every %lld ms and this point every %lld ms; give both the "
                       "same period_ms",
                       id, (long long)to->period_ms, (long long)from->period_ms);
    }
}

void gw_mb_point_check(const struct gw_site *site, uint32_t device, const struct gw_mb_device *conf,
                       size_t first, struct gw_issues *issues)
{
    for (size_t i = first; i < site->npoints; i++) {
        const struct gw_point *point = &site->points[i];
        const struct gw_mb_point *p = site->point_priv[i];
        if (point->device != device)
            continue;
        if (conf != NULL && p->span.count > conf->max_regs && p->format.type != GW_MB_BIT)
            gw_jnode_issue(
                p->node, issues, "%s needs %u registers, but max_regs of this device is %d",
                gw_mb_type_names[p->format.type], (unsigned)p->span.count, (int)conf->max_regs);
        if (p->state_from[0] != '\0')
            check_ref(site, point, p->state_from, GW_V_STATE, at(p->node, "state_from"), issues);
        for (size_t k = 0; k < p->nfault_if; k++)
            check_ref(site, point, p->fault_if[k], GW_V_BOOL, at(p->node, "fault_if"), issues);
    }
}

void gw_mb_conf_point(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                      struct gw_issues *issues)
{
    struct gw_mb_point p;
    if (!gw_mb_point_read(obj, gw_mb_point_keys, &p, issues))
        return;
    /* "<device>.<name>"; the site reader found the device by what stands before the point. */
    const char *key = gw_jnode_key(obj);
    const char *dot = strchr(key, '.');
    const char *name = dot != NULL ? dot + 1 : key;
    if (strlen(name) >= sizeof p.keys.name) {
        gw_jnode_issue(obj, issues, "the name of a point must be at most %zu characters",
                       sizeof p.keys.name - 1);
        return;
    }
    memcpy(p.keys.name, name, strlen(name) + 1);
    const size_t first = site->npoints;
    if (gw_mb_point_add(site, device, &p, 0, issues))
        gw_mb_point_check(site, device, site->devices[device].priv, first, issues);
}

/* ---- printing ---- */

static void print_states(const struct gw_mb_format *f, int indent, struct gw_buf *out)
{
    gw_buf_printf(out, ",\n%*s\"states\": [", indent, "");
    for (size_t i = 0; i < f->nstates; i++)
        gw_buf_printf(out, "%s{\"mask\": %u, \"equals\": %u, \"is\": \"%s\"}", i > 0 ? ", " : "",
                      (unsigned)f->states[i].mask, (unsigned)f->states[i].equals,
                      gw_state_name(f->states[i].state));
    gw_buf_char(out, ']');
}

static void print_numbers(const struct gw_mb_point *p, int indent, struct gw_buf *out)
{
    if (p->keys.sane != NULL) {
        gw_buf_printf(out, ",\n%*s\"sane\": [", indent, "");
        gw_keys_print_num(p->sane_lo, out);
        gw_buf_str(out, ", ");
        gw_keys_print_num(p->sane_hi, out);
        gw_buf_char(out, ']');
    }
    if (p->format.nbad > 0) {
        gw_buf_printf(out, ",\n%*s\"bad_raw\": [", indent, "");
        for (size_t i = 0; i < p->format.nbad; i++)
            gw_buf_printf(out, "%s%" PRId64, i > 0 ? ", " : "", p->format.bad_raw[i]);
        gw_buf_char(out, ']');
    }
}

/* The name within the device: what other points of it call this one. */
static const char *short_name(const char *id)
{
    const char *dot = strchr(id, '.');
    return dot != NULL ? dot + 1 : id;
}

void gw_mb_conf_print_point(const void *point, int indent, struct gw_buf *out)
{
    const struct gw_mb_point *p = point;
    if (p == NULL)
        return;
    struct gw_mb_point_keys keys = p->keys;
    snprintf(keys.state_from, sizeof keys.state_from, "%.*s", (int)sizeof keys.state_from - 1,
             short_name(p->state_from));
    gw_keys_print(gw_mb_point_keys, &keys, indent, out);
    if (p->format.field_bits > 0)
        gw_buf_printf(out, ",\n%*s\"field\": {\"shift\": %d, \"bits\": %d}", indent, "",
                      p->format.field_shift, p->format.field_bits);
    if (p->format.nstates > 0)
        print_states(&p->format, indent, out);
    print_numbers(p, indent, out);
    if (p->nfault_if > 0) {
        gw_buf_printf(out, ",\n%*s\"fault_if\": [", indent, "");
        for (size_t i = 0; i < p->nfault_if; i++)
            gw_buf_printf(out, "%s\"%s\"", i > 0 ? ", " : "", short_name(p->fault_if[i]));
        gw_buf_char(out, ']');
    }
}
