/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/server_in.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IDLE_MS         1000 /* the story is advanced at least this often */
#define ACCEPT_PAUSE_MS 100  /* after descriptors ran out */

static void sync_story(struct gw_server *s);

static void arm(struct gw_server *s, struct gw_timer *timer, int64_t due_ms)
{
    if (gw_loop_timer_set(s->loop, timer, due_ms) != GW_OK)
        gw_log(GW_LOG_ERR, GW_SERVER_TAG, "out of memory: a timer is lost");
}

/* ---- endpoints ---- */

static void on_listen(void *arg, unsigned events)
{
    (void)events;
    struct gw_endpoint *e = arg;
    int fd = accept(e->watch.fd, NULL, NULL);
    if (fd >= 0) {
        gw_conn_add(e, fd);
        return;
    }
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
        return;
    /* The client stays in the queue; asking again at once would only burn time. */
    gw_log(GW_LOG_WARN, GW_SERVER_TAG, "endpoint %s: cannot accept: %s",
           e->s->sc->endpoints[e->index].name, strerror(errno));
    gw_loop_unwatch(e->s->loop, &e->watch);
    arm(e->s, &e->pause, gw_loop_now_ms(e->s->loop) + ACCEPT_PAUSE_MS);
}

static void on_pause(void *arg)
{
    struct gw_endpoint *e = arg;
    if (!e->refusing && gw_loop_watch(e->s->loop, &e->watch, GW_LOOP_IN) != GW_OK)
        arm(e->s, &e->pause, gw_loop_now_ms(e->s->loop) + ACCEPT_PAUSE_MS);
}

/* A socket bound to the endpoint's address and port; -1 with errno. */
static int bound_socket(const struct gw_endpoint *e)
{
    const int on = 1;
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(e->port),
                               .sin_addr = e->s->sc->endpoints[e->index].bind};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
        bind(fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
        return fd;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

static bool is_line(const struct gw_endpoint *e)
{
    return e->s->sc->endpoints[e->index].serial[0] != '\0';
}

static enum gw_status open_line(struct gw_endpoint *e, struct gw_err *err)
{
    const enum gw_status status = gw_line_open(&e->s->sc->endpoints[e->index], &e->line, err);
    if (status == GW_OK)
        gw_conn_add_line(e);
    return status;
}

static enum gw_status listen_on(struct gw_endpoint *e, struct gw_err *err)
{
    const struct gw_sc_endpoint *sc = &e->s->sc->endpoints[e->index];
    struct sockaddr_in addr = {0};
    socklen_t len = sizeof addr;
    if (is_line(e))
        return open_line(e, err);
    if (e->watch.fd < 0)
        e->watch.fd = bound_socket(e);
    if (e->watch.fd < 0 || listen(e->watch.fd, SOMAXCONN) != 0 ||
        getsockname(e->watch.fd, (struct sockaddr *)&addr, &len) != 0)
        return gw_err_set(err, GW_E_IO, "endpoint %s: cannot listen on port %u: %s", sc->name,
                          (unsigned)e->port, strerror(errno));
    e->port = ntohs(addr.sin_port);
    enum gw_status status = gw_loop_watch(e->s->loop, &e->watch, GW_LOOP_IN);
    return status == GW_OK ? GW_OK
                           : gw_err_set(err, status, "endpoint %s: cannot be watched", sc->name);
}

/* Stops listening but holds the port: a bound socket that does not listen refuses. */
static void refuse(struct gw_endpoint *e)
{
    if (is_line(e)) {
        e->refusing = true;
        while (e->conns != NULL)
            gw_conn_drop(e->conns, false);
        return;
    }
    gw_loop_unwatch(e->s->loop, &e->watch);
    gw_loop_timer_clear(e->s->loop, &e->pause);
    close(e->watch.fd);
    e->watch.fd = bound_socket(e);
    e->refusing = true;
    while (e->conns != NULL)
        gw_conn_drop(e->conns, true);
}

static void accept_again(struct gw_endpoint *e)
{
    struct gw_err err;
    /* When the port was lost, the next round of the story tries again. */
    if (listen_on(e, &err) == GW_OK)
        e->refusing = false;
    else
        gw_log(GW_LOG_WARN, GW_SERVER_TAG, "%s", err.msg);
}

/* Fills the queue of connections that wait to be accepted, so that the kernel answers no further
 * one. */
static void begin_hole(struct gw_endpoint *e)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(e->port),
                               .sin_addr = e->s->sc->endpoints[e->index].bind};
    gw_loop_unwatch(e->s->loop, &e->watch);
    gw_loop_timer_clear(e->s->loop, &e->pause);
    e->filler = socket(AF_INET, SOCK_STREAM, 0);
    if (e->filler < 0 || fcntl(e->filler, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(e->filler, F_SETFL, O_NONBLOCK) != 0 || listen(e->watch.fd, 0) != 0 ||
        (connect(e->filler, (const struct sockaddr *)&addr, sizeof addr) != 0 &&
         errno != EINPROGRESS))
        gw_log(GW_LOG_WARN, GW_SERVER_TAG, "endpoint %s: no black hole: %s",
               e->s->sc->endpoints[e->index].name, strerror(errno));
    e->hole = true;
}

