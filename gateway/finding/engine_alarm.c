/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarms between their condition and their record: votes, chatter, floods, latches, masks.
 *
 * A condition is first voted on (n of the last m samples), then delayed. What is due after that is
 * not always told at once: the return of an alarm that chatters or latches waits, and in a flood
 * the raise of a low-priority alarm. A wait changes no decision: rules that look at an alarm see it
 * active from the moment at which it is due.
 */
#include "finding/engine_parts.h"
#include "finding/rule_parts.h"

#include <math.h>

/* Alarms of this and lower urgency wait in a flood. The more urgent ones never do. */
#define FLOOD_PRIORITY 3

static bool is_alarm(const struct gw_slot *s)
{
    return s->def->finding->cls == GW_CLASS_ALARM;
}

struct gw_alarm gw_slot_alarm(const struct gw_slot *s)
{
    return (struct gw_alarm){
        .state = s->mem.alarm, .latch = s->def->finding->latch, .masks = s->masks};
}

const struct gw_shelf *gw_engine_shelf(const struct gw_engine *e, const struct gw_slot *s)
{
    for (size_t i = 0; i < GW_SHELVES_MAX && e->nshelves > 0; i++)
        if (e->shelves[i].slot == (uint32_t)(s - e->slots))
            return &e->shelves[i];
    return NULL;
}

/* ---- masks ---- */

static void set_mask(struct gw_engine *e, struct gw_slot *s, bool on, enum gw_alarm_input set,
                     enum gw_alarm_input unset)
{
    struct gw_alarm a = gw_slot_alarm(s);
    if (gw_alarm_step(&a, on ? set : unset) != GW_ALARM_NONE)
        e->changed = true;
    s->masks = a.masks;
}

/* Whether the alarm is about just that: it tells of the work, and is not set aside by it. */
static bool tells_of_service(const struct gw_rule_def *rule)
{
    const uint32_t states = UINT32_C(1) << GW_S_SHIELDED | UINT32_C(1) << GW_S_INHIBIT;
    for (size_t i = 0; i < rule->ntests; i++)
        if ((rule->tests[i].states & states) != 0)
            return true;
    return rule->inhibit;
}

/* Whether the instrument that decides says of itself that it is in maintenance or calibration. */
static bool out_of_service(const struct gw_engine *e, const struct gw_slot *s, int64_t now_ms)
{
    const enum gw_rule rule = s->def->rule->rule;
    if (s->def->npoints == 0 || rule == GW_RULE_OVERDUE || rule == GW_RULE_CHATTER)
        return false; /* they look at no signal */
    if (tells_of_service(s->def->rule))
        return false;
    const struct gw_sample at = gw_table_get(e->conf.table, s->def->points[0].point, now_ms);
    if (at.quality == GW_Q_INHIBIT)
        return true;
    return gw_quality_usable((enum gw_quality)at.quality) && at.valued != 0 &&
           at.vtype == GW_V_STATE && (at.value.i == GW_S_SHIELDED || at.value.i == GW_S_INHIBIT);
}

static void look_at_masks(struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now)
{
    const bool stopped = s->def->finding->run != GW_RUN_NONE &&
                         gw_rule_run(s->def, e->conf.table, now->mono_ms) == GW_RUN_STOPPED;
    set_mask(e, s, stopped, GW_ALARM_IN_SUPPRESS, GW_ALARM_IN_UNSUPPRESS);
    set_mask(e, s, out_of_service(e, s, now->mono_ms), GW_ALARM_IN_REMOVE, GW_ALARM_IN_RESTORE);
    set_mask(e, s, gw_engine_shelf(e, s) != NULL, GW_ALARM_IN_SHELVE, GW_ALARM_IN_UNSHELVE);
}

/* ---- the condition ---- */

static enum gw_tri voted(struct gw_slot *s, const struct gw_rule_ctx *ctx)
{
    const double of = gw_check_param(s->def, GW_PARAM_VOTES_OF, 1.0);
    const double votes = gw_check_param(s->def, GW_PARAM_VOTES, 1.0);
    if (of < 2)
        return s->raw;
    struct gw_vote v = {.bits = s->mem.votes, .stamp_ms = s->vote_ms};
    const unsigned m = (unsigned)of;
    const unsigned n = votes < of ? (unsigned)votes : m;
    const enum gw_tri answer = gw_vote_step(&v, s->raw, ctx->stamp_ms, n, m);
    s->mem.votes = v.bits;
    s->vote_ms = v.stamp_ms;
    return answer;
}

enum gw_tri gw_engine_watch(struct gw_engine *e, struct gw_slot *s, const struct gw_rule_ctx *ctx,
                            const struct gw_stamp *now)
{
    if (!is_alarm(s))
        return s->raw;
    look_at_masks(e, s, now);
    const enum gw_tri answer = voted(s, ctx);
    const int64_t changes = s->chatter.changes;
    if (s->def->rule->rule != GW_RULE_CHATTER &&
        gw_chatter_step(&s->chatter, &e->chatter, answer, now->mono_ms)) {
        e->changed = true;
        if (!s->chatter.on)
            s->owed += changes - s->told;
        s->told_ms = now->mono_ms;
        s->told = s->chatter.changes;
    }
    s->mem.chatter = s->chatter.changes;
    return answer;
}

