/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/probe_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conf/keys.h"
#include "modbus/ident.h"

#define COLUMN        22
#define BITS_A_LINE   8
#define BYTES_A_LINE  16
#define TEXT_MIN      4 /* characters in a row that look like a text */
#define PLAUSIBLE_LOW 0.001
#define PLAUSIBLE_TOP 1e6

static bool is_float(enum gw_mb_type type)
{
    return type == GW_MB_F32 || type == GW_MB_F64 || type == GW_MB_MK102;
}

bool gw_mb_probe_reading(enum gw_mb_type type, enum gw_mb_order order, const uint16_t *words,
                         char out[GW_MB_READING])
{
    const struct gw_mb_format format = {
        .type = type,
        .order = order,
        .vtype = is_float(type) ? GW_V_NUM : GW_V_INT,
        .bit = -1,
        .scale = 1,
        .sane_lo = -INFINITY,
        .sane_hi = INFINITY,
    };
    struct gw_sample s = {0};
    gw_mb_decode(&format, words, &s);
    if (s.valued == 0) {
        snprintf(out, GW_MB_READING, "-");
        return false;
    }
    const double v = is_float(type) ? s.value.num : (double)s.value.i;
    const bool plausible =
        fabs(v) >= (is_float(type) ? PLAUSIBLE_LOW : 1.0) && fabs(v) < PLAUSIBLE_TOP;
    const char *mark = plausible ? " *" : "";
    if (type == GW_MB_F32 || type == GW_MB_MK102)
        snprintf(out, GW_MB_READING, "%.7g%s", v, mark);
    else if (type == GW_MB_F64)
        snprintf(out, GW_MB_READING, "%.10g%s", v, mark);
    else
        snprintf(out, GW_MB_READING, "%" PRId64 "%s", s.value.i, mark);
    return plausible;
}

static bool all_read(const struct gw_mb_probe_words *w, size_t at, size_t n)
{
    if (at + n > w->n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!w->read[at + i])
            return false;
    return true;
}

static char shown(unsigned byte)
{
    if (byte < 0x20 || byte >= 0x7F)
        return '.';
    return (char)byte;
}

/* The words in a row from `at` on that were read, as characters; returns how many words. */
static size_t text_of(const struct gw_mb_probe_words *w, size_t at, bool low_first,
                      struct gw_buf *out)
{
    size_t n = 0;
    for (; at + n < w->n && w->read[at + n]; n++) {
        const unsigned high = (unsigned)w->word[at + n] >> 8;
        const unsigned low = w->word[at + n] & 0xFFu;
        gw_buf_char(out, shown(low_first ? low : high));
        gw_buf_char(out, shown(low_first ? high : low));
    }
    return n;
}

static bool looks_like_text(const char *text)
{
    size_t row = 0;
    for (const char *p = text; *p != '\0' && row < TEXT_MIN; p++)
        row = *p == '.' || *p == ' ' ? 0 : row + 1;
    return row >= TEXT_MIN;
}

/* Words that hold a text in one of the orders are shown as such in both. */
static void print_texts(const struct gw_mb_probe_words *w, struct gw_buf *out)
{
    struct gw_buf high;
    struct gw_buf low;
    gw_buf_init(&high, (size_t)2 * GW_MB_PROBE_COUNT_MAX);
    gw_buf_init(&low, (size_t)2 * GW_MB_PROBE_COUNT_MAX);
    for (size_t at = 0; at < w->n;) {
        gw_buf_clear(&high);
        gw_buf_clear(&low);
        const size_t n = text_of(w, at, false, &high);
        (void)text_of(w, at, true, &low);
        out->failed = out->failed || high.failed || low.failed;
        if (n > 0 && !out->failed && (looks_like_text(high.data) || looks_like_text(low.data)))
            gw_buf_printf(out,
                          "%7u  text  ABCD: \"%s\"\n"
                          "               BADC: \"%s\"\n",
                          w->address + (unsigned)at, high.data, low.data);
        at += n > 0 ? n : 1;
    }
    gw_buf_free(&high);
    gw_buf_free(&low);
}

/* Of one register nearly every reading is plausible: no marks here. */
static void print_singles(const struct gw_mb_probe_words *w, struct gw_buf *out)
{
    static const enum gw_mb_type types[] = {GW_MB_U16, GW_MB_I16, GW_MB_BCD, GW_MB_MK102};
    gw_buf_str(out, "address   hex     u16     i16     bcd   mk102  text\n");
    for (size_t i = 0; i < w->n; i++) {
        if (!w->read[i])
            continue;
        gw_buf_printf(out, "%7u  %04X", w->address + (unsigned)i, (unsigned)w->word[i]);
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
            char text[GW_MB_READING];
            (void)gw_mb_probe_reading(types[k], GW_MB_ABCD, &w->word[i], text);
            text[strcspn(text, " ")] = '\0';
            gw_buf_printf(out, "  %6s", text);
        }
        gw_buf_printf(out, "  %c%c\n", shown((unsigned)w->word[i] >> 8), shown(w->word[i] & 0xFFu));
    }
}

