/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/engine.h"

#include "finding/engine_parts.h"
#include "finding/rule_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which checks look at which device ---- */

/* A set of devices for each slot, while the index is made. */
struct device_sets {
    uint64_t *bits;
    size_t words; /* of one set */
};

static void mark(const struct gw_engine *e, uint64_t *set, uint32_t point)
{
    if (point != GW_NO_INDEX) {
        const uint32_t device = gw_table_point(e->conf.table, point)->device;
        set[device / 64] |= UINT64_C(1) << device % 64;
    }
}

static void mark_role(const struct gw_engine *e, uint64_t *set, const struct gw_site_role *role)
{
    for (size_t i = 0; role != NULL && i < role->npoints; i++)
        mark(e, set, role->points[i]);
}

/* The devices that a check looks at, itself or through the alarms that it watches. These stand
 * before it. */
static void mark_slot(const struct gw_engine *e, const struct device_sets *sets, size_t i)
{
    const struct gw_check_def *def = e->slots[i].def;
    uint64_t *set = &sets->bits[i * sets->words];
    for (size_t k = 0; k < def->npoints; k++)
        mark(e, set, def->points[k].point);
    mark(e, set, def->run);
    for (size_t n = 0; n < def->rule->nneeds; n++)
        for (size_t k = 0; k < def->rule->needs[n].nalt; k++)
            mark_role(e, set, gw_check_need(def, n, k));
    for (size_t n = 0; n < def->rule->ntests; n++)
        mark_role(e, set, gw_check_test(def, n));
    for (size_t c = 0; c <= def->ncauses; c++) {
        const uint32_t cause = c < def->ncauses ? def->causes[c] : def->cause;
        if (cause != GW_NO_INDEX) {
            assert(cause < i);
            for (size_t w = 0; w < sets->words; w++)
                set[w] |= sets->bits[cause * sets->words + w];
        }
    }
}

static bool has(const struct device_sets *sets, size_t i, size_t device)
{
    return (sets->bits[i * sets->words + device / 64] >> device % 64 & 1u) != 0;
}

static bool make_index(struct gw_engine *e)
{
    e->ndevices = gw_table_ndevices(e->conf.table);
    struct device_sets sets = {.words = e->ndevices / 64 + 1};
    sets.bits = calloc(e->nslots * sets.words + 1, sizeof *sets.bits);
    e->device_start = calloc(e->ndevices + 1, sizeof *e->device_start);
    if (sets.bits == NULL || e->device_start == NULL) {
        free(sets.bits);
        return false;
    }
    size_t total = 0;
    for (size_t i = 0; i < e->nslots; i++) {
        mark_slot(e, &sets, i);
        for (size_t d = 0; d < e->ndevices; d++)
            total += has(&sets, i, d) ? 1 : 0;
    }
    e->by_device = calloc(total + 1, sizeof *e->by_device);
    size_t at = 0;
    for (size_t d = 0; e->by_device != NULL && d < e->ndevices; d++) {
        e->device_start[d] = at;
        for (size_t i = 0; i < e->nslots; i++)
            if (has(&sets, i, d))
                e->by_device[at++] = (uint32_t)i;
    }
    e->device_start[e->ndevices] = at;
    free(sets.bits);
    return e->by_device != NULL;
}

/* ---- life ---- */

/* All checks are evaluated several times a second, however slowly their points are polled. Where
 * this time passed between two evaluations the core was held up, and nobody looked. */
#define GAP_MS  5000
#define REST_MS 1000

static int64_t seconds(const struct gw_check_def *def, enum gw_param param)
{
    return (int64_t)llround(gw_check_param(def, param, 0.0) * 1000.0);
}

static bool init_slot(struct gw_slot *s, const struct gw_check_def *def)
{
    const bool alarm = def->finding->cls == GW_CLASS_ALARM;
    *s = (struct gw_slot){.def = def,
                          .rose_ms = INT64_MIN,
                          .trip = {.from_ms = INT64_MIN},
                          .mem = gw_check_state_none()};
    s->delay.max_gap_ms = GAP_MS;
    s->delay.on_ms = seconds(def, GW_PARAM_DELAY);
    s->delay.off_ms = seconds(def, alarm ? GW_PARAM_OFF : GW_PARAM_CLEAR);
    if (def->rule->rule == GW_RULE_REPEATED)
        s->recurrence = gw_recurrence_new();
    /* An alarm must not find memory short when it comes. */
    if (alarm && !gw_slot_room(s))
        return false;
    return s->recurrence != NULL || def->rule->rule != GW_RULE_REPEATED;
}

