/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/catalogue_in.h"

#include "alarm/chatter.h"
#include "alarm/flood.h"
#include "base/buf.h"
#include "conf/keys.h"

#include <stdlib.h>
#include <string.h>

const struct gw_key gw_cat_text_keys[] = {
    {"zh", GW_KEY_STR, offsetof(struct gw_text, zh), GW_TEXT_SIZE, .min = 1, .required = true},
    {"en", GW_KEY_STR, offsetof(struct gw_text, en), GW_TEXT_SIZE, .min = 1, .required = true},
    {.type = GW_KEY_END},
};

void gw_cat_copy(char *to, size_t size, const char *from)
{
    struct gw_buf b;
    gw_buf_fixed(&b, to, size);
    gw_buf_str(&b, from);
}

/* ---- lists of names ---- */

static bool given_before(const struct gw_jnode *list, const struct gw_jnode *name)
{
    for (const struct gw_jnode *n = gw_jnode_first(list); n != name; n = gw_jnode_next(n))
        if (gw_jnode_type(n) == GW_J_STR && strcmp(gw_jnode_str(n), gw_jnode_str(name)) == 0)
            return true;
    return false;
}

void gw_cat_each_name(struct gw_cat_env *env, const struct gw_jnode *list, gw_cat_add_fn *add,
                      void *to)
{
    if (list == NULL)
        return;
    if (gw_jnode_type(list) != GW_J_ARR || gw_jnode_count(list) == 0) {
        gw_jnode_issue(list, env->issues, "must be an array of names, and not empty");
        return;
    }
    for (const struct gw_jnode *n = gw_jnode_first(list); n != NULL; n = gw_jnode_next(n)) {
        if (gw_jnode_type(n) != GW_J_STR) {
            gw_jnode_issue(n, env->issues, "must be a name, is %s",
                           gw_jtype_name(gw_jnode_type(n)));
        } else if (given_before(list, n)) {
            gw_jnode_issue(n, env->issues, "\"%s\" is given twice", gw_jnode_str(n));
        } else {
            add(env, n, to);
        }
    }
}

void gw_cat_add_sector(struct gw_cat_env *env, const struct gw_jnode *name, void *mask)
{
    for (unsigned i = 0; gw_sector_names[i] != NULL; i++) {
        if (strcmp(gw_sector_names[i], gw_jnode_str(name)) == 0) {
            *(uint32_t *)mask |= 1u << i;
            return;
        }
    }
    gw_jnode_issue(name, env->issues, "unknown sector \"%s\"", gw_jnode_str(name));
}

const struct gw_role_def *gw_cat_known_role(struct gw_cat_env *env, const struct gw_jnode *name)
{
    const struct gw_role_def *def = gw_catalogue_role(env->cat, gw_jnode_str(name));
    if (def == NULL)
        gw_jnode_issue(name, env->issues, "unknown role \"%s\"", gw_jnode_str(name));
    return def;
}

bool gw_cat_known_type(struct gw_cat_env *env, const struct gw_jnode *name)
{
    if (gw_catalogue_type(env->cat, gw_jnode_str(name)) != NULL)
        return true;
    gw_jnode_issue(name, env->issues, "unknown asset type \"%s\"", gw_jnode_str(name));
    return false;
}

static bool name_ok(struct gw_cat_env *env, const struct gw_jnode *n, size_t size)
{
    if (gw_keys_is_id(gw_jnode_key(n), size))
        return true;
    gw_jnode_issue(n, env->issues, "a name here has 1 to %zu letters, digits, '-' and '_'",
                   size - 1);
    return false;
}

/* ---- asset types, roles, facts ---- */

static void read_type(struct gw_cat_env *env, const struct gw_jnode *n)
{
    if (env->cat->ntypes == GW_CAT_TYPES_MAX) {
        gw_jnode_issue(n, env->issues, "there can be at most %d asset types", GW_CAT_TYPES_MAX);
        return;
    }
    struct gw_type_def *def = &env->cat->types[env->cat->ntypes];
    (void)gw_keys_read(n, gw_cat_text_keys, &def->title, env->issues);
    if (name_ok(env, n, sizeof def->type)) {
        gw_cat_copy(def->type, sizeof def->type, gw_jnode_key(n));
        env->cat->ntypes++;
    }
}

struct role_in {
    struct gw_role_def def;
    int is;
    const struct gw_jnode *units;
};

