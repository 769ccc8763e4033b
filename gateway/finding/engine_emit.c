/* SPDX-License-Identifier: Apache-2.0
 *
 * What leaves the engine: drafts. Nothing of a check changes before its draft was taken.
 */
#include "base/crypto.h"
#include "base/log.h"
#include "finding/engine_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Windows recorded at one call: a bus that fails raises many cases in one moment. */
#define WINDOWS_AT_ONCE 4

/* A transition as it would be; *slot is what the check becomes. */
struct transition {
    struct gw_slot slot;
    const char *state; /* "raised" ... */
    bool opens;
    char alarm_id[GW_RECORD_ID_SIZE]; /* quoted */
    int64_t delay_ms;
    int64_t observed_ms;
    const char *summary;          /* why it is one; NULL: it is none */
    int64_t count;                /* how often it came and went */
    const struct gw_command *ack; /* that acknowledges it; NULL: none */
};

static bool wants_evidence(const struct gw_finding *f)
{
    return f->cls == GW_CLASS_LEAD || f->priority <= 2;
}

static uint64_t new_token(struct gw_engine *e, const struct gw_slot *s)
{
    /* The slot in the low half, so that a commit finds it; the count tells old ones apart. */
    e->tokens++;
    return e->tokens << 32 | (uint64_t)(s - e->slots + 1);
}

/* What a person has shelved is told last. */
static int priority_of(struct gw_engine *e, const struct gw_slot *s)
{
    return gw_engine_shelf(e, s) != NULL ? 4 : s->def->finding->priority;
}

/* Writes the record of t into e->body. False, and told to the log, when it cannot be written. */
static bool write_record(struct gw_engine *e, const struct gw_slot *s, const struct transition *t,
                         const struct gw_rule_ctx *ctx, const struct gw_stamp *now)
{
    struct gw_rule_ctx decided = *ctx;
    struct gw_rule_memory memory = *ctx->memory; /* nothing goes on by being told */
    decided.memory = &memory;
    decided.explain = true;
    (void)gw_rule_eval(&decided); /* the same answer, now with its words */
    const struct gw_check_def *def = t->slot.def;
    char case_id[GW_CASE_ID];
    gw_engine_case_id(def->key, t->slot.mem.c.number, case_id);
    const struct gw_shelf *shelf = gw_engine_shelf(e, s);
    const bool window = t->opens && t->slot.mem.evidence;
    const struct gw_record r = {
        .inventory = e->conf.inventory,
        .check = def,
        .decided = &decided,
        .table = e->conf.table,
        .boot_id = e->boot_id,
        .state = t->state,
        .case_id = case_id,
        .reopened = t->slot.mem.c.reopened,
        .repeats = t->slot.mem.c.repeats,
        .accepted = gw_engine_accepted(e),
        .permit = gw_govern_noted(&e->govern, e->catalogue, def, now, e->conf.built_ms),
        .rectify = gw_govern_rectify(&e->govern, def->key, t->slot.mem.c.number),
        .alarm_id = t->alarm_id,
        .shelf = shelf,
        .ack = t->ack,
        .priority = priority_of(e, s),
        .summary = t->summary,
        .count = t->count,
        .delay_ms = t->delay_ms,
        .now = *now,
        .observed_wall_ms = t->observed_ms,
        .before_ms = window ? e->before_ms : 0,
        .after_ms = window ? e->after_ms : 0,
    };
    gw_buf_clear(&e->body);
    gw_record_write(&r, &e->body);
    if (e->body.failed) {
        gw_ratelog_fail(&e->trouble, now->mono_ms, "finding", "%s: the record cannot be written",
                        def->key);
        return false;
    }
    return true;
}

/* Room for noting what the journal is about to be given. What lacks it is tried again. */
static bool has_room(struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now)
{
    if (gw_slot_room(s))
        return true;
    gw_ratelog_fail(&e->trouble, now->mono_ms, "finding", "%s: out of memory", s->def->key);
    return false;
}

