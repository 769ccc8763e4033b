/* SPDX-License-Identifier: Apache-2.0 */
#include "model/bus_stats.h"

#include "support/cmocka_all.h"

static void an_answer_falls_into_one_class(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        unsigned in;
    } rows[] = {{-1, 0}, {0, 0},    {5, 0},    {6, 1},    {50, 3},
                {51, 4}, {1000, 7}, {1001, 8}, {90000, 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_bus_stats s = {0};
        gw_bus_stats_answer(&s, rows[i].ms, 0);
        assert_int_equal(gw_bus_stats_answers(&s), 1);
        assert_int_equal(s.times[rows[i].in], 1);
        assert_int_equal(s.time_sum_ms, rows[i].ms > 0 ? rows[i].ms : 0);
        assert_int_equal(gw_bus_stats_all_exceptions(&s), 0);
    }
}

static void what_failed_is_told_apart(void **state)
{
    (void)state;
    struct gw_bus_stats s = {0};
    assert_false(gw_bus_stats_any(&s));
    gw_bus_stats_failure(&s, GW_E_TIMEOUT);
    gw_bus_stats_failure(&s, GW_E_PROTO);
    gw_bus_stats_failure(&s, GW_E_PROTO);
    static const enum gw_status ways[] = {GW_E_REFUSED, GW_E_CLOSED, GW_E_IO};
    for (size_t i = 0; i < 3; i++)
        gw_bus_stats_failure(&s, ways[i]);
    assert_int_equal(s.timeouts, 1);
    assert_int_equal(s.frame_errors, 2);
    assert_int_equal(s.lost, 3);
    assert_true(gw_bus_stats_any(&s));
    assert_int_equal(gw_bus_stats_answers(&s), 0);
}

static void a_bus_is_the_sum_of_its_devices(void **state)
{
    (void)state;
    struct gw_bus_stats sum = {0};
    struct gw_bus_stats one = {.opens = 3, .refused = 1, .splits = 2, .hold_ms = 9, .tries = 4};
    gw_bus_stats_answer(&one, 12, 2);
    gw_bus_stats_answer(&one, 700, 77);
    gw_bus_stats_failure(&one, GW_E_TIMEOUT);
    gw_bus_stats_add(&sum, &one);
    gw_bus_stats_add(&sum, &one);
    assert_int_equal(gw_bus_stats_answers(&sum), 4);
    assert_int_equal(sum.time_sum_ms, 2 * 712);
    assert_int_equal(sum.exceptions[2], 2);
    assert_int_equal(sum.exceptions[0], 2);
    assert_int_equal(gw_bus_stats_all_exceptions(&sum), 4);
    assert_int_equal(sum.timeouts, 2);
    assert_int_equal(sum.splits, 4);
    assert_int_equal(sum.refused, 2);
    assert_int_equal(sum.opens, 3);
}

static void they_are_written_with_every_exception_in_order(void **state)
{
    (void)state;
    struct gw_bus_stats s = {0};
    struct gw_buf out;
    struct gw_jcs j;
    for (unsigned code = 1; code < 20; code++)
        gw_bus_stats_answer(&s, 1, (uint8_t)code);
    gw_buf_init(&out, 4096);
    gw_jcs_init(&j, &out);
    gw_jcs_obj(&j, NULL);
    gw_bus_stats_write(&j, &s, GW_STATS_OF_DEVICE);
    gw_jcs_end(&j);
    assert_true(gw_jcs_done(&j));
    assert_true(gw_jcs_valid(out.data, out.len));
    assert_string_equal(
        out.data,
        "{\"comm\":{\"exceptions\":{\"1\":1,\"10\":1,\"11\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,"
        "\"6\":1,\"7\":1,\"8\":1,\"9\":1,\"other\":8},\"frame_errors\":0,\"hold_ms\":0,"
        "\"lost\":0,\"refused\":0,\"splits\":0,\"time_sum_ms\":19,\"timeouts\":0,"
        "\"times\":[19,0,0,0,0,0,0,0,0],\"tries\":0}}");
    gw_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_falls_into_one_class),
        cmocka_unit_test(what_failed_is_told_apart),
        cmocka_unit_test(a_bus_is_the_sum_of_its_devices),
        cmocka_unit_test(they_are_written_with_every_exception_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
