/* SPDX-License-Identifier: Apache-2.0 */
#include "gpio/reactor.h"

#include "gpio/reactor_in.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/ratelog.h"
#include "base/text.h"
#include "gpio/conf.h"
#include "gpio/debounce.h"
#include "gpio/driver.h"
#include "gpio/stamp.h"

#define ALL_BUSES      UINT32_MAX
#define BACKOFF_MS     1000
#define BACKOFF_CAP_MS 30000
#define BACKOFF_JITTER 20

static struct gw_gpio_reactor *owner(const struct line *l)
{
    return l->group->chip->r;
}

static struct gw_stamp now_of(const struct gw_gpio_reactor *r)
{
    return gw_clock_now(gw_loop_clock(r->loop));
}

static void set_timer(struct gw_gpio_reactor *r, struct gw_timer *timer, int64_t due_ms)
{
    const enum gw_status status = gw_loop_timer_set(r->loop, timer, due_ms);
    assert(status == GW_OK); /* room for all timers was made at the start */
    (void)status;
}

static void GW_PRINTF(2, 3) say(char fault[GW_GPIO_FAULT_SIZE], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(fault, GW_GPIO_FAULT_SIZE, fmt, ap);
    va_end(ap);
}

/* ---- a chip that is not there ---- */

static void close_line(struct line *l)
{
    struct gw_gpio_reactor *r = owner(l);
    gw_loop_timer_clear(r->loop, &l->timer);
    gw_loop_unwatch(r->loop, &l->watch);
    r->ops->release(l->handle);
    l->handle = NULL;
    l->paused = false;
}

static void close_chip(struct gw_gpio_reactor *r, struct chip *c)
{
    for (size_t i = 0; i < r->nlines; i++)
        if (r->lines[i].handle != NULL && r->lines[i].group->chip == c)
            close_line(&r->lines[i]);
    if (c->handle != NULL)
        r->ops->close(c->handle);
    c->handle = NULL;
}

static void send_down(struct group *g, const struct gw_stamp *now, const char *why)
{
    g->link = GW_LINK_DOWN;
    say(g->fault, "chip %s: %s", g->chip->conf->chip, why);
    gw_ratelog_fail(&g->log, now->mono_ms, GW_GPIO_TAG, "%s: %s", g->name, g->fault);
    struct gw_batch b;
    gw_gpio_batch_start(g, now, &b);
    for (size_t i = 0; i < g->nlines; i++)
        gw_gpio_batch_bad(&g->lines[i], &b, now);
    gw_gpio_batch_send(g, &b, true);
}

/* The chip is gone, or cannot be opened: all its groups say so, and it is tried again later. */
static void chip_lost(struct chip *c, const char *why)
{
    struct gw_gpio_reactor *r = c->r;
    const struct gw_stamp now = now_of(r);
    close_chip(r, c);
    c->hold_ms = now.mono_ms + gw_backoff_next(&c->backoff);
    for (size_t i = 0; i < r->ngroups; i++)
        if (r->groups[i].chip == c)
            send_down(&r->groups[i], &now, why);
}

#define GONE "gone (unplugged?)"

static const char *why_lost(enum gw_status status)
{
    return status == GW_E_CLOSED ? GONE : gw_status_name(status);
}

/* ---- edges ---- */

static void send_settled(struct line *l, const struct gw_settled *settled)
{
    struct group *g = l->group;
    const struct gw_stamp now = now_of(g->chip->r);
    struct gw_batch b;
    gw_gpio_batch_start(g, &now, &b);
    gw_gpio_batch_level(l, &b, &now, settled->at_ms, settled->level, GW_Q_GOOD);
    gw_gpio_batch_send(g, &b, true);
}

/* Fetches the edges that wait. A full queue means that some may be missing and more are coming. */
static enum gw_status fetch(struct line *l, bool *full)
{
    struct gw_gpio_reactor *r = owner(l);
    struct gw_gpio_edge edges[GW_GPIO_QUEUE];
    size_t n = 0;
    const enum gw_status status = r->ops->edges(l->handle, edges, &n);
    if (status != GW_OK)
        return status;
    const struct gw_stamp now = now_of(r);
    for (size_t i = 0; i < n; i++) {
        struct gw_settled settled;
        const int64_t at_ms = gw_gpio_stamp_ms(&now, edges[i].stamp_ns);
        if (gw_debounce_edge(&l->debounce, edges[i].level, at_ms, &settled))
            send_settled(l, &settled);
    }
    *full = n == GW_GPIO_QUEUE;
    if (*full)
        gw_debounce_lost(&l->debounce);
    return GW_OK;
}

