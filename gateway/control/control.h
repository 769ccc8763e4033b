/* SPDX-License-Identifier: Apache-2.0
 *
 * control: the local API: JSON over HTTP at a Unix socket, read-only.
 *
 * A thread of its own answers from the snapshots of a board; it touches nothing else of the core.
 * A request that finds no snapshot young enough asks for one and waits; when the core does not
 * publish in time, the answer is 503 and says so, so that a stuck core shows.
 *
 *   /v1/status  /v1/buses  /v1/devices  /v1/points  /v1/cases  /v1/alarms
 *                               ?device=<id>: of one device only
 *   /v1/records?from=<number>   a page of the signed records from that number on, one a line, in the
 *                               order of their numbers; nothing: there is none any more
 */
#ifndef GW_CONTROL_CONTROL_H
#define GW_CONTROL_CONTROL_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/status.h"
#include "conf/site.h"
#include "control/snapshot.h"

#define GW_CONTROL_FRESH_MS 300  /* a snapshot is shown until it is as old as this */
#define GW_CONTROL_WAIT_MS  3000 /* how long a request waits for the core */

/* Where records come from; page NULL: there are none. page appends a page to out within about a
 * second; it is called on the local API's thread. Its error's text is told the client. */
struct gw_control_records {
    enum gw_status (*page)(void *ctx, int64_t from, struct gw_buf *out, struct gw_err *err);
    void *ctx;
};

struct gw_control_conf {
    struct gw_site_local local; /* where it listens */
    const char *boot;           /* boot id; lent */
    struct gw_stamp start;      /* of the daemon */
    struct gw_board *board;     /* lent */
    const struct gw_clock *clock;
    struct gw_control_records records; /* ctx is lent */
};

struct gw_control;

/* Listens and starts the thread. What conf lends must outlive gw_control_stop. Errors of
 * gw_listen_open, GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_control_start(const struct gw_control_conf *conf, struct gw_control **out,
                                struct gw_err *err) GW_MUST_CHECK;
/* Closes all connections, removes the socket, frees. False when the thread did not end in time: it
 * is abandoned with what it uses. NULL is fine. */
bool gw_control_stop(struct gw_control *c, int64_t timeout_ms) GW_MUST_CHECK;

#endif
