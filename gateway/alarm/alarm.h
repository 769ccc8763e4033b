/* SPDX-License-Identifier: Apache-2.0
 *
 * alarm: the alarm states of ISA-18.2 / IEC 62682. Plain data; pure.
 *
 *   NORMAL --active--> UNACK --ack--> ACKED --return--> NORMAL
 *                      UNACK --return--> RTN_UNACK --ack--> NORMAL,  RTN_UNACK --active--> UNACK
 */
#ifndef GW_ALARM_ALARM_H
#define GW_ALARM_ALARM_H

#include <stdbool.h>

enum gw_alarm_state { GW_ALARM_NORMAL = 0, GW_ALARM_UNACK, GW_ALARM_ACKED, GW_ALARM_RTN_UNACK };

/* What happened, as the record's state says it. */
enum gw_alarm_change {
    GW_ALARM_NONE = 0,
    GW_ALARM_RAISED,
    GW_ALARM_RETURNED,
    GW_ALARM_ACKNOWLEDGED
};

const char *gw_alarm_state_name(enum gw_alarm_state s);   /* "normal", "unacked" ... */
const char *gw_alarm_change_name(enum gw_alarm_change c); /* "raised", "returned", "acknowledged" */

/* The change that `active` (after its delays) means for an alarm in *state; *state is moved. */
enum gw_alarm_change gw_alarm_input(enum gw_alarm_state *state, bool active);
/* A person's acknowledgement. GW_ALARM_NONE when there is nothing to acknowledge. */
enum gw_alarm_change gw_alarm_ack(enum gw_alarm_state *state);

#endif
