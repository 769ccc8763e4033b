/* SPDX-License-Identifier: Apache-2.0
 *
 * control: the local API: JSON over HTTP at a Unix socket, and over TCP to this machine itself where
 * the site file says so, with the local page. config/interface/local.md is its definition.
 *
 * A thread of its own answers from the snapshots of a board, and puts to the core what else it needs
 * (control/call.h); it touches nothing of the core. A request that finds no snapshot young enough
 * asks for one and waits; when the core does not publish in time, the answer is 503 and says so, so
 * that a stuck core shows. Telling is for whom control/access.h lets in.
 */
#ifndef GW_CONTROL_CONTROL_H
#define GW_CONTROL_CONTROL_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/pulse.h"
#include "base/status.h"
#include "conf/site.h"
#include "control/call.h"
#include "control/snapshot.h"
#include "finding/inventory.h"

#define GW_CONTROL_FRESH_MS 300  /* a snapshot is shown until it is as old as this */
#define GW_CONTROL_WAIT_MS  3000 /* how long a request waits for the core */
#define GW_CONTROL_TELL_MS  6000 /* how long a command waits to be on the disk */

/* Where records come from; page NULL: there are none. page appends a page to out within about a
 * second; it is called on the local API's thread. Its error's text is told the client. */
struct gw_control_records {
    enum gw_status (*page)(void *ctx, int64_t from, struct gw_buf *out, struct gw_err *err);
    /* The window of a record: see gw_journal_window. As page otherwise. NULL: there are none. */
    enum gw_status (*window)(void *ctx, const char *record, struct gw_buf *out, struct gw_err *err);
    void *ctx;
};

struct gw_control_conf {
    struct gw_site_local local; /* where it listens */
    const char *boot;           /* boot id; lent */
    const char *kid;            /* of the signing key; lent; NULL: not told */
    struct gw_stamp start;      /* of the daemon */
    struct gw_board *board;     /* lent */
    struct gw_calls *calls;     /* lent; NULL: no history of points, and nobody tells anything */
    const struct gw_clock *clock;
    struct gw_control_records records; /* ctx is lent */
    struct gw_pulses *pulses;          /* that its thread's belongs to; lent; NULL: nobody looks */
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
