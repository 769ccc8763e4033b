/* SPDX-License-Identifier: Apache-2.0
 *
 * Permits, orders, the accepted inventory and cases: commands that change them, and time, which ends
 * permits and tests claims. A command is real when the journal took its record, with the row that it
 * changed in the same transaction; a refused one changes nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "finding/engine_parts.h"

/* A command on its way. */
struct doing {
    struct gw_engine *e;
    struct gw_command cmd; /* as it becomes effective */
    const struct gw_stamp *now;
    struct gw_command_answer *out;
};

static void refuse(const struct doing *d, const char *en, const char *zh)
{
    gw_engine_answer(d->out, false, en, zh);
}

/* Posts the record with its row (text NULL: the row goes). False when it is not taken. */
static bool carry_out(const struct doing *d, const char *key, const char *text,
                      const struct gw_text *done)
{
    struct gw_engine *e = d->e;
    const struct gw_deed deed = {.command = &d->cmd, .text = done, .key = key, .row = text};
    if (gw_engine_record(e, &deed, d->now) != GW_OK) {
        gw_engine_later(d->out);
        return false;
    }
    e->changed = e->governed = true;
    gw_engine_answer(d->out, true, done->en, done->zh);
    return true;
}

/* ---- what every command must be ---- */

static bool plain(const char *text)
{
    const size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] == 0x7f)
            return false;
    return gw_utf8_valid(text, n);
}

static bool is_ref(const char *id)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                   "-_.";
    return id[0] != '\0' && strspn(id, alphabet) == strlen(id);
}

static bool is_hash(const char *hash)
{
    return strlen(hash) == 64 && strspn(hash, "0123456789abcdef") == 64;
}

static bool texts_plain(const struct gw_command *c)
{
    const char *const texts[] = {c->who,  c->target, c->id,   c->reason,  c->certificate,
                                 c->hash, c->body,   c->role, c->standard};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!plain(texts[i]))
            return false;
    return true;
}

static bool times_sane(const struct gw_command *c)
{
    const int64_t max = INT64_C(1) << 52;
    const int64_t times[] = {c->from_ms, c->until_ms, c->certificate_until_ms};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (times[i] < 0 || times[i] > max)
            return false;
    return true;
}

static bool clock_set(const struct doing *d)
{
    return d->now->sync || d->now->wall_ms >= d->e->conf.built_ms;
}

static struct gw_slot *slot_of(struct gw_engine *e, const char *key)
{
    for (size_t i = 0; i < e->nslots; i++)
        if (strcmp(e->slots[i].def->key, key) == 0)
            return &e->slots[i];
    return NULL;
}

static bool has_asset(const struct gw_engine *e, const char *id)
{
    for (size_t i = 0; i < e->site->nassets; i++)
        if (strcmp(e->site->assets[i].id, id) == 0)
            return true;
    return false;
}

/* ---- permits ---- */

/* False, and refused, unless the command says when. Sets from. */
static bool permit_span(struct doing *d)
{
    struct gw_command *c = &d->cmd;
    const struct gw_permit_def *def = gw_catalogue_permit(d->e->catalogue, c->scope);
    char en[GW_COMMAND_TEXT];
    char zh[GW_COMMAND_TEXT];
    if (def == NULL) {
        refuse(d, "the catalogue has no permits of this scope", "目录中没有该类许可");
        return false;
    }
    if (!clock_set(d)) {
        refuse(d, "the clock is not set: a permit could not end", "时钟未同步，许可无法计时");
        return false;
    }
    if (c->from_ms < d->now->wall_ms)
        c->from_ms = d->now->wall_ms; /* nothing is permitted afterwards */
    if (c->until_ms <= c->from_ms) {
        refuse(d, "a permit needs an end that is still to come", "许可必须有尚未到来的终止时间");
        return false;
    }
    if (c->until_ms - c->from_ms > def->max_ms) {
        (void)snprintf(en, sizeof en, "a permit of this scope lasts %" PRId64 " h at most",
                       def->max_ms / 3600000);
        (void)snprintf(zh, sizeof zh, "该类许可最长 %" PRId64 " 小时", def->max_ms / 3600000);
        refuse(d, en, zh);
        return false;
    }
    return true;
}