/* ---- what is due ---- */

/* A condition that went away before its delay had passed: fleeting; or one that came and went while
 * its raise waited. */
static void forget_attempt(struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now)
{
    s->tried = false;
    e->changed = true;
    if (!s->held) {
        s->mem.fleeting++;
        return;
    }
    s->held = false;
    s->release = false;
    s->mem.worst = (double)NAN;
    if (s->mem.merged++ == 0) {
        s->merged_ms = now->mono_ms;
        s->mem.merged_ms = now->wall_ms > 0 ? now->wall_ms : 0;
    }
}

void gw_engine_track(struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now)
{
    if (!is_alarm(s))
        return;
    if (s->delay.active)
        s->tried = false;
    else if (s->answer == GW_TRUE)
        s->tried = true;
    else if (s->answer == GW_FALSE && s->tried)
        forget_attempt(e, s, now);
}

/* A latched alarm whose condition has come back. */
static void wake(struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now)
{
    struct gw_alarm a = gw_slot_alarm(s);
    if (s->mem.alarm == GW_ALARM_LATCHED && s->answer == GW_TRUE && s->token == 0 &&
        gw_alarm_step(&a, GW_ALARM_IN_ACTIVE) == GW_ALARM_AGAIN)
        gw_engine_again(e, s, a.state, now);
}

/* Whether the return is to be told. */
static bool lets_return(struct gw_engine *e, struct gw_slot *s)
{
    if (s->chatter.on)
        return false;
    struct gw_alarm a = gw_slot_alarm(s);
    if (gw_alarm_step(&a, GW_ALARM_IN_RETURN) == GW_ALARM_RETURNED)
        return true;
    if (a.state != s->mem.alarm) {
        s->mem.alarm = a.state;
        s->shown.alarm = a.state;
        e->changed = true;
    }
    return false;
}

/* Whether the raise is to be told now. */
static bool lets_raise(struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now)
{
    if (!s->counted && (s->masks & GW_ALARM_MASK_SHELVED) == 0) {
        gw_flood_add(&e->flood, now->mono_ms);
        if (gw_flood_step(&e->flood, &e->flood_conf, now->mono_ms))
            e->changed = true;
    }
    s->counted = true;
    const bool waits = e->flood.on && s->def->finding->priority >= FLOOD_PRIORITY && !s->release;
    if (!waits)
        return true;
    if (!s->held) {
        s->held = true;
        s->held_ms = now->mono_ms;
        e->changed = true;
    }
    return now->mono_ms - s->held_ms >= e->summary_ms;
}

bool gw_engine_lets(struct gw_engine *e, struct gw_slot *s, enum gw_tri due,
                    const struct gw_stamp *now)
{
    if (!is_alarm(s))
        return due != GW_UNKNOWN;
    if (due != GW_TRUE)
        s->counted = false;
    switch (due) {
    case GW_TRUE:
        return lets_raise(e, s, now);
    case GW_FALSE:
        return lets_return(e, s);
    case GW_UNKNOWN:
        wake(e, s, now);
        break;
    }
    return false;
}

bool gw_engine_release(struct gw_engine *e, uint32_t check)
{
    struct gw_slot *s = &e->slots[check];
    if (!s->held || s->delay.active)
        return false;
    s->release = true;
    return true;
}

/* ---- from time to time ---- */

static void look_at_age(struct gw_engine *e, struct gw_slot *s, int64_t wall_ms)
{
    const bool stale = s->delay.active && s->mem.alarm != GW_ALARM_LATCHED &&
                       wall_ms - s->mem.c.raised_ms >= e->stale_ms;
    if (stale != s->stale)
        e->changed = true;
    s->stale = stale;
}

/* Tells, at most once in a while, of an alarm that chatters, or that came and went in a flood. */
static void summarise(struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now)
{
    if (s->token != 0)
        return;
    const bool over = !e->flood.on || now->mono_ms - s->merged_ms >= e->summary_ms;
    if (s->mem.merged > 0 && !s->delay.active && !s->held && over) {
        gw_engine_summary(e, s, GW_SUMMARY_FLOOD, s->mem.merged, now);
        return;
    }
    const int64_t more = s->chatter.changes - s->told;
    if (s->chatter.on && s->delay.active && more > 0 && !e->merging &&
        now->mono_ms - s->told_ms >= e->summary_ms)
        gw_engine_summary(e, s, GW_SUMMARY_CHATTER, more, now);
}

