/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/catalogue_in.h"

#include "conf/keys.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const classes[] = {"alarm", "lead", NULL};
static const char *const severities[] = {"major", "general", "info", NULL};
static const char *const strengths[] = {"A", "B", "C", NULL};
static const char *const gates[] = {"none", "hold", "reset", NULL};
const char *const gw_cat_kinds[] = {"EV",  "ABS", "FLT", "BYP", "ILK", "SET",
                                    "TRP", "CAL", "INT", "ORD", NULL};

struct finding_in {
    struct gw_finding *f; /* filled beside it */
    char code[GW_CODE_SIZE];
    char law[GW_ID_SIZE];
    int cls, kind, severity, strength, run;
    int64_t priority, shelve_s;
    bool enabled, by_device, latch;
    const struct gw_jnode *title, *advice, *applies, *each, *rules, *params, *clauses;
};

static const struct gw_key finding_keys[] = {
    {"code", GW_KEY_ID, offsetof(struct finding_in, code), GW_CODE_SIZE, .required = true},
    {"enabled", GW_KEY_BOOL, offsetof(struct finding_in, enabled), .def = "true"},
    {"class", GW_KEY_ENUM, offsetof(struct finding_in, cls), .names = classes, .required = true},
    {"kind", GW_KEY_ENUM, offsetof(struct finding_in, kind), .names = gw_cat_kinds,
     .required = true},
    {"severity", GW_KEY_ENUM, offsetof(struct finding_in, severity), .names = severities,
     .required = true},
    {"strength", GW_KEY_ENUM, offsetof(struct finding_in, strength), .names = strengths,
     .required = true},
    {"priority", GW_KEY_INT, offsetof(struct finding_in, priority), .min = 1, .max = 4,
     .required = true},
    {"title", GW_KEY_NODE, offsetof(struct finding_in, title), .jtype = GW_J_OBJ, .required = true},
    {"advice", GW_KEY_NODE, offsetof(struct finding_in, advice), .jtype = GW_J_OBJ,
     .required = true},
    {"applies", GW_KEY_NODE, offsetof(struct finding_in, applies), .jtype = GW_J_ARR,
     .required = true},
    {"each", GW_KEY_NODE, offsetof(struct finding_in, each), .jtype = GW_J_ARR},
    {"by_device", GW_KEY_BOOL, offsetof(struct finding_in, by_device), .required = false},
    {"latch", GW_KEY_BOOL, offsetof(struct finding_in, latch), .required = false},
    {"shelve_s", GW_KEY_INT, offsetof(struct finding_in, shelve_s), .min = 0, .max = 28800,
     .def = "1800"},
    {"run", GW_KEY_ENUM, offsetof(struct finding_in, run), .names = gates, .required = true},
    {"rules", GW_KEY_NODE, offsetof(struct finding_in, rules), .jtype = GW_J_ARR, .required = true},
    {"params", GW_KEY_NODE, offsetof(struct finding_in, params), .jtype = GW_J_OBJ,
     .required = true},
    {"clauses", GW_KEY_NODE, offsetof(struct finding_in, clauses), .jtype = GW_J_ARR},
    {"law", GW_KEY_ID, offsetof(struct finding_in, law), GW_ID_SIZE, .required = false},
    {.type = GW_KEY_END},
};

/* ---- applies ---- */

static void add_type(struct gw_cat_env *env, const struct gw_jnode *name, void *to)
{
    struct gw_applies *a = to;
    if (!gw_cat_known_type(env, name))
        return;
    if (a->ntypes == COUNT(a->types)) {
        gw_jnode_issue(name, env->issues, "there can be at most %zu types", COUNT(a->types));
        return;
    }
    gw_cat_copy(a->types[a->ntypes++], sizeof a->types[0], gw_jnode_str(name));
}

static bool fact_has(const struct gw_fact_def *def, const char *value)
{
    for (size_t i = 0; i < def->nvalues; i++)
        if (strcmp(def->values[i], value) == 0)
            return true;
    return false;
}

size_t gw_cat_read_facts(struct gw_cat_env *env, const struct gw_jnode *obj,
                         struct gw_site_fact facts[], size_t max)
{
    size_t count = 0;
    if (obj == NULL)
        return 0;
    for (const struct gw_jnode *n = gw_jnode_first(obj); n != NULL; n = gw_jnode_next(n)) {
        const struct gw_fact_def *def = gw_catalogue_fact(env->cat, gw_jnode_key(n));
        if (def == NULL) {
            gw_jnode_issue(n, env->issues, "unknown fact");
        } else if (gw_jnode_type(n) != GW_J_STR || !fact_has(def, gw_jnode_str(n))) {
            gw_jnode_issue(n, env->issues, "must be one of the values of this fact");
        } else if (count == max) {
            gw_jnode_issue(n, env->issues, "there can be at most %zu facts", max);
        } else {
            gw_cat_copy(facts[count].key, sizeof(facts[count].key), def->key);
            gw_cat_copy(facts[count].value, sizeof(facts[count].value), gw_jnode_str(n));
            count++;
        }
    }
    return count;
}

