/* SPDX-License-Identifier: Apache-2.0 */
#include "control/http.h"

#include "base/buf.h"
#include "base/dynlib.h"
#include "base/ratelog.h"

#include <microhttpd.h>

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEAD_MAX ((size_t)8 << 10)
#define SWEEP_MS 250
#define TAG      "control"
#define JSON     "application/json; charset=utf-8"
/* The page is the only thing here that a browser runs, and it needs nothing from anywhere else. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* What is used of the library, in the order of symbols. */
struct mhd {
    struct MHD_Daemon *(*start_daemon)(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback apc,
                                       void *apc_cls, MHD_AccessHandlerCallback dh, void *dh_cls,
                                       ...);
    void (*stop_daemon)(struct MHD_Daemon *daemon);
    enum MHD_Result (*run)(struct MHD_Daemon *daemon);
    enum MHD_Result (*get_timeout)(struct MHD_Daemon *daemon, MHD_UNSIGNED_LONG_LONG *timeout);
    enum MHD_Result (*add_connection)(struct MHD_Daemon *daemon, MHD_socket fd,
                                      const struct sockaddr *addr, socklen_t addrlen);
    const union MHD_DaemonInfo *(*get_daemon_info)(struct MHD_Daemon *daemon,
                                                   enum MHD_DaemonInfoType type, ...);
    const union MHD_ConnectionInfo *(*get_connection_info)(struct MHD_Connection *connection,
                                                           enum MHD_ConnectionInfoType type, ...);
    const char *(*lookup_connection_value)(struct MHD_Connection *connection,
                                           enum MHD_ValueKind kind, const char *key);
    void (*suspend_connection)(struct MHD_Connection *connection);
    void (*resume_connection)(struct MHD_Connection *connection);
    struct MHD_Response *(*create_response_from_buffer)(size_t size, void *buffer,
                                                        enum MHD_ResponseMemoryMode mode);
    enum MHD_Result (*add_response_header)(struct MHD_Response *response, const char *header,
                                           const char *content);
    enum MHD_Result (*queue_response)(struct MHD_Connection *connection, unsigned status,
                                      struct MHD_Response *response);
    void (*destroy_response)(struct MHD_Response *response);
};

static const char *const symbols[] = {
    "MHD_start_daemon",
    "MHD_stop_daemon",
    "MHD_run",
    "MHD_get_timeout",
    "MHD_add_connection",
    "MHD_get_daemon_info",
    "MHD_get_connection_info",
    "MHD_lookup_connection_value",
    "MHD_suspend_connection",
    "MHD_resume_connection",
    "MHD_create_response_from_buffer",
    "MHD_add_response_header",
    "MHD_queue_response",
    "MHD_destroy_response",
};

_Static_assert(sizeof(struct mhd) == sizeof symbols / sizeof symbols[0] * sizeof(void *),
               "every member has its name");

static const struct gw_dynlib library = {
    .soname = "libmicrohttpd.so.12",
    .package = "libmicrohttpd12",
    .symbols = symbols,
    .n = sizeof symbols / sizeof symbols[0],
};

/* One connection. */
struct client {
    struct gw_http *http;
    struct MHD_Connection *connection; /* NULL: free */
    int fd;                            /* the library's */
    bool tcp;
    uint64_t serial;
    int64_t start_ms;
    bool begun; /* the head of a POST was seen */
    char *body; /* of a POST, NUL-terminated; malloc'd; NULL: nothing came yet */
    size_t body_len;
    bool too_long;    /* the body: what comes of it is thrown away */
    bool asked;       /* its request was put to the owner */
    int64_t asked_ms; /* for the first time then */
    bool suspended;   /* until it is put again */
};

struct gw_http {
    struct gw_http_conf conf;
    struct mhd mhd;
    struct MHD_Daemon *daemon; /* NULL before the first client, and all else idle */
    struct gw_ratelog log;     /* starting it */
    struct gw_watch watch;     /* on the library's own epoll descriptor */
    struct gw_timer timer;
    int64_t sweep_ms; /* when the clients are to be looked through again */
    struct client clients[GW_HTTP_CLIENTS];
    size_t n, ntcp;
    uint64_t serial;
    uint64_t refused;
};

static int64_t now_ms(const struct gw_http *h)
{
    return gw_clock_mono_ms(gw_loop_clock(h->conf.loop));
}

/* ---- answering ---- */