enum gw_status gw_engine_new(const struct gw_engine_conf *conf, struct gw_engine **out,
                             struct gw_err *err)
{
    struct gw_engine *e = calloc(1, sizeof *e);
    if (e == NULL)
        return gw_err_set(err, GW_E_NOMEM, "findings engine: out of memory");
    e->conf = *conf;
    e->site = gw_inventory_site(conf->inventory);
    e->catalogue = gw_inventory_catalogue(conf->inventory);
    e->before_ms = e->site->journal.window_before_s * 1000;
    e->after_ms = e->site->journal.window_after_s * 1000;
    e->changed = true;
    gw_engine_alarm_conf(e);
    snprintf(e->boot_id, sizeof e->boot_id, "%s", conf->boot_id);
    snprintf(e->inventory_sha256, sizeof e->inventory_sha256, "%s",
             conf->inventory_sha256 != NULL ? conf->inventory_sha256 : "");
    e->conf.boot_id = e->boot_id;
    e->conf.inventory_sha256 = e->inventory_sha256;
    gw_life_init(&e->life, e->site, conf->table);
    gw_buf_init(&e->window, GW_WINDOW_MAX);

    e->nslots = gw_inventory_count(conf->inventory);
    e->slots = calloc(e->nslots + 1, sizeof *e->slots);
    e->scratch = calloc(GW_HISTORY_MAX, sizeof *e->scratch);
    char *body = malloc(GW_RECORD_MAX + 1);
    if (body != NULL)
        gw_buf_fixed(&e->body, body, GW_RECORD_MAX + 1);
    bool made = true;
    for (size_t i = 0; e->slots != NULL && i < e->nslots; i++)
        made = init_slot(&e->slots[i], gw_inventory_at(conf->inventory, i)) && made;
    if (e->slots == NULL || e->scratch == NULL || body == NULL || !made || !make_index(e)) {
        gw_engine_free(e);
        return gw_err_set(err, GW_E_NOMEM, "findings engine: out of memory for %zu checks",
                          gw_inventory_count(conf->inventory));
    }
    *out = e;
    return GW_OK;
}

void gw_engine_free(struct gw_engine *e)
{
    if (e == NULL)
        return;
    free(e->body.data);
    gw_buf_free(&e->window);
    for (size_t i = 0; e->slots != NULL && i < e->nslots; i++) {
        gw_recurrence_free(e->slots[i].recurrence);
        free(e->slots[i].stored);
    }
    free(e->slots);
    free(e->orphans);
    free(e->by_device);
    free(e->device_start);
    free(e->scratch);
    gw_proofs_free(&e->proofs);
    free(e);
}

void gw_engine_settle(struct gw_engine *e)
{
    for (size_t i = 0; i < e->nslots; i++) {
        struct gw_slot *s = &e->slots[i];
        if (s->delay.active && s->token == 0) /* what nobody was told of yet is not accepted */
            (void)gw_rule_settle(&s->mem.memory);
    }
}

void gw_engine_merge(struct gw_engine *e, bool on)
{
    e->merging = on;
}

void gw_engine_chain(struct gw_engine *e, const char *chain)
{
    const bool replaced = e->chain[0] != '\0' && strcmp(e->chain, chain) != 0;
    for (size_t i = 0; replaced && i < e->nslots; i++) {
        gw_slot_forget(&e->slots[i]);
        e->slots[i].seq = 0;
        e->slots[i].mem.alarm_seq = 0;
    }
    for (size_t i = 0; replaced && i < e->norphans; i++) {
        e->orphans[i].seq = 0;
        e->orphans[i].state.alarm_seq = 0;
        e->orphans[i].unstored = true;
    }
    e->restore_govern = e->restore_govern || replaced;
    snprintf(e->chain, sizeof e->chain, "%s", chain);
}

