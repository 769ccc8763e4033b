/* SPDX-License-Identifier: Apache-2.0 */
#include "model/command.h"

#include <stddef.h>

static const char *const kind_names[] = {
    [GW_COMMAND_ACK] = "ack",           [GW_COMMAND_SHELVE] = "shelve",
    [GW_COMMAND_UNSHELVE] = "unshelve", [GW_COMMAND_PERMIT] = "permit",
    [GW_COMMAND_REVOKE] = "revoke",     [GW_COMMAND_ORDER] = "order",
    [GW_COMMAND_ACCEPT] = "accept",     [GW_COMMAND_RECTIFY] = "rectify",
    [GW_COMMAND_CLAIM] = "claim",       [GW_COMMAND_CANCEL] = "cancel",
};
_Static_assert(sizeof kind_names / sizeof kind_names[0] == GW_COMMAND_COUNT,
               "a command has no name");

static const char *const scope_names[] = {
    [GW_PERMIT_MAINTENANCE] = "maintenance",
    [GW_PERMIT_SHIELD] = "shield",
    [GW_PERMIT_CALIBRATION] = "calibration",
    [GW_PERMIT_HOT_WORK] = "hot_work",
};
_Static_assert(sizeof scope_names / sizeof scope_names[0] == GW_PERMIT_COUNT,
               "a permit's scope has no name");

const char *gw_proof_what_name(enum gw_proof_what what)
{
    return what == GW_PROOF_MOVED ? "moved" : what == GW_PROOF_ACTED ? "acted" : "?";
}

const char *gw_command_name(enum gw_command_kind kind)
{
    if (kind == GW_COMMAND_PROOF)
        return "proof";
    return (size_t)kind < GW_COMMAND_COUNT ? kind_names[kind] : "?";
}

const char *gw_permit_scope_name(enum gw_permit_scope scope)
{
    return (size_t)scope < GW_PERMIT_COUNT ? scope_names[scope] : "?";
}

const char *gw_ask_name(unsigned ask)
{
    static const char *const more[] = {"receipt", "evidence", "challenge"};

    if (ask < GW_COMMAND_COUNT || ask == GW_COMMAND_PROOF)
        return gw_command_name((enum gw_command_kind)ask);
    return ask < GW_ASK_COUNT ? more[ask - GW_ASK_RECEIPT] : "?";
}
