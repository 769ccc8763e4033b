/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#define PUT(to, text) (void)snprintf(to, sizeof to, "%s", text)

static struct gw_command begin(enum gw_command_kind kind)
{
    struct gw_command c = {.kind = kind, .by = GW_BY_PLATFORM};
    PUT(c.who, "county-371311");
    PUT(c.reason, "检修");
    return c;
}

struct gw_command asked_permit(struct scene *s, const char *id, const char *target,
                               enum gw_permit_scope scope, int64_t for_ms)
{
    const int64_t now = scene_now(s).wall_ms;
    struct gw_command c = begin(GW_COMMAND_PERMIT);
    PUT(c.id, id);
    PUT(c.target, target);
    c.scope = scope;
    c.until_ms = now + for_ms;
    if (scope == GW_PERMIT_HOT_WORK) {
        PUT(c.certificate, "T371311199001010011");
        c.certificate_until_ms = now + 365 * DAY;
    }
    return c;
}

struct gw_command asked_order(enum gw_order order, const char *target)
{
    struct gw_command c = begin(GW_COMMAND_ORDER);
    PUT(c.id, "lin-2026-17");
    PUT(c.target, target);
    c.order = order;
    return c;
}

struct gw_command asked_accept(const char *hash)
{
    struct gw_command c = begin(GW_COMMAND_ACCEPT);
    PUT(c.hash, hash);
    return c;
}

struct gw_command asked_case(struct scene *s, enum gw_command_kind kind, const char *id)
{
    struct gw_command c = begin(kind);
    PUT(c.target, id);
    if (kind == GW_COMMAND_RECTIFY) {
        c.until_ms = scene_now(s).wall_ms + 10 * DAY;
        PUT(c.body, "罗庄铸造");
        PUT(c.role, "设备主管");
        PUT(c.standard, "GB/T 50493-2019");
    }
    return c;
}

void asked(struct scene *s, const struct gw_command *cmd)
{
    struct gw_command_answer a = {.done = false};
    const struct gw_stamp now = scene_now(s);
    gw_engine_command(scene_engine(s), cmd, &now, &a);
    if (!a.done)
        fail_msg("%s refused: %s", gw_command_name(cmd->kind), a.why);
    assert_true(a.why[0] != '\0' && a.why_zh[0] != '\0');
    scene_commit(s);
}

void asked_in_vain(struct scene *s, const struct gw_command *cmd, const char *why)
{
    struct gw_command_answer a = {.done = true};
    const struct gw_stamp now = scene_now(s);
    scene_commit(s);
    const size_t records = scene_records(s);
    gw_engine_command(scene_engine(s), cmd, &now, &a);
    scene_commit(s);
    if (a.done || strstr(a.why, why) == NULL)
        fail_msg("%s: done %d, \"%s\", not \"%s\"", gw_command_name(cmd->kind), a.done, a.why, why);
    assert_true(a.why_zh[0] != '\0');
    assert_int_equal(scene_records(s), records);
}

enum gw_status asked_ack(struct scene *s, const char *key, const struct gw_stamp *now)
{
    struct gw_command c = {.kind = GW_COMMAND_ACK, .by = GW_BY_LOCAL};
    (void)snprintf(c.who, sizeof c.who, "technician/uid 1000");
    (void)snprintf(c.target, sizeof c.target, "%s", key);
    return gw_engine_ack(scene_engine(s), &c, now);
}

const struct scene_record *asked_last(struct scene *s)
{
    for (size_t i = scene_records(s); i-- > 0;)
        if (scene_record(s, i)->cls == GW_CLASS_COMMAND)
            return scene_record(s, i);
    fail_msg("no command was recorded");
    return NULL;
}

/* ---- what the cases document shows ---- */

struct looking {
    const char *id, *member;
    char text[GW_COMMAND_TEXT];
    bool found;
};

static void look(void *ctx, const struct gw_engine_case *c)
{
    struct looking *l = ctx;
    if (strcmp(c->id, l->id) != 0)
        return;
    l->found = true;
    if (strcmp(l->member, "state") == 0)
        PUT(l->text, c->state);
    else if (strcmp(l->member, "permit") == 0 && c->permit != NULL)
        PUT(l->text, c->permit->id);
    else if (strcmp(l->member, "body") == 0 && c->rectify != NULL)
        PUT(l->text, c->rectify->body);
    else if (strcmp(l->member, "repeats") == 0)
        (void)snprintf(l->text, sizeof l->text, "%lld", (long long)c->repeats);
    else
        l->found = false;
}

const char *asked_shown(struct scene *s, const char *case_id, const char *member)
{
    static struct looking l;
    l = (struct looking){.id = case_id, .member = member};
    gw_engine_each_case(scene_engine(s), look, &l);
    return l.found ? l.text : NULL;
}
