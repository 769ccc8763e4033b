/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/alarm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum input { ACTIVE, INACTIVE, ACK };

struct row {
    enum gw_alarm_state from;
    enum input input;
    enum gw_alarm_state to;
    enum gw_alarm_change change;
};

/* Every state against every input: the whole machine. */
static const struct row rows[] = {
    {GW_ALARM_NORMAL, ACTIVE, GW_ALARM_UNACK, GW_ALARM_RAISED},
    {GW_ALARM_NORMAL, INACTIVE, GW_ALARM_NORMAL, GW_ALARM_NONE},
    {GW_ALARM_NORMAL, ACK, GW_ALARM_NORMAL, GW_ALARM_NONE},
    {GW_ALARM_UNACK, ACTIVE, GW_ALARM_UNACK, GW_ALARM_NONE},
    {GW_ALARM_UNACK, INACTIVE, GW_ALARM_RTN_UNACK, GW_ALARM_RETURNED},
    {GW_ALARM_UNACK, ACK, GW_ALARM_ACKED, GW_ALARM_ACKNOWLEDGED},
    {GW_ALARM_ACKED, ACTIVE, GW_ALARM_ACKED, GW_ALARM_NONE},
    {GW_ALARM_ACKED, INACTIVE, GW_ALARM_NORMAL, GW_ALARM_RETURNED},
    {GW_ALARM_ACKED, ACK, GW_ALARM_ACKED, GW_ALARM_NONE},
    {GW_ALARM_RTN_UNACK, ACTIVE, GW_ALARM_UNACK, GW_ALARM_RAISED},
    {GW_ALARM_RTN_UNACK, INACTIVE, GW_ALARM_RTN_UNACK, GW_ALARM_NONE},
    {GW_ALARM_RTN_UNACK, ACK, GW_ALARM_NORMAL, GW_ALARM_ACKNOWLEDGED},
};

static void every_state_against_every_input(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        enum gw_alarm_state s = r->from;
        enum gw_alarm_change c =
            r->input == ACK ? gw_alarm_ack(&s) : gw_alarm_input(&s, r->input == ACTIVE);
        if (s != r->to || c != r->change) {
            fail_msg("row %zu: came to %s by %s", i, gw_alarm_state_name(s),
                     gw_alarm_change_name(c));
        }
    }
}

static void an_acknowledged_alarm_that_comes_back_must_be_acknowledged_again(void **state)
{
    (void)state;
    enum gw_alarm_state s = GW_ALARM_NORMAL;
    assert_int_equal(gw_alarm_input(&s, true), GW_ALARM_RAISED);
    assert_int_equal(gw_alarm_ack(&s), GW_ALARM_ACKNOWLEDGED);
    assert_int_equal(gw_alarm_input(&s, false), GW_ALARM_RETURNED);
    assert_int_equal(gw_alarm_input(&s, true), GW_ALARM_RAISED);
    assert_int_equal(s, GW_ALARM_UNACK);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(gw_alarm_state_name(GW_ALARM_NORMAL), "normal");
    assert_string_equal(gw_alarm_state_name(GW_ALARM_UNACK), "unacked");
    assert_string_equal(gw_alarm_state_name(GW_ALARM_ACKED), "acked");
    assert_string_equal(gw_alarm_state_name(GW_ALARM_RTN_UNACK), "returned_unacked");
    assert_string_equal(gw_alarm_change_name(GW_ALARM_NONE), "none");
    assert_string_equal(gw_alarm_change_name(GW_ALARM_RAISED), "raised");
    assert_string_equal(gw_alarm_change_name(GW_ALARM_RETURNED), "returned");
    assert_string_equal(gw_alarm_change_name(GW_ALARM_ACKNOWLEDGED), "acknowledged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_against_every_input),
        cmocka_unit_test(an_acknowledged_alarm_that_comes_back_must_be_acknowledged_again),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
