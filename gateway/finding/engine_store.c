/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engine gets back from the journal, and what of it others may see.
 */
#include "finding/engine_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- restoring ---- */

/* A key's parts, "<asset>:<code>[:<subject>]". */
struct key_parts {
    char asset[GW_ID_SIZE];
    char code[GW_CODE_SIZE];
    char subject[GW_POINT_ID];
};

static bool take_part(const char **at, char *out, size_t size, bool last)
{
    const char *colon = last ? NULL : strchr(*at, ':');
    const size_t n = colon != NULL ? (size_t)(colon - *at) : strlen(*at);
    if (n == 0 || n >= size)
        return false;
    memcpy(out, *at, n);
    out[n] = '\0';
    *at = colon != NULL ? colon + 1 : *at + n;
    return true;
}

static bool split_key(const char *key, struct key_parts *out)
{
    *out = (struct key_parts){.subject = ""};
    const char *at = key;
    const size_t len = strlen(key);
    if (len == 0 || len >= GW_CHECK_KEY || key[len - 1] == ':' ||
        !take_part(&at, out->asset, sizeof out->asset, false) ||
        !take_part(&at, out->code, sizeof out->code, false))
        return false;
    return *at == '\0' || take_part(&at, out->subject, sizeof out->subject, true);
}

static enum gw_status keep_orphan(struct gw_engine *e, const char *key,
                                  const struct gw_check_state *state, int64_t seq)
{
    if (state->c.state != GW_CASE_OPEN)
        return GW_OK; /* nothing stands */
    struct gw_orphan *more = realloc(e->orphans, (e->norphans + 1) * sizeof *more);
    if (more == NULL)
        return GW_E_NOMEM;
    e->orphans = more;
    struct gw_orphan *o = &e->orphans[e->norphans++];
    *o = (struct gw_orphan){.state = *state, .seq = seq};
    snprintf(o->key, sizeof o->key, "%s", key);
    return GW_OK;
}

static bool fits_class(const struct gw_slot *s, const struct gw_check_state *state)
{
    const bool alarmed = gw_alarm_stands(state->alarm);
    if (s->def->finding->cls == GW_CLASS_ALARM)
        return alarmed == state->active;
    return state->alarm == GW_ALARM_NORMAL;
}

enum gw_status gw_engine_restore(struct gw_engine *e, const char *key, const char *state,
                                 int64_t seq)
{
    struct gw_check_state st;
    struct key_parts parts;
    if (strncmp(key, GW_SHELF_PREFIX, strlen(GW_SHELF_PREFIX)) == 0)
        return gw_engine_restore_shelf(e, key, state);
    if (strcmp(key, GW_LIFE_KEY) == 0)
        return gw_life_restore(&e->life, state);
    if (gw_proofs_is_key(key))
        return gw_proofs_restore(&e->proofs, state);
    if (gw_govern_is_key(key))
        return gw_govern_restore(&e->govern, key, state);
    if (!split_key(key, &parts))
        return GW_E_PARSE;
    const enum gw_status status = gw_check_state_parse(state, &st);
    if (status != GW_OK)
        return status;
    for (size_t i = 0; i < e->nslots; i++) {
        struct gw_slot *s = &e->slots[i];
        if (strcmp(s->def->key, key) != 0)
            continue;
        if (!fits_class(s, &st))
            return GW_E_PARSE;
        if (!gw_slot_room(s))
            return GW_E_NOMEM;
        if (st.alarm == GW_ALARM_LATCHED && !s->def->finding->latch)
            st.alarm = GW_ALARM_UNACK; /* the catalogue has changed its mind */
        gw_chatter_restore(&s->chatter, st.chatter);
        s->told = st.chatter;
        s->delay.active = st.active;
        s->delay.ran_on = st.ran_on;
        s->delay.ran_off = st.ran_off;
        s->mem = st;
        gw_slot_note(s, &st, 0);
        s->shown = gw_shown_of(&st);
        s->seq = seq;
        s->opened_here = false;
        s->opened_ms = INT64_MIN; /* placed at the first step */
        return GW_OK;
    }
    return keep_orphan(e, key, &st, seq);
}

