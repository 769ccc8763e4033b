/* SPDX-License-Identifier: Apache-2.0
 *
 * stub: a driver for site files of scenarios: its points say what they are and nothing more.
 */
#ifndef GW_TESTS_SCENARIO_STUB_H
#define GW_TESTS_SCENARIO_STUB_H

#include "conf/site.h"

/* Points: {"is": "number" | "integer" | "contact" | "state", "unit": "degC", "lo": 0, "hi": 150}.
 * Two decimals, stale after three periods. */
extern const struct gw_conf_driver scene_stub;

#endif