static void add_unit(struct gw_cat_env *env, const struct gw_jnode *name, void *to)
{
    struct gw_role_def *def = to;
    const size_t max = sizeof def->units / sizeof def->units[0];
    const size_t len = strlen(gw_jnode_str(name));
    if (def->nunits == max || len == 0 || len >= sizeof def->units[0]) {
        gw_jnode_issue(name, env->issues, "there can be at most %zu units of 1 to %zu bytes", max,
                       sizeof def->units[0] - 1);
        return;
    }
    gw_cat_copy(def->units[def->nunits++], sizeof def->units[0], gw_jnode_str(name));
}

static void read_role(struct gw_cat_env *env, const struct gw_jnode *n)
{
    static const char *const kinds[] = {"number", "integer", "contact", "state", NULL};
    static const enum gw_vtype vtypes[] = {GW_V_NUM, GW_V_INT, GW_V_BOOL, GW_V_STATE};
    static const struct gw_key keys[] = {
        {"is", GW_KEY_ENUM, offsetof(struct role_in, is), .names = kinds, .required = true},
        {"many", GW_KEY_BOOL, offsetof(struct role_in, def.many), .required = false},
        {"units", GW_KEY_NODE, offsetof(struct role_in, units), .jtype = GW_J_ARR},
        {"zh", GW_KEY_STR, offsetof(struct role_in, def.title.zh), GW_TEXT_SIZE, .min = 1,
         .required = true},
        {"en", GW_KEY_STR, offsetof(struct role_in, def.title.en), GW_TEXT_SIZE, .min = 1,
         .required = true},
        {.type = GW_KEY_END},
    };
    struct role_in in = {0};
    (void)gw_keys_read(n, keys, &in, env->issues);
    in.def.vtype = vtypes[in.is];
    gw_cat_each_name(env, in.units, add_unit, &in.def);
    if (in.def.nunits > 0 && in.def.vtype != GW_V_NUM)
        gw_jnode_issue(in.units, env->issues, "only a number has units");
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *role = gw_jnode_key(n);
    if (strspn(role, alphabet) != strlen(role)) {
        gw_jnode_issue(n, env->issues, "a role has capital letters, digits and '_' only");
    } else if (name_ok(env, n, sizeof in.def.role)) {
        gw_cat_copy(in.def.role, sizeof in.def.role, gw_jnode_key(n));
        env->cat->roles[env->cat->nroles++] = in.def;
    }
}

struct fact_in {
    struct gw_fact_def def;
    const struct gw_jnode *values;
};

static void add_value(struct gw_cat_env *env, const struct gw_jnode *name, void *to)
{
    struct gw_fact_def *def = to;
    const size_t max = sizeof def->values / sizeof def->values[0];
    if (def->nvalues == max || !gw_keys_is_id(gw_jnode_str(name), sizeof def->values[0])) {
        gw_jnode_issue(name, env->issues,
                       "there can be at most %zu values of 1 to %zu letters, digits, '-' and '_'",
                       max, sizeof def->values[0] - 1);
        return;
    }
    gw_cat_copy(def->values[def->nvalues++], sizeof def->values[0], gw_jnode_str(name));
}

static void read_fact(struct gw_cat_env *env, const struct gw_jnode *n)
{
    static const struct gw_key keys[] = {
        {"values", GW_KEY_NODE, offsetof(struct fact_in, values), .jtype = GW_J_ARR,
         .required = true},
        {"zh", GW_KEY_STR, offsetof(struct fact_in, def.title.zh), GW_TEXT_SIZE, .min = 1,
         .required = true},
        {"en", GW_KEY_STR, offsetof(struct fact_in, def.title.en), GW_TEXT_SIZE, .min = 1,
         .required = true},
        {.type = GW_KEY_END},
    };
    struct fact_in in = {0};
    (void)gw_keys_read(n, keys, &in, env->issues);
    gw_cat_each_name(env, in.values, add_value, &in.def);
    if (name_ok(env, n, sizeof in.def.key)) {
        gw_cat_copy(in.def.key, sizeof in.def.key, gw_jnode_key(n));
        env->cat->facts[env->cat->nfacts++] = in.def;
    }
}

/* ---- permits ---- */

/* Alarms are never withheld, and no permit makes a failed interlock, an alarm that nobody answers or
 * work against an order right. */
