/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/influx_verdict.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define CALM_POSTS 32 /* stored in a row before larger posts are tried again after a 413 */
#define RETRY_JITTER                                                                               \
    10 /* per cent on top of Retry-After, so that a fleet does not come at once                    \
        */

/* ---- one answer ---- */

static char first_char(const char *body, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr(" \t\r\n", body[i]) == NULL)
            return body[i];
    return '\0';
}

enum gw_influx_verdict gw_influx_judge(unsigned status, const char *body, size_t len)
{
    char first = first_char(body, len);

    if (status == 0 || status == 408 || status == 429 || status >= 500)
        return GW_INFLUX_BUSY;
    if (status >= 200 && status <= 299)
        return first == '\0' ? GW_INFLUX_STORED : GW_INFLUX_DENIED;
    if (status == 413)
        return GW_INFLUX_LARGE;
    if ((status == 400 || status == 422) && first == '{')
        return GW_INFLUX_REFUSED;
    return GW_INFLUX_DENIED;
}

/* The string behind "<key>": in the body, unescaped as far as people need it; false: none. */
static bool find_text(const char *body, size_t len, const char *key, char *out, size_t size)
{
    size_t klen = strlen(key), i = 0, n = 0;

    while (i + klen + 2 <= len &&
           (body[i] != '"' || memcmp(body + i + 1, key, klen) != 0 || body[i + 1 + klen] != '"'))
        i++;
    if (i + klen + 2 > len)
        return false;
    for (i += klen + 2; i < len && (body[i] == ' ' || body[i] == ':'); i++)
        ;
    if (i >= len || body[i] != '"')
        return false;
    for (i++; i < len && body[i] != '"' && n + 1 < size; i++) {
        if (body[i] == '\\' && i + 1 < len)
            i++;
        out[n++] = body[i];
    }
    out[n] = '\0';
    return n > 0;
}

static void set_line(char out[GW_INFLUX_MESSAGE], const char *fmt, ...) GW_PRINTF(2, 3);

static void set_line(char out[GW_INFLUX_MESSAGE], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(out, GW_INFLUX_MESSAGE, fmt, ap);
    va_end(ap);
}

void gw_influx_message(const char *body, size_t len, char out[GW_INFLUX_MESSAGE])
{
    char text[1024];
    char first = first_char(body, len);

    out[0] = '\0';
    if (first == '{') {
        if (!find_text(body, len, "error", text, sizeof text) &&
            !find_text(body, len, "message", text, sizeof text))
            return;
    } else if (first == '\0' || first == '<') {
        return;
    } else {
        snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text), body);
    }
    /* Cut bytes must not make a broken character. */
    size_t good = 0, n = strlen(text);
    for (size_t c; good < n && (c = gw_utf8_char(text + good, n - good)) > 0;)
        good += c;
    text[good] = '\0';
    set_line(out, "%s", text);
}

const char *gw_influx_hint(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } hints[] = {
        {200, "is that an InfluxDB?"},
        {301, "it wants another url"},
        {302, "it wants another url"},
        {307, "it wants another url"},
        {308, "it wants another url"},
        {400, "is that an InfluxDB?"},
        {401, "token or password is not accepted"},
        {403, "no right to write there"},
        {404, "no such database or bucket, or another version"},
        {405, "is that an InfluxDB?"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].status == status)
            return hints[i].text;
    return "";
}

/* ---- the course of a batch ---- */

void gw_influx_course_init(struct gw_influx_course *c, size_t max, uint64_t seed)
{
    assert(max >= 1);
    *c = (struct gw_influx_course){
        .max = max,
        .limit = max,
        .busy = {.first_ms = 1000, .cap_ms = 60000, .jitter_pct = 20, .rand = seed},
        .denied = {.first_ms = 10000, .cap_ms = 500000, .jitter_pct = 20, .rand = seed + 1},
    };
}

size_t gw_influx_course_next(const struct gw_influx_course *c, size_t waiting)
{
    size_t n = waiting;
    if (c->suspect > 0)
        n = c->suspect == 1 ? 1 : (c->suspect + 1) / 2;
    if (n > waiting)
        n = waiting;
    return n < c->limit ? n : c->limit;
}

static void stored(struct gw_influx_course *c, size_t posted)
{
    c->suspect = c->suspect > posted ? c->suspect - posted : 0;
    if (c->limit == c->max || posted < c->limit)
        return;
    if (++c->calm >= CALM_POSTS) {
        c->calm = 0;
        c->limit = c->limit > c->max / 2 ? c->max : c->limit * 2;
    }
}

static int64_t busy_wait_ms(struct gw_influx_course *c, int64_t retry_after_s)
{
    int64_t wait_ms = gw_backoff_next(&c->busy);
    int64_t asked_ms = retry_after_s <= 0                              ? 0
                       : retry_after_s >= GW_INFLUX_WAIT_MAX_MS / 1000 ? GW_INFLUX_WAIT_MAX_MS
                                                                       : retry_after_s * 1000;
    if (asked_ms > wait_ms) {
        uint64_t jitter = (uint64_t)asked_ms * RETRY_JITTER / 100 + 1;
        wait_ms = asked_ms + (int64_t)gw_rand_below(&c->busy.rand, jitter);
    }
    return wait_ms < GW_INFLUX_WAIT_MAX_MS ? wait_ms : GW_INFLUX_WAIT_MAX_MS;
}

struct gw_influx_step gw_influx_course_answer(struct gw_influx_course *c, size_t posted,
                                              enum gw_influx_verdict verdict, int64_t retry_after_s)
{
    struct gw_influx_step step = {0};

    assert(posted >= 1);
    if (verdict == GW_INFLUX_BUSY) {
        step.wait_ms = busy_wait_ms(c, retry_after_s);
        return step;
    }
    if (verdict == GW_INFLUX_DENIED) {
        step.wait_ms = gw_backoff_next(&c->denied);
        return step;
    }
    gw_backoff_reset(&c->busy);
    gw_backoff_reset(&c->denied);
    if (verdict == GW_INFLUX_STORED) {
        stored(c, posted);
        step.stored = posted;
        return step;
    }
    if (posted == 1) { /* what stood behind it in a suspect front is unknown again */
        step.rejected = 1;
        c->suspect = 0;
    } else if (verdict == GW_INFLUX_REFUSED) {
        c->suspect = posted;
    } else {
        c->limit = posted / 2;
        c->calm = 0;
    }
    return step;
}
