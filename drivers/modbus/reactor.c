/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/reactor.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/ratelog.h"
#include "modbus/budget.h"
#include "modbus/conf.h"
#include "modbus/driver.h"
#include "modbus/pass.h"
#include "modbus/poll.h"
#include "modbus/tcp.h"

#define TAG              "modbus"
#define SPREAD_MS        1000 /* first passes are spread over this time at most */
#define RESOLVER_WAIT_MS 1000
#define BEAT_MS          1000
#define WHERE_SIZE       112
#define REASON_SIZE      160

struct endpoint;

/* A device. */
struct unit {
    struct gw_mb_reactor *r;
    struct endpoint *ep;
    char name[GW_ID_SIZE + 16]; /* for messages: "devices.gas" */
    struct gw_mb_poll poll;
    struct gw_mb_pass *pass;
    struct gw_mb_budget budget;
    struct gw_bus_stats stats;
    int64_t spent_ms;      /* by its requests, in the pass under way */
    bool doubt;            /* RTU: an answer to its last request may still come */
    struct gw_timer timer; /* the next tick; not set while a pass is in flight */
    struct unit *next;     /* behind it in the endpoint's queue */
    struct gw_ratelog log;
};

/* A bus: one connection, and the units that wait for it. */
struct endpoint {
    struct gw_mb_reactor *r;
    const struct gw_mb_bus *conf;
    uint32_t id; /* index into endpoints */
    char where[WHERE_SIZE];
    struct gw_mb_tcp *tcp;
    struct unit *active; /* its request is in flight */
    struct unit *head, *tail;
    size_t nunits;
    struct gw_mb_addrs addrs; /* n == 0: the name is not resolved yet */
    size_t current;           /* the address in use */
    size_t refused;           /* addresses in a row that gave no connection */
    bool asking;              /* the resolver has a question of ours */
    bool holds;               /* a gateway waits for a silent unit by its own time-out */
    bool behind;              /* the request in flight may wait for one that was cut short */
    int64_t cut_ms;           /* when that one would have been given up */
    struct gw_timer wait;     /* how long the queue waits for a name */
};

struct gw_mb_reactor {
    struct gw_driver_env env;
    struct gw_loop *loop;
    struct gw_mb_resolver *resolver; /* NULL when every address is numeric */
    struct gw_watch names;
    struct endpoint *endpoints;
    size_t nendpoints;
    struct unit *units;
    size_t nunits;
    struct gw_ratelog sink_log;
    atomic_uint *beat; /* NULL: nobody looks */
    struct gw_timer pulse;
};

static void kick(struct endpoint *ep);

/* ---- the queue of an endpoint ---- */

static void push_tail(struct endpoint *ep, struct unit *u)
{
    u->next = NULL;
    if (ep->tail != NULL)
        ep->tail->next = u;
    else
        ep->head = u;
    ep->tail = u;
}

static void push_head(struct endpoint *ep, struct unit *u)
{
    u->next = ep->head;
    ep->head = u;
    if (ep->tail == NULL)
        ep->tail = u;
}

static struct unit *pop(struct endpoint *ep)
{
    struct unit *u = ep->head;
    if (u != NULL) {
        ep->head = u->next;
        if (ep->head == NULL)
            ep->tail = NULL;
    }
    return u;
}

/* ---- the end of a pass ---- */

static void hand_over(struct unit *u, int64_t now_ms)
{
    struct gw_mb_reactor *r = u->r;
    struct gw_batch batch;
    size_t from = 0;
    while (gw_mb_pass_batch(u->pass, &from, &batch)) {
        batch.link = (uint8_t)u->poll.link;
        batch.polls = u->poll.polls;
        batch.stats = u->stats;
        if (r->env.sink.put(r->env.sink.ctx, &batch) == GW_OK)
            gw_ratelog_ok(&r->sink_log, now_ms, TAG, "handing over to the core");
        else
            gw_ratelog_fail(&r->sink_log, now_ms, TAG,
                            "the core does not keep up: a batch of %s is dropped", u->name);
    }
}

