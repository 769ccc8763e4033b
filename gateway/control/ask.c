/* SPDX-License-Identifier: Apache-2.0 */
#include "control/ask.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define INT_TOP 9007199254740992.0 /* 2^53 */

enum arg_type { ARG_TEXT, ARG_ID, ARG_TIME, ARG_HASH, ARG_WORD };

struct arg_def {
    const char *name;
    enum arg_type type;
    size_t offset, size; /* in struct gw_asked */
    bool optional;
    const char *const *words; /* ARG_WORD: into an int */
};

static const char *const orders[] = {"suspend", "watch", "lift", NULL};
static const char *const scopes[] = {"maintenance", "shield", "calibration", "hot_work", NULL};
_Static_assert(sizeof scopes / sizeof scopes[0] == GW_PERMIT_COUNT + 1, "a scope has no word");
_Static_assert(sizeof orders / sizeof orders[0] == GW_ORDER_LIFT + 2, "an order has no word");
_Static_assert(sizeof(enum gw_order) == sizeof(int) && sizeof(enum gw_permit_scope) == sizeof(int),
               "words are stored as int");

#define IN(m)  .offset = offsetof(struct gw_asked, m), .size = sizeof((struct gw_asked *)0)->m
#define CMD(m) IN(command.m)
#define ARGS   9

static const struct arg_def args_of[GW_ASK_COUNT][ARGS] = {
    [GW_COMMAND_ACK] = {{"target", ARG_TEXT, CMD(target)}},
    [GW_COMMAND_SHELVE] = {{"reason", ARG_TEXT, CMD(reason)},
                           {"target", ARG_TEXT, CMD(target)},
                           {"until", ARG_TIME, CMD(until_ms)}},
    [GW_COMMAND_UNSHELVE] = {{"target", ARG_TEXT, CMD(target)}},
    [GW_COMMAND_PERMIT] = {{"certificate", ARG_TEXT, CMD(certificate), .optional = true},
                           {"certificate_until", ARG_TIME, CMD(certificate_until_ms),
                            .optional = true},
                           {"from", ARG_TIME, CMD(from_ms), .optional = true},
                           {"id", ARG_ID, CMD(id)},
                           {"reason", ARG_TEXT, CMD(reason)},
                           {"scope", ARG_WORD, CMD(scope), .words = scopes},
                           {"target", ARG_TEXT, CMD(target)},
                           {"until", ARG_TIME, CMD(until_ms)}},
    [GW_COMMAND_REVOKE] = {{"id", ARG_ID, CMD(id)}},
    [GW_COMMAND_ORDER] = {{"id", ARG_ID, CMD(id)},
                          {"order", ARG_WORD, CMD(order), .words = orders},
                          {"reason", ARG_TEXT, CMD(reason)},
                          {"target", ARG_TEXT, CMD(target), .optional = true}},
    [GW_COMMAND_ACCEPT] = {{"hash", ARG_HASH, CMD(hash)}},
    [GW_COMMAND_RECTIFY] = {{"body", ARG_TEXT, CMD(body)},
                            {"case", ARG_TEXT, CMD(target)},
                            {"role", ARG_TEXT, CMD(role)},
                            {"standard", ARG_TEXT, CMD(standard)},
                            {"until", ARG_TIME, CMD(until_ms)}},
    [GW_COMMAND_CLAIM] = {{"case", ARG_TEXT, CMD(target)}, {"reason", ARG_TEXT, CMD(reason)}},
    [GW_COMMAND_CANCEL] = {{"case", ARG_TEXT, CMD(target)}, {"reason", ARG_TEXT, CMD(reason)}},
    [GW_ASK_EVIDENCE] = {{"case", ARG_TEXT, CMD(target), .optional = true},
                         {"record", ARG_ID, IN(record), .optional = true}},
    [GW_ASK_CHALLENGE] = {{"nonce", ARG_ID, IN(nonce)}},
};

unsigned gw_ask_find(const char *name)
{
    unsigned ask = 0;
    while (ask < GW_ASK_COUNT && strcmp(gw_ask_name(ask), name) != 0)
        ask++;
    return ask;
}

/* ---- values ---- */

static bool is_time(const struct gw_jnode *n)
{
    return gw_jnode_type(n) == GW_J_NUM && gw_jnode_is_int(n) && gw_jnode_num(n) >= 0 &&
           gw_jnode_num(n) <= INT_TOP;
}

