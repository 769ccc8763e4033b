/* SPDX-License-Identifier: Apache-2.0 */
#include "control/told.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conf/issues.h"
#include "conf/json.h"

#define ROLE_SIZE   37 /* who = "<role>/<by>" fits GW_COMMAND_ID */
#define INT_TOP     9007199254740992.0
#define MINUTES_MAX (7 * 24 * 60) /* the catalogue says how much of that */
#define MEMBERS_MAX 9             /* of a verb */

/* A body taken apart. */
struct told {
    struct gw_command command;
    char role[ROLE_SIZE];
    int64_t minutes;
};

enum member_type { TEXT, TIME, MINUTES, SCOPE, WHAT };

struct member {
    const char *name;
    enum member_type type;
    size_t offset, size; /* in struct told */
    bool optional;
};

struct gw_told_verb {
    const char *path;
    enum gw_command_kind kind;
    struct member members[MEMBERS_MAX];
};

#define IN(m)  .offset = offsetof(struct told, m), .size = sizeof((struct told *)0)->m
#define CMD(m) IN(command.m)
#define ROLE                                                                                       \
    {                                                                                              \
        "role", TEXT, IN(role), .optional = false                                                  \
    }
#define NOTE                                                                                       \
    {                                                                                              \
        "note", TEXT, CMD(reason), .optional = true                                                \
    }
#define REASON                                                                                     \
    {                                                                                              \
        "reason", TEXT, CMD(reason), .optional = false                                             \
    }

/* clang-format off */
static const struct gw_told_verb verbs[] = {
    {"/v1/ack", GW_COMMAND_ACK,
     {{"case", TEXT, CMD(target), .optional = false}, NOTE, ROLE}},
    {"/v1/shelve", GW_COMMAND_SHELVE,
     {{"case", TEXT, CMD(target), .optional = false}, {"minutes", MINUTES, IN(minutes), .optional = false},
      REASON, ROLE}},
    {"/v1/unshelve", GW_COMMAND_UNSHELVE,
     {{"case", TEXT, CMD(target), .optional = false}, NOTE, ROLE}},
    {"/v1/permit", GW_COMMAND_PERMIT,
     {{"asset", TEXT, CMD(target), .optional = false},
      {"certificate", TEXT, CMD(certificate), .optional = true},
      {"certificate_until", TIME, CMD(certificate_until_ms), .optional = true},
      {"from", TIME, CMD(from_ms), .optional = true},
      {"kind", SCOPE, CMD(scope), .optional = false},
      {"number", TEXT, CMD(id), .optional = true},
      REASON, ROLE,
      {"until", TIME, CMD(until_ms), .optional = false}}},
    {"/v1/permit_end", GW_COMMAND_REVOKE,
     {{"id", TEXT, CMD(id), .optional = false}, NOTE, ROLE}},
    {"/v1/proof", GW_COMMAND_PROOF,
     {{"asset", TEXT, CMD(target), .optional = false}, NOTE,
      {"point", TEXT, CMD(point), .optional = false}, ROLE,
      {"since", TIME, CMD(since_ms), .optional = false}, {"what", WHAT, CMD(what), .optional = false}}},
};
/* clang-format on */

const struct gw_told_verb *gw_told_find(const char *path)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].path, path) == 0)
            return &verbs[i];
    return NULL;
}

/* ---- members ---- */

static enum gw_status wrong(const char *name, const char *what, struct gw_err *err)
{
    return gw_err_set(err, GW_E_PARSE, "%s %s", name, what);
}

/* Texts go into records and pages: no control characters. */
static bool is_plain(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
        if (*p < 0x20 || *p == 0x7f)
            return false;
    return gw_utf8_valid(text, strlen(text));
}

static enum gw_status read_text(const struct gw_jnode *n, const struct member *m, char *at,
                                struct gw_err *err)
{
    if (gw_jnode_type(n) != GW_J_STR)
        return wrong(m->name, "must be a string", err);
    const char *text = gw_jnode_str(n);
    if (text[0] == '\0' && !m->optional)
        return wrong(m->name, "is empty", err);
    if (strlen(text) >= m->size)
        return wrong(m->name, "is too long", err);
    if (!is_plain(text))
        return wrong(m->name, "has control characters", err);
    memcpy(at, text, strlen(text) + 1);
    return GW_OK;
}

static enum gw_status read_scope(const struct gw_jnode *n, const struct member *m, char *at,
                                 struct gw_err *err)
{
    for (int i = 0; gw_jnode_type(n) == GW_J_STR && i < GW_PERMIT_COUNT; i++) {
        const enum gw_permit_scope scope = (enum gw_permit_scope)i;
        if (strcmp(gw_permit_scope_name(scope), gw_jnode_str(n)) == 0) {
            memcpy(at, &scope, sizeof scope);
            return GW_OK;
        }
    }
    return wrong(m->name, "must be maintenance, shield, calibration or hot_work", err);
}

