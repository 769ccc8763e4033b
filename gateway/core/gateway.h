/* SPDX-License-Identifier: Apache-2.0
 *
 * gateway: ties drivers, table, engine, journal and sinks together, and runs the core loop.
 *
 * A reload reads site file, catalogue and profiles anew and makes a second plant (core/plant.h)
 * beside the first one: for a moment there are two of each, the parsed texts of the new one on top.
 *
 * One thread creates, runs and frees it. The engine runs only while the journal can hold what it
 * decides: before the journal is open no alarm and no lead exists, polling and status go on.
 */
#ifndef GW_CORE_GATEWAY_H
#define GW_CORE_GATEWAY_H

#include "base/clock.h"
#include "base/status.h"
#include "core/config.h"
#include "driver.h"

/* Everything is lent for the gateway's life, but the config, which it holds. */
struct gw_gateway_conf {
    struct gw_config *config; /* with its texts, which it lets go of */
    const char *path;         /* of the site file, to read it anew */
    const char *fault;        /* why the site file is not used, where config is the last good one */
    const struct gw_driver *const *drivers; /* NULL-terminated; so is the next */
    const struct gw_conf_driver *const *conf_drivers;
    const struct gw_clock *clock;
};

struct gw_gateway;

/* Starts local API, journal, sinks and drivers. An unreachable device, broker or an unwritable
 * journal is no error, nor is a socket that cannot be made. GW_E_REFUSED: another daemon serves
 * that socket. GW_E_REFUSED, GW_E_PARSE, GW_E_IO: the signing key cannot be used or made;
 * GW_E_NOMEM. GW_E_TIMEOUT: besides, a thread had to be abandoned, so that the process should end.
 * Only a configuration that starts takes the place of the one that ran last (core/lastgood.h). */
enum gw_status gw_gateway_new(const struct gw_gateway_conf *conf, struct gw_gateway **out,
                              struct gw_err *err) GW_MUST_CHECK;

/* Serves until gw_gateway_stop (GW_OK) or until the journal reports a fatal store error (GW_E_IO:
 * the process should exit and be restarted). */
enum gw_status gw_gateway_run(struct gw_gateway *g) GW_MUST_CHECK;

/* Makes run return. Safe in a signal handler. */
void gw_gateway_stop(struct gw_gateway *g);

/* Has the site file read anew. What is wrong with it, or cannot change while the daemon runs, changes
 * nothing and is told; else all that it changes is changed, and nothing else. Safe in a signal
 * handler. */
void gw_gateway_reload(struct gw_gateway *g);

/* Stops drivers, stores what is running, says offline, closes the journal. False when a thread had
 * to be abandoned: the process should then leave by _exit. */
bool gw_gateway_free(struct gw_gateway *g) GW_MUST_CHECK;

#endif
