/* SPDX-License-Identifier: Apache-2.0
 *
 * server: Modbus TCP, RTU over TCP and RTU over the plant, byte for byte in our own hands.
 *
 * The framing is our own because a fault injector must control each byte and each moment of what
 * goes out; the server inside libmodbus answers well-formed or not at all, one request at a time,
 * blocking.
 *
 * A connection is served in order: while a reply waits or dribbles, its further requests wait, as
 * behind a serial gateway; connections do not wait for one another. A frame that cannot be Modbus
 * TCP (protocol id not 0, length not 2..254) closes the connection; what is no RTU frame is thrown
 * away, as a slave would. A serial line is one connection that is always there. Owned by the loop's
 * thread.
 */
#ifndef GW_PLANT_SERVER_H
#define GW_PLANT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/status.h"
#include "plant/counters.h"
#include "plant/plant.h"

struct gw_server;

/* Listens on every endpoint and lets the story run: from now on, or, with hold, from the first
 * request of any client. loop, plant and counters must outlive it; sc is the plant's. GW_E_IO when
 * a port cannot be had (err names the endpoint), GW_E_NOMEM. */
enum gw_status gw_server_start(struct gw_loop *loop, const struct gw_scenario *sc,
                               struct gw_plant *plant, struct gw_counters *counters, bool hold,
                               struct gw_server **out, struct gw_err *err) GW_MUST_CHECK;
void gw_server_free(struct gw_server *s);

/* The port of an endpoint; it stays the same while the endpoint refuses. 0 for a serial line. */
uint16_t gw_server_port(const struct gw_server *s, size_t endpoint);

/* What a serial line is opened by: its link, pty or port; NULL for a TCP endpoint. Lent. */
const char *gw_server_path(const struct gw_server *s, size_t endpoint);

/* Does what the action says, now. */
void gw_server_apply(struct gw_server *s, const struct gw_action *a);

/* Connections that are open now. */
size_t gw_server_open(const struct gw_server *s, size_t endpoint);

#endif
