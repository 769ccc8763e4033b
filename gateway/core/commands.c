/* SPDX-License-Identifier: Apache-2.0 */
#include "core/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/ratelog.h"

#define TAG       "command"
#define PENDING   16                  /* commands between their message and their reply */
#define RETRY_MS  20                  /* about a commit */
#define A_ROUND   4                   /* letters of a lane: then others get their turn */
#define TOKEN_BIT (UINT64_C(1) << 63) /* the engine counts its tokens from 1 */
#define ROW_MAX   48
#define REPLY_MAX ((size_t)8 * 1024)

struct pending {
    uint64_t token; /* whose commit, or the journal's answer, it waits for */
    bool acted;
    bool waits;    /* acted, and not certain yet: no reply before */
    bool unposted; /* the journal had no room for its number behind what it changed */
    struct gw_asked asked;
    struct gw_command_answer answer;
    struct gw_call_answer *told; /* people told it; NULL: it came as a signed message */
    uint64_t record_token;       /* of the record that tells of it; 0: none yet */
    int64_t record_seq;          /* its number once it is committed */
};

struct gw_commands {
    struct gw_commands_conf conf;
    struct gw_journal *journal;
    struct gw_inbox *inbox; /* NULL: nobody is trusted to send anything */
    struct gw_gate *gate;
    struct gw_loop *loop; /* NULL: not open */
    struct gw_watch watches[GW_INBOX_LANES];
    struct pending *queue; /* PENDING of them, from the first one on */
    size_t first, count;
    struct pending *acting; /* the engine carries this one out just now */
    void (*tell)(void *ctx, struct gw_call_answer *answer);
    void *tell_ctx;
    uint64_t tokens;
    struct gw_asked asked;
    struct gw_place *places; /* GW_ASK_RECEIPTS of the message that is read ... */
    struct gw_place *held;   /* ... and of a receipt that the journal has no room for yet */
    size_t nheld;
    struct gw_timer retry, again;
    struct gw_buf body, wire;
    struct gw_ratelog refused_log;
    uint64_t receipts;
};

enum gw_status gw_commands_new(const struct gw_commands_conf *conf, struct gw_commands **out,
                               struct gw_err *err)
{
    struct gw_commands *c = calloc(1, sizeof *c);
    if (!c)
        return gw_err_set(err, GW_E_NOMEM, "commands: out of memory");
    c->conf = *conf;
    const bool trusts = conf->site->platform.nkeys > 0;
    c->places = trusts ? calloc(GW_ASK_RECEIPTS, sizeof *c->places) : NULL;
    c->held = trusts ? calloc(GW_ASK_RECEIPTS, sizeof *c->held) : NULL;
    if (trusts && (!c->places || !c->held)) {
        gw_commands_free(c);
        return gw_err_set(err, GW_E_NOMEM, "commands: out of memory");
    }
    c->asked.places = c->places;
    gw_buf_init(&c->body, REPLY_MAX);
    gw_buf_init(&c->wire, REPLY_MAX + 1024);
    enum gw_status st = trusts ? gw_inbox_new(&c->inbox, err) : GW_OK;
    if (st == GW_OK)
        st = gw_gate_new(conf->site, conf->identity->challenge, &c->gate, err);
    if (st != GW_OK) {
        gw_commands_free(c);
        return st;
    }
    *out = c;
    return GW_OK;
}

void gw_commands_free(struct gw_commands *c)
{
    if (!c)
        return;
    for (; c->count > 0; c->count--, c->first = (c->first + 1) % PENDING)
        gw_call_answer_free(c->queue[c->first].told);
    gw_gate_free(c->gate);
    gw_inbox_free(c->inbox);
    free(c->places);
    free(c->held);
    free(c->queue);
    gw_buf_free(&c->body);
    gw_buf_free(&c->wire);
    free(c);
}

void gw_commands_journal(struct gw_commands *c, struct gw_journal *journal)
{
    c->journal = journal;
}

void gw_commands_site(struct gw_commands *c, const struct gw_site *site, struct gw_engine *engine)
{
    c->conf.site = site;
    c->conf.engine = engine;
    gw_gate_site(c->gate, site);
}

