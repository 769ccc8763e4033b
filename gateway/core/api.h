/* SPDX-License-Identifier: Apache-2.0
 *
 * api: the core's side of the local API: shows what is asked for, answers its calls, and keeps the
 * latest events. Core thread, but for what says otherwise.
 */
#ifndef GW_CORE_API_H
#define GW_CORE_API_H

#include "base/clock.h"
#include "base/loop.h"
#include "base/status.h"
#include "core/commands.h"
#include "core/document.h"
#include "core/event.h"
#include "core/identity.h"
#include "core/plant.h"
#include "journal/journal.h"

/* What a health document looks at, with what its pointers point at. */
struct gw_health_look {
    struct gw_journal_stats journal;
    struct gw_mqtt_stats mqtt;
    struct gw_influx_stats influx;
    struct gw_health health;
};

struct gw_api_conf {
    const struct gw_plant *plant; /* the present one; everything is lent */
    const struct gw_identity *identity;
    const char *kid; /* of the signing key */
    const struct gw_clock *clock;
    struct gw_commands *commands;
    struct gw_loop *loop;
    void (*look)(void *ctx, struct gw_health_look *out); /* how everything is now */
    void *ctx;
    struct gw_pulses *pulses; /* that its thread's belongs to; NULL: nobody looks */
};

struct gw_api;

/* Starts it. A second daemon would work on the same journal, so GW_E_REFUSED (somebody serves that
 * socket) is an error; that there is no socket for another reason must not keep the plant from being
 * watched: it is logged and tried again. GW_E_NOMEM, GW_E_IO (no descriptors). */
enum gw_status gw_api_new(const struct gw_api_conf *conf, struct gw_api **out,
                          struct gw_err *err) GW_MUST_CHECK;
/* False when its thread had to be abandoned; a is to be left alone then. */
bool gw_api_stop(struct gw_api *a, int64_t timeout_ms) GW_MUST_CHECK;
void gw_api_free(
    struct gw_api *a); /* after gw_api_stop and before the loop is freed; NULL is fine */

/* Another plant takes the place of the present one, which is about to be freed. */
void gw_api_plant(struct gw_api *a, const struct gw_plant *plant);
/* The journal, once it is there; lent until gw_api_stop. */
void gw_api_journal(struct gw_api *a, struct gw_journal *journal);
/* At each tick. */
void gw_api_serve(struct gw_api *a, const struct gw_stamp *now);
/* Something happened. */
void gw_api_event(struct gw_api *a, const struct gw_event *ev, const struct gw_stamp *now);

#endif
