/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/claim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char gw_claim_origin[GW_SHA256_HEX] =
    "0000000000000000000000000000000000000000000000000000000000000000";

static bool is_hex(const char *s, size_t n)
{
    return strlen(s) == n && strspn(s, "0123456789abcdef") == n;
}

/* A string of `n` hex digits; out has room for it. */
static bool take_hex(const struct gw_jnode *obj, const char *key, size_t n, char *out)
{
    const struct gw_jnode *v = gw_jnode_get(obj, key);
    if (!v || gw_jnode_type(v) != GW_J_STR || !is_hex(gw_jnode_str(v), n))
        return false;
    memcpy(out, gw_jnode_str(v), n + 1);
    return true;
}

static bool take_seq(const struct gw_jnode *obj, const char *key, int64_t least, int64_t *out)
{
    const struct gw_jnode *v = gw_jnode_get(obj, key);
    if (!v || gw_jnode_type(v) != GW_J_NUM || !gw_jnode_is_int(v) ||
        gw_jnode_num(v) < (double)least)
        return false;
    *out = (int64_t)gw_jnode_num(v);
    return true;
}

static bool take_class(const struct gw_jnode *root, struct gw_claim *out)
{
    const struct gw_jnode *v = gw_jnode_get(root, "class");
    if (!v || gw_jnode_type(v) != GW_J_STR || strlen(gw_jnode_str(v)) >= sizeof out->cls)
        return false;
    (void)snprintf(out->cls, sizeof out->cls, "%s", gw_jnode_str(v));
    return true;
}

static bool agrees(const struct gw_jnode *root, const struct gw_claim *c)
{
    char id[GW_RECORD_ID_SIZE];
    const struct gw_jnode *v = gw_jnode_get(root, "id");
    (void)snprintf(id, sizeof id, "%s-%" PRId64, c->chain, c->seq);
    return v && gw_jnode_type(v) == GW_J_STR && strcmp(gw_jnode_str(v), id) == 0;
}

static enum gw_status lacks(struct gw_err *err, const char *what)
{
    return gw_err_set(err, GW_E_PARSE, "%s", what);
}

/* A chain that could not be read any more is told without its name and number. */
static enum gw_status take_break(const struct gw_jnode *brk, struct gw_claim *out,
                                 struct gw_err *err)
{
    if (!gw_jnode_get(brk, "chain"))
        return GW_OK;
    if (!take_hex(brk, "chain", GW_CHAIN_SIZE - 1, out->broken.chain) ||
        !take_seq(brk, "seq", 0, &out->broken.seq))
        return lacks(err, "chain_break names no chain and number");
    return GW_OK;
}

static enum gw_status take_parts(const struct gw_jnode *root, struct gw_claim *out,
                                 struct gw_err *err)
{
    if (!take_hex(root, "chain", GW_CHAIN_SIZE - 1, out->chain))
        return lacks(err, "it names no chain");
    if (!take_seq(root, "seq", 1, &out->seq))
        return lacks(err, "it has no number in its chain");
    if (!take_hex(root, "prev", GW_SHA256_HEX - 1, out->prev))
        return lacks(err, "it does not say what it follows");
    if (!take_hex(root, "kid", GW_KID_SIZE - 1, out->kid))
        return lacks(err, "it does not say who signed");
    if (!take_class(root, out))
        return lacks(err, "it has no class");
    if (!agrees(root, out))
        return lacks(err, "id, chain and seq do not agree");
    const struct gw_jnode *brk = gw_jnode_get(root, "chain_break");
    if (brk)
        return take_break(brk, out, err);
    const struct gw_jnode *point = gw_jnode_get(root, "checkpoint");
    if (!point)
        return GW_OK;
    if (!take_seq(point, "seq", 1, &out->pruned.seq) ||
        !take_hex(point, "hash", GW_SHA256_HEX - 1, out->pruned.hash))
        return lacks(err, "checkpoint names no number and hash");
    memcpy(out->pruned.chain, out->chain, sizeof out->pruned.chain);
    return GW_OK;
}

enum gw_status gw_claim_read(const char *bytes, size_t len, struct gw_claim *out,
                             struct gw_json **doc, struct gw_err *err)
{
    struct gw_json *parsed = NULL;
    struct gw_claim c = {0};
    struct gw_issues *issues = gw_issues_new();
    if (!issues)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    enum gw_status st = gw_json_parse(bytes, len, "record", issues, &parsed);
    if (st == GW_E_PARSE)
        (void)gw_err_set(err, st, "%s",
                         gw_issues_count(issues) ? gw_issues_text(issues, 0) : "no JSON");
    else if (st != GW_OK)
        (void)gw_err_set(err, st, "out of memory");
    gw_issues_free(issues);
    if (st == GW_OK)
        st = take_parts(gw_json_root(parsed), &c, err);
    if (st == GW_OK) {
        st = gw_sha256_hex(bytes, len, c.hash);
        if (st != GW_OK)
            (void)gw_err_set(err, st, "SHA-256 failed");
    }
    if (st != GW_OK || !doc) {
        gw_json_free(parsed);
        parsed = NULL;
    }
    if (doc)
        *doc = parsed;
    if (st == GW_OK)
        *out = c;
    return st;
}

bool gw_claim_follows(const struct gw_claim *b, const struct gw_place *a)
{
    return strcmp(b->chain, a->chain) == 0 && b->seq == a->seq + 1 && strcmp(b->prev, a->hash) == 0;
}
