/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dynlib.h"

#include <string.h>

#include "support/cmocka_all.h"

struct maths {
    double (*floor)(double x);
    double (*ceil)(double x);
};

static void no_rounding(struct maths *m)
{
    memset(m, 0, sizeof *m);
}

static void fills_the_table_in_order(void **state)
{
    (void)state;
    static const char *const symbols[] = {"floor", "ceil"};
    const struct gw_dynlib lib = {"libm.so.6", "libc6", symbols, 2};
    struct maths m;
    for (int i = 0; i < 2; i++) { /* the second time it is there already */
        no_rounding(&m);
        assert_int_equal(gw_dynlib_load(&lib, &m, NULL), GW_OK);
        assert_true(m.floor(2.5) < 2.1 && m.ceil(2.5) > 2.9);
    }
}

static void a_missing_library_is_named(void **state)
{
    (void)state;
    static const char *const symbols[] = {"floor", "ceil"};
    const struct gw_dynlib lib = {"libnowhere.so.9", "libnowhere9", symbols, 2};
    struct gw_err err = {0};
    struct maths m;
    no_rounding(&m);
    assert_int_equal(gw_dynlib_load(&lib, &m, &err), GW_E_NOTFOUND);
    assert_non_null(strstr(err.msg, "libnowhere.so.9"));
    assert_non_null(strstr(err.msg, "(package libnowhere9)"));
    assert_null(m.floor);
}

static void a_missing_symbol_is_named(void **state)
{
    (void)state;
    static const char *const symbols[] = {"floor", "gw_no_such_function"};
    const struct gw_dynlib lib = {"libm.so.6", "libc6", symbols, 2};
    struct gw_err err = {0};
    struct maths m;
    no_rounding(&m);
    assert_int_equal(gw_dynlib_load(&lib, &m, &err), GW_E_NOTFOUND);
    assert_string_equal(err.msg, "libm.so.6 has no gw_no_such_function (package libc6)");
    assert_null(m.floor); /* all or nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_the_table_in_order),
        cmocka_unit_test(a_missing_library_is_named),
        cmocka_unit_test(a_missing_symbol_is_named),
    };
    return cmocka_run_group_tests_name("dynlib", tests, NULL, NULL);
}