void gw_engine_record_id(const struct gw_engine *e, int64_t seq, char out[GW_RECORD_ID_SIZE])
{
    out[0] = '\0';
    if (seq > 0 && e->chain[0] != '\0')
        snprintf(out, GW_RECORD_ID_SIZE, "%s-%" PRId64, e->chain, seq);
}

void gw_engine_case_id(const char *key, int64_t number, char out[GW_CASE_ID])
{
    snprintf(out, GW_CASE_ID, "%s#%" PRId64, key, number);
}

const struct gw_check_state *gw_slot_stored(const struct gw_slot *s)
{
    static const struct gw_check_state nothing = GW_CHECK_STATE_NONE;
    return s->stored != NULL ? s->stored : &nothing;
}

void gw_slot_forget(struct gw_slot *s)
{
    if (s->stored != NULL)
        *s->stored = gw_check_state_none();
}

bool gw_slot_room(struct gw_slot *s)
{
    if (s->stored == NULL) {
        s->stored = malloc(sizeof *s->stored);
        if (s->stored != NULL)
            *s->stored = gw_check_state_none();
    }
    return s->stored != NULL;
}

void gw_slot_note(struct gw_slot *s, const struct gw_check_state *stored, int64_t now_ms)
{
    assert(s->stored != NULL);
    *s->stored = *stored;
    s->stored_ms = now_ms;
}

struct gw_check_state gw_slot_state(const struct gw_slot *s)
{
    struct gw_check_state st = s->mem;
    st.active = s->delay.active;
    st.ran_on = s->delay.ran_on;
    st.ran_off = s->delay.ran_off;
    return st;
}

/* ---- evaluation ---- */

static struct gw_peer peer(const void *ctx, uint32_t check)
{
    const struct gw_engine *e = ctx;
    assert(check < e->nslots);
    const struct gw_slot *s = &e->slots[check];
    return (struct gw_peer){
        .active = s->delay.active || s->held,
        .answer = s->answer,
        .acked = s->mem.alarm == GW_ALARM_ACKED,
        .chatter = s->chatter.changes,
        .worst = s->mem.worst,
        .def = s->def,
    };
}

/* Field by field: the texts at its end are large, and nobody reads them before they are written. */
void gw_engine_ctx(const struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now,
                   struct gw_rule_ctx *out)
{
    const enum gw_rule rule = s->def->rule->rule;
    const bool governed = rule == GW_RULE_ORDER || rule == GW_RULE_PERMIT;
    out->check = s->def;
    out->table = e->conf.table;
    out->now_ms = now->mono_ms;
    out->catalogue = e->catalogue;
    out->was = s->mem.was;
    out->wall_ms = gw_life_date(&e->life, now);
    out->sync = now->sync;
    out->built_ms = e->conf.built_ms;
    out->memory = &s->mem.memory;
    out->recurrence = s->recurrence;
    out->duty = governed ? gw_govern_duty(&e->govern, s->def, now, e->conf.built_ms)
                         : (struct gw_duty){false};
    out->signs = &e->life.signs;
    out->proofs = &e->proofs;
    out->seen = s->mem.seen;
    out->peer = peer;
    out->peer_ctx = e;
    out->explain = false;
    out->why[0] = '\0';
    out->why_zh[0] = '\0';
}

static double extreme(const struct gw_slot *s, double x)
{
    const bool low = s->def->rule->low;
    if (isnan(s->mem.worst))
        return x;
    return low ? fmin(s->mem.worst, x) : fmax(s->mem.worst, x);
}

/* When the condition came and went, for proofs of interlocks. One that holds already when it is
 * first known did not come then. */
static void note_trip(struct gw_slot *s, int64_t stamp_ms)
{
    const bool holds = s->trip.to_ms == INT64_MAX;
    if (s->raw == GW_TRUE && s->fell)
        s->rose_ms = stamp_ms;
    if (s->raw != GW_UNKNOWN)
        s->fell = s->raw == GW_FALSE;
    if (s->answer == GW_TRUE && !holds)
        s->trip = (struct gw_trip){.from_ms = s->rose_ms, .to_ms = INT64_MAX};
    else if (s->answer == GW_FALSE && holds)
        s->trip.to_ms = stamp_ms;
}