static void add_kind(struct gw_cat_env *env, const struct gw_jnode *name, void *to)
{
    static const unsigned never =
        1u << GW_KIND_EV | 1u << GW_KIND_ILK | 1u << GW_KIND_TRP | 1u << GW_KIND_ORD;
    for (unsigned i = 0; gw_cat_kinds[i] != NULL; i++) {
        if (strcmp(gw_cat_kinds[i], gw_jnode_str(name)) != 0)
            continue;
        if ((never >> i & 1u) != 0)
            gw_jnode_issue(name, env->issues, "no permit covers leads of kind %s", gw_cat_kinds[i]);
        *(uint32_t *)to |= 1u << i;
        return;
    }
    gw_jnode_issue(name, env->issues, "unknown kind \"%s\"", gw_jnode_str(name));
}

static void read_permit(struct gw_cat_env *env, const struct gw_jnode *n)
{
    struct permit_in {
        int64_t max_h;
        const struct gw_jnode *covers;
    };
    static const struct gw_key keys[] = {
        {"max_h", GW_KEY_INT, offsetof(struct permit_in, max_h), .min = 1, .max = 720,
         .required = true},
        {"covers", GW_KEY_NODE, offsetof(struct permit_in, covers), .jtype = GW_J_ARR},
        {.type = GW_KEY_END},
    };
    struct permit_in in = {0};
    (void)gw_keys_read(n, keys, &in, env->issues);
    for (int i = 0; i < GW_PERMIT_COUNT; i++) {
        if (strcmp(gw_permit_scope_name((enum gw_permit_scope)i), gw_jnode_key(n)) == 0) {
            struct gw_permit_def *def = &env->cat->permits[i];
            def->max_ms = in.max_h * 3600000;
            gw_cat_each_name(env, in.covers, add_kind, &def->kinds);
            return;
        }
    }
    gw_jnode_issue(n, env->issues, "there are no such permits");
}

/* ---- documents, clauses, laws ---- */

static void read_document(struct gw_cat_env *env, const struct gw_jnode *n)
{
    static const struct gw_key keys[] = {
        {"title", GW_KEY_STR, offsetof(struct gw_cat_document, title), GW_NAME_SIZE, .min = 1,
         .required = true},
        {"edition", GW_KEY_STR, offsetof(struct gw_cat_document, edition), GW_ID_SIZE, .min = 1,
         .required = true},
        {.type = GW_KEY_END},
    };
    struct gw_cat_document *d = &env->documents[env->ndocuments++];
    (void)gw_keys_read(n, keys, d, env->issues);
    d->name = gw_jnode_key(n);
}

static void add_type_bit(struct gw_cat_env *env, const struct gw_jnode *name, void *mask)
{
    if (gw_cat_known_type(env, name)) {
        const struct gw_type_def *def = gw_catalogue_type(env->cat, gw_jnode_str(name));
        *(uint64_t *)mask |= UINT64_C(1) << (def - env->cat->types);
    }
}

struct clause_in {
    struct gw_clause clause;
    char document[GW_ID_SIZE];
    int confirmed;
    const struct gw_jnode *sectors, *types;
};

static const char *const confirmations[] = {"published", "memory", NULL};

static const struct gw_key clause_keys[] = {
    {"document", GW_KEY_ID, offsetof(struct clause_in, document), GW_ID_SIZE, .required = true},
    {"article", GW_KEY_STR, offsetof(struct clause_in, clause.article), GW_ID_SIZE, .min = 1,
     .required = true},
    {"item", GW_KEY_STR, offsetof(struct clause_in, clause.item), GW_ID_SIZE, .required = true},
    {"confirmed", GW_KEY_ENUM, offsetof(struct clause_in, confirmed), .names = confirmations,
     .required = true},
    {"sectors", GW_KEY_NODE, offsetof(struct clause_in, sectors), .jtype = GW_J_ARR,
     .required = true},
    {"types", GW_KEY_NODE, offsetof(struct clause_in, types), .jtype = GW_J_ARR},
    {"beside", GW_KEY_BOOL, offsetof(struct clause_in, clause.beside), .required = false},
    {"zh", GW_KEY_STR, offsetof(struct clause_in, clause.text.zh), GW_TEXT_SIZE, .min = 1,
     .required = true},
    {"en", GW_KEY_STR, offsetof(struct clause_in, clause.text.en), GW_TEXT_SIZE, .min = 1,
     .required = true},
    {.type = GW_KEY_END},
};

