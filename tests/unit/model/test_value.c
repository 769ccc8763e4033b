/* SPDX-License-Identifier: Apache-2.0 */
#include "model/value.h"

#include "model/draft.h"
#include "model/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_quality_name_parses_back(void **state)
{
    (void)state;
    for (int q = 0; q < GW_Q_COUNT; q++) {
        enum gw_quality back = GW_Q_COUNT;
        assert_true(gw_quality_parse(gw_quality_name((enum gw_quality)q), &back));
        assert_int_equal(back, q);
    }
}

static void every_state_name_parses_back(void **state)
{
    (void)state;
    for (int s = 0; s < GW_S_COUNT; s++) {
        enum gw_state back = GW_S_COUNT;
        assert_true(gw_state_parse(gw_state_name((enum gw_state)s), &back));
        assert_int_equal(back, s);
    }
}

static void names_are_exact(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "good", "GOOD ", " GOOD", "GOO", "?", "GW_Q_GOOD"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        enum gw_quality q = GW_Q_STALE;
        enum gw_state s = GW_S_TWA;
        assert_false(gw_quality_parse(wrong[i], &q));
        assert_false(gw_state_parse(wrong[i], &s));
        assert_int_equal(q, GW_Q_STALE);
        assert_int_equal(s, GW_S_TWA);
    }
    assert_string_equal(gw_quality_name(GW_Q_BAD_FAULT), "BAD_FAULT");
    assert_string_equal(gw_state_name(GW_S_SENSOR_FAULT), "SENSOR_FAULT");
    assert_string_equal(gw_vtype_name(GW_V_NUM), "num");
    assert_string_equal(gw_vtype_name(GW_V_STATE), "state");
}

static void values_out_of_their_enum_have_a_name_too(void **state)
{
    (void)state;
    assert_string_equal(gw_quality_name(GW_Q_COUNT), "?");
    assert_string_equal(gw_state_name((enum gw_state)999), "?");
    assert_string_equal(gw_vtype_name((enum gw_vtype)17), "?");
    assert_string_equal(gw_link_name((enum gw_link)4), "?");
    assert_string_equal(gw_class_name(GW_CLASS_COUNT), "?");
    assert_int_equal(gw_state_quality(GW_S_COUNT), GW_Q_UNCERTAIN);
}

static void only_good_is_usable(void **state)
{
    (void)state;
    for (int q = 0; q < GW_Q_COUNT; q++)
        assert_int_equal(gw_quality_usable((enum gw_quality)q), q == GW_Q_GOOD);
}

static void states_give_the_agreed_quality(void **state)
{
    (void)state;
    static const struct {
        enum gw_state state;
        enum gw_quality quality;
    } rows[] = {
        {GW_S_UNKNOWN, GW_Q_UNCERTAIN},
        {GW_S_NORMAL, GW_Q_GOOD},
        {GW_S_WARMUP, GW_Q_WARMUP},
        {GW_S_PRE_ALARM, GW_Q_GOOD},
        {GW_S_LOW, GW_Q_GOOD},
        {GW_S_HIGH, GW_Q_GOOD},
        {GW_S_OVER_RANGE, GW_Q_GOOD},
        {GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {GW_S_DATA_ERROR, GW_Q_BAD_FAULT},
        {GW_S_COMM_FAULT, GW_Q_BAD_COMM},
        {GW_S_NEED_CAL, GW_Q_GOOD},
        {GW_S_STEL, GW_Q_GOOD},
        {GW_S_TWA, GW_Q_GOOD},
        {GW_S_SHIELDED, GW_Q_INHIBIT},
        {GW_S_INHIBIT, GW_Q_INHIBIT},
        {GW_S_ABSENT, GW_Q_BAD_COMM},
        {GW_S_EXPIRED, GW_Q_BAD_FAULT},
    };
    assert_int_equal(sizeof rows / sizeof rows[0], GW_S_COUNT);
    for (size_t i = 0; i < GW_S_COUNT; i++)
        assert_int_equal(gw_state_quality(rows[i].state), rows[i].quality);
}

static void links_and_classes_have_names(void **state)
{
    (void)state;
    static const char *const links[] = {"unknown", "ok", "suspect", "down"};
    static const char *const classes[] = {"none", "alarm", "lead",    "evidence",
                                          "loss", "key",   "command", "checkpoint"};
    assert_int_equal(sizeof classes / sizeof classes[0], GW_CLASS_COUNT);
    for (int i = 0; i < 4; i++)
        assert_string_equal(gw_link_name((enum gw_link)i), links[i]);
    for (int i = 0; i < GW_CLASS_COUNT; i++)
        assert_string_equal(gw_class_name((enum gw_class)i), classes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_quality_name_parses_back),
        cmocka_unit_test(every_state_name_parses_back),
        cmocka_unit_test(names_are_exact),
        cmocka_unit_test(values_out_of_their_enum_have_a_name_too),
        cmocka_unit_test(only_good_is_usable),
        cmocka_unit_test(states_give_the_agreed_quality),
        cmocka_unit_test(links_and_classes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