static bool add_headers(const struct gw_http *h, struct MHD_Response *response,
                        const struct gw_http_answer *a)
{
    enum MHD_Result ok = h->mhd.add_response_header(response, "Content-Type", a->type);
    if (ok == MHD_YES)
        ok = h->mhd.add_response_header(response, "Connection", "close");
    if (ok == MHD_YES)
        ok = h->mhd.add_response_header(response, "Cache-Control",
                                        a->page ? "no-cache" : "no-store");
    if (ok == MHD_YES)
        ok = h->mhd.add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (ok == MHD_YES)
        ok = h->mhd.add_response_header(response, "Content-Security-Policy", POLICY);
    if (ok == MHD_YES)
        ok = h->mhd.add_response_header(response, "Referrer-Policy", "no-referrer");
    for (size_t i = 0; i < a->nheaders && ok == MHD_YES; i++)
        ok = h->mhd.add_response_header(response, a->headers[i].name, a->headers[i].value);
    return ok == MHD_YES;
}

/* The library does not write what it is lent; its type lacks the const. */
static void *writable(const void *lent)
{
    const union {
        const void *lent;
        void *bytes;
    } same = {.lent = lent};
    return same.bytes;
}

static enum MHD_Result reply(const struct gw_http *h, struct MHD_Connection *connection,
                             const struct gw_http_answer *a)
{
    struct MHD_Response *response =
        a->lent
            ? h->mhd.create_response_from_buffer(a->len, writable(a->lent), MHD_RESPMEM_PERSISTENT)
            : h->mhd.create_response_from_buffer(a->len, a->body, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(a->body);
        return MHD_NO;
    }
    enum MHD_Result ok = MHD_NO;
    if (add_headers(h, response, a))
        ok = h->mhd.queue_response(connection, a->code, response);
    h->mhd.destroy_response(response); /* the queue holds its own */
    return ok;
}

static enum MHD_Result reply_fault(const struct gw_http *h, struct MHD_Connection *connection,
                                   unsigned code, const char *json)
{
    struct gw_http_answer a = {.code = code, .type = JSON, .len = strlen(json)};
    a.body = malloc(a.len);
    if (!a.body)
        return MHD_NO;
    memcpy(a.body, json, a.len);
    if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
        gw_http_answer_header(&a, "Allow", "GET, HEAD, POST");
    return reply(h, connection, &a);
}

static bool has_body(const struct gw_http *h, struct MHD_Connection *connection)
{
    const char *length =
        h->mhd.lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    return (length && strcmp(length, "0") != 0) ||
           h->mhd.lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");
}

/* Takes in a piece of a body. False: memory is short. */
static bool take_piece(struct client *c, const char *piece, size_t n)
{
    if (c->too_long || c->body_len + n > GW_HTTP_BODY_MAX) {
        c->too_long = true;
        return true;
    }
    if (!c->body)
        c->body = malloc(GW_HTTP_BODY_MAX + 1);
    if (!c->body)
        return false;
    memcpy(c->body + c->body_len, piece, n);
    c->body_len += n;
    c->body[c->body_len] = '\0';
    return true;
}

/* Puts the request to the owner. */
static enum MHD_Result put(struct gw_http *h, struct client *c, struct gw_http_request *req)
{
    struct gw_http_answer answer = {0};
    const int64_t now = now_ms(h);

    if (!c->asked && !req->early) {
        c->asked = true;
        c->asked_ms = now;
    }
    req->waited_ms = c->asked ? now - c->asked_ms : 0;
    if (h->conf.answer(h->conf.ctx, req, &answer))
        return reply(h, c->connection, &answer);
    if (req->early)
        return MHD_YES;
    h->mhd.suspend_connection(c->connection);
    c->suspended = true;
    return MHD_YES;
}

