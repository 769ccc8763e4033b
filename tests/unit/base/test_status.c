/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"

static void names_are_distinct(void **state)
{
    (void)state;
    for (int a = GW_OK; a <= GW_E_NOTFOUND; a++) {
        const char *name = gw_status_name((enum gw_status)a);
        assert_non_null(name);
        assert_string_not_equal(name, "");
        assert_string_not_equal(name, "unknown status");
        for (int b = GW_OK; b < a; b++)
            assert_string_not_equal(name, gw_status_name((enum gw_status)b));
    }
    assert_string_equal(gw_status_name(GW_E_TIMEOUT), "timeout");
}

static void foreign_code_has_a_name_too(void **state)
{
    (void)state;
    assert_string_equal(gw_status_name((enum gw_status)(GW_E_NOTFOUND + 1)), "unknown status");
    assert_string_equal(gw_status_name((enum gw_status)9999), "unknown status");
}

static void set_fills_and_returns(void **state)
{
    (void)state;
    struct gw_err err = {0};
    assert_int_equal(gw_err_set(&err, GW_E_RANGE, "%s: %d is not in 0..65535", "address", 70000),
                     GW_E_RANGE);
    assert_int_equal(err.status, GW_E_RANGE);
    assert_string_equal(err.msg, "address: 70000 is not in 0..65535");
}

static void set_without_err(void **state)
{
    (void)state;
    assert_int_equal(gw_err_set(NULL, GW_E_IO, "%s", "nobody listens"), GW_E_IO);
}

static void place_is_put_in_front(void **state)
{
    (void)state;
    struct gw_err err = {0};
    gw_err_set(&err, GW_E_IO, "connection refused");
    gw_err_set(&err, err.status, "buses.plc: %s", err.msg);
    assert_string_equal(err.msg, "buses.plc: connection refused");
    assert_int_equal(err.status, GW_E_IO);
}

static void long_text_ends_in_dots(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct gw_err err = {0};
    gw_err_set(&err, GW_E_PARSE, "%s", text);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    assert_memory_equal(err.msg + sizeof err.msg - 4, "...", 4);
    assert_memory_equal(err.msg, text, sizeof err.msg - 4);
}

static void text_that_just_fits_is_whole(void **state)
{
    (void)state;
    struct gw_err err = {0};
    char text[sizeof err.msg];
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    gw_err_set(&err, GW_E_PARSE, "%s", text);
    assert_string_equal(err.msg, text);
}

static void one_line(void **state)
{
    (void)state;
    struct gw_err err = {0};
    gw_err_set(&err, GW_E_PARSE, "one\ntwo\r\n");
    assert_string_equal(err.msg, "one two  ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_distinct),
        cmocka_unit_test(foreign_code_has_a_name_too),
        cmocka_unit_test(set_fills_and_returns),
        cmocka_unit_test(set_without_err),
        cmocka_unit_test(place_is_put_in_front),
        cmocka_unit_test(long_text_ends_in_dots),
        cmocka_unit_test(text_that_just_fits_is_whole),
        cmocka_unit_test(one_line),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