static void name_document(struct gw_cat_env *env, const struct gw_jnode *n, struct clause_in *in)
{
    for (size_t i = 0; i < env->ndocuments; i++) {
        const struct gw_cat_document *d = &env->documents[i];
        if (strcmp(d->name, in->document) == 0) {
            gw_cat_copy(in->clause.document, sizeof in->clause.document, d->title);
            gw_cat_copy(in->clause.edition, sizeof in->clause.edition, d->edition);
            return;
        }
    }
    const struct gw_jnode *at = gw_jnode_get(n, "document");
    if (at != NULL && in->document[0] != '\0')
        gw_jnode_issue(at, env->issues, "\"documents\" has no \"%s\"", in->document);
}

static void read_clause(struct gw_cat_env *env, const struct gw_jnode *n)
{
    struct clause_in in = {0};
    (void)gw_keys_read(n, clause_keys, &in, env->issues);
    name_document(env, n, &in);
    gw_cat_copy(in.clause.confirmed, sizeof in.clause.confirmed, confirmations[in.confirmed]);
    gw_cat_each_name(env, in.sectors, gw_cat_add_sector, &in.clause.sectors);
    gw_cat_each_name(env, in.types, add_type_bit, &in.clause.types);
    struct gw_clause *clause = &env->cat->clauses[env->nclauses];
    *clause = in.clause;
    env->clauses[env->nclauses++] =
        (struct gw_cat_clause){.name = gw_jnode_key(n), .clause = clause};
}

static void read_law(struct gw_cat_env *env, const struct gw_jnode *n)
{
    struct law_in {
        const struct gw_jnode *obligation, *penalty;
    };
    static const struct gw_key keys[] = {
        {"obligation", GW_KEY_NODE, offsetof(struct law_in, obligation), .jtype = GW_J_OBJ,
         .required = true},
        {"penalty", GW_KEY_NODE, offsetof(struct law_in, penalty), .jtype = GW_J_OBJ,
         .required = true},
        {.type = GW_KEY_END},
    };
    struct law_in in = {0};
    struct gw_text *texts = &env->cat->laws[2 * env->nlaws];
    env->laws[env->nlaws++] =
        (struct gw_cat_law){.name = gw_jnode_key(n), .obligation = &texts[0], .penalty = &texts[1]};
    (void)gw_keys_read(n, keys, &in, env->issues);
    (void)gw_keys_read(in.obligation, gw_cat_text_keys, &texts[0], env->issues);
    (void)gw_keys_read(in.penalty, gw_cat_text_keys, &texts[1], env->issues);
}

/* ---- the file ---- */

static const struct gw_key alarm_system_keys[] = {
    {"chatter_count", GW_KEY_INT, offsetof(struct gw_alarm_system, chatter_count), .min = 2,
     .max = GW_CHATTER_MAX, .required = true},
    {"chatter_window_s", GW_KEY_INT, offsetof(struct gw_alarm_system, chatter_window_s), .min = 1,
     .max = 3600, .required = true},
    {"chatter_quiet_s", GW_KEY_INT, offsetof(struct gw_alarm_system, chatter_quiet_s), .min = 1,
     .max = 86400, .required = true},
    {"flood_start", GW_KEY_INT, offsetof(struct gw_alarm_system, flood_start), .min = 2,
     .max = GW_FLOOD_MAX - 1, .required = true},
    {"flood_end", GW_KEY_INT, offsetof(struct gw_alarm_system, flood_end), .min = 1,
     .max = GW_FLOOD_MAX - 1, .required = true},
    {"flood_window_s", GW_KEY_INT, offsetof(struct gw_alarm_system, flood_window_s), .min = 10,
     .max = 86400, .required = true},
    {"summary_s", GW_KEY_INT, offsetof(struct gw_alarm_system, summary_s), .min = 10, .max = 86400,
     .required = true},
    {"stale_h", GW_KEY_INT, offsetof(struct gw_alarm_system, stale_h), .min = 1, .max = 8760,
     .required = true},
    {.type = GW_KEY_END},
};

static void read_alarm_system(struct gw_cat_env *env, const struct gw_jnode *n)
{
    struct gw_alarm_system *a = &env->cat->alarm_system;
    /* What a catalogue without this section gets: the numbers of ISA-18.2. */
    *a = (struct gw_alarm_system){3, 60, 600, 10, 5, 600, 600, 24};
    if (n == NULL || !gw_keys_read(n, alarm_system_keys, a, env->issues))
        return;
    if (a->flood_end > a->flood_start)
        gw_jnode_issue(n, env->issues, "a flood cannot end above where it starts");
}

struct top_in {
    char version[GW_ID_SIZE];
    const struct gw_jnode *alarm_system, *types, *roles, *facts, *permits, *documents, *clauses,
        *laws, *findings;
};

