/* SPDX-License-Identifier: Apache-2.0
 *
 * The stored rows of permits, orders, the accepted inventory and rectifications.
 */
#include "finding/govern.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "conf/json.h"

/* ---- one description for writing and reading ---- */

enum field_type { F_TEXT, F_INT, F_BOOL, F_ENUM };

/* A member of a row; in the order of the alphabet, as canonical JSON wants them. */
struct field {
    const char *name; /* NULL ends a list */
    enum field_type type;
    size_t offset, size; /* size: of a text; of an enum: how many values it has */
};

#define TEXT(s, m)    F_TEXT, offsetof(struct s, m), sizeof(((struct s *)0)->m)
#define INT(s, m)     F_INT, offsetof(struct s, m), 0
#define BOOL(s, m)    F_BOOL, offsetof(struct s, m), 0
#define ENUM(s, m, n) F_ENUM, offsetof(struct s, m), n

static const struct field permit_fields[] = {
    {"by", ENUM(gw_permit, by, GW_BY_PLATFORM + 1)},
    {"certificate", TEXT(gw_permit, certificate)},
    {"certificate_until_ms", INT(gw_permit, certificate_until_ms)},
    {"from_ms", INT(gw_permit, from_ms)},
    {"id", TEXT(gw_permit, id)},
    {"reason", TEXT(gw_permit, reason)},
    {"scope", ENUM(gw_permit, scope, GW_PERMIT_COUNT)},
    {"target", TEXT(gw_permit, target)},
    {"until_ms", INT(gw_permit, until_ms)},
    {"who", TEXT(gw_permit, who)},
    {NULL, F_TEXT, 0, 0},
};

static const struct field order_fields[] = {
    {"id", TEXT(gw_standing_order, id)},
    {"order", ENUM(gw_standing_order, order, GW_ORDER_LIFT)},
    {"reason", TEXT(gw_standing_order, reason)},
    {"since_ms", INT(gw_standing_order, since_ms)},
    {"target", TEXT(gw_standing_order, target)},
    {"who", TEXT(gw_standing_order, who)},
    {NULL, F_TEXT, 0, 0},
};

static const struct field accepted_fields[] = {
    {"at_ms", INT(gw_accepted, at_ms)},
    {"hash", TEXT(gw_accepted, hash)},
    {"who", TEXT(gw_accepted, who)},
    {NULL, F_TEXT, 0, 0},
};

static const struct field rectify_fields[] = {
    {"asked", BOOL(gw_rectify, asked)},
    {"body", TEXT(gw_rectify, body)},
    {"claimed_by", TEXT(gw_rectify, claimed_by)},
    {"claimed_ms", INT(gw_rectify, claimed_ms)},
    {"deadline_ms", INT(gw_rectify, deadline_ms)},
    {"key", TEXT(gw_rectify, key)},
    {"number", INT(gw_rectify, number)},
    {"role", TEXT(gw_rectify, role)},
    {"standard", TEXT(gw_rectify, standard)},
    {"unverified", BOOL(gw_rectify, unverified)},
    {NULL, F_TEXT, 0, 0},
};

/* ---- writing ---- */

static void write_row(const struct field *fields, const void *from, char text[GW_GOVERN_TEXT])
{
    struct gw_buf buf;
    struct gw_jcs j;
    gw_buf_fixed(&buf, text, GW_GOVERN_TEXT);
    gw_jcs_init(&j, &buf);
    gw_jcs_obj(&j, NULL);
    for (const struct field *f = fields; f->name != NULL; f++) {
        const char *at = (const char *)from + f->offset;
        int64_t n = 0;
        int e = 0;
        bool b = false;
        switch (f->type) {
        case F_TEXT:
            gw_jcs_str(&j, f->name, at);
            break;
        case F_INT:
            memcpy(&n, at, sizeof n);
            gw_jcs_int(&j, f->name, n);
            break;
        case F_BOOL:
            memcpy(&b, at, sizeof b);
            gw_jcs_bool(&j, f->name, b);
            break;
        case F_ENUM:
            memcpy(&e, at, sizeof e);
            gw_jcs_int(&j, f->name, e);
            break;
        }
    }
    gw_jcs_end(&j);
    /* Texts are bounded, and what needs escapes was refused when it came. */
    assert(gw_jcs_done(&j));
}

static void make_key(char key[GW_GOVERN_KEY], const char *sort, const char *name)
{
    (void)snprintf(key, GW_GOVERN_KEY, "%s/%s", sort, name);
}

void gw_permit_row(const struct gw_permit *p, char key[GW_GOVERN_KEY], char text[GW_GOVERN_TEXT])
{
    make_key(key, "permit", p->id);
    write_row(permit_fields, p, text);
}

