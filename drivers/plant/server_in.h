/* SPDX-License-Identifier: Apache-2.0
 *
 * server_in: what the two halves of the server share; private to them. server.c has the endpoints
 * and the story, server_conn.c the connections and their bytes.
 */
#ifndef GW_PLANT_SERVER_IN_H
#define GW_PLANT_SERVER_IN_H

#include "plant/line.h"
#include "plant/server.h"

#define GW_SERVER_TAG "plant"

struct gw_reply {
    int device; /* index, or -1 for a unit that is not there */
    bool exception;
};

struct gw_conn {
    struct gw_watch watch;
    struct gw_timer timer; /* the next byte, or the first one */
    struct gw_endpoint *e;
    struct gw_conn *prev, *next;
    uint8_t in[2 * GW_ADU_MAX];
    size_t in_len;
    int64_t in_ms;   /* when the last of them came */
    bool eof;        /* the client has sent its last byte */
    bool dead;       /* nothing moves on it any more, for good */
    bool busy;       /* a reply is on its way; requests wait */
    struct gw_tx tx; /* that reply */
    size_t sent;
    struct gw_reply of[2]; /* whose replies are in tx, in their order */
    size_t n_of;
    uint8_t kept[GW_TX_MAX / 2]; /* a late reply */
    size_t kept_len;
    struct gw_reply kept_of;
};

struct gw_endpoint {
    struct gw_server *s;
    size_t index;
    struct gw_watch watch;
    struct gw_timer pause;   /* accepting goes on */
    struct gw_timer garbage; /* the next unasked-for bytes */
    uint16_t port;
    struct gw_line line; /* of a serial one, whose only "connection" it is */
    bool refusing;       /* bound, so that the port stays ours, but not listening */
    bool hole;           /* nothing gets to it: the queue of connections is full, by `filler` */
    int filler;          /* -1: none */
    bool mute;           /* what comes is thrown away */
    bool cut;            /* the connections of that moment are dead */
    bool hanging_up;     /* new connections are closed */
    struct gw_conn *conns;
    size_t n_conns;
};

struct gw_server {
    struct gw_loop *loop;
    const struct gw_scenario *sc;
    struct gw_plant *plant;
    struct gw_counters *counters;
    struct gw_timer story;
    bool held;        /* the story waits for the first request */
    int64_t start_ms; /* monotonic time of story time 0 */
    struct gw_endpoint *endpoints;
};

/* Takes over an accepted descriptor; closes it when the endpoint has enough or memory is short. */
void gw_conn_add(struct gw_endpoint *e, int fd);
/* Serves the endpoint's line, which is open, in the same way. */
void gw_conn_add_line(struct gw_endpoint *e);
/* Closes the connection, by a TCP reset if wanted, and frees it. */
void gw_conn_drop(struct gw_conn *c, bool reset);
/* What its endpoint is has changed: goes on, or stops. */
void gw_conn_wake(struct gw_conn *c);
/* Nothing moves on it any more, until the client gives it up. */
void gw_conn_kill(struct gw_conn *c);
/* Sends unasked-for bytes, unless a reply is half out. */
void gw_conn_send_junk(struct gw_conn *c, const uint8_t *junk, size_t n);

/* A request has come: begins a held story and brings the plant to the present. Endpoints follow
 * from the story's own timer, never from within the service of a connection, which they might drop.
 */
void gw_server_touch(struct gw_server *s);

#endif