static bool permit_content(const struct doing *d)
{
    const struct gw_command *c = &d->cmd;
    if (!is_ref(c->id)) {
        refuse(d, "a permit needs an id of letters, digits, '-', '_' and '.'",
               "许可必须有编号（字母、数字、“-”、“_”、“.”）");
    } else if (gw_govern_permit(&d->e->govern, c->id) != NULL) {
        refuse(d, "there is a permit with this id already", "该编号的许可已存在");
    } else if (c->reason[0] == '\0') {
        refuse(d, "a permit needs a reason", "许可必须说明理由");
    } else if (!has_asset(d->e, c->target) && slot_of(d->e, c->target) == NULL &&
               !(c->by == GW_BY_LOCAL && strcmp(c->target, GW_PERMIT_ALL) == 0)) {
        refuse(d, "there is no such asset or check", "没有该设备（场所）或检查项");
    } else if (c->scope == GW_PERMIT_HOT_WORK && c->certificate[0] == '\0') {
        refuse(d, "a hot-work permit names the worker's certificate",
               "动火许可必须注明作业证书编号");
    } else if (c->scope == GW_PERMIT_HOT_WORK && c->certificate_until_ms <= d->now->wall_ms) {
        refuse(d, "the certificate has ended", "作业证书已过有效期");
    } else if (d->e->govern.npermits == GW_PERMITS_MAX) {
        refuse(d, "there is no room for another permit", "许可数量已达上限");
    } else {
        return true;
    }
    return false;
}

static int64_t reckon_end(const struct gw_permit *p, const struct gw_stamp *now)
{
    return now->mono_ms + (p->until_ms > now->wall_ms ? p->until_ms - now->wall_ms : 0);
}

static void do_permit(struct doing *d)
{
    static const struct gw_text done = {.en = "permit given", .zh = "许可已登记"};
    struct gw_permit p = {.id = ""};
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    if (!permit_content(d) || !permit_span(d))
        return;
    const struct gw_command *c = &d->cmd;
    memcpy(p.id, c->id, sizeof p.id);
    memcpy(p.target, c->target, sizeof p.target);
    memcpy(p.who, c->who, sizeof p.who);
    memcpy(p.reason, c->reason, sizeof p.reason);
    memcpy(p.certificate, c->certificate, sizeof p.certificate);
    p.scope = c->scope;
    p.by = c->by;
    p.from_ms = c->from_ms;
    p.until_ms = c->until_ms;
    p.certificate_until_ms = c->certificate_until_ms;
    p.ends_ms = reckon_end(&p, d->now);
    gw_permit_row(&p, key, text);
    if (carry_out(d, key, text, &done))
        d->e->govern.permits[d->e->govern.npermits++] = p;
}

/* What a permit withheld starts its delay now; what another one withholds goes on to be. */
static void release(struct gw_engine *e, const struct gw_permit *p, const struct gw_stamp *now)
{
    for (size_t i = 0; i < e->nslots; i++) {
        struct gw_slot *s = &e->slots[i];
        if (s->delay.active || !gw_permit_withholds(p, e->catalogue, s->def) ||
            gw_govern_withholding(&e->govern, e->catalogue, s->def, now, e->conf.built_ms) != NULL)
            continue;
        s->delay.ran_on = 0;
        s->delay.last = GW_UNKNOWN;
        s->withheld = false;
    }
    e->changed = e->governed = true;
}

static void drop_permit(struct gw_engine *e, size_t at)
{
    struct gw_govern *g = &e->govern;
    memmove(&g->permits[at], &g->permits[at + 1], (g->npermits - at - 1) * sizeof g->permits[0]);
    g->npermits--;
    e->changed = e->governed = true;
}

