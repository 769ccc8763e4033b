/* SPDX-License-Identifier: Apache-2.0
 *
 * driver: the contract between the core and whatever reads instruments.
 *
 * A driver is one constant table. Its conf hooks read its part of the site file; open() makes one
 * instance that serves every bus of that driver in the site with its own thread or threads, and
 * hands every pass over a device to the sink, good or bad. A driver never exits, never writes to
 * the plant, never decides what a value means for safety, and one bad device costs the others
 * nothing: pacing, time-outs and back-off are per device and live here.
 *
 * Read-only by construction: no driver has a way to write. Modbus request codes are an enum of the
 * permitted ones; GPIO lines are requested as inputs.
 */
#ifndef GW_DRIVER_H
#define GW_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/pulse.h"
#include "base/shared.h"
#include "base/status.h"
#include "conf/site.h"
#include "model/sample.h"

/* Where samples go. put copies the batch; any thread. GW_E_FULL: the core is behind; the driver
 * drops this batch, the point grows stale, and the mailbox counts it. */
struct gw_batch_sink {
    enum gw_status (*put)(void *ctx, const struct gw_batch *batch);
    void *ctx;
};

struct gw_driver_env {
    const struct gw_site *site; /* constant, outlives the driver or what it was reloaded with */
    struct gw_shared *owner;    /* of the site, held by every thread that looks at it; NULL: nobody
                                   frees it before the end */
    const struct gw_clock *clock; /* outlives the driver */
    struct gw_batch_sink sink;
    uint64_t seed; /* for jitter */
    /* For threads that nobody replaces when they hang; NULL: nobody looks. */
    struct gw_pulses *pulses;
};

/* What goes on when another configuration takes the place of the present one: for each bus and
 * device of the new site its index in the old one, or GW_DRIVER_NEW where there was none such or
 * anything of it changed. A bus goes on with all its devices and points, in their order. */
#define GW_DRIVER_NEW UINT32_MAX
struct gw_driver_keep {
    const uint32_t *buses, *devices;
};

struct gw_driver_instance; /* private to the driver */

/* Where a driver tells what became of its own threads: subject is a bus, or the driver's name. */
struct gw_driver_report {
    void (*tell)(void *arg, const char *subject, const char *text_en, const char *text_zh);
    void *arg;
};

struct gw_driver {
    const struct gw_conf_driver *conf;
    /* Starts to poll all devices on buses of this driver. Unreachable devices are no error: they
     * are reported by batches. GW_E_NOMEM, GW_E_IO. *out stays NULL when the site has no such bus.
     */
    enum gw_status (*open)(const struct gw_driver_env *env, struct gw_driver_instance **out,
                           struct gw_err *err);
    /* Goes over to another site and sink. Buses that go on keep their connections, counters and
     * ticks, and miss no poll; the others are left and begun anew. *inst may be NULL before, and
     * after. Does not wait for devices: a thread that is amidst a request on a line that is left
     * ends by itself, its samples go nowhere. After GW_OK the old sink is not called any more, and
     * the old site only lives as long as somebody holds its owner. With any error (GW_E_NOMEM,
     * GW_E_IO: a thread that hangs, or that cannot be started) nothing is sure but that close may
     * still be called: the process should end. */
    enum gw_status (*reload)(struct gw_driver_instance **inst, const struct gw_driver_env *env,
                             const struct gw_driver_keep *keep, struct gw_err *err);
    /* Ends the threads within 5 s and frees the instance. false: a thread was abandoned and may
     * still call the sink, so what env points at must stay. NULL is fine (true). */
    bool (*close)(struct gw_driver_instance *inst);
    /* Looks after the instance's threads; called about once a second by the thread that opened it.
     * One that ended or hangs is reported, left behind, and another one is started. Never blocks
     * for long. NULL where there is nothing to look after. */
    void (*tend)(struct gw_driver_instance *inst, const struct gw_driver_report *report);
};

#endif