/* Whether one more may wait. */
static bool has_room(struct gw_commands *c)
{
    if (!c->queue)
        c->queue = calloc(PENDING, sizeof *c->queue);
    return c->queue && c->count < PENDING;
}

/* ---- numbers ---- */

size_t gw_commands_rows(const struct gw_site *site)
{
    /* Those of what people told as well, a proof among them. */
    return (site->platform.nkeys + 1) * GW_ASK_COUNT + 1;
}

bool gw_commands_restore(struct gw_commands *c, const char *key, const char *text)
{
    return gw_gate_restore(c->gate, key, text);
}

static enum gw_status store_row(struct gw_commands *c, const char *key, int64_t seq, uint64_t token)
{
    char text[ROW_MAX];
    struct gw_buf row;
    gw_buf_fixed(&row, text, sizeof text);
    gw_gate_row(seq, &row);
    const struct gw_draft draft = {.state_key = key, .state = text, .token = token};
    return gw_journal_post(c->journal, &draft);
}

/* Stores a number; the token comes back with the commit. */
static enum gw_status store(struct gw_commands *c, unsigned key, unsigned ask, int64_t seq,
                            uint64_t token)
{
    char row_key[GW_GATE_KEY];
    gw_gate_row_key(c->gate, key, ask, row_key);
    return store_row(c, row_key, seq, token);
}

/* The number of what a command asked. */
static enum gw_status store_number(struct gw_commands *c, const struct pending *p)
{
    char key[GW_GATE_KEY];
    const struct gw_asked *a = &p->asked;
    if (!p->told)
        return store(c, a->key, a->ask, gw_gate_seq(c->gate, a->key, a->ask), p->token);
    (void)snprintf(key, sizeof key, GW_GATE_LOCAL "%s", gw_ask_name(a->ask));
    return store_row(c, key, a->seq, p->token);
}

void gw_commands_store(struct gw_commands *c)
{
    for (unsigned k = 0; k < c->conf.site->platform.nkeys; k++) {
        for (unsigned ask = 0; ask < GW_ASK_COUNT; ask++) {
            const int64_t seq = gw_gate_seq(c->gate, k, ask);
            if (seq > 0 && store(c, k, ask, seq, 0) != GW_OK)
                gw_log(GW_LOG_WARN, TAG, "the number of the last %s is not stored anew",
                       gw_ask_name(ask));
        }
    }
}

/* ---- replies ---- */

static void reply(struct gw_commands *c, const struct gw_asked *a, bool done, const char *en,
                  const char *zh)
{
    struct gw_stamp now = gw_clock_now(c->conf.clock);
    struct gw_journal_stats js;
    char iso[GW_ISO_SIZE];
    struct gw_jcs j;

    gw_journal_stats(c->journal, &js);
    gw_clock_iso(now.wall_ms, iso);
    gw_buf_clear(&c->body);
    gw_jcs_init(&j, &c->body);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "command", a->hash);
    gw_jcs_bool(&j, "done", done);
    gw_jcs_str(&j, "gateway", c->conf.site->gateway.id);
    gw_jcs_obj(&j, "head");
    gw_jcs_str(&j, "chain", js.chain);
    gw_jcs_str(&j, "hash", js.head);
    gw_jcs_int(&j, "seq", js.seq);
    gw_jcs_end(&j);
    gw_jcs_str(&j, "name", gw_ask_name(a->ask));
    if (a->nonce[0])
        gw_jcs_str(&j, "nonce", a->nonce);
    gw_jcs_int(&j, "seq", a->seq);
    gw_jcs_obj(&j, "text");
    gw_jcs_str(&j, "en", en);
    gw_jcs_str(&j, "zh", zh);
    gw_jcs_end(&j);
    gw_jcs_str(&j, "time", iso);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
    gw_buf_clear(&c->wire);
    if (!gw_jcs_done(&j) ||
        gw_seal_reply(c->conf.seal, c->body.data, c->body.len, &c->wire) != GW_OK ||
        gw_journal_row(c->journal, GW_PARCEL_EVENT, "reply", c->wire.data, c->wire.len) != GW_OK)
        gw_log(GW_LOG_WARN, TAG, "the reply to a %s could not be stored", gw_ask_name(a->ask));
    gw_log(GW_LOG_INFO, TAG, "%s %lld by key %s: %s: %s", gw_ask_name(a->ask), (long long)a->seq,
           a->command.who, done ? "done" : "refused", en);
}