void gw_order_row(const struct gw_standing_order *o, char key[GW_GOVERN_KEY],
                  char text[GW_GOVERN_TEXT])
{
    make_key(key, "order", o->target[0] != '\0' ? o->target : "*");
    write_row(order_fields, o, text);
}

void gw_accepted_row(const struct gw_accepted *a, char key[GW_GOVERN_KEY],
                     char text[GW_GOVERN_TEXT])
{
    make_key(key, "accept", "inventory");
    write_row(accepted_fields, a, text);
}

void gw_rectify_row(const struct gw_rectify *r, char key[GW_GOVERN_KEY], char text[GW_GOVERN_TEXT])
{
    make_key(key, "rectify", r->key);
    write_row(rectify_fields, r, text);
}

/* ---- reading ---- */

static bool read_int(const struct gw_jnode *n, int64_t *out)
{
    if (gw_jnode_type(n) != GW_J_NUM || !gw_jnode_is_int(n))
        return false;
    *out = (int64_t)gw_jnode_num(n);
    return *out >= -(INT64_C(1) << 53) && *out <= INT64_C(1) << 53;
}

static bool read_field(const struct field *f, const struct gw_jnode *n, void *to)
{
    char *at = (char *)to + f->offset;
    int64_t v = 0;
    switch (f->type) {
    case F_TEXT:
        if (gw_jnode_type(n) != GW_J_STR || strlen(gw_jnode_str(n)) >= f->size)
            return false;
        memcpy(at, gw_jnode_str(n), strlen(gw_jnode_str(n)) + 1);
        return true;
    case F_INT:
        if (!read_int(n, &v))
            return false;
        memcpy(at, &v, sizeof v);
        return true;
    case F_BOOL:
        if (gw_jnode_type(n) != GW_J_BOOL)
            return false;
        memcpy(at, &(bool){gw_jnode_bool(n)}, sizeof(bool));
        return true;
    case F_ENUM:
        if (!read_int(n, &v) || v < 0 || v >= (int64_t)f->size)
            return false;
        memcpy(at, &(int){(int)v}, sizeof(int));
        return true;
    }
    return false;
}

static bool read_fields(const struct field *fields, const struct gw_jnode *root, void *to)
{
    size_t taken = 0;
    if (gw_jnode_type(root) != GW_J_OBJ)
        return false;
    for (const struct field *f = fields; f->name != NULL; f++) {
        const struct gw_jnode *n = gw_jnode_get(root, f->name);
        if (n == NULL || !read_field(f, n, to))
            return false;
        taken++;
    }
    return taken == gw_jnode_count(root);
}

static enum gw_status read_row(const struct field *fields, const char *text, void *to)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    if (issues == NULL)
        return GW_E_NOMEM;
    enum gw_status status = gw_json_parse(text, strlen(text), "state", issues, &doc);
    if (status == GW_OK && !read_fields(fields, gw_json_root(doc), to))
        status = GW_E_PARSE;
    gw_json_free(doc);
    gw_issues_free(issues);
    return status;
}

/* One row of a sort of which there can be several. */
static enum gw_status restore_permit(struct gw_govern *g, const char *text)
{
    struct gw_permit p = {.id = ""};
    const enum gw_status status = read_row(permit_fields, text, &p);
    if (status != GW_OK)
        return status;
    if (p.id[0] == '\0' || p.until_ms <= p.from_ms)
        return GW_E_PARSE;
    if (g->npermits == GW_PERMITS_MAX)
        return GW_E_FULL;
    g->permits[g->npermits++] = p;
    return GW_OK;
}

static enum gw_status restore_order(struct gw_govern *g, const char *text)
{
    struct gw_standing_order o = {.id = ""};
    const enum gw_status status = read_row(order_fields, text, &o);
    if (status != GW_OK)
        return status;
    if (g->norders == GW_ORDERS_MAX)
        return GW_E_FULL;
    g->orders[g->norders++] = o;
    return GW_OK;
}

static enum gw_status restore_rectify(struct gw_govern *g, const char *text)
{
    struct gw_rectify r = {.key = ""};
    const enum gw_status status = read_row(rectify_fields, text, &r);
    if (status != GW_OK)
        return status;
    if (r.key[0] == '\0' || r.number < 1)
        return GW_E_PARSE;
    if (g->nrectifies == GW_RECTIFIES_MAX)
        return GW_E_FULL;
    g->rectifies[g->nrectifies++] = r;
    return GW_OK;
}

enum gw_status gw_govern_restore(struct gw_govern *g, const char *key, const char *text)
{
    if (strncmp(key, "permit/", 7) == 0)
        return restore_permit(g, text);
    if (strncmp(key, "order/", 6) == 0)
        return restore_order(g, text);
    if (strncmp(key, "rectify/", 8) == 0)
        return restore_rectify(g, text);
    if (strcmp(key, "accept/inventory") == 0)
        return read_row(accepted_fields, text, &g->accepted);
    return GW_E_PARSE;
}
