/* SPDX-License-Identifier: Apache-2.0
 *
 * unit: how the unit of a point is written where people read it. Data, the site file and the
 * interface keep the code ("degC", "m3/h"), for programs compare it. No state; any thread.
 */
#ifndef GW_MODEL_UNIT_H
#define GW_MODEL_UNIT_H

/* The text for the code: "°C" for "degC", "m³/h" for "m3/h". Any other code is its own text ("%LEL",
 * ""), so what comes back lives as long as the code does. Never NULL. */
const char *gw_unit_text(const char *code);

#endif
