/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/grid.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define GAP    2 /* columns between two cells */
#define NARROW 8 /* a column is narrowed down to this */

struct gw_grid {
    const char *heads[GW_GRID_COLUMNS];
    bool right[GW_GRID_COLUMNS], spare[GW_GRID_COLUMNS];
    size_t ncolumns;
    char **cells;
    size_t n, cap;
    bool failed;
};

struct range {
    uint32_t first, last;
};

/* Unicode 15, EastAsianWidth W and F, joined generously where only rare characters stand between.
 * Not by wcwidth(), which depends on the locale of whoever calls. */
static const struct range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
    {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2E80, 0x303E},
    {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
    {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};
static const struct range none[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},
    {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
};

static bool within(uint32_t c, const struct range *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= r[i].first && c <= r[i].last)
            return true;
    return false;
}

/* The character of n bytes at s; n is what gw_utf8_char said. */
static uint32_t code_point(const char *s, size_t n)
{
    static const unsigned lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t c = (unsigned char)s[0] & lead[n];
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)s[i] & 0x3Fu);
    return c;
}

static size_t width_of(const char *text, size_t len)
{
    size_t width = 0;

    for (size_t at = 0; at < len;) {
        const size_t n = gw_utf8_char(text + at, len - at);
        if (n == 0) {
            at++;
            width++;
            continue;
        }
        const uint32_t c = code_point(text + at, n);
        if (within(c, wide, sizeof wide / sizeof wide[0]))
            width += 2;
        else if (!within(c, none, sizeof none / sizeof none[0]))
            width++;
        at += n;
    }
    return width;
}

size_t gw_grid_width(const char *text)
{
    return width_of(text, strlen(text));
}

struct gw_grid *gw_grid_new(const char *const *heads)
{
    struct gw_grid *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    for (; heads[g->ncolumns]; g->ncolumns++) {
        assert(g->ncolumns < GW_GRID_COLUMNS);
        const char *head = heads[g->ncolumns];
        for (; *head == '>' || *head == '?'; head++) {
            g->right[g->ncolumns] |= *head == '>';
            g->spare[g->ncolumns] |= *head == '?';
        }
        g->heads[g->ncolumns] = head;
    }
    return g;
}

void gw_grid_free(struct gw_grid *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n; i++)
        free(g->cells[i]);
    free(g->cells);
    free(g);
}

static char *clean_copy(const char *text)
{
    const size_t len = strlen(text);
    char *copy = malloc(len + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, len + 1);
    for (size_t at = 0; at < len;) {
        const size_t n = gw_utf8_char(copy + at, len - at);
        const uint32_t c = n > 0 ? code_point(copy + at, n) : '?';
        if (n == 0)
            copy[at] = '?';
        else if (c < 0x20 || (c >= 0x7F && c < 0xA0))
            memset(copy + at, ' ', n);
        at += n > 0 ? n : 1;
    }
    return copy;
}

void gw_grid_cell(struct gw_grid *g, const char *text)
{
    if (g->n == g->cap) {
        const size_t cap = g->cap > 0 ? 2 * g->cap : 64;
        char **more = realloc(g->cells, cap * sizeof *more);
        if (!more) {
            g->failed = true;
            return;
        }
        g->cells = more;
        g->cap = cap;
    }
    g->cells[g->n] = clean_copy(text);
    if (g->cells[g->n])
        g->n++;
    else
        g->failed = true;
}

/* ---- printing ---- */

/* How the table stands in a width. A column of width 0 is left out. */
struct layout {
    size_t widths[GW_GRID_COLUMNS];
    size_t last; /* column that nothing follows */
};

static size_t total(const struct gw_grid *g, const struct layout *l)
{
    size_t sum = 0;
    for (size_t c = 0; c < g->ncolumns; c++)
        if (l->widths[c] > 0)
            sum += l->widths[c] + (sum > 0 ? GAP : 0);
    return sum;
}

/* The last column that can be spared; false: none. */
static bool spare(const struct gw_grid *g, struct layout *l)
{
    for (size_t c = g->ncolumns; c-- > 0;) {
        if (g->spare[c] && l->widths[c] > 0) {
            l->widths[c] = 0;
            return true;
        }
    }
    return false;
}

