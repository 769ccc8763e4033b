/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/alarm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PROCESS_STATES 5 /* NORMAL to LATCHED */

struct step {
    enum gw_alarm_state to;
    enum gw_alarm_change change;
};

/* Every process state against every input that is not a mask, in the order of the states: the whole
 * machine. */
static const struct step plain[PROCESS_STATES][3] = {
    [GW_ALARM_NORMAL] = {{GW_ALARM_UNACK, GW_ALARM_RAISED},
                         {GW_ALARM_NORMAL, GW_ALARM_NONE},
                         {GW_ALARM_NORMAL, GW_ALARM_NONE}},
    [GW_ALARM_UNACK] = {{GW_ALARM_UNACK, GW_ALARM_NONE},
                        {GW_ALARM_RTN_UNACK, GW_ALARM_RETURNED},
                        {GW_ALARM_ACKED, GW_ALARM_ACKNOWLEDGED}},
    [GW_ALARM_ACKED] = {{GW_ALARM_ACKED, GW_ALARM_NONE},
                        {GW_ALARM_NORMAL, GW_ALARM_RETURNED},
                        {GW_ALARM_ACKED, GW_ALARM_NONE}},
    [GW_ALARM_RTN_UNACK] = {{GW_ALARM_UNACK, GW_ALARM_RAISED},
                            {GW_ALARM_RTN_UNACK, GW_ALARM_NONE},
                            {GW_ALARM_NORMAL, GW_ALARM_ACKNOWLEDGED}},
    [GW_ALARM_LATCHED] = {{GW_ALARM_UNACK, GW_ALARM_AGAIN},
                          {GW_ALARM_LATCHED, GW_ALARM_NONE},
                          {GW_ALARM_ACKED, GW_ALARM_ACKNOWLEDGED}},
};

static struct step expected(enum gw_alarm_state from, enum gw_alarm_input input, bool latch)
{
    if (input > GW_ALARM_IN_ACK)
        return (struct step){from, GW_ALARM_NONE}; /* masks: see below */
    if (latch && from == GW_ALARM_UNACK && input == GW_ALARM_IN_RETURN)
        return (struct step){GW_ALARM_LATCHED, GW_ALARM_HELD};
    return plain[from][input];
}

/* What a mask input does to the masks. */
static unsigned masked(unsigned masks, enum gw_alarm_input input)
{
    switch (input) {
    case GW_ALARM_IN_SHELVE:
        return masks | GW_ALARM_MASK_SHELVED;
    case GW_ALARM_IN_UNSHELVE:
        return masks & ~GW_ALARM_MASK_SHELVED;
    case GW_ALARM_IN_SUPPRESS:
        return masks | GW_ALARM_MASK_SUPPRESSED;
    case GW_ALARM_IN_UNSUPPRESS:
        return masks & ~GW_ALARM_MASK_SUPPRESSED;
    case GW_ALARM_IN_REMOVE:
        return masks | GW_ALARM_MASK_OUT_OF_SERVICE;
    case GW_ALARM_IN_RESTORE:
        return masks & ~GW_ALARM_MASK_OUT_OF_SERVICE;
    default:
        return masks;
    }
}

static void check_one(struct gw_alarm a, enum gw_alarm_input input)
{
    struct step want = expected(a.state, input, a.latch);
    const unsigned masks = masked(a.masks, input);
    if (masks != a.masks)
        want.change = masks > a.masks ? GW_ALARM_MASKED : GW_ALARM_UNMASKED;
    const struct gw_alarm from = a;
    const enum gw_alarm_change change = gw_alarm_step(&a, input);
    if (a.state != want.to || change != want.change || a.masks != masks || a.latch != from.latch) {
        fail_msg("%s, masks %u, latch %d, input %d: came to %s, masks %u, by %s",
                 gw_alarm_state_name(from.state), from.masks, from.latch, (int)input,
                 gw_alarm_state_name(a.state), a.masks, gw_alarm_change_name(change));
    }
}

static void every_state_against_every_input(void **state)
{
    (void)state;
    for (int s = 0; s < PROCESS_STATES; s++)
        for (unsigned masks = 0; masks < 8; masks++)
            for (int latch = 0; latch < 2; latch++)
                for (int in = 0; in < GW_ALARM_INPUT_COUNT; in++)
                    check_one((struct gw_alarm){(enum gw_alarm_state)s, latch == 1, masks},
                              (enum gw_alarm_input)in);
}

