/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/body.h"

#include "base/jcs.h"

static void put_time(struct gw_jcs *j, const struct gw_body_env *env)
{
    struct gw_stamp now = gw_clock_now(env->clock);
    char iso[GW_ISO_SIZE];
    gw_clock_iso(now.wall_ms, iso);
    gw_jcs_obj(j, "time");
    gw_jcs_str(j, "boot", env->boot);
    gw_jcs_str(j, "recorded", iso);
    gw_jcs_bool(j, "sync", now.sync);
    gw_jcs_int(j, "t_boot_ms", now.boot_ms);
    gw_jcs_end(j);
}

static void put_iso(struct gw_jcs *j, const char *key, int64_t wall_ms)
{
    char iso[GW_ISO_SIZE];
    gw_clock_iso(wall_ms, iso);
    gw_jcs_str(j, key, iso);
}

bool gw_body_loss(const struct gw_body_env *env, const struct gw_body_loss *loss,
                  struct gw_buf *out)
{
    struct gw_jcs j;
    bool timed = loss->count > 0 && loss->from_ms != 0;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "class", "loss");
    if (loss->count > 0)
        gw_jcs_int(&j, "count", (int64_t)loss->count);
    if (loss->file != NULL)
        gw_jcs_str(&j, "file", loss->file);
    if (timed)
        put_iso(&j, "from", loss->from_ms);
    if (env->gateway != NULL)
        gw_jcs_str(&j, "gateway", env->gateway);
    gw_jcs_str(&j, "reason", loss->reason);
    if (loss->record != NULL)
        gw_jcs_str(&j, "record", loss->record);
    put_time(&j, env);
    if (timed)
        put_iso(&j, "to", loss->to_ms);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_str(&j, "what", loss->what);
    gw_jcs_end(&j);
    return gw_jcs_done(&j);
}

bool gw_body_checkpoint(const struct gw_body_env *env, int64_t seq, const char *hash,
                        struct gw_buf *out)
{
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_obj(&j, "checkpoint");
    gw_jcs_str(&j, "hash", hash);
    gw_jcs_int(&j, "seq", seq);
    gw_jcs_end(&j);
    gw_jcs_str(&j, "class", "checkpoint");
    if (env->gateway != NULL)
        gw_jcs_str(&j, "gateway", env->gateway);
    put_time(&j, env);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
    return gw_jcs_done(&j);
}

bool gw_body_break(const struct gw_body_env *env, const struct gw_body_break *brk,
                   struct gw_buf *out)
{
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_obj(&j, "chain_break");
    if (brk->chain[0] != '\0')
        gw_jcs_str(&j, "chain", brk->chain);
    if (brk->file[0] != '\0')
        gw_jcs_str(&j, "file", brk->file);
    gw_jcs_str(&j, "reason", brk->reason);
    if (brk->seq > 0)
        gw_jcs_int(&j, "seq", brk->seq);
    if (brk->waiting >= 0)
        gw_jcs_int(&j, "waiting", brk->waiting);
    gw_jcs_end(&j);
    gw_jcs_str(&j, "class", "key");
    if (env->gateway != NULL)
        gw_jcs_str(&j, "gateway", env->gateway);
    put_time(&j, env);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
    return gw_jcs_done(&j);
}
