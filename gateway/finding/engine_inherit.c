/* SPDX-License-Identifier: Apache-2.0
 *
 * What an engine hands over to its successor while the gateway runs.
 *
 * It goes by the stored rows, as at a restart, so that both treat a changed catalogue or site file
 * in one way; then follows what no row tells, because a restart loses it.
 */
#include "finding/engine_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool gw_engine_waits(const struct gw_engine *e)
{
    for (size_t i = 0; i < e->nslots; i++)
        if (e->slots[i].token != 0)
            return true;
    return false;
}

/* The slot with that key, looked for from *at on: both engines have their checks in much the same
 * order. */
static struct gw_slot *find_slot(struct gw_engine *e, const char *key, size_t *at)
{
    for (size_t n = 0; n < e->nslots; n++) {
        const size_t i = (*at + n) % e->nslots;
        if (strcmp(e->slots[i].def->key, key) == 0) {
            *at = i + 1;
            return &e->slots[i];
        }
    }
    return NULL;
}

static const char *point_id(const struct gw_engine *e, uint32_t point)
{
    return point != GW_NO_INDEX ? gw_table_point(e->conf.table, point)->id : "";
}

/* Whether both look at the same instruments. */
static bool same_points(const struct gw_engine *e, const struct gw_slot *s,
                        const struct gw_engine *old, const struct gw_slot *from)
{
    bool same = s->def->npoints == from->def->npoints &&
                s->def->rule->rule == from->def->rule->rule &&
                strcmp(point_id(e, s->def->run), point_id(old, from->def->run)) == 0;
    for (size_t i = 0; same && i < s->def->npoints; i++)
        same = strcmp(point_id(e, s->def->points[i].point),
                      point_id(old, from->def->points[i].point)) == 0;
    return same;
}

/* What no row tells. The delays themselves are as restored: the time until the first evaluation
 * counts as unknown. */
static void hand_over(const struct gw_engine *e, struct gw_slot *s, const struct gw_engine *old,
                      struct gw_slot *from)
{
    s->withheld = from->withheld;
    s->opened_ms = from->opened_ms;
    s->opened_here = from->opened_here;
    s->chatter = from->chatter;
    s->masks = from->masks;
    s->tried = from->tried;
    s->counted = from->counted;
    s->held = from->held;
    s->release = from->release;
    s->stale = from->stale;
    s->held_ms = from->held_ms;
    s->merged_ms = from->merged_ms;
    s->told_ms = from->told_ms;
    s->told = from->told;
    s->owed = from->owed;
    free(s->stored);
    s->stored = from->stored; /* every alarm has one */
    s->stored_ms = from->stored_ms;
    from->stored = NULL;
    if (!same_points(e, s, old, from))
        return;
    s->mem.memory = from->mem.memory;
    s->vote_ms = from->vote_ms;
    s->fell = from->fell;
    s->rose_ms = from->rose_ms;
    s->trip = from->trip;
    if (s->recurrence != NULL && from->recurrence != NULL) {
        struct gw_recurrence *new = s->recurrence;
        s->recurrence = from->recurrence;
        from->recurrence = new;
    }
}

static enum gw_status inherit_slot(struct gw_engine *e, const struct gw_engine *old,
                                   struct gw_slot *from, size_t *at, bool *lost)
{
    char text[GW_CHECK_STATE_TEXT];
    const struct gw_check_state state = gw_slot_state(from);
    struct gw_slot *s = find_slot(e, from->def->key, at);
    const size_t orphans = e->norphans;
    const bool unstored = !gw_check_state_same(gw_slot_stored(from), &state);
    gw_check_state_write(&state, text);
    const enum gw_status status = gw_engine_restore(e, from->def->key, text, from->seq);
    *lost = status == GW_E_PARSE;
    if (status != GW_OK)
        return status == GW_E_PARSE ? GW_OK : status;
    if (s != NULL && s->def->finding->cls == from->def->finding->cls)
        hand_over(e, s, old, from);
    if (e->norphans > orphans)
        e->orphans[orphans].unstored = unstored;
    return GW_OK;
}

/* One that is declared again is a check as any other. */
static enum gw_status inherit_orphan(struct gw_engine *e, const struct gw_orphan *from, bool *lost)
{
    char text[GW_CHECK_STATE_TEXT];
    const size_t orphans = e->norphans;
    gw_check_state_write(&from->state, text);
    const enum gw_status status = gw_engine_restore(e, from->key, text, from->seq);
    *lost = status == GW_E_PARSE;
    if (e->norphans > orphans)
        e->orphans[orphans].unstored = from->unstored;
    return status == GW_E_PARSE ? GW_OK : status;
}

/* What is shelved and no longer declared needs no shelf. */
static void inherit_shelves(struct gw_engine *e, const struct gw_engine *from)
{
    size_t at = 0;
    for (size_t i = 0; i < GW_SHELVES_MAX; i++) {
        const struct gw_shelf *shelf = &from->shelves[i];
        if (shelf->slot == GW_NO_INDEX)
            continue;
        const struct gw_slot *s = find_slot(e, from->slots[shelf->slot].def->key, &at);
        if (s == NULL || s->def->finding->cls != GW_CLASS_ALARM)
            continue;
        struct gw_shelf *to = &e->shelves[e->nshelves++];
        *to = *shelf;
        to->slot = (uint32_t)(s - e->slots);
    }
}

enum gw_status gw_engine_inherit(struct gw_engine *e, struct gw_engine *from,
                                 void (*lost)(void *ctx, const char *key), void *ctx)
{
    size_t at = 0;
    bool gone = false;
    enum gw_status status = GW_OK;
    for (size_t i = 0; status == GW_OK && i < from->nslots; i++) {
        status = inherit_slot(e, from, &from->slots[i], &at, &gone);
        if (gone && lost != NULL)
            lost(ctx, from->slots[i].def->key);
    }
    for (size_t i = 0; status == GW_OK && i < from->norphans; i++) {
        status = inherit_orphan(e, &from->orphans[i], &gone);
        if (gone && lost != NULL)
            lost(ctx, from->orphans[i].key);
    }
    if (status != GW_OK)
        return status;
    if (!gw_proofs_copy(&e->proofs, &from->proofs))
        return GW_E_NOMEM;
    inherit_shelves(e, from);
    e->govern = from->govern;
    for (size_t i = 0; i < e->govern.nrectifies; i++)
        e->govern.rectifies[i].slot = 0; /* of this engine: looked for anew */
    gw_life_inherit(&e->life, &from->life);
    e->flood = from->flood;
    e->flood_seeded = from->flood_seeded;
    memcpy(e->chain, from->chain, sizeof e->chain);
    e->restore_govern = from->restore_govern;
    e->tokens = from->tokens;
    e->changed = e->governed = true;
    return GW_OK;
}