static void do_revoke(struct doing *d)
{
    static const struct gw_text done = {.en = "permit revoked", .zh = "许可已撤销"};
    struct gw_govern *g = &d->e->govern;
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    struct gw_permit *p = gw_govern_permit(g, d->cmd.id);
    if (p == NULL) {
        refuse(d, "there is no such permit", "没有该许可");
        return;
    }
    if (p->by == GW_BY_PLATFORM && d->cmd.by != GW_BY_PLATFORM) {
        refuse(d, "only the platform revokes its permits", "平台签发的许可只能由平台撤销");
        return;
    }
    gw_permit_row(p, key, text);
    if (!carry_out(d, key, NULL, &done))
        return;
    p->over = true;
    release(d->e, p, d->now);
    drop_permit(d->e, (size_t)(p - g->permits));
}

void gw_engine_permits(struct gw_engine *e, const struct gw_stamp *now)
{
    struct gw_govern *g = &e->govern;
    const bool set = now->sync || now->wall_ms >= e->conf.built_ms;
    for (size_t i = g->npermits; i-- > 0;) {
        struct gw_permit *p = &g->permits[i];
        char key[GW_GOVERN_KEY];
        char text[GW_GOVERN_TEXT];
        if (set && p->ends_ms == 0)
            p->ends_ms = reckon_end(p, now);
        const bool over = p->over || (set && now->wall_ms >= p->until_ms) ||
                          (p->ends_ms != 0 && now->mono_ms >= p->ends_ms);
        if (!over)
            continue;
        if (!p->over) {
            p->over = true; /* whatever the clock says later */
            release(e, p, now);
        }
        gw_permit_row(p, key, text);
        if (gw_engine_store(e, key, NULL))
            drop_permit(e, i);
    }
}

/* ---- orders and the inventory ---- */

static void lift(struct doing *d)
{
    static const struct gw_text done = {.en = "order lifted", .zh = "已解除"};
    struct gw_govern *g = &d->e->govern;
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    struct gw_standing_order *o = gw_govern_order(g, d->cmd.target);
    if (o == NULL) {
        const bool site = gw_govern_order(g, "") != NULL;
        refuse(d,
               site ? "no order on it; the whole site is under one" : "there is no order to lift",
               site ? "该对象未单独下达，整个企业处于管控" : "没有可解除的指令");
        return;
    }
    gw_order_row(o, key, text);
    if (carry_out(d, key, NULL, &done)) {
        *o = g->orders[g->norders - 1];
        g->norders--;
    }
}

static void do_order(struct doing *d)
{
    static const struct gw_text suspended = {.en = "suspension noted", .zh = "已登记停产停业"};
    static const struct gw_text watched = {.en = "close watch noted", .zh = "已登记严密监控"};
    struct gw_govern *g = &d->e->govern;
    const struct gw_command *c = &d->cmd;
    struct gw_standing_order o = {.order = c->order, .since_ms = d->now->wall_ms};
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    if (!is_ref(c->id) || c->reason[0] == '\0') {
        refuse(d, "an order needs an id and a reason", "指令必须有编号和理由");
        return;
    }
    if (c->order == GW_ORDER_LIFT) {
        lift(d);
        return;
    }
    if (c->target[0] != '\0' && !has_asset(d->e, c->target)) {
        refuse(d, "there is no such asset", "没有该设备（场所）");
        return;
    }
    struct gw_standing_order *old = gw_govern_order(g, c->target);
    if (old == NULL && g->norders == GW_ORDERS_MAX) {
        refuse(d, "there is no room for another order", "指令数量已达上限");
        return;
    }
    memcpy(o.id, c->id, sizeof o.id);
    memcpy(o.who, c->who, sizeof o.who);
    memcpy(o.reason, c->reason, sizeof o.reason);
    memcpy(o.target, c->target, strlen(c->target) + 1); /* an asset's id, or nothing */
    gw_order_row(&o, key, text);
    if (!carry_out(d, key, text, c->order == GW_ORDER_SUSPEND ? &suspended : &watched))
        return;
    if (old != NULL)
        *old = o;
    else
        g->orders[g->norders++] = o;
}

