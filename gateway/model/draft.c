/* SPDX-License-Identifier: Apache-2.0 */
#include "model/draft.h"

static const char *const class_names[] = {
    [GW_CLASS_NONE] = "none",       [GW_CLASS_ALARM] = "alarm",
    [GW_CLASS_LEAD] = "lead",       [GW_CLASS_EVIDENCE] = "evidence",
    [GW_CLASS_LOSS] = "loss",       [GW_CLASS_KEY] = "key",
    [GW_CLASS_COMMAND] = "command", [GW_CLASS_CHECKPOINT] = "checkpoint",
};
_Static_assert(sizeof class_names / sizeof class_names[0] == GW_CLASS_COUNT, "a class has no name");

const char *gw_class_name(enum gw_class cls)
{
    return (size_t)cls < GW_CLASS_COUNT ? class_names[cls] : "?";
}