/* Fetches the edges and reads the level, which is right even when edges are missing. */
static enum gw_status fetch_and_read(struct line *l)
{
    struct gw_gpio_reactor *r = owner(l);
    bool full;
    bool level;
    enum gw_status status = fetch(l, &full);
    if (status == GW_OK)
        status = r->ops->level(l->handle, &level);
    if (status == GW_OK)
        gw_debounce_read(&l->debounce, level, gw_clock_mono_ms(gw_loop_clock(r->loop)));
    return status;
}

static void watch_again(struct line *l)
{
    struct gw_gpio_reactor *r = owner(l);
    if (gw_loop_watch(r->loop, &l->watch, GW_LOOP_IN) == GW_OK)
        l->paused = false;
    else /* it is still read once per period */
        gw_log(GW_LOG_ERR, GW_GPIO_TAG, "%s: a line cannot be watched", l->group->name);
}

/* After whatever happened to the line: tells what has settled, and sets the time for the rest. */
static void settle(struct line *l)
{
    struct gw_gpio_reactor *r = owner(l);
    const int64_t now = gw_clock_mono_ms(gw_loop_clock(r->loop));
    struct gw_settled settled;
    if (gw_debounce_settle(&l->debounce, now, &settled))
        send_settled(l, &settled);
    const int64_t due = gw_debounce_due(&l->debounce);
    if (l->paused)
        set_timer(r, &l->timer, now + l->debounce.hold_ms);
    else if (due != INT64_MAX)
        set_timer(r, &l->timer, due);
    else
        gw_loop_timer_clear(r->loop, &l->timer);
    const char *id = r->env.site->points[l->point].id;
    if (gw_debounce_restless_ms(&l->debounce, now) > l->group->period_ms)
        gw_ratelog_fail(&l->chatter, now, GW_GPIO_TAG,
                        "points.%s: chatters, %" PRIu64 " edges so far", id, l->debounce.edges);
    else if (due == INT64_MAX)
        gw_ratelog_ok(&l->chatter, now, GW_GPIO_TAG, id);
}

static void on_edges(void *arg, unsigned events)
{
    struct line *l = arg;
    (void)events;
    bool full = false;
    enum gw_status status = fetch(l, &full);
    if (status == GW_OK && full) {
        l->paused = true;
        status = gw_loop_watch(owner(l)->loop, &l->watch, 0);
        if (status == GW_OK)
            status = fetch_and_read(l);
    }
    if (status != GW_OK)
        chip_lost(l->group->chip, why_lost(status));
    else
        settle(l);
}

static void on_settle(void *arg)
{
    struct line *l = arg;
    const enum gw_status status = fetch_and_read(l);
    if (status != GW_OK) {
        chip_lost(l->group->chip, why_lost(status));
        return;
    }
    if (l->paused)
        watch_again(l);
    settle(l);
}

/* ---- the reading once per period ---- */

static enum gw_status request_line(struct line *l, const struct gw_stamp *now)
{
    struct gw_gpio_reactor *r = owner(l);
    const struct gw_gpio_point_keys *k = &l->conf->keys;
    const struct gw_gpio_request req = {
        .name = l->conf->name,
        .offset = l->conf->offset,
        .active_low = k->active_low,
        .bias = (enum gw_gpio_bias)k->bias,
    };
    struct gw_err err = {0};
    bool level = false;
    enum gw_status status = r->ops->request(l->group->chip->handle, &req, &l->handle, &err);
    if (status == GW_OK) {
        l->watch.fd = r->ops->fd(l->handle);
        status = r->ops->level(l->handle, &level);
        if (status == GW_OK)
            status = gw_loop_watch(r->loop, &l->watch, GW_LOOP_IN);
        if (status != GW_OK) {
            close_line(l);
            gw_err_set(&err, status, "line %s%u: %s", l->conf->name, l->conf->offset,
                       gw_status_name(status));
        }
    }
    if (status != GW_OK) {
        l->hold_ms = now->mono_ms + gw_backoff_next(&l->backoff);
        say(l->fault, "chip %s, %s", l->group->chip->conf->chip, err.msg);
        return status;
    }
    l->fault[0] = '\0';
    gw_backoff_reset(&l->backoff);
    gw_debounce_start(&l->debounce, level, now->mono_ms);
    return GW_OK;
}

