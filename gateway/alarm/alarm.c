/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/alarm.h"

#include <stddef.h>

static const char *const state_names[] = {
    [GW_ALARM_NORMAL] = "normal",         [GW_ALARM_UNACK] = "unacked",
    [GW_ALARM_ACKED] = "acked",           [GW_ALARM_RTN_UNACK] = "returned_unacked",
    [GW_ALARM_LATCHED] = "latched",       [GW_ALARM_SHELVED] = "shelved",
    [GW_ALARM_SUPPRESSED] = "suppressed", [GW_ALARM_OUT_OF_SERVICE] = "out_of_service",
};
_Static_assert(sizeof state_names / sizeof state_names[0] == GW_ALARM_STATE_COUNT,
               "an alarm state has no name");

static const char *const change_names[] = {
    [GW_ALARM_NONE] = "none",         [GW_ALARM_RAISED] = "raised",
    [GW_ALARM_RETURNED] = "returned", [GW_ALARM_ACKNOWLEDGED] = "acknowledged",
    [GW_ALARM_HELD] = "held",         [GW_ALARM_AGAIN] = "again",
    [GW_ALARM_MASKED] = "masked",     [GW_ALARM_UNMASKED] = "unmasked",
};
_Static_assert(sizeof change_names / sizeof change_names[0] == GW_ALARM_CHANGE_COUNT,
               "an alarm change has no name");

const char *gw_alarm_state_name(enum gw_alarm_state s)
{
    return (size_t)s < GW_ALARM_STATE_COUNT ? state_names[s] : "?";
}

const char *gw_alarm_change_name(enum gw_alarm_change c)
{
    return (size_t)c < GW_ALARM_CHANGE_COUNT ? change_names[c] : "?";
}

static enum gw_alarm_change move(struct gw_alarm *a, enum gw_alarm_state to,
                                 enum gw_alarm_change change)
{
    a->state = to;
    return change;
}

static enum gw_alarm_change activate(struct gw_alarm *a)
{
    switch (a->state) {
    case GW_ALARM_NORMAL:
    case GW_ALARM_RTN_UNACK:
        return move(a, GW_ALARM_UNACK, GW_ALARM_RAISED);
    case GW_ALARM_LATCHED:
        return move(a, GW_ALARM_UNACK, GW_ALARM_AGAIN);
    default:
        return GW_ALARM_NONE;
    }
}

static enum gw_alarm_change come_back(struct gw_alarm *a)
{
    switch (a->state) {
    case GW_ALARM_UNACK:
        return a->latch ? move(a, GW_ALARM_LATCHED, GW_ALARM_HELD)
                        : move(a, GW_ALARM_RTN_UNACK, GW_ALARM_RETURNED);
    case GW_ALARM_ACKED:
        return move(a, GW_ALARM_NORMAL, GW_ALARM_RETURNED);
    default:
        return GW_ALARM_NONE;
    }
}

static enum gw_alarm_change acknowledge(struct gw_alarm *a)
{
    switch (a->state) {
    case GW_ALARM_UNACK:
    case GW_ALARM_LATCHED:
        return move(a, GW_ALARM_ACKED, GW_ALARM_ACKNOWLEDGED);
    case GW_ALARM_RTN_UNACK:
        return move(a, GW_ALARM_NORMAL, GW_ALARM_ACKNOWLEDGED);
    default:
        return GW_ALARM_NONE;
    }
}

static enum gw_alarm_change mask(struct gw_alarm *a, unsigned bit, bool set)
{
    if (((a->masks & bit) != 0) == set)
        return GW_ALARM_NONE;
    a->masks ^= bit;
    return set ? GW_ALARM_MASKED : GW_ALARM_UNMASKED;
}

enum gw_alarm_change gw_alarm_step(struct gw_alarm *a, enum gw_alarm_input input)
{
    switch (input) {
    case GW_ALARM_IN_ACTIVE:
        return activate(a);
    case GW_ALARM_IN_RETURN:
        return come_back(a);
    case GW_ALARM_IN_ACK:
        return acknowledge(a);
    case GW_ALARM_IN_SHELVE:
    case GW_ALARM_IN_UNSHELVE:
        return mask(a, GW_ALARM_MASK_SHELVED, input == GW_ALARM_IN_SHELVE);
    case GW_ALARM_IN_SUPPRESS:
    case GW_ALARM_IN_UNSUPPRESS:
        return mask(a, GW_ALARM_MASK_SUPPRESSED, input == GW_ALARM_IN_SUPPRESS);
    case GW_ALARM_IN_REMOVE:
    case GW_ALARM_IN_RESTORE:
        return mask(a, GW_ALARM_MASK_OUT_OF_SERVICE, input == GW_ALARM_IN_REMOVE);
    case GW_ALARM_INPUT_COUNT:
        break;
    }
    return GW_ALARM_NONE;
}

enum gw_alarm_state gw_alarm_shown(const struct gw_alarm *a)
{
    if ((a->masks & GW_ALARM_MASK_OUT_OF_SERVICE) != 0)
        return GW_ALARM_OUT_OF_SERVICE;
    if ((a->masks & GW_ALARM_MASK_SUPPRESSED) != 0)
        return GW_ALARM_SUPPRESSED;
    if ((a->masks & GW_ALARM_MASK_SHELVED) != 0)
        return GW_ALARM_SHELVED;
    return a->state;
}
