/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands: from what was asked to what is done.
 */
#include "finding/engine_parts.h"

#include <stdio.h>

void gw_engine_answer(struct gw_command_answer *out, bool done, const char *en, const char *zh)
{
    out->done = done;
    (void)snprintf(out->why, sizeof out->why, "%s", en);
    (void)snprintf(out->why_zh, sizeof out->why_zh, "%s", zh);
}

static void acknowledge(struct gw_engine *e, const struct gw_command *cmd,
                        const struct gw_stamp *now, struct gw_command_answer *out)
{
    switch (gw_engine_ack(e, cmd->target, now)) {
    case GW_OK:
        gw_engine_answer(out, true, "acknowledged", "已确认");
        break;
    case GW_E_NOTFOUND:
        gw_engine_answer(out, false, "there is no such check", "没有该检查项");
        break;
    case GW_E_INVAL:
        gw_engine_answer(out, false, "there is nothing to acknowledge", "没有待确认的报警");
        break;
    default:
        gw_engine_answer(out, false, "the journal takes no record now; try again",
                         "日志暂不可写，请稍后重试");
        break;
    }
}

void gw_engine_command(struct gw_engine *e, const struct gw_command *cmd,
                       const struct gw_stamp *now, struct gw_command_answer *out)
{
    switch (cmd->kind) {
    case GW_COMMAND_ACK:
        acknowledge(e, cmd, now, out);
        break;
    case GW_COMMAND_SHELVE:
        gw_engine_cmd_shelve(e, cmd, now, out);
        break;
    case GW_COMMAND_UNSHELVE:
        gw_engine_cmd_unshelve(e, cmd, now, out);
        break;
    default:
        gw_engine_govern_command(e, cmd, now, out);
        break;
    }
}
