/* SPDX-License-Identifier: Apache-2.0 */
#include "model/unit.h"

#include "support/cmocka_all.h"

static void a_code_has_a_text(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"degC", "°C"},   {"m3", "m³"},       {"m3/h", "m³/h"},   {"m3/min", "m³/min"},
        {"m3/s", "m³/s"}, {"mg/m3", "mg/m³"}, {"1/min", "min⁻¹"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(gw_unit_text(rows[i][0]), rows[i][1]);
        /* What is text already stays so: nothing is hurt by asking twice. */
        assert_string_equal(gw_unit_text(rows[i][1]), rows[i][1]);
    }
}

static void any_other_is_its_own(void **state)
{
    (void)state;
    static const char *const rows[] = {"",    "%LEL",  "kPa",   "ppm", "°C",     "℃",   "DEGC",
                                       "deg", "degCx", "m3/hx", "L/h", "m3 / h", " m3", "mA"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_ptr_equal(gw_unit_text(rows[i]), rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_has_a_text),
        cmocka_unit_test(any_other_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
