/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/poll: when one device is asked, and what its answers make of its link.
 *
 * Pure: the caller says what time it is. A device has a tick every period; each tick is one poll,
 * which is read, failed or skipped, so that polls.scheduled == read + failed + skipped, plus one
 * while a pass is in flight. Ticks are absolute (due += period). A poll
 * that waits for its line is done late, as long as the next tick has not come: its period has its
 * reading. What was missed is skipped and counted, never caught up. A device that was silent twice backs off alone: 1, 2, 4 .. 30 s with
 * jitter; once may be the doing of a neighbour on its line. A busy one is left alone, too, for 5 s
 * at most.
 * Owned by one thread.
 */
#ifndef GW_MODBUS_POLL_H
#define GW_MODBUS_POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "model/sample.h"

#define GW_MB_DOWN_AFTER     3 /* silent passes in a row that make a link down */
#define GW_MB_BACKOFF_MS     1000
#define GW_MB_BACKOFF_CAP_MS 30000
#define GW_MB_BACKOFF_JITTER 20 /* per cent */
#define GW_MB_AWAIT_BUSY_MS  5000
#define GW_MB_TOGETHER       64 /* connections that are asked at the same moment */
#define GW_MB_TOGETHER_QUICK 4  /* the same where the period is GW_MB_QUICK_MS or less */
#define GW_MB_QUICK_MS       200
#define GW_MB_APART_MS       20 /* and the next ones so much later */

/* How a pass ended. */
enum gw_mb_outcome {
    GW_MB_PASS_READ = 0,  /* at least one request was answered with data */
    GW_MB_PASS_REFUSED,   /* answered, but with nothing but exceptions: the device is there */
    GW_MB_PASS_BUSY,      /* so, and it is busy: it is to be left alone for a while */
    GW_MB_PASS_DISTURBED, /* not answered, and maybe through no fault of the device */
    GW_MB_PASS_SILENT     /* no answer, a foreign or broken one, or its gateway says it is silent */
};

struct gw_mb_poll {
    int64_t period_ms;
    int64_t due_ms;  /* the first tick that is not counted yet */
    int64_t tick_ms; /* due time of the pass in flight or of the last one */
    int64_t hold_ms; /* back-off: no attempt before */
    bool busy;       /* a pass is in flight (or waits for the connection) */
    enum gw_link link;
    unsigned silent; /* silent passes in a row */
    struct gw_backoff backoff;
    struct gw_polls polls;
};

/* First tick at first_ms; period_ms >= 1. All times are monotonic milliseconds. */
void gw_mb_poll_init(struct gw_mb_poll *p, int64_t period_ms, int64_t first_ms, uint64_t seed);

/* Counts the ticks up to now_ms. True when a pass is to start now, for the latest of them: no pass
 * is in flight, and no back-off holds. Its due time is p->tick_ms. */
bool gw_mb_poll_due(struct gw_mb_poll *p, int64_t now_ms);

/* How much later than the first connection the nth is asked, so that what is polled with period_ms is
 * not asked all at once: 0 .. period_ms - 1. Behind the end of the period it begins anew, and more are
 * asked together. One wake-up is to serve many answers, all the way to the
 * broker, but a quick poll is one that somebody waits for, and the last of many answers is late. */
int64_t gw_mb_poll_apart(size_t nth, int64_t period_ms);

/* When gw_mb_poll_due is to be asked next; INT64_MAX while a pass is in flight. */
int64_t gw_mb_poll_wake(const struct gw_mb_poll *p);

/* The pass in flight is over: counts it, moves the link (ok -> suspect -> down after three silent
 * ones; refused is an answer, so the link is ok; disturbed says nothing) and sets the back-off after a silent one, and up to
 * GW_MB_AWAIT_BUSY_MS after a busy one. */
void gw_mb_poll_end(struct gw_mb_poll *p, int64_t now_ms, enum gw_mb_outcome outcome);

/* No attempt before until_ms, where the back-off would permit one: for a line that a silent device
 * costs time that its neighbours need. Ends with the back-off. */
void gw_mb_poll_hold(struct gw_mb_poll *p, int64_t until_ms);
/* Ends the back-off: what was in the way (a port that was gone) is no more. */
void gw_mb_poll_release(struct gw_mb_poll *p, int64_t now_ms);

/* The points of one period within a device: read in the first pass at or after their due time. */
struct gw_mb_cadence {
    int64_t period_ms;
    int64_t due_ms;
};

bool gw_mb_cadence_due(const struct gw_mb_cadence *c, int64_t tick_ms);
/* They were asked in the pass of that tick; the next time is the first multiple behind it. */
void gw_mb_cadence_done(struct gw_mb_cadence *c, int64_t tick_ms);

#endif
