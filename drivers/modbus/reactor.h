/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/reactor: one thread's loop that polls every Modbus TCP device of a site.
 *
 * Each bus is an endpoint with one connection; its devices queue for it, one request at a time in
 * turn, so that a slow device costs its neighbours no more than one of its requests. One that is
 * silent is asked briefly (budget.h), unless the gateway in between holds its line anyway. Endpoints
 * run side by side. Where a connection cannot be made, all that wait for it fail at once, since they
 * would only learn the same one after another.
 *
 * Made and freed by one thread while it does not run; gw_mb_reactor_run is the body of another.
 */
#ifndef GW_MODBUS_REACTOR_H
#define GW_MODBUS_REACTOR_H

#include <stdatomic.h>

#include "../driver.h"
#include "base/status.h"
#include "modbus/resolve.h"

struct gw_mb_reactor;

/* For all buses of gw_modbus_tcp_conf in env->site. What env points at outlives the reactor; its
 * sink is called from the reactor's thread. lookup NULL: the system's. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_mb_reactor_new(const struct gw_driver_env *env, const struct gw_mb_lookup *lookup,
                                 struct gw_mb_reactor **out, struct gw_err *err) GW_MUST_CHECK;
/* NULL is fine. Waits at most 1 s for a name that is being looked up. */
void gw_mb_reactor_free(struct gw_mb_reactor *r);

/* To be called before it runs: where it says every second that it gets on. */
void gw_mb_reactor_beat(struct gw_mb_reactor *r, atomic_uint *beat);
/* Polls until gw_mb_reactor_stop. arg is the reactor. */
void gw_mb_reactor_run(void *arg);
/* Makes gw_mb_reactor_run return soon. Any thread. */
void gw_mb_reactor_stop(struct gw_mb_reactor *r);

#endif
