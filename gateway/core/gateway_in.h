/* SPDX-License-Identifier: Apache-2.0
 *
 * gateway_in: the gateway's inside. Only for its own files; core thread, where not said otherwise.
 */
#ifndef GW_CORE_GATEWAY_IN_H
#define GW_CORE_GATEWAY_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/mailbox.h"
#include "base/ratelog.h"
#include "core/api.h"
#include "core/clockwatch.h"
#include "core/commands.h"
#include "core/document.h"
#include "core/event.h"
#include "core/gateway.h"
#include "core/identity.h"
#include "core/plant.h"
#include "core/service.h"
#include "core/tap.h"
#include "journal/journal.h"
#include "publish/influx.h"
#include "publish/mqtt.h"
#include "publish/seal.h"

#define GW_DRIVERS_MAX 8

/* A reload under way: see gateway_reload.c. */
struct gw_reload {
    int fd; /* an eventfd: somebody asked for one */
    struct gw_watch watch;
    struct gw_config *config; /* read and checked, not in use yet; NULL: none is under way */
    struct gw_site_diff diff;
    int64_t until_ms; /* then it is given up */
    bool again;       /* asked for meanwhile */
};

struct gw_gateway {
    const struct gw_driver *const *drivers;
    const struct gw_conf_driver *const *conf_drivers;
    const struct gw_clock *clock;
    const char *path; /* of the site file */

    struct gw_plant *plant;        /* the present configuration, and all that hangs on it */
    struct gw_site_gateway home;   /* what no reload changes: ids, paths ... */
    struct gw_site_mqtt mqtt_site; /* ... and how the broker is reached */
    struct gw_reload reload;
    struct gw_config_state config_state;
    bool written; /* the configuration, beside what ran last: it takes its place once it runs */

    struct gw_identity identity;
    struct gw_key *key; /* for the inventory's public half; the sealer has its own */
    struct gw_seal *seal;
    struct gw_loop *loop;
    struct gw_clockwatch *clockwatch;
    struct gw_journal *journal;
    struct gw_service *service;
    struct gw_mqtt *mqtt;
    struct gw_commands *commands;
    struct gw_influx *influx;
    struct gw_reader_conf readers[2];
    struct gw_tap mqtt_tap, influx_tap;
    unsigned influx_reader; /* its index in readers */
    struct gw_api *api;
    struct gw_driver_instance *instances[GW_DRIVERS_MAX];

    struct gw_watch batches_watch, notices_watch;
    struct gw_timer tick;
    struct gw_buf text, wire;

    bool running; /* the engine: state is restored and the journal takes drafts */
    bool holding; /* no draft is taken, so that none waits for its commit when the engine changes */
    bool fatal;
    char journal_fault[160];
    uint64_t takeovers; /* of the session, told as events so far */
    int64_t health_due_ms, checkpoint_due_ms, tend_due_ms;
    struct gw_ratelog rows_log, batches_log, drafts_log;
    uint64_t batches_lost_seen;
    uint64_t batches_lost_before; /* by the mailboxes of earlier configurations */
    uint64_t seed;
};

/* ---- gateway_tell.c ---- */

void gw_gateway_event(struct gw_gateway *g, const struct gw_event *ev);
void gw_gateway_tell_status(struct gw_gateway *g);
void gw_gateway_tell_inventory(struct gw_gateway *g, const struct gw_stamp *now);
void gw_gateway_tell_cases(struct gw_gateway *g, const struct gw_stamp *now);
void gw_gateway_tell_health(struct gw_gateway *g, const struct gw_stamp *now);
/* Tells anew what the broker needs again. */
void gw_gateway_tell_wanted(struct gw_gateway *g, const struct gw_stamp *now);
/* Tells when another client took the session over. */
void gw_gateway_takeovers(struct gw_gateway *g);
/* How everything is now; ctx is the gateway. */
void gw_gateway_look(void *ctx, struct gw_health_look *out);

/* ---- gateway.c ---- */

/* A plant for the configuration, with the gateway's callbacks. */
enum gw_status gw_gateway_plant(struct gw_gateway *g, struct gw_config *config,
                                struct gw_plant **out, struct gw_err *err) GW_MUST_CHECK;
/* What drivers are opened with. */
struct gw_driver_env gw_gateway_env(struct gw_gateway *g, struct gw_plant *plant);
/* Batches of the plant are taken from now on. */
enum gw_status gw_gateway_watch(struct gw_gateway *g) GW_MUST_CHECK;
/* Takes in what waits in the plant's mailbox, all of it. */
void gw_gateway_drain(struct gw_gateway *g);

/* Writes a configuration down and lets go of its texts; then keeps it, where it runs. That neither
 * can be done is told and stops nothing. */
void gw_gateway_write_config(struct gw_gateway *g, struct gw_config *config);
void gw_gateway_keep_config(struct gw_gateway *g, bool runs);

/* ---- gateway_reload.c ---- */

enum gw_status gw_gateway_reload_open(struct gw_gateway *g, struct gw_err *err) GW_MUST_CHECK;
void gw_gateway_reload_close(struct gw_gateway *g);
/* Tells that the last good configuration is used. */
void gw_gateway_reload_degraded(struct gw_gateway *g);
/* Goes on with a reload that waits for the journal; often. */
void gw_gateway_reload_step(struct gw_gateway *g);

#endif