static void do_accept(struct doing *d)
{
    static const struct gw_text present = {.en = "the present inventory is accepted",
                                           .zh = "现行清单已确认"};
    static const struct gw_text other = {
        .en = "an inventory is accepted, and it is not the present one",
        .zh = "已确认的清单与现行清单不一致"};
    struct gw_accepted a = {.at_ms = d->now->wall_ms};
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    if (!is_hash(d->cmd.hash)) {
        refuse(d, "a SHA-256 has 64 digits of 0-9 and a-f", "哈希值应为64位小写十六进制");
        return;
    }
    memcpy(a.hash, d->cmd.hash, sizeof a.hash);
    memcpy(a.who, d->cmd.who, sizeof a.who);
    gw_accepted_row(&a, key, text);
    const bool same = strcmp(a.hash, d->e->inventory_sha256) == 0;
    if (!carry_out(d, key, text, same ? &present : &other))
        return;
    d->e->govern.accepted = a;
    if (same)
        gw_engine_settle(d->e);
}

/* ---- cases ---- */

bool gw_engine_split_case(const char *id, char key[GW_CHECK_KEY], int64_t *number)
{
    const char *hash = strrchr(id, '#');
    if (hash == NULL || hash == id || (size_t)(hash - id) >= GW_CHECK_KEY || hash[1] < '1' ||
        hash[1] > '9')
        return false;
    char *end = NULL;
    *number = strtoll(hash + 1, &end, 10);
    if (*end != '\0' || *number > INT64_C(1) << 53)
        return false;
    memcpy(key, id, (size_t)(hash - id));
    key[hash - id] = '\0';
    return true;
}

/* A case that a command names: of a check, or of one that left the site file. */
struct target_case {
    char key[GW_CHECK_KEY];
    int64_t number;
    struct gw_slot *slot;
    struct gw_orphan *orphan;
};

static bool find_case(const struct doing *d, struct target_case *c)
{
    *c = (struct target_case){.number = 0};
    if (!gw_engine_split_case(d->cmd.target, c->key, &c->number)) {
        refuse(d, "a case is named as <asset>:<finding>[:<subject>]#<number>",
               "案件编号格式不正确");
        return false;
    }
    c->slot = slot_of(d->e, c->key);
    for (size_t i = 0; c->slot == NULL && i < d->e->norphans; i++)
        if (strcmp(d->e->orphans[i].key, c->key) == 0)
            c->orphan = &d->e->orphans[i];
    const struct gw_case *k = c->slot != NULL     ? &c->slot->shown.c
                              : c->orphan != NULL ? &c->orphan->state.c
                                                  : NULL;
    if (k == NULL || k->number != c->number || k->state == GW_CASE_NONE ||
        k->state == GW_CASE_CANCELLED) {
        refuse(d, "there is no such case", "没有该案件");
        return false;
    }
    if (c->slot != NULL && c->slot->def->finding->cls == GW_CLASS_ALARM) {
        refuse(d, "an alarm is acknowledged; it is no case", "报警应予确认，不属于案件");
        return false;
    }
    if (c->slot != NULL && c->slot->token != 0) {
        refuse(d, "its last record is not stored yet; try again", "上一条记录尚未落盘，请稍后重试");
        return false;
    }
    return true;
}

static struct gw_rectify *said_of(struct gw_govern *g, const char *key)
{
    for (size_t i = 0; i < g->nrectifies; i++)
        if (strcmp(g->rectifies[i].key, key) == 0)
            return &g->rectifies[i];
    return NULL;
}

/* What was said of the case so far, or the beginning of it. False, and refused, without room. */
static bool begin_said(const struct doing *d, const struct target_case *c, struct gw_rectify *r)
{
    struct gw_govern *g = &d->e->govern;
    const struct gw_rectify *old = said_of(g, c->key);
    if (old == NULL && g->nrectifies == GW_RECTIFIES_MAX) {
        refuse(d, "there is no room for another case", "案件跟踪数量已达上限");
        return false;
    }
    *r = old != NULL && old->number == c->number ? *old : (struct gw_rectify){.number = c->number};
    memcpy(r->key, c->key, sizeof r->key);
    return true;
}

