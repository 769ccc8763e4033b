/* SPDX-License-Identifier: Apache-2.0
 *
 * gateway: ties drivers, table, engine, journal and sinks together, and runs the core loop.
 *
 * One thread creates, runs and frees it. The engine runs only while the journal can hold what it
 * decides: before the journal is open no alarm and no lead exists, polling and status go on.
 */
#ifndef GW_CORE_GATEWAY_H
#define GW_CORE_GATEWAY_H

#include "base/clock.h"
#include "base/status.h"
#include "core/load.h"
#include "driver.h"

struct gw_gateway_conf {
    const struct gw_load *load;             /* lent */
    const struct gw_driver *const *drivers; /* NULL-terminated, lent */
    const struct gw_clock *clock;           /* lent */
};

struct gw_gateway;

/* Starts local API, journal, sinks and drivers. An unreachable device, broker or an unwritable
 * journal is no error, nor is a socket that cannot be made. GW_E_REFUSED: another daemon serves
 * that socket. GW_E_REFUSED, GW_E_PARSE, GW_E_IO: the signing key cannot be used or made;
 * GW_E_NOMEM. */
enum gw_status gw_gateway_new(const struct gw_gateway_conf *conf, struct gw_gateway **out,
                              struct gw_err *err) GW_MUST_CHECK;

/* Serves until gw_gateway_stop (GW_OK) or until the journal reports a fatal store error (GW_E_IO:
 * the process should exit and be restarted). */
enum gw_status gw_gateway_run(struct gw_gateway *g) GW_MUST_CHECK;

/* Makes run return. Safe in a signal handler. */
void gw_gateway_stop(struct gw_gateway *g);

/* Stops drivers, stores what is running, says offline, closes the journal. False when a thread had
 * to be abandoned: the process should then leave by _exit. */
bool gw_gateway_free(struct gw_gateway *g) GW_MUST_CHECK;

#endif