static void schedule(struct unit *u)
{
    const enum gw_status status =
        gw_loop_timer_set(u->r->loop, &u->timer, gw_mb_poll_wake(&u->poll));
    assert(status == GW_OK); /* room for all timers was made at the start */
    (void)status;
}

/* How long to wait for the first answer of the next pass. Where a gateway holds its line for a time
 * of its own, giving up earlier would spare the others nothing, and hide what they pay. */
static int64_t first_ms(const struct unit *u, unsigned silent)
{
    const int64_t full = u->ep->conf->timeout_ms;
    const bool shared = u->ep->nunits > 1 && !u->ep->holds;
    return shared ? gw_mb_budget_timeout(&u->budget, full, silent) : full;
}

/* Behind a gateway or serial server the units share a line: what a silent pass cost the others is
 * paid for before the next try. */
static void pay(struct unit *u, int64_t now)
{
    const struct gw_mb_cost cost = {
        .now_ms = now,
        .spent_ms = u->spent_ms,
        .next_ms = first_ms(u, u->poll.silent),
        .full_ms = u->ep->conf->timeout_ms,
        .silent = u->poll.silent,
    };
    const int64_t hold = gw_mb_budget_spend(&u->budget, &cost);
    if (u->ep->nunits > 1)
        gw_mb_poll_hold(&u->poll, hold);
}

static bool all_down(const struct endpoint *ep)
{
    for (size_t i = 0; i < ep->r->nunits; i++)
        if (ep->r->units[i].ep == ep && ep->r->units[i].poll.link != GW_LINK_DOWN)
            return false;
    return true;
}

/* The endpoint is back: none of its units waits for its own back-off. */
static void release_units(struct endpoint *ep, int64_t now)
{
    for (size_t i = 0; i < ep->r->nunits; i++) {
        struct unit *u = &ep->r->units[i];
        if (u->ep != ep || u->poll.busy || u->poll.hold_ms <= now)
            continue;
        gw_mb_poll_release(&u->poll, now);
        schedule(u);
    }
}

static void end_pass(struct unit *u)
{
    const struct gw_stamp now = gw_clock_now(gw_loop_clock(u->r->loop));
    const enum gw_mb_outcome outcome = gw_mb_pass_end(u->pass, &now);
    const bool back =
        outcome != GW_MB_PASS_SILENT && u->poll.link == GW_LINK_DOWN && all_down(u->ep);
    gw_mb_poll_end(&u->poll, now.mono_ms, outcome);
    if (outcome == GW_MB_PASS_SILENT)
        pay(u, now.mono_ms);
    if (back)
        release_units(u->ep, now.mono_ms);
    gw_mb_note(&u->poll, u->pass, now.mono_ms, &u->stats);
    u->stats.opens = gw_mb_tcp_opens(u->ep->tcp);
    const char *fault = gw_mb_pass_fault(u->pass);
    if (fault[0] != '\0')
        gw_ratelog_fail(&u->log, now.mono_ms, TAG, "%s: %s", u->name, fault);
    else
        gw_ratelog_ok(&u->log, now.mono_ms, TAG, u->name);
    hand_over(u, now.mono_ms);
    schedule(u);
}

static void break_pass(struct unit *u, enum gw_status status, const char *reason)
{
    u->doubt = true;
    gw_bus_stats_failure(&u->stats, status);
    gw_mb_pass_break(u->pass, reason);
    end_pass(u);
}

/* Nobody in the queue can be served. */
static void fail_queue(struct endpoint *ep, const char *reason)
{
    for (struct unit *u = pop(ep); u != NULL; u = pop(ep))
        break_pass(u, GW_E_CLOSED, reason);
}

/* ---- names ---- */

static void use_address(struct endpoint *ep, size_t i)
{
    ep->current = i;
    gw_mb_tcp_address(ep->tcp, &ep->addrs.at[i].sa, ep->addrs.at[i].len);
}

/* Asks for the addresses of the name, anew or again. An endpoint with a numeric address has none to
 * ask for. */
static void ask_name(struct endpoint *ep)
{
    struct gw_mb_addrs numeric;
    if (ep->asking || gw_mb_numeric(ep->conf->host, 0, &numeric))
        return;
    ep->asking = gw_mb_resolver_ask(ep->r->resolver, ep->id, ep->conf->host,
                                    (uint16_t)ep->conf->port) == GW_OK;
}

