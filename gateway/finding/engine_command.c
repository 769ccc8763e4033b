/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands: from what was asked to what is done.
 */
#include "finding/engine_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

void gw_engine_answer(struct gw_command_answer *out, bool done, const char *en, const char *zh)
{
    out->done = done;
    (void)snprintf(out->why, sizeof out->why, "%s", en);
    (void)snprintf(out->why_zh, sizeof out->why_zh, "%s", zh);
}

void gw_engine_later(struct gw_command_answer *out)
{
    gw_engine_answer(out, false, "the journal takes no record now; try again",
                     "日志暂不可写，请稍后重试");
    out->later = true;
}

enum gw_status gw_engine_record(struct gw_engine *e, const struct gw_deed *deed,
                                const struct gw_stamp *now)
{
    const struct gw_command_record r = {
        .inventory = e->conf.inventory,
        .boot_id = e->boot_id,
        .command = deed->command,
        .text = deed->text,
        .now = *now,
    };
    gw_buf_clear(&e->body);
    gw_command_record_write(&r, &e->body);
    if (e->body.failed)
        return GW_E_FULL;
    const struct gw_draft draft = {
        .cls = GW_CLASS_COMMAND,
        .priority = 3,
        .body = e->body.data,
        .body_len = e->body.len,
        .state_key = deed->key,
        .state = deed->row,
    };
    return e->conf.emit(e->conf.emit_ctx, &draft);
}

/* The command as any other; the alarm's own record, which is taken already, says the same. */
static void record_ack(struct gw_engine *e, const struct gw_command *cmd,
                       const struct gw_stamp *now)
{
    static const struct gw_text text = {.en = "acknowledged", .zh = "已确认"};
    const struct gw_deed deed = {.command = cmd, .text = &text};
    if (gw_engine_record(e, &deed, now) != GW_OK)
        gw_log(GW_LOG_WARN, "engine", "%s is acknowledged, by its own record alone", cmd->target);
}

static void acknowledge(struct gw_engine *e, const struct gw_command *cmd,
                        const struct gw_stamp *now, struct gw_command_answer *out)
{
    switch (gw_engine_ack(e, cmd, now)) {
    case GW_OK:
        if (cmd->by == GW_BY_LOCAL) /* the platform has its own, signed */
            record_ack(e, cmd, now);
        gw_engine_answer(out, true, "acknowledged", "已确认");
        break;
    case GW_E_NOTFOUND:
        gw_engine_answer(out, false, "there is no such check", "没有该检查项");
        break;
    case GW_E_INVAL:
        gw_engine_answer(out, false, "there is nothing to acknowledge", "没有待确认的报警");
        break;
    default:
        gw_engine_later(out);
        break;
    }
}

/* An alarm may be named as it is shown, with its number: then that one is meant and no later one.
 * False, and answered, when it is another by now. */
static bool name_check(const struct gw_engine *e, struct gw_command *cmd,
                       struct gw_command_answer *out)
{
    char key[GW_CHECK_KEY];
    int64_t number = 0;
    if (!gw_engine_split_case(cmd->target, key, &number))
        return true;
    for (size_t i = 0; i < e->nslots; i++) {
        const struct gw_slot *s = &e->slots[i];
        if (strcmp(s->def->key, key) == 0 && s->shown.c.number == number) {
            memcpy(cmd->target, key, strlen(key) + 1);
            return true;
        }
    }
    gw_engine_answer(out, false, "there is no such alarm any more", "该报警已不存在");
    return false;
}

void gw_engine_command(struct gw_engine *e, const struct gw_command *cmd,
                       const struct gw_stamp *now, struct gw_command_answer *out)
{
    struct gw_command own = *cmd;
    const bool alarm = cmd->kind == GW_COMMAND_ACK || cmd->kind == GW_COMMAND_SHELVE ||
                       cmd->kind == GW_COMMAND_UNSHELVE;
    out->later = false;
    if (alarm && !name_check(e, &own, out))
        return;
    switch (cmd->kind) {
    case GW_COMMAND_ACK:
        acknowledge(e, &own, now, out);
        break;
    case GW_COMMAND_SHELVE:
        gw_engine_cmd_shelve(e, &own, now, out);
        break;
    case GW_COMMAND_UNSHELVE:
        gw_engine_cmd_unshelve(e, &own, now, out);
        break;
    case GW_COMMAND_PROOF:
        gw_engine_cmd_proof(e, &own, now, out);
        break;
    default:
        gw_engine_govern_command(e, cmd, now, out);
        break;
    }
}