/* Offers the record of t; s becomes t->slot when it is taken. */
static enum gw_status offer(struct gw_engine *e, struct gw_slot *s, struct transition *t,
                            const struct gw_rule_ctx *ctx, const struct gw_stamp *now)
{
    if (!has_room(e, s, now) || !write_record(e, s, t, ctx, now))
        return GW_E_FULL;
    t->slot.stored = s->stored;
    char text[GW_CHECK_STATE_TEXT];
    const struct gw_check_state state = gw_slot_state(&t->slot);
    gw_check_state_write(&state, text);
    const struct gw_draft draft = {
        .cls = s->def->finding->cls,
        .priority = priority_of(e, s),
        .body = e->body.data,
        .body_len = e->body.len,
        .state_key = s->def->key,
        .state = text,
        .opens = t->opens,
        .token = new_token(e, s),
    };
    const enum gw_status status = e->conf.emit(e->conf.emit_ctx, &draft);
    if (status != GW_OK)
        return status;
    gw_slot_note(&t->slot, &state, now->mono_ms);
    t->slot.token = draft.token;
    t->slot.opens = t->opens;
    *s = t->slot;
    return GW_OK;
}

/* ---- windows ---- */

/* Records the window of the last raise, up to now at most. True when it was taken. */
static bool record_window(struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now)
{
    char id[GW_RECORD_ID_SIZE];
    char case_id[GW_CASE_ID];
    char sha256[GW_SHA256_HEX];
    gw_engine_record_id(e, s->seq, id);
    gw_engine_case_id(s->def->key, s->mem.c.number, case_id);
    const int64_t end = s->opened_ms + e->after_ms;
    const bool early = now->mono_ms < end;
    const struct gw_window w = {
        .inventory = e->conf.inventory,
        .check = s->def,
        .table = e->conf.table,
        .record_id = id,
        .from_ms = s->opened_ms - e->before_ms,
        .to_ms = early ? now->mono_ms : end,
        .cut = early || !s->opened_here,
        .scratch = e->scratch,
    };
    bool complete = false;
    gw_buf_clear(&e->window);
    gw_window_write(&w, &e->window, &complete);
    if (e->window.failed || gw_sha256_hex(e->window.data, e->window.len, sha256) != GW_OK) {
        gw_ratelog_fail(&e->trouble, now->mono_ms, "finding",
                        "%s: the evidence window cannot be written", s->def->key);
        return false;
    }
    const struct gw_evidence ev = {
        .inventory = e->conf.inventory,
        .check = s->def,
        .boot_id = e->boot_id,
        .case_id = case_id,
        .record_id = id,
        .sha256 = sha256,
        .bytes = e->window.len,
        .before_ms = e->before_ms,
        .after_ms = w.to_ms - s->opened_ms,
        .complete = complete,
        .now = *now,
    };
    gw_buf_clear(&e->body);
    gw_evidence_write(&ev, &e->body);

    struct gw_check_state state = gw_slot_state(s);
    char text[GW_CHECK_STATE_TEXT];
    state.evidence = false;
    gw_check_state_write(&state, text);
    const struct gw_draft draft = {
        .cls = GW_CLASS_EVIDENCE,
        .priority = s->def->finding->priority,
        .body = e->body.data,
        .body_len = e->body.len,
        .state_key = s->def->key,
        .state = text,
        .window_id = id,
        .window = e->window.data,
        .window_len = e->window.len,
    };
    if (e->body.failed || !has_room(e, s, now) || e->conf.emit(e->conf.emit_ctx, &draft) != GW_OK)
        return false;
    s->mem.evidence = false;
    gw_slot_note(s, &state, now->mono_ms);
    return true;
}

/* The monotonic time of a raise before the start is only known by the wall clock. */
static void place_restored(struct gw_slot *s, const struct gw_stamp *now)
{
    if (!s->opened_here && s->opened_ms == INT64_MIN) {
        const int64_t ago = now->wall_ms - s->mem.c.raised_ms;
        s->opened_ms = now->mono_ms - (ago > 0 ? ago : 0);
    }
}

void gw_engine_windows(struct gw_engine *e, const struct gw_stamp *now)
{
    int left = WINDOWS_AT_ONCE;
    for (size_t i = 0; i < e->nslots && left > 0; i++) {
        struct gw_slot *s = &e->slots[i];
        if (!s->mem.evidence || s->token != 0)
            continue;
        if (s->seq == 0) { /* the raise has no number to hang it on: nothing to vouch for */
            s->mem.evidence = false;
            continue;
        }
        place_restored(s, now);
        if (now->mono_ms >= s->opened_ms + e->after_ms) {
            left--;
            (void)record_window(e, s, now); /* not taken: tried again at the next call */
        }
    }
}

