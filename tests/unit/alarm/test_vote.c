/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/vote.h"

#include "support/cmocka_all.h"

static void one_of_one_is_the_condition(void **state)
{
    (void)state;
    struct gw_vote v = {0};
    assert_int_equal(gw_vote_step(&v, GW_TRUE, 1, 1, 1), GW_TRUE);
    assert_int_equal(gw_vote_step(&v, GW_FALSE, 2, 1, 1), GW_FALSE);
    assert_int_equal(gw_vote_step(&v, GW_UNKNOWN, 3, 1, 1), GW_UNKNOWN);
}

static void three_of_five(void **state)
{
    (void)state;
    static const struct {
        enum gw_tri in, out;
    } steps[] = {
        {GW_TRUE, GW_FALSE},  {GW_FALSE, GW_FALSE},     {GW_TRUE, GW_FALSE},
        {GW_FALSE, GW_FALSE}, {GW_TRUE, GW_TRUE}, /* 3 of the last 5 */
        {GW_FALSE, GW_FALSE},                     /* the first one fell out: 2 */
        {GW_TRUE, GW_TRUE},   {GW_UNKNOWN, GW_UNKNOWN}, {GW_TRUE, GW_TRUE},
        {GW_FALSE, GW_TRUE},  {GW_FALSE, GW_FALSE},
    };
    struct gw_vote v = {0};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (gw_vote_step(&v, steps[i].in, (int64_t)i + 1, 3, 5) != steps[i].out)
            fail_msg("step %zu", i);
}

static void a_sample_votes_once(void **state)
{
    (void)state;
    struct gw_vote v = {0};
    for (int i = 0; i < 10; i++)
        assert_int_equal(gw_vote_step(&v, GW_TRUE, 1000, 2, 3), GW_FALSE);
    assert_int_equal(gw_vote_step(&v, GW_TRUE, 2000, 2, 3), GW_TRUE);
    /* It may be judged anew, with a deadband or a companion. */
    assert_int_equal(gw_vote_step(&v, GW_FALSE, 2000, 2, 3), GW_FALSE);
}

static void the_longest_vote(void **state)
{
    (void)state;
    struct gw_vote v = {0};
    for (int64_t i = 1; i < GW_VOTE_MAX; i++)
        assert_int_equal(gw_vote_step(&v, GW_TRUE, i, GW_VOTE_MAX, GW_VOTE_MAX), GW_FALSE);
    assert_int_equal(gw_vote_step(&v, GW_TRUE, 100, GW_VOTE_MAX, GW_VOTE_MAX), GW_TRUE);
    assert_int_equal(gw_vote_step(&v, GW_FALSE, 101, GW_VOTE_MAX, GW_VOTE_MAX), GW_FALSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_one_is_the_condition),
        cmocka_unit_test(three_of_five),
        cmocka_unit_test(a_sample_votes_once),
        cmocka_unit_test(the_longest_vote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