/* Called by the library once a request's head is whole, then for each piece of a body and at its
 * end, and again after each resume. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request)
{
    struct gw_http *h = cls;
    struct client *c =
        h->mhd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

    (void)version;
    (void)request;
    if (!c)
        return MHD_NO;
    struct gw_http_request req = {
        .path = url,
        .post = strcmp(method, "POST") == 0,
        .tcp = c->tcp,
        .fd = c->fd,
        .place = (unsigned)(c - h->clients),
        .serial = c->serial,
        .body = c->body ? c->body : "",
        .body_len = c->body_len,
        .connection = connection,
        .http = h,
    };
    if (!req.post && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return reply_fault(h, connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                           "{\"error\":\"GET, HEAD or POST\"}\n");
    if (!req.post) {
        if (has_body(h, connection))
            return reply_fault(h, connection, MHD_HTTP_BAD_REQUEST,
                               "{\"error\":\"a request has no body here\"}\n");
        return put(h, c, &req);
    }
    if (!c->begun) {
        c->begun = true;
        req.early = true;
        return put(h, c, &req);
    }
    if (*upload_size > 0) {
        const bool taken = take_piece(c, upload, *upload_size);
        *upload_size = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    if (c->too_long)
        return reply_fault(h, connection, MHD_HTTP_CONTENT_TOO_LARGE,
                           "{\"error\":\"a body has at most 4096 bytes\"}\n");
    return put(h, c, &req);
}

const char *gw_http_arg(const struct gw_http_request *req, const char *name)
{
    return req->http->mhd.lookup_connection_value(req->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *gw_http_header(const struct gw_http_request *req, const char *name)
{
    return req->http->mhd.lookup_connection_value(req->connection, MHD_HEADER_KIND, name);
}

void gw_http_answer_header(struct gw_http_answer *a, const char *name, const char *value)
{
    if (a->nheaders == GW_HTTP_HEADERS || strlen(value) >= sizeof a->headers[0].value)
        return;
    a->headers[a->nheaders].name = name;
    (void)snprintf(a->headers[a->nheaders].value, sizeof a->headers[0].value, "%s", value);
    a->nheaders++;
}

static bool is_tcp(int fd)
{
    struct sockaddr_storage addr = {.ss_family = AF_UNIX};
    socklen_t len = sizeof addr;
    return getsockname(fd, (struct sockaddr *)&addr, &len) == 0 && addr.ss_family != AF_UNIX;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct gw_http *h = cls;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct client *c = *context;
        if (c) {
            free(c->body);
            c->body = NULL;
            c->connection = NULL;
            h->n--;
            h->ntcp -= c->tcp;
        }
        *context = NULL;
        return;
    }
    for (size_t i = 0; i < GW_HTTP_CLIENTS; i++) {
        struct client *c = &h->clients[i];
        if (!c->connection) {
            *c = (struct client){
                .http = h,
                .connection = connection,
                .fd = h->mhd.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                          ->connect_fd,
                .serial = ++h->serial,
                .start_ms = now_ms(h),
            };
            c->tcp = is_tcp(c->fd);
            h->n++;
            h->ntcp += c->tcp;
            *context = c;
            return;
        }
    }
    assert(!"more connections than the library was told to take");
}

/* ---- turning ---- */

/* Lets the library work, and sees to it that it works again when it wants to. The sweep keeps its
 * time, however often clients make the library work. */
static void turn(struct gw_http *h)
{
    MHD_UNSIGNED_LONG_LONG wait = 0;
    int64_t due = INT64_MAX;

    (void)h->mhd.run(h->daemon);
    if (h->mhd.get_timeout(h->daemon, &wait) == MHD_YES)
        due = now_ms(h) + (wait < SWEEP_MS ? (int64_t)wait : SWEEP_MS);
    if (h->n > 0 && due > h->sweep_ms)
        due = h->sweep_ms;
    if (due < INT64_MAX)
        (void)!gw_loop_timer_set(h->conf.loop, &h->timer,
                                 due); /* set by open_server: it only moves */
}

static void resume(struct gw_http *h)
{
    for (size_t i = 0; i < GW_HTTP_CLIENTS; i++) {
        struct client *c = &h->clients[i];
        if (c->connection && c->suspended) {
            c->suspended = false;
            h->mhd.resume_connection(c->connection);
        }
    }
}

/* The library only knows how long a connection was idle, so the whole life is watched here. */
static void end_lives(struct gw_http *h)
{
    const int64_t now = now_ms(h);

    for (size_t i = 0; i < GW_HTTP_CLIENTS; i++) {
        struct client *c = &h->clients[i];
        if (c->connection && now - c->start_ms >= GW_HTTP_LIFE_MS)
            (void)shutdown(c->fd, SHUT_RDWR); /* the library sees the end and closes */
    }
}

static void on_timer(void *arg)
{
    struct gw_http *h = arg;

    if (now_ms(h) >= h->sweep_ms) {
        end_lives(h);
        resume(h);
        h->sweep_ms = now_ms(h) + SWEEP_MS;
    }
    turn(h);
}

static void on_ready(void *arg, unsigned events)
{
    (void)events;
    turn(arg);
}

/* ---- starting ---- */

