/* SPDX-License-Identifier: Apache-2.0 */
#include "control/http.h"

#include "base/buf.h"

#include <microhttpd.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEAD_MAX ((size_t)8 << 10)
#define SWEEP_MS 250
#define JSON     "application/json; charset=utf-8"

/* One connection. */
struct client {
    struct gw_http *http;
    struct MHD_Connection *connection; /* NULL: free */
    int fd;                            /* the library's */
    int64_t start_ms;
    bool asked;       /* its request was put to the owner */
    int64_t asked_ms; /* for the first time then */
    bool suspended;   /* until it is put again */
};

struct gw_http {
    struct gw_http_conf conf;
    struct MHD_Daemon *daemon;
    struct gw_watch watch; /* on the library's own epoll descriptor */
    struct gw_timer timer;
    int64_t sweep_ms; /* when the clients are to be looked through again */
    struct client clients[GW_HTTP_CLIENTS];
    size_t n;
    uint64_t refused;
};

static int64_t now_ms(const struct gw_http *h)
{
    return gw_clock_mono_ms(gw_loop_clock(h->conf.loop));
}

/* ---- answering ---- */

static enum MHD_Result reply(struct MHD_Connection *connection, const struct gw_http_answer *a)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(a->len, a->body, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(a->body);
        return MHD_NO;
    }
    enum MHD_Result ok = MHD_add_response_header(response, "Content-Type", a->type);
    if (ok == MHD_YES)
        ok = MHD_add_response_header(response, "Connection", "close");
    if (ok == MHD_YES)
        ok = MHD_add_response_header(response, "Cache-Control", "no-store");
    if (ok == MHD_YES)
        ok = MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (ok == MHD_YES && a->code == MHD_HTTP_METHOD_NOT_ALLOWED)
        ok = MHD_add_response_header(response, "Allow", "GET, HEAD");
    if (ok == MHD_YES)
        ok = MHD_queue_response(connection, a->code, response);
    MHD_destroy_response(response); /* the queue holds its own */
    return ok;
}

static enum MHD_Result reply_fault(struct MHD_Connection *connection, unsigned code,
                                   const char *json)
{
    struct gw_http_answer a = {.code = code, .type = JSON, .len = strlen(json)};
    a.body = malloc(a.len);
    if (!a.body)
        return MHD_NO;
    memcpy(a.body, json, a.len);
    return reply(connection, &a);
}

static bool has_body(struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    return (length && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");
}

/* Called by the library once a request's head is whole, and again after each resume. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request)
{
    struct gw_http *h = cls;
    struct client *c =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct gw_http_answer answer = {0};
    const int64_t now = now_ms(h);

    (void)version;
    (void)upload;
    (void)upload_size;
    (void)request;
    if (!c)
        return MHD_NO;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return reply_fault(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                           "{\"error\":\"read-only: GET or HEAD\"}\n");
    if (has_body(connection))
        return reply_fault(connection, MHD_HTTP_BAD_REQUEST,
                           "{\"error\":\"a request has no body here\"}\n");
    if (!c->asked) {
        c->asked = true;
        c->asked_ms = now;
    }
    const struct gw_http_request req = {
        .path = url,
        .filter = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "device"),
        .waited_ms = now - c->asked_ms,
    };
    if (h->conf.answer(h->conf.ctx, &req, &answer))
        return reply(connection, &answer);
    MHD_suspend_connection(connection);
    c->suspended = true;
    return MHD_YES;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct gw_http *h = cls;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct client *c = *context;
        if (c) {
            c->connection = NULL;
            h->n--;
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
                .fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                          ->connect_fd,
                .start_ms = now_ms(h),
            };
            h->n++;
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

    (void)MHD_run(h->daemon);
    if (MHD_get_timeout(h->daemon, &wait) == MHD_YES)
        due = now_ms(h) + (wait < SWEEP_MS ? (int64_t)wait : SWEEP_MS);
    if (h->n > 0 && due > h->sweep_ms)
        due = h->sweep_ms;
    if (due < INT64_MAX)
        (void)!gw_loop_timer_set(h->conf.loop, &h->timer, due); /* set by _new: it only moves */
}

static void resume(struct gw_http *h)
{
    for (size_t i = 0; i < GW_HTTP_CLIENTS; i++) {
        struct client *c = &h->clients[i];
        if (c->connection && c->suspended) {
            c->suspended = false;
            MHD_resume_connection(c->connection);
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

/* ---- the owner's calls ---- */

enum gw_status gw_http_new(const struct gw_http_conf *conf, struct gw_http **out,
                           struct gw_err *err)
{
    struct gw_http *h = calloc(1, sizeof *h);
    enum gw_status st = GW_E_IO;

    if (!h)
        return gw_err_set(err, GW_E_NOMEM, "local API: out of memory");
    h->conf = *conf;
    h->watch = (struct gw_watch){.fd = -1, .ready = on_ready, .arg = h};
    h->timer = (struct gw_timer){.fire = on_timer, .arg = h};
    h->daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0,
                         NULL, NULL, on_request, h, MHD_OPTION_CONNECTION_LIMIT,
                         (unsigned)GW_HTTP_CLIENTS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_MAX,
                         MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
    if (!h->daemon) {
        (void)gw_err_set(err, st, "local API: the HTTP server does not start");
        goto out;
    }
    h->watch.fd = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    st = gw_loop_watch(conf->loop, &h->watch, GW_LOOP_IN);
    if (st == GW_OK)
        st = gw_loop_timer_set(conf->loop, &h->timer, now_ms(h));
    if (st != GW_OK) {
        (void)gw_err_set(err, st, "local API: cannot watch the HTTP server");
        goto out;
    }
    *out = h;
    return GW_OK;
out:
    gw_http_free(h);
    return st;
}

void gw_http_free(struct gw_http *h)
{
    if (!h)
        return;
    if (h->daemon) {
        resume(h); /* the library must not be stopped with suspended connections */
        gw_loop_timer_clear(h->conf.loop, &h->timer);
        gw_loop_unwatch(h->conf.loop, &h->watch);
        MHD_stop_daemon(h->daemon);
    }
    free(h);
}

/* Beside the library, which would let it wait in the queue instead. */
static void refuse(struct gw_http *h, int fd)
{
    static const char body[] = "{\"error\":\"busy: too many clients, try again soon\"}\n";
    char text[256];
    struct gw_buf b;

    h->refused++;
    gw_buf_fixed(&b, text, sizeof text);
    gw_buf_printf(&b,
                  "HTTP/1.1 503 Service Unavailable\r\nContent-Type: " JSON "\r\n"
                  "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                  sizeof body - 1, body);
    assert(!b.failed);
    (void)!send(fd, text, b.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

void gw_http_take(struct gw_http *h, int fd)
{
    static const struct sockaddr_un nobody = {.sun_family = AF_UNIX};

    if (h->n == GW_HTTP_CLIENTS) {
        refuse(h, fd);
        return;
    }
    /* The library closes fd when it cannot take it. */
    if (MHD_add_connection(h->daemon, fd, (const struct sockaddr *)&nobody, sizeof nobody) !=
        MHD_YES)
        h->refused++;
    turn(h);
}

void gw_http_wake(struct gw_http *h)
{
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
