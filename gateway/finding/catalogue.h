/* SPDX-License-Identifier: Apache-2.0
 *
 * catalogue: what can be found, as data: config/findings.json in memory.
 *
 * A new finding under a known rule is an entry there and no code here. Loaded once, constant
 * afterwards, readable by any thread. The file explains its keys at its top; config/findings.md
 * tells for people how each finding is decided.
 */
#ifndef GW_FINDING_CATALOGUE_H
#define GW_FINDING_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "conf/issues.h"
#include "conf/json.h"
#include "conf/site.h"
#include "model/command.h"
#include "model/draft.h"
#include "model/point.h"
#include "model/value.h"

#define GW_TEXT_SIZE  256
#define GW_PARAMS_MAX 12

#define GW_RATE_WINDOW_S 300 /* the longest window of a RATE; so much history is always kept */

struct gw_text {
    char zh[GW_TEXT_SIZE];
    char en[GW_TEXT_SIZE];
};

/* How a finding is decided. Few and typed; see rule.h for what each means. */
enum gw_rule {
    GW_RULE_ABSENT = 0,  /* a required instrument is not declared, or never answered */
    GW_RULE_BAD_QUALITY, /* an instrument is there and does not deliver */
    GW_RULE_STATE,       /* a state or contact is (one of) the named */
    GW_RULE_LIMIT,       /* a quantity beyond a limit */
    GW_RULE_BALANCE,     /* two flows that should agree do not */
    GW_RULE_BYPASSED,    /* shielded, inhibited, disabled, or switched off as a whole */
    GW_RULE_NO_EFFECT,   /* a cause without its effect in time */
    GW_RULE_UNHANDLED,   /* an alarm that nobody and nothing answers */
    GW_RULE_OVERDUE,     /* the verification of an instrument has ended */
    GW_RULE_FROZEN,      /* a value that does not move for hours */
    GW_RULE_DECOUPLED,   /* the same, while what it should follow varies */
    GW_RULE_DEVIATION,   /* two quantities too far apart */
    GW_RULE_RATE,        /* a quantity that changes too fast */
    GW_RULE_DISAGREE,    /* a quantity beyond its limit while its instrument's state says no */
    GW_RULE_CHATTER,     /* an alarm of the asset that comes and goes too often */
    GW_RULE_ORDER,       /* running although suspended, or silent although watched */
    GW_RULE_PERMIT,      /* hot work without a permit */
    GW_RULE_UNMAPPED,    /* a declared asset that no point belongs to */
    GW_RULE_SELF,        /* the gateway itself: its silence, its clock, its configuration */
    GW_RULE_RAIL,        /* the same, at an end of its range, and no alarm tells it */
    GW_RULE_REPEATED,    /* a recorded sequence that is played again */
    GW_RULE_SETPOINT,    /* a set-point beyond what is permitted */
    GW_RULE_CHANGED,     /* a set-point or range register that is not what it was */
    GW_RULE_SWAPPED,     /* a device that is not the one that it was */
    GW_RULE_BELOW,       /* one quantity below another that it cannot be below */
    GW_RULE_ALTERNATING, /* two flows that differ much, now one way and then the other */
    GW_RULE_COUNT
};
const char *gw_rule_name(enum gw_rule rule);

enum gw_kind {
    GW_KIND_EV,
    GW_KIND_ABS,
    GW_KIND_FLT,
    GW_KIND_BYP,
    GW_KIND_ILK,
    GW_KIND_SET,
    GW_KIND_TRP,
    GW_KIND_CAL,
    GW_KIND_INT,
    GW_KIND_ORD,
    GW_KIND_COUNT
};
const char *gw_kind_name(enum gw_kind kind); /* "EV", "ABS" ... */

/* What the asset's RUN point does to a finding. */
enum gw_run_gate {
    GW_RUN_NONE = 0, /* nothing */
    GW_RUN_HOLD,     /* while stopped the finding is not evaluated: nothing runs, nothing clears */
    GW_RUN_RESET     /* while stopped the condition is false */
};

struct gw_role_def {
    char role[GW_ROLE_SIZE];
    enum gw_vtype vtype;          /* what a point must be to play it */
    bool many;                    /* may be played by several points */
    char units[8][GW_POINT_UNIT]; /* units in which the catalogue's numbers hold for it */
    size_t nunits;                /* 0: any unit */
    struct gw_text title;
};

/* What may be declared of an asset: a mistyped fact must not make a finding disappear. */
struct gw_fact_def {
    char key[GW_ROLE_SIZE];
    char values[8][GW_ID_SIZE];
    size_t nvalues;
    struct gw_text title;
};

struct gw_type_def {
    char type[GW_ID_SIZE];
    struct gw_text title;
};

