/* SPDX-License-Identifier: Apache-2.0
 *
 * Proof tests: what a person on the spot says and the gateway has seen, too.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "finding/engine_parts.h"

/* "technician/uid 1000": who may say so is a function of these. */
static bool is_prover(const char *who)
{
    static const char *const roles[] = {"technician", "supervisor", "third_party"};
    const size_t n = strcspn(who, "/");
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (strlen(roles[i]) == n && strncmp(who, roles[i], n) == 0)
            return true;
    return false;
}

static bool is_plain(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
        if (*p < 0x20 || *p == 0x7f)
            return false;
    return gw_utf8_valid(text, strlen(text));
}

/* What cannot be, whatever was seen; NULL: nothing. */
static const char *objection(const struct gw_engine *e, const struct gw_command *cmd,
                             const struct gw_stamp *now, const char **zh)
{
    *zh = "指令不能执行";
    if (cmd->by != GW_BY_LOCAL) {
        *zh = "功能试验只能在现场登记";
        return "only who is on the spot can see that";
    }
    if (!is_prover(cmd->who) || !is_plain(cmd->who) || !is_plain(cmd->reason)) {
        *zh = "岗位须为 technician、supervisor 或 third_party";
        return "the role must be technician, supervisor or third_party";
    }
    if (!now->sync && now->wall_ms < e->conf.built_ms) {
        *zh = "时钟未同步，无法登记试验时间";
        return "the clock is not set: nobody could say when it was";
    }
    return NULL;
}

static void proof_of(const struct gw_command *cmd, const struct gw_stamp *now, struct gw_proof *out)
{
    *out = (struct gw_proof){.what = cmd->what, .at_ms = now->wall_ms};
    if (strlen(cmd->target) < sizeof out->asset)
        memcpy(out->asset, cmd->target, strlen(cmd->target) + 1);
    memcpy(out->point, cmd->point, sizeof out->point);
    memcpy(out->by, cmd->who, sizeof out->by);
}

/* Posts the record with its row. */
static void record(struct gw_engine *e, const struct gw_command *cmd, const struct gw_proof *proof,
                   const struct gw_stamp *now, struct gw_command_answer *out)
{
    static const struct gw_text texts[] = {
        [GW_PROOF_MOVED] = {.en = "seen to move", .zh = "已见信号变化"},
        [GW_PROOF_ACTED] = {.en = "seen to act in its time", .zh = "已见联锁在规定时间内动作"},
    };
    struct gw_command full = *cmd;
    char key[GW_PROOF_KEY];
    char text[GW_PROOF_TEXT];
    memcpy(full.role, proof->role, sizeof proof->role);
    memcpy(full.from_value, proof->from, sizeof full.from_value);
    memcpy(full.to_value, proof->to, sizeof full.to_value);
    full.after_ms = proof->after_ms;
    full.moved_ms = proof->at_ms;
    const struct gw_deed deed = {
        .command = &full, .text = &texts[proof->what], .key = key, .row = text};
    gw_proof_row(proof, key, text);
    if (gw_engine_record(e, &deed, now) != GW_OK) {
        gw_engine_later(out);
        return;
    }
    gw_proofs_set(&e->proofs, proof);
    e->governed = true;
    gw_engine_answer(out, true, texts[proof->what].en, texts[proof->what].zh);
}

static struct gw_trip trip_of(const void *ctx, uint32_t check)
{
    const struct gw_engine *e = ctx;
    assert(check < e->nslots);
    return e->slots[check].trip;
}

void gw_engine_cmd_proof(struct gw_engine *e, const struct gw_command *cmd,
                         const struct gw_stamp *now, struct gw_command_answer *out)
{
    const char *zh = NULL;
    const char *no = objection(e, cmd, now, &zh);
    struct gw_proof proof;
    if (no != NULL) {
        gw_engine_answer(out, false, no, zh);
        return;
    }
    struct gw_proof_view view = {
        .inventory = e->conf.inventory,
        .table = e->conf.table,
        .now_ms = now->mono_ms,
        .since_ms = cmd->since_ms > 0 ? now->mono_ms - (now->wall_ms - cmd->since_ms) : INT64_MIN,
        .scratch = calloc(GW_HISTORY_MAX, sizeof *view.scratch),
        .trip = trip_of,
        .trip_ctx = e,
    };
    proof_of(cmd, now, &proof);
    if (view.scratch == NULL)
        gw_engine_later(out);
    else if (!gw_proof_see(&view, &proof))
        gw_engine_answer(out, false, view.why, view.why_zh);
    else if (gw_proofs_reserve(&e->proofs, &proof) != GW_OK)
        gw_engine_answer(out, false, "there is no room for more proofs", "试验记录已满");
    else
        record(e, cmd, &proof, now, out);
    free(view.scratch);
}

bool gw_engine_store_proofs(struct gw_engine *e)
{
    char key[GW_PROOF_KEY];
    char text[GW_PROOF_TEXT];
    bool taken = true;
    for (size_t i = 0; i < e->proofs.n && taken; i++) {
        gw_proof_row(&e->proofs.list[i], key, text);
        taken = gw_engine_store(e, key, text);
    }
    return taken;
}

const struct gw_proofs *gw_engine_proofs(const struct gw_engine *e)
{
    return &e->proofs;
}
