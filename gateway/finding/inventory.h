/* SPDX-License-Identifier: Apache-2.0
 *
 * inventory: declared assets against the catalogue: which checks this site needs.
 *
 * Built once from the site and the catalogue, constant afterwards. A check is one finding on one
 * asset, or on one of its instruments. The gateway itself is an asset, too: "_gateway". Alarms come before leads, so that one pass in order sees
 * causes before their consequences.
 */
#ifndef GW_FINDING_INVENTORY_H
#define GW_FINDING_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/jcs.h"
#include "base/status.h"
#include "conf/issues.h"
#include "conf/site.h"
#include "finding/catalogue.h"

#define GW_CHECK_POINTS 16
#define GW_CHECK_KEY    128 /* holds an asset's id, a code and a point's id */
#define GW_NO_INDEX     UINT32_MAX
#define GW_WITNESSES    4 /* of one check */

/* A point with the role in which the check looks at it. */
struct gw_role_point {
    const char *role; /* lent by the site or catalogue */
    uint32_t point;
};

struct gw_check_def {
    char key[GW_CHECK_KEY]; /* "<asset>:<code>" or "<asset>:<code>:<subject>": stable identity */
    const struct gw_site_asset *asset;
    const struct gw_finding *finding;
    const struct gw_rule_def *rule;
    /* The point or device that the check is about; "" = the whole asset. UNHANDLED: that of the
     * alarm, or the alarm's code where that is about the whole asset. */
    char subject[GW_POINT_ID];
    char role[GW_ROLE_SIZE]; /* the role of `each` whose point it stands for; "" without `each` */
    uint32_t index;          /* which point of `role`; also picks companions in roles of the same
                                length; GW_NO_INDEX without `each` */
    uint32_t cause;          /* UNHANDLED: index of the alarm check it watches; else GW_NO_INDEX */
    uint32_t *causes;        /* NO_EFFECT, CHATTER, RAIL: the alarm checks that it looks at */
    size_t ncauses;
    uint32_t run;   /* point of the asset's RUN role; GW_NO_INDEX when not declared */
    uint32_t given; /* bit mask of enum gw_param: those that the finding has */
    double params[GW_PARAM_COUNT]; /* effective */
    const char *cal_due;           /* lent by the site; NULL where the rule asks for none */
    enum gw_sign sign;             /* SELF: what it looks at */
    double rated;                  /* value of rule->of_rated; NAN when not used */
    bool overridden;               /* some parameter is not the catalogue's default */
    /* What the names of role and rule stand for, so that no evaluation compares names: places in
     * asset->roles, counted from 1; 0: nobody plays it. */
    uint16_t own, value, needs[GW_NEEDS_MAX][GW_ALT_MAX], tests[GW_TESTS_MAX];
    /* FROZEN, RAIL: other numbers of its device; DECOUPLED: what it should follow. */
    uint32_t witnesses[GW_WITNESSES];
    size_t nwitnesses;
    /* Everything the check looks at, the deciding inputs first, then RUN: for its evidence. */
    struct gw_role_point points[GW_CHECK_POINTS];
    size_t npoints;
};

struct gw_inventory;

/* Issues: unknown asset type, role or fact, a point of the wrong type or unit for its role, several
 * points for a role that takes one, roles of one instrument with different numbers of points, an
 * override of an unknown or disabled code, of an unknown parameter or outside its permitted range,
 * a rated value that a needed check lacks. GW_E_PARSE then. site and cat are lent. */
enum gw_status gw_inventory_build(const struct gw_site *site, const struct gw_catalogue *cat,
                                  struct gw_issues *issues,
                                  struct gw_inventory **out) GW_MUST_CHECK;
void gw_inventory_free(struct gw_inventory *inv);

size_t gw_inventory_count(const struct gw_inventory *inv);
const struct gw_check_def *gw_inventory_at(const struct gw_inventory *inv, size_t i);
const struct gw_site *gw_inventory_site(const struct gw_inventory *inv);
const struct gw_catalogue *gw_inventory_catalogue(const struct gw_inventory *inv);

/* Finds what the check's names stand for, and its witnesses: to be called when asset, rule, role and
 * index are set. points are those of the site, where those of a device stand together. */
void gw_check_bind(struct gw_check_def *check, const struct gw_point *points, size_t npoints);

static inline const struct gw_site_role *gw_check_bound_role(const struct gw_check_def *check,
                                                             uint16_t place)
{
    return place > 0 ? &check->asset->roles[place - 1] : NULL;
}
/* The asset's role that the check stands for, with all points that play it; the one that alternative
 * k of need i names, that test i names, that "value" of the rule names. NULL when nobody plays it. */
static inline const struct gw_site_role *gw_check_own(const struct gw_check_def *check)
{
    return gw_check_bound_role(check, check->own);
}
static inline const struct gw_site_role *gw_check_need(const struct gw_check_def *check, size_t i,
                                                       size_t k)
{
    return gw_check_bound_role(check, check->needs[i][k]);
}
static inline const struct gw_site_role *gw_check_test(const struct gw_check_def *check, size_t i)
{
    return gw_check_bound_role(check, check->tests[i]);
}
static inline const struct gw_site_role *gw_check_value(const struct gw_check_def *check)
{
    return gw_check_bound_role(check, check->value);
}
/* The point of such a role for a check: the check's own index where the role has as many points as
 * the check's own role, the first otherwise. GW_NO_INDEX for NULL. */
uint32_t gw_check_point(const struct gw_check_def *check, const struct gw_site_role *role);
/* The same by the role's name, which it looks for. */
uint32_t gw_check_role(const struct gw_check_def *check, const char *role);
/* Effective parameter; `other` when the finding has none such. */
static inline double gw_check_param(const struct gw_check_def *check, enum gw_param param,
                                    double other)
{
    return (check->given >> param & 1u) != 0 ? check->params[param] : other;
}

/* Whether a clause of the check's finding is to be cited for this asset in this enterprise: clauses
 * are filtered by sector and asset type wherever they are written. */
bool gw_inventory_cites(const struct gw_inventory *inv, const struct gw_check_def *check,
                        const struct gw_clause *clause);

/* Members of the inventory document below "assets": what is declared, which roles are played by
 * which points, which findings watch each asset with which overrides, which required roles are
 * missing. Writes an array under key. */
void gw_inventory_write(const struct gw_inventory *inv, struct gw_jcs *j, const char *key);

#endif
