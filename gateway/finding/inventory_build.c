/* SPDX-License-Identifier: Apache-2.0
 *
 * The building of an inventory: which rule each finding uses on each asset, and its checks.
 */
#include "finding/inventory_in.h"

#include "base/buf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is being built, and for whom. */
struct builder {
    struct gw_inventory *inv;
    struct gw_issues *issues;
    const struct gw_site_asset *asset;
    const struct gw_finding *f;
    const struct gw_rule_def *r;
    size_t first; /* first check of this finding on this asset */
    bool nomem;
};

static bool is_cause(const struct builder *b, const struct gw_rule_def *r, size_t i)
{
    const struct gw_check_def *c = &b->inv->checks[i];
    if (c->asset != b->asset || c->finding->cls != GW_CLASS_ALARM)
        return false;
    if (r->rule == GW_RULE_CHATTER)
        return c->rule->rule != GW_RULE_CHATTER;
    for (size_t k = 0; k < r->ncauses; k++)
        if (strcmp(r->causes[k], c->finding->code) == 0)
            return true;
    return false;
}

static size_t count_causes(const struct builder *b, const struct gw_rule_def *r)
{
    size_t n = 0;
    for (size_t i = 0; i < b->inv->nchecks; i++)
        n += is_cause(b, r, i);
    return n;
}

/* The alarms that the rule names, into the check. */
static void take_causes(struct builder *b, struct gw_check_def *c)
{
    c->causes = calloc(count_causes(b, b->r) + 1, sizeof *c->causes);
    if (c->causes == NULL) {
        b->nomem = true;
        return;
    }
    for (size_t i = 0; i < b->inv->nchecks; i++)
        if (is_cause(b, b->r, i))
            c->causes[c->ncauses++] = (uint32_t)i;
}

static bool any_test_played(const struct gw_site_asset *asset, const struct gw_rule_def *r)
{
    for (size_t i = 0; i < r->ntests; i++)
        if (gw_inv_role(asset, r->tests[i].role) != NULL &&
            (r->tests[i].fact.key[0] == '\0' || gw_inv_has_fact(asset, &r->tests[i].fact)))
            return true;
    return false;
}

static bool any_need_played(const struct gw_site_asset *asset, const struct gw_rule_def *r)
{
    for (size_t i = 0; i < r->nneeds; i++)
        for (size_t k = 0; k < r->needs[i].nalt; k++)
            if (gw_inv_role(asset, r->needs[i].alt[k]) != NULL)
                return true;
    return false;
}

static bool all_needs_played(const struct gw_site_asset *asset, const struct gw_rule_def *r)
{
    for (size_t i = 0; i < r->nneeds; i++)
        if (r->needs[i].nalt == 0 || gw_inv_role(asset, r->needs[i].alt[0]) == NULL)
            return false;
    return true;
}

static bool usable(const struct builder *b, const struct gw_rule_def *r)
{
    const char *each[GW_EACH_MAX];
    const size_t neach = gw_inv_each_roles(b->f, r, each);
    if ((r->rule == GW_RULE_DEVIATION || r->rule == GW_RULE_DISAGREE) &&
        !(all_needs_played(b->asset, r) && (r->ntests == 0 || any_test_played(b->asset, r))))
        return false;
    for (size_t i = 0; i < neach; i++)
        if (gw_inv_role(b->asset, each[i]) != NULL)
            return true;
    if (b->f->neach > 0)
        return false;
    switch (r->rule) {
    case GW_RULE_ABSENT:
    case GW_RULE_UNMAPPED:
        return true;
    case GW_RULE_LIMIT:
    case GW_RULE_BALANCE:
    case GW_RULE_ALTERNATING:
    case GW_RULE_BAD_QUALITY:
    case GW_RULE_RATE:
        return all_needs_played(b->asset, r);
    case GW_RULE_STATE:
    case GW_RULE_BYPASSED:
        return any_test_played(b->asset, r);
    case GW_RULE_NO_EFFECT:
        return any_test_played(b->asset, r) && count_causes(b, r) > 0;
    case GW_RULE_UNHANDLED:
    case GW_RULE_CHATTER:
        return count_causes(b, r) > 0;
    case GW_RULE_DEVIATION:
    case GW_RULE_DISAGREE:
        return true; /* see above */
    case GW_RULE_ORDER:
        return r->order == GW_ORDER_WATCH || any_test_played(b->asset, r) ||
               any_need_played(b->asset, r);
    case GW_RULE_PERMIT:
        return any_test_played(b->asset, r) || any_need_played(b->asset, r);
    case GW_RULE_SELF:
        return b->asset == &b->inv->self;
    case GW_RULE_OVERDUE:
        return r->proofs ? b->asset->nroles > 0 : r->items && b->asset->ndue > 0;
    case GW_RULE_FROZEN: /* each of them has "each" */
    case GW_RULE_DECOUPLED:
    case GW_RULE_RAIL:
    case GW_RULE_REPEATED:
    case GW_RULE_SETPOINT:
    case GW_RULE_CHANGED:
    case GW_RULE_SWAPPED:
    case GW_RULE_BELOW:
    case GW_RULE_COUNT:
        break;
    }
    return false;
}