/* ---- carrying out ---- */

static void answer(struct pending *p, bool done, const char *en, const char *zh)
{
    p->answer.done = done;
    (void)snprintf(p->answer.why, sizeof p->answer.why, "%s", en);
    (void)snprintf(p->answer.why_zh, sizeof p->answer.why_zh, "%s", zh);
}

struct opening {
    const char *id; /* of the case */
    char record[GW_RECORD_ID_SIZE];
};

static void find_opening(void *ctx, const struct gw_engine_case *c)
{
    struct opening *o = ctx;
    if (strcmp(c->id, o->id) == 0)
        (void)snprintf(o->record, sizeof o->record, "%s", c->record);
}

/* The journal looks for the window and answers with the token. */
static void ask_window(struct gw_commands *c, struct pending *p)
{
    struct opening o = {.id = p->asked.command.target};
    (void)snprintf(o.record, sizeof o.record, "%s", p->asked.record);
    if (o.id[0] != '\0')
        gw_engine_each_case(c->conf.engine, find_opening, &o);
    if (o.record[0] == '\0') {
        answer(p, false, "no such case stands; name the record", "没有该未结案件，请注明记录编号");
        return;
    }
    p->token = ++c->tokens | TOKEN_BIT;
    const enum gw_status st = gw_journal_resend(c->journal, o.record, p->token);
    p->waits = st == GW_OK;
    if (st == GW_E_INVAL)
        answer(p, false, "that is no record id", "记录编号格式不正确");
    else if (st != GW_OK)
        answer(p, false, "the journal takes nothing now; try again", "日志暂不可写，请稍后重试");
}

static void act(struct gw_commands *c, struct pending *p)
{
    struct gw_stamp now = gw_clock_now(c->conf.clock);

    p->acted = true;
    p->waits = false;
    if (gw_gate_over(&p->asked, &now)) {
        if (!p->told)
            gw_gate_refused(c->gate, GW_REFUSED_EXPIRED, 1);
        answer(p, false, "its time was over before it could be carried out", "指令在执行前已过期");
        return;
    }
    switch (p->asked.ask) {
    case GW_ASK_CHALLENGE:
        answer(p, true, "alive", "在线");
        break;
    case GW_ASK_EVIDENCE:
        ask_window(c, p);
        return;
    default:
        c->acting = p;
        gw_engine_command(c->conf.engine, &p->asked.command, &now, &p->answer);
        c->acting = NULL;
        break;
    }
    p->waits = p->unposted = p->answer.done;
    p->token = ++c->tokens | TOKEN_BIT;
}

/* The journal commits in the order of the posts: when the number, posted once more behind what the
 * command changed, is committed, that is on the disk, too. While there is no room for it there is no
 * reply. */
static void post_again(struct gw_commands *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct pending *p = &c->queue[(c->first + i) % PENDING];
        if (!p->unposted)
            continue;
        if (store_number(c, p) != GW_OK) {
            (void)!gw_loop_timer_set(c->loop, &c->again, gw_loop_now_ms(c->loop) + RETRY_MS);
            return;
        }
        p->unposted = false;
    }
}

static void on_again(void *arg)
{
    post_again(arg);
}

/* Gives the answer back to who told it. */
static void tell(struct gw_commands *c, struct pending *p)
{
    struct gw_call_answer *a = p->told;
    struct gw_journal_stats js;

    gw_journal_stats(c->journal, &js);
    a->done = p->answer.done;
    a->later = p->answer.later;
    (void)snprintf(a->why, sizeof a->why, "%s", p->answer.why);
    (void)snprintf(a->why_zh, sizeof a->why_zh, "%s", p->answer.why_zh);
    if (a->done && p->record_seq > 0)
        (void)snprintf(a->record, sizeof a->record, "%s-%lld", js.chain, (long long)p->record_seq);
    gw_log(GW_LOG_INFO, TAG, "%s by %s: %s: %s", gw_ask_name(p->asked.ask), p->asked.command.who,
           a->done ? "done" : "refused", a->why);
    p->told = NULL;
    c->tell(c->tell_ctx, a);
}

