/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/shelf.h"

#include "base/jcs.h"
#include "support/cmocka_all.h"

#include <string.h>

#define HOUR INT64_C(3600000)
#define NOON INT64_C(1795305600000)

static struct gw_shelf one(void)
{
    return (struct gw_shelf){.slot = 3,
                             .by = GW_BY_PLATFORM,
                             .who = "officer",
                             .reason = "line \"2\"\n检修",
                             .from_ms = NOON,
                             .until_ms = NOON + HOUR,
                             .ends_ms = INT64_MAX};
}

static void a_row_comes_back(void **state)
{
    (void)state;
    char text[GW_SHELF_TEXT];
    struct gw_shelf back;
    const struct gw_shelf s = one();
    gw_shelf_write(&s, text);
    assert_true(gw_jcs_valid(text, strlen(text)));
    assert_int_equal(gw_shelf_parse(text, &back), GW_OK);
    assert_int_equal(back.slot, GW_NO_INDEX);
    assert_int_equal(back.by, GW_BY_PLATFORM);
    assert_string_equal(back.who, s.who);
    assert_string_equal(back.reason, s.reason);
    assert_int_equal(back.from_ms, s.from_ms);
    assert_int_equal(back.until_ms, s.until_ms);
    assert_int_equal(back.ends_ms, INT64_MAX);
}

static void the_longest_row_fits(void **state)
{
    (void)state;
    char text[GW_SHELF_TEXT];
    struct gw_shelf s = one();
    struct gw_shelf back;
    memset(s.who, 1, sizeof s.who - 1); /* six bytes each as text */
    memset(s.reason, 1, sizeof s.reason - 1);
    s.from_ms = -(INT64_C(1) << 53);
    s.until_ms = INT64_C(1) << 53;
    gw_shelf_write(&s, text);
    assert_int_equal(gw_shelf_parse(text, &back), GW_OK);
    assert_string_equal(back.reason, s.reason);
}

static void what_is_no_row_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "[]",
        "{}",
        /* no reason; an end before its begin; another version; a stranger; somebody else */
        "{\"by\":\"local\",\"from_ms\":1,\"reason\":\"\",\"until_ms\":2,\"v\":1,\"who\":\"a\"}",
        "{\"by\":\"local\",\"from_ms\":2,\"reason\":\"x\",\"until_ms\":2,\"v\":1,\"who\":\"a\"}",
        "{\"by\":\"local\",\"from_ms\":1,\"reason\":\"x\",\"until_ms\":2,\"v\":2,\"who\":\"a\"}",
        "{\"by\":\"local\",\"from_ms\":1,\"reason\":\"x\",\"until_ms\":2,\"v\":1,\"who\":\"a\","
        "\"z\":1}",
        "{\"by\":\"me\",\"from_ms\":1,\"reason\":\"x\",\"until_ms\":2,\"v\":1,\"who\":\"a\"}",
        "{\"by\":\"local\",\"from_ms\":1.5,\"reason\":\"x\",\"until_ms\":2,\"v\":1,\"who\":\"a\"}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_shelf s;
        if (gw_shelf_parse(rows[i], &s) != GW_E_PARSE)
            fail_msg("taken: %s", rows[i]);
    }
}

static void it_ends_at_its_time(void **state)
{
    (void)state;
    struct gw_shelf s = one();
    struct gw_stamp now = {.mono_ms = 5000, .wall_ms = NOON + HOUR / 2};
    assert_false(gw_shelf_over(&s, &now));
    now = (struct gw_stamp){.mono_ms = 5000 + HOUR / 2 - 1, .wall_ms = NOON + HOUR - 1};
    assert_false(gw_shelf_over(&s, &now));
    now.wall_ms++;
    assert_true(gw_shelf_over(&s, &now));
    /* The clock was set back: the time that was left counts. */
    now = (struct gw_stamp){.mono_ms = 5000 + HOUR / 2, .wall_ms = NOON - 100 * HOUR};
    assert_true(gw_shelf_over(&s, &now));
    /* Restored under a clock that was set back: never longer than it was given for. */
    s = one();
    now.mono_ms = 0;
    assert_false(gw_shelf_over(&s, &now));
    now.mono_ms = HOUR - 1;
    assert_false(gw_shelf_over(&s, &now));
    now.mono_ms = HOUR;
    assert_true(gw_shelf_over(&s, &now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_comes_back),
        cmocka_unit_test(the_longest_row_fits),
        cmocka_unit_test(what_is_no_row_is_refused),
        cmocka_unit_test(it_ends_at_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
