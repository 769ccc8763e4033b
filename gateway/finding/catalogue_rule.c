/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/catalogue_in.h"

#include "alarm/vote.h"
#include "conf/keys.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- what each rule is made of ---- */

enum part {
    PART_NEEDS = 1 << 0,
    PART_TESTS = 1 << 1,
    PART_CAUSES = 1 << 2,
    PART_SILENT = 1 << 3,
    PART_LOW = 1 << 4,
    PART_RATED = 1 << 5,
    PART_UNIT = 1 << 6,
    PART_VALUE = 1 << 7,
    PART_FALLING = 1 << 8,
    PART_STANDING = 1 << 9,
    PART_ORDER = 1 << 10,
    PART_SIGNS = 1 << 11,
    PART_ITEMS = 1 << 12,
    PART_INHIBIT = 1 << 13,
    PART_RANGE = 1 << 14,
    PART_PROOFS = 1 << 15,
};

static const char *const part_names[] = {
    "needs",   "tests",    "causes", "silent", "low",   "of_rated", "unit",  "value",
    "falling", "standing", "order",  "signs",  "items", "inhibit",  "range", "proofs"};

enum each_use { EACH_NEVER, EACH_MAY, EACH_MUST };

struct shape {
    unsigned must, may; /* parts */
    size_t needs_max;
    size_t alt_max; /* roles per need */
    bool numbers;   /* needs are quantities */
    enum each_use each;
};

static const struct shape shapes[GW_RULE_COUNT] = {
    [GW_RULE_ABSENT] = {PART_NEEDS, 0, 4, 4, false, EACH_NEVER},
    [GW_RULE_BAD_QUALITY] = {PART_NEEDS, PART_INHIBIT | PART_RANGE, 1, 4, false, EACH_MUST},
    [GW_RULE_STATE] = {PART_TESTS, PART_VALUE, 0, 0, false, EACH_MAY},
    [GW_RULE_LIMIT] = {PART_NEEDS, PART_LOW | PART_RATED | PART_UNIT, 1, 1, true, EACH_MAY},
    [GW_RULE_BALANCE] = {PART_NEEDS, PART_RATED, 2, 1, true, EACH_NEVER},
    [GW_RULE_BYPASSED] = {0, PART_TESTS | PART_SILENT | PART_VALUE, 0, 0, false, EACH_MAY},
    [GW_RULE_NO_EFFECT] = {PART_CAUSES | PART_TESTS, 0, 0, 0, false, EACH_NEVER},
    [GW_RULE_UNHANDLED] = {PART_CAUSES, PART_TESTS | PART_STANDING, 0, 0, false, EACH_NEVER},
    [GW_RULE_OVERDUE] = {0, PART_ITEMS | PART_PROOFS, 0, 0, false, EACH_MAY},
    [GW_RULE_FROZEN] = {0, PART_NEEDS | PART_TESTS, 1, 4, true, EACH_MUST},
    [GW_RULE_DECOUPLED] = {PART_NEEDS, 0, 2, 4, true, EACH_MUST},
    [GW_RULE_DEVIATION] = {PART_NEEDS, 0, 2, 1, true, EACH_MAY},
    [GW_RULE_RATE] = {PART_NEEDS, PART_FALLING, 1, 1, true, EACH_MAY},
    [GW_RULE_DISAGREE] = {PART_NEEDS | PART_TESTS, PART_UNIT, 1, 1, true, EACH_MAY},
    [GW_RULE_CHATTER] = {0, 0, 0, 0, false, EACH_NEVER},
    [GW_RULE_ORDER] = {PART_ORDER, PART_TESTS | PART_NEEDS | PART_RATED, 2, 4, true, EACH_NEVER},
    [GW_RULE_PERMIT] = {PART_TESTS, PART_NEEDS, 1, 1, true, EACH_NEVER},
    [GW_RULE_UNMAPPED] = {0, 0, 0, 0, false, EACH_NEVER},
    [GW_RULE_SELF] = {PART_SIGNS, 0, 0, 0, false, EACH_NEVER},
    [GW_RULE_RAIL] = {0, PART_CAUSES, 0, 0, true, EACH_MUST},
    [GW_RULE_REPEATED] = {0, 0, 0, 0, true, EACH_MUST},
    [GW_RULE_SETPOINT] = {0, PART_LOW | PART_RATED, 0, 0, true, EACH_MUST},
    [GW_RULE_CHANGED] = {0, 0, 0, 0, true, EACH_MUST},
    [GW_RULE_SWAPPED] = {0, 0, 0, 0, false, EACH_MUST},
    [GW_RULE_BELOW] = {PART_NEEDS, 0, 2, 1, true, EACH_MUST},
    [GW_RULE_ALTERNATING] = {PART_NEEDS, PART_RATED, 2, 1, true, EACH_NEVER},
};

