/* SPDX-License-Identifier: Apache-2.0 */
#include "model/sample.h"

#include <stddef.h>

static const char *const link_names[] = {
    [GW_LINK_UNKNOWN] = "unknown",
    [GW_LINK_OK] = "ok",
    [GW_LINK_SUSPECT] = "suspect",
    [GW_LINK_DOWN] = "down",
};

const char *gw_link_name(enum gw_link link)
{
    return (size_t)link < sizeof link_names / sizeof link_names[0] ? link_names[link] : "?";
}