/* ---- transitions ---- */

static void move_alarm(struct transition *t, bool active, int64_t wall_ms)
{
    struct gw_case *c = &t->slot.mem.c;
    struct gw_alarm a = gw_slot_alarm(&t->slot);
    const enum gw_alarm_change change =
        gw_alarm_step(&a, active ? GW_ALARM_IN_ACTIVE : GW_ALARM_IN_RETURN);
    assert(change == (active ? GW_ALARM_RAISED : GW_ALARM_RETURNED));
    t->slot.mem.alarm = a.state;
    t->state = gw_alarm_change_name(change);
    t->opens = active;
    if (active) {
        c->state = GW_CASE_OPEN;
        c->number++;
        c->repeats = 0;
        c->raised_ms = wall_ms;
    } else {
        c->state = GW_CASE_CLEARED;
        c->cleared_ms = wall_ms;
    }
}

static void move_case(struct transition *t, bool active, int64_t wall_ms)
{
    const enum gw_case_change change = gw_case_input(&t->slot.mem.c, active, wall_ms);
    assert(change != GW_CASE_SAME);
    t->state = gw_case_change_name(change);
    t->opens = active;
}

/* An alarm that chattered has come to rest: its end tells how often, as far as nobody was told. */
static void count_owed(struct transition *t)
{
    if (t->slot.owed == 0)
        return;
    t->summary = "chatter";
    t->count = t->slot.owed;
    t->slot.owed = 0;
}

/* An alarm that came and went in a flood before: this record tells of that, too. */
static void count_merged(struct transition *t)
{
    if (t->slot.mem.merged == 0)
        return;
    t->summary = "flood";
    t->count = t->slot.mem.merged;
    t->slot.mem.merged = t->slot.mem.merged_ms = 0;
}

/* Which alarm the record quotes. False when that alarm's own record has no number yet. */
static bool quote(struct gw_engine *e, struct transition *t, const struct gw_rule_ctx *ctx)
{
    struct gw_slot *next = &t->slot;
    int64_t seq = next->seq; /* an alarm quotes its own raise */
    if (next->def->finding->cls == GW_CLASS_LEAD) {
        if (t->opens) {
            next->mem.alarm_seq = 0;
            if (ctx->cause != GW_NO_INDEX) {
                if (e->slots[ctx->cause].token != 0 || gw_engine_release(e, ctx->cause))
                    return false;
                next->mem.alarm_seq = e->slots[ctx->cause].seq;
            }
        }
        seq = next->mem.alarm_seq;
    } else if (t->opens) {
        seq = 0;
    }
    gw_engine_record_id(e, seq, t->alarm_id);
    return true;
}

void gw_engine_transit(struct gw_engine *e, struct gw_slot *s, const struct gw_rule_ctx *ctx,
                       const struct gw_stamp *now)
{
    const struct gw_finding *f = s->def->finding;
    const bool active = !s->delay.active;
    struct transition t = {
        .delay_ms = active ? s->delay.on_ms : s->delay.off_ms,
        .observed_ms = s->mem.since_ms,
    };
    /* A raise that comes before the window of the last one has passed ends that window. */
    if (active && s->mem.evidence && s->seq != 0) {
        place_restored(s, now);
        if (!record_window(e, s, now))
            return;
    }
    t.slot = *s;
    if (f->cls == GW_CLASS_ALARM)
        move_alarm(&t, active, now->wall_ms);
    else
        move_case(&t, active, now->wall_ms);
    if (!quote(e, &t, ctx))
        return;
    gw_delay_commit(&t.slot.delay, active);
    t.slot.mem.since_ms = 0;
    t.slot.mem.worst = active ? ctx->value : (double)NAN;
    if (t.opens) {
        count_merged(&t);
        t.slot.held = t.slot.release = t.slot.tried = false;
        t.slot.mem.evidence = wants_evidence(f);
        t.slot.opened_ms = now->mono_ms;
        t.slot.opened_here = true;
    } else {
        count_owed(&t);
    }
    (void)offer(e, s, &t, ctx, now);
}