/* ---- needs ---- */

struct need_to {
    struct gw_role_need *need;
    const struct shape *shape;
};

static void add_alternative(struct gw_cat_env *env, const struct gw_jnode *name, void *to)
{
    const struct need_to *t = to;
    const struct gw_role_def *def = gw_cat_known_role(env, name);
    if (def == NULL)
        return;
    if (t->shape->numbers && def->vtype != GW_V_NUM && def->vtype != GW_V_INT)
        gw_jnode_issue(name, env->issues, "\"%s\" is no number", def->role);
    else if (t->need->nalt == t->shape->alt_max)
        gw_jnode_issue(name, env->issues, "there can be at most %zu roles here", t->shape->alt_max);
    else
        gw_cat_copy(t->need->alt[t->need->nalt++], sizeof t->need->alt[0], def->role);
}

static void read_needs(struct gw_cat_env *env, const struct gw_jnode *list, struct gw_rule_def *r)
{
    const struct shape *shape = &shapes[r->rule];
    const size_t count = gw_jnode_count(list);
    const size_t least = shape->needs_max == 2 ? 2 : 1; /* a pair is a pair */
    if (count < least || count > shape->needs_max) {
        gw_jnode_issue(list, env->issues, "rule \"%s\" has %zu to %zu needs", gw_rule_name(r->rule),
                       least, shape->needs_max);
        return;
    }
    for (const struct gw_jnode *n = gw_jnode_first(list); n != NULL; n = gw_jnode_next(n)) {
        struct need_to to = {.need = &r->needs[r->nneeds++], .shape = shape};
        gw_cat_each_name(env, n, add_alternative, &to);
    }
}

/* ---- tests ---- */

static void add_state(struct gw_cat_env *env, const struct gw_jnode *name, void *mask)
{
    enum gw_state state;
    if (gw_state_parse(gw_jnode_str(name), &state))
        *(uint32_t *)mask |= 1u << state;
    else
        gw_jnode_issue(name, env->issues, "unknown state \"%s\"", gw_jnode_str(name));
}

static void read_test(struct gw_cat_env *env, const struct gw_jnode *n, struct gw_role_test *t)
{
    struct test_in {
        char role[GW_ROLE_SIZE];
        const struct gw_jnode *states, *fact;
        bool on, direct;
    };
    static const struct gw_key keys[] = {
        {"role", GW_KEY_ID, offsetof(struct test_in, role), GW_ROLE_SIZE, .required = true},
        {"states", GW_KEY_NODE, offsetof(struct test_in, states), .jtype = GW_J_ARR},
        {"on", GW_KEY_BOOL, offsetof(struct test_in, on), .required = false},
        {"direct", GW_KEY_BOOL, offsetof(struct test_in, direct), .required = false},
        {"fact", GW_KEY_NODE, offsetof(struct test_in, fact), .jtype = GW_J_OBJ},
        {.type = GW_KEY_END},
    };
    struct test_in in = {0};
    (void)gw_keys_read(n, keys, &in, env->issues);
    if (in.role[0] == '\0')
        return;
    const struct gw_role_def *def = gw_cat_known_role(env, gw_jnode_get(n, "role"));
    if (def == NULL)
        return;
    gw_cat_copy(t->role, sizeof t->role, in.role);
    t->on = in.on;
    t->direct = in.direct;
    (void)gw_cat_read_facts(env, in.fact, &t->fact, 1);
    const bool has_states = in.states != NULL;
    const bool has_on = gw_jnode_get(n, "on") != NULL;
    if (def->vtype == GW_V_STATE && (!has_states || has_on))
        gw_jnode_issue(n, env->issues, "\"%s\" is a state: needs \"states\" alone", def->role);
    else if (def->vtype == GW_V_BOOL && (has_states || !has_on))
        gw_jnode_issue(n, env->issues, "\"%s\" is a contact: needs \"on\" alone", def->role);
    else if (def->vtype != GW_V_STATE && def->vtype != GW_V_BOOL)
        gw_jnode_issue(n, env->issues, "\"%s\" is neither a state nor a contact", def->role);
    gw_cat_each_name(env, in.states, add_state, &t->states);
}

