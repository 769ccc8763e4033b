/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/rtu_line.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/ratelog.h"
#include "modbus/budget.h"
#include "modbus/pass.h"
#include "modbus/poll.h"
#include "modbus/rtu.h"
#include "modbus/rtu_conf.h"
#include "modbus/serial.h"

#define TAG         "modbus"
#define SPREAD_MS   1000 /* first passes are spread over this time at most */
#define BEAT_MS     1000
#define PORT_CAP_MS 5000 /* a port that is plugged in again is found within this time */
#define OWING_MS    4000 /* a late answer disturbs a line for no longer */

/* A device. */
struct unit {
    char name[GW_ID_SIZE + 16]; /* for messages: "devices.gas" */
    struct gw_mb_poll poll;
    struct gw_mb_pass *pass;
    struct gw_mb_budget budget;
    struct gw_bus_stats stats;
    bool doubt;          /* an answer to its last request may still come */
    struct unit *blames; /* whose answer may have disturbed it; NULL: nobody's */
    int64_t lost_ms;     /* by that */
    struct gw_ratelog log;
};

struct gw_rtu_line {
    struct gw_driver_env env;
    const struct gw_rtu_bus *conf;
    struct gw_rtu_conf port_conf;
    char where[GW_PATH_SIZE];
    struct gw_loop *loop;
    struct gw_timer timer; /* the next thing to do: one request, or a try to open the port */
    struct gw_rtu *rtu;    /* NULL while the port is not open */
    atomic_int locked;     /* the descriptor by which it is ours alone; -1: it is not */
    struct gw_err why;     /* of that */
    int64_t open_ms;       /* no try before */
    struct gw_backoff backoff;
    struct unit *units;
    size_t nunits;
    struct unit *active; /* its pass is under way */
    int last_unit;       /* that was addressed; -1: none */
    int64_t spent_ms;    /* on the line, in the pass under way */
    struct unit *owing;  /* whose answer was not there in time and may still come; NULL: nobody's */
    int64_t owing_ms;    /* since when */
    int64_t began_ms;    /* when the pass under way began first */
    bool again;          /* it has begun anew since */
    uint32_t opens;
    struct gw_ratelog port_log, sink_log;
    atomic_uint *beat;
    struct gw_timer pulse;
};

static int64_t now_ms(const struct gw_rtu_line *l)
{
    return gw_clock_mono_ms(gw_loop_clock(l->loop));
}

/* ---- the end of a pass ---- */

static void hand_over(struct gw_rtu_line *l, struct unit *u, int64_t now)
{
    struct gw_batch batch;
    size_t from = 0;
    while (gw_mb_pass_batch(u->pass, &from, &batch)) {
        batch.link = (uint8_t)u->poll.link;
        batch.polls = u->poll.polls;
        batch.stats = u->stats;
        if (l->env.sink.put(l->env.sink.ctx, &batch) == GW_OK)
            gw_ratelog_ok(&l->sink_log, now, TAG, "handing over to the core");
        else
            gw_ratelog_fail(&l->sink_log, now, TAG,
                            "the core does not keep up: a batch of %s is dropped", u->name);
    }
}

/* What a silent unit cost its neighbours is paid for before the next try. */
static void pay(struct gw_rtu_line *l, struct unit *u, int64_t now, int64_t spent_ms)
{
    const int64_t full = l->conf->timeout_ms;
    const struct gw_mb_cost cost = {
        .now_ms = now,
        .spent_ms = spent_ms,
        .next_ms = gw_mb_budget_timeout(&u->budget, full, u->poll.silent),
        .full_ms = full,
        .silent = u->poll.silent,
    };
    const int64_t hold = gw_mb_budget_spend(&u->budget, &cost);
    /* It is held by what it does; what others lost may have been no doing of its. */
    if (l->nunits > 1 && u->poll.silent > 0)
        gw_mb_poll_hold(&u->poll, hold);
}

static bool all_down(const struct gw_rtu_line *l)
{
    for (size_t i = 0; i < l->nunits; i++)
        if (l->units[i].poll.link != GW_LINK_DOWN)
            return false;
    return true;
}

static void release_units(struct gw_rtu_line *l, int64_t now)
{
    for (size_t i = 0; i < l->nunits; i++)
        if (l->units[i].poll.hold_ms > now)
            gw_mb_poll_release(&l->units[i].poll, now);
}

/* One that answers was well before, too: what it lost was the other's doing, and is its debt. One
 * that is silent once more was not. */
static void settle_blame(struct gw_rtu_line *l, struct unit *u, enum gw_mb_outcome outcome,
                         int64_t now)
{
    if (outcome == GW_MB_PASS_DISTURBED || (outcome == GW_MB_PASS_SILENT && u->poll.silent < 2))
        return;
    if (outcome != GW_MB_PASS_SILENT && u->blames != NULL)
        pay(l, u->blames, now, u->lost_ms);
    u->blames = NULL;
    u->lost_ms = 0;
}

