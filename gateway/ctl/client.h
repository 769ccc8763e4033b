/* SPDX-License-Identifier: Apache-2.0
 *
 * client: one question to the daemon's local API over its Unix socket.
 *
 * Own code instead of libcurl: two methods, one socket, one answer with a known length are a page of
 * C, and the tool stays free of a library that is started for every `nonsitectl status`. Spoken is
 * HTTP/1.0, in which an answer cannot come in chunks. Everything is bounded: the head, the body,
 * and the time of the whole exchange. Any thread; no state.
 */
#ifndef GW_CTL_CLIENT_H
#define GW_CTL_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define GW_CLIENT_HEAD_MAX ((size_t)8 << 10)
#define GW_CLIENT_BODY_MAX ((size_t)64 << 20)

struct gw_client_answer {
    unsigned code; /* 200 ... */
    char *body;    /* malloc'd, NUL-terminated */
    size_t len;
};

struct gw_client_request {
    const char *target; /* path and query, in printable ASCII */
    const char *body;   /* JSON of a POST; NULL: GET */
};

/* GW_E_NOTFOUND: there is no such socket; GW_E_REFUSED: nobody listens at it, or it may not be used;
 * GW_E_TIMEOUT; GW_E_PROTO: what came is no whole answer; GW_E_FULL: it is too large; GW_E_RANGE:
 * the socket's path is too long; GW_E_INVAL: target or body cannot be sent; GW_E_IO; GW_E_NOMEM. err
 * says it in words. */
enum gw_status gw_client_ask(const char *socket_path, const struct gw_client_request *request,
                             int64_t timeout_ms, struct gw_client_answer *out,
                             struct gw_err *err) GW_MUST_CHECK;
/* The same for a GET. */
enum gw_status gw_client_get(const char *socket_path, const char *target, int64_t timeout_ms,
                             struct gw_client_answer *out, struct gw_err *err) GW_MUST_CHECK;

#endif