static void read_alternative(struct gw_cat_env *env, const struct gw_jnode *n, struct gw_applies *a)
{
    struct applies_in {
        const struct gw_jnode *types, *sectors, *facts, *not_facts;
    };
    static const struct gw_key keys[] = {
        {"types", GW_KEY_NODE, offsetof(struct applies_in, types), .jtype = GW_J_ARR},
        {"sectors", GW_KEY_NODE, offsetof(struct applies_in, sectors), .jtype = GW_J_ARR},
        {"facts", GW_KEY_NODE, offsetof(struct applies_in, facts), .jtype = GW_J_OBJ},
        {"not_facts", GW_KEY_NODE, offsetof(struct applies_in, not_facts), .jtype = GW_J_OBJ},
        {.type = GW_KEY_END},
    };
    struct applies_in in = {0};
    (void)gw_keys_read(n, keys, &in, env->issues);
    gw_cat_each_name(env, in.types, add_type, a);
    gw_cat_each_name(env, in.sectors, gw_cat_add_sector, &a->sectors);
    if (in.sectors == NULL)
        a->sectors = UINT32_MAX;
    a->nfacts = gw_cat_read_facts(env, in.facts, a->facts, COUNT(a->facts));
    a->nnot = gw_cat_read_facts(env, in.not_facts, a->not_facts, COUNT(a->not_facts));
}

static void read_applies(struct gw_cat_env *env, const struct gw_jnode *list, struct gw_finding *f)
{
    if (list == NULL)
        return;
    const size_t count = gw_jnode_count(list);
    if (count == 0 || count > GW_APPLIES_MAX) {
        gw_jnode_issue(list, env->issues, "must have 1 to %d alternatives; [{}] is always",
                       GW_APPLIES_MAX);
        return;
    }
    f->applies = calloc(count, sizeof *f->applies);
    if (f->applies == NULL) {
        gw_jnode_issue(list, env->issues, "out of memory");
        return;
    }
    for (const struct gw_jnode *n = gw_jnode_first(list); n != NULL; n = gw_jnode_next(n))
        read_alternative(env, n, &f->applies[f->napplies++]);
}

/* ---- each, clauses, law ---- */

static void add_each(struct gw_cat_env *env, const struct gw_jnode *name, void *to)
{
    struct gw_finding *f = to;
    if (gw_cat_known_role(env, name) == NULL)
        return;
    if (f->neach == COUNT(f->each)) {
        gw_jnode_issue(name, env->issues, "there can be at most %zu roles", COUNT(f->each));
        return;
    }
    gw_cat_copy(f->each[f->neach++], sizeof f->each[0], gw_jnode_str(name));
}

static void add_clause(struct gw_cat_env *env, const struct gw_jnode *name, void *to)
{
    struct gw_finding *f = to;
    for (size_t i = 0; i < env->nclauses; i++) {
        if (strcmp(env->clauses[i].name, gw_jnode_str(name)) != 0)
            continue;
        if (f->nclauses == COUNT(f->clauses)) {
            gw_jnode_issue(name, env->issues, "there can be at most %zu clauses",
                           COUNT(f->clauses));
            return;
        }
        f->clauses[f->nclauses++] = env->clauses[i].clause;
        return;
    }
    gw_jnode_issue(name, env->issues, "\"clauses\" has no \"%s\"", gw_jnode_str(name));
}

static bool stands_alone(const struct gw_finding *f)
{
    for (size_t i = 0; i < f->nclauses; i++)
        if (!f->clauses[i]->beside)
            return true;
    return false;
}

static void read_law(struct gw_cat_env *env, const struct gw_jnode *n, struct gw_finding *f)
{
    for (size_t i = 0; i < env->nlaws; i++) {
        if (strcmp(env->laws[i].name, gw_jnode_str(n)) == 0) {
            f->obligation = env->laws[i].obligation;
            f->penalty = env->laws[i].penalty;
            return;
        }
    }
    gw_jnode_issue(n, env->issues, "\"laws\" has no \"%s\"", gw_jnode_str(n));
}

