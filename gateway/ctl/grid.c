/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/grid.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define GAP 2 /* columns between two cells */

struct gw_grid {
    const char *heads[GW_GRID_COLUMNS];
    bool right[GW_GRID_COLUMNS];
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

size_t gw_grid_width(const char *text)
{
    const size_t len = strlen(text);
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

struct gw_grid *gw_grid_new(const char *const *heads)
{
    struct gw_grid *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    for (; heads[g->ncolumns]; g->ncolumns++) {
        assert(g->ncolumns < GW_GRID_COLUMNS);
        const char *head = heads[g->ncolumns];
        g->right[g->ncolumns] = head[0] == '>';
        g->heads[g->ncolumns] = head + (head[0] == '>');
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

static void put(const struct gw_grid *g, const size_t *widths, size_t column, const char *text,
                FILE *out)
{
    const size_t fill = widths[column] - gw_grid_width(text);
    const bool last = column + 1 == g->ncolumns;

    if (g->right[column])
        (void)fprintf(out, "%*s%s", (int)fill, "", text);
    else
        (void)fprintf(out, "%s%*s", text, last ? 0 : (int)fill, "");
    (void)fprintf(out, "%*s", last ? 0 : GAP, "");
    if (last)
        (void)fputc('\n', out);
}

enum gw_status gw_grid_print(const struct gw_grid *g, FILE *out)
{
    size_t widths[GW_GRID_COLUMNS] = {0};

    if (g->failed)
        return GW_E_NOMEM;
    assert(g->ncolumns > 0);
    for (size_t c = 0; c < g->ncolumns; c++)
        widths[c] = gw_grid_width(g->heads[c]);
    for (size_t i = 0; i < g->n; i++) {
        const size_t w = gw_grid_width(g->cells[i]);
        if (w > widths[i % g->ncolumns])
            widths[i % g->ncolumns] = w;
    }
    for (size_t c = 0; c < g->ncolumns; c++)
        put(g, widths, c, g->heads[c], out);
    for (size_t i = 0; i < g->n; i++)
        put(g, widths, i % g->ncolumns, g->cells[i], out);
    return ferror(out) ? GW_E_IO : GW_OK;
}