/* Whether the silence of one that was well may be the doing of another one's late answer. */
static bool is_disturbed(const struct gw_rtu_line *l, const struct unit *u, int64_t now)
{
    return u->poll.silent == 0 && u->blames != NULL && u->blames == l->owing &&
           now - l->owing_ms <= OWING_MS;
}

static void end_pass(struct gw_rtu_line *l, struct unit *u)
{
    const struct gw_stamp now = gw_clock_now(gw_loop_clock(l->loop));
    enum gw_mb_outcome outcome = gw_mb_pass_end(u->pass, &now);
    if (outcome == GW_MB_PASS_SILENT && is_disturbed(l, u, now.mono_ms))
        outcome = GW_MB_PASS_DISTURBED;
    const bool bus_down = all_down(l);
    gw_mb_poll_end(&u->poll, now.mono_ms, outcome);
    settle_blame(l, u, outcome, now.mono_ms);
    if (outcome == GW_MB_PASS_SILENT)
        pay(l, u, now.mono_ms, l->spent_ms);
    else if (bus_down)
        release_units(l, now.mono_ms);
    gw_mb_note(&u->poll, u->pass, now.mono_ms, &u->stats);
    u->stats.opens = l->opens;
    const char *fault = gw_mb_pass_fault(u->pass);
    if (fault[0] != '\0')
        gw_ratelog_fail(&u->log, now.mono_ms, TAG, "%s: %s", u->name, fault);
    else
        gw_ratelog_ok(&u->log, now.mono_ms, TAG, u->name);
    hand_over(l, u, now.mono_ms);
    if (l->active == u)
        l->active = NULL;
}

/* ---- the port ---- */

static void try_open(struct gw_rtu_line *l)
{
    const enum gw_status status = gw_rtu_open(&l->port_conf, &l->rtu, &l->why);
    const int64_t now = now_ms(l);
    l->last_unit = -1;
    if (status == GW_OK) {
        atomic_store(&l->locked, gw_rtu_fd(l->rtu));
        gw_ratelog_ok(&l->port_log, now, TAG, l->where);
        gw_backoff_reset(&l->backoff);
        l->opens++;
        for (size_t i = 0; i < l->nunits; i++)
            l->units[i].doubt = true;
        release_units(l, now);
        return;
    }
    gw_ratelog_fail(&l->port_log, now, TAG, "%s", l->why.msg);
    l->open_ms = now + gw_backoff_next(&l->backoff);
}

static void close_port(struct gw_rtu_line *l)
{
    gw_rtu_close(l->rtu, atomic_exchange(&l->locked, -1) >= 0);
    l->rtu = NULL;
}

static void lose_port(struct gw_rtu_line *l, const struct gw_err *why)
{
    const int64_t now = now_ms(l);
    close_port(l);
    l->owing = NULL;
    l->why = *why;
    gw_ratelog_fail(&l->port_log, now, TAG, "%s: %s", l->where, why->msg);
    l->open_ms = now + gw_backoff_next(&l->backoff);
}

/* ---- requests ---- */

static void begin(struct gw_rtu_line *l, struct unit *u)
{
    gw_mb_pass_begin(u->pass, u->poll.tick_ms, u->poll.link == GW_LINK_DOWN);
    if (u->doubt)
        gw_mb_pass_doubt(u->pass);
    l->spent_ms = 0;
    l->again = false;
}

/* The unit that is due for longest, with its pass begun; NULL when none is due. */
static struct unit *begin_next(struct gw_rtu_line *l)
{
    const int64_t now = now_ms(l);
    struct unit *best = NULL;
    for (size_t i = 0; i < l->nunits; i++) {
        struct unit *u = &l->units[i];
        if (gw_mb_poll_wake(&u->poll) <= now &&
            (best == NULL || gw_mb_poll_wake(&u->poll) < gw_mb_poll_wake(&best->poll)))
            best = u;
    }
    if (best == NULL || !gw_mb_poll_due(&best->poll, now))
        return NULL;
    l->began_ms = now;
    begin(l, best);
    return best;
}

/* The time-out for one that is known to be well. */
static int64_t again_ms(const struct gw_rtu_line *l, const struct unit *u)
{
    return gw_mb_budget_timeout(&u->budget, l->conf->timeout_ms, 1);
}

/* Whoever is asked while another unit's answer is outstanding may be disturbed by it. When that
 * befalls one that was well, it is asked again, as long as that is within its period, and the
 * other one is not before that answer must be over. Its pass then begins anew. */
