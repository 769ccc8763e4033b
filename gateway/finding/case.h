/* SPDX-License-Identifier: Apache-2.0
 *
 * case: one lead's finding on one asset over time. Plain data; pure.
 *
 *   NONE --condition for the delay--> OPEN --healthy for the clear delay--> CLEARED
 *   CLEARED --again within 30 days--> OPEN (reopened, counter + 1)
 *   CLEARED --again later--> OPEN as a new case (number + 1)
 *   OPEN, CLEARED --the platform's cancel--> CANCELLED --again--> OPEN as a new case
 *
 * The edge never cancels a case by itself: 销号 is the platform's.
 */
#ifndef GW_FINDING_CASE_H
#define GW_FINDING_CASE_H

#include <stdbool.h>
#include <stdint.h>

#define GW_CASE_REOPEN_MS ((int64_t)30 * 24 * 3600 * 1000)

enum gw_case_state { GW_CASE_NONE = 0, GW_CASE_OPEN, GW_CASE_CLEARED, GW_CASE_CANCELLED };
enum gw_case_change { GW_CASE_SAME = 0, GW_CASE_RAISED, GW_CASE_REOPENED, GW_CASE_WAS_CLEARED };

const char *gw_case_change_name(enum gw_case_change c); /* "raised", "reopened", "cleared" */

struct gw_case {
    enum gw_case_state state;
    int64_t number;     /* 1, 2 ... : which case of this check */
    int64_t reopened;   /* how often within this case */
    int64_t raised_ms;  /* wall time of the last raise or reopen */
    int64_t cleared_ms; /* wall time of the last clear, or of the cancel */
    int64_t repeats;    /* how often the condition came back while the case was open */
};

/* The change that `active` (after its delays) means at wall_ms; *c is moved. Inactive without an
 * open case changes nothing (a case that never opened is not cleared). A wall clock that went
 * backwards counts as "within 30 days". */
enum gw_case_change gw_case_input(struct gw_case *c, bool active, int64_t wall_ms);

#endif
