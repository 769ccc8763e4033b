/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* SOCK_CLOEXEC, memmem */
#include "ctl/client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

struct exchange {
    const char *path;
    int64_t deadline_ms;
    struct gw_clock clock;
    int fd;
    struct gw_buf in;
    struct gw_err *err;
};

static enum gw_status late(struct exchange *x)
{
    return gw_err_set(x->err, GW_E_TIMEOUT, "%s: no whole answer in time", x->path);
}

static enum gw_status wait_for(struct exchange *x, short events)
{
    const int64_t left = x->deadline_ms - gw_clock_mono_ms(&x->clock);
    struct pollfd p = {.fd = x->fd, .events = events};

    if (left <= 0)
        return late(x);
    const int n = poll(&p, 1, left < INT32_MAX ? (int)left : INT32_MAX);
    if (n < 0 && errno != EINTR)
        return gw_err_set(x->err, GW_E_IO, "%s: %s", x->path, strerror(errno));
    return n == 0 ? late(x) : GW_OK;
}

static enum gw_status why_not(struct exchange *x, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return gw_err_set(x->err, GW_E_NOTFOUND, "%s: there is no such socket; does nonsited run?",
                          x->path);
    case ECONNREFUSED:
        return gw_err_set(x->err, GW_E_REFUSED, "%s: nonsited does not run", x->path);
    case EACCES:
    case EPERM:
        return gw_err_set(x->err, GW_E_REFUSED,
                          "%s: permission denied; it takes the user or group of the daemon",
                          x->path);
    case EAGAIN:
        return late(x);
    default:
        return gw_err_set(x->err, GW_E_IO, "%s: %s", x->path, strerror(error));
    }
}

static enum gw_status reach(struct exchange *x, int64_t timeout_ms)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = (time_t)(timeout_ms / 1000),
                                  .tv_usec = (suseconds_t)(timeout_ms % 1000 * 1000)};

    if (strlen(x->path) >= sizeof addr.sun_path)
        return gw_err_set(x->err, GW_E_RANGE, "%s: longer than a socket's path may be", x->path);
    memcpy(addr.sun_path, x->path, strlen(x->path) + 1);
    x->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (x->fd < 0)
        return gw_err_set(x->err, GW_E_IO, "no socket: %s", strerror(errno));
    /* Also bounds the wait for a place in the daemon's queue. */
    if (setsockopt(x->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        connect(x->fd, (const struct sockaddr *)&addr, sizeof addr) != 0)
        return why_not(x, errno);
    return GW_OK;
}

/* A daemon that is busy answers and closes before it has read: then the answer counts. */
static enum gw_status ask(struct exchange *x, const struct gw_client_request *r)
{
    struct gw_buf b;
    enum gw_status st = GW_OK;

    gw_buf_init(&b, GW_CLIENT_HEAD_MAX);
    gw_buf_printf(&b, "%s %s HTTP/1.0\r\nHost: localhost\r\n", r->body ? "POST" : "GET", r->target);
    if (r->body)
        gw_buf_printf(&b, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                      strlen(r->body), r->body);
    else
        gw_buf_str(&b, "\r\n");
    if (b.failed)
        st = gw_err_set(x->err, GW_E_INVAL, "the request is too long");
    for (size_t sent = 0; st == GW_OK && sent < b.len;) {
        const ssize_t n = send(x->fd, b.data + sent, b.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            st = wait_for(x, POLLOUT);
        else if (errno == EPIPE || errno == ECONNRESET)
            break;
        else if (errno != EINTR)
            st = gw_err_set(x->err, GW_E_IO, "%s: %s", x->path, strerror(errno));
    }
    gw_buf_free(&b);
    return st;
}

static enum gw_status receive(struct exchange *x)
{
    char part[16384];