/* Where only some rules read what a test may say. */
static void check_test(struct gw_cat_env *env, const struct gw_jnode *n, enum gw_rule rule)
{
    const struct gw_jnode *direct = gw_jnode_get(n, "direct");
    const struct gw_jnode *fact = gw_jnode_get(n, "fact");
    if (direct != NULL && rule != GW_RULE_ORDER)
        gw_jnode_issue(direct, env->issues, "only rule \"order\" reads this");
    if (fact != NULL && rule != GW_RULE_PERMIT)
        gw_jnode_issue(fact, env->issues, "only rule \"permit\" reads this");
}

static void read_tests(struct gw_cat_env *env, const struct gw_jnode *list, struct gw_rule_def *r)
{
    const size_t count = gw_jnode_count(list);
    if (count == 0 || count > COUNT(r->tests)) {
        gw_jnode_issue(list, env->issues, "must have 1 to %zu tests", COUNT(r->tests));
        return;
    }
    for (const struct gw_jnode *n = gw_jnode_first(list); n != NULL; n = gw_jnode_next(n)) {
        check_test(env, n, r->rule);
        read_test(env, n, &r->tests[r->ntests++]);
    }
}

/* ---- causes ---- */

/* The file's entry for a code, which may stand after the one that names it. */
static const struct gw_jnode *entry_of(const struct gw_cat_env *env, const char *code)
{
    for (const struct gw_jnode *n = gw_jnode_first(env->findings); n != NULL;
         n = gw_jnode_next(n)) {
        const struct gw_jnode *c = gw_jnode_get(n, "code");
        if (c != NULL && gw_jnode_type(c) == GW_J_STR && strcmp(gw_jnode_str(c), code) == 0)
            return n;
    }
    return NULL;
}

static void add_cause(struct gw_cat_env *env, const struct gw_jnode *name, void *to)
{
    struct gw_rule_def *r = to;
    const char *code = gw_jnode_str(name);
    const struct gw_jnode *entry = entry_of(env, code);
    if (entry == NULL) {
        gw_jnode_issue(name, env->issues, "there is no finding \"%s\"", code);
        return;
    }
    const struct gw_jnode *cls = gw_jnode_get(entry, "class");
    if (cls == NULL || gw_jnode_type(cls) != GW_J_STR || strcmp(gw_jnode_str(cls), "alarm") != 0)
        gw_jnode_issue(name, env->issues, "\"%s\" is no alarm", code);
    else if (r->ncauses == COUNT(r->causes) || strlen(code) >= sizeof r->causes[0])
        gw_jnode_issue(name, env->issues, "there can be at most %zu causes", COUNT(r->causes));
    else
        gw_cat_copy(r->causes[r->ncauses++], sizeof r->causes[0], code);
}

/* ---- a rule ---- */

struct rule_in {
    int rule;
    char of_rated[GW_ROLE_SIZE], unit[GW_POINT_UNIT], value[GW_ROLE_SIZE];
    bool silent, low, falling, standing, items, inhibit, range, proofs;
    int order;
    const struct gw_jnode *needs, *tests, *causes, *signs;
};

static const char *const rule_names[] = {
    "absent",    "bad_quality", "state",   "limit",     "balance",     "bypassed", "no_effect",
    "unhandled", "overdue",     "frozen",  "decoupled", "deviation",   "rate",     "disagree",
    "chatter",   "order",       "permit",  "unmapped",  "self",        "rail",     "repeated",
    "setpoint",  "changed",     "swapped", "below",     "alternating", NULL};