static void end_hole(struct gw_endpoint *e)
{
    e->hole = false;
    const int first = accept(e->watch.fd, NULL, NULL); /* of the filler */
    if (first >= 0)
        close(first);
    if (e->filler >= 0)
        close(e->filler);
    e->filler = -1;
    if (listen(e->watch.fd, SOMAXCONN) != 0 ||
        gw_loop_watch(e->s->loop, &e->watch, GW_LOOP_IN) != GW_OK)
        gw_log(GW_LOG_ERR, GW_SERVER_TAG, "endpoint %s: does not listen any more",
               e->s->sc->endpoints[e->index].name);
}

static void wake_all(struct gw_endpoint *e)
{
    struct gw_conn *next = NULL;
    for (struct gw_conn *c = e->conns; c != NULL; c = next) {
        next = c->next;
        gw_conn_wake(c);
    }
}

/* What a TCP endpoint does with connections. */
static void sync_connections(struct gw_endpoint *e, const struct gw_faults *faults)
{
    const bool hole = faults->of[GW_FAULT_BLACK_HOLE].on && !e->refusing;
    if (hole != e->hole) {
        if (hole)
            begin_hole(e);
        else
            end_hole(e);
        wake_all(e);
    }
    const bool cut = faults->of[GW_FAULT_HALF_OPEN].on;
    struct gw_conn *next = NULL;
    for (struct gw_conn *c = e->conns; cut && !e->cut && c != NULL; c = next) {
        next = c->next;
        gw_conn_kill(c);
    }
    e->cut = cut;
    e->hanging_up = faults->of[GW_FAULT_HANG_UP].on;
    while (e->hanging_up && e->conns != NULL)
        gw_conn_drop(e->conns, false);
}

static void send_garbage(struct gw_endpoint *e, size_t n)
{
    uint8_t junk[GW_FAULT_BYTES];
    gw_fault_junk(junk, n);
    for (struct gw_conn *c = e->conns; c != NULL; c = c->next)
        gw_conn_send_junk(c, junk, n);
}

static void on_garbage(void *arg)
{
    struct gw_endpoint *e = arg;
    struct gw_faults faults;
    sync_story(e->s);
    gw_plant_endpoint_faults(e->s->plant, e->index, &faults);
    const struct gw_fault_on *g = &faults.of[GW_FAULT_GARBAGE];
    if (!g->on)
        return;
    send_garbage(e, (size_t)g->param[0]);
    arm(e->s, &e->garbage, gw_loop_now_ms(e->s->loop) + g->param[1]);
}

/* Makes the endpoint what its faults of this moment want. */
static void sync_endpoint(struct gw_endpoint *e)
{
    struct gw_faults faults;
    gw_plant_endpoint_faults(e->s->plant, e->index, &faults);
    bool refusing = faults.of[GW_FAULT_REFUSE].on;
    e->mute = faults.of[GW_FAULT_MUTE].on || (is_line(e) && faults.of[GW_FAULT_BLACK_HOLE].on);
    if (is_line(e) && e->conns == NULL)
        e->refusing = true; /* also when a real port has gone by itself */
    if (refusing && !e->refusing) {
        if (e->hole)
            end_hole(e);
        refuse(e);
    } else if (!refusing && e->refusing) {
        accept_again(e);
    }
    if (!is_line(e))
        sync_connections(e, &faults);
    gw_line_free_port(&e->line);
    if (faults.of[GW_FAULT_GARBAGE].on && e->garbage.slot == 0)
        arm(e->s, &e->garbage, gw_loop_now_ms(e->s->loop));
}