/* ---- numbers of a check ---- */

static void set_params(const struct builder *b, struct gw_check_def *c)
{
    for (size_t i = 0; i < b->f->nparams; i++) {
        const struct gw_param_def *p = &b->f->params[i];
        c->given |= UINT32_C(1) << p->id;
        c->params[p->id] = p->def;
        for (size_t k = 0; k < b->asset->noverrides; k++) {
            const struct gw_site_override *o = &b->asset->overrides[k];
            if (strcmp(o->code, b->f->code) == 0 && strcmp(o->param, p->name) == 0)
                c->params[p->id] = o->value;
        }
        c->overridden = c->overridden || c->params[p->id] != p->def;
    }
}

static double rated_of(const struct gw_site_asset *asset, const char *key)
{
    for (size_t i = 0; i < asset->nrated; i++)
        if (strcmp(asset->rated[i].key, key) == 0)
            return asset->rated[i].value;
    return (double)NAN;
}

static void check_rated(const struct builder *b)
{
    /* Running under an order shows without it. */
    if (b->r->of_rated[0] == '\0' || b->r->rule == GW_RULE_ORDER)
        return;
    const char *path[2] = {"rated", b->r->of_rated};
    const double rated = rated_of(b->asset, b->r->of_rated);
    if (isnan(rated)) {
        gw_inv_issue(b->issues, b->asset, path,
                     "%s needs the rated value \"%s\" of this asset: add \"rated\": {\"%s\": ...}",
                     b->f->code, b->r->of_rated, b->r->of_rated);
    } else if (!(rated > 0) || isinf(rated)) {
        gw_inv_issue(b->issues, b->asset, path, "a rated value must be above 0, is %.15g", rated);
    }
}

/* Two quantities are compared as they are: they must be in one unit. */
static void check_units(const struct builder *b)
{
    const enum gw_rule rule = b->r->rule;
    if (rule != GW_RULE_BALANCE && rule != GW_RULE_DEVIATION && rule != GW_RULE_ALTERNATING &&
        rule != GW_RULE_BELOW)
        return;
    const struct gw_site_role *in = gw_inv_role(b->asset, b->r->needs[0].alt[0]);
    const struct gw_site_role *out = gw_inv_role(b->asset, b->r->needs[1].alt[0]);
    if (in == NULL || out == NULL)
        return;
    const struct gw_point *pi = &b->inv->site->points[in->points[0]];
    const struct gw_point *po = &b->inv->site->points[out->points[0]];
    if (strcmp(pi->def->unit, po->def->unit) != 0) {
        const char *path[2] = {"roles", out->role};
        gw_inv_issue(b->issues, b->asset, path,
                     "%s compares \"%s\" (%s) with \"%s\" (%s): they must be in one unit",
                     b->f->code, pi->id, pi->def->unit, po->id, po->def->unit);
    }
}

/* ---- making checks ---- */

static struct gw_check_def *grow(struct builder *b)
{
    struct gw_inventory *inv = b->inv;
    if (inv->nchecks == inv->cap) {
        const size_t cap = inv->cap == 0 ? 64 : inv->cap * 2;
        struct gw_check_def *more = realloc(inv->checks, cap * sizeof *more);
        if (more == NULL) {
            b->nomem = true;
            return NULL;
        }
        inv->checks = more;
        inv->cap = cap;
    }
    return &inv->checks[inv->nchecks];
}

static bool key_taken(const struct builder *b, const char *key)
{
    for (size_t i = b->first; i < b->inv->nchecks; i++)
        if (strcmp(b->inv->checks[i].key, key) == 0)
            return true;
    return false;
}