static void the_strongest_mask_is_shown(void **state)
{
    (void)state;
    static const enum gw_alarm_state shown[8] = {
        GW_ALARM_UNACK,          GW_ALARM_SHELVED,        GW_ALARM_SUPPRESSED,
        GW_ALARM_SUPPRESSED,     GW_ALARM_OUT_OF_SERVICE, GW_ALARM_OUT_OF_SERVICE,
        GW_ALARM_OUT_OF_SERVICE, GW_ALARM_OUT_OF_SERVICE,
    };
    for (unsigned masks = 0; masks < 8; masks++) {
        const struct gw_alarm a = {GW_ALARM_UNACK, false, masks};
        assert_int_equal(gw_alarm_shown(&a), shown[masks]);
    }
}

static void an_acknowledged_alarm_that_comes_back_must_be_acknowledged_again(void **state)
{
    (void)state;
    struct gw_alarm a = {GW_ALARM_NORMAL, false, 0};
    assert_int_equal(gw_alarm_step(&a, GW_ALARM_IN_ACTIVE), GW_ALARM_RAISED);
    assert_int_equal(gw_alarm_step(&a, GW_ALARM_IN_ACK), GW_ALARM_ACKNOWLEDGED);
    assert_int_equal(gw_alarm_step(&a, GW_ALARM_IN_RETURN), GW_ALARM_RETURNED);
    assert_int_equal(gw_alarm_step(&a, GW_ALARM_IN_ACTIVE), GW_ALARM_RAISED);
    assert_int_equal(a.state, GW_ALARM_UNACK);
}

static void a_latched_alarm_ends_when_acknowledged_and_returned(void **state)
{
    (void)state;
    struct gw_alarm a = {GW_ALARM_NORMAL, true, 0};
    gw_alarm_step(&a, GW_ALARM_IN_ACTIVE);
    assert_int_equal(gw_alarm_step(&a, GW_ALARM_IN_RETURN), GW_ALARM_HELD);
    assert_true(gw_alarm_stands(a.state));
    assert_int_equal(gw_alarm_step(&a, GW_ALARM_IN_ACK), GW_ALARM_ACKNOWLEDGED);
    assert_true(gw_alarm_stands(a.state));
    assert_int_equal(gw_alarm_step(&a, GW_ALARM_IN_RETURN), GW_ALARM_RETURNED);
    assert_int_equal(a.state, GW_ALARM_NORMAL);
    /* And in the other order. */
    gw_alarm_step(&a, GW_ALARM_IN_ACTIVE);
    gw_alarm_step(&a, GW_ALARM_IN_ACK);
    assert_int_equal(gw_alarm_step(&a, GW_ALARM_IN_RETURN), GW_ALARM_RETURNED);
    assert_false(gw_alarm_stands(a.state));
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(gw_alarm_state_name(GW_ALARM_NORMAL), "normal");
    assert_string_equal(gw_alarm_state_name(GW_ALARM_UNACK), "unacked");
    assert_string_equal(gw_alarm_state_name(GW_ALARM_ACKED), "acked");
    assert_string_equal(gw_alarm_state_name(GW_ALARM_RTN_UNACK), "returned_unacked");
    assert_string_equal(gw_alarm_state_name(GW_ALARM_LATCHED), "latched");
    assert_string_equal(gw_alarm_state_name(GW_ALARM_SHELVED), "shelved");
    assert_string_equal(gw_alarm_state_name(GW_ALARM_SUPPRESSED), "suppressed");
    assert_string_equal(gw_alarm_state_name(GW_ALARM_OUT_OF_SERVICE), "out_of_service");
    assert_string_equal(gw_alarm_change_name(GW_ALARM_NONE), "none");
    assert_string_equal(gw_alarm_change_name(GW_ALARM_RAISED), "raised");
    assert_string_equal(gw_alarm_change_name(GW_ALARM_RETURNED), "returned");
    assert_string_equal(gw_alarm_change_name(GW_ALARM_ACKNOWLEDGED), "acknowledged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_against_every_input),
        cmocka_unit_test(the_strongest_mask_is_shown),
        cmocka_unit_test(an_acknowledged_alarm_that_comes_back_must_be_acknowledged_again),
        cmocka_unit_test(a_latched_alarm_ends_when_acknowledged_and_returned),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