static void end_said(const struct doing *d, const struct gw_rectify *r, const struct gw_text *done)
{
    struct gw_govern *g = &d->e->govern;
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    gw_rectify_row(r, key, text);
    if (!carry_out(d, key, text, done))
        return;
    struct gw_rectify *old = said_of(g, r->key);
    *(old != NULL ? old : &g->rectifies[g->nrectifies++]) = *r;
}

static void do_rectify(struct doing *d)
{
    static const struct gw_text done = {.en = "rectification noted", .zh = "已登记整改要求"};
    struct target_case c;
    struct gw_rectify r;
    const struct gw_command *cmd = &d->cmd;
    if (!find_case(d, &c))
        return;
    if (cmd->until_ms == 0 || cmd->body[0] == '\0' || cmd->role[0] == '\0' ||
        cmd->standard[0] == '\0') {
        refuse(d, "a rectification needs a deadline, a body, a role and a standard",
               "整改要求必须有期限、责任单位、责任岗位和整改标准");
        return;
    }
    if (!begin_said(d, &c, &r))
        return;
    r.asked = true;
    r.deadline_ms = cmd->until_ms;
    memcpy(r.body, cmd->body, sizeof r.body);
    memcpy(r.role, cmd->role, sizeof r.role);
    memcpy(r.standard, cmd->standard, sizeof r.standard);
    end_said(d, &r, &done);
}

static void do_claim(struct doing *d)
{
    static const struct gw_text done = {.en = "claim noted; the data will tell",
                                        .zh = "已登记整改完成申报，以数据核验为准"};
    struct target_case c;
    struct gw_rectify r;
    if (!find_case(d, &c) || !begin_said(d, &c, &r))
        return;
    /* A claim that waits for the data keeps its day, and one that they did not bear out is not wiped
     * away by another: only the platform takes that back, or the data. */
    if (r.claimed_ms == 0 || r.unverified)
        r.claimed_ms = d->now->wall_ms;
    if (d->cmd.by == GW_BY_PLATFORM)
        r.unverified = false;
    memcpy(r.claimed_by, d->cmd.who, sizeof r.claimed_by);
    end_said(d, &r, &done);
}

static void cancel_slot(const struct doing *d, struct gw_slot *s, const struct gw_text *done)
{
    char text[GW_CHECK_STATE_TEXT];
    if (!gw_slot_room(s)) {
        gw_engine_later(d->out);
        return;
    }
    struct gw_slot next = *s;
    gw_delay_commit(&next.delay, false);
    next.delay.last = GW_UNKNOWN; /* what still holds begins anew */
    next.mem.was = false;
    next.mem.since_ms = 0;
    next.mem.c.state = GW_CASE_CANCELLED;
    next.mem.c.cleared_ms = d->now->wall_ms;
    const struct gw_check_state state = gw_slot_state(&next);
    gw_check_state_write(&state, text);
    if (!carry_out(d, s->def->key, text, done))
        return;
    gw_slot_note(&next, &state, d->now->mono_ms);
    next.shown = gw_shown_of(&state);
    *s = next;
}

static void do_cancel(struct doing *d)
{
    static const struct gw_text done = {.en = "case cancelled", .zh = "案件已销号"};
    struct target_case c;
    if (!find_case(d, &c))
        return;
    if (c.slot != NULL) {
        cancel_slot(d, c.slot, &done);
    } else if (carry_out(d, c.key, NULL, &done)) {
        *c.orphan = d->e->orphans[d->e->norphans - 1];
        d->e->norphans--;
    }
}

/* ---- claims against the data ---- */

/* False: nothing is to be kept of it any more. */
static bool is_current(struct gw_engine *e, struct gw_rectify *r)
{
    if (r->slot == 0) {
        const struct gw_slot *s = slot_of(e, r->key);
        r->slot = s != NULL ? (size_t)(s - e->slots) + 1 : 0;
    }
    if (r->slot != 0) {
        const struct gw_case *c = &e->slots[r->slot - 1].shown.c;
        return c->number == r->number && c->state != GW_CASE_CANCELLED;
    }
    for (size_t i = 0; i < e->norphans; i++)
        if (strcmp(e->orphans[i].key, r->key) == 0)
            return e->orphans[i].state.c.number == r->number;
    return false;
}