/* What the evaluation leaves behind, whether or not anything follows from it. */
static void remember(struct gw_slot *s, const struct gw_rule_ctx *ctx, int64_t wall_ms)
{
    s->mem.seen = ctx->seen;
    note_trip(s, ctx->stamp_ms);
    if (s->answer == GW_UNKNOWN)
        return;
    if (s->def->finding->cls == GW_CLASS_LEAD && s->raw == GW_TRUE && !s->mem.was &&
        s->delay.active)
        s->mem.c.repeats++;
    s->mem.was = s->raw == GW_TRUE;
    if ((s->answer == GW_TRUE) == s->delay.active)
        s->mem.since_ms = 0;
    else if (s->mem.since_ms == 0)
        s->mem.since_ms = wall_ms;
    if ((s->delay.active || s->held) && isfinite(ctx->value))
        s->mem.worst = extreme(s, ctx->value);
}

static void step(struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now)
{
    struct gw_rule_ctx ctx;
    gw_engine_ctx(e, s, now, &ctx);
    s->raw = gw_rule_eval(&ctx);
    s->answer = gw_engine_watch(e, s, &ctx, now);
    remember(s, &ctx, now->wall_ms);
    const enum gw_tri due = gw_delay_step(&s->delay, s->answer, now->mono_ms);
    gw_engine_track(e, s, now);
    const bool withheld = due == GW_TRUE && gw_govern_withholding(&e->govern, e->catalogue, s->def,
                                                                  now, e->conf.built_ms) != NULL;
    if (withheld != s->withheld)
        e->changed = e->governed = true;
    s->withheld = withheld;
    if (!withheld && s->token == 0 && gw_engine_lets(e, s, due, now))
        gw_engine_transit(e, s, &ctx, now);
}

void gw_engine_device(struct gw_engine *e, uint32_t device, const struct gw_stamp *now)
{
    if (device >= e->ndevices)
        return;
    e->looked = *now;
    gw_engine_permits(e, now);
    for (size_t i = e->device_start[device]; i < e->device_start[device + 1]; i++)
        step(e, &e->slots[e->by_device[i]], now);
}

/* What was acted upon is over: the check clears by itself. */
static void settle_signs(struct gw_engine *e)
{
    for (size_t i = 0; i < e->nslots; i++) {
        const struct gw_slot *s = &e->slots[i];
        if (s->def->rule->rule == GW_RULE_SELF && s->mem.was && (s->delay.active || s->withheld))
            gw_life_told(&e->life, s->def->sign);
    }
}

/* Nothing holds, nothing runs, and it was looked at just now: what time alone brings about may wait
 * for the rest of a second. A pass over its device is never kept waiting. */
static bool rests(const struct gw_slot *s, int64_t now_ms)
{
    return s->raw == GW_FALSE && s->answer == GW_FALSE && s->delay.last == GW_FALSE &&
           !s->delay.active && !s->withheld && !s->held && s->token == 0 &&
           s->def->rule->rule != GW_RULE_SELF && now_ms - s->delay.last_ms < REST_MS;
}

void gw_engine_all(struct gw_engine *e, const struct gw_stamp *now)
{
    e->looked = *now;
    gw_engine_permits(e, now);
    gw_life_look(&e->life, now, e->conf.built_ms, e->boot_id);
    e->life.signs.changed = e->govern.accepted.hash[0] != '\0' && !gw_engine_accepted(e);
    for (size_t i = 0; i < e->nslots; i++)
        if (!rests(&e->slots[i], now->mono_ms))
            step(e, &e->slots[i], now);
    settle_signs(e);
    gw_engine_claims(e, now);
    gw_engine_alarms(e, now);
    gw_engine_windows(e, now);
}

int64_t gw_engine_due(const struct gw_engine *e)
{
    int64_t due_ms = INT64_MAX;
    for (size_t i = 0; i < e->nslots; i++) {
        const struct gw_delay *d = &e->slots[i].delay;
        if (d->last != (d->active ? GW_FALSE : GW_TRUE))
            continue;
        const int64_t left_ms = d->active ? d->off_ms - d->ran_off : d->on_ms - d->ran_on;
        if (left_ms > 0 && d->last_ms + left_ms < due_ms) /* what is over due waits for another */
            due_ms = d->last_ms + left_ms;
    }
    return due_ms;
}
