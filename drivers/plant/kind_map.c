/* SPDX-License-Identifier: Apache-2.0
 *
 * map: raw registers and bits, for tests of drivers. Each declared register is a signal
 * "r<address>" and each bit a signal "b<address>".
 */
#include "plant/kind.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static const struct gw_signal_def signals[] = {{0}};

#define NODE(member, jt, text)                                                                     \
    {                                                                                              \
        .name = #member, .type = GW_KEY_NODE, .offset = offsetof(struct gw_kind_conf, member),     \
        .jtype = (jt), .doc = (text)                                                               \
    }

static const struct gw_key keys[] = {
    NODE(regs, GW_J_OBJ, "registers: first address to list of words"),
    NODE(bits, GW_J_OBJ, "bits: first address to list of 0 and 1"),
    NODE(fc, GW_J_ARR, "function codes that are answered, of 1, 2, 3, 4"),
    NODE(range, GW_J_ARR, "first and last register that can be read"),
    NODE(bit_range, GW_J_ARR, "first and last bit that can be read"),
    {.type = GW_KEY_END},
};

static bool whole_in(const struct gw_jnode *n, double min, double max, struct gw_issues *issues)
{
    if (gw_jnode_type(n) == GW_J_NUM && gw_jnode_is_int(n) && gw_jnode_num(n) >= min &&
        gw_jnode_num(n) <= max)
        return true;
    gw_jnode_issue(n, issues, "must be a whole number in %.0f..%.0f", min, max);
    return false;
}

/* A key such as "4112". */
static bool address_of(const struct gw_jnode *n, long *out, struct gw_issues *issues)
{
    const char *key = gw_jnode_key(n);
    char *end = NULL;
    long v = key[0] >= '0' && key[0] <= '9' ? strtol(key, &end, 10) : -1;
    if (v < 0 || v > UINT16_MAX || *end != '\0' || (key[0] == '0' && key[1] != '\0')) {
        gw_jnode_issue(n, issues, "the key must be an address in 0..65535, written in decimal");
        return false;
    }
    *out = v;
    return true;
}

/* The cells of one "regs" or "bits" object, appended to conf->cells, which has room. */
static void read_cells(const struct gw_jnode *obj, bool bit, struct gw_kind_conf *conf,
                       struct gw_issues *issues)
{
    for (const struct gw_jnode *run = obj != NULL ? gw_jnode_first(obj) : NULL; run;
         run = gw_jnode_next(run)) {
        long address = 0;
        if (!address_of(run, &address, issues))
            continue;
        if (gw_jnode_type(run) != GW_J_ARR) {
            gw_jnode_issue(run, issues, "must be an array, not %s",
                           gw_jtype_name(gw_jnode_type(run)));
            continue;
        }
        for (const struct gw_jnode *n = gw_jnode_first(run); n; n = gw_jnode_next(n), address++) {
            if (!whole_in(n, 0, bit ? 1 : UINT16_MAX, issues))
                continue;
            if (address > UINT16_MAX) {
                gw_jnode_issue(n, issues, "stands behind the last address, 65535");
                break;
            }
            conf->cells[conf->n_cells++] = (struct gw_cell){
                .address = (uint16_t)address, .bit = bit, .start = gw_jnode_num(n)};
        }
    }
}

static int by_address(const void *a, const void *b)
{
    const struct gw_cell *x = a;
    const struct gw_cell *y = b;
    if (x->bit != y->bit)
        return x->bit ? 1 : -1;
    return (x->address > y->address) - (x->address < y->address);
}

static size_t cells_in(const struct gw_jnode *obj)
{
    size_t n = 0;
    for (const struct gw_jnode *run = obj != NULL ? gw_jnode_first(obj) : NULL; run;
         run = gw_jnode_next(run))
        if (gw_jnode_type(run) == GW_J_ARR)
            n += gw_jnode_count(run);
    return n;
}

#define REG_FCS (1u << 3 | 1u << 4)
#define BIT_FCS (1u << 1 | 1u << 2)

static unsigned mask_of(const struct gw_jnode *fc, struct gw_issues *issues)
{
    if (fc == NULL)
        return REG_FCS | BIT_FCS;
    unsigned mask = 0;
    for (const struct gw_jnode *n = gw_jnode_first(fc); n; n = gw_jnode_next(n))
        if (whole_in(n, 1, 4, issues))
            mask |= 1u << (unsigned)gw_jnode_num(n);
    return mask;
}