/* "<asset>:<code>[:<subject>]"; the parts' sizes are such that it fits. */
static void make_key(const struct builder *b, const char *subject, char key[GW_CHECK_KEY])
{
    struct gw_buf text;
    gw_buf_fixed(&text, key, GW_CHECK_KEY);
    gw_buf_printf(&text, "%s:%s%s%s", b->asset->id, b->f->code, subject[0] != '\0' ? ":" : "",
                  subject);
}

static void copy_text(char *to, size_t size, const char *from)
{
    struct gw_buf text;
    gw_buf_fixed(&text, to, size);
    gw_buf_str(&text, from);
}

/* A new check for the subject; NULL when there is one already, or memory is short (b->nomem). It
 * counts only after commit(). */
static struct gw_check_def *begin(struct builder *b, const char *subject)
{
    struct gw_check_def *c = grow(b);
    if (c == NULL)
        return NULL;
    *c = (struct gw_check_def){
        .asset = b->asset,
        .finding = b->f,
        .rule = b->r,
        .index = GW_NO_INDEX,
        .cause = GW_NO_INDEX,
        .run = GW_NO_INDEX,
        .rated = b->r->of_rated[0] != '\0' ? rated_of(b->asset, b->r->of_rated) : (double)NAN,
    };
    make_key(b, subject, c->key);
    if (key_taken(b, c->key))
        return NULL;
    copy_text(c->subject, sizeof c->subject, subject);
    const struct gw_site_role *run = gw_inv_role(b->asset, "RUN");
    if (run != NULL)
        c->run = run->points[0];
    set_params(b, c);
    return c;
}

static void commit(struct builder *b, struct gw_check_def *c)
{
    gw_check_bind(c, b->inv->site->points, b->inv->site->npoints);
    gw_inv_points(b->inv, c);
    b->inv->nchecks++;
}

/* Whether the rule can say anything of this point: a date or a range is declared, a companion is
 * there. */
static bool has_subject(const struct builder *b, uint32_t point)
{
    const struct gw_point *p = &b->inv->site->points[point];
    if (b->r->rule == GW_RULE_OVERDUE)
        return b->inv->site->devices[p->device].cal_due[0] != '\0';
    if (b->r->rule == GW_RULE_RAIL)
        return isfinite(p->def->sane_lo) && isfinite(p->def->sane_hi);
    if (b->r->rule != GW_RULE_DECOUPLED && b->r->rule != GW_RULE_BELOW)
        return true;
    for (size_t k = 0; k < b->r->needs[1].nalt; k++) {
        const struct gw_site_role *r = gw_inv_role(b->asset, b->r->needs[1].alt[k]);
        if (r != NULL && (r->npoints > 1 || r->points[0] != point))
            return true;
    }
    return false;
}

static void add_each(struct builder *b, const char *role)
{
    const struct gw_site_role *own = gw_inv_role(b->asset, role);
    if (own == NULL)
        return;
    for (size_t i = 0; i < own->npoints && !b->nomem; i++) {
        if (!has_subject(b, own->points[i]))
            continue;
        const struct gw_point *p = &b->inv->site->points[own->points[i]];
        const struct gw_site_device *device = &b->inv->site->devices[p->device];
        struct gw_check_def *c = begin(b, b->f->by_device ? device->id : p->id);
        if (c != NULL) {
            copy_text(c->role, sizeof c->role, role);
            c->index = (uint32_t)i;
            c->cal_due = b->r->rule == GW_RULE_OVERDUE ? device->cal_due : NULL;
            if (b->r->rule == GW_RULE_RAIL)
                take_causes(b, c);
            if (!b->nomem)
                commit(b, c);
        }
    }
}

/* Two alarms may be about the same point: then the second one's code goes before it. */
static struct gw_check_def *begin_unhandled(struct builder *b, size_t cause)
{
    const struct gw_check_def *alarm = &b->inv->checks[cause];
    char subject[GW_POINT_ID];
    char both[GW_POINT_ID];
    copy_text(subject, sizeof subject,
              alarm->subject[0] != '\0' ? alarm->subject : alarm->finding->code);
    struct gw_buf text;
    gw_buf_fixed(&text, both, sizeof both);
    gw_buf_printf(&text, "%s.%s", alarm->finding->code, subject);
    struct gw_check_def *c = begin(b, subject);
    if (c != NULL || b->nomem)
        return c;
    if (text.failed) {
        const char *path[2] = {NULL, NULL};
        gw_inv_issue(b->issues, b->asset, path,
                     "the name of \"%s\" is too long for %s: shorten its device's name", subject,
                     b->f->code);
        return NULL;
    }
    return begin(b, both);
}