enum gw_status gw_engine_ack(struct gw_engine *e, const struct gw_command *cmd,
                             const struct gw_stamp *now)
{
    struct gw_slot *s = NULL;
    for (size_t i = 0; i < e->nslots && s == NULL; i++)
        if (strcmp(e->slots[i].def->key, cmd->target) == 0)
            s = &e->slots[i];
    if (s == NULL)
        return GW_E_NOTFOUND;
    if (s->token != 0)
        return GW_E_FULL;
    struct transition t = {.slot = *s, .observed_ms = now->wall_ms, .ack = cmd};
    struct gw_alarm a = gw_slot_alarm(s);
    const enum gw_alarm_change change = gw_alarm_step(&a, GW_ALARM_IN_ACK);
    if (change == GW_ALARM_NONE)
        return GW_E_INVAL;
    t.slot.mem.alarm = a.state;
    t.state = gw_alarm_change_name(change);
    gw_engine_record_id(e, s->seq, t.alarm_id);
    struct gw_rule_ctx ctx;
    gw_engine_ctx(e, s, now, &ctx);
    return offer(e, s, &t, &ctx, now) == GW_OK ? GW_OK : GW_E_FULL;
}

void gw_engine_again(struct gw_engine *e, struct gw_slot *s, enum gw_alarm_state state,
                     const struct gw_stamp *now)
{
    struct transition t = {
        .slot = *s,
        .state = gw_alarm_change_name(GW_ALARM_AGAIN),
        .observed_ms = now->wall_ms,
    };
    struct gw_rule_ctx ctx;
    t.slot.mem.alarm = state;
    gw_engine_record_id(e, s->seq, t.alarm_id);
    gw_engine_ctx(e, s, now, &ctx);
    if (offer(e, s, &t, &ctx, now) == GW_OK)
        e->changed = true;
}

void gw_engine_summary(struct gw_engine *e, struct gw_slot *s, enum gw_summary what, int64_t count,
                       const struct gw_stamp *now)
{
    struct transition t = {
        .slot = *s,
        .state = "summary",
        .summary = what == GW_SUMMARY_FLOOD ? "flood" : "chatter",
        .count = count,
        .observed_ms = s->mem.c.raised_ms,
    };
    if (what == GW_SUMMARY_FLOOD) {
        /* They are one case that has come and gone, told by this record alone. */
        struct gw_case *c = &t.slot.mem.c;
        if (s->merged_ms != 0)
            t.observed_ms = now->wall_ms - (now->mono_ms - s->merged_ms);
        else /* before the start */
            t.observed_ms = s->mem.merged_ms != 0 ? s->mem.merged_ms : now->wall_ms;
        c->number++;
        c->state = GW_CASE_CLEARED;
        c->raised_ms = t.observed_ms;
        c->cleared_ms = now->wall_ms;
        t.slot.mem.merged = t.slot.mem.merged_ms = 0;
        t.slot.merged_ms = 0;
    } else {
        gw_engine_record_id(e, s->seq, t.alarm_id);
        t.slot.told = s->chatter.changes;
        t.slot.told_ms = now->mono_ms;
    }
    struct gw_rule_ctx ctx;
    gw_engine_ctx(e, s, now, &ctx);
    (void)offer(e, s, &t, &ctx, now);
}

enum gw_status gw_engine_update(struct gw_engine *e, struct gw_slot *s,
                                const struct gw_rectify *said, const struct gw_stamp *now)
{
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    const struct transition t = {.slot = *s, .state = "unverified", .observed_ms = now->wall_ms};
    struct gw_rule_ctx ctx;
    gw_engine_ctx(e, s, now, &ctx);
    if (!write_record(e, s, &t, &ctx, now))
        return GW_E_FULL;
    gw_rectify_row(said, key, text);
    const struct gw_draft draft = {
        .cls = GW_CLASS_LEAD,
        .priority = s->def->finding->priority,
        .body = e->body.data,
        .body_len = e->body.len,
        .state_key = key,
        .state = text,
    };
    return e->conf.emit(e->conf.emit_ctx, &draft);
}

