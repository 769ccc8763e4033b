/* SPDX-License-Identifier: Apache-2.0
 *
 * How a reactor is made, and how it goes over to another site: everything that can fail comes first
 * and leaves alone what runs.
 */
#include "modbus/reactor.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/log.h"
#include "modbus/driver.h"
#include "modbus/reactor_in.h"

#define TAG              "modbus"
#define SPREAD_MS        1000 /* first passes are spread over this time at most */
#define RESOLVER_WAIT_MS 100  /* an idle one is gone at once; one that hangs is left behind */
#define NAMES_LEAST      16

/* What a reactor is to be. */
struct draft {
    const struct gw_site *site;
    const struct gw_driver_keep *keep; /* NULL: nothing goes on */
    struct gw_pulses *pulses;
    struct endpoint **endpoints;
    size_t nendpoints;
    struct unit **units;
    struct gw_mb_pass **passes; /* of each unit that goes on: what its pass takes over */
    size_t nunits;
    struct gw_mb_resolver *resolver; /* NULL: the present one will do */
    size_t names_max;
};

static bool is_ours(const struct gw_site_bus *bus)
{
    return bus->driver == &gw_modbus_tcp_conf;
}

/* ---- endpoints ---- */

static void free_endpoint(struct endpoint *ep)
{
    gw_loop_timer_clear(ep->r->loop, &ep->wait);
    gw_mb_tcp_free(ep->tcp);
    free(ep);
}

static enum gw_status make_endpoint(struct gw_mb_reactor *r, struct draft *d, uint32_t bus,
                                    struct gw_err *err)
{
    const struct gw_mb_bus *conf = d->site->buses[bus].priv;
    struct endpoint *ep = calloc(1, sizeof *ep);
    if (ep == NULL)
        return gw_err_set(err, GW_E_NOMEM, "modbus: out of memory");
    ep->r = r;
    ep->conf = conf;
    ep->bus = bus;
    ep->id = r->next_id++;
    ep->wait = (struct gw_timer){.fire = gw_mb_reactor_on_wait_over, .arg = ep};
    const bool v6 = strchr(conf->host, ':') != NULL;
    snprintf(ep->where, sizeof ep->where, v6 ? "[%s]:%d" : "%s:%d", conf->host, (int)conf->port);
    const struct gw_mb_tcp_conf tcp = {
        .framing = (enum gw_mb_framing)conf->framing,
        .connect_timeout_ms = conf->connect_timeout_ms,
        .timeout_ms = conf->timeout_ms,
    };
    const enum gw_status status = gw_mb_tcp_new(r->loop, &tcp, &ep->tcp, err);
    if (status != GW_OK) {
        free(ep);
        return status;
    }
    if (gw_mb_numeric(conf->host, (uint16_t)conf->port, &ep->addrs))
        gw_mb_reactor_use_address(ep, 0);
    assert(d->endpoints != NULL);
    d->endpoints[d->nendpoints++] = ep;
    return GW_OK;
}

static struct endpoint *endpoint_of(struct endpoint *const *list, size_t n, uint32_t bus)
{
    for (size_t i = 0; i < n; i++)
        if (list[i]->bus == bus)
            return list[i];
    return NULL;
}

static bool is_fresh(const struct gw_mb_reactor *r, const struct endpoint *ep)
{
    for (size_t i = 0; i < r->nendpoints; i++)
        if (r->endpoints[i] == ep)
            return false;
    return true;
}

/* Those that go on keep the index of their old bus until the draft is carried out. */
static enum gw_status draft_endpoints(struct gw_mb_reactor *r, struct draft *d, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    for (uint32_t i = 0; status == GW_OK && i < d->site->nbuses; i++) {
        const uint32_t old = d->keep != NULL ? d->keep->buses[i] : GW_DRIVER_NEW;
        if (!is_ours(&d->site->buses[i]))
            continue;
        if (old == GW_DRIVER_NEW)
            status = make_endpoint(r, d, i, err);
        else if ((d->endpoints[d->nendpoints] = endpoint_of(r->endpoints, r->nendpoints, old)))
            d->nendpoints++;
        else
            status = gw_err_set(err, GW_E_INVAL, "buses.%s: is not polled", d->site->buses[i].id);
    }
    return status;
}

/* ---- units ---- */

static void free_unit(struct unit *u)
{
    gw_loop_timer_clear(u->r->loop, &u->timer);
    gw_mb_pass_free(u->pass);
    free(u);
}