static void add_unhandled(struct builder *b)
{
    const size_t alarms = b->inv->nchecks;
    for (size_t i = 0; i < alarms && !b->nomem; i++) {
        if (is_cause(b, b->r, i)) {
            struct gw_check_def *c = begin_unhandled(b, i);
            if (c != NULL) {
                c->cause = (uint32_t)i;
                commit(b, c);
            }
        }
    }
}

static void add_one(struct builder *b)
{
    struct gw_check_def *c = begin(b, "");
    if (c == NULL)
        return;
    if (b->r->rule == GW_RULE_NO_EFFECT || b->r->rule == GW_RULE_CHATTER)
        take_causes(b, c);
    if (!b->nomem)
        commit(b, c);
}

/* One check for each declared date. */
static void add_items(struct builder *b)
{
    for (size_t i = 0; i < b->asset->ndue && !b->nomem; i++) {
        struct gw_check_def *c = begin(b, b->asset->due[i].item);
        if (c != NULL) {
            c->cal_due = b->asset->due[i].date;
            commit(b, c);
        }
    }
}

static void add_signs(struct builder *b)
{
    for (int i = 0; i < GW_SIGN_COUNT && !b->nomem; i++) {
        if ((b->r->signs >> i & 1u) == 0)
            continue;
        struct gw_check_def *c = begin(b, gw_sign_name((enum gw_sign)i));
        if (c != NULL) {
            c->sign = (enum gw_sign)i;
            commit(b, c);
        }
    }
}

static void add_finding(struct builder *b)
{
    b->r = NULL;
    for (size_t i = 0; i < b->f->nrules && b->r == NULL; i++)
        if (usable(b, &b->f->rules[i]))
            b->r = &b->f->rules[i];
    if (b->r == NULL)
        return;
    b->first = b->inv->nchecks;
    check_rated(b);
    check_units(b);
    const char *each[GW_EACH_MAX];
    const size_t neach = gw_inv_each_roles(b->f, b->r, each);
    for (size_t i = 0; i < neach && !b->nomem; i++)
        add_each(b, each[i]);
    if (b->r->rule == GW_RULE_UNHANDLED)
        add_unhandled(b);
    else if (b->r->rule == GW_RULE_SELF)
        add_signs(b);
    else if (b->r->items)
        add_items(b);
    else if (b->f->neach == 0)
        add_one(b);
}

static void add_class(struct builder *b, enum gw_class cls)
{
    for (size_t a = 0; a <= b->inv->site->nassets; a++) {
        b->asset = a < b->inv->site->nassets ? &b->inv->site->assets[a] : &b->inv->self;
        for (size_t i = 0; i < gw_catalogue_count(b->inv->cat) && !b->nomem; i++) {
            b->f = gw_catalogue_at(b->inv->cat, i);
            if (b->f->cls == cls && gw_inv_applies(b->inv, b->asset, b->f))
                add_finding(b);
        }
    }
}

enum gw_status gw_inventory_build(const struct gw_site *site, const struct gw_catalogue *cat,
                                  struct gw_issues *issues, struct gw_inventory **out)
{
    const size_t before = gw_issues_count(issues);
    struct gw_inventory *inv = calloc(1, sizeof *inv);
    if (inv == NULL)
        return GW_E_NOMEM;
    inv->site = site;
    inv->cat = cat;
    copy_text(inv->self.id, sizeof inv->self.id, GW_ASSET_GATEWAY);
    copy_text(inv->self.type, sizeof inv->self.type, GW_TYPE_GATEWAY);
    copy_text(inv->self.name, sizeof inv->self.name, site->gateway.id);
    for (size_t i = 0; i < site->nassets; i++)
        gw_inv_check_asset(inv, &site->assets[i], issues);
    struct builder b = {.inv = inv, .issues = issues};
    add_class(&b, GW_CLASS_ALARM);
    add_class(&b, GW_CLASS_LEAD);
    if (b.nomem || gw_issues_count(issues) != before) {
        gw_inventory_free(inv);
        return b.nomem ? GW_E_NOMEM : GW_E_PARSE;
    }
    *out = inv;
    return GW_OK;
}