/* ---- the story ---- */

/* Brings the plant to the present. */
static void sync_story(struct gw_server *s)
{
    if (!s->held)
        gw_plant_advance(s->plant, gw_loop_now_ms(s->loop) - s->start_ms);
}

void gw_server_touch(struct gw_server *s)
{
    if (s->held) {
        s->held = false;
        s->start_ms = gw_loop_now_ms(s->loop);
        arm(s, &s->story, s->start_ms);
        gw_log(GW_LOG_INFO, GW_SERVER_TAG, "first request: the story begins");
    }
    sync_story(s);
}

static void on_story(void *arg)
{
    struct gw_server *s = arg;
    sync_story(s);
    for (size_t i = 0; i < s->sc->n_endpoints; i++)
        sync_endpoint(&s->endpoints[i]);

    int64_t now = gw_loop_now_ms(s->loop);
    int64_t due = now + IDLE_MS;
    int64_t next = gw_plant_next_ms(s->plant);
    if (!s->held && next != GW_STORY_END && s->start_ms + next < due)
        due = s->start_ms + next;
    arm(s, &s->story, due);
}

void gw_server_apply(struct gw_server *s, const struct gw_action *a)
{
    sync_story(s);
    gw_plant_apply(s->plant, a);
    on_story(s);
}

/* ---- making ---- */

enum gw_status gw_server_start(struct gw_loop *loop, const struct gw_scenario *sc,
                               struct gw_plant *plant, struct gw_counters *counters, bool hold,
                               struct gw_server **out, struct gw_err *err)
{
    struct gw_server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    *s = (struct gw_server){.loop = loop,
                            .sc = sc,
                            .plant = plant,
                            .counters = counters,
                            .held = hold,
                            .story = {.fire = on_story, .arg = s}};
    enum gw_status status = GW_OK;
    s->endpoints = calloc(sc->n_endpoints + 1, sizeof *s->endpoints);
    if (s->endpoints == NULL) {
        status = gw_err_set(err, GW_E_NOMEM, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < sc->n_endpoints; i++) {
        s->endpoints[i] = (struct gw_endpoint){.s = s, .index = i, .port = sc->endpoints[i].port};
        struct gw_endpoint *e = &s->endpoints[i];
        e->filler = -1;
        e->watch = (struct gw_watch){.fd = -1, .ready = on_listen, .arg = e};
        e->line = (struct gw_line){.fd = -1, .other = -1};
        e->pause = (struct gw_timer){.fire = on_pause, .arg = e};
        e->garbage = (struct gw_timer){.fire = on_garbage, .arg = e};
    }
    for (size_t i = 0; i < sc->n_endpoints && status == GW_OK; i++)
        status = listen_on(&s->endpoints[i], err);
    if (status != GW_OK)
        goto out;
    s->start_ms = gw_clock_mono_ms(gw_loop_clock(loop));
    on_story(s);
    *out = s;
    return GW_OK;

out:
    gw_server_free(s);
    return status;
}

void gw_server_free(struct gw_server *s)
{
    if (s == NULL)
        return;
    gw_loop_timer_clear(s->loop, &s->story);
    for (size_t i = 0; s->endpoints != NULL && i < s->sc->n_endpoints; i++) {
        struct gw_endpoint *e = &s->endpoints[i];
        while (e->conns != NULL)
            gw_conn_drop(e->conns, false);
        gw_loop_timer_clear(s->loop, &e->pause);
        gw_loop_timer_clear(s->loop, &e->garbage);
        gw_loop_unwatch(s->loop, &e->watch);
        if (e->watch.fd >= 0)
            close(e->watch.fd);
        if (e->filler >= 0)
            close(e->filler);
    }
    free(s->endpoints);
    free(s);
}

uint16_t gw_server_port(const struct gw_server *s, size_t endpoint)
{
    return s->endpoints[endpoint].port;
}

size_t gw_server_open(const struct gw_server *s, size_t endpoint)
{
    return s->endpoints[endpoint].n_conns;
}

const char *gw_server_path(const struct gw_server *s, size_t endpoint)
{
    const struct gw_endpoint *e = &s->endpoints[endpoint];
    return is_line(e) ? e->line.path : NULL;
}