static enum gw_status make_unit(struct gw_mb_reactor *r, struct draft *d, uint32_t device,
                                struct endpoint *ep, struct gw_err *err)
{
    struct unit *u = calloc(1, sizeof *u);
    if (u == NULL)
        return gw_err_set(err, GW_E_NOMEM, "modbus: out of memory");
    u->r = r;
    u->ep = ep;
    u->device = device;
    u->fresh = true;
    snprintf(u->name, sizeof u->name, "devices.%s", d->site->devices[device].id);
    u->timer = (struct gw_timer){.fire = gw_mb_reactor_on_tick, .arg = u};
    enum gw_status status = gw_mb_pass_new(d->site, device, ep->where, &u->pass, err);
    if (status == GW_OK) {
        d->units[d->nunits++] = u;
        return GW_OK;
    }
    if (status == GW_E_NOTFOUND) {
        gw_log(GW_LOG_WARN, TAG, "%s: has no points, so nothing is read", u->name);
        status = GW_OK;
    }
    free(u);
    return status;
}

static enum gw_status keep_unit(struct gw_mb_reactor *r, struct draft *d, uint32_t device,
                                struct gw_err *err)
{
    const uint32_t old = d->keep->devices[device];
    struct unit *u = NULL;
    for (size_t i = 0; u == NULL && i < r->nunits; i++)
        u = r->units[i]->device == old ? r->units[i] : NULL;
    struct gw_mb_pass **pass = &d->passes[d->nunits];
    const enum gw_status status =
        gw_mb_pass_new(d->site, device, u != NULL ? u->ep->where : "", pass, err);
    if (status == GW_E_NOTFOUND && u == NULL)
        return GW_OK; /* it never had any points */
    if (status == GW_OK && (u == NULL || !gw_mb_pass_same(u->pass, *pass))) {
        gw_mb_pass_free(*pass);
        *pass = NULL;
        return gw_err_set(err, GW_E_INVAL, "devices.%s: is not what it was",
                          d->site->devices[device].id);
    }
    if (status == GW_OK)
        d->units[d->nunits++] = u;
    return status;
}

static enum gw_status draft_units(struct gw_mb_reactor *r, struct draft *d, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    for (uint32_t i = 0; status == GW_OK && i < d->site->ndevices; i++) {
        const uint32_t bus = d->site->devices[i].bus;
        if (!is_ours(&d->site->buses[bus]))
            continue;
        if (d->keep != NULL && d->keep->buses[bus] != GW_DRIVER_NEW) {
            status = keep_unit(r, d, i, err);
            continue;
        }
        for (size_t k = 0; k < d->nendpoints; k++) {
            struct endpoint *ep = d->endpoints[k];
            if (ep->bus == bus && is_fresh(r, ep)) {
                status = make_unit(r, d, i, ep, err);
                break;
            }
        }
    }
    return status;
}

/* ---- what they need ---- */

/* Sets every timer that there will ever be, so that setting one later never needs memory. */
static enum gw_status reserve_timers(struct gw_mb_reactor *r, const struct draft *d,
                                     struct gw_err *err)
{
    /* One for each unit, for each endpoint its connection's and the wait for its name, the pulse. */
    const size_t n = d->nunits + 2 * d->nendpoints + 1;
    struct gw_timer *timers = calloc(n, sizeof *timers);
    enum gw_status status = timers != NULL ? GW_OK : GW_E_NOMEM;
    for (size_t i = 0; status == GW_OK && i < n; i++)
        status = gw_loop_timer_set(r->loop, &timers[i], INT64_MAX);
    for (size_t i = 0; timers != NULL && i < n; i++)
        gw_loop_timer_clear(r->loop, &timers[i]);
    free(timers);
    return status == GW_OK ? GW_OK : gw_err_set(err, status, "modbus: out of memory");
}

static enum gw_status draft_resolver(struct gw_mb_reactor *r, struct draft *d, struct gw_err *err)
{
    size_t names = 0;
    for (size_t i = 0; i < d->nendpoints; i++) {
        struct gw_mb_addrs numeric;
        names += !gw_mb_numeric(d->endpoints[i]->conf->host, 0, &numeric);
    }
    if (names <= r->names_max)
        return GW_OK;
    d->names_max = names > NAMES_LEAST ? names : NAMES_LEAST;
    return gw_mb_resolver_new(&r->lookup, d->names_max, d->pulses, &d->resolver, err);
}

