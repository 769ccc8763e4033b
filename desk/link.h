/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/link: the desk's connection to the broker. The only file of the desk that includes
 * libmosquitto.
 *
 * One handle for each connection, made anew with back-off when it is lost; blocking connects are
 * fine here, since a desk does nothing else. With a lasting session the broker keeps what arrives
 * while the desk is away, for a day. QoS 1: the library acknowledges after `message` has returned,
 * which is before the desk's commit; what is lost in between comes again, because the gateway has no
 * receipt for it. One thread.
 */
#ifndef GW_DESK_LINK_H
#define GW_DESK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"
#include "desk/conf.h"

struct gw_desk_link_conf {
    const struct gw_desk_broker *broker; /* lent */
    const char *client_id;               /* lent */
    bool lasting;                        /* the session outlives the connection */
    const char *const *filters;          /* subscribed at each connection; lent */
    size_t nfilters;
    const struct gw_clock *clock;
    /* Called from gw_desk_link_step. data is not NUL-terminated. */
    void (*message)(void *ctx, const char *topic, const char *data, size_t len);
    void *ctx;
};

struct gw_desk_link;

/* Does not connect yet. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_desk_link_new(const struct gw_desk_link_conf *conf, struct gw_desk_link **out,
                                struct gw_err *err) GW_MUST_CHECK;
void gw_desk_link_free(struct gw_desk_link *l);

/* Connects when it is time, reads, writes, keeps alive; waits up to timeout_ms for something to
 * happen. Faults are logged once until they change. */
void gw_desk_link_step(struct gw_desk_link *l, int timeout_ms);
/* Connected, and all filters are subscribed. */
bool gw_desk_link_ready(const struct gw_desk_link *l);
/* The last fault, "" when there was none since the connection. */
const char *gw_desk_link_fault(const struct gw_desk_link *l);

/* Publishes at QoS 1. GW_E_IO: not connected. */
enum gw_status gw_desk_link_publish(struct gw_desk_link *l, const char *topic, const char *data,
                                    size_t len) GW_MUST_CHECK;
/* Messages of ours that the broker has not acknowledged. */
size_t gw_desk_link_in_flight(const struct gw_desk_link *l);

#endif
