/* SPDX-License-Identifier: Apache-2.0 */
#include "control/command.h"

#include "base/jcs.h"
#include "control/ask.h"
#include "proof/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_PREFIX "_command:"
#define SECOND_MS  1000
#define BURST      INT64_C(10)
#define TOLD_BURST INT64_C(60) /* who walks through a plant with a test gas is quick */
#define VALID_MS   (INT64_C(24) * 3600 * 1000)
#define SEQ_MAX    (INT64_C(1) << 53)

/* Spends a second of credit for each go; full at the start. */
struct rate {
    int64_t credit_ms, since_ms;
    bool begun;
};

struct gw_gate {
    const struct gw_site *site;
    char challenge[GW_CHALLENGE_SIZE];
    struct gw_key *keys[GW_SITE_KEYS_MAX];
    int64_t seq[GW_SITE_KEYS_MAX][GW_ASK_COUNT];
    struct rate commands, answers, told;
    struct gw_gate_counts counts;
};

static const struct refusal_def {
    const char *name, *en, *zh;
} refusals[] = {
    [GW_REFUSED_NOT] = {"taken", "", ""},
    [GW_REFUSED_FLOOD] = {"flood", "too many messages", "消息过多"},
    [GW_REFUSED_SIZE] = {"size", "larger than 64 KiB", "超过64 KiB"},
    [GW_REFUSED_RETAINED] = {"retained", "it was retained by the broker", "该消息为保留消息"},
    [GW_REFUSED_FORM] = {"form", "not what a command consists of", "指令格式不正确"},
    [GW_REFUSED_SIGNATURE] = {"signature", "not signed by a trusted key", "签名不可信"},
    [GW_REFUSED_GATEWAY] = {"gateway", "it means another gateway", "指令不是发给本网关的"},
    [GW_REFUSED_NAME] = {"name", "this key may not do that here", "该密钥无权下达此指令"},
    [GW_REFUSED_SEQUENCE] = {"sequence", "its number was used before", "指令序号已被使用"},
    [GW_REFUSED_EXPIRED] = {"expired", "it is no longer valid, or for more than 24 h",
                            "指令已过期，或有效期超过24小时"},
    [GW_REFUSED_CHALLENGE] =
        {"challenge",
         "the gateway's clock is not synchronised, so the command must name the "
         "challenge of its present status",
         "网关时钟未同步，指令须带当前状态中的质询值"},
    [GW_REFUSED_RATE] = {"rate", "too many commands; one a second", "指令过于频繁，每秒最多一条"},
    [GW_REFUSED_ARGUMENTS] = {"arguments", "its arguments are wrong", "指令参数不正确"},
    [GW_REFUSED_JOURNAL] = {"journal", "the journal takes nothing now; try again",
                            "日志暂不可写，请稍后重试"},
};
_Static_assert(sizeof refusals / sizeof refusals[0] == GW_REFUSED_COUNT, "a refusal has no name");

const char *gw_refusal_name(enum gw_refusal why)
{
    return (size_t)why < GW_REFUSED_COUNT ? refusals[why].name : "?";
}

static bool spend(struct rate *r, int64_t burst, int64_t now_ms)
{
    if (!r->begun)
        *r = (struct rate){.credit_ms = burst * SECOND_MS, .since_ms = now_ms, .begun = true};
    r->credit_ms += now_ms - r->since_ms;
    r->since_ms = now_ms;
    if (r->credit_ms > burst * SECOND_MS)
        r->credit_ms = burst * SECOND_MS;
    if (r->credit_ms < SECOND_MS)
        return false;
    r->credit_ms -= SECOND_MS;
    return true;
}

enum gw_status gw_gate_new(const struct gw_site *site, const char *challenge, struct gw_gate **out,
                           struct gw_err *err)
{
    struct gw_gate *g = calloc(1, sizeof *g);
    if (!g)
        return gw_err_set(err, GW_E_NOMEM, "gate: out of memory");
    g->site = site;
    (void)snprintf(g->challenge, sizeof g->challenge, "%s", challenge);
    enum gw_status st = GW_OK;
    for (size_t i = 0; i < site->platform.nkeys && st == GW_OK; i++) {
        const char *file = site->platform.keys[i].file;
        st = gw_key_public_load(file, &g->keys[i], err);
        for (size_t k = 0; k < i && st == GW_OK; k++)
            if (strcmp(gw_key_id(g->keys[k]), gw_key_id(g->keys[i])) == 0)
                st = gw_err_set(err, GW_E_INVAL, "%s: the same key stands in %s", file,
                                site->platform.keys[k].file);
    }
    if (st != GW_OK) {
        gw_gate_free(g);
        return st;
    }
    *out = g;
    return GW_OK;
}

