/* SPDX-License-Identifier: Apache-2.0 */
#include "model/unit.h"

#include <stddef.h>
#include <string.h>

/* The local page and the demo have the same rows; a test holds them together. */
static const struct {
    const char *code, *text;
} units[] = {
    {"degC", "°C"},   {"m3", "m³"},       {"m3/h", "m³/h"},   {"m3/min", "m³/min"},
    {"m3/s", "m³/s"}, {"mg/m3", "mg/m³"}, {"1/min", "min⁻¹"},
};

const char *gw_unit_text(const char *code)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].code, code) == 0)
            return units[i].text;
    return code;
}