static void ask_again(struct gw_rtu_line *l, struct unit *u, int64_t now)
{
    struct unit *other = l->owing;
    if (other == NULL || other == u || u->poll.silent > 0)
        return;
    u->blames = other;
    u->lost_ms += l->spent_ms;
    gw_mb_poll_hold(&other->poll, l->owing_ms + OWING_MS);
    l->spent_ms = 0;
    const int64_t period_end = u->poll.tick_ms + u->poll.period_ms;
    const int64_t patience_end = l->began_ms + OWING_MS;
    if (now + again_ms(l, u) > (period_end < patience_end ? period_end : patience_end))
        return;
    begin(l, u);
    l->again = true;
}

/* Notes whether an answer to that unit's request may still come. */
static void note_owing(struct gw_rtu_line *l, struct unit *u, bool answered, int64_t now)
{
    if (!answered && (l->owing == NULL || l->owing == u || u->poll.silent > 0)) {
        l->owing = u;
        l->owing_ms = now;
    } else if (answered && (l->owing == u || now - l->owing_ms > OWING_MS)) {
        l->owing = NULL;
    }
}

static void ask(struct gw_rtu_line *l, struct unit *u, const struct gw_mb_request *req)
{
    const int64_t full = l->conf->timeout_ms;
    const int64_t start = now_ms(l);
    if (l->last_unit >= 0 && l->last_unit != req->unit && l->conf->turnaround_ms > 0)
        gw_serial_pause(l->conf->turnaround_ms);
    l->last_unit = req->unit;
    int64_t timeout = full;
    if (!gw_mb_pass_answered(u->pass))
        timeout =
            l->again ? again_ms(l, u) : gw_mb_budget_timeout(&u->budget, full, u->poll.silent);
    gw_rtu_timeout(l->rtu, timeout);
    struct gw_mb_reply reply;
    struct gw_err err = {.msg = ""};
    const int64_t sent = now_ms(l);
    enum gw_status status = gw_rtu_request(l->rtu, req, &reply, &err);
    const struct gw_stamp now = gw_clock_now(gw_loop_clock(l->loop));
    l->spent_ms += now.mono_ms - start;
    u->doubt = status != GW_OK;
    note_owing(l, u, status == GW_OK, now.mono_ms);
    if (status == GW_OK) {
        gw_bus_stats_answer(&u->stats, now.mono_ms - sent, reply.exception);
        gw_mb_budget_answer(&u->budget, now.mono_ms - sent);
        gw_mb_pass_answer(u->pass, &reply, &now);
        return;
    }
    gw_bus_stats_failure(&u->stats, status);
    gw_mb_pass_break(u->pass, err.msg);
    if (status != GW_E_CLOSED && gw_rtu_moved(l->rtu))
        status = gw_err_set(&err, GW_E_CLOSED, "the port's name leads to another device now");
    if (status == GW_E_CLOSED)
        lose_port(l, &err);
    else if (gw_mb_pass_broken(u->pass))
        ask_again(l, u, now.mono_ms);
}

static void no_port(struct gw_rtu_line *l, struct unit *u)
{
    gw_bus_stats_failure(&u->stats, GW_E_CLOSED);
    gw_mb_pass_break(u->pass, l->why.msg);
}

/* One request of the pass under way, or of the next one that is due. */
static void work(struct gw_rtu_line *l)
{
    if (l->active == NULL)
        l->active = begin_next(l);
    struct unit *u = l->active;
    struct gw_mb_request req;
    if (u == NULL)
        return;
    if (gw_mb_pass_next(u->pass, &req)) {
        if (l->rtu != NULL)
            ask(l, u, &req);
        else
            no_port(l, u);
    }
    if (!gw_mb_pass_next(u->pass, &req))
        end_pass(l, u);
}

static int64_t next_wake(const struct gw_rtu_line *l)
{
    if (l->active != NULL)
        return 0;
    int64_t wake = l->rtu == NULL ? l->open_ms : INT64_MAX;
    for (size_t i = 0; i < l->nunits; i++) {
        const int64_t w = gw_mb_poll_wake(&l->units[i].poll);
        wake = w < wake ? w : wake;
    }
    return wake;
}

static void on_timer(void *arg)
{
    struct gw_rtu_line *l = arg;
    if (l->rtu == NULL && now_ms(l) >= l->open_ms)
        try_open(l);
    work(l);
    const enum gw_status status = gw_loop_timer_set(l->loop, &l->timer, next_wake(l));
    assert(status == GW_OK); /* room for it was made at the start */
    (void)status;
}

/* ---- making ---- */

