/* SPDX-License-Identifier: Apache-2.0
 *
 * influx: the worker that writes telemetry to an InfluxDB, 1.x, 2.x or 3.x.
 *
 * It drains the telemetry rows of the journal as a reader of its own, makes a line of each
 * (influx_line.h), and posts them in batches. A row leaves the backlog when the database has said
 * 2xx to its line, or when the line was refused by itself and is counted as rejected; until then
 * the journal keeps it, within its quota, over outages and restarts. Whatever the server does, at
 * most one batch is in memory, and a write ends within the site's timeout.
 */
#ifndef GW_PUBLISH_INFLUX_H
#define GW_PUBLISH_INFLUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/pulse.h"
#include "base/shared.h"
#include "base/status.h"
#include "conf/site.h"
#include "publish/influx_rejects.h"
#include "publish/mqtt.h"

struct gw_influx_conf {
    const struct gw_site *site; /* how the database is reached is copied */
    struct gw_shared *owner;    /* of the site, held; NULL: it outlives the worker */
    const struct gw_clock *clock;
    struct gw_backlog backlog; /* of a reader that wants telemetry only */
    struct gw_pulses *pulses;  /* that its thread's belongs to; NULL: nobody looks */
    uint64_t seed;
};

struct gw_influx_stats {
    bool connected;                   /* the last write got the database's own answer */
    uint64_t posts;                   /* writes that were tried */
    uint64_t sent;                    /* lines that the database has */
    struct gw_influx_rejects rejects; /* lines that it never will have */
    unsigned held;                    /* lines at hand that wait for the fault's end */
    char fault[GW_INFLUX_MESSAGE];    /* why nothing can be written at present; "" when fine */
};

struct gw_influx;

/* Starts the worker. What conf points at is lent until gw_influx_stop. GW_E_NOMEM, GW_E_IO;
 * GW_E_NOTFOUND: libcurl is not installed;
 * GW_E_INVAL: the site's tags cannot be written, which --check refuses. */
enum gw_status gw_influx_start(const struct gw_influx_conf *conf, struct gw_influx **out,
                               struct gw_err *err) GW_MUST_CHECK;

/* Ends a write under way, gives what was not settled back to the journal, frees. False: abandoned
 * after timeout_ms; then nothing is freed, what conf points at must stay, and the process should
 * exit. x may be NULL. */
bool gw_influx_stop(struct gw_influx *x, int64_t timeout_ms);

/* Another loading of the configuration, with the same "publish.influx": points are looked up there
 * from now on. The thread that started it. */
void gw_influx_site(struct gw_influx *x, const struct gw_site *site, struct gw_shared *owner);

void gw_influx_stats(struct gw_influx *x, struct gw_influx_stats *out); /* any thread */

#endif
