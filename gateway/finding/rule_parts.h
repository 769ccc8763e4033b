/* SPDX-License-Identifier: Apache-2.0
 *
 * rule_parts: what the rules share. Only for this folder; pure; core thread.
 */
#ifndef GW_FINDING_RULE_PARTS_H
#define GW_FINDING_RULE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finding/rule.h"

/* A point as it stands at ctx->now_ms. */
struct gw_reading {
    const struct gw_point *point;
    struct gw_sample sample;
    enum gw_quality quality;
};

/* point must not be GW_NO_INDEX. */
struct gw_reading gw_rule_read(const struct gw_rule_ctx *ctx, uint32_t point);

/* What is computed from decimal numbers is taken as the decimal number that it is meant to be, so
 * that binary noise does not decide at the exact limit. */
double gw_rule_settled(double x);

/* 10 to the power of a point's decimals, of which a site declares 9 at most. */
double gw_rule_tens(int decimals);

/* The reading as a number: a usable, finite NUM or INT. */
bool gw_reading_number(const struct gw_reading *r, double *out);

/* The point that the rule's i-th need names: the first of its alternatives that is played. Without
 * needs, the point of `each`. GW_NO_INDEX when there is none. *role (may be NULL) becomes the role.
 */
uint32_t gw_rule_input(const struct gw_rule_ctx *ctx, size_t i, const char **role);
/* The point of `each`; without `each`, as gw_rule_input(ctx, 0, role). */
uint32_t gw_rule_each_point(const struct gw_rule_ctx *ctx, const char **role);

/* Whether the point's device was asked lately: a pass over it ended within the point's stale time.
 * Passes over a silent device are held back longer than that. */
bool gw_rule_passed(const struct gw_rule_ctx *ctx, const struct gw_point *point);

/* Whether the silence of the point's device, or of the point behind it, is its own: the device
 * answers, or others do where it does not. False when the gateway's own cable may be the reason, or
 * when the gateway does not ask at all. */
bool gw_rule_own_silence(const struct gw_rule_ctx *ctx, const struct gw_point *point);

/* The flow difference of a BALANCE check in percent of the inflow. */
struct gw_balance {
    const char *role_in, *role_out;
    struct gw_reading in, out;
    double q_in, q_out;
    double percent;
    enum {
        GW_BAL_OK = 0,
        GW_BAL_UNDECLARED,
        GW_BAL_QUALITY, /* one of the two is not usable */
        GW_BAL_SKEW,    /* the samples are too far apart */
        GW_BAL_LOW      /* too little flow to compare */
    } state;
};
void gw_rule_balance(const struct gw_rule_ctx *ctx, struct gw_balance *out);
/* The pair alone: never GW_BAL_LOW, and no percent. */
void gw_rule_pair(const struct gw_rule_ctx *ctx, struct gw_balance *out);
/* The answer where the state is not GW_BAL_OK. */
enum gw_tri gw_rule_uncompared(struct gw_rule_ctx *ctx, const struct gw_balance *b);

/* The limit and deadband of a LIMIT, SETPOINT or BALANCE check, in the terms of its value; false
 * when the rated value that they are a fraction of is not known. */
bool gw_rule_bound(const struct gw_check_def *check, double *limit, double *deadband);

/* Holds ctx->value against a high limit that is of no rated value; sets ctx->limit. */
enum gw_tri gw_rule_over(struct gw_rule_ctx *ctx);
/* Whether the reading is in the rule's unit; otherwise why it is not is said. */
bool gw_rule_in_unit(struct gw_rule_ctx *ctx, const struct gw_reading *r);
/* The sentence for ctx->value held against ctx->limit. Where the deadband decides, it shows it. */
void gw_rule_say_limit(struct gw_rule_ctx *ctx, const char *what, const char *what_zh,
                       const char *code, enum gw_tri tri);

/* What one role test found. */
struct gw_tested {
    enum gw_tri tri;
    bool declared;
    struct gw_reading reading; /* the point that decided; valid when declared */
};
/* Test i of the rule. A role played by several points that are not companions of `each` counts as a whole: TRUE when
 * one of them is, FALSE when all are not. */
struct gw_tested gw_rule_test(const struct gw_rule_ctx *ctx, size_t i);

/* The asset's RUN point. */
enum gw_run_state { GW_RUN_UNDECLARED = 0, GW_RUN_UNSURE, GW_RUN_STOPPED, GW_RUN_RUNNING };
enum gw_run_state gw_rule_run(const struct gw_check_def *check, const struct gw_table *table,
                              int64_t now_ms);

/* ---- the text of the decision ---- */

void gw_rule_en(struct gw_rule_ctx *ctx, const char *fmt, ...) GW_PRINTF(2, 3);
void gw_rule_zh(struct gw_rule_ctx *ctx, const char *fmt, ...) GW_PRINTF(2, 3);

/* Chinese title of a role, or its name where the catalogue gives none; "" while no words are wanted. */
const char *gw_rule_title(const struct gw_rule_ctx *ctx, const char *role);
const char *gw_quality_zh(enum gw_quality q);
const char *gw_state_zh(enum gw_state s);

#define GW_SHOWN 64
/* What the reading says, for people: "SENSOR_FAULT", "off", "58.21 °C", "BAD_COMM". */
void gw_reading_show(const struct gw_reading *r, bool zh, char out[GW_SHOWN]);

/* Digits that tell value from limit and show both as they are: at least `base`, at most 6. */
int gw_rule_digits(double value, double limit, int base);

/* Answers UNKNOWN because the reading is not usable. */
enum gw_tri gw_rule_unusable(struct gw_rule_ctx *ctx, const char *role, const struct gw_reading *r);

/* ---- the rules ---- */

enum gw_tri gw_rule_absent(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_bad_quality(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_state(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_limit(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_balance_eval(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_bypassed(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_no_effect(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_unhandled(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_overdue(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_frozen(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_decoupled(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_deviation(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_rate(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_disagree(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_chatter(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_order(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_permit(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_unmapped(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_self(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_rail(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_repeated(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_setpoint(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_changed(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_swapped(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_below(struct gw_rule_ctx *ctx);
enum gw_tri gw_rule_alternating(struct gw_rule_ctx *ctx);

#endif