/* Replies in the order in which they were asked for. */
static void finish(struct gw_commands *c)
{
    while (c->count > 0 && c->queue[c->first].acted && !c->queue[c->first].waits) {
        struct pending *p = &c->queue[c->first];
        if (p->told)
            tell(c, p);
        else
            reply(c, &p->asked, p->answer.done, p->answer.why, p->answer.why_zh);
        c->first = (c->first + 1) % PENDING;
        c->count--;
    }
}

static struct pending *find_pending(struct gw_commands *c, uint64_t token)
{
    for (size_t i = 0; i < c->count; i++) {
        struct pending *p = &c->queue[(c->first + i) % PENDING];
        if (p->token == token)
            return p;
    }
    return NULL;
}

uint64_t gw_commands_mark(struct gw_commands *c, const struct gw_draft *draft)
{
    if (!c->acting || !draft->body)
        return draft->token;
    c->acting->record_token = draft->token ? draft->token : ++c->tokens | TOKEN_BIT;
    return c->acting->record_token;
}

static void note_record(struct gw_commands *c, uint64_t token, int64_t seq)
{
    for (size_t i = 0; i < c->count; i++) {
        struct pending *p = &c->queue[(c->first + i) % PENDING];
        if (p->record_token == token && token != 0)
            p->record_seq = seq;
    }
}

bool gw_commands_committed(struct gw_commands *c, uint64_t token, int64_t seq)
{
    note_record(c, token, seq);
    if ((token & TOKEN_BIT) == 0)
        return false;
    struct pending *p = find_pending(c, token);
    if (p && p->acted)
        p->waits = false;
    else if (p)
        act(c, p);
    post_again(c);
    finish(c);
    return true;
}

void gw_commands_window(struct gw_commands *c, uint64_t token, enum gw_window_found found)
{
    static const struct {
        const char *en, *zh;
    } words[] = {
        [GW_WINDOW_QUEUED] = {"the window is published again", "证据窗口将重新发布"},
        [GW_WINDOW_NONE] =
            {"no window is kept of that record: it has none, or its time is not over",
             "该记录没有证据窗口，或者窗口期尚未结束"},
        [GW_WINDOW_GONE] = {"the window was delivered and is no longer kept",
                            "证据窗口此前已送达，网关不再保存"},
        [GW_WINDOW_UNKNOWN] = {"no such record was ever stored here", "本网关从未存有该记录"},
        [GW_WINDOW_FAILED] = {"the journal cannot be read or written now; try again",
                              "日志暂不可读写，请稍后重试"},
    };
    struct pending *p = find_pending(c, token);
    if (!p || !p->acted || !p->waits)
        return;
    p->waits = false;
    answer(p, found == GW_WINDOW_QUEUED, words[found].en, words[found].zh);
    finish(c);
}

/* ---- what people tell ---- */

void gw_commands_tell(struct gw_commands *c,
                      void (*tell_them)(void *ctx, struct gw_call_answer *answer), void *ctx)
{
    c->tell = tell_them;
    c->tell_ctx = ctx;
}

/* It may be told again. */
static void put_off(struct gw_commands *c, struct gw_call_answer *told, const char *en,
                    const char *zh)
{
    told->later = true;
    (void)snprintf(told->why, sizeof told->why, "%s", en);
    (void)snprintf(told->why_zh, sizeof told->why_zh, "%s", zh);
    c->tell(c->tell_ctx, told);
}

void gw_commands_told(struct gw_commands *c, const struct gw_command *cmd,
                      struct gw_call_answer *told)
{
    const struct gw_stamp now = gw_clock_now(c->conf.clock);
    struct pending p = {.told = told};

