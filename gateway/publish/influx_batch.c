/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/influx_batch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    int64_t key;
    int64_t since_ms;
    size_t len;
    char device[GW_ID_SIZE];
};

struct gw_influx_batch {
    struct gw_influx_batch_conf conf;
    struct entry *entries; /* conf.lines of them */
    size_t n;
    char *text;
    size_t len, cap;
};

enum gw_status gw_influx_batch_new(const struct gw_influx_batch_conf *conf,
                                   struct gw_influx_batch **out)
{
    assert(conf->lines >= 1);
    struct gw_influx_batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        return GW_E_NOMEM;
    b->conf = *conf;
    b->entries = calloc(conf->lines, sizeof *b->entries);
    if (b->entries == NULL) {
        gw_influx_batch_free(b);
        return GW_E_NOMEM;
    }
    *out = b;
    return GW_OK;
}

void gw_influx_batch_free(struct gw_influx_batch *b)
{
    if (b == NULL)
        return;
    free(b->entries);
    free(b->text);
    free(b);
}

bool gw_influx_batch_room(const struct gw_influx_batch *b)
{
    return b->n < b->conf.lines && b->len < b->conf.bytes;
}

size_t gw_influx_batch_space(const struct gw_influx_batch *b)
{
    return gw_influx_batch_room(b) ? b->conf.lines - b->n : 0;
}

static bool reserve(struct gw_influx_batch *b, size_t len)
{
    size_t cap = b->cap > 0 ? b->cap : 4096;
    while (cap < len)
        cap *= 2;
    if (cap == b->cap)
        return true;
    char *text = realloc(b->text, cap);
    if (text == NULL)
        return false;
    b->text = text;
    b->cap = cap;
    return true;
}

enum gw_status gw_influx_batch_add(struct gw_influx_batch *b, int64_t key, const char *device,
                                   const char *line, size_t len, int64_t now_ms)
{
    assert(gw_influx_batch_room(b));
    if (!reserve(b, b->len + len))
        return GW_E_NOMEM;
    memcpy(b->text + b->len, line, len);
    b->len += len;
    struct entry *e = &b->entries[b->n++];
    *e = (struct entry){.key = key, .since_ms = now_ms, .len = len};
    snprintf(e->device, sizeof e->device, "%s", device);
    return GW_OK;
}

size_t gw_influx_batch_count(const struct gw_influx_batch *b)
{
    return b->n;
}

int64_t gw_influx_batch_due_ms(const struct gw_influx_batch *b)
{
    return b->n > 0 ? b->entries[0].since_ms + b->conf.age_ms : INT64_MAX;
}

bool gw_influx_batch_ready(const struct gw_influx_batch *b, int64_t now_ms)
{
    return b->n > 0 && (!gw_influx_batch_room(b) || now_ms >= gw_influx_batch_due_ms(b));
}

static size_t bytes_of(const struct gw_influx_batch *b, size_t n)
{
    size_t len = 0;
    assert(n <= b->n);
    for (size_t i = 0; i < n; i++)
        len += b->entries[i].len;
    return len;
}

const char *gw_influx_batch_text(const struct gw_influx_batch *b, size_t n, size_t *len)
{
    *len = bytes_of(b, n);
    return b->text;
}

int64_t gw_influx_batch_key(const struct gw_influx_batch *b, size_t i)
{
    assert(i < b->n);
    return b->entries[i].key;
}

const char *gw_influx_batch_device(const struct gw_influx_batch *b, size_t i)
{
    assert(i < b->n);
    return b->entries[i].device;
}

void gw_influx_batch_pop(struct gw_influx_batch *b, size_t n)
{
    size_t len = bytes_of(b, n);
    if (n == 0)
        return;
    memmove(b->entries, b->entries + n, (b->n - n) * sizeof b->entries[0]);
    memmove(b->text, b->text + len, b->len - len);
    b->n -= n;
    b->len -= len;
}