static void print_row(const struct gw_mb_probe_words *w, size_t at, enum gw_mb_type type,
                      struct gw_buf *out)
{
    gw_buf_printf(out, "%7u  %-5s", w->address + (unsigned)at, gw_mb_type_names[type]);
    for (int order = GW_MB_ABCD; order <= GW_MB_DCBA; order++) {
        char text[GW_MB_READING];
        (void)gw_mb_probe_reading(type, (enum gw_mb_order)order, &w->word[at], text);
        gw_buf_printf(out, order < GW_MB_DCBA ? "  %-*s" : "  %.*s", COLUMN, text);
    }
    gw_buf_char(out, '\n');
}

static bool all_zero(const struct gw_mb_probe_words *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->read[i] && w->word[i] != 0)
            return false;
    return true;
}

void gw_mb_probe_print_words(const struct gw_mb_probe_words *w, int type, struct gw_buf *out)
{
    static const enum gw_mb_type types[] = {GW_MB_U32,   GW_MB_I32, GW_MB_F32,
                                            GW_MB_BCD32, GW_MB_U64, GW_MB_F64};
    bool head = false;
    if (type < 0 || gw_mb_type_regs((enum gw_mb_type)type) == 1)
        print_singles(w, out);
    for (size_t at = 0; at < w->n; at++) {
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
            if ((type >= 0 && (int)types[k] != type) || !all_read(w, at, gw_mb_type_regs(types[k])))
                continue;
            if (!head)
                gw_buf_printf(out, "%saddress  type   %-*s  %-*s  %-*s  %s\n", type < 0 ? "\n" : "",
                              COLUMN, "ABCD", COLUMN, "CDAB", COLUMN, "BADC", "DCBA");
            head = true;
            print_row(w, at, types[k], out);
        }
    }
    if (type < 0)
        print_texts(w, out);
    if (head && all_zero(w))
        gw_buf_str(out, "All registers are 0: no order can be told. Read again when the instrument "
                        "shows something else.\n");
    else if (head)
        gw_buf_str(out, "* plausible by its magnitude; compare with what the instrument shows.\n");
}

void gw_mb_probe_print_bits(const struct gw_mb_probe_words *w, struct gw_buf *out)
{
    gw_buf_str(out, "address  bits, the first address first\n");
    for (size_t i = 0; i < w->n; i++) {
        if (i % BITS_A_LINE == 0)
            gw_buf_printf(out, "%7u ", w->address + (unsigned)i);
        gw_buf_printf(out, " %s", !w->read[i] ? "-" : w->word[i] != 0 ? "1" : "0");
        if (i % BITS_A_LINE == BITS_A_LINE - 1 || i + 1 == w->n)
            gw_buf_char(out, '\n');
    }
}

void gw_mb_probe_print_identity(const uint8_t *data, size_t n, struct gw_buf *out)
{
    char mem[2 * GW_MB_MAX_PDU];
    char text[GW_IDENTITY_SIZE];
    struct gw_buf b;
    for (size_t i = 0; i < n; i++)
        gw_buf_printf(out, "%s%02X%s", i % BYTES_A_LINE == 0 ? "  " : " ", (unsigned)data[i],
                      i % BYTES_A_LINE == BYTES_A_LINE - 1 || i + 1 == n ? "\n" : "");
    gw_buf_fixed(&b, mem, sizeof mem);
    gw_mb_ident_report(data, n, &b);
    if (b.len > 0 && gw_mb_ident_fit(mem, b.len, text))
        gw_buf_printf(out, "identity: %s\n", text);
    else
        gw_buf_str(out, "It says nothing that would tell it from another device.\n");
}

/* ---- the point ---- */

static void print_names(const struct gw_mb_probe_args *args, const char *bus, struct gw_buf *out)
{
    const char *dot = strchr(args->point, '.');
    const int n = dot != NULL ? (int)(dot - args->point) : (int)strlen("device");
    const char *device = dot != NULL ? args->point : "device";

    gw_buf_printf(out, "  \"buses\": {\n    \"%.*s_bus\": {%s}\n  },\n", n, device, bus);
    gw_buf_printf(out,
                  "  \"devices\": {\n    \"%.*s\": {\"bus\": \"%.*s_bus\", \"unit\": %u}\n  },\n",
                  n, device, n, device, args->unit_first);
    gw_buf_printf(out, "  \"points\": {\n    \"%.*s.%s\": ", n, device,
                  dot != NULL ? dot + 1 : args->point);
}

void gw_mb_probe_print_point(const struct gw_mb_probe_args *args, const struct gw_mb_probe_words *w,
                             const char *bus, struct gw_buf *out)
{
    char now[GW_MB_READING] = "";
    gw_buf_str(out, "\nFor the site file (the names of bus and device are yours to choose):\n");
    print_names(args, bus, out);
    gw_buf_printf(out, "{\"fc\": %d, \"address\": %u", (int)args->fc, args->address);
    if (args->type >= 0) {
        const enum gw_mb_type type = (enum gw_mb_type)args->type;
        const enum gw_mb_order order =
            args->order >= 0 ? (enum gw_mb_order)args->order : GW_MB_ABCD;
        gw_buf_printf(out, ", \"type\": \"%s\"", gw_mb_type_names[type]);
        if (gw_mb_type_regs(type) > 1)
            gw_buf_printf(out, ", \"order\": \"%s\"", gw_mb_order_names[order]);
        (void)gw_mb_probe_reading(type, order, w->word, now);
        now[strcspn(now, " ")] = '\0';
    } else {
        snprintf(now, sizeof now, "%s", w->word[0] != 0 ? "true" : "false");
    }
    gw_buf_printf(out, "} // reads %s now\n  }\n", now);
}