static const struct gw_key top_keys[] = {
    {"version", GW_KEY_STR, offsetof(struct top_in, version), GW_ID_SIZE, .min = 1,
     .required = true},
    {"alarm_system", GW_KEY_NODE, offsetof(struct top_in, alarm_system), .jtype = GW_J_OBJ},
    {"asset_types", GW_KEY_NODE, offsetof(struct top_in, types), .jtype = GW_J_OBJ,
     .required = true},
    {"roles", GW_KEY_NODE, offsetof(struct top_in, roles), .jtype = GW_J_OBJ, .required = true},
    {"facts", GW_KEY_NODE, offsetof(struct top_in, facts), .jtype = GW_J_OBJ},
    {"permits", GW_KEY_NODE, offsetof(struct top_in, permits), .jtype = GW_J_OBJ},
    {"documents", GW_KEY_NODE, offsetof(struct top_in, documents), .jtype = GW_J_OBJ},
    {"clauses", GW_KEY_NODE, offsetof(struct top_in, clauses), .jtype = GW_J_OBJ},
    {"laws", GW_KEY_NODE, offsetof(struct top_in, laws), .jtype = GW_J_OBJ},
    {"findings", GW_KEY_NODE, offsetof(struct top_in, findings), .jtype = GW_J_ARR,
     .required = true},
    {.type = GW_KEY_END},
};

/* Room for every child of list, and one, so that an empty list is no lack of memory. */
static void *room(const struct gw_jnode *list, size_t size)
{
    return calloc((list != NULL ? gw_jnode_count(list) : 0) + 1, size);
}

static bool make_room(struct gw_cat_env *env, const struct top_in *in)
{
    struct gw_catalogue *cat = env->cat;
    cat->types = room(in->types, sizeof *cat->types);
    cat->roles = room(in->roles, sizeof *cat->roles);
    cat->facts = room(in->facts, sizeof *cat->facts);
    cat->findings = room(in->findings, sizeof *cat->findings);
    cat->clauses = room(in->clauses, sizeof *cat->clauses);
    cat->laws = room(in->laws, 2 * sizeof *cat->laws);
    env->documents = room(in->documents, sizeof *env->documents);
    env->clauses = room(in->clauses, sizeof *env->clauses);
    env->laws = room(in->laws, sizeof *env->laws);
    return cat->types != NULL && cat->roles != NULL && cat->facts != NULL &&
           cat->findings != NULL && cat->clauses != NULL && cat->laws != NULL &&
           env->documents != NULL && env->clauses != NULL && env->laws != NULL;
}

static void for_members(struct gw_cat_env *env, const struct gw_jnode *obj,
                        void (*read)(struct gw_cat_env *env, const struct gw_jnode *n))
{
    if (obj == NULL)
        return;
    for (const struct gw_jnode *n = gw_jnode_first(obj); n != NULL; n = gw_jnode_next(n))
        read(env, n);
}

static void read_finding(struct gw_cat_env *env, const struct gw_jnode *n)
{
    gw_cat_read_finding(env, n, &env->cat->findings[env->cat->nfindings++]);
}

enum gw_status gw_catalogue_load(const struct gw_json *doc, struct gw_issues *issues,
                                 struct gw_catalogue **out)
{
    enum gw_status st = GW_E_NOMEM;
    const size_t before = gw_issues_count(issues);
    struct gw_cat_env env = {.issues = issues};
    struct top_in in = {0};
    env.cat = calloc(1, sizeof *env.cat);
    if (env.cat == NULL)
        goto out;
    (void)gw_keys_read(gw_json_root(doc), top_keys, &in, issues);
    if (!make_room(&env, &in))
        goto out;
    gw_cat_copy(env.cat->version, sizeof env.cat->version, in.version);
    env.findings = in.findings;
    read_alarm_system(&env, in.alarm_system);
    for_members(&env, in.types, read_type);
    for_members(&env, in.roles, read_role);
    for_members(&env, in.facts, read_fact);
    for_members(&env, in.permits, read_permit);
    for_members(&env, in.documents, read_document);
    for_members(&env, in.clauses, read_clause);
    for_members(&env, in.laws, read_law);
    for_members(&env, in.findings, read_finding);
    if (gw_issues_count(issues) != before) {
        st = GW_E_PARSE;
        goto out;
    }
    *out = env.cat;
    env.cat = NULL;
    st = GW_OK;
out:
    free(env.laws);
    free(env.clauses);
    free(env.documents);
    gw_catalogue_free(env.cat);
    return st;
}
