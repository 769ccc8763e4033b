/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256u

void gw_buf_init(struct gw_buf *b, size_t max)
{
    /* One byte is always needed for the NUL. */
    *b = (struct gw_buf){.max = max < SIZE_MAX ? max : SIZE_MAX - 1};
}

void gw_buf_fixed(struct gw_buf *b, char *mem, size_t size)
{
    *b = (struct gw_buf){.data = mem,
                         .cap = size,
                         .max = size > 0 ? size - 1 : 0,
                         .fixed = true,
                         .failed = size == 0};
    if (size > 0)
        mem[0] = '\0';
}

void gw_buf_free(struct gw_buf *b)
{
    if (!b->fixed)
        free(b->data);
    *b = (struct gw_buf){.failed = b->fixed, .fixed = b->fixed, .max = b->fixed ? 0 : b->max};
}

void gw_buf_clear(struct gw_buf *b)
{
    b->len = 0;
    b->failed = b->fixed && b->cap == 0;
    if (b->data != NULL && b->cap > 0)
        b->data[0] = '\0';
}

void gw_buf_slim(struct gw_buf *b, size_t keep)
{
    if (b->cap > keep && !b->fixed)
        gw_buf_free(b);
    gw_buf_clear(b);
}

/* Takes memory for n more bytes and the NUL, of which there are not as many, or latches failure. */
static bool grow(struct gw_buf *b, size_t n)
{
    if (n > b->max - b->len) {
        b->failed = true;
        return false;
    }
    const size_t need = b->len + n + 1;
    size_t cap = b->cap > 0 ? b->cap : FIRST_CAP;
    while (cap < need)
        cap = cap <= SIZE_MAX / 2 ? cap * 2 : SIZE_MAX;
    if (cap > b->max + 1)
        cap = b->max + 1;
    char *data = realloc(b->data, cap);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

/* Makes room for n more bytes and the NUL, or latches failure. */
static bool reserve(struct gw_buf *b, size_t n)
{
    if (b->failed)
        return false;
    /* Memory that is there is never more than max allows. */
    return (b->cap > b->len && n < b->cap - b->len) || grow(b, n);
}

char *gw_buf_extend(struct gw_buf *b, size_t n)
{
    if (!reserve(b, n))
        return NULL;
    char *at = b->data + b->len;
    b->len += n;
    at[n] = '\0';
    return at;
}

void gw_buf_put(struct gw_buf *b, const void *bytes, size_t n)
{
    char *to = gw_buf_extend(b, n);
    if (to != NULL && n > 0)
        memcpy(to, bytes, n);
}

void gw_buf_char(struct gw_buf *b, char c)
{
    char *to = gw_buf_extend(b, 1);
    if (to != NULL)
        *to = c;
}

void gw_buf_str(struct gw_buf *b, const char *s)
{
    gw_buf_put(b, s, strlen(s));
}

void gw_buf_int(struct gw_buf *b, int64_t n)
{
    char text[20];
    size_t at = sizeof text;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (n < 0)
        text[--at] = '-';
    gw_buf_put(b, text + at, sizeof text - at);
}

void gw_buf_printf(struct gw_buf *b, const char *fmt, ...)
{
    if (!reserve(b, 0))
        return;

    va_list ap;
    va_list again;
    size_t room = b->cap - b->len;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(b->data + b->len, room, fmt, ap);
    if (n >= 0 && (size_t)n >= room) {
        /* The first try told how much is needed. */
        b->data[b->len] = '\0';
        n = reserve(b, (size_t)n) ? vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again) : -1;
    }
    if (n >= 0) {
        b->len += (size_t)n;
    } else {
        b->data[b->len] = '\0';
        b->failed = true;
    }
    va_end(again);
    va_end(ap);
}

char *gw_buf_take(struct gw_buf *b, size_t *len)
{
    if (b->failed)
        return NULL;

    char *out = b->data;
    if (b->fixed || out == NULL) {
        out = malloc(b->len + 1);
        if (out == NULL)
            return NULL;
        if (b->data != NULL)
            memcpy(out, b->data, b->len);
        out[b->len] = '\0';
    }
    if (len != NULL)
        *len = b->len;
    if (!b->fixed) {
        b->data = NULL;
        b->cap = 0;
    }
    gw_buf_clear(b);
    return out;
}
