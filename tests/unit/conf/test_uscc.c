/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static const char *const valid[] = {
    "91350100M000100Y43", "91512081MA62K0260E", "91371311MAXX00015G", "91371312MAXX00023R",
    "91371321MAXX00031M", "91371325MAXX0004X7", "91371302MAXX00058W",
};

static void valid_codes_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++) {
        assert_true(gw_uscc_valid(valid[i]));
        assert_int_equal(gw_uscc_check_char(valid[i]), valid[i][17]);
    }
}

static void others_fail(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "9",
        "91350100M000100Y4",
        "91350100M000100Y4Z",
        "91350100M000100Y433",
        "91350100m000100y43",
        "91350100I000100Y43",
        "91350100M000100Y44",
        " 91350100M000100Y4",
        "91350100M000100Y4 ",
        "91350100M000100Y\xE4\xB8\xAD",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(gw_uscc_valid(wrong[i]));
    assert_int_equal(gw_uscc_check_char("91350100M000100Y"), 0);
    assert_int_equal(gw_uscc_check_char("91350100M000100Y4"), '3');
    assert_int_equal(gw_uscc_check_char("91350100I000100Y4"), 0);
}

/* What the check character is for: every single wrong character is found (31 is prime), and every
 * swap of two different neighbours. */
static void every_single_slip_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++) {
        for (size_t at = 0; at < 18; at++) {
            char code[19];
            memcpy(code, valid[i], sizeof code);
            for (const char *c = alphabet; *c != '\0'; c++) {
                code[at] = *c;
                assert_int_equal(gw_uscc_valid(code), *c == valid[i][at]);
            }
            if (at > 0 && valid[i][at] != valid[i][at - 1]) {
                memcpy(code, valid[i], sizeof code);
                code[at] = valid[i][at - 1];
                code[at - 1] = valid[i][at];
                assert_false(gw_uscc_valid(code));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_codes_pass),
        cmocka_unit_test(others_fail),
        cmocka_unit_test(every_single_slip_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