static bool is_address(const struct gw_jnode *n)
{
    return n != NULL && gw_jnode_type(n) == GW_J_NUM && gw_jnode_is_int(n) &&
           gw_jnode_num(n) >= 0 && gw_jnode_num(n) <= UINT16_MAX;
}

static bool read_range(const struct gw_jnode *given, uint16_t *lo, uint16_t *hi,
                       struct gw_issues *issues)
{
    const struct gw_jnode *first = gw_jnode_first(given);
    const struct gw_jnode *last = first != NULL ? gw_jnode_next(first) : NULL;
    if (gw_jnode_count(given) != 2 || !is_address(first) || !is_address(last) ||
        gw_jnode_num(first) > gw_jnode_num(last)) {
        gw_jnode_issue(given, issues, "must be [first, last], two addresses in 0..65535");
        return false;
    }
    *lo = (uint16_t)gw_jnode_num(first);
    *hi = (uint16_t)gw_jnode_num(last);
    return true;
}

/* Adds the range as given, or the one that just holds the cells; none when there is neither. */
static void add_range(const struct gw_jnode *given, bool bit, unsigned fcs,
                      struct gw_kind_conf *conf, struct gw_issues *issues)
{
    uint16_t lo = UINT16_MAX; /* of the cells; lo > hi when there are none */
    uint16_t hi = 0;
    for (size_t i = 0; i < conf->n_cells; i++) {
        const struct gw_cell *c = &conf->cells[i];
        if (c->bit != bit)
            continue;
        lo = c->address < lo ? c->address : lo;
        hi = c->address > hi ? c->address : hi;
    }
    struct gw_range r = {.fcs = fcs, .first = lo, .last = hi};
    if (given != NULL) {
        if (!read_range(given, &r.first, &r.last, issues))
            return;
        if (lo <= hi && (lo < r.first || hi > r.last))
            gw_jnode_issue(given, issues, "leaves out declared addresses: they are %u..%u",
                           (unsigned)lo, (unsigned)hi);
    }
    if (r.first <= r.last && fcs != 0)
        conf->ranges[conf->n_ranges++] = r;
}

static enum gw_status setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                            struct gw_issues *issues)
{
    conf->channels = 1;
    size_t before = gw_issues_count(issues);
    size_t want = cells_in(conf->regs) + cells_in(conf->bits);
    if (want > GW_KIND_CELLS) {
        gw_jnode_issue(device, issues, "a map has at most %d registers and bits, not %zu",
                       GW_KIND_CELLS, want);
        return GW_OK;
    }
    conf->cells = calloc(want > 0 ? want : 1, sizeof *conf->cells);
    if (conf->cells == NULL)
        return GW_E_NOMEM;
    read_cells(conf->regs, false, conf, issues);
    read_cells(conf->bits, true, conf, issues);
    qsort(conf->cells, conf->n_cells, sizeof *conf->cells, by_address);
    for (size_t i = 1; i < conf->n_cells; i++) {
        if (by_address(&conf->cells[i - 1], &conf->cells[i]) == 0)
            gw_jnode_issue(device, issues, "%s %u is declared twice",
                           conf->cells[i].bit ? "bit" : "register",
                           (unsigned)conf->cells[i].address);
    }
    unsigned fcs = mask_of(conf->fc, issues);
    add_range(conf->range, false, fcs & REG_FCS, conf, issues);
    add_range(conf->bit_range, true, fcs & BIT_FCS, conf, issues);
    if (conf->n_ranges == 0 && gw_issues_count(issues) == before)
        gw_jnode_issue(device, issues, "nothing of this map can be read");
    return GW_OK;
}

static double cell_value(const struct gw_view *v, bool bit, uint16_t address)
{
    const struct gw_kind_conf *conf = v->conf;
    struct gw_cell key = {.address = address, .bit = bit};
    const struct gw_cell *c =
        bsearch(&key, conf->cells, conf->n_cells, sizeof *conf->cells, by_address);
    return c != NULL ? v->value[c - conf->cells] : 0.0;
}

static uint16_t word(const struct gw_view *v, uint16_t address)
{
    return gw_word_u16(cell_value(v, false, address));
}

static bool bit(const struct gw_view *v, uint16_t address)
{
    return cell_value(v, true, address) >= 0.5;
}

const struct gw_kind gw_kind_map = {
    .name = "map",
    .id = "MAP",
    .signals = signals,
    .keys = keys,
    .setup = setup,
    .word = word,
    .bit = bit,
};