/* ---- state rows alone ---- */

static int64_t magnitude(int64_t v)
{
    return v < 0 ? -v : v;
}

/* Hours held are stored hour by hour; that they are over, at once. A value that moves all the time
 * holds next to nothing, and stores nothing but how often it moved, ever more seldom. */
static bool stale_memory(const struct gw_rule_memory *stored, const struct gw_rule_memory *now)
{
    const int64_t hour = 3600000;
    if (strcmp(now->kept, stored->kept) != 0 || strcmp(now->told, stored->told) != 0 ||
        now->moves > stored->moves + stored->moves / 2 + 10 ||
        now->calm_ms > stored->calm_ms + stored->calm_ms / 4 + 60000)
        return true;
    return now->held_ms - stored->held_ms > hour ||
           (stored->held_ms > 0 && (now->held_ms < stored->held_ms || now->moved != stored->moved));
}

/* Whether enough has moved on since the row was stored. */
static bool stale_row(const struct gw_slot *s, const struct gw_check_state *now, int64_t now_ms)
{
    const struct gw_check_state *stored = gw_slot_stored(s);
    /* What stands is stored with its record; only a replaced store may lack it. */
    if (now->active != stored->active || now->c.state != stored->c.state ||
        now->c.number != stored->c.number)
        return true;
    const int64_t delay = s->delay.active ? s->delay.off_ms : s->delay.on_ms;
    int64_t least = delay / 10;
    least = least < 1000 ? 1000 : least > 60000 ? 60000 : least;
    const int64_t moved =
        magnitude(now->ran_on - stored->ran_on) + magnitude(now->ran_off - stored->ran_off);
    if (moved >= least || now->alarm != stored->alarm || now->merged != stored->merged ||
        now->seen != stored->seen || stale_memory(&stored->memory, &now->memory))
        return true;
    const bool worse = isnan(now->worst) ? !isnan(stored->worst) : !(now->worst == stored->worst);
    const bool counted = now->fleeting != stored->fleeting || now->chatter != stored->chatter ||
                         now->votes != stored->votes || now->c.repeats != stored->c.repeats;
    return (worse || counted) && now_ms - s->stored_ms >= 60000;
}

bool gw_engine_store(struct gw_engine *e, const char *key, const char *text)
{
    const struct gw_draft draft = {
        .cls = GW_CLASS_NONE,
        .priority = 4,
        .state_key = key,
        .state = text,
    };
    return e->conf.emit(e->conf.emit_ctx, &draft) == GW_OK;
}

/* False when the journal takes no more now. */
static bool store_row(struct gw_engine *e, const char *key, const struct gw_check_state *state)
{
    char text[GW_CHECK_STATE_TEXT];
    gw_check_state_write(state, text);
    return gw_engine_store(e, key, text);
}

void gw_engine_checkpoint(struct gw_engine *e, const struct gw_stamp *now, bool final)
{
    for (size_t i = 0; i < e->nslots; i++) {
        struct gw_slot *s = &e->slots[i];
        const struct gw_check_state state = gw_slot_state(s);
        const bool due = final ? !gw_check_state_same(&state, gw_slot_stored(s))
                               : stale_row(s, &state, now->mono_ms);
        if (!due)
            continue;
        if (!has_room(e, s, now) || !store_row(e, s->def->key, &state))
            return;
        if (s->shown.c.repeats != state.c.repeats && s->shown.c.number == state.c.number) {
            s->shown.c.repeats = state.c.repeats;
            e->changed = true;
        }
        gw_slot_note(s, &state, now->mono_ms);
    }
    if (gw_life_due(&e->life, now, final)) {
        char text[GW_LIFE_TEXT];
        gw_life_row(&e->life, now, e->boot_id, text);
        if (!gw_engine_store(e, GW_LIFE_KEY, text))
            return;
        e->life.stored = true;
        e->life.stored_ms = now->mono_ms;
    }
    gw_engine_store_govern(e);
    for (size_t i = 0; i < e->norphans; i++) {
        struct gw_orphan *o = &e->orphans[i];
        if (o->unstored && !store_row(e, o->key, &o->state))
            return;
        o->unstored = false;
    }
}
