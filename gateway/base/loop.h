/* SPDX-License-Identifier: Apache-2.0
 *
 * loop: one thread's epoll loop with timers.
 *
 * File descriptors and timers belong to the caller; the loop only points at them. Everything but
 * gw_loop_stop, gw_loop_pause and gw_loop_resume is for the loop's own thread, or for the one that
 * paused it. Timers fire on the loop's clock, in order of due time;
 * nothing blocks but the wait itself.
 */
#ifndef GW_BASE_LOOP_H
#define GW_BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/pulse.h"
#include "base/status.h"

#define GW_LOOP_IN  1u
#define GW_LOOP_OUT 2u
#define GW_LOOP_ERR 4u /* error or hang-up; always reported */

struct gw_loop;

/* A watched descriptor; the caller keeps it alive until gw_loop_unwatch. */
struct gw_watch {
    int fd;
    void (*ready)(void *arg, unsigned events);
    void *arg;
    unsigned events; /* kept by the loop */
    bool active;     /* kept by the loop */
};

/* A one-shot timer; the caller keeps it alive while it is set. Zero-initialise, then set fire, arg.
 */
struct gw_timer {
    void (*fire)(void *arg);
    void *arg;
    int64_t due_ms; /* kept by the loop, monotonic */
    size_t slot;    /* kept by the loop; 0 = not set */
};

/* GW_E_NOMEM or GW_E_IO (descriptors exhausted). */
enum gw_status gw_loop_new(const struct gw_clock *clock, struct gw_loop **out,
                           struct gw_err *err) GW_MUST_CHECK;
/* Neither watches nor timers are touched; they may be gone already. */
void gw_loop_free(struct gw_loop *loop);

/* The clock, and the monotonic time at which the present round started. */
const struct gw_clock *gw_loop_clock(const struct gw_loop *loop);
int64_t gw_loop_now_ms(const struct gw_loop *loop);

/* Starts or changes the watch; events of GW_LOOP_IN | GW_LOOP_OUT, may be 0. GW_E_IO, GW_E_NOMEM.
 */
enum gw_status gw_loop_watch(struct gw_loop *loop, struct gw_watch *watch,
                             unsigned events) GW_MUST_CHECK;
/* Stops it; to be called before the descriptor is closed. No event of the present round arrives
 * after it. Unwatching a watch that is not active does nothing. */
void gw_loop_unwatch(struct gw_loop *loop, struct gw_watch *watch);

/* Sets or moves the timer to fire at due_ms (monotonic), or as soon as possible if that has passed.
 * What a timer's handler sets waits for the next round, even if it is due. GW_E_NOMEM only when the
 * number of timers set at once grows. */
enum gw_status gw_loop_timer_set(struct gw_loop *loop, struct gw_timer *timer,
                                 int64_t due_ms) GW_MUST_CHECK;
/* Clears it; fine when not set. */
void gw_loop_timer_clear(struct gw_loop *loop, struct gw_timer *timer);

/* Each round of gw_loop_run counts as a turn of that pulse, and there is one at least each
 * GW_PULSE_MS. To be called before it runs; NULL is fine. The pulse is lent. */
void gw_loop_pulse(struct gw_loop *loop, struct gw_pulse *pulse);

/* Serves events and timers until gw_loop_stop. GW_E_IO when the wait itself fails. */
enum gw_status gw_loop_run(struct gw_loop *loop) GW_MUST_CHECK;

/* One round: waits at most max_wait_ms (negative: no limit) for the first event, serves what is
 * due, returns. A signal may end the wait early. GW_E_IO. Not to be called from a handler. */
enum gw_status gw_loop_round(struct gw_loop *loop, int64_t max_wait_ms) GW_MUST_CHECK;

/* Makes gw_loop_run return after the present round; one that has not begun yet returns after its
 * first. Any thread, and signal handlers. */
void gw_loop_stop(struct gw_loop *loop);

/* Another thread takes the loop's place for a moment: from GW_OK until gw_loop_resume no handler
 * runs, and what its thread may do, the caller may. Waits up to timeout_ms for the present handler.
 * GW_E_TIMEOUT: it does not return. Any thread but the loop's, one at a time. */
enum gw_status gw_loop_pause(struct gw_loop *loop, int64_t timeout_ms) GW_MUST_CHECK;
void gw_loop_resume(struct gw_loop *loop);

/* Around a call that blocks inside a handler: a pause need not wait for it. In between, the handler
 * touches nothing that whoever pauses may change. */
void gw_loop_leave(struct gw_loop *loop);
void gw_loop_enter(struct gw_loop *loop);

#endif