/* Requests the line if need be, and reads it. GW_E_CLOSED: the chip is gone. */
static enum gw_status read_line(struct line *l, const struct gw_stamp *now)
{
    if (l->handle == NULL) {
        if (now->mono_ms < l->hold_ms)
            return GW_E_REFUSED;
        return request_line(l, now);
    }
    const enum gw_status status = fetch_and_read(l);
    if (status == GW_OK)
        settle(l);
    return status == GW_OK ? GW_OK : GW_E_CLOSED;
}

/* A level that is settling is told when it has; only one that will not settle is told as such. */
static void put_reading(struct line *l, struct gw_batch *b, const struct gw_stamp *now)
{
    const struct gw_debounce *d = &l->debounce;
    if (l->handle == NULL)
        gw_gpio_batch_bad(l, b, now);
    else if (!d->moving)
        gw_gpio_batch_level(l, b, now, now->mono_ms, d->settled_level, GW_Q_GOOD);
    else if (gw_debounce_restless_ms(d, now->mono_ms) >= l->group->period_ms)
        gw_gpio_batch_level(l, b, now, d->since_ms, d->settled_level, GW_Q_UNCERTAIN);
}

static enum gw_status open_chip(struct chip *c, struct gw_err *err)
{
    if (c->handle != NULL)
        return GW_OK;
    const enum gw_status status = c->r->ops->open(c->r->ops->ctx, c->conf->chip, &c->handle, err);
    if (status != GW_OK)
        return status;
    gw_backoff_reset(&c->backoff);
    for (size_t i = 0; i < c->r->nlines; i++)
        if (c->r->lines[i].group->chip == c)
            c->r->lines[i].hold_ms = 0;
    return GW_OK;
}

/* One pass over the lines of a group. */
static void read_group(struct group *g)
{
    struct gw_err err = {0};
    size_t nread = 0;
    if (open_chip(g->chip, &err) != GW_OK) {
        g->polls.failed++;
        chip_lost(g->chip, err.msg);
        return;
    }
    const struct gw_stamp begun = now_of(g->chip->r);
    g->fault[0] = '\0';
    for (size_t i = 0; i < g->nlines; i++) {
        struct line *l = &g->lines[i];
        gw_pulse_turn(g->chip->r->pulse, 0);
        const enum gw_status status = read_line(l, &begun);
        if (status == GW_E_CLOSED) {
            g->polls.failed++;
            chip_lost(g->chip, GONE);
            return;
        }
        nread += status == GW_OK;
        if (status != GW_OK && g->fault[0] == '\0')
            memcpy(g->fault, l->fault, sizeof g->fault);
    }
    if (nread > 0)
        g->polls.read++;
    else
        g->polls.failed++;
    g->link = GW_LINK_OK;
    const struct gw_stamp now = now_of(g->chip->r);
    if (g->fault[0] != '\0')
        gw_ratelog_fail(&g->log, now.mono_ms, GW_GPIO_TAG, "%s: %s", g->name, g->fault);
    else
        gw_ratelog_ok(&g->log, now.mono_ms, GW_GPIO_TAG, g->name);
    struct gw_batch b;
    gw_gpio_batch_start(g, &now, &b);
    for (size_t i = 0; i < g->nlines; i++)
        put_reading(&g->lines[i], &b, &now);
    gw_gpio_batch_send(g, &b, true);
}

/* Ticks are absolute; what was missed is skipped and counted, never caught up. */
static void on_tick(void *arg)
{
    struct group *g = arg;
    struct gw_gpio_reactor *r = g->chip->r;
    const int64_t now = gw_clock_mono_ms(gw_loop_clock(r->loop));
    const int64_t ticks = (now - g->due_ms) / g->period_ms + 1;
    const bool attempt = g->chip->handle != NULL || now >= g->chip->hold_ms;
    g->due_ms += ticks * g->period_ms;
    g->polls.scheduled += (uint64_t)ticks;
    g->polls.skipped += (uint64_t)(ticks - (attempt ? 1 : 0));
    set_timer(r, &g->timer, g->due_ms);
    if (attempt)
        read_group(g);
}