static void close_resolver(struct gw_mb_reactor *r)
{
    if (r->resolver == NULL)
        return;
    gw_loop_unwatch(r->loop, &r->names);
    gw_mb_resolver_free(r->resolver, RESOLVER_WAIT_MS);
    r->resolver = NULL;
}

static enum gw_status watch_names(struct gw_mb_reactor *r, const struct draft *d,
                                  struct gw_watch *watch, struct gw_err *err)
{
    if (d->resolver == NULL)
        return GW_OK;
    *watch = (struct gw_watch){
        .fd = gw_mb_resolver_fd(d->resolver), .ready = gw_mb_reactor_on_names, .arg = r};
    const enum gw_status status = gw_loop_watch(r->loop, watch, GW_LOOP_IN);
    gw_loop_unwatch(r->loop, watch); /* it can be done; it is to be told of the reactor's own */
    return status == GW_OK ? GW_OK : gw_err_set(err, status, "modbus: cannot watch the resolver");
}

/* ---- carrying it out ---- */

/* Sets the first tick of what is new. Neighbours on one connection start one after the other,
 * endpoints some together (gw_mb_poll_apart). */
static void start_units(struct gw_mb_reactor *r)
{
    const int64_t now = gw_clock_mono_ms(gw_loop_clock(r->loop));
    uint64_t rand = r->env.seed;
    for (size_t e = 0; e < r->nendpoints; e++) {
        int64_t count = 0;
        for (size_t i = 0; i < r->nunits; i++)
            count += r->units[i]->ep == r->endpoints[e];
        int64_t k = 0;
        for (size_t i = 0; i < r->nunits; i++) {
            struct unit *u = r->units[i];
            if (u->ep != r->endpoints[e] || !u->fresh)
                continue;
            const int64_t period = gw_mb_pass_period_ms(u->pass);
            const int64_t spread = period < SPREAD_MS ? period : SPREAD_MS;
            const int64_t slot = spread / count;
            const int64_t first = now + k++ * slot + gw_mb_poll_apart(e, period);
            u->fresh = false;
            gw_mb_poll_init(&u->poll, period, first, gw_rand_next(&rand));
            gw_mb_pass_start(u->pass, first);
            /* Room for it was made. */
            (void)!gw_loop_timer_set(r->loop, &u->timer, gw_mb_poll_wake(&u->poll));
        }
    }
}

static void drop_rest(struct gw_mb_reactor *r, const struct draft *d)
{
    for (size_t i = 0; i < r->nunits; i++) {
        bool kept = false;
        for (size_t k = 0; k < d->nunits && !kept; k++)
            kept = d->units[k] == r->units[i];
        if (!kept)
            free_unit(r->units[i]);
    }
    for (size_t i = 0; i < r->nendpoints; i++) {
        bool kept = false;
        for (size_t k = 0; k < d->nendpoints && !kept; k++)
            kept = d->endpoints[k] == r->endpoints[i];
        if (!kept)
            free_endpoint(r->endpoints[i]);
    }
    free(r->units);
    free(r->endpoints);
}

/* The indexes and configuration of the new site, for what goes on. */
static void rename_kept(const struct draft *d)
{
    size_t e = 0;
    for (uint32_t i = 0; i < d->site->nbuses; i++) {
        if (!is_ours(&d->site->buses[i]))
            continue;
        d->endpoints[e]->bus = i;
        d->endpoints[e++]->conf = d->site->buses[i].priv;
    }
    for (size_t i = 0; i < d->nunits; i++) {
        struct unit *u = d->units[i];
        if (d->passes[i] == NULL)
            continue;
        gw_mb_pass_take(u->pass, d->passes[i]);
        for (uint32_t k = 0; k < d->site->ndevices; k++)
            if (strcmp(u->name + strlen("devices."), d->site->devices[k].id) == 0)
                u->device = k;
    }
}

