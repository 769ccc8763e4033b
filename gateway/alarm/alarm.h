/* SPDX-License-Identifier: Apache-2.0
 *
 * alarm: the alarm states of ISA-18.2 / IEC 62682. Plain data; pure.
 *
 *   NORMAL --active--> UNACK --ack--> ACKED --return--> NORMAL
 *                      UNACK --return--> RTN_UNACK --ack--> NORMAL,  RTN_UNACK --active--> UNACK
 *   with a latch:      UNACK --return--> LATCHED --ack--> ACKED,     LATCHED --active--> UNACK
 *
 * A latched alarm stands until it is both acknowledged and returned: in LATCHED its condition is
 * gone and nobody has acknowledged it. Acknowledging is also its reset, so the standard's "latched
 * and acknowledged" does not exist here: the return that was held back is given again and ends it.
 *
 * Beside the process state an alarm may be shelved by a person, suppressed by design, or out of
 * service. These mask it: what it shows is then the strongest mask, and the process state goes on
 * below, so that nothing is forgotten when the mask ends.
 */
#ifndef GW_ALARM_ALARM_H
#define GW_ALARM_ALARM_H

#include <stdbool.h>

enum gw_alarm_state {
    GW_ALARM_NORMAL = 0,
    GW_ALARM_UNACK,
    GW_ALARM_ACKED,
    GW_ALARM_RTN_UNACK,
    GW_ALARM_LATCHED,
    /* Shown only, never kept in gw_alarm.state; the later one is the stronger one. */
    GW_ALARM_SHELVED,
    GW_ALARM_SUPPRESSED,
    GW_ALARM_OUT_OF_SERVICE,
    GW_ALARM_STATE_COUNT
};

#define GW_ALARM_MASK_SHELVED        1u
#define GW_ALARM_MASK_SUPPRESSED     2u
#define GW_ALARM_MASK_OUT_OF_SERVICE 4u

struct gw_alarm {
    enum gw_alarm_state state; /* NORMAL to LATCHED */
    bool latch;                /* as the catalogue has it */
    unsigned masks;            /* GW_ALARM_MASK_... */
};

enum gw_alarm_input {
    GW_ALARM_IN_ACTIVE = 0, /* the condition holds, after its delay */
    GW_ALARM_IN_RETURN,     /* it is gone, after its delay */
    GW_ALARM_IN_ACK,
    GW_ALARM_IN_SHELVE,
    GW_ALARM_IN_UNSHELVE,
    GW_ALARM_IN_SUPPRESS,
    GW_ALARM_IN_UNSUPPRESS,
    GW_ALARM_IN_REMOVE, /* from service */
    GW_ALARM_IN_RESTORE,
    GW_ALARM_INPUT_COUNT
};

/* What happened, as a record's state says it where there is a record of it. */
enum gw_alarm_change {
    GW_ALARM_NONE = 0,
    GW_ALARM_RAISED,
    GW_ALARM_RETURNED,
    GW_ALARM_ACKNOWLEDGED,
    GW_ALARM_HELD,   /* returned, and stands because it latches */
    GW_ALARM_AGAIN,  /* active again while it was held */
    GW_ALARM_MASKED, /* one mask more or ... */
    GW_ALARM_UNMASKED,
    GW_ALARM_CHANGE_COUNT
};

const char *gw_alarm_state_name(enum gw_alarm_state s);   /* "normal", "unacked" ... */
const char *gw_alarm_change_name(enum gw_alarm_change c); /* "raised", "returned" ... */

/* Moves the alarm and says what happened. Masks never hide a change from the caller: it decides
 * what a masked alarm still tells. */
enum gw_alarm_change gw_alarm_step(struct gw_alarm *a, enum gw_alarm_input input);

/* What the alarm shows: out of service before suppressed before shelved before its own state. */
enum gw_alarm_state gw_alarm_shown(const struct gw_alarm *a);

/* Whether the alarm stands: raised, and neither returned nor reset. */
static inline bool gw_alarm_stands(enum gw_alarm_state s)
{
    return s == GW_ALARM_UNACK || s == GW_ALARM_ACKED || s == GW_ALARM_LATCHED;
}

#endif