/* ---- making ---- */

static struct gw_backoff make_backoff(uint64_t *seed)
{
    return (struct gw_backoff){.first_ms = BACKOFF_MS,
                               .cap_ms = BACKOFF_CAP_MS,
                               .jitter_pct = BACKOFF_JITTER,
                               .rand = gw_rand_next(seed)};
}

static void name_line(struct line *l, const struct gw_site *site, uint32_t point)
{
    l->conf = site->point_priv[point];
    l->point = point;
    l->edges_point = GW_GPIO_NO_POINT;
    uint32_t at;
    if (l->conf->edges_id[0] != '\0' && gw_site_find_point(site, l->conf->edges_id, &at))
        l->edges_point = at;
}

static void make_line(struct gw_gpio_reactor *r, struct group *g, uint32_t point, uint64_t *seed)
{
    struct line *l = &r->lines[r->nlines++];
    l->group = g;
    name_line(l, r->env.site, point);
    l->watch = (struct gw_watch){.fd = -1, .ready = on_edges, .arg = l};
    l->timer = (struct gw_timer){.fire = on_settle, .arg = l};
    l->stamp_ms = INT64_MIN;
    l->backoff = make_backoff(seed);
    gw_debounce_init(&l->debounce, l->conf->keys.debounce_ms);
    g->nlines++;
}

static void make_group(struct gw_gpio_reactor *r, uint32_t device, struct chip *c, uint64_t *seed)
{
    const struct gw_site *site = r->env.site;
    struct group *g = &r->groups[r->ngroups];
    *g = (struct group){.chip = c, .device = device, .lines = &r->lines[r->nlines]};
    snprintf(g->name, sizeof g->name, "devices.%s", site->devices[device].id);
    g->period_ms = site->devices[device].period_ms;
    g->due_ms = gw_clock_mono_ms(gw_loop_clock(r->loop));
    g->timer = (struct gw_timer){.fire = on_tick, .arg = g};
    for (size_t i = 0; i < site->npoints; i++)
        if (site->points[i].device == device && site->point_priv[i] != NULL)
            make_line(r, g, (uint32_t)i, seed);
    if (g->nlines > 0)
        r->ngroups++;
    else
        gw_log(GW_LOG_WARN, GW_GPIO_TAG, "%s: has no points, so nothing is read", g->name);
}

static void make_chips(struct gw_gpio_reactor *r, uint32_t only)
{
    const struct gw_site *site = r->env.site;
    uint64_t seed = r->env.seed;
    for (uint32_t i = 0; i < site->nbuses; i++) {
        if (site->buses[i].driver != &gw_gpio_conf || (only != ALL_BUSES && i != only))
            continue;
        struct chip *c = &r->chips[r->nchips++];
        *c = (struct chip){
            .r = r, .conf = site->buses[i].priv, .bus = i, .backoff = make_backoff(&seed)};
        for (size_t d = 0; d < site->ndevices; d++)
            if (site->devices[d].bus == i)
                make_group(r, (uint32_t)d, c, &seed);
    }
}

/* Sets every timer that there will ever be, so that setting one later never needs memory. */
static enum gw_status reserve_timers(struct gw_gpio_reactor *r)
{
    enum gw_status status = GW_OK;
    for (size_t i = 0; status == GW_OK && i < r->nlines; i++)
        status = gw_loop_timer_set(r->loop, &r->lines[i].timer, INT64_MAX);
    for (size_t i = 0; status == GW_OK && i < r->ngroups; i++)
        status = gw_loop_timer_set(r->loop, &r->groups[i].timer, r->groups[i].due_ms);
    for (size_t i = 0; i < r->nlines; i++)
        gw_loop_timer_clear(r->loop, &r->lines[i].timer);
    return status;
}

/* Points of the buses that it serves. */
static size_t count_points(const struct gw_site *site, uint32_t only)
{
    size_t n = 0;
    for (size_t i = 0; i < site->npoints; i++)
        n += only == ALL_BUSES || site->devices[site->points[i].device].bus == only;
    return n;
}