static const char *const order_names[] = {"suspend", "watch", NULL};

static const struct gw_key rule_keys[] = {
    {"rule", GW_KEY_ENUM, offsetof(struct rule_in, rule), .names = rule_names, .required = true},
    {"needs", GW_KEY_NODE, offsetof(struct rule_in, needs), .jtype = GW_J_ARR},
    {"tests", GW_KEY_NODE, offsetof(struct rule_in, tests), .jtype = GW_J_ARR},
    {"causes", GW_KEY_NODE, offsetof(struct rule_in, causes), .jtype = GW_J_ARR},
    {"silent", GW_KEY_BOOL, offsetof(struct rule_in, silent), .required = false},
    {"low", GW_KEY_BOOL, offsetof(struct rule_in, low), .required = false},
    {"falling", GW_KEY_BOOL, offsetof(struct rule_in, falling), .required = false},
    {"standing", GW_KEY_BOOL, offsetof(struct rule_in, standing), .required = false},
    {"range", GW_KEY_BOOL, offsetof(struct rule_in, range), .required = false},
    {"of_rated", GW_KEY_ID, offsetof(struct rule_in, of_rated), GW_ROLE_SIZE, .required = false},
    {"unit", GW_KEY_STR, offsetof(struct rule_in, unit), GW_POINT_UNIT, .min = 1},
    {"value", GW_KEY_ID, offsetof(struct rule_in, value), GW_ROLE_SIZE, .required = false},
    {"order", GW_KEY_ENUM, offsetof(struct rule_in, order), .names = order_names},
    {"signs", GW_KEY_NODE, offsetof(struct rule_in, signs), .jtype = GW_J_ARR},
    {"inhibit", GW_KEY_BOOL, offsetof(struct rule_in, inhibit), .required = false},
    {"items", GW_KEY_BOOL, offsetof(struct rule_in, items), .required = false},
    {"proofs", GW_KEY_BOOL, offsetof(struct rule_in, proofs), .required = false},
    {.type = GW_KEY_END},
};

/* Which parts are given, told where they do not belong to the rule or are missing. */
static void check_parts(struct gw_cat_env *env, const struct gw_jnode *n, enum gw_rule rule)
{
    const struct shape *shape = &shapes[rule];
    for (size_t i = 0; i < COUNT(part_names); i++) {
        const struct gw_jnode *part = gw_jnode_get(n, part_names[i]);
        if (part != NULL && ((shape->must | shape->may) & 1u << i) == 0) {
            gw_jnode_issue(part, env->issues, "rule \"%s\" has no \"%s\"", gw_rule_name(rule),
                           part_names[i]);
        } else if (part == NULL && (shape->must & 1u << i) != 0) {
            gw_jnode_issue(n, env->issues, "rule \"%s\" needs \"%s\"", gw_rule_name(rule),
                           part_names[i]);
        }
    }
}

static void check_named_roles(struct gw_cat_env *env, const struct gw_jnode *n,
                              const struct gw_rule_def *r)
{
    if (r->of_rated[0] != '\0')
        (void)gw_cat_known_role(env, gw_jnode_get(n, "of_rated"));
    if (r->value[0] != '\0') {
        const struct gw_role_def *def = gw_cat_known_role(env, gw_jnode_get(n, "value"));
        if (def != NULL && def->vtype != GW_V_NUM && def->vtype != GW_V_INT)
            gw_jnode_issue(gw_jnode_get(n, "value"), env->issues, "\"%s\" is no number", def->role);
    }
}

/* Whether "each" has a role that the rule reads first. */
static bool each_is_read(const struct gw_finding *f, const struct gw_rule_def *r)
{
    for (size_t i = 0; i < f->neach; i++) {
        if (r->ntests > 0 && strcmp(f->each[i], r->tests[0].role) == 0)
            return true;
        for (size_t k = 0; r->nneeds > 0 && k < r->needs[0].nalt; k++)
            if (strcmp(f->each[i], r->needs[0].alt[k]) == 0)
                return true;
    }
    return r->ntests == 0 && r->nneeds == 0;
}

