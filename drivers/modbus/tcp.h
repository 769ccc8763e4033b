/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/tcp: a small non-blocking Modbus TCP client over a loop: one connection, one request in
 * flight.
 *
 * Own code, because libmodbus 3.1.6 cannot serve evidence: it accepts another unit's reply as good
 * data, ignores the MBAP length, loses step for ever after one late reply, blocks, and lets a peer
 * that dribbles bytes hold a read for many times its time-out. Here a reply counts only when
 * transaction id, protocol id, length, unit, function and byte count all fit; the time-out bounds
 * the whole of a transaction and of a connect; after a time-out or any misfit the connection is closed and made anew, so
 * a late reply can never be taken for a fresh one. Before a request the connection is looked at, and
 * bytes that nobody asked for close it. A request that is made straight from the callback of an
 * answer goes without that look: what comes in so short a moment could come behind the look as well,
 * and its transaction id tells. Should the connection end within a tenth of the time-out then, as where
 * the peer closes behind each answer, the request goes once more, over a new connection. An exception is an answer, not a link loss.
 *
 * The same client speaks RTU frames over TCP, as transparent serial servers want them: there is no
 * transaction id then, so each request is preceded by the look, CRC, unit, function and byte count
 * must fit, and the owner makes sure that an answer which the line gives late is not taken for a
 * fresh one (see gw_mb_pass_doubt).
 *
 * Owned by the loop's thread. Host names are resolved by the owner (see driver), never here.
 */
#ifndef GW_MODBUS_TCP_H
#define GW_MODBUS_TCP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/loop.h"
#include "base/status.h"
#include "modbus/pdu.h"

struct gw_mb_tcp;

/* Result of one request. status GW_OK: reply is valid (maybe an exception) during the call.
 * GW_E_TIMEOUT, GW_E_PROTO, GW_E_REFUSED (connect), GW_E_CLOSED (peer closed), GW_E_IO: reply is
 * NULL and text says what happened. The callback may start the next request; it does not free the
 * client. */
typedef void (*gw_mb_tcp_done)(void *arg, enum gw_status status, const struct gw_mb_reply *reply,
                               const char *text);

enum gw_mb_framing { GW_MB_FRAMING_TCP = 0, GW_MB_FRAMING_RTU };

struct gw_mb_tcp_conf {
    enum gw_mb_framing framing;
    struct sockaddr_storage addr;
    socklen_t addr_len;
    int64_t connect_timeout_ms;
    int64_t timeout_ms; /* whole transaction */
};

enum gw_status gw_mb_tcp_new(struct gw_loop *loop, const struct gw_mb_tcp_conf *conf,
                             struct gw_mb_tcp **out, struct gw_err *err) GW_MUST_CHECK;
void gw_mb_tcp_free(struct gw_mb_tcp *c); /* a request in flight ends without a callback */

/* Connects if need be, sends, and calls done(arg, ...) exactly once, later, from the loop.
 * GW_E_FULL when a request is in flight already, GW_E_INVAL when req is not valid, GW_E_NOMEM. */
enum gw_status gw_mb_tcp_request(struct gw_mb_tcp *c, const struct gw_mb_request *req,
                                 gw_mb_tcp_done done, void *arg) GW_MUST_CHECK;

/* From now on a transaction may take timeout_ms, which is > 0. Not while a request is in flight. */
void gw_mb_tcp_timeout(struct gw_mb_tcp *c, int64_t timeout_ms);

bool gw_mb_tcp_connected(const struct gw_mb_tcp *c);
/* True when the last request had a connection: what failed then was the unit, not the way to it. */
bool gw_mb_tcp_reached(const struct gw_mb_tcp *c);
/* How long the last request took, from its sending to its end; 0 when it was not sent. */
int64_t gw_mb_tcp_took_ms(const struct gw_mb_tcp *c);
/* Connections made since the start. */
uint32_t gw_mb_tcp_opens(const struct gw_mb_tcp *c);
/* Changes the peer's address for the next connect (a name that resolves anew). */
void gw_mb_tcp_address(struct gw_mb_tcp *c, const struct sockaddr_storage *addr, socklen_t len);

#endif
