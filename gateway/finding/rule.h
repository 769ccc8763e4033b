/* SPDX-License-Identifier: Apache-2.0
 *
 * rule: how a condition is decided at one moment. Pure functions over the table; core thread.
 *
 * Order: parent healthy -> RUN -> quality -> condition. A rule whose inputs cannot be trusted
 * answers GW_UNKNOWN: the finding is neither raised nor cleared, and `why` says what was missing.
 *
 * Parameters by name (a finding gives those that its rule uses; the engine takes the first four):
 *   all         delay_s    how long the condition must hold
 *               clear_s    leads: how long it must be gone before the case clears
 *               off_s      alarms: the same before the alarm returns
 *               votes, votes_of   alarms: the condition must be true at so many of the last so many
 *                          samples; 1 of 1 without
 *   LIMIT       high, low  whichever side the rule has; in the unit of the point, or a fraction of
 *                          rated with `of_rated`
 *               deadband   in the same terms; on the way back only
 *   BALANCE     percent, deadband   both in percent of the inflow
 *               min_percent         of rated `of_rated`; below it nothing is decided
 *               pair_ms             how far apart the two samples may be; the latest such pair
 *                                   counts, as long as its older half is not stale
 *   DEVIATION   high, deadband      of the distance
 *   RATE        rate, deadband      a minute; window_s: over so much time
 *   DISAGREE    high, deadband      of the value
 *   UNHANDLED   improve_percent   of the worst value: so much back towards normal is an answer
 *   OVERDUE     ahead_days         so many days before the end already
 *               interval_days      proofs: so long one counts
 *   FROZEN      hours, spread_percent, step_percent, moves, calm_times: see rule_history.c
 *   DECOUPLED   hours, spread, step_percent, vary_percent: see rule_history.c
 *   ORDER       min_percent (of rated `of_rated`), rise: see rule_order.c
 *   PERMIT      high           amperes of a welding current
 *   SELF        hours          off for longer than that
 *   RAIL        hours, end_percent: see rule_history.c
 *   REPEATED    reads, change_percent: see rule_repeated.c
 *   SETPOINT    high or low, as LIMIT, without a deadband: see rule_setpoint.c
 *   BELOW       high, deadband, pair_ms: see rule_pair.c
 *   ALTERNATING percent, min_percent, pair_ms, flips, minutes: see rule_pair.c
 * Input roles: LIMIT needs[0], or the point of `each` without needs; BALANCE, BELOW, ALTERNATING
 * needs[0] and needs[1]; DEVIATION needs[0] or the point of `each`, and needs[1]; RATE, DISAGREE
 * likewise needs[0]; BAD_QUALITY the point of `each`, or needs[0] without; STATE, BYPASSED and
 * effects: tests.
 */
#ifndef GW_FINDING_RULE_H
#define GW_FINDING_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "alarm/delay.h"
#include "finding/govern.h"
#include "finding/inventory.h"
#include "finding/memory.h"
#include "finding/proofs.h"
#include "model/table.h"

#define GW_RULE_WHY 320

/* What a rule may know of another check. */
struct gw_peer {
    bool active;        /* after its delays; stays so while nothing is known of it */
    enum gw_tri answer; /* of its last evaluation; UNKNOWN before the first one since the start */
    bool acked;
    int64_t chatter; /* how often it came and went since it began to chatter; 0: it does not */
    double worst;    /* most extreme value since it became active; NAN when it has none */
    const struct gw_check_def *def;
};

/* What the gateway knows of itself. */
struct gw_signs {
    int64_t step_ms;         /* so far the wall clock was set; 0: it was not */
    bool changed;            /* another inventory was accepted than this one */
    int64_t away_ms;         /* so long nothing ran before this start; 0: not known to have stood */
    enum gw_tri ran;         /* whether the site ran meanwhile */
    char moved[GW_POINT_ID]; /* the point that says so */
    bool sources_lost;       /* no device answers */
};

/* Everything a rule sees. Large members stand together, so that a hundred of these cost no holes. */
struct gw_rule_ctx {
    const struct gw_check_def *check;
    const struct gw_table *table;
    const struct gw_catalogue *catalogue; /* for titles of roles; NULL: their names */
    int64_t now_ms;
    int64_t wall_ms;                  /* OVERDUE: the date ... */
    int64_t built_ms;                 /* ... is sure if it is not before this ... */
    struct gw_rule_memory *memory;    /* of the rules that look at the past: lent, goes on */
    struct gw_recurrence *recurrence; /* REPEATED: lent, goes on; otherwise NULL */
    const struct gw_signs *signs;     /* SELF; NULL: nothing is known */
    const struct gw_proofs *proofs;   /* OVERDUE, ABSENT; NULL: nothing is known */
    struct gw_peer (*peer)(const void *ctx, uint32_t check);
    const void *peer_ctx;
    uint32_t seen; /* ABSENT: needs that were met at least once (bit i = needs[i]); may be set */
    bool was;      /* condition at the last evaluation that knew, for deadbands */
    bool sync;     /* ... or if the clock is synchronised */
    bool explain;  /* why and why_zh are wanted; they cost more than the decision */

    /* Results. */
    char strength;       /* of the evidence where it differs from the finding's; else '\0' */
    double value;        /* the quantity that decided (flow difference in percent ...); NAN: none */
    double limit;        /* what it was held against; NAN: none */
    int64_t stamp_ms;    /* when the sample that decided was read, of a pair the older one; now for
                         other rules */
    int decimals;        /* digits after the point that value and limit need */
    uint32_t cause;      /* NO_EFFECT, UNHANDLED: the alarm check to be quoted; else GW_NO_INDEX */
    struct gw_duty duty; /* ORDER, PERMIT; no result */
    char why[GW_RULE_WHY]; /* one English line: what decided, or what was missing */
    char why_zh[GW_RULE_WHY];
};

/* Decides and fills the results (why and why_zh: "" unless asked for). Allocates nothing. */
enum gw_tri gw_rule_eval(struct gw_rule_ctx *ctx);

/* What was told of a CHANGED or SWAPPED check is what it is held to from now on. False when nothing
 * was told. */
bool gw_rule_settle(struct gw_rule_memory *m);

/* "RUN", "STOP", "UNKNOWN": the asset's operating state as the RUN point tells it; UNKNOWN, too,
 * when no RUN point is declared. */
const char *gw_rule_mode(const struct gw_check_def *check, const struct gw_table *table,
                         int64_t now_ms);

#endif