static enum gw_status make_units(struct gw_rtu_line *l, uint32_t bus, struct gw_err *err)
{
    const struct gw_site *site = l->env.site;
    l->units = calloc(site->ndevices + 1, sizeof *l->units);
    if (l->units == NULL)
        return gw_err_set(err, GW_E_NOMEM, "modbus: out of memory");
    for (size_t i = 0; i < site->ndevices; i++) {
        if (site->devices[i].bus != bus)
            continue;
        struct unit *u = &l->units[l->nunits];
        snprintf(u->name, sizeof u->name, "devices.%s", site->devices[i].id);
        const enum gw_status status = gw_mb_pass_new(site, (uint32_t)i, l->where, &u->pass, err);
        if (status == GW_OK)
            l->nunits++;
        else if (status == GW_E_NOTFOUND)
            gw_log(GW_LOG_WARN, TAG, "%s: has no points, so nothing is read", u->name);
        else
            return status;
    }
    return GW_OK;
}

/* Sets every unit's first tick, one after the other. */
static void start_units(struct gw_rtu_line *l)
{
    const int64_t now = now_ms(l);
    uint64_t rand = l->env.seed;
    l->backoff = (struct gw_backoff){.first_ms = GW_MB_BACKOFF_MS,
                                     .cap_ms = PORT_CAP_MS,
                                     .jitter_pct = GW_MB_BACKOFF_JITTER,
                                     .rand = gw_rand_next(&rand)};
    for (size_t i = 0; i < l->nunits; i++) {
        struct unit *u = &l->units[i];
        const int64_t period = gw_mb_pass_period_ms(u->pass);
        const int64_t spread = period < SPREAD_MS ? period : SPREAD_MS;
        const int64_t first = now + (int64_t)i * spread / (int64_t)l->nunits;
        gw_mb_poll_init(&u->poll, period, first, gw_rand_next(&rand));
        gw_mb_pass_start(u->pass, first);
    }
}

enum gw_status gw_rtu_line_new(const struct gw_driver_env *env, uint32_t bus,
                               struct gw_rtu_line **out, struct gw_err *err)
{
    const struct gw_site_bus *b = &env->site->buses[bus];
    struct gw_rtu_line *l = calloc(1, sizeof *l);
    if (l == NULL)
        return gw_err_set(err, GW_E_NOMEM, "buses.%s: out of memory", b->id);
    l->env = *env;
    l->conf = b->priv;
    l->last_unit = -1;
    atomic_init(&l->locked, -1);
    l->port_conf = (struct gw_rtu_conf){
        .port = l->conf->port,
        .baud = l->conf->baud,
        .parity = l->conf->parity,
        .stop_bits = l->conf->stop_bits,
        .rs485 = l->conf->rs485,
        .timeout_ms = l->conf->timeout_ms,
    };
    snprintf(l->where, sizeof l->where, "%s", l->conf->port);
    l->timer = (struct gw_timer){.fire = on_timer, .arg = l};
    enum gw_status status = gw_loop_new(env->clock, &l->loop, err);
    if (status == GW_OK)
        status = make_units(l, bus, err);
    if (status == GW_OK) {
        start_units(l);
        status = gw_loop_timer_set(l->loop, &l->timer, now_ms(l));
    }
    if (status != GW_OK) {
        gw_rtu_line_free(l);
        return status;
    }
    *out = l;
    return GW_OK;
}

void gw_rtu_line_free(struct gw_rtu_line *line)
{
    if (line == NULL)
        return;
    for (size_t i = 0; i < line->nunits; i++)
        gw_mb_pass_free(line->units[i].pass);
    close_port(line);
    if (line->loop != NULL) {
        gw_loop_timer_clear(line->loop, &line->timer);
        gw_loop_timer_clear(line->loop, &line->pulse);
    }
    gw_loop_free(line->loop);
    free(line->units);
    free(line);
}

static void on_pulse(void *arg)
{
    struct gw_rtu_line *l = arg;
    atomic_fetch_add(l->beat, 1);
    (void)!gw_loop_timer_set(l->loop, &l->pulse, gw_loop_now_ms(l->loop) + BEAT_MS);
}

enum gw_status gw_rtu_line_beat(struct gw_rtu_line *line, atomic_uint *beat)
{
    line->beat = beat;
    line->pulse = (struct gw_timer){.fire = on_pulse, .arg = line};
    return gw_loop_timer_set(line->loop, &line->pulse, now_ms(line));
}

void gw_rtu_line_run(void *arg)
{
    struct gw_rtu_line *l = arg;
    if (gw_loop_run(l->loop) != GW_OK)
        gw_log(GW_LOG_ERR, TAG, "%s: the event loop failed; this line is not read any more",
               l->where);
}

void gw_rtu_line_stop(struct gw_rtu_line *line)
{
    gw_loop_stop(line->loop);
}

void gw_rtu_line_leave(struct gw_rtu_line *line)
{
    const int fd = atomic_exchange(&line->locked, -1);
    if (fd >= 0)
        gw_rtu_unlock(fd);
}
