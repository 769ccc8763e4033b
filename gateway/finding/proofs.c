/* SPDX-License-Identifier: Apache-2.0
 *
 * What was proved, kept and stored.
 */
#include "finding/proofs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "conf/json.h"
#include "finding/record_parts.h"

void gw_proofs_free(struct gw_proofs *p)
{
    free(p->list);
    *p = (struct gw_proofs){0};
}

static struct gw_proof *find(const struct gw_proofs *p, const char *asset, const char *point,
                             enum gw_proof_what what)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i].what == what && strcmp(p->list[i].point, point) == 0 &&
            strcmp(p->list[i].asset, asset) == 0)
            return &p->list[i];
    return NULL;
}

const struct gw_proof *gw_proofs_find(const struct gw_proofs *p, const char *asset,
                                      const char *point, enum gw_proof_what what)
{
    return find(p, asset, point, what);
}

const struct gw_proof *gw_proofs_latest(const struct gw_proofs *p, const char *asset,
                                        const char *point)
{
    const struct gw_proof *moved = find(p, asset, point, GW_PROOF_MOVED);
    const struct gw_proof *acted = find(p, asset, point, GW_PROOF_ACTED);
    if (moved == NULL || acted == NULL)
        return moved != NULL ? moved : acted;
    return acted->at_ms >= moved->at_ms ? acted : moved;
}

enum gw_status gw_proofs_reserve(struct gw_proofs *p, const struct gw_proof *proof)
{
    if (p->n < p->cap || find(p, proof->asset, proof->point, proof->what) != NULL)
        return GW_OK;
    if (p->n == GW_PROOFS_MAX)
        return GW_E_FULL;
    const size_t cap = p->cap > 0 ? 2 * p->cap : 16;
    struct gw_proof *more = realloc(p->list, cap * sizeof *more);
    if (more == NULL)
        return GW_E_NOMEM;
    p->list = more;
    p->cap = cap;
    return GW_OK;
}

void gw_proofs_set(struct gw_proofs *p, const struct gw_proof *proof)
{
    struct gw_proof *old = find(p, proof->asset, proof->point, proof->what);
    if (old == NULL) {
        assert(p->n < p->cap);
        old = &p->list[p->n++];
    }
    *old = *proof;
}

bool gw_proofs_copy(struct gw_proofs *to, const struct gw_proofs *from)
{
    if (to->cap < from->n) {
        struct gw_proof *more = realloc(to->list, from->cap * sizeof *more);
        if (more == NULL)
            return false;
        to->list = more;
        to->cap = from->cap;
    }
    if (from->n > 0)
        memcpy(to->list, from->list, from->n * sizeof *to->list);
    to->n = from->n;
    return true;
}

/* ---- rows ---- */

bool gw_proofs_is_key(const char *key)
{
    return strncmp(key, "proof/", 6) == 0;
}

void gw_proof_row(const struct gw_proof *p, char key[GW_PROOF_KEY], char text[GW_PROOF_TEXT])
{
    struct gw_buf buf;
    struct gw_jcs j;
    (void)snprintf(key, GW_PROOF_KEY, "proof/%s/%s/%s", gw_proof_what_name(p->what), p->asset,
                   p->point);
    gw_buf_fixed(&buf, text, GW_PROOF_TEXT);
    gw_jcs_init(&j, &buf);
    gw_jcs_obj(&j, NULL);
    gw_jcs_int(&j, "after_ms", p->after_ms);
    gw_jcs_str(&j, "asset", p->asset);
    gw_jcs_int(&j, "at_ms", p->at_ms);
    gw_jcs_str(&j, "by", p->by);
    gw_jcs_str(&j, "from", p->from);
    gw_jcs_str(&j, "point", p->point);
    gw_jcs_str(&j, "role", p->role);
    gw_jcs_str(&j, "to", p->to);
    gw_jcs_int(&j, "what", (int)p->what);
    gw_jcs_end(&j);
    /* Texts are bounded, and what needs escapes was refused when it came. */
    assert(gw_jcs_done(&j));
}

static bool take_text(const struct gw_jnode *root, const char *key, char *out, size_t size)
{
    const struct gw_jnode *n = gw_jnode_get(root, key);
    if (n == NULL || gw_jnode_type(n) != GW_J_STR || strlen(gw_jnode_str(n)) >= size)
        return false;
    memcpy(out, gw_jnode_str(n), strlen(gw_jnode_str(n)) + 1);
    return true;
}

static bool take_int(const struct gw_jnode *root, const char *key, int64_t *out)
{
    const struct gw_jnode *n = gw_jnode_get(root, key);
    if (n == NULL || gw_jnode_type(n) != GW_J_NUM || !gw_jnode_is_int(n) || gw_jnode_num(n) < 0)
        return false;
    *out = (int64_t)gw_jnode_num(n);
    return true;
}

static bool read_proof(const struct gw_jnode *root, struct gw_proof *p)
{
    int64_t what = 0;
    if (gw_jnode_type(root) != GW_J_OBJ || gw_jnode_count(root) != 9 ||
        !take_int(root, "after_ms", &p->after_ms) || !take_int(root, "at_ms", &p->at_ms) ||
        !take_int(root, "what", &what) || what > GW_PROOF_ACTED ||
        !take_text(root, "asset", p->asset, sizeof p->asset) ||
        !take_text(root, "by", p->by, sizeof p->by) ||
        !take_text(root, "from", p->from, sizeof p->from) ||
        !take_text(root, "point", p->point, sizeof p->point) ||
        !take_text(root, "role", p->role, sizeof p->role) ||
        !take_text(root, "to", p->to, sizeof p->to))
        return false;
    p->what = (enum gw_proof_what)what;
    return p->asset[0] != '\0' && p->point[0] != '\0';
}

enum gw_status gw_proofs_restore(struct gw_proofs *p, const char *text)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    struct gw_proof proof = {.asset = ""};
    if (issues == NULL)
        return GW_E_NOMEM;
    enum gw_status st = gw_json_parse(text, strlen(text), "state", issues, &doc);
    if (st == GW_OK && !read_proof(gw_json_root(doc), &proof))
        st = GW_E_PARSE;
    gw_json_free(doc);
    gw_issues_free(issues);
    if (st == GW_OK)
        st = gw_proofs_reserve(p, &proof);
    if (st == GW_OK)
        gw_proofs_set(p, &proof);
    return st;
}

void gw_proofs_write(const struct gw_proofs *p, struct gw_jcs *j, const char *key)
{
    gw_jcs_arr(j, key);
    for (size_t i = 0; i < p->n; i++) {
        const struct gw_proof *proof = &p->list[i];
        gw_jcs_obj(j, NULL);
        if (proof->what == GW_PROOF_ACTED)
            gw_jcs_int(j, "after_ms", proof->after_ms);
        gw_jcs_str(j, "asset", proof->asset);
        gw_part_iso(j, "at", proof->at_ms);
        gw_jcs_str(j, "by", proof->by);
        gw_jcs_str(j, "from_value", proof->from);
        gw_jcs_str(j, "point", proof->point);
        gw_jcs_str(j, "role", proof->role);
        gw_jcs_str(j, "to_value", proof->to);
        gw_jcs_str(j, "what", gw_proof_what_name(proof->what));
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}