enum gw_status gw_gpio_reactor_new(const struct gw_driver_env *env,
                                   const struct gw_gpio_chip_ops *ops, struct gw_gpio_reactor **out,
                                   struct gw_err *err)
{
    return gw_gpio_reactor_of(env, ALL_BUSES, ops, out, err);
}

enum gw_status gw_gpio_reactor_of(const struct gw_driver_env *env, uint32_t bus,
                                  const struct gw_gpio_chip_ops *ops, struct gw_gpio_reactor **out,
                                  struct gw_err *err)
{
    const struct gw_site *site = env->site;
    struct gw_gpio_reactor *r = calloc(1, sizeof *r);
    if (r == NULL)
        return gw_err_set(err, GW_E_NOMEM, "gpio: out of memory");
    r->env = *env;
    r->env.owner = gw_shared_hold(env->owner);
    r->ops = ops;
    r->chips = calloc(site->nbuses + 1, sizeof *r->chips);
    r->groups = calloc(site->ndevices + 1, sizeof *r->groups);
    r->lines = calloc(count_points(site, bus) + 1, sizeof *r->lines);
    enum gw_status status = GW_E_NOMEM;
    if (r->chips == NULL || r->groups == NULL || r->lines == NULL) {
        gw_err_set(err, status, "gpio: out of memory");
        goto out;
    }
    status = gw_loop_new(env->clock, &r->loop, err);
    if (status != GW_OK)
        goto out;
    make_chips(r, bus);
    status = reserve_timers(r);
    if (status != GW_OK) {
        gw_err_set(err, status, "gpio: out of memory");
        goto out;
    }
    *out = r;
    r = NULL;
out:
    gw_gpio_reactor_free(r);
    return status;
}

void gw_gpio_reactor_free(struct gw_gpio_reactor *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; r->chips != NULL && r->lines != NULL && i < r->nchips; i++)
        close_chip(r, &r->chips[i]);
    gw_loop_free(r->loop);
    gw_shared_drop(r->env.owner);
    free(r->lines);
    free(r->groups);
    free(r->chips);
    free(r);
}

static void rename_group(struct group *g, const struct gw_site *site,
                         const struct gw_driver_keep *keep)
{
    const uint32_t old = g->device;
    size_t n = 0;
    for (uint32_t d = 0; d < site->ndevices; d++)
        if (keep->devices[d] == old)
            g->device = d;
    for (uint32_t i = 0; i < site->npoints && n < g->nlines; i++)
        if (site->points[i].device == g->device && site->point_priv[i] != NULL)
            name_line(&g->lines[n++], site, i);
}

void gw_gpio_reactor_reload(struct gw_gpio_reactor *r, const struct gw_driver_env *env,
                            const struct gw_driver_keep *keep)
{
    const struct gw_site *site = env->site;
    for (size_t c = 0; c < r->nchips; c++) {
        const uint32_t old = r->chips[c].bus;
        for (uint32_t i = 0; i < site->nbuses; i++)
            if (keep->buses[i] == old) {
                r->chips[c].bus = i;
                r->chips[c].conf = site->buses[i].priv;
            }
    }
    for (size_t i = 0; i < r->ngroups; i++)
        rename_group(&r->groups[i], site, keep);
    struct gw_shared *before = r->env.owner;
    r->env = *env;
    r->env.owner = gw_shared_hold(env->owner);
    gw_shared_drop(before);
}

struct gw_loop *gw_gpio_reactor_loop(struct gw_gpio_reactor *r)
{
    return r->loop;
}

void gw_gpio_reactor_pulse(struct gw_gpio_reactor *r, struct gw_pulse *pulse)
{
    r->pulse = pulse;
    gw_loop_pulse(r->loop, pulse);
}

void gw_gpio_reactor_run(void *arg)
{
    struct gw_gpio_reactor *r = arg;
    if (gw_loop_run(r->loop) != GW_OK)
        gw_log(GW_LOG_ERR, GW_GPIO_TAG, "the event loop failed; no GPIO line is read any more");
}

void gw_gpio_reactor_stop(struct gw_gpio_reactor *r)
{
    gw_loop_stop(r->loop);
}

enum gw_status gw_gpio_reactor_round(struct gw_gpio_reactor *r)
{
    return gw_loop_round(r->loop, 0);
}