static void on_wait_over(void *arg)
{
    struct endpoint *ep = arg;
    fail_queue(ep, "the host name is not resolved yet");
}

static void wait_for_name(struct endpoint *ep)
{
    ask_name(ep);
    if (ep->wait.slot != 0)
        return;
    const int64_t now = gw_clock_mono_ms(gw_loop_clock(ep->r->loop));
    const enum gw_status status =
        gw_loop_timer_set(ep->r->loop, &ep->wait, now + ep->conf->connect_timeout_ms);
    assert(status == GW_OK);
    (void)status;
}

static void take_answer(struct endpoint *ep, const struct gw_mb_answer *a)
{
    ep->asking = false;
    if (a->status == GW_OK) {
        ep->addrs = a->addrs;
        ep->refused = 0;
        use_address(ep, 0);
        gw_loop_timer_clear(ep->r->loop, &ep->wait);
        kick(ep);
    } else if (ep->addrs.n == 0) {
        char reason[REASON_SIZE];
        snprintf(reason, sizeof reason, "the host name is not resolved: %s", a->text);
        gw_loop_timer_clear(ep->r->loop, &ep->wait);
        fail_queue(ep, reason);
    }
    /* A name that once resolved keeps its last addresses. */
}

static void on_names(void *arg, unsigned events)
{
    struct gw_mb_reactor *r = arg;
    (void)events;
    struct gw_mb_answer a;
    while (gw_mb_resolver_get(r->resolver, &a)) {
        assert(a.id < r->nendpoints);
        take_answer(&r->endpoints[a.id], &a);
    }
}

/* ---- requests ---- */

/* No way to the endpoint. Each of its addresses is tried before the pass fails. */
static void no_connection(struct endpoint *ep, struct unit *u, const char *reason)
{
    ep->refused++;
    if (ep->addrs.n > 1)
        use_address(ep, (ep->current + 1) % ep->addrs.n);
    if (ep->refused < ep->addrs.n) {
        push_head(ep, u);
        return;
    }
    ep->refused = 0;
    ask_name(ep);
    push_head(ep, u);
    fail_queue(ep, reason);
}

/* What an exchange tells of a gateway in between: one that answers for a silent unit, or keeps the
 * next one waiting although the silent one was given up, holds the line by itself. */
static void note_gateway(struct unit *u, enum gw_status status, const struct gw_mb_reply *reply,
                         int64_t now)
{
    struct endpoint *ep = u->ep;
    const int64_t took = gw_mb_tcp_took_ms(ep->tcp);
    const int64_t full = ep->conf->timeout_ms;
    const bool for_unit = status == GW_OK && (reply->exception == GW_MB_EX_GATEWAY_PATH ||
                                              reply->exception == GW_MB_EX_GATEWAY_TARGET);
    if (for_unit || (ep->behind && u->poll.silent == 0 && took > first_ms(u, 1)))
        ep->holds = true;
    if (status == GW_OK && !for_unit && !ep->behind)
        gw_mb_budget_answer(&u->budget, took);
    ep->cut_ms = status == GW_E_TIMEOUT && took < full ? now + full - took : now;
}

static void on_done(void *arg, enum gw_status status, const struct gw_mb_reply *reply,
                    const char *text)
{
    struct endpoint *ep = arg;
    struct unit *u = ep->active;
    ep->active = NULL;
    if (gw_mb_tcp_reached(ep->tcp))
        ep->refused = 0;
    u->spent_ms += gw_mb_tcp_took_ms(ep->tcp);
    const struct gw_stamp now = gw_clock_now(gw_loop_clock(ep->r->loop));
    if (gw_mb_tcp_reached(ep->tcp))
        note_gateway(u, status, reply, now.mono_ms);
    if (status == GW_OK) {
        struct gw_mb_request next;
        u->doubt = false;
        gw_bus_stats_answer(&u->stats, gw_mb_tcp_took_ms(ep->tcp), reply->exception);
        gw_mb_pass_answer(u->pass, reply, &now);
        if (gw_mb_pass_next(u->pass, &next))
            push_tail(ep, u);
        else
            end_pass(u);
    } else if (gw_mb_tcp_reached(ep->tcp)) {
        break_pass(u, status, text);
    } else {
        no_connection(ep, u, text);
    }
    kick(ep);
}