static bool is_hex(const char *text, size_t n)
{
    return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

/* Texts go into records and pages: no control characters. */
static bool is_plain(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
        if (*p < 0x20 || *p == 0x7f)
            return false;
    return true;
}

static enum gw_status wrong(const char *name, const char *what, struct gw_err *err)
{
    return gw_err_set(err, GW_E_PARSE, "%s %s", name, what);
}

static enum gw_status read_text(const struct gw_jnode *n, const struct arg_def *def, char *at,
                                struct gw_err *err)
{
    if (gw_jnode_type(n) != GW_J_STR)
        return wrong(def->name, "must be a string", err);
    const char *text = gw_jnode_str(n);
    if (text[0] == '\0' && !def->optional)
        return wrong(def->name, "is empty", err);
    if (strlen(text) >= def->size)
        return wrong(def->name, "is too long", err);
    if (!is_plain(text))
        return wrong(def->name, "has control characters", err);
    if (def->type == ARG_HASH && !is_hex(text, def->size - 1))
        return wrong(def->name, "is no SHA-256 in lower-case hex", err);
    if (def->type == ARG_ID && strchr(text, ' '))
        return wrong(def->name, "has spaces", err);
    memcpy(at, text, strlen(text) + 1);
    return GW_OK;
}

static enum gw_status read_word(const struct gw_jnode *n, const struct arg_def *def, char *at,
                                struct gw_err *err)
{
    if (gw_jnode_type(n) != GW_J_STR)
        return wrong(def->name, "must be a string", err);
    for (int i = 0; def->words[i] != NULL; i++) {
        if (strcmp(def->words[i], gw_jnode_str(n)) == 0) {
            memcpy(at, &i, sizeof i);
            return GW_OK;
        }
    }
    return wrong(def->name, "is none of the words that it may be", err);
}

static enum gw_status read_arg(const struct gw_jnode *n, const struct arg_def *def,
                               struct gw_asked *out, struct gw_err *err)
{
    char *at = (char *)out + def->offset;
    if (def->type == ARG_WORD)
        return read_word(n, def, at, err);
    if (def->type != ARG_TIME)
        return read_text(n, def, at, err);
    if (!is_time(n))
        return wrong(def->name, "must be milliseconds since 1970", err);
    const int64_t ms = (int64_t)gw_jnode_num(n);
    memcpy(at, &ms, sizeof ms);
    return GW_OK;
}

/* ---- arguments ---- */

static enum gw_status read_place(const struct gw_jnode *n, const char *chain, struct gw_place *out,
                                 struct gw_err *err)
{
    const struct gw_jnode *hash = gw_jnode_get(n, "hash");
    const struct gw_jnode *seq = gw_jnode_get(n, "seq");
    if (gw_jnode_type(n) != GW_J_OBJ || gw_jnode_count(n) != 2 || !hash || !seq ||
        gw_jnode_type(hash) != GW_J_STR || !is_hex(gw_jnode_str(hash), GW_SHA256_HEX - 1) ||
        !is_time(seq))
        return gw_err_set(err, GW_E_PARSE, "a record of a receipt consists of seq and hash");
    out->seq = (int64_t)gw_jnode_num(seq);
    memcpy(out->chain, chain, GW_CHAIN_SIZE);
    memcpy(out->hash, gw_jnode_str(hash), GW_SHA256_HEX);
    return GW_OK;
}

static enum gw_status read_receipt(const struct gw_jnode *args, struct gw_asked *out,
                                   struct gw_err *err)
{
    const struct gw_jnode *chain = gw_jnode_get(args, "chain");
    const struct gw_jnode *head = gw_jnode_get(args, "head");
    const struct gw_jnode *records = gw_jnode_get(args, "records");
    struct gw_place unused;
    if (gw_jnode_count(args) != 3 || !chain || !head || !records ||
        gw_jnode_type(chain) != GW_J_STR || !is_hex(gw_jnode_str(chain), GW_CHAIN_SIZE - 1) ||
        gw_jnode_type(records) != GW_J_ARR || gw_jnode_count(records) > GW_ASK_RECEIPTS)
        return gw_err_set(err, GW_E_PARSE,
                          "a receipt consists of chain, head and at most %d records",
                          GW_ASK_RECEIPTS);
    enum gw_status st = GW_OK;
    /* Before the first record without a gap there is no head: 0, and no hash. */
    const struct gw_jnode *seq = gw_jnode_get(head, "seq");
    if (!seq || !is_time(seq) || gw_jnode_num(seq) > 0)
        st = read_place(head, gw_jnode_str(chain), &unused, err);
    const struct gw_jnode *n = gw_jnode_first(records);
    for (; n != NULL && st == GW_OK; n = gw_jnode_next(n))
        st = read_place(n, gw_jnode_str(chain),
                        out->places ? &out->places[out->nplaces++] : &unused, err);
    return st;
}

/* Rules between arguments. */
static enum gw_status check_together(const struct gw_asked *a, struct gw_err *err)
{
    const struct gw_command *c = &a->command;
    if (a->ask == GW_ASK_CHALLENGE && strlen(a->nonce) < 16)
        return gw_err_set(err, GW_E_PARSE, "nonce has 16 to 64 characters");
    if (a->ask == GW_ASK_EVIDENCE && (a->record[0] == '\0') == (c->target[0] == '\0'))
        return gw_err_set(err, GW_E_PARSE, "record or case is needed, and not both");
    if (a->ask == GW_COMMAND_PERMIT && c->from_ms != 0 && c->until_ms <= c->from_ms)
        return gw_err_set(err, GW_E_PARSE, "until is not after from");
    if (a->ask == GW_COMMAND_PERMIT && c->scope == GW_PERMIT_HOT_WORK &&
        (c->certificate[0] == '\0' || c->certificate_until_ms == 0))
        return gw_err_set(err, GW_E_PARSE, "hot work needs certificate and certificate_until");
    return GW_OK;
}

enum gw_status gw_ask_read(const struct gw_jnode *args, struct gw_asked *out, struct gw_err *err)
{
    const struct arg_def *defs = args_of[out->ask];
    size_t known = 0;
    if (out->ask == GW_ASK_RECEIPT)
        return read_receipt(args, out, err);
    if (out->ask < GW_COMMAND_COUNT)
        out->command.kind = (enum gw_command_kind)out->ask;
    enum gw_status st = GW_OK;
    for (size_t i = 0; i < ARGS && defs[i].name && st == GW_OK; i++) {
        const struct gw_jnode *n = gw_jnode_get(args, defs[i].name);
        known += n != NULL;
        if (n)
            st = read_arg(n, &defs[i], out, err);
        else if (!defs[i].optional)
            st = wrong(defs[i].name, "is missing", err);
    }
    if (st == GW_OK && known != gw_jnode_count(args))
        st = gw_err_set(err, GW_E_PARSE, "there is an argument that %s does not have",
                        gw_ask_name(out->ask));
    return st == GW_OK ? check_together(out, err) : st;
}

/* ---- the members around them ---- */

static const char *text_of(const struct gw_jnode *root, const char *name, size_t *known)
{
    const struct gw_jnode *n = gw_jnode_get(root, name);
    if (!n || gw_jnode_type(n) != GW_J_STR)
        return NULL;
    ++*known;
    return gw_jnode_str(n);
}

static int64_t time_of(const struct gw_jnode *root, const char *name, size_t *known)
{
    const struct gw_jnode *n = gw_jnode_get(root, name);
    if (!n || !is_time(n))
        return -1;
    ++*known;
    return (int64_t)gw_jnode_num(n);
}

enum gw_status gw_envelope_read(const struct gw_jnode *root, struct gw_envelope *out,
                                struct gw_err *err)
{
    size_t known = 0;
    const struct gw_jnode *args = gw_jnode_get(root, "args");
    *out = (struct gw_envelope){.args = args};
    known += args != NULL;
    out->challenge = text_of(root, "challenge", &known);
    out->gateway = text_of(root, "gateway", &known);
    out->kid = text_of(root, "kid", &known);
    out->name = text_of(root, "name", &known);
    out->exp = time_of(root, "exp", &known);
    out->iat = time_of(root, "iat", &known);
    out->seq = time_of(root, "seq", &known);
    const int64_t v = time_of(root, "v", &known);
    if (gw_jnode_type(root) != GW_J_OBJ || known != gw_jnode_count(root) || !args ||
        gw_jnode_type(args) != GW_J_OBJ || !out->gateway || !out->kid || !out->name ||
        out->iat < 0 || v != 1)
        return gw_err_set(err, GW_E_PARSE, "a member is missing, not known or of the wrong kind");
    if (!out->challenge)
        out->challenge = "";
    const bool receipt = strcmp(out->name, gw_ask_name(GW_ASK_RECEIPT)) == 0;
    if (receipt) {
        if (out->exp >= 0 || out->seq >= 0)
            return gw_err_set(err, GW_E_PARSE, "a receipt has neither exp nor seq");
        out->exp = out->seq = 0;
    } else if (out->exp < 0 || out->seq < 1) {
        return gw_err_set(err, GW_E_PARSE, "exp or seq is missing");
    }
    return GW_OK;
}