static void check_each(struct gw_cat_env *env, const struct gw_jnode *n, const struct gw_finding *f,
                       const struct gw_rule_def *r)
{
    const enum each_use use = shapes[r->rule].each;
    for (size_t i = 0; shapes[r->rule].numbers && r->nneeds == 0 && i < f->neach; i++) {
        const struct gw_role_def *def = gw_catalogue_role(env->cat, f->each[i]);
        if (def->vtype != GW_V_NUM && def->vtype != GW_V_INT)
            gw_jnode_issue(n, env->issues, "\"%s\" of \"each\" is no number", def->role);
    }
    if (f->neach > 0 && use == EACH_NEVER) {
        gw_jnode_issue(n, env->issues, "rule \"%s\" takes no \"each\"", gw_rule_name(r->rule));
    } else if (f->neach == 0 && (use == EACH_MUST || r->silent)) {
        gw_jnode_issue(n, env->issues, "rule \"%s\" needs \"each\"%s", gw_rule_name(r->rule),
                       r->silent ? " where it is silent" : "");
    } else if (r->rule == GW_RULE_OVERDUE &&
               (f->neach > 0) + (r->items ? 1 : 0) + (r->proofs ? 1 : 0) != 1) {
        gw_jnode_issue(n, env->issues, "rule \"%s\" needs either \"each\", \"items\" or \"proofs\"",
                       gw_rule_name(r->rule));
    } else if ((r->rule == GW_RULE_SWAPPED ||
                (r->rule == GW_RULE_OVERDUE && !r->items && !r->proofs)) &&
               !f->by_device) {
        gw_jnode_issue(n, env->issues, "rule \"%s\" needs \"by_device\"", gw_rule_name(r->rule));
    } else if (f->neach > 0 && !each_is_read(f, r)) {
        gw_jnode_issue(n, env->issues, "\"each\" has no role that this rule reads first");
    }
}

static void add_sign(struct gw_cat_env *env, const struct gw_jnode *name, void *mask)
{
    for (int i = 0; i < GW_SIGN_COUNT; i++) {
        if (strcmp(gw_sign_name((enum gw_sign)i), gw_jnode_str(name)) == 0) {
            *(uint32_t *)mask |= 1u << i;
            return;
        }
    }
    gw_jnode_issue(name, env->issues, "unknown sign \"%s\"", gw_jnode_str(name));
}

static void read_rule(struct gw_cat_env *env, const struct gw_jnode *n, struct gw_finding *f)
{
    struct gw_rule_def *r = &f->rules[f->nrules++];
    struct rule_in in = {0};
    const size_t before = gw_issues_count(env->issues);
    (void)gw_keys_read(n, rule_keys, &in, env->issues);
    r->rule = (enum gw_rule)in.rule;
    r->silent = in.silent;
    r->low = in.low;
    r->falling = in.falling;
    r->standing = in.standing;
    r->items = in.items;
    r->proofs = in.proofs;
    r->inhibit = in.inhibit;
    r->order = (enum gw_order)in.order;
    r->range = in.range;
    gw_cat_copy(r->of_rated, sizeof r->of_rated, in.of_rated);
    gw_cat_copy(r->unit, sizeof r->unit, in.unit);
    gw_cat_copy(r->value, sizeof r->value, in.value);
    if (gw_issues_count(env->issues) != before)
        return;
    check_parts(env, n, r->rule);
    check_named_roles(env, n, r);
    if (in.needs != NULL && shapes[r->rule].needs_max > 0)
        read_needs(env, in.needs, r);
    if (in.tests != NULL)
        read_tests(env, in.tests, r);
    gw_cat_each_name(env, in.causes, add_cause, r);
    gw_cat_each_name(env, in.signs, add_sign, &r->signs);
    if (r->rule == GW_RULE_BYPASSED && r->ntests == 0 && !r->silent)
        gw_jnode_issue(n, env->issues, "rule \"bypassed\" needs \"tests\" or \"silent\"");
    if (gw_issues_count(env->issues) == before)
        check_each(env, n, f, r);
}