void gw_engine_committed(struct gw_engine *e, uint64_t token, int64_t seq)
{
    const uint64_t at = token & UINT32_MAX;
    if (at == 0 || at > e->nslots || e->slots[at - 1].token != token)
        return;
    struct gw_slot *s = &e->slots[at - 1];
    if (s->opens)
        s->seq = seq;
    s->token = 0;
    s->shown = gw_shown_of(&s->mem);
    e->changed = true;
}

/* ---- what others may see ---- */

static bool stands(const struct gw_shown *s)
{
    return s->c.state == GW_CASE_OPEN;
}

void gw_engine_counts(const struct gw_engine *e, struct gw_engine_counts *out)
{
    *out = (struct gw_engine_counts){.checks = e->nslots};
    for (size_t i = 0; i < e->nslots; i++) {
        const struct gw_slot *s = &e->slots[i];
        if (s->answer == GW_UNKNOWN)
            out->unknown++;
        if (s->withheld)
            out->withheld++;
        if (stands(&s->shown))
            *(s->def->finding->cls == GW_CLASS_ALARM ? &out->alarms : &out->leads) += 1;
    }
    for (size_t i = 0; i < e->norphans; i++)
        *(e->orphans[i].state.alarm != GW_ALARM_NORMAL ? &out->alarms : &out->leads) += 1;
}

struct standing {
    const char *key;
    struct gw_shown state;
    int64_t seq;
    const struct gw_slot *slot; /* NULL: no longer declared */
};

/* The one that holds at the time when the check was looked at; should it have just been taken away,
 * one of those that name the check. */
static const struct gw_permit *withholding(const struct gw_engine *e, const struct gw_slot *s)
{
    const struct gw_permit *p =
        gw_govern_withholding(&e->govern, e->catalogue, s->def, &e->looked, e->conf.built_ms);
    if (p != NULL)
        return p;
    for (size_t i = 0; i < e->govern.npermits; i++)
        if (gw_permit_withholds(&e->govern.permits[i], e->catalogue, s->def))
            return &e->govern.permits[i];
    return NULL;
}

static void show_standing(const struct gw_engine *e, const struct standing *st,
                          void (*see)(void *ctx, const struct gw_engine_case *c), void *ctx)
{
    struct key_parts parts;
    char id[GW_RECORD_ID_SIZE];
    char case_id[GW_CASE_ID];
    if (!split_key(st->key, &parts))
        return;
    const struct gw_finding *f = gw_catalogue_find(e->catalogue, parts.code);
    const bool alarm = st->state.alarm != GW_ALARM_NORMAL;
    const char *kind = "";
    if (alarm)
        kind = gw_kind_name(GW_KIND_EV);
    else if (f != NULL)
        kind = gw_kind_name(f->kind);
    gw_engine_record_id(e, st->seq, id);
    gw_engine_case_id(st->key, st->state.c.number, case_id);
    const struct gw_rectify *said = gw_govern_rectify(&e->govern, st->key, st->state.c.number);
    const bool unverified = said != NULL && said->unverified;
    const struct gw_engine_case c = {
        .id = case_id,
        .asset = parts.asset,
        .code = parts.code,
        .subject = parts.subject,
        .record = id,
        .finding = f,
        .kind = kind,
        .state = alarm        ? gw_alarm_state_name(st->state.alarm)
                 : unverified ? "unverified"
                              : "open",
        .alarm = alarm,
        .declared = st->slot != NULL,
        .reopened = st->state.c.reopened,
        .repeats = st->state.c.repeats,
        .since_ms = st->state.c.raised_ms,
        .rectify = said,
        .check = st->slot != NULL ? (uint32_t)(st->slot - e->slots) : GW_NO_INDEX,
        .shelf = st->slot != NULL ? gw_engine_shelf(e, st->slot) : NULL,
    };
    see(ctx, &c);
}