    for (;;) {
        const ssize_t n = recv(x->fd, part, sizeof part, MSG_DONTWAIT);
        if (n > 0) {
            gw_buf_put(&x->in, part, (size_t)n);
            if (x->in.failed)
                return gw_err_set(x->err, GW_E_FULL, "%s: the answer is too large", x->path);
        } else if (n == 0 || errno == ECONNRESET) {
            return GW_OK;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            const enum gw_status st = wait_for(x, POLLIN);
            if (st != GW_OK)
                return st;
        } else if (errno != EINTR) {
            return gw_err_set(x->err, GW_E_IO, "%s: %s", x->path, strerror(errno));
        }
    }
}

/* ---- the answer ---- */

static enum gw_status no_answer(struct exchange *x, const char *what)
{
    return gw_err_set(x->err, GW_E_PROTO, "%s: not an answer of nonsited: %s", x->path, what);
}

/* Digits of at most 18 places; -1 for anything else. *end is behind them. */
static int64_t digits(const char *p, const char **end)
{
    int64_t v = 0;
    int n = 0;
    for (; *p >= '0' && *p <= '9'; p++, n++) {
        if (n == 18)
            return -1;
        v = v * 10 + (*p - '0');
    }
    *end = p;
    return n > 0 ? v : -1;
}

/* Value of Content-Length among the lines from p to end; -1 when it is missing, wrong or there
 * twice. */
static int64_t content_length(const char *p, const char *end)
{
    static const char name[] = "Content-Length:";
    int64_t length = -1;

    while (p < end) {
        const char *eol = memmem(p, (size_t)(end - p), "\r\n", 2);
        if (!eol)
            eol = end;
        if ((size_t)(eol - p) >= sizeof name - 1 && strncasecmp(p, name, sizeof name - 1) == 0) {
            const char *v = p + sizeof name - 1;
            while (*v == ' ' || *v == '\t')
                v++;
            if (length >= 0)
                return -1;
            length = digits(v, &v);
            if (v != eol)
                return -1;
        }
        p = eol + 2;
    }
    return length;
}

static enum gw_status parse(struct exchange *x, struct gw_client_answer *out)
{
    const char *text = x->in.data ? x->in.data : "";
    const char *at = NULL;

    if (x->in.len == 0)
        return no_answer(x, "it closed the connection");
    if (strncmp(text, "HTTP/1.", 7) != 0 || (text[7] != '0' && text[7] != '1') || text[8] != ' ')
        return no_answer(x, "no HTTP");
    const int64_t code = digits(text + 9, &at);
    if (code < 100 || code > 599 || (*at != ' ' && *at != '\r'))
        return no_answer(x, "no status code");
    const char *head_end = memmem(text, x->in.len, "\r\n\r\n", 4);
    if (!head_end || (size_t)(head_end - text) > GW_CLIENT_HEAD_MAX)
        return no_answer(x, "its head does not end");
    const char *line_end = memmem(text, x->in.len, "\r\n", 2);
    const int64_t length = content_length(line_end + 2, head_end);
    const char *body = head_end + 4;
    const size_t have = x->in.len - (size_t)(body - text);
    if (length < 0)
        return no_answer(x, "no length");
    if (have != (uint64_t)length)
        return no_answer(x, "it was cut off");
    char *copy = malloc(have + 1);
    if (!copy)
        return gw_err_set(x->err, GW_E_NOMEM, "out of memory");
    memcpy(copy, body, have);
    copy[have] = '\0';
    *out = (struct gw_client_answer){.code = (unsigned)code, .body = copy, .len = have};
    return GW_OK;
}

static bool is_plain(const char *target)
{
    for (const char *p = target; *p; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    return target[0] == '/';
}

enum gw_status gw_client_ask(const char *socket_path, const struct gw_client_request *request,
                             int64_t timeout_ms, struct gw_client_answer *out, struct gw_err *err)
{
    struct exchange x = {
        .path = socket_path,
        .clock = gw_clock_system(),
        .fd = -1,
        .err = err,
    };

    if (!is_plain(request->target))
        return gw_err_set(err, GW_E_INVAL, "not a path to ask for");
    x.deadline_ms = gw_clock_mono_ms(&x.clock) + timeout_ms;
    gw_buf_init(&x.in, GW_CLIENT_HEAD_MAX + GW_CLIENT_BODY_MAX);
    enum gw_status st = reach(&x, timeout_ms);
    if (st == GW_OK)
        st = ask(&x, request);
    if (st == GW_OK)
        st = receive(&x);
    if (st == GW_OK)
        st = parse(&x, out);
    if (x.fd >= 0)
        close(x.fd);
    gw_buf_free(&x.in);
    return st;
}

enum gw_status gw_client_get(const char *socket_path, const char *target, int64_t timeout_ms,
                             struct gw_client_answer *out, struct gw_err *err)
{
    return gw_client_ask(socket_path, &(struct gw_client_request){.target = target}, timeout_ms,
                         out, err);
}