void gw_cat_read_rules(struct gw_cat_env *env, const struct gw_jnode *list, struct gw_finding *f)
{
    const size_t count = gw_jnode_count(list);
    if (count == 0 || count > GW_RULES_MAX) {
        gw_jnode_issue(list, env->issues, "must have 1 to %d rules", GW_RULES_MAX);
        return;
    }
    f->rules = calloc(count, sizeof *f->rules);
    if (f->rules == NULL) {
        gw_jnode_issue(list, env->issues, "out of memory");
        return;
    }
    for (const struct gw_jnode *n = gw_jnode_first(list); n != NULL; n = gw_jnode_next(n))
        read_rule(env, n, f);
}

/* ---- params ---- */

_Static_assert(GW_PARAM_COUNT <= 32, "sets of them are bit masks");

static const unsigned may_be_negative = 1u << GW_PARAM_HIGH | 1u << GW_PARAM_LOW;

/* May be left out: none of them is then asked for. */
static const unsigned optional =
    1u << GW_PARAM_DEADBAND | 1u << GW_PARAM_SPREAD | 1u << GW_PARAM_SPREAD_PERCENT |
    1u << GW_PARAM_STEP_PERCENT | 1u << GW_PARAM_AHEAD | 1u << GW_PARAM_VOTES |
    1u << GW_PARAM_VOTES_OF | 1u << GW_PARAM_MOVES | 1u << GW_PARAM_CALM_TIMES;

/* The numbers of each rule; those of a limit depend on its side. */
static const unsigned rule_params[GW_RULE_COUNT] = {
    [GW_RULE_LIMIT] = 1u << GW_PARAM_DEADBAND,
    [GW_RULE_BALANCE] = 1u << GW_PARAM_PERCENT | 1u << GW_PARAM_MIN_PERCENT | 1u << GW_PARAM_PAIR |
                        1u << GW_PARAM_DEADBAND,
    [GW_RULE_DEVIATION] = 1u << GW_PARAM_HIGH | 1u << GW_PARAM_DEADBAND,
    [GW_RULE_DISAGREE] = 1u << GW_PARAM_HIGH | 1u << GW_PARAM_DEADBAND,
    [GW_RULE_RATE] = 1u << GW_PARAM_RATE | 1u << GW_PARAM_WINDOW | 1u << GW_PARAM_DEADBAND,
    [GW_RULE_OVERDUE] = 1u << GW_PARAM_AHEAD,
    [GW_RULE_FROZEN] = 1u << GW_PARAM_HOURS | 1u << GW_PARAM_SPREAD_PERCENT |
                       1u << GW_PARAM_STEP_PERCENT | 1u << GW_PARAM_MOVES |
                       1u << GW_PARAM_CALM_TIMES,
    [GW_RULE_DECOUPLED] = 1u << GW_PARAM_HOURS | 1u << GW_PARAM_SPREAD |
                          1u << GW_PARAM_STEP_PERCENT | 1u << GW_PARAM_VARY_PERCENT,
    [GW_RULE_RAIL] = 1u << GW_PARAM_HOURS | 1u << GW_PARAM_END_PERCENT,
    [GW_RULE_REPEATED] = 1u << GW_PARAM_READS | 1u << GW_PARAM_CHANGE_PERCENT,
    [GW_RULE_BELOW] = 1u << GW_PARAM_HIGH | 1u << GW_PARAM_DEADBAND | 1u << GW_PARAM_PAIR,
    [GW_RULE_ALTERNATING] = 1u << GW_PARAM_PERCENT | 1u << GW_PARAM_MIN_PERCENT |
                            1u << GW_PARAM_PAIR | 1u << GW_PARAM_FLIPS | 1u << GW_PARAM_MINUTES,
};

