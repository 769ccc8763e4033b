/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/alarm.h"

const char *gw_alarm_state_name(enum gw_alarm_state s)
{
    switch (s) {
    case GW_ALARM_NORMAL:
        return "normal";
    case GW_ALARM_UNACK:
        return "unacked";
    case GW_ALARM_ACKED:
        return "acked";
    case GW_ALARM_RTN_UNACK:
        return "returned_unacked";
    }
    return "?";
}

const char *gw_alarm_change_name(enum gw_alarm_change c)
{
    switch (c) {
    case GW_ALARM_NONE:
        return "none";
    case GW_ALARM_RAISED:
        return "raised";
    case GW_ALARM_RETURNED:
        return "returned";
    case GW_ALARM_ACKNOWLEDGED:
        return "acknowledged";
    }
    return "?";
}

enum gw_alarm_change gw_alarm_input(enum gw_alarm_state *state, bool active)
{
    bool was = *state == GW_ALARM_UNACK || *state == GW_ALARM_ACKED;
    if (active == was)
        return GW_ALARM_NONE;
    if (active) {
        *state = GW_ALARM_UNACK;
        return GW_ALARM_RAISED;
    }
    *state = *state == GW_ALARM_ACKED ? GW_ALARM_NORMAL : GW_ALARM_RTN_UNACK;
    return GW_ALARM_RETURNED;
}

enum gw_alarm_change gw_alarm_ack(enum gw_alarm_state *state)
{
    switch (*state) {
    case GW_ALARM_UNACK:
        *state = GW_ALARM_ACKED;
        return GW_ALARM_ACKNOWLEDGED;
    case GW_ALARM_RTN_UNACK:
        *state = GW_ALARM_NORMAL;
        return GW_ALARM_ACKNOWLEDGED;
    case GW_ALARM_NORMAL:
    case GW_ALARM_ACKED:
        break;
    }
    return GW_ALARM_NONE;
}