/* A lead names what it is held to; an alarm is no violation and names nothing. */
static void read_ground(struct gw_cat_env *env, const struct gw_jnode *n,
                        const struct finding_in *in)
{
    struct gw_finding *f = in->f;
    const size_t before = gw_issues_count(env->issues);
    const struct gw_jnode *law = gw_jnode_get(n, "law");
    if (f->cls == GW_CLASS_ALARM) {
        if (in->clauses != NULL || law != NULL) {
            gw_jnode_issue(in->clauses != NULL ? in->clauses : law, env->issues,
                           "an alarm is no violation: it has no clauses and no law");
        }
        return;
    }
    gw_cat_each_name(env, in->clauses, add_clause, f);
    if (gw_issues_count(env->issues) == before && !stands_alone(f))
        gw_jnode_issue(n, env->issues, "a lead needs a clause that is not \"beside\"");
    if (law == NULL)
        gw_jnode_issue(n, env->issues, "a lead needs a \"law\"");
    else if (in->law[0] != '\0')
        read_law(env, law, f);
}

/* ---- the finding ---- */

static void check_code(struct gw_cat_env *env, const struct gw_jnode *n, const char *code)
{
    for (size_t i = 0; code[0] != '\0' && i + 1 < env->cat->nfindings; i++) {
        if (strcmp(env->cat->findings[i].code, code) == 0) {
            gw_jnode_issue(gw_jnode_get(n, "code"), env->issues, "code \"%s\" is given twice",
                           code);
            return;
        }
    }
}

static void check_kind(struct gw_cat_env *env, const struct gw_jnode *n,
                       const struct finding_in *in)
{
    const struct gw_jnode *kind = gw_jnode_get(n, "kind");
    const struct gw_jnode *cls = gw_jnode_get(n, "class");
    if (kind != NULL && cls != NULL &&
        (in->f->cls == GW_CLASS_ALARM) != (in->f->kind == GW_KIND_EV))
        gw_jnode_issue(kind, env->issues, "an alarm is of kind EV, a lead of any other kind");
    if (in->by_device && in->each == NULL)
        gw_jnode_issue(gw_jnode_get(n, "by_device"), env->issues, "needs \"each\"");
    const struct gw_role_def *run = gw_catalogue_role(env->cat, "RUN");
    if (in->f->run != GW_RUN_NONE && (run == NULL || run->vtype != GW_V_BOOL))
        gw_jnode_issue(gw_jnode_get(n, "run"), env->issues, "needs the role RUN, a contact");
}

/* What only alarms have. The most urgent ones are never shelved. */
static void read_alarm(struct gw_cat_env *env, const struct gw_jnode *n,
                       const struct finding_in *in)
{
    struct gw_finding *f = in->f;
    const struct gw_jnode *latch = gw_jnode_get(n, "latch");
    const struct gw_jnode *shelve = gw_jnode_get(n, "shelve_s");
    const bool alarm = f->cls == GW_CLASS_ALARM;
    if (!alarm && (latch != NULL || shelve != NULL))
        gw_jnode_issue(latch != NULL ? latch : shelve, env->issues, "only an alarm has this");
    if (alarm && f->priority == 1 && shelve != NULL && in->shelve_s > 0)
        gw_jnode_issue(shelve, env->issues, "an alarm of priority 1 is never shelved");
    f->latch = alarm && in->latch;
    f->shelve_s = alarm && f->priority > 1 ? in->shelve_s : 0;
}

void gw_cat_read_finding(struct gw_cat_env *env, const struct gw_jnode *n, struct gw_finding *f)
{
    static const enum gw_class class_of[] = {GW_CLASS_ALARM, GW_CLASS_LEAD};
    struct finding_in in = {.f = f};
    (void)gw_keys_read(n, finding_keys, &in, env->issues);
    gw_cat_copy(f->code, sizeof f->code, in.code);
    f->cls = class_of[in.cls];
    f->kind = (enum gw_kind)in.kind;
    gw_cat_copy(f->severity, sizeof f->severity, severities[in.severity]);
    f->strength = strengths[in.strength][0];
    f->priority = (int)in.priority;
    f->enabled = in.enabled;
    f->run = (enum gw_run_gate)in.run;
    f->by_device = in.by_device;
    (void)gw_keys_read(in.title, gw_cat_text_keys, &f->title, env->issues);
    (void)gw_keys_read(in.advice, gw_cat_text_keys, &f->advice, env->issues);
    read_alarm(env, n, &in);
    check_code(env, n, f->code);
    check_kind(env, n, &in);
    read_applies(env, in.applies, f);
    gw_cat_each_name(env, in.each, add_each, f);
    if (in.rules != NULL)
        gw_cat_read_rules(env, in.rules, f);
    if (in.params != NULL)
        gw_cat_read_params(env, in.params, f);
    read_ground(env, n, &in);
}
