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
#include "control/control_in.h"

#define TAG         "control"
#define ACCEPTS     16    /* in one round; then clients get their turn */
#define ACCEPT_REST 1000  /* ms without accepting when descriptors are short */
#define TCP_RETRY   10000 /* a port that is taken may come free */

static void on_published(void *arg, unsigned events)
{
    struct gw_control *c = arg;

    (void)events;
    gw_board_seen(c->conf.board);
    gw_http_wake(c->http);
}

static void on_answered(void *arg, unsigned events)
{
    struct gw_control *c = arg;
    struct gw_call_answer *answer = NULL;

    (void)events;
    while ((answer = gw_calls_answered(c->conf.calls)) != NULL)
        gw_control_take(c, answer);
    gw_http_wake(c->http);
}

/* ---- connections ---- */

/* False: descriptors are short, say, and a connection that waits would wake us for ever. */
static bool accept_some(struct gw_control *c, int listener, bool tcp)
{
    for (int i = 0; i < ACCEPTS; i++) {
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            gw_http_take(c->http, fd, tcp);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    return true;
}

static void rest(struct gw_control *c)
{
    (void)!gw_loop_timer_set(c->loop, &c->rest, gw_clock_mono_ms(c->conf.clock) + ACCEPT_REST);
}

static void on_connect(void *arg, unsigned events)
{
    struct gw_control *c = arg;

    (void)events;
    if (!accept_some(c, c->listen.fd, false)) {
        gw_loop_unwatch(c->loop, &c->listen_watch);
        rest(c);
    }
}

static void on_tcp_connect(void *arg, unsigned events)
{
    struct gw_control *c = arg;

    (void)events;
    if (!accept_some(c, c->tcp_fd, true)) {
        gw_loop_unwatch(c->loop, &c->tcp_watch);
        rest(c);
    }
}

static void on_rested(void *arg)
{
    struct gw_control *c = arg;
    bool well = gw_loop_watch(c->loop, &c->listen_watch, GW_LOOP_IN) == GW_OK;

    if (c->tcp_fd >= 0)
        well = gw_loop_watch(c->loop, &c->tcp_watch, GW_LOOP_IN) == GW_OK && well;
    if (!well)
        rest(c);
}

/* A port that somebody has keeps nobody from the socket, let alone the plant from being watched. */
static void on_tcp(void *arg)
{
    struct gw_control *c = arg;
    const char *where = c->conf.local.http.listen;
    struct gw_err err = {0};

    enum gw_status st = gw_listen_tcp(where, &c->tcp_fd, &err);
    if (st == GW_OK) {
        c->tcp_watch.fd = c->tcp_fd;
        st = gw_loop_watch(c->loop, &c->tcp_watch, GW_LOOP_IN);
        if (st != GW_OK) {
            close(c->tcp_fd);
            c->tcp_fd = -1;
        }
    }
    if (st == GW_OK) {
        gw_log(GW_LOG_INFO, TAG, "local API and page at http://%s/", where);
        return;
    }
    gw_log(GW_LOG_WARN, TAG, "no local page: %s; tried again every %d s", err.msg,
           TCP_RETRY / 1000);
    (void)!gw_loop_timer_set(c->loop, &c->tcp_retry, gw_clock_mono_ms(c->conf.clock) + TCP_RETRY);
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
    gw_pulse_end(c->pulse);
    gw_http_free(c->http);
    gw_loop_free(c->loop);
    gw_listen_close(&c->listen, c->conf.local.socket);
    if (c->tcp_fd >= 0)
        close(c->tcp_fd);
    for (size_t i = 0; i < GW_HTTP_CLIENTS; i++)
        gw_call_answer_free(c->waiting[i].answer);
    gw_history_free(c->history);
    free(c);
}

static enum gw_status watch_all(struct gw_control *c, struct gw_err *err)
{
    c->rest = (struct gw_timer){.fire = on_rested, .arg = c};
    c->tcp_retry = (struct gw_timer){.fire = on_tcp, .arg = c};
    c->listen_watch = (struct gw_watch){.fd = c->listen.fd, .ready = on_connect, .arg = c};
    c->tcp_watch = (struct gw_watch){.fd = -1, .ready = on_tcp_connect, .arg = c};
    c->board_watch =
        (struct gw_watch){.fd = gw_board_fd(c->conf.board), .ready = on_published, .arg = c};
    enum gw_status st = gw_loop_watch(c->loop, &c->listen_watch, GW_LOOP_IN);
    if (st == GW_OK)
        st = gw_loop_watch(c->loop, &c->board_watch, GW_LOOP_IN);
    if (st == GW_OK && c->conf.calls) {
        c->calls_watch = (struct gw_watch){
            .fd = gw_calls_answer_fd(c->conf.calls), .ready = on_answered, .arg = c};
        st = gw_loop_watch(c->loop, &c->calls_watch, GW_LOOP_IN);
    }
    if (st == GW_OK && c->conf.local.http.listen[0])
        st = gw_loop_timer_set(c->loop, &c->tcp_retry, gw_clock_mono_ms(c->conf.clock));
    return st == GW_OK ? st : gw_err_set(err, st, "local API: cannot watch its socket");
}

enum gw_status gw_control_start(const struct gw_control_conf *conf, struct gw_control **out,
                                struct gw_err *err)
{
    struct gw_control *c = calloc(1, sizeof *c);

    if (!c)
        return gw_err_set(err, GW_E_NOMEM, "local API: out of memory");
    c->conf = *conf;
    c->listen.fd = c->tcp_fd = -1;
    gw_access_init(&c->access, &c->conf.local);
    c->history = gw_history_new(&conf->records);
    if (!c->history) {
        free(c);
        return gw_err_set(err, GW_E_NOMEM, "local API: out of memory");
    }
    enum gw_status st = gw_listen_open(conf->local.socket,
                                       (mode_t)gw_site_socket_mode(&conf->local), &c->listen, err);
    if (st == GW_OK)
        st = gw_loop_new(conf->clock, &c->loop, err);
    if (st == GW_OK) {
        const struct gw_http_conf hc = {.loop = c->loop, .answer = gw_control_answer, .ctx = c};
        st = gw_http_new(&hc, &c->http, err);
    }
    if (st == GW_OK)
        st = watch_all(c, err);
    if (st == GW_OK) {
        c->pulse = gw_pulse_begin(conf->pulses, "local-api");
        gw_loop_pulse(c->loop, c->pulse);
        st = gw_worker_start("local-api", body, c, &c->worker, err);
    }
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