    if (!gw_gate_may_tell(c->gate, &now)) {
        put_off(c, told, "too much at once; one a second", "操作过于频繁，每秒最多一次");
        return;
    }
    /* What is left is for alarms and leads. */
    if (cmd->kind != GW_COMMAND_ACK && gw_journal_tight(c->journal)) {
        put_off(c, told, "the journal is nearly full: only alarms may be acknowledged",
                "日志空间将满，仅可确认报警");
        return;
    }

    p.asked.ask = (unsigned)cmd->kind;
    p.asked.seq = now.wall_ms;
    p.asked.void_ms = now.mono_ms + GW_COMMANDS_TOLD_MS;
    p.asked.exp_ms = INT64_MAX;
    p.asked.command = *cmd;
    p.token = (c->tokens + 1) | TOKEN_BIT;
    if (!c->loop || !has_room(c) || store_number(c, &p) != GW_OK) {
        put_off(c, told, "the journal takes nothing now; try again", "日志暂不可写，请稍后重试");
        return;
    }
    c->tokens++;
    c->queue[(c->first + c->count++) % PENDING] = p;
}

/* ---- what comes in ---- */

/* Hands what is held to the journal, as far as it has room. */
static void hand_over(struct gw_commands *c)
{
    size_t n = 0;
    while (n < c->nheld) {
        const struct gw_place *p = &c->held[n];
        if (gw_journal_receipt(c->journal, p->chain, p->seq, p->hash) == GW_E_FULL)
            break;
        n++;
    }
    c->receipts += n;
    c->nheld -= n;
    memmove(c->held, c->held + n, c->nheld * sizeof *c->held);
}

static void take_receipt(struct gw_commands *c)
{
    memcpy(c->held, c->places, c->asked.nplaces * sizeof *c->held);
    c->nheld = c->asked.nplaces;
    hand_over(c);
    gw_gate_take(c->gate, &c->asked);
}

static void refuse(struct gw_commands *c, enum gw_refusal why, const struct gw_stamp *now)
{
    const struct gw_asked *a = &c->asked;
    (void)gw_ratelog_fail(&c->refused_log, now->mono_ms, TAG, "a message is refused (%s)",
                          gw_refusal_name(why));
    if (a->signed_well && a->ask != GW_ASK_RECEIPT && gw_gate_may_answer(c->gate, now))
        reply(c, a, false, a->why, a->why_zh);
}

static void take_letter(struct gw_commands *c, const struct gw_letter *l)
{
    const struct gw_stamp now = gw_clock_now(c->conf.clock);
    const struct gw_ask_message m = {l->name, l->data, l->len, l->retained};
    enum gw_refusal why = gw_gate_judge(c->gate, &m, &now, &c->asked);
    const uint64_t token = (c->tokens + 1) | TOKEN_BIT;

    if (why == GW_REFUSED_NOT && c->asked.ask == GW_ASK_RECEIPT) {
        take_receipt(c);
        return;
    }
    if (why == GW_REFUSED_NOT &&
        (!has_room(c) || store(c, c->asked.key, c->asked.ask, c->asked.seq, token) != GW_OK)) {
        why = GW_REFUSED_JOURNAL;
        gw_gate_refused(c->gate, why, 1);
        (void)snprintf(c->asked.why, sizeof c->asked.why,
                       "the journal takes nothing now; try again");
        (void)snprintf(c->asked.why_zh, sizeof c->asked.why_zh, "日志暂不可写，请稍后重试");
    }
    if (why != GW_REFUSED_NOT) {
        refuse(c, why, &now);
        return;
    }
    gw_gate_take(c->gate, &c->asked);
    c->tokens++;
    c->queue[(c->first + c->count++) % PENDING] =
        (struct pending){.token = token, .asked = c->asked};
}

static void watch_lane(struct gw_commands *c, unsigned lane)
{
    if (gw_loop_watch(c->loop, &c->watches[lane], GW_LOOP_IN) != GW_OK)
        gw_log(GW_LOG_ERR, TAG, "commands cannot be heard");
}