/* The daemon is set up once; what it needs is only had from the first client on. */
static enum gw_status open_server(struct gw_http *h, struct gw_err *err)
{
    enum gw_status st = gw_dynlib_load(&library, &h->mhd, err);

    if (st != GW_OK)
        return st;
    h->daemon =
        h->mhd.start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0,
                            NULL, NULL, on_request, h, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)GW_HTTP_CLIENTS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_MAX,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
    if (!h->daemon)
        return gw_err_set(err, GW_E_IO, "the HTTP server does not start");
    h->watch.fd = h->mhd.get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    st = gw_loop_watch(h->conf.loop, &h->watch, GW_LOOP_IN);
    if (st == GW_OK) {
        st = gw_loop_timer_set(h->conf.loop, &h->timer, now_ms(h));
        if (st != GW_OK)
            gw_loop_unwatch(h->conf.loop, &h->watch);
    }
    if (st != GW_OK) {
        h->mhd.stop_daemon(h->daemon);
        h->daemon = NULL;
        return gw_err_set(err, st, "the HTTP server cannot be watched");
    }
    return GW_OK;
}

/* False: tried in vain, and told the log. The next client has it tried again: somebody may have
 * installed what was missing. */
static bool opened(struct gw_http *h)
{
    struct gw_err err;

    if (h->daemon)
        return true;
    if (open_server(h, &err) != GW_OK) {
        (void)gw_ratelog_fail(&h->log, now_ms(h), TAG, "the local API answers nobody: %s", err.msg);
        return false;
    }
    (void)gw_ratelog_ok(&h->log, now_ms(h), TAG, "the local API");
    return true;
}

/* ---- the owner's calls ---- */

enum gw_status gw_http_new(const struct gw_http_conf *conf, struct gw_http **out,
                           struct gw_err *err)
{
    struct gw_http *h = calloc(1, sizeof *h);

    if (!h)
        return gw_err_set(err, GW_E_NOMEM, "local API: out of memory");
    h->conf = *conf;
    h->watch = (struct gw_watch){.fd = -1, .ready = on_ready, .arg = h};
    h->timer = (struct gw_timer){.fire = on_timer, .arg = h};
    *out = h;
    return GW_OK;
}

void gw_http_free(struct gw_http *h)
{
    if (!h)
        return;
    if (h->daemon) {
        resume(h); /* the library must not be stopped with suspended connections */
        gw_loop_timer_clear(h->conf.loop, &h->timer);
        gw_loop_unwatch(h->conf.loop, &h->watch);
        h->mhd.stop_daemon(h->daemon);
    }
    free(h);
}

/* Beside the library, which would let it wait in the queue instead, or is not there. */
static void refuse(struct gw_http *h, int fd, const char *why)
{
    char text[256];
    struct gw_buf b;

    h->refused++;
    gw_buf_fixed(&b, text, sizeof text);
    gw_buf_printf(&b,
                  "HTTP/1.1 503 Service Unavailable\r\nContent-Type: " JSON "\r\n"
                  "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                  strlen(why), why);
    assert(!b.failed);
    (void)!send(fd, text, b.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

void gw_http_take(struct gw_http *h, int fd, bool tcp)
{
    static const struct sockaddr_un nobody = {.sun_family = AF_UNIX};
    static const struct sockaddr_in local = {.sin_family = AF_INET};

    if (!opened(h)) {
        refuse(h, fd, "{\"error\":\"the HTTP server does not start: see the log of nonsited\"}\n");
        return;
    }
    if (h->n == GW_HTTP_CLIENTS || (tcp && h->ntcp == GW_HTTP_TCP_CLIENTS)) {
        refuse(h, fd, "{\"error\":\"busy: too many clients, try again soon\"}\n");
        return;
    }
    /* The library closes fd when it cannot take it. */
    const enum MHD_Result added =
        tcp ? h->mhd.add_connection(h->daemon, fd, (const struct sockaddr *)&local, sizeof local)
            : h->mhd.add_connection(h->daemon, fd, (const struct sockaddr *)&nobody, sizeof nobody);
    if (added != MHD_YES)
        h->refused++;
    turn(h);
}

void gw_http_wake(struct gw_http *h)
{
    if (!h->daemon)
        return;
    resume(h);
    turn(h);
}

size_t gw_http_clients(const struct gw_http *h)
{
    return h->n;
}

uint64_t gw_http_refused(const struct gw_http *h)
{
    return h->refused;
}
