/* SPDX-License-Identifier: Apache-2.0
 *
 * influx_verdict: what an answer to a write means, and what is to be posted next. Pure; owned by
 * the worker's thread.
 *
 * Lines are settled from the front of the batch. After a refusal (400, 422: some line is bad, the
 * others may be stored or not) the front is known to hold a bad line, and halves of it are posted
 * until one line stands alone and is refused by itself: rejected. To find one bad line among n
 * takes at most log2(n) + 1 posts more than if it were good (rounded up). Points that were stored
 * already are written once more with the same values, which changes nothing.
 */
#ifndef GW_PUBLISH_INFLUX_VERDICT_H
#define GW_PUBLISH_INFLUX_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"

enum gw_influx_verdict {
    GW_INFLUX_STORED,  /* 2xx */
    GW_INFLUX_REFUSED, /* 400, 422 in the database's own words: a line among them is bad */
    GW_INFLUX_LARGE,   /* 413: too much at once */
    GW_INFLUX_DENIED,  /* a person must do something: 401, 403, 404, a redirect, no InfluxDB */
    GW_INFLUX_BUSY     /* it may be better later: 408, 429, 5xx, and no answer at all (0) */
};

/* status: of HTTP, 0 when there was no answer. body: its beginning; a 400 or 422 that is no JSON
 * object is not the database's word on a line but a proxy's on the request, and a 2xx with a text
 * is some other server's (a portal's page). */
enum gw_influx_verdict gw_influx_judge(unsigned status, const char *body, size_t len);

#define GW_INFLUX_MESSAGE 160

/* What the answer says, as one line for people: the text of "error" or "message" of a JSON body,
 * the body itself where it is plain text, "" for other bodies (pages). */
void gw_influx_message(const char *body, size_t len, char out[GW_INFLUX_MESSAGE]);

/* A word on statuses that a technician can do something about; "" for others. */
const char *gw_influx_hint(unsigned status);

#define GW_INFLUX_WAIT_MAX_MS 600000 /* whatever Retry-After says */

struct gw_influx_course {
    size_t max;     /* lines in a batch */
    size_t limit;   /* lines in a post, 1..max: less after a 413 */
    size_t suspect; /* so many lines at the front hold a bad one; 0: none is known */
    unsigned calm;  /* posts of `limit` lines that were stored, in a row */
    struct gw_backoff busy, denied;
};

void gw_influx_course_init(struct gw_influx_course *c, size_t max, uint64_t seed);

/* How many of the `waiting` lines are to be posted next (0 only when none wait). */
size_t gw_influx_course_next(const struct gw_influx_course *c, size_t waiting);

struct gw_influx_step {
    size_t stored;   /* lines at the front that the database has */
    size_t rejected; /* 1: the line behind these never can be stored */
    int64_t wait_ms; /* before the next post */
};
/* The answer to a post of `posted` lines came. retry_after_s: the server's wish, 0 for none. */
struct gw_influx_step gw_influx_course_answer(struct gw_influx_course *c, size_t posted,
                                              enum gw_influx_verdict verdict,
                                              int64_t retry_after_s);

#endif
