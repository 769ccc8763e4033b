/* SPDX-License-Identifier: Apache-2.0
 *
 * state: what one check must remember over a restart, as the text of its stored row.
 *
 * The text is canonical JSON with exactly the members below, what holds nothing left out where it
 * says so; it is written with every record of the
 * check, in one transaction, and while a delay runs. Reading is strict: a row that is not one is
 * refused whole. Plain data; any thread.
 */
#ifndef GW_FINDING_STATE_H
#define GW_FINDING_STATE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alarm/alarm.h"
#include "base/status.h"
#include "finding/case.h"
#include "finding/memory.h"

#define GW_CHECK_STATE_TEXT 1408 /* the text with its NUL is never longer */

struct gw_check_state {
    bool active;               /* after the delays */
    bool was;                  /* condition at the last evaluation that knew */
    int64_t ran_on, ran_off;   /* progress of the delays, ms */
    struct gw_case c;          /* a lead's case; of an alarm number and times only */
    enum gw_alarm_state alarm; /* NORMAL for leads */
    int64_t alarm_seq;         /* record that the case quotes; 0: none */
    double worst;              /* most extreme value since it became active; NAN: none */
    uint32_t seen;             /* ABSENT: needs that were ever met */
    int64_t since_ms;          /* wall time at which the running condition started; 0: none runs */
    uint32_t votes;            /* alarms: what was voted; see alarm/vote.h */
    int64_t chatter;           /* alarms: changes since it began to chatter; 0: it does not */
    int64_t fleeting;          /* alarms: how often it went away within its delay */
    int64_t merged;            /* alarms: came and went in a flood, not told yet */
    int64_t merged_ms;         /* wall time of the first of these; 0: not known */
    bool evidence;             /* the window of the last raise is not recorded yet */
    struct gw_rule_memory memory; /* told only where something is held */
};

/* A check that never had anything to remember. */
#define GW_CHECK_STATE_NONE                                                                        \
    {                                                                                              \
        .worst = (double)NAN                                                                       \
    }
struct gw_check_state gw_check_state_none(void);

/* True when nothing differs that the row would tell. */
bool gw_check_state_same(const struct gw_check_state *a, const struct gw_check_state *b);

/* Writes the text; returns its length. */
size_t gw_check_state_write(const struct gw_check_state *s, char out[GW_CHECK_STATE_TEXT]);

/* GW_E_PARSE: not such a text, or one that contradicts itself. GW_E_NOMEM. */
enum gw_status gw_check_state_parse(const char *text, struct gw_check_state *out) GW_MUST_CHECK;

#endif
