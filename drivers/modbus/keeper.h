/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/keeper: a polling thread that is looked after.
 *
 * The thread says by a beat that it gets on. The keeper is asked every second or so; when the
 * thread ended by itself, or its beat stood still for GW_KEEPER_LOOKS such looks (a driver that
 * hangs in the kernel), it is muted, left behind, and another one is started with a body of its
 * own. What was left behind frees itself, should it ever end; as long as GW_KEEPER_LEFT_MAX are
 * left behind, no further one is started. Looks are counted rather than timed, so that a process
 * that was stopped for a while takes nobody for stuck.
 *
 * Owned by one thread, which is not the one that is looked after.
 */
#ifndef GW_MODBUS_KEEPER_H
#define GW_MODBUS_KEEPER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../driver.h"
#include "base/status.h"

#define GW_KEEPER_LOOKS    30
#define GW_KEEPER_LEFT_MAX 3

/* What the thread is given. */
struct gw_keeper_post {
    struct gw_batch_sink sink; /* instead of env's: leads nowhere once the thread is left behind */
    atomic_uint *beat;         /* to be raised every second or so, also when there is no work */
};

/* The thread's body. make is called by the keeper's owner, run by the thread, stop by any thread,
 * and release after run returned, by either. */
struct gw_keeper_body {
    const char *name; /* of the thread */
    enum gw_status (*make)(void *arg, const struct gw_keeper_post *post, void **out,
                           struct gw_err *err);
    void (*run)(void *body);
    void (*stop)(void *body);
    /* Called before the thread is left behind: lets go of what the next one needs. May be NULL. */
    void (*leave)(void *body);
    void (*release)(void *body);
};

struct gw_keeper;

/* Starts the thread. sink, body and arg outlive the keeper. Errors of make, GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_keeper_start(const struct gw_keeper_body *body, void *arg,
                               const struct gw_batch_sink *sink, struct gw_keeper **out,
                               struct gw_err *err) GW_MUST_CHECK;

enum gw_keeper_sight {
    GW_KEEPER_WELL = 0,
    GW_KEEPER_ENDED, /* by itself; another one was started */
    GW_KEEPER_STUCK, /* left behind; another one was started */
    GW_KEEPER_LOST   /* there is no thread, and none could be started: tried again at each look */
};
/* One look. Anything but WELL is told once, LOST when it begins. */
enum gw_keeper_sight gw_keeper_look(struct gw_keeper *k);

/* Reports what was seen of the thread of that bus or driver; nothing when all is well. */
void gw_keeper_tell(enum gw_keeper_sight sight, const char *subject,
                    const struct gw_driver_report *report);

/* What the thread works with, to be changed while its loop is paused; NULL: there is no thread. */
void *gw_keeper_object(struct gw_keeper *k);
/* Where samples go from now on. */
void gw_keeper_sink(struct gw_keeper *k, const struct gw_batch_sink *sink);
/* Leaves the thread behind as it is: it is asked to end, its samples go nowhere, and no other one is
 * started. Then the keeper is only good for gw_keeper_gone and gw_keeper_free. */
void gw_keeper_leave(struct gw_keeper *k);
/* Whether nobody is left behind any more. */
bool gw_keeper_gone(const struct gw_keeper *k);
/* Leaves the thread behind and starts another one. Errors of gw_keeper_start. */
enum gw_status gw_keeper_renew(struct gw_keeper *k, struct gw_err *err) GW_MUST_CHECK;

/* How long a reload that began at since_ms waits for the next one of its threads to stop working: up
 * to a second, and about two for all of them together, however many hang, as the core's thread waits.
 * Afterwards still a moment, so that one that is well is not taken for one that hangs. */
int64_t gw_keeper_patience(int64_t since_ms, int64_t now_ms);

/* Asks the thread to end. */
void gw_keeper_stop(struct gw_keeper *k);
/* Waits up to timeout_ms and frees the keeper. false: a thread was left behind now or earlier, and
 * may still use what its body uses. */
bool gw_keeper_free(struct gw_keeper *k, int64_t timeout_ms);

#endif