/* The numbers that rules read; rule.h tells which rule reads which. */
enum gw_param {
    GW_PARAM_DELAY = 0,
    GW_PARAM_CLEAR,
    GW_PARAM_OFF,
    GW_PARAM_HIGH,
    GW_PARAM_LOW,
    GW_PARAM_DEADBAND,
    GW_PARAM_PERCENT,
    GW_PARAM_MIN_PERCENT,
    GW_PARAM_PAIR,
    GW_PARAM_IMPROVE,
    GW_PARAM_HOURS,
    GW_PARAM_SPREAD,
    GW_PARAM_SPREAD_PERCENT,
    GW_PARAM_STEP_PERCENT,
    GW_PARAM_VARY_PERCENT,
    GW_PARAM_AHEAD,
    GW_PARAM_RATE,
    GW_PARAM_WINDOW,
    GW_PARAM_VOTES,
    GW_PARAM_VOTES_OF,
    GW_PARAM_RISE,
    GW_PARAM_MOVES,
    GW_PARAM_CALM_TIMES,
    GW_PARAM_END_PERCENT,
    GW_PARAM_READS,
    GW_PARAM_CHANGE_PERCENT,
    GW_PARAM_FLIPS,
    GW_PARAM_MINUTES,
    GW_PARAM_INTERVAL,
    GW_PARAM_COUNT
};
const char *gw_param_name(enum gw_param param); /* "delay_s" ... */
/* Exact names; false and *out untouched for anything else. */
bool gw_param_parse(const char *name, enum gw_param *out);

/* A number that a site may override, and how far. Tightening and loosening are both bounded. */
struct gw_param_def {
    enum gw_param id;
    const char *name; /* constant */
    double def, min, max;
};

struct gw_clause {
    char document[GW_NAME_SIZE]; /* in Chinese, as cited */
    char edition[GW_ID_SIZE];
    char article[GW_ID_SIZE];
    char item[GW_ID_SIZE];
    struct gw_text text;        /* paraphrase of the requirement */
    char confirmed[GW_ID_SIZE]; /* "published", "memory" */
    uint32_t sectors;           /* bit mask of enum gw_sector to which it applies */
    uint64_t types;             /* bit mask of the catalogue's asset types; 0: any. See
                                   gw_catalogue_cites, gw_inventory_cites */
    bool beside;                /* demands nothing alone: cited beside another clause only */
};

/* One alternative of "applies": all given parts must fit. */
struct gw_applies {
    char types[16][GW_ID_SIZE];
    size_t ntypes; /* 0: any type */
    uint32_t sectors;
    struct gw_site_fact facts[8]; /* each must be declared with this value */
    size_t nfacts;
    struct gw_site_fact not_facts[8]; /* none may be declared with this value */
    size_t nnot;
};

/* What rule SELF looks at; one check for each. */
enum gw_sign {
    GW_SIGN_CLOCK = 0, /* the wall clock was set */
    GW_SIGN_CONFIG,    /* the inventory is not the one that the platform accepted */
    GW_SIGN_OFFLINE,   /* the gateway was off while the site ran */
    GW_SIGN_SOURCES,   /* no device answers */
    GW_SIGN_COUNT
};
const char *gw_sign_name(enum gw_sign sign); /* "clock" ... */

/* "role is one of these states" or "contact is on/off". */
struct gw_role_test {
    char role[GW_ROLE_SIZE];
    uint32_t states;          /* bit mask of enum gw_state; used when the role is a STATE */
    bool on;                  /* used when the role is a BOOL */
    bool direct;              /* ORDER: direct evidence; the finding's strength becomes A */
    struct gw_site_fact fact; /* PERMIT: counts only where this is declared; key "" = always */
};

#define GW_NEEDS_MAX 4
#define GW_ALT_MAX   4
#define GW_TESTS_MAX 6

/* Alternatives: any one of these roles satisfies the need. */
struct gw_role_need {
    char alt[GW_ALT_MAX][GW_ROLE_SIZE];
    size_t nalt;
};

/* A rule with its parts; which ones are used depends on the rule. */
struct gw_rule_def {
    enum gw_rule rule;
    struct gw_role_need
        needs[GW_NEEDS_MAX]; /* ABSENT: all must be met. Others: alt[0] is the input role */
    size_t nneeds;
    struct gw_role_test
        tests[GW_TESTS_MAX]; /* STATE, BYPASSED: any true. NO_EFFECT, UNHANDLED: the effects */
    size_t ntests;
    /* NO_EFFECT, UNHANDLED, RAIL: codes of alarms on the same asset. */
    char causes[8][GW_CODE_SIZE];
    size_t ncauses;
    bool inhibit;  /* BAD_QUALITY: in service or not, in place of working or not */
    bool silent;   /* BYPASSED: the device as a whole does not answer */
    bool range;    /* BAD_QUALITY: only what is outside the physical limits counts */
    bool low;      /* LIMIT, SETPOINT: a low limit */
    bool falling;  /* RATE: the fall counts, not the rise */
    bool standing; /* UNHANDLED: nothing answers it but its end */
    /* LIMIT, SETPOINT: high, low and deadband are fractions of this rated value; BALANCE,
     * ALTERNATING: min_percent is of it. */
    char of_rated[GW_ROLE_SIZE];
    char unit[GW_POINT_UNIT]; /* LIMIT: only points in this unit are held against it; "" = any */
    char value[GW_ROLE_SIZE]; /* STATE alarms: the quantity behind the state, "" = none */
    enum gw_order order;      /* ORDER: SUSPEND or WATCH */
    uint32_t signs;           /* SELF: bit mask of enum gw_sign */
    bool items;               /* OVERDUE: the asset's "due" dates in place of devices' */
    bool proofs;              /* OVERDUE: the asset's proof tests */
};