static void carry_out(struct gw_mb_reactor *r, struct draft *d, const struct gw_driver_env *env)
{
    const struct gw_batch_sink sink = r->env.sink;
    drop_rest(r, d);
    rename_kept(d);
    r->endpoints = d->endpoints;
    r->nendpoints = d->nendpoints;
    r->units = d->units;
    r->nunits = d->nunits;
    for (size_t e = 0; e < r->nendpoints; e++) {
        r->endpoints[e]->nunits = 0;
        for (size_t i = 0; i < r->nunits; i++)
            r->endpoints[e]->nunits += r->units[i]->ep == r->endpoints[e];
    }
    if (d->resolver != NULL) {
        close_resolver(r);
        for (size_t e = 0; e < r->nendpoints; e++)
            r->endpoints[e]->asking = false;
        r->resolver = d->resolver;
        r->names_max = d->names_max;
        r->names.fd = gw_mb_resolver_fd(r->resolver);
        (void)!gw_loop_watch(r->loop, &r->names, GW_LOOP_IN);
    }
    struct gw_shared *before = r->env.owner;
    r->env = *env;
    r->env.owner = gw_shared_hold(env->owner);
    gw_shared_drop(before);
    if (sink.put != NULL)
        r->env.sink = sink;
    free(d->passes);
    start_units(r);
}

static void throw_away(struct gw_mb_reactor *r, struct draft *d)
{
    for (size_t i = 0; d->units != NULL && i < d->nunits; i++)
        if (d->units[i]->fresh)
            free_unit(d->units[i]);
        else
            gw_mb_pass_free(d->passes[i]);
    for (size_t i = 0; d->endpoints != NULL && i < d->nendpoints; i++)
        if (is_fresh(r, d->endpoints[i]))
            free_endpoint(d->endpoints[i]);
    gw_mb_resolver_free(d->resolver, RESOLVER_WAIT_MS);
    free(d->endpoints);
    free(d->units);
    free(d->passes);
}

enum gw_status gw_mb_reactor_reload(struct gw_mb_reactor *r, const struct gw_driver_env *env,
                                    const struct gw_driver_keep *keep, struct gw_err *err)
{
    struct draft d = {.site = env->site, .keep = keep, .pulses = env->pulses};
    struct gw_watch watch = {.fd = -1};
    enum gw_status status = GW_OK;
    d.endpoints = calloc(d.site->nbuses + 1, sizeof(struct endpoint *));
    d.units = calloc(d.site->ndevices + 1, sizeof(struct unit *));
    d.passes = calloc(d.site->ndevices + 1, sizeof(struct gw_mb_pass *));
    if (d.endpoints == NULL || d.units == NULL || d.passes == NULL)
        status = gw_err_set(err, GW_E_NOMEM, "modbus: out of memory");
    if (status == GW_OK)
        status = draft_endpoints(r, &d, err);
    if (status == GW_OK)
        status = draft_units(r, &d, err);
    if (status == GW_OK)
        status = draft_resolver(r, &d, err);
    if (status == GW_OK)
        status = watch_names(r, &d, &watch, err);
    if (status == GW_OK)
        status = reserve_timers(r, &d, err);
    if (status == GW_OK)
        carry_out(r, &d, env);
    else
        throw_away(r, &d);
    return status;
}

enum gw_status gw_mb_reactor_new(const struct gw_driver_env *env, const struct gw_mb_lookup *lookup,
                                 struct gw_mb_reactor **out, struct gw_err *err)
{
    static const struct gw_mb_lookup system_lookup = {.lookup = gw_mb_lookup_system};
    struct gw_mb_reactor *r = calloc(1, sizeof *r);
    if (r == NULL)
        return gw_err_set(err, GW_E_NOMEM, "modbus: out of memory");
    r->lookup = lookup != NULL ? *lookup : system_lookup;
    r->names = (struct gw_watch){.fd = -1, .ready = gw_mb_reactor_on_names, .arg = r};
    enum gw_status status = gw_loop_new(env->clock, &r->loop, err);
    if (status == GW_OK)
        status = gw_mb_reactor_reload(r, env, NULL, err);
    if (status != GW_OK) {
        gw_mb_reactor_free(r);
        return status;
    }
    *out = r;
    return GW_OK;
}

void gw_mb_reactor_free(struct gw_mb_reactor *r)
{
    if (r == NULL)
        return;
    close_resolver(r);
    if (r->loop != NULL)
        gw_loop_timer_clear(r->loop, &r->pulse);
    for (size_t i = 0; i < r->nunits; i++)
        free_unit(r->units[i]);
    for (size_t i = 0; i < r->nendpoints; i++)
        free_endpoint(r->endpoints[i]);
    gw_loop_free(r->loop);
    gw_shared_drop(r->env.owner);
    free(r->units);
    free(r->endpoints);
    free(r);
}

struct gw_loop *gw_mb_reactor_loop(struct gw_mb_reactor *r)
{
    return r->loop;
}