/* Sets the time-out of the unit's next request. One that may have to wait until a gateway gives up
 * the one before gets that much more. */
static void set_timeout(struct endpoint *ep, const struct unit *u)
{
    const int64_t now = gw_clock_mono_ms(gw_loop_clock(ep->r->loop));
    ep->behind = now < ep->cut_ms;
    int64_t timeout = ep->conf->timeout_ms;
    if (!gw_mb_pass_answered(u->pass))
        timeout = first_ms(u, u->poll.silent);
    if (ep->behind && u->poll.silent == 0)
        timeout += ep->cut_ms - now;
    gw_mb_tcp_timeout(ep->tcp, timeout);
}

/* Starts the request of the first in the queue, if the connection is free. */
static void kick(struct endpoint *ep)
{
    while (ep->active == NULL && ep->head != NULL) {
        if (ep->addrs.n == 0) {
            wait_for_name(ep);
            return;
        }
        struct unit *u = pop(ep);
        struct gw_mb_request req;
        const bool more = gw_mb_pass_next(u->pass, &req);
        assert(more);
        (void)more;
        ep->active = u;
        set_timeout(ep, u);
        const enum gw_status status = gw_mb_tcp_request(ep->tcp, &req, on_done, ep);
        if (status != GW_OK) {
            ep->active = NULL;
            break_pass(u, status, gw_status_name(status));
        }
    }
}

static void on_tick(void *arg)
{
    struct unit *u = arg;
    const int64_t now = gw_clock_mono_ms(gw_loop_clock(u->r->loop));
    if (!gw_mb_poll_due(&u->poll, now)) {
        schedule(u);
        return;
    }
    gw_mb_pass_begin(u->pass, u->poll.tick_ms, u->poll.link == GW_LINK_DOWN);
    u->spent_ms = 0;
    if (u->doubt && u->ep->conf->framing == GW_MB_FRAMING_RTU)
        gw_mb_pass_doubt(u->pass);
    push_tail(u->ep, u);
    kick(u->ep);
}

/* ---- making ---- */

static bool is_ours(const struct gw_site_bus *bus)
{
    return bus->driver == &gw_modbus_tcp_conf;
}

static enum gw_status make_endpoint(struct gw_mb_reactor *r, const struct gw_site_bus *bus,
                                    struct gw_err *err)
{
    struct endpoint *ep = &r->endpoints[r->nendpoints];
    const struct gw_mb_bus *conf = bus->priv;
    ep->r = r;
    ep->conf = conf;
    ep->id = (uint32_t)r->nendpoints;
    ep->wait = (struct gw_timer){.fire = on_wait_over, .arg = ep};
    const bool v6 = strchr(conf->host, ':') != NULL;
    snprintf(ep->where, sizeof ep->where, v6 ? "[%s]:%d" : "%s:%d", conf->host, (int)conf->port);
    const struct gw_mb_tcp_conf tcp = {
        .framing = (enum gw_mb_framing)conf->framing,
        .connect_timeout_ms = conf->connect_timeout_ms,
        .timeout_ms = conf->timeout_ms,
    };
    const enum gw_status status = gw_mb_tcp_new(r->loop, &tcp, &ep->tcp, err);
    if (status != GW_OK)
        return status;
    if (gw_mb_numeric(conf->host, (uint16_t)conf->port, &ep->addrs))
        use_address(ep, 0);
    r->nendpoints++;
    return GW_OK;
}

/* The endpoints of the site, in the order of its buses; of_bus[i] is the endpoint of bus i or NULL.
 */
static enum gw_status make_endpoints(struct gw_mb_reactor *r, struct endpoint **of_bus,
                                     struct gw_err *err)
{
    const struct gw_site *site = r->env.site;
    enum gw_status status = GW_OK;
    for (size_t i = 0; status == GW_OK && i < site->nbuses; i++) {
        if (!is_ours(&site->buses[i]))
            continue;
        of_bus[i] = &r->endpoints[r->nendpoints];
        status = make_endpoint(r, &site->buses[i], err);
    }
    return status;
}