#define GW_APPLIES_MAX 8
#define GW_RULES_MAX   3

struct gw_finding {
    char code[GW_CODE_SIZE];
    enum gw_class cls; /* GW_CLASS_ALARM or GW_CLASS_LEAD */
    enum gw_kind kind;
    char severity[GW_ID_SIZE]; /* "major", "general", "info" */
    char strength;             /* 'A', 'B', 'C' */
    int priority;
    bool enabled;     /* a code whose reading is disputed ships switched off */
    bool latch;       /* alarms: stands until it is acknowledged and returned */
    int64_t shelve_s; /* alarms: how long it may be shelved at the most; 0: never */
    struct gw_text title, advice;
    struct gw_applies *applies; /* the catalogue's; at most GW_APPLIES_MAX */
    size_t napplies;
    /* One case per point of these roles; none = one per asset. A rule with inputs narrows them to
     * those that it reads first: needs[0] of BAD_QUALITY and LIMIT, tests[0] of STATE, BYPASSED. */
    char each[16][GW_ROLE_SIZE];
    size_t neach;
    bool by_device; /* with each: one case per device of these points */
    enum gw_run_gate run;
    /* The first whose input roles the asset has is used; the catalogue's, at most GW_RULES_MAX. */
    struct gw_rule_def *rules;
    size_t nrules;
    struct gw_param_def params[GW_PARAMS_MAX];
    size_t nparams;
    const struct gw_clause *clauses[12]; /* the catalogue's */
    size_t nclauses;
    const struct gw_text *obligation, *penalty; /* of leads; the catalogue's */
};

/* How all alarms of a gateway are kept readable; see alarm/chatter.h and alarm/flood.h. */
struct gw_alarm_system {
    int64_t chatter_count, chatter_window_s, chatter_quiet_s;
    int64_t flood_start, flood_end, flood_window_s;
    int64_t summary_s; /* so often at the most a chattering or held alarm is told of */
    int64_t stale_h;   /* an alarm that stands so long is stale */
};

/* What a permit of one scope may do. */
struct gw_permit_def {
    int64_t max_ms; /* from its beginning to its end at most; 0: there are none of this scope */
    uint32_t kinds; /* bit mask of enum gw_kind: the leads that it covers */
};

/* The type of the asset that every inventory has: the gateway itself, as "_gateway". No site file
 * can declare it, and findings apply to it only where they name it. */
#define GW_TYPE_GATEWAY  "gateway"
#define GW_ASSET_GATEWAY "_gateway"

struct gw_catalogue;

/* Reads the parsed file. All issues at once, each with its place; GW_E_PARSE then. */
enum gw_status gw_catalogue_load(const struct gw_json *doc, struct gw_issues *issues,
                                 struct gw_catalogue **out) GW_MUST_CHECK;
void gw_catalogue_free(struct gw_catalogue *cat);

const struct gw_alarm_system *gw_catalogue_alarm_system(const struct gw_catalogue *cat);
const char *gw_catalogue_version(const struct gw_catalogue *cat);
size_t gw_catalogue_count(const struct gw_catalogue *cat);
const struct gw_finding *gw_catalogue_at(const struct gw_catalogue *cat, size_t i);
const struct gw_finding *gw_catalogue_find(const struct gw_catalogue *cat, const char *code);
const struct gw_role_def *gw_catalogue_role(const struct gw_catalogue *cat, const char *role);
const struct gw_type_def *gw_catalogue_type(const struct gw_catalogue *cat, const char *type);
const struct gw_fact_def *gw_catalogue_fact(const struct gw_catalogue *cat, const char *key);
/* The same by their place in the file; NULL behind the last. */
const struct gw_role_def *gw_catalogue_role_at(const struct gw_catalogue *cat, size_t i);
const struct gw_type_def *gw_catalogue_type_at(const struct gw_catalogue *cat, size_t i);
const struct gw_fact_def *gw_catalogue_fact_at(const struct gw_catalogue *cat, size_t i);
/* NULL when the catalogue has no permits of this scope. */
const struct gw_permit_def *gw_catalogue_permit(const struct gw_catalogue *cat,
                                                enum gw_permit_scope scope);

/* Whether a clause is to be cited for an asset of this type in an enterprise of this sector. */
bool gw_catalogue_cites(const struct gw_catalogue *cat, const struct gw_clause *clause, int sector,
                        const char *type);

/* Default of a parameter of the finding; `other` when the finding has no such parameter. */
double gw_finding_param(const struct gw_finding *f, const char *name, double other);

#endif
