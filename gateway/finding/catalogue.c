/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/catalogue.h"

#include "finding/catalogue_in.h"

#include <stdlib.h>
#include <string.h>

const char *gw_rule_name(enum gw_rule rule)
{
    static const char *const names[GW_RULE_COUNT] = {
        [GW_RULE_ABSENT] = "absent",       [GW_RULE_BAD_QUALITY] = "bad_quality",
        [GW_RULE_STATE] = "state",         [GW_RULE_LIMIT] = "limit",
        [GW_RULE_BALANCE] = "balance",     [GW_RULE_BYPASSED] = "bypassed",
        [GW_RULE_NO_EFFECT] = "no_effect", [GW_RULE_UNHANDLED] = "unhandled",
        [GW_RULE_OVERDUE] = "overdue",     [GW_RULE_FROZEN] = "frozen",
        [GW_RULE_DECOUPLED] = "decoupled", [GW_RULE_DEVIATION] = "deviation",
        [GW_RULE_RATE] = "rate",           [GW_RULE_DISAGREE] = "disagree",
        [GW_RULE_CHATTER] = "chatter",     [GW_RULE_ORDER] = "order",
        [GW_RULE_PERMIT] = "permit",       [GW_RULE_UNMAPPED] = "unmapped",
        [GW_RULE_SELF] = "self",           [GW_RULE_RAIL] = "rail",
        [GW_RULE_REPEATED] = "repeated",   [GW_RULE_SETPOINT] = "setpoint",
        [GW_RULE_CHANGED] = "changed",     [GW_RULE_SWAPPED] = "swapped",
        [GW_RULE_BELOW] = "below",         [GW_RULE_ALTERNATING] = "alternating",
    };
    return (unsigned)rule < GW_RULE_COUNT ? names[rule] : "?";
}

const char *gw_kind_name(enum gw_kind kind)
{
    static const char *const names[GW_KIND_COUNT] = {
        [GW_KIND_EV] = "EV",   [GW_KIND_ABS] = "ABS", [GW_KIND_FLT] = "FLT", [GW_KIND_BYP] = "BYP",
        [GW_KIND_ILK] = "ILK", [GW_KIND_SET] = "SET", [GW_KIND_TRP] = "TRP", [GW_KIND_CAL] = "CAL",
        [GW_KIND_INT] = "INT", [GW_KIND_ORD] = "ORD",
    };
    return (unsigned)kind < GW_KIND_COUNT ? names[kind] : "?";
}

const char *gw_sign_name(enum gw_sign sign)
{
    static const char *const names[GW_SIGN_COUNT] = {
        [GW_SIGN_CLOCK] = "clock",
        [GW_SIGN_CONFIG] = "config",
        [GW_SIGN_OFFLINE] = "offline",
        [GW_SIGN_SOURCES] = "sources",
    };
    return (unsigned)sign < GW_SIGN_COUNT ? names[sign] : "?";
}

const char *gw_param_name(enum gw_param param)
{
    static const char *const names[GW_PARAM_COUNT] = {
        [GW_PARAM_DELAY] = "delay_s",
        [GW_PARAM_CLEAR] = "clear_s",
        [GW_PARAM_OFF] = "off_s",
        [GW_PARAM_HIGH] = "high",
        [GW_PARAM_LOW] = "low",
        [GW_PARAM_DEADBAND] = "deadband",
        [GW_PARAM_PERCENT] = "percent",
        [GW_PARAM_MIN_PERCENT] = "min_percent",
        [GW_PARAM_PAIR] = "pair_ms",
        [GW_PARAM_IMPROVE] = "improve_percent",
        [GW_PARAM_HOURS] = "hours",
        [GW_PARAM_SPREAD] = "spread",
        [GW_PARAM_SPREAD_PERCENT] = "spread_percent",
        [GW_PARAM_STEP_PERCENT] = "step_percent",
        [GW_PARAM_VARY_PERCENT] = "vary_percent",
        [GW_PARAM_AHEAD] = "ahead_days",
        [GW_PARAM_RATE] = "rate",
        [GW_PARAM_WINDOW] = "window_s",
        [GW_PARAM_VOTES] = "votes",
        [GW_PARAM_VOTES_OF] = "votes_of",
        [GW_PARAM_RISE] = "rise",
        [GW_PARAM_MOVES] = "moves",
        [GW_PARAM_CALM_TIMES] = "calm_times",
        [GW_PARAM_END_PERCENT] = "end_percent",
        [GW_PARAM_READS] = "reads",
        [GW_PARAM_CHANGE_PERCENT] = "change_percent",
        [GW_PARAM_FLIPS] = "flips",
        [GW_PARAM_MINUTES] = "minutes",
        [GW_PARAM_INTERVAL] = "interval_days",
    };
    return (unsigned)param < GW_PARAM_COUNT ? names[param] : "?";
}