void gw_engine_alarms(struct gw_engine *e, const struct gw_stamp *now)
{
    if (!e->flood_seeded) { /* alarms that were raised shortly before the start */
        for (size_t i = 0; i < e->nslots; i++) {
            const int64_t ago = now->wall_ms - e->slots[i].mem.c.raised_ms;
            if (is_alarm(&e->slots[i]) && e->slots[i].mem.c.number > 0 && ago >= 0 &&
                ago < e->flood_conf.window_ms)
                gw_flood_add(&e->flood, now->mono_ms - ago);
        }
        e->flood_seeded = true;
    }
    if (gw_flood_step(&e->flood, &e->flood_conf, now->mono_ms))
        e->changed = true;
    for (size_t i = 0; i < GW_SHELVES_MAX; i++)
        if (e->shelves[i].slot != GW_NO_INDEX && gw_shelf_over(&e->shelves[i], now))
            (void)gw_engine_unshelve(e, &e->shelves[i], NULL, now); /* tried again when not taken */
    for (size_t i = 0; i < e->nslots; i++) {
        struct gw_slot *s = &e->slots[i];
        if (!is_alarm(s))
            continue;
        look_at_age(e, s, now->wall_ms);
        summarise(e, s, now);
    }
}

void gw_engine_alarm_conf(struct gw_engine *e)
{
    const struct gw_alarm_system *a = gw_catalogue_alarm_system(e->catalogue);
    e->chatter = (struct gw_chatter_conf){.count = (unsigned)a->chatter_count,
                                          .window_ms = a->chatter_window_s * 1000,
                                          .quiet_ms = a->chatter_quiet_s * 1000};
    e->flood_conf = (struct gw_flood_conf){.start = (unsigned)a->flood_start,
                                           .end = (unsigned)a->flood_end,
                                           .window_ms = a->flood_window_s * 1000};
    e->summary_ms = a->summary_s * 1000;
    e->stale_ms = a->stale_h * 3600000;
    for (size_t i = 0; i < GW_SHELVES_MAX; i++)
        e->shelves[i].slot = GW_NO_INDEX;
}

/* ---- what others may see ---- */

static void write_shelf(const struct gw_engine *e, struct gw_jcs *j, const struct gw_shelf *shelf)
{
    char iso[GW_ISO_SIZE];
    gw_jcs_obj(j, NULL);
    gw_jcs_str(j, "by", shelf->by == GW_BY_PLATFORM ? "platform" : "local");
    gw_jcs_str(j, "check", e->slots[shelf->slot].def->key);
    gw_clock_iso(shelf->from_ms, iso);
    gw_jcs_str(j, "from", iso);
    gw_jcs_str(j, "reason", shelf->reason);
    gw_clock_iso(shelf->until_ms, iso);
    gw_jcs_str(j, "until", iso);
    gw_jcs_str(j, "who", shelf->who);
    gw_jcs_end(j);
}

/* Checks that look so, at most so many: the document has an end. */
#define LISTED_MAX 64

static void write_listed(const struct gw_engine *e, struct gw_jcs *j, const char *key,
                         bool (*looks)(const struct gw_slot *s))
{
    size_t n = 0;
    gw_jcs_arr(j, key);
    for (size_t i = 0; i < e->nslots && n < LISTED_MAX; i++) {
        if (is_alarm(&e->slots[i]) && looks(&e->slots[i])) {
            gw_jcs_str(j, NULL, e->slots[i].def->key);
            n++;
        }
    }
    gw_jcs_end(j);
}

static bool chatters(const struct gw_slot *s)
{
    return s->chatter.on;
}

static bool is_out(const struct gw_slot *s)
{
    return (s->masks & GW_ALARM_MASK_OUT_OF_SERVICE) != 0;
}

static bool is_stale(const struct gw_slot *s)
{
    return s->stale;
}

void gw_engine_write_shelves(const struct gw_engine *e, struct gw_jcs *j, const char *key)
{
    gw_jcs_arr(j, key);
    for (size_t i = 0; i < GW_SHELVES_MAX; i++)
        if (e->shelves[i].slot != GW_NO_INDEX)
            write_shelf(e, j, &e->shelves[i]);
    gw_jcs_end(j);
}

void gw_engine_write_alarms(const struct gw_engine *e, struct gw_jcs *j, const char *key)
{
    int64_t fleeting = 0;
    int64_t suppressed = 0;
    int64_t held = 0;
    for (size_t i = 0; i < e->nslots; i++) {
        const struct gw_slot *s = &e->slots[i];
        fleeting += s->mem.fleeting;
        suppressed += (s->masks & GW_ALARM_MASK_SUPPRESSED) != 0;
        held += s->held || s->mem.merged > 0;
    }
    gw_jcs_obj(j, key);
    write_listed(e, j, "chattering", chatters);
    gw_jcs_int(j, "fleeting", fleeting);
    gw_jcs_bool(j, "flood", e->flood.on);
    gw_jcs_int(j, "held", held);
    write_listed(e, j, "out_of_service", is_out);
    gw_engine_write_shelves(e, j, "shelved");
    write_listed(e, j, "stale", is_stale);
    gw_jcs_int(j, "suppressed", suppressed);
    gw_jcs_end(j);
}