/* Those that depend on the parts that the rule has. */
static unsigned params_of_rule(const struct gw_rule_def *r)
{
    switch (r->rule) {
    case GW_RULE_LIMIT:
    case GW_RULE_SETPOINT:
        return 1u << (r->low ? GW_PARAM_LOW : GW_PARAM_HIGH);
    case GW_RULE_UNHANDLED:
        return r->standing ? 0u : 1u << GW_PARAM_IMPROVE;
    case GW_RULE_ORDER:
        return (r->nneeds > 0 ? 1u << GW_PARAM_MIN_PERCENT : 0u) |
               (r->nneeds > 1 ? 1u << GW_PARAM_RISE : 0u);
    case GW_RULE_PERMIT:
        return r->nneeds > 0 ? 1u << GW_PARAM_HIGH : 0u;
    case GW_RULE_OVERDUE:
        return r->proofs ? 1u << GW_PARAM_INTERVAL : 0u;
    case GW_RULE_SELF:
        return (r->signs >> GW_SIGN_OFFLINE & 1u) != 0 ? 1u << GW_PARAM_HOURS : 0u;
    default:
        return 0;
    }
}

/* The numbers that the finding's rules read; all but the optional ones must be given. */
static unsigned params_of(const struct gw_finding *f)
{
    unsigned set = 1u << GW_PARAM_DELAY;
    set |= f->cls == GW_CLASS_ALARM
               ? 1u << GW_PARAM_OFF | 1u << GW_PARAM_VOTES | 1u << GW_PARAM_VOTES_OF
               : 1u << GW_PARAM_CLEAR;
    for (size_t i = 0; i < f->nrules; i++)
        set |= rule_params[f->rules[i].rule] | params_of_rule(&f->rules[i]);
    return set;
}

static void read_param(struct gw_cat_env *env, const struct gw_jnode *n, struct gw_param_def *p)
{
    static const struct gw_key keys[] = {
        {"default", GW_KEY_NUM, offsetof(struct gw_param_def, def), .required = true},
        {"min", GW_KEY_NUM, offsetof(struct gw_param_def, min), .required = true},
        {"max", GW_KEY_NUM, offsetof(struct gw_param_def, max), .required = true},
        {.type = GW_KEY_END},
    };
    p->name = gw_param_name(p->id);
    if (!gw_keys_read(n, keys, p, env->issues))
        return;
    if (p->min > p->max) {
        gw_jnode_issue(n, env->issues, "min %.15g is above max %.15g", p->min, p->max);
    } else if (p->def < p->min || p->def > p->max) {
        gw_jnode_issue(n, env->issues, "default %.15g is outside its own range %.15g to %.15g",
                       p->def, p->min, p->max);
    } else if (p->min < 0 && (may_be_negative & 1u << p->id) == 0) {
        gw_jnode_issue(n, env->issues, "must not become negative");
    } else if ((p->id == GW_PARAM_VOTES || p->id == GW_PARAM_VOTES_OF) &&
               (p->min < 1 || p->max > GW_VOTE_MAX)) {
        gw_jnode_issue(n, env->issues, "is a count from 1 to %d", GW_VOTE_MAX);
    } else if (p->id == GW_PARAM_WINDOW && (p->min < 30 || p->max > GW_RATE_WINDOW_S)) {
        gw_jnode_issue(n, env->issues, "must stay within 30 to %d s", GW_RATE_WINDOW_S);
    }
}

void gw_cat_read_params(struct gw_cat_env *env, const struct gw_jnode *obj, struct gw_finding *f)
{
    const unsigned used = params_of(f);
    unsigned given = 0;
    for (const struct gw_jnode *n = gw_jnode_first(obj); n != NULL; n = gw_jnode_next(n)) {
        enum gw_param id;
        if (!gw_param_parse(gw_jnode_key(n), &id)) {
            gw_jnode_issue(n, env->issues, "unknown parameter");
        } else if ((used & 1u << id) == 0) {
            gw_jnode_issue(n, env->issues, "no rule of this finding reads this parameter");
        } else if (f->nparams < COUNT(f->params)) {
            given |= 1u << id;
            f->params[f->nparams].id = id;
            read_param(env, n, &f->params[f->nparams++]);
        }
    }
    for (int i = 0; i < GW_PARAM_COUNT; i++)
        if ((used & ~given & ~optional & 1u << i) != 0)
            gw_jnode_issue(obj, env->issues, "parameter \"%s\" is missing",
                           gw_param_name((enum gw_param)i));
}
