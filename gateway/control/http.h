/* SPDX-License-Identifier: Apache-2.0
 *
 * http: a small read-only HTTP server over a loop; the only file that includes <microhttpd.h> is
 * http.c.
 *
 * The library, which brings a TLS family along, is loaded when the first client comes: a gateway
 * that nobody asks does without its memory. When it cannot be, each client is told 503 and the log
 * why, and the next client has it tried again.
 *
 * It accepts nothing itself: the owner hands over connections, whatever socket they came from. At
 * most GW_HTTP_CLIENTS at a time; one more is told 503 and closed. A request is GET or HEAD, its
 * head at most some KiB, without a body. One request a connection, and the whole exchange has
 * GW_HTTP_LIFE_MS: who dribbles bytes, in or out, is cut off then. Owned by the loop's thread.
 */
#ifndef GW_CONTROL_HTTP_H
#define GW_CONTROL_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/status.h"

#define GW_HTTP_CLIENTS 32
#define GW_HTTP_LIFE_MS 10000

struct gw_http_request {
    const char *path;   /* decoded, without the query */
    const char *filter; /* value of "device" in the query; NULL when there is none */
    const char *from;   /* value of "from"; NULL when there is none */
    int64_t waited_ms;  /* since it was first put to the owner */
};

struct gw_http_answer {
    unsigned code;    /* 200, 404 ... */
    const char *type; /* content type; constant */
    char *body;       /* malloc'd, taken over */
    size_t len;
};

struct gw_http_conf {
    struct gw_loop *loop; /* lent */
    /* Fills *out and returns true; or returns false: not yet, to be put again by gw_http_wake, and
     * every 250 ms. */
    bool (*answer)(void *ctx, const struct gw_http_request *req, struct gw_http_answer *out);
    void *ctx;
};

struct gw_http;

/* GW_E_NOMEM. */
enum gw_status gw_http_new(const struct gw_http_conf *conf, struct gw_http **out,
                           struct gw_err *err) GW_MUST_CHECK;
/* Closes all connections. */
void gw_http_free(struct gw_http *h);

/* Takes over a connected, non-blocking stream socket, always. */
void gw_http_take(struct gw_http *h, int fd);
/* Puts the requests that wait again. */
void gw_http_wake(struct gw_http *h);

size_t gw_http_clients(const struct gw_http *h);
uint64_t gw_http_refused(const struct gw_http *h); /* connections told 503, since the start */

#endif