void gw_gate_free(struct gw_gate *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < GW_SITE_KEYS_MAX; i++)
        gw_key_free(g->keys[i]);
    free(g);
}

void gw_gate_site(struct gw_gate *g, const struct gw_site *site)
{
    g->site = site;
}

/* ---- judging ---- */

static bool contains(const struct gw_wire *w, const char *text)
{
    const size_t n = strlen(text);
    for (const char *p = w->bytes, *end = w->bytes + w->len;
         (p = memchr(p, text[0], (size_t)(end - p))) != NULL; p++) {
        if ((size_t)(end - p) < n)
            return false;
        if (memcmp(p, text, n) == 0)
            return true;
    }
    return false;
}

/* The key that signed it. Only those whose id stands in the bytes are tried, so that a stranger's
 * message costs no verification. */
static bool find_signer(const struct gw_gate *g, const struct gw_wire *w, unsigned *out)
{
    for (unsigned i = 0; i < g->site->platform.nkeys; i++) {
        if (contains(w, gw_key_id(g->keys[i])) && gw_wire_signed(w, g->keys[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* What stands around the arguments; its signature is good. */
static enum gw_refusal judge_envelope(struct gw_gate *g, const struct gw_ask_message *m,
                                      const struct gw_envelope *e, const struct gw_stamp *now,
                                      struct gw_asked *out)
{
    const struct gw_site_trust *trust = &g->site->platform.keys[out->key];
    if (strcmp(e->gateway, g->site->gateway.id) != 0)
        return GW_REFUSED_GATEWAY;
    if (strcmp(e->name, m->name) != 0 || out->ask >= GW_ASK_COUNT ||
        (trust->may >> out->ask & 1) == 0)
        return GW_REFUSED_NAME;
    if (out->ask == GW_ASK_RECEIPT)
        return GW_REFUSED_NOT;
    if (e->seq <= g->seq[out->key][out->ask])
        return GW_REFUSED_SEQUENCE;
    if (e->exp < e->iat || e->exp - e->iat > VALID_MS)
        return GW_REFUSED_EXPIRED;
    if (now->sync && now->wall_ms > e->exp)
        return GW_REFUSED_EXPIRED;
    if (!now->sync && strcmp(e->challenge, g->challenge) != 0)
        return GW_REFUSED_CHALLENGE;
    out->exp_ms = e->exp;
    out->void_ms = now->mono_ms + e->exp - (now->sync ? now->wall_ms : e->iat);
    return spend(&g->commands, BURST, now->mono_ms) ? GW_REFUSED_NOT : GW_REFUSED_RATE;
}

static enum gw_refusal judge_signed(struct gw_gate *g, const struct gw_ask_message *m,
                                    const struct gw_wire *w, const struct gw_stamp *now,
                                    struct gw_asked *out)
{
    struct gw_err err = {0};
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    struct gw_envelope e;
    enum gw_refusal why = GW_REFUSED_JOURNAL; /* memory is short: try again */

    if (!issues)
        return why;
    const enum gw_status st = gw_json_parse(w->bytes, w->len, "command", issues, &doc);
    if (st == GW_E_NOMEM)
        goto out;
    why = GW_REFUSED_FORM;
    if (st != GW_OK || gw_envelope_read(gw_json_root(doc), &e, &err) != GW_OK ||
        strcmp(e.kid, gw_key_id(g->keys[out->key])) != 0)
        goto out;
    out->ask = gw_ask_find(e.name);
    out->seq = e.seq;
    out->signed_well = out->ask < GW_ASK_COUNT;
    why = judge_envelope(g, m, &e, now, out);
    if (why == GW_REFUSED_NOT && gw_ask_read(e.args, out, &err) != GW_OK)
        why = GW_REFUSED_ARGUMENTS;
    out->command.by = GW_BY_PLATFORM;
    (void)snprintf(out->command.who, sizeof out->command.who, "%s", e.kid);

out:
    gw_json_free(doc);
    gw_issues_free(issues);
    (void)snprintf(out->why, sizeof out->why, "%s%s%s", refusals[why].en, err.msg[0] ? ": " : "",
                   err.msg);
    (void)snprintf(out->why_zh, sizeof out->why_zh, "%s", refusals[why].zh);
    return why;
}

static enum gw_refusal judge(struct gw_gate *g, const struct gw_ask_message *m,
                             const struct gw_stamp *now, struct gw_asked *out)
{
    struct gw_wire w;
    if (m->len > GW_ASK_SIZE_MAX)
        return GW_REFUSED_SIZE;
    if (m->retained)
        return GW_REFUSED_RETAINED;
    if (gw_wire_split(m->data, m->len, &w, NULL) != GW_OK || w.kind != GW_WIRE_COMMAND)
        return GW_REFUSED_FORM;
    if (!find_signer(g, &w, &out->key))
        return GW_REFUSED_SIGNATURE;
    if (gw_sha256_hex(w.bytes, w.len, out->hash) != GW_OK)
        return GW_REFUSED_JOURNAL;
    return judge_signed(g, m, &w, now, out);
}

enum gw_refusal gw_gate_judge(struct gw_gate *g, const struct gw_ask_message *m,
                              const struct gw_stamp *now, struct gw_asked *out)
{
    *out = (struct gw_asked){.places = out->places};
    const enum gw_refusal why = judge(g, m, now, out);
    if (why != GW_REFUSED_NOT)
        g->counts.refused[why]++;
    return why;
}

void gw_gate_take(struct gw_gate *g, const struct gw_asked *asked)
{
    g->counts.refused[GW_REFUSED_NOT]++;
    if (asked->ask != GW_ASK_RECEIPT)
        g->seq[asked->key][asked->ask] = asked->seq;
}

bool gw_gate_over(const struct gw_asked *asked, const struct gw_stamp *now)
{
    return asked->ask != GW_ASK_RECEIPT &&
           (now->mono_ms > asked->void_ms || (now->sync && now->wall_ms > asked->exp_ms));
}

void gw_gate_refused(struct gw_gate *g, enum gw_refusal why, uint64_t n)
{
    g->counts.refused[why] += n;
}

bool gw_gate_may_answer(struct gw_gate *g, const struct gw_stamp *now)
{
    return spend(&g->answers, BURST, now->mono_ms);
}

bool gw_gate_may_tell(struct gw_gate *g, const struct gw_stamp *now)
{
    return spend(&g->told, TOLD_BURST, now->mono_ms);
}

/* ---- numbers ---- */

void gw_gate_row_key(const struct gw_gate *g, unsigned key, unsigned ask, char out[GW_GATE_KEY])
{
    (void)snprintf(out, GW_GATE_KEY, ROW_PREFIX "%s:%s", gw_key_id(g->keys[key]), gw_ask_name(ask));
}

void gw_gate_row(int64_t seq, struct gw_buf *out)
{
    struct gw_jcs j;
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_int(&j, "seq", seq);
    gw_jcs_end(&j);
}

/* Exactly what gw_gate_row writes. */
static int64_t read_row(const char *text)
{
    char mem[48];
    struct gw_buf again;
    static const char head[] = "{\"seq\":";
    if (strncmp(text, head, sizeof head - 1) != 0)
        return SEQ_MAX;
    const int64_t seq = strtoll(text + sizeof head - 1, NULL, 10); /* out of range: at its end */
    if (seq < 1 || seq > SEQ_MAX)
        return SEQ_MAX;
    gw_buf_fixed(&again, mem, sizeof mem);
    gw_gate_row(seq, &again);
    return strcmp(text, mem) == 0 ? seq : SEQ_MAX;
}

bool gw_gate_restore(struct gw_gate *g, const char *key, const char *text)
{
    char own[GW_GATE_KEY];
    if (strncmp(key, ROW_PREFIX, sizeof ROW_PREFIX - 1) != 0)
        return false;
    for (unsigned k = 0; k < g->site->platform.nkeys; k++) {
        for (unsigned ask = 0; ask < GW_ASK_COUNT; ask++) {
            gw_gate_row_key(g, k, ask, own);
            const int64_t seq = strcmp(own, key) == 0 ? read_row(text) : 0;
            if (seq > g->seq[k][ask])
                g->seq[k][ask] = seq;
        }
    }
    return true;
}

int64_t gw_gate_seq(const struct gw_gate *g, unsigned key, unsigned ask)
{
    return g->seq[key][ask];
}

void gw_gate_counts(const struct gw_gate *g, struct gw_gate_counts *out)
{
    *out = g->counts;
}
