/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* accept4 */
#include "control/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/worker.h"
#include "control/http.h"
#include "control/listen.h"
#include "control/render.h"

#define TAG          "control"
#define JSON         "application/json; charset=utf-8"
#define JSON_LINES   "application/x-ndjson; charset=utf-8"
#define DOCUMENT_MAX ((size_t)64 << 20)
#define ACCEPTS      16   /* in one round; then clients get their turn */
#define ACCEPT_REST  1000 /* ms without accepting when descriptors are short */

struct gw_control {
    struct gw_control_conf conf;
    struct gw_listen listen;
    struct gw_loop *loop;
    struct gw_http *http;
    struct gw_worker *worker;
    struct gw_watch listen_watch, board_watch;
    struct gw_timer rest;
};

/* ---- requests ---- */

struct route {
    const char *path;
    void (*render)(const struct gw_render *r, struct gw_buf *out);
};

static const struct route routes[] = {
    {"/v1/status", gw_render_status}, {"/v1/devices", gw_render_devices},
    {"/v1/points", gw_render_points}, {"/v1/cases", gw_render_cases},
    {"/v1/alarms", gw_render_alarms}, {"/v1/buses", gw_render_buses},
};

static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}

/* true, as an answer is there. */
static bool fault(struct gw_http_answer *out, unsigned code, const char *text)
{
    struct gw_buf b;

    gw_buf_init(&b, 256);
    gw_buf_printf(&b, "{\"error\":\"%s\"}", text);
    out->code = code;
    out->type = JSON;
    out->body = gw_buf_take(&b, &out->len);
    if (!out->body)
        out->len = 0;
    gw_buf_free(&b);
    return true;
}

static bool find_device(const struct gw_site *site, const char *id, uint32_t *out)
{
    for (size_t i = 0; i < site->ndevices; i++) {
        if (strcmp(site->devices[i].id, id) == 0) {
            *out = (uint32_t)i;
            return true;
        }
    }
    return false;
}

/* A whole number from 1, in decimal. */
static bool read_number(const char *text, int64_t *out)
{
    int64_t n = 0;

    if (!text || !*text || strlen(text) > 16 || strspn(text, "0123456789") != strlen(text))
        return false;
    for (const char *p = text; *p; p++)
        n = n * 10 + (*p - '0');
    *out = n;
    return n > 0;
}

/* Asked for anew each time: nothing of an export is kept here, however long it is. */
static bool give_records(struct gw_control *c, const struct gw_http_request *req,
                         struct gw_http_answer *out)
{
    struct gw_err err = {0};
    struct gw_buf b;
    int64_t from = 0;

    if (!c->conf.records.page)
        return fault(out, 404, "there is no such document");
    if (!read_number(req->from, &from))
        return fault(out, 400, "from= must be the number of a record, 1 or more");
    gw_buf_init(&b, DOCUMENT_MAX);
    const enum gw_status st = c->conf.records.page(c->conf.records.ctx, from, &b, &err);
    if (st != GW_OK) {
        gw_buf_free(&b);
        gw_log(GW_LOG_WARN, TAG, "no export of records: %s", err.msg);
        return fault(out, 503, "the records cannot be read now: see the log of nonsited");
    }
    out->code = 200;
    out->type = JSON_LINES;
    gw_buf_char(&b, '\0'); /* an empty page is an answer, too */
    out->body = gw_buf_take(&b, &out->len);
    gw_buf_free(&b);
    if (!out->body)
        return fault(out, 500, "the document is too large");
    out->len--;
    return true;
}

static bool on_request(void *ctx, const struct gw_http_request *req, struct gw_http_answer *out)
{
    struct gw_control *c = ctx;
    const struct route *route = find_route(req->path);
    struct gw_render r = {.boot = c->conf.boot, .start = c->conf.start, .device = GW_RENDER_ALL};
    struct gw_buf b;

    if (strcmp(req->path, "/v1/records") == 0)
        return give_records(c, req, out);
    if (!route)
        return fault(out, 404, "there is no such document");
    r.snapshot = gw_board_read(c->conf.board);
    if (!r.snapshot ||
        gw_clock_mono_ms(c->conf.clock) - r.snapshot->now.mono_ms > GW_CONTROL_FRESH_MS) {
        if (req->waited_ms >= GW_CONTROL_WAIT_MS)
            return fault(out, 503, "the core of nonsited does not answer");
        gw_board_ask(c->conf.board);
        return false;
    }
    r.site = r.snapshot->site;
    if (req->filter && !find_device(r.site, req->filter, &r.device))
        return fault(out, 404, "there is no such device");
    gw_buf_init(&b, DOCUMENT_MAX);
    route->render(&r, &b);
    gw_buf_char(&b, '\n');
    out->body = gw_buf_take(&b, &out->len);
    gw_buf_free(&b);
    if (!out->body)
        return fault(out, 500, "the document is too large");
    out->code = 200;
    out->type = JSON;
    return true;
}