/* Takes one column of the terminal from the widest text, or from the widest number when there is no
 * text; false: nothing can be narrowed. */
static bool narrow(const struct gw_grid *g, struct layout *l)
{
    size_t at = g->ncolumns;
    for (size_t c = 0; c < g->ncolumns; c++) {
        if (l->widths[c] <= NARROW)
            continue;
        if (at == g->ncolumns || g->right[c] < g->right[at] ||
            (g->right[c] == g->right[at] && l->widths[c] >= l->widths[at]))
            at = c;
    }
    if (at == g->ncolumns)
        return false;
    l->widths[at]--;
    return true;
}

static void lay_out(const struct gw_grid *g, size_t width, struct layout *l)
{
    for (size_t c = 0; c < g->ncolumns; c++)
        l->widths[c] = gw_grid_width(g->heads[c]);
    for (size_t i = 0; i < g->n; i++) {
        const size_t w = gw_grid_width(g->cells[i]);
        if (w > l->widths[i % g->ncolumns])
            l->widths[i % g->ncolumns] = w;
    }
    while (width > 0 && total(g, l) > width && spare(g, l))
        continue;
    while (width > 0 && total(g, l) > width && narrow(g, l))
        continue;
    for (size_t c = 0; c < g->ncolumns; c++)
        if (l->widths[c] > 0)
            l->last = c;
}

size_t gw_grid_part(const char *text, size_t width)
{
    const size_t len = strlen(text);
    size_t at = 0, used = 0, fit = 0;

    while (at < len) {
        const size_t n = gw_utf8_char(text + at, len - at);
        const size_t step = n > 0 ? n : 1;
        const size_t w = width_of(text + at, step);
        if (w == 2 && at > 0) /* a line may end beside it, and behind a space */
            fit = at;
        if (used + w > width && at > 0)
            return text[at] == ' ' ? at + 1 : fit > 0 ? fit : at;
        used += w;
        at += step;
        if (w == 2 || text[at - 1] == ' ')
            fit = at;
    }
    return len;
}

/* One line of a row: what of each cell has room there. rest is moved on. */
static void put_line(const struct gw_grid *g, const struct layout *l, const char **rest, FILE *out)
{
    for (size_t c = 0; c < g->ncolumns; c++) {
        if (l->widths[c] == 0)
            continue;
        const char *part = rest[c];
        size_t n = gw_grid_part(part, l->widths[c]);
        rest[c] += n;
        while (*rest[c] != '\0' && n > 0 && part[n - 1] == ' ')
            n--;
        const size_t w = width_of(part, n);
        const int fill = w < l->widths[c] ? (int)(l->widths[c] - w) : 0;
        if (g->right[c])
            (void)fprintf(out, "%*s%.*s", fill, "", (int)n, part);
        else
            (void)fprintf(out, "%.*s%*s", (int)n, part, c == l->last ? 0 : fill, "");
        if (c != l->last)
            (void)fprintf(out, "%*s", GAP, "");
    }
    (void)fputc('\n', out);
}

static void put_row(const struct gw_grid *g, const struct layout *l, const char *const *row,
                    FILE *out)
{
    const char *rest[GW_GRID_COLUMNS];
    bool more = true;

    for (size_t c = 0; c < g->ncolumns; c++)
        rest[c] = row[c];
    while (more) {
        put_line(g, l, rest, out);
        more = false;
        for (size_t c = 0; c < g->ncolumns; c++)
            more |= l->widths[c] > 0 && *rest[c] != '\0';
    }
}

enum gw_status gw_grid_print(const struct gw_grid *g, size_t width, FILE *out)
{
    struct layout l = {0};

    if (g->failed)
        return GW_E_NOMEM;
    assert(g->ncolumns > 0);
    lay_out(g, width, &l);
    put_row(g, &l, g->heads, out);
    for (size_t i = 0; i + g->ncolumns <= g->n; i += g->ncolumns)
        put_row(g, &l, (const char *const *)&g->cells[i], out);
    return ferror(out) ? GW_E_IO : GW_OK;
}
