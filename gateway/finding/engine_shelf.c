/* SPDX-License-Identifier: Apache-2.0
 *
 * Shelving: commands, their records, and the stored rows.
 *
 * The record and the row are one draft: an alarm is shelved when the journal took it. Shelving is
 * seen at once, before the commit: it withholds nothing, and tells more rather than less.
 */
#include "base/text.h"
#include "finding/engine_parts.h"
#include "finding/record_parts.h"

#include <stdio.h>
#include <string.h>

static struct gw_shelf *own_shelf(struct gw_engine *e, const struct gw_slot *s)
{
    const struct gw_shelf *shelf = gw_engine_shelf(e, s);
    return shelf != NULL ? &e->shelves[shelf - e->shelves] : NULL;
}

static void shelf_key(const struct gw_engine *e, const struct gw_shelf *shelf,
                      char out[GW_SHELF_KEY])
{
    (void)snprintf(out, GW_SHELF_KEY, "%s%s", GW_SHELF_PREFIX, e->slots[shelf->slot].def->key);
}

/* How it begins (row: what is kept of it) or ends (row NULL). ended: who ended it; NULL where it
 * begins or its time is over. */
static enum gw_status record(struct gw_engine *e, const struct gw_shelf *shelf, const char *row,
                             const struct gw_command *ended, const struct gw_stamp *now)
{
    static const struct gw_text texts[] = {
        {.zh = "已搁置", .en = "shelved"},
        {.zh = "已解除搁置", .en = "no longer shelved"},
        {.zh = "搁置到期，自动解除", .en = "shelving is over"},
    };
    const char *who = "gateway", *reason = "expired";
    const struct gw_text *text = &texts[2];
    struct gw_command cmd = {.kind = GW_COMMAND_UNSHELVE, .by = GW_BY_GATEWAY};
    char key[GW_SHELF_KEY];
    if (row != NULL) {
        cmd.kind = GW_COMMAND_SHELVE;
        cmd.by = shelf->by;
        who = shelf->who;
        reason = shelf->reason;
        text = &texts[0];
    } else if (ended != NULL) {
        cmd.by = ended->by;
        who = ended->who;
        reason = ended->reason;
        text = &texts[1];
    }
    snprintf(cmd.who, sizeof cmd.who, "%s", who);
    snprintf(cmd.reason, sizeof cmd.reason, "%s", reason);
    snprintf(cmd.target, sizeof cmd.target, "%s", e->slots[shelf->slot].def->key);
    cmd.from_ms = shelf->from_ms;
    cmd.until_ms = shelf->until_ms;
    shelf_key(e, shelf, key);
    const struct gw_deed deed = {.command = &cmd, .text = text, .key = key, .row = row};
    return gw_engine_record(e, &deed, now);
}

enum gw_status gw_engine_unshelve(struct gw_engine *e, struct gw_shelf *shelf,
                                  const struct gw_command *cmd, const struct gw_stamp *now)
{
    if (record(e, shelf, NULL, cmd, now) != GW_OK)
        return GW_E_FULL;
    e->slots[shelf->slot].masks &= ~GW_ALARM_MASK_SHELVED;
    *shelf = (struct gw_shelf){.slot = GW_NO_INDEX};
    e->nshelves--;
    e->changed = true;
    return GW_OK;
}

static enum gw_status shelve(struct gw_engine *e, struct gw_shelf *place, const struct gw_shelf *s,
                             const struct gw_stamp *now)
{
    char text[GW_SHELF_TEXT];
    gw_shelf_write(s, text);
    if (record(e, s, text, NULL, now) != GW_OK)
        return GW_E_FULL;
    e->nshelves += place->slot == GW_NO_INDEX ? 1 : 0;
    *place = *s;
    e->slots[s->slot].masks |= GW_ALARM_MASK_SHELVED;
    e->changed = true;
    return GW_OK;
}

bool gw_engine_store_shelves(struct gw_engine *e)
{
    char key[GW_SHELF_KEY];
    char text[GW_SHELF_TEXT];
    for (size_t i = 0; i < GW_SHELVES_MAX; i++) {
        if (e->shelves[i].slot == GW_NO_INDEX)
            continue;
        shelf_key(e, &e->shelves[i], key);
        gw_shelf_write(&e->shelves[i], text);
        if (!gw_engine_store(e, key, text))
            return false;
    }
    return true;
}

/* ---- commands ---- */

static struct gw_slot *find_alarm(struct gw_engine *e, const char *key)
{
    for (size_t i = 0; i < e->nslots; i++)
        if (strcmp(e->slots[i].def->key, key) == 0 &&
            e->slots[i].def->finding->cls == GW_CLASS_ALARM)
            return &e->slots[i];
    return NULL;
}