static enum gw_status read_what(const struct gw_jnode *n, const struct member *m, char *at,
                                struct gw_err *err)
{
    for (int i = GW_PROOF_MOVED; gw_jnode_type(n) == GW_J_STR && i <= GW_PROOF_ACTED; i++) {
        const enum gw_proof_what what = (enum gw_proof_what)i;
        if (strcmp(gw_proof_what_name(what), gw_jnode_str(n)) == 0) {
            memcpy(at, &what, sizeof what);
            return GW_OK;
        }
    }
    return wrong(m->name, "must be moved or acted", err);
}

static enum gw_status read_number(const struct gw_jnode *n, const struct member *m, char *at,
                                  struct gw_err *err)
{
    const bool minutes = m->type == MINUTES;
    const double top = minutes ? (double)MINUTES_MAX : INT_TOP;
    if (gw_jnode_type(n) != GW_J_NUM || !gw_jnode_is_int(n) ||
        gw_jnode_num(n) < (minutes ? 1 : 0) || gw_jnode_num(n) > top)
        return wrong(m->name,
                     minutes ? "must be a whole number of minutes, 1 or more"
                             : "must be milliseconds since 1970",
                     err);
    const int64_t value = (int64_t)gw_jnode_num(n);
    memcpy(at, &value, sizeof value);
    return GW_OK;
}

static enum gw_status read_member(const struct gw_jnode *n, const struct member *m,
                                  struct told *out, struct gw_err *err)
{
    char *at = (char *)out + m->offset;
    switch (m->type) {
    case TEXT:
        return read_text(n, m, at, err);
    case SCOPE:
        return read_scope(n, m, at, err);
    case WHAT:
        return read_what(n, m, at, err);
    default:
        return read_number(n, m, at, err);
    }
}

static enum gw_status read_members(const struct gw_told_verb *verb, const struct gw_jnode *root,
                                   struct told *out, struct gw_err *err)
{
    size_t known = 0;
    enum gw_status st = GW_OK;
    if (gw_jnode_type(root) != GW_J_OBJ)
        return gw_err_set(err, GW_E_PARSE, "the body must be an object");
    for (size_t i = 0; i < MEMBERS_MAX && verb->members[i].name != NULL && st == GW_OK; i++) {
        const struct member *m = &verb->members[i];
        const struct gw_jnode *n = gw_jnode_get(root, m->name);
        known += n != NULL;
        if (n != NULL)
            st = read_member(n, m, out, err);
        else if (!m->optional)
            st = wrong(m->name, "is missing", err);
    }
    if (st != GW_OK || known == gw_jnode_count(root))
        return st;
    for (const struct gw_jnode *n = gw_jnode_first(root); n != NULL; n = gw_jnode_next(n)) {
        bool is_known = false;
        for (size_t i = 0; i < MEMBERS_MAX && verb->members[i].name != NULL; i++)
            is_known = is_known || strcmp(verb->members[i].name, gw_jnode_key(n)) == 0;
        if (!is_known)
            return wrong(gw_jnode_key(n), "is no member of this", err);
    }
    return GW_OK;
}

/* ---- a whole body ---- */

static enum gw_status finish(struct told *t, const char *by, int64_t now_ms, struct gw_err *err)
{
    struct gw_command *c = &t->command;
    if (strchr(t->role, '/') != NULL)
        return wrong("role", "has a '/'", err);
    c->by = GW_BY_LOCAL;
    (void)snprintf(c->who, sizeof c->who, "%s/%s", t->role, by);
    if (c->kind == GW_COMMAND_SHELVE)
        c->until_ms = now_ms + t->minutes * 60000;
    if (c->kind == GW_COMMAND_PERMIT && c->id[0] == '\0')
        (void)snprintf(c->id, sizeof c->id, "local-%" PRId64, now_ms);
    return GW_OK;
}

enum gw_status gw_told_read(const struct gw_told_verb *verb, const char *body, size_t len,
                            const char *by, int64_t now_ms, struct gw_command *out,
                            struct gw_err *err)
{
    struct told t = {.command.kind = verb->kind};
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    enum gw_status st = GW_E_NOMEM;
    if (issues == NULL)
        return gw_err_set(err, st, "out of memory");
    st = gw_json_parse(body, len, "body", issues, &doc);
    if (st != GW_OK) {
        (void)gw_err_set(err, st, "the body is no JSON object");
        goto out;
    }
    st = read_members(verb, gw_json_root(doc), &t, err);
    if (st == GW_OK)
        st = finish(&t, by, now_ms, err);
    if (st == GW_OK)
        *out = t.command;

out:
    gw_json_free(doc);
    gw_issues_free(issues);
    return st;
}
