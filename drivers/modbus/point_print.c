/* SPDX-License-Identifier: Apache-2.0
 *
 * A point of the site file as --print-config shows it.
 */
#include "modbus/point.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "modbus/point_in.h"

static void print_states(const struct gw_mb_format *f, int indent, struct gw_buf *out)
{
    gw_buf_printf(out, ",\n%*s\"states\": [", indent, "");
    for (size_t i = 0; i < f->nstates; i++)
        gw_buf_printf(out, "%s{\"mask\": %u, \"equals\": %u, \"is\": \"%s\"}", i > 0 ? ", " : "",
                      (unsigned)f->states[i].mask, (unsigned)f->states[i].equals,
                      gw_state_name(f->states[i].state));
    gw_buf_char(out, ']');
}

static void print_pair(const char *key, double a, double b, int indent, struct gw_buf *out)
{
    gw_buf_printf(out, ",\n%*s\"%s\": [", indent, "", key);
    gw_keys_print_num(a, out);
    gw_buf_str(out, ", ");
    gw_keys_print_num(b, out);
    gw_buf_char(out, ']');
}

static void print_raws(const char *key, const int64_t *raws, size_t n, int indent,
                       struct gw_buf *out)
{
    if (n == 0)
        return;
    gw_buf_printf(out, ",\n%*s\"%s\": [", indent, "", key);
    for (size_t i = 0; i < n; i++)
        gw_buf_printf(out, "%s%" PRId64, i > 0 ? ", " : "", raws[i]);
    gw_buf_char(out, ']');
}

/* The bands of a point; those of "signal" stand in its profile. */
static void print_bands(const struct gw_mb_format *f, int indent, struct gw_buf *out)
{
    gw_buf_printf(out, ",\n%*s\"bands\": [", indent, "");
    for (size_t i = 0; i < f->nbands; i++) {
        const struct gw_mb_band *b = &f->bands[i];
        gw_buf_str(out, i > 0 ? ", {" : "{");
        if (isfinite(b->lo)) {
            gw_buf_str(out, "\"lo\": ");
            gw_keys_print_num(b->lo, out);
            gw_buf_str(out, ", ");
        }
        if (isfinite(b->hi)) {
            gw_buf_str(out, "\"hi\": ");
            gw_keys_print_num(b->hi, out);
            gw_buf_str(out, ", ");
        }
        gw_buf_printf(out, "\"is\": \"%s\"}", gw_state_name(b->state));
    }
    gw_buf_char(out, ']');
}

static void print_signal(const struct gw_mb_point_def *p, int indent, struct gw_buf *out)
{
    if (p->format.nbands > 0 && p->keys.signal[0] == '\0')
        print_bands(&p->format, indent, out);
    if (p->format.ranged)
        print_pair("range", p->format.range_lo, p->format.range_hi, indent, out);
}

static void print_codes(const struct gw_mb_point_def *p, int indent, struct gw_buf *out)
{
    if (p->ncodes == 0)
        return;
    gw_buf_printf(out, ",\n%*s\"codes\": {", indent, "");
    for (size_t i = 0; i < p->ncodes; i++) {
        gw_buf_printf(out, "%s\"%d\": ", i > 0 ? ", " : "", (int)p->codes[i].code);
        gw_keys_print_str(p->codes[i].name, out);
    }
    gw_buf_char(out, '}');
}

static void print_numbers(const struct gw_mb_point_def *p, int indent, struct gw_buf *out)
{
    if (p->keys.sane != NULL)
        print_pair("sane", p->sane_lo, p->sane_hi, indent, out);
    print_raws("bad_raw", p->format.bad_raw, p->format.nbad, indent, out);
    print_raws("clamped_raw", p->format.clamped_raw, p->format.nclamped, indent, out);
}

static void print_names(const char *key, const char (*names)[GW_ID_SIZE], size_t n, int indent,
                        struct gw_buf *out)
{
    if (n == 0)
        return;
    gw_buf_printf(out, ",\n%*s\"%s\": [", indent, "", key);
    for (size_t i = 0; i < n; i++)
        gw_buf_printf(out, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
    gw_buf_char(out, ']');
}

void gw_mb_conf_print_point(const void *point, int indent, struct gw_buf *out)
{
    const struct gw_mb_point *of = point;
    if (of == NULL)
        return;
    const struct gw_mb_point_def *p = of->def;
    struct gw_mb_point_keys keys = p->keys;
    keys.address = of->address;
    gw_keys_print(gw_mb_point_keys, &keys, indent, out);
    if (p->format.field_bits > 0)
        gw_buf_printf(out, ",\n%*s\"field\": {\"shift\": %d, \"bits\": %d}", indent, "",
                      p->format.field_shift, p->format.field_bits);
    if (p->format.nstates > 0)
        print_states(&p->format, indent, out);
    print_numbers(p, indent, out);
    print_signal(p, indent, out);
    print_codes(p, indent, out);
    print_names("fault_if", p->fault_if, p->nfault_if, indent, out);
    print_names("valid_if", p->valid_if, p->nvalid_if, indent, out);
}