static enum gw_status make_unit(struct gw_mb_reactor *r, uint32_t device, struct endpoint *ep,
                                struct gw_err *err)
{
    struct unit *u = &r->units[r->nunits];
    u->r = r;
    u->ep = ep;
    snprintf(u->name, sizeof u->name, "devices.%s", r->env.site->devices[device].id);
    u->timer = (struct gw_timer){.fire = on_tick, .arg = u};
    const enum gw_status status = gw_mb_pass_new(r->env.site, device, ep->where, &u->pass, err);
    if (status == GW_E_NOTFOUND) {
        gw_log(GW_LOG_WARN, TAG, "%s: has no points, so nothing is read", u->name);
        return GW_OK;
    }
    if (status == GW_OK) {
        r->nunits++;
        ep->nunits++;
    }
    return status;
}

static enum gw_status make_units(struct gw_mb_reactor *r, struct endpoint *const *of_bus,
                                 struct gw_err *err)
{
    const struct gw_site *site = r->env.site;
    enum gw_status status = GW_OK;
    for (size_t i = 0; status == GW_OK && i < site->ndevices; i++) {
        struct endpoint *ep = of_bus[site->devices[i].bus];
        if (ep != NULL)
            status = make_unit(r, (uint32_t)i, ep, err);
    }
    return status;
}

/* Sets every unit's first tick. Neighbours on one connection start one after the other. */
static void start_units(struct gw_mb_reactor *r)
{
    const int64_t now = gw_clock_mono_ms(gw_loop_clock(r->loop));
    uint64_t rand = r->env.seed;
    for (size_t e = 0; e < r->nendpoints; e++) {
        int64_t count = 0;
        for (size_t i = 0; i < r->nunits; i++)
            count += r->units[i].ep == &r->endpoints[e];
        int64_t k = 0;
        for (size_t i = 0; i < r->nunits; i++) {
            struct unit *u = &r->units[i];
            if (u->ep != &r->endpoints[e])
                continue;
            const int64_t period = gw_mb_pass_period_ms(u->pass);
            const int64_t spread = period < SPREAD_MS ? period : SPREAD_MS;
            const int64_t slot = spread / count;
            const int64_t shift = (int64_t)gw_rand_below(&rand, (uint64_t)slot + 1);
            const int64_t first = now + k++ * slot + shift;
            gw_mb_poll_init(&u->poll, period, first, gw_rand_next(&rand));
            gw_mb_pass_start(u->pass, first);
        }
    }
}

/* Sets every timer that there will ever be, so that setting one later never needs memory. */
static enum gw_status reserve_timers(struct gw_mb_reactor *r, struct gw_err *err)
{
    /* One for each unit, for each endpoint its connection's and the wait for its name, the pulse. */
    const size_t n = r->nunits + 2 * r->nendpoints + 1;
    struct gw_timer *timers = calloc(n > 0 ? n : 1, sizeof *timers);
    enum gw_status status = timers != NULL ? GW_OK : GW_E_NOMEM;
    for (size_t i = 0; status == GW_OK && i < n; i++)
        status = gw_loop_timer_set(r->loop, &timers[i], INT64_MAX);
    for (size_t i = 0; timers != NULL && i < n; i++)
        gw_loop_timer_clear(r->loop, &timers[i]);
    free(timers);
    for (size_t i = 0; status == GW_OK && i < r->nunits; i++)
        status = gw_loop_timer_set(r->loop, &r->units[i].timer, gw_mb_poll_wake(&r->units[i].poll));
    return status == GW_OK ? GW_OK : gw_err_set(err, status, "modbus: out of memory");
}