static bool is_text(const char *text)
{
    return text[0] != '\0' && gw_utf8_valid(text, strlen(text));
}

/* Why it cannot be shelved so; false when it can. */
static bool refuses(const struct gw_engine *e, const struct gw_slot *s,
                    const struct gw_command *cmd, const struct gw_stamp *now,
                    struct gw_command_answer *out)
{
    char en[GW_COMMAND_TEXT];
    char zh[GW_COMMAND_TEXT];
    const struct gw_finding *f = s->def->finding;
    if (f->shelve_s == 0) {
        gw_engine_answer(out, false, "this alarm is never shelved", "该报警不允许搁置");
    } else if (!is_text(cmd->who) || !is_text(cmd->reason)) {
        gw_engine_answer(out, false, "say who shelves it and why", "须注明搁置人岗位和原因");
    } else if (!now->sync && now->wall_ms < e->conf.built_ms) {
        gw_engine_answer(out, false, "the clock is not set, so no end can be kept",
                         "时钟未同步，无法确定搁置期限");
    } else if (cmd->until_ms <= now->wall_ms || cmd->until_ms - now->wall_ms > f->shelve_s * 1000) {
        (void)snprintf(en, sizeof en, "shelve it for at least a moment and at most %lld min",
                       (long long)(f->shelve_s / 60));
        (void)snprintf(zh, sizeof zh, "搁置期限须在当前时刻之后，最长 %lld 分钟",
                       (long long)(f->shelve_s / 60));
        gw_engine_answer(out, false, en, zh);
    } else {
        return false;
    }
    return true;
}

void gw_engine_cmd_shelve(struct gw_engine *e, const struct gw_command *cmd,
                          const struct gw_stamp *now, struct gw_command_answer *out)
{
    struct gw_slot *s = find_alarm(e, cmd->target);
    if (s == NULL) {
        gw_engine_answer(out, false, "there is no such alarm", "没有该报警");
        return;
    }
    if (refuses(e, s, cmd, now, out))
        return;
    struct gw_shelf *place = own_shelf(e, s);
    for (size_t i = 0; i < GW_SHELVES_MAX && place == NULL; i++)
        if (e->shelves[i].slot == GW_NO_INDEX)
            place = &e->shelves[i];
    if (place == NULL) {
        gw_engine_answer(out, false, "too many alarms are shelved already", "已搁置的报警过多");
        return;
    }
    struct gw_shelf shelf = {.slot = (uint32_t)(s - e->slots),
                             .by = cmd->by,
                             .from_ms = now->wall_ms,
                             .until_ms = cmd->until_ms,
                             .ends_ms = now->mono_ms + (cmd->until_ms - now->wall_ms)};
    (void)snprintf(shelf.who, sizeof shelf.who, "%s", cmd->who);
    (void)snprintf(shelf.reason, sizeof shelf.reason, "%s", cmd->reason);
    if (shelve(e, place, &shelf, now) == GW_OK)
        gw_engine_answer(out, true, "shelved", "已搁置");
    else
        gw_engine_later(out);
}

void gw_engine_cmd_unshelve(struct gw_engine *e, const struct gw_command *cmd,
                            const struct gw_stamp *now, struct gw_command_answer *out)
{
    const struct gw_slot *s = find_alarm(e, cmd->target);
    struct gw_shelf *shelf = s != NULL ? own_shelf(e, s) : NULL;
    if (shelf == NULL)
        gw_engine_answer(out, false, "it is not shelved", "该报警未搁置");
    else if (!is_text(cmd->who) || !gw_utf8_valid(cmd->reason, strlen(cmd->reason)))
        gw_engine_answer(out, false, "say who ends the shelving", "须注明操作人岗位");
    else if (gw_engine_unshelve(e, shelf, cmd, now) == GW_OK)
        gw_engine_answer(out, true, "no longer shelved", "已解除搁置");
    else
        gw_engine_later(out);
}

/* ---- the stored rows ---- */

enum gw_status gw_engine_restore_shelf(struct gw_engine *e, const char *key, const char *text)
{
    struct gw_shelf shelf;
    const enum gw_status status = gw_shelf_parse(text, &shelf);
    if (status != GW_OK)
        return status;
    const struct gw_slot *s = find_alarm(e, key + strlen(GW_SHELF_PREFIX));
    if (s == NULL)
        return GW_OK; /* no longer declared: there is nothing to shelve */
    for (size_t i = 0; i < GW_SHELVES_MAX; i++) {
        if (e->shelves[i].slot == GW_NO_INDEX) {
            shelf.slot = (uint32_t)(s - e->slots);
            e->shelves[i] = shelf;
            e->nshelves++;
            return GW_OK;
        }
    }
    return GW_E_PARSE; /* more than there ever can be */
}
