/* SPDX-License-Identifier: Apache-2.0
 *
 * control_in: what control.c and answer.c share, and nobody else includes. Its thread is the local
 * API's.
 */
#ifndef GW_CONTROL_CONTROL_IN_H
#define GW_CONTROL_CONTROL_IN_H

#include "base/loop.h"
#include "base/worker.h"
#include "control/access.h"
#include "control/call.h"
#include "control/control.h"
#include "control/history.h"
#include "control/http.h"
#include "control/listen.h"

/* What one client waits for from the core. */
struct gw_waiting {
    uint64_t serial;               /* the client's; 0: nobody */
    uint64_t call;                 /* number of its call; 0: none was put */
    bool let_in;                   /* it may write, ... */
    char by[GW_ACCESS_BY];         /* ... and was let in so */
    struct gw_call_answer *answer; /* NULL: not yet */
};

struct gw_control {
    struct gw_control_conf conf;
    struct gw_listen listen;
    int tcp_fd; /* -1: there is no such listener */
    struct gw_loop *loop;
    struct gw_http *http;
    struct gw_worker *worker;
    struct gw_pulse *pulse;
    struct gw_access access;
    struct gw_history *history;
    struct gw_waiting waiting[GW_HTTP_CLIENTS];
    uint64_t calls;     /* put so far */
    int64_t changed_ms; /* monotonic: something was told and done then; what is shown is no older */
    struct gw_watch listen_watch, tcp_watch, board_watch, calls_watch;
    struct gw_timer rest, tcp_retry;
};

/* The server's question: see gw_http_conf. */
bool gw_control_answer(void *ctx, const struct gw_http_request *req, struct gw_http_answer *out);
/* The core answered a call: it is kept for whoever waits for it. */
void gw_control_take(struct gw_control *c, struct gw_call_answer *answer);

#endif