static enum gw_status start_resolver(struct gw_mb_reactor *r, const struct gw_mb_lookup *lookup,
                                     struct gw_err *err)
{
    static const struct gw_mb_lookup system_lookup = {.lookup = gw_mb_lookup_system};
    bool names = false;
    for (size_t i = 0; i < r->nendpoints; i++)
        names = names || r->endpoints[i].addrs.n == 0;
    if (!names)
        return GW_OK;
    enum gw_status status = gw_mb_resolver_new(lookup != NULL ? lookup : &system_lookup,
                                               r->nendpoints, &r->resolver, err);
    if (status != GW_OK)
        return status;
    r->names = (struct gw_watch){.fd = gw_mb_resolver_fd(r->resolver), .ready = on_names, .arg = r};
    status = gw_loop_watch(r->loop, &r->names, GW_LOOP_IN);
    return status == GW_OK ? GW_OK : gw_err_set(err, status, "modbus: cannot watch the resolver");
}

enum gw_status gw_mb_reactor_new(const struct gw_driver_env *env, const struct gw_mb_lookup *lookup,
                                 struct gw_mb_reactor **out, struct gw_err *err)
{
    const struct gw_site *site = env->site;
    enum gw_status status = GW_E_NOMEM;
    struct endpoint **of_bus = calloc(site->nbuses + 1, sizeof(struct endpoint *));
    struct gw_mb_reactor *r = calloc(1, sizeof *r);
    if (r == NULL || of_bus == NULL) {
        gw_err_set(err, status, "modbus: out of memory");
        goto out;
    }
    r->env = *env;
    r->endpoints = calloc(site->nbuses + 1, sizeof *r->endpoints);
    r->units = calloc(site->ndevices + 1, sizeof *r->units);
    if (r->endpoints == NULL || r->units == NULL) {
        gw_err_set(err, status, "modbus: out of memory");
        goto out;
    }
    status = gw_loop_new(env->clock, &r->loop, err);
    if (status == GW_OK)
        status = make_endpoints(r, of_bus, err);
    if (status == GW_OK)
        status = make_units(r, of_bus, err);
    if (status == GW_OK)
        status = start_resolver(r, lookup, err);
    if (status != GW_OK)
        goto out;
    start_units(r);
    status = reserve_timers(r, err);
    if (status == GW_OK) {
        *out = r;
        r = NULL;
    }
out:
    free(of_bus);
    gw_mb_reactor_free(r);
    return status;
}

void gw_mb_reactor_free(struct gw_mb_reactor *r)
{
    if (r == NULL)
        return;
    if (r->resolver != NULL)
        gw_loop_unwatch(r->loop, &r->names);
    gw_mb_resolver_free(r->resolver, RESOLVER_WAIT_MS);
    if (r->loop != NULL)
        gw_loop_timer_clear(r->loop, &r->pulse);
    for (size_t i = 0; r->units != NULL && i < r->nunits; i++) {
        gw_loop_timer_clear(r->loop, &r->units[i].timer);
        gw_mb_pass_free(r->units[i].pass);
    }
    for (size_t i = 0; r->endpoints != NULL && i < r->nendpoints; i++) {
        gw_loop_timer_clear(r->loop, &r->endpoints[i].wait);
        gw_mb_tcp_free(r->endpoints[i].tcp);
    }
    gw_loop_free(r->loop);
    free(r->units);
    free(r->endpoints);
    free(r);
}

static void on_pulse(void *arg)
{
    struct gw_mb_reactor *r = arg;
    if (r->beat != NULL)
        atomic_fetch_add(r->beat, 1);
    /* Room for it was made at the start. */
    (void)!gw_loop_timer_set(r->loop, &r->pulse, gw_loop_now_ms(r->loop) + BEAT_MS);
}

void gw_mb_reactor_beat(struct gw_mb_reactor *r, atomic_uint *beat)
{
    r->beat = beat;
    r->pulse = (struct gw_timer){.fire = on_pulse, .arg = r};
    (void)!gw_loop_timer_set(r->loop, &r->pulse, gw_clock_mono_ms(gw_loop_clock(r->loop)));
}

void gw_mb_reactor_run(void *arg)
{
    struct gw_mb_reactor *r = arg;
    if (gw_loop_run(r->loop) != GW_OK)
        gw_log(GW_LOG_ERR, TAG, "the event loop failed; no Modbus TCP device is read any more");
}

void gw_mb_reactor_stop(struct gw_mb_reactor *r)
{
    gw_loop_stop(r->loop);
}