static void on_published(void *arg, unsigned events)
{
    struct gw_control *c = arg;

    (void)events;
    gw_board_seen(c->conf.board);
    gw_http_wake(c->http);
}

/* ---- connections ---- */

static void on_connect(void *arg, unsigned events)
{
    struct gw_control *c = arg;

    (void)events;
    for (int i = 0; i < ACCEPTS; i++) {
        const int fd = accept4(c->listen.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            gw_http_take(c->http, fd);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            /* Short of descriptors, say: a connection that waits would wake us for ever. */
            gw_loop_unwatch(c->loop, &c->listen_watch);
            (void)!gw_loop_timer_set(c->loop, &c->rest,
                                     gw_clock_mono_ms(c->conf.clock) + ACCEPT_REST);
        }
        return;
    }
}

static void on_rested(void *arg)
{
    struct gw_control *c = arg;

    if (gw_loop_watch(c->loop, &c->listen_watch, GW_LOOP_IN) != GW_OK)
        (void)!gw_loop_timer_set(c->loop, &c->rest, gw_clock_mono_ms(c->conf.clock) + ACCEPT_REST);
}

/* ---- thread ---- */

static void body(void *arg)
{
    struct gw_control *c = arg;

    if (gw_loop_run(c->loop) != GW_OK)
        gw_log(GW_LOG_ERR, TAG, "the local API ended: its loop failed");
}

static void release(struct gw_control *c)
{
    gw_http_free(c->http);
    gw_loop_free(c->loop);
    gw_listen_close(&c->listen, c->conf.local.socket);
    free(c);
}

enum gw_status gw_control_start(const struct gw_control_conf *conf, struct gw_control **out,
                                struct gw_err *err)
{
    struct gw_control *c = calloc(1, sizeof *c);

    if (!c)
        return gw_err_set(err, GW_E_NOMEM, "local API: out of memory");
    c->conf = *conf;
    c->listen.fd = -1;
    enum gw_status st = gw_listen_open(conf->local.socket,
                                       (mode_t)gw_site_socket_mode(&conf->local), &c->listen, err);
    if (st == GW_OK)
        st = gw_loop_new(conf->clock, &c->loop, err);
    if (st == GW_OK) {
        const struct gw_http_conf hc = {.loop = c->loop, .answer = on_request, .ctx = c};
        st = gw_http_new(&hc, &c->http, err);
    }
    if (st == GW_OK) {
        c->rest = (struct gw_timer){.fire = on_rested, .arg = c};
        c->listen_watch = (struct gw_watch){.fd = c->listen.fd, .ready = on_connect, .arg = c};
        c->board_watch =
            (struct gw_watch){.fd = gw_board_fd(conf->board), .ready = on_published, .arg = c};
        st = gw_loop_watch(c->loop, &c->listen_watch, GW_LOOP_IN);
        if (st == GW_OK)
            st = gw_loop_watch(c->loop, &c->board_watch, GW_LOOP_IN);
        if (st != GW_OK)
            (void)gw_err_set(err, st, "local API: cannot watch its socket");
    }
    if (st == GW_OK)
        st = gw_worker_start("local-api", body, c, &c->worker, err);
    if (st != GW_OK) {
        release(c);
        return st;
    }
    *out = c;
    return GW_OK;
}

bool gw_control_stop(struct gw_control *c, int64_t timeout_ms)
{
    if (!c)
        return true;
    gw_loop_stop(c->loop);
    if (!gw_worker_join(c->worker, timeout_ms))
        return false;
    release(c);
    return true;
}