static void hold_against_data(struct gw_engine *e, struct gw_rectify *r, const struct gw_stamp *now)
{
    if (r->slot == 0 || r->claimed_ms == 0 || r->unverified ||
        now->wall_ms - r->claimed_ms < GW_CLAIM_MS)
        return;
    struct gw_slot *s = &e->slots[r->slot - 1];
    /* A case that is about to clear is given the time to. */
    if (s->token != 0 || s->shown.c.state != GW_CASE_OPEN || s->answer == GW_FALSE)
        return;
    r->unverified = true; /* the record says so */
    if (gw_engine_update(e, s, r, now) == GW_OK)
        e->changed = true;
    else
        r->unverified = false;
}

static void forget(struct gw_engine *e, size_t at)
{
    struct gw_govern *g = &e->govern;
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    gw_rectify_row(&g->rectifies[at], key, text);
    if (!gw_engine_store(e, key, NULL))
        return;
    g->rectifies[at] = g->rectifies[g->nrectifies - 1];
    g->nrectifies--;
}

void gw_engine_claims(struct gw_engine *e, const struct gw_stamp *now)
{
    struct gw_govern *g = &e->govern;
    for (size_t i = g->nrectifies; i-- > 0;)
        if (!is_current(e, &g->rectifies[i]))
            forget(e, i);
        else
            hold_against_data(e, &g->rectifies[i], now);
}

/* ---- the store was replaced ---- */

void gw_engine_store_govern(struct gw_engine *e)
{
    const struct gw_govern *g = &e->govern;
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    bool taken = true;
    if (!e->restore_govern)
        return;
    for (size_t i = 0; i < g->npermits && taken; i++) {
        gw_permit_row(&g->permits[i], key, text);
        taken = gw_engine_store(e, key, text);
    }
    for (size_t i = 0; i < g->norders && taken; i++) {
        gw_order_row(&g->orders[i], key, text);
        taken = gw_engine_store(e, key, text);
    }
    for (size_t i = 0; i < g->nrectifies && taken; i++) {
        gw_rectify_row(&g->rectifies[i], key, text);
        taken = gw_engine_store(e, key, text);
    }
    if (taken && g->accepted.hash[0] != '\0') {
        gw_accepted_row(&g->accepted, key, text);
        taken = gw_engine_store(e, key, text);
    }
    e->restore_govern = !(taken && gw_engine_store_shelves(e) && gw_engine_store_proofs(e));
}

/* ---- commands ---- */

void gw_engine_govern_command(struct gw_engine *e, const struct gw_command *cmd,
                              const struct gw_stamp *now, struct gw_command_answer *out)
{
    static const struct {
        void (*carry_out)(struct doing *d);
        bool local; /* the plant may ask it, too */
    } commands[GW_COMMAND_COUNT] = {
        [GW_COMMAND_PERMIT] = {do_permit, true},    [GW_COMMAND_REVOKE] = {do_revoke, true},
        [GW_COMMAND_ORDER] = {do_order, false},     [GW_COMMAND_ACCEPT] = {do_accept, false},
        [GW_COMMAND_RECTIFY] = {do_rectify, false}, [GW_COMMAND_CLAIM] = {do_claim, true},
        [GW_COMMAND_CANCEL] = {do_cancel, false},
    };
    struct doing d = {.e = e, .cmd = *cmd, .now = now, .out = out};
    if ((size_t)cmd->kind >= GW_COMMAND_COUNT || commands[cmd->kind].carry_out == NULL)
        refuse(&d, "this gateway does not know the command", "本网关不支持该指令");
    else if (cmd->by != GW_BY_PLATFORM && !commands[cmd->kind].local)
        refuse(&d, "only the platform may ask this", "该指令只能由平台下达");
    else if (cmd->who[0] == '\0' || !texts_plain(cmd) || !times_sane(cmd))
        refuse(&d, "who asks is missing, or a text or time is malformed",
               "缺少下达者，或者文字、时间格式不正确");
    else
        commands[cmd->kind].carry_out(&d);
}