/* Where the permit ends while the condition stands, this case will be opened. */
static void show_withheld(const struct gw_engine *e, const struct gw_slot *s,
                          void (*see)(void *ctx, const struct gw_engine_case *c), void *ctx)
{
    char case_id[GW_CASE_ID];
    struct gw_case next = s->mem.c;
    (void)gw_case_input(&next, true, s->mem.since_ms);
    gw_engine_case_id(s->def->key, next.number, case_id);
    const struct gw_engine_case c = {
        .id = case_id,
        .asset = s->def->asset->id,
        .code = s->def->finding->code,
        .subject = s->def->subject,
        .record = "",
        .finding = s->def->finding,
        .kind = gw_kind_name(s->def->finding->kind),
        .state = "withheld",
        .declared = true,
        .reopened = next.reopened,
        .since_ms = s->mem.since_ms,
        .permit = withholding(e, s),
        .check = (uint32_t)(s - e->slots),
    };
    see(ctx, &c);
}

void gw_engine_each_case(const struct gw_engine *e,
                         void (*see)(void *ctx, const struct gw_engine_case *c), void *ctx)
{
    for (size_t i = 0; i < e->nslots; i++) {
        const struct gw_slot *s = &e->slots[i];
        if (stands(&s->shown)) {
            const struct standing st = {s->def->key, s->shown, s->seq, s};
            show_standing(e, &st, see, ctx);
        } else if (s->withheld) {
            show_withheld(e, s, see, ctx);
        }
    }
    for (size_t i = 0; i < e->norphans; i++) {
        const struct gw_orphan *o = &e->orphans[i];
        const struct standing st = {o->key, gw_shown_of(&o->state), o->seq, NULL};
        show_standing(e, &st, see, ctx);
    }
}

static void write_case(void *ctx, const struct gw_engine_case *c)
{
    struct gw_jcs *j = ctx;
    char since[GW_ISO_SIZE];
    gw_clock_iso(c->since_ms, since);
    gw_jcs_obj(j, NULL);
    gw_jcs_str(j, "asset", c->asset);
    gw_jcs_str(j, "case", c->id);
    gw_jcs_bool(j, "declared", c->declared);
    gw_jcs_str(j, "finding", c->code);
    gw_jcs_str(j, "kind", c->kind);
    if (c->permit != NULL)
        gw_jcs_str(j, "permit", c->permit->id);
    gw_jcs_str(j, "record", c->record);
    if (c->rectify != NULL)
        gw_record_rectify(j, "rectify", c->rectify);
    gw_jcs_int(j, "reopened", c->reopened);
    if (c->repeats > 0)
        gw_jcs_int(j, "repeats", c->repeats);
    gw_jcs_str(j, "since", since);
    gw_jcs_str(j, "state", c->state);
    gw_jcs_str(j, "subject", c->subject);
    gw_jcs_end(j);
}

void gw_engine_write_cases(const struct gw_engine *e, struct gw_jcs *j, const char *key)
{
    gw_jcs_arr(j, key);
    gw_engine_each_case(e, write_case, j);
    gw_jcs_end(j);
}

bool gw_engine_cases_changed(struct gw_engine *e)
{
    const bool changed = e->changed;
    e->changed = false;
    return changed;
}

/* ---- what people and the platform said ---- */

const struct gw_govern *gw_engine_govern(const struct gw_engine *e)
{
    return &e->govern;
}

bool gw_engine_accepted(const struct gw_engine *e)
{
    return e->govern.accepted.hash[0] != '\0' &&
           strcmp(e->govern.accepted.hash, e->inventory_sha256) == 0;
}

void gw_engine_write_withheld(const struct gw_engine *e, struct gw_jcs *j, const char *key)
{
    gw_jcs_arr(j, key);
    for (size_t i = 0; i < e->nslots; i++) {
        const struct gw_slot *s = &e->slots[i];
        const struct gw_permit *p = s->withheld ? withholding(e, s) : NULL;
        if (p == NULL)
            continue;
        gw_jcs_obj(j, NULL);
        gw_jcs_str(j, "asset", s->def->asset->id);
        gw_jcs_str(j, "finding", s->def->finding->code);
        gw_jcs_str(j, "permit", p->id);
        gw_jcs_str(j, "subject", s->def->subject);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}

bool gw_engine_governed(struct gw_engine *e)
{
    const bool governed = e->governed;
    e->governed = false;
    return governed;
}