/* The journal had no room for a receipt: the next one waits until it has. */
static void on_retry(void *arg)
{
    struct gw_commands *c = arg;

    hand_over(c);
    if (c->nheld == 0 ||
        gw_loop_timer_set(c->loop, &c->retry, gw_loop_now_ms(c->loop) + RETRY_MS) != GW_OK)
        watch_lane(c, 0);
}

static void read_lane(struct gw_commands *c, unsigned lane)
{
    struct gw_letter letter;

    for (int i = 0; i < A_ROUND && gw_inbox_get(c->inbox, lane, &letter); i++) {
        take_letter(c, &letter);
        free(letter.data);
        if (lane == 0 && c->nheld > 0 &&
            gw_loop_timer_set(c->loop, &c->retry, gw_loop_now_ms(c->loop) + RETRY_MS) == GW_OK) {
            gw_loop_unwatch(c->loop, &c->watches[0]);
            return;
        }
    }
}

static void on_receipts(void *arg, unsigned events)
{
    (void)events;
    read_lane(arg, 0);
}

static void on_commands(void *arg, unsigned events)
{
    (void)events;
    read_lane(arg, 1);
}

struct gw_inbox *gw_commands_inbox(struct gw_commands *c)
{
    return c->inbox;
}

void gw_commands_open(struct gw_commands *c, struct gw_loop *loop)
{
    c->loop = loop;
    c->retry = (struct gw_timer){.fire = on_retry, .arg = c};
    c->again = (struct gw_timer){.fire = on_again, .arg = c};
    for (unsigned i = 0; i < GW_INBOX_LANES && c->inbox; i++) {
        c->watches[i] = (struct gw_watch){
            .fd = gw_inbox_fd(c->inbox, i), .ready = i == 0 ? on_receipts : on_commands, .arg = c};
        watch_lane(c, i);
    }
}

void gw_commands_close(struct gw_commands *c)
{
    if (!c || !c->loop)
        return;
    for (unsigned i = 0; i < GW_INBOX_LANES && c->inbox; i++)
        gw_loop_unwatch(c->loop, &c->watches[i]);
    gw_loop_timer_clear(c->loop, &c->retry);
    gw_loop_timer_clear(c->loop, &c->again);
    c->loop = NULL;
}

/* ---- health ---- */

void gw_commands_write(struct gw_commands *c, struct gw_jcs *j, const char *key)
{
    struct gw_gate_counts counts;
    struct gw_inbox_counts inbox;
    /* In the order of their names. */
    static const enum gw_refusal sorted[] = {
        GW_REFUSED_ARGUMENTS, GW_REFUSED_CHALLENGE, GW_REFUSED_EXPIRED,  GW_REFUSED_FLOOD,
        GW_REFUSED_FORM,      GW_REFUSED_GATEWAY,   GW_REFUSED_JOURNAL,  GW_REFUSED_NAME,
        GW_REFUSED_RATE,      GW_REFUSED_RETAINED,  GW_REFUSED_SEQUENCE, GW_REFUSED_SIGNATURE,
        GW_REFUSED_SIZE};
    _Static_assert(sizeof sorted / sizeof sorted[0] == GW_REFUSED_COUNT - 1, "a refusal lacks");

    gw_gate_counts(c->gate, &counts);
    gw_inbox_counts(c->inbox, &inbox);
    counts.refused[GW_REFUSED_FLOOD] += inbox.flood;
    counts.refused[GW_REFUSED_SIZE] += inbox.size;
    counts.refused[GW_REFUSED_NAME] += inbox.topic;
    gw_jcs_obj(j, key);
    gw_jcs_int(j, "receipts", (int64_t)c->receipts);
    gw_jcs_obj(j, "refused");
    for (size_t i = 0; i < sizeof sorted / sizeof sorted[0]; i++)
        gw_jcs_int(j, gw_refusal_name(sorted[i]), (int64_t)counts.refused[sorted[i]]);
    gw_jcs_end(j);
    gw_jcs_int(j, "taken", (int64_t)counts.refused[GW_REFUSED_NOT]);
    gw_jcs_end(j);
}
