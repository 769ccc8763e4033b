/* SPDX-License-Identifier: Apache-2.0
 *
 * http: a small HTTP server over a loop; the only file that includes <microhttpd.h> is http.c.
 *
 * The library, which brings a TLS family along, is loaded when the first client comes: a gateway
 * that nobody asks does without its memory. When it cannot be, each client is told 503 and the log
 * why, and the next client has it tried again.
 *
 * It accepts nothing itself: the owner hands over connections, whatever socket they came from. At
 * most GW_HTTP_CLIENTS at a time, of which at most GW_HTTP_TCP_CLIENTS over TCP, so that whoever may
 * open the Unix socket is served whatever goes on there; one more is told 503 and closed. A
 * request's head has at most some KiB, its body at most GW_HTTP_BODY_MAX bytes and only with POST.
 * One request a connection, and the whole exchange has GW_HTTP_LIFE_MS: who dribbles bytes, in or
 * out, is cut off then. Owned by the loop's thread.
 */
#ifndef GW_CONTROL_HTTP_H
#define GW_CONTROL_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/status.h"

#define GW_HTTP_CLIENTS     32
#define GW_HTTP_TCP_CLIENTS 24
#define GW_HTTP_LIFE_MS     10000
#define GW_HTTP_BODY_MAX    ((size_t)4096)

/* Lent for the call. */
struct gw_http_request {
    const char *path; /* decoded, without the query */
    bool post;        /* POST; otherwise GET or HEAD */
    bool tcp;         /* over TCP; otherwise over a Unix socket */
    bool early; /* of a POST that the head is there and the body is not: only a refusal is taken */
    int fd;     /* of the connection: to ask whose it is */
    unsigned place;   /* below GW_HTTP_CLIENTS: no two connections have the same at one time ... */
    uint64_t serial;  /* ... and this one no other ever has */
    const char *body; /* NUL-terminated; "" without one */
    size_t body_len;
    int64_t waited_ms; /* since it was first put to the owner, whole */
    void *connection;  /* the server's own */
    const struct gw_http *http;
};
/* A value of the query or a header, decoded; NULL: there is none. */
const char *gw_http_arg(const struct gw_http_request *req, const char *name);
const char *gw_http_header(const struct gw_http_request *req, const char *name);

#define GW_HTTP_HEADERS 6

struct gw_http_answer {
    unsigned code;    /* 200, 404 ... */
    const char *type; /* content type; constant */
    char *body;       /* malloc'd, taken over */
    const void *lent; /* in place of body: lives as long as the server */
    size_t len;
    bool page; /* may be kept by who got it, and asked for again with its tag */
    struct {
        const char *name; /* constant */
        char value[128];
    } headers[GW_HTTP_HEADERS];
    size_t nheaders;
};
/* Adds a header; one that does not fit is left out. */
void gw_http_answer_header(struct gw_http_answer *a, const char *name, const char *value);

struct gw_http_conf {
    struct gw_loop *loop; /* lent */
    /* Fills *out and returns true; or returns false: not yet, to be put again by gw_http_wake, and
     * every 250 ms; of an early one: go on. */
    bool (*answer)(void *ctx, const struct gw_http_request *req, struct gw_http_answer *out);
    void *ctx;
};

struct gw_http;

/* GW_E_NOMEM. */
enum gw_status gw_http_new(const struct gw_http_conf *conf, struct gw_http **out,
                           struct gw_err *err) GW_MUST_CHECK;
/* Closes all connections. */
void gw_http_free(struct gw_http *h);

/* Takes over a connected, non-blocking stream socket, always. tcp: of a TCP listener. */
void gw_http_take(struct gw_http *h, int fd, bool tcp);
/* Puts the requests that wait again. */
void gw_http_wake(struct gw_http *h);

size_t gw_http_clients(const struct gw_http *h);
uint64_t gw_http_refused(const struct gw_http *h); /* connections told 503, since the start */

#endif