bool gw_param_parse(const char *name, enum gw_param *out)
{
    for (unsigned i = 0; i < GW_PARAM_COUNT; i++) {
        if (strcmp(gw_param_name((enum gw_param)i), name) == 0) {
            *out = (enum gw_param)i;
            return true;
        }
    }
    return false;
}

void gw_catalogue_free(struct gw_catalogue *cat)
{
    if (cat == NULL)
        return;
    free(cat->types);
    free(cat->roles);
    free(cat->facts);
    for (size_t i = 0; i < cat->nfindings; i++) {
        free(cat->findings[i].applies);
        free(cat->findings[i].rules);
    }
    free(cat->findings);
    free(cat->clauses);
    free(cat->laws);
    free(cat);
}

const struct gw_alarm_system *gw_catalogue_alarm_system(const struct gw_catalogue *cat)
{
    return &cat->alarm_system;
}

const char *gw_catalogue_version(const struct gw_catalogue *cat)
{
    return cat->version;
}

size_t gw_catalogue_count(const struct gw_catalogue *cat)
{
    return cat->nfindings;
}

const struct gw_finding *gw_catalogue_at(const struct gw_catalogue *cat, size_t i)
{
    return i < cat->nfindings ? &cat->findings[i] : NULL;
}

const struct gw_finding *gw_catalogue_find(const struct gw_catalogue *cat, const char *code)
{
    for (size_t i = 0; i < cat->nfindings; i++)
        if (strcmp(cat->findings[i].code, code) == 0)
            return &cat->findings[i];
    return NULL;
}

const struct gw_role_def *gw_catalogue_role(const struct gw_catalogue *cat, const char *role)
{
    for (size_t i = 0; i < cat->nroles; i++)
        if (strcmp(cat->roles[i].role, role) == 0)
            return &cat->roles[i];
    return NULL;
}

const struct gw_type_def *gw_catalogue_type(const struct gw_catalogue *cat, const char *type)
{
    for (size_t i = 0; i < cat->ntypes; i++)
        if (strcmp(cat->types[i].type, type) == 0)
            return &cat->types[i];
    return NULL;
}

const struct gw_fact_def *gw_catalogue_fact(const struct gw_catalogue *cat, const char *key)
{
    for (size_t i = 0; i < cat->nfacts; i++)
        if (strcmp(cat->facts[i].key, key) == 0)
            return &cat->facts[i];
    return NULL;
}

const struct gw_role_def *gw_catalogue_role_at(const struct gw_catalogue *cat, size_t i)
{
    return i < cat->nroles ? &cat->roles[i] : NULL;
}

const struct gw_type_def *gw_catalogue_type_at(const struct gw_catalogue *cat, size_t i)
{
    return i < cat->ntypes ? &cat->types[i] : NULL;
}

const struct gw_fact_def *gw_catalogue_fact_at(const struct gw_catalogue *cat, size_t i)
{
    return i < cat->nfacts ? &cat->facts[i] : NULL;
}

const struct gw_permit_def *gw_catalogue_permit(const struct gw_catalogue *cat,
                                                enum gw_permit_scope scope)
{
    if ((size_t)scope >= GW_PERMIT_COUNT || cat->permits[scope].max_ms == 0)
        return NULL;
    return &cat->permits[scope];
}

bool gw_catalogue_cites(const struct gw_catalogue *cat, const struct gw_clause *clause, int sector,
                        const char *type)
{
    if (sector < 0 || sector > GW_SECTOR_COMMERCE || (clause->sectors & 1u << sector) == 0)
        return false;
    if (clause->types == 0)
        return true;
    const struct gw_type_def *def = gw_catalogue_type(cat, type);
    return def != NULL && (clause->types & UINT64_C(1) << (def - cat->types)) != 0;
}

double gw_finding_param(const struct gw_finding *f, const char *name, double other)
{
    for (size_t i = 0; i < f->nparams; i++)
        if (strcmp(f->params[i].name, name) == 0)
            return f->params[i].def;
    return other;
}
