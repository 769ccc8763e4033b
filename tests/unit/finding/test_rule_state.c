/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about instruments: absent, bad_quality, state, bypassed.
 */
#include "bench.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#define BIT(s) (1u << (s))

/* ---- absent ---- */

static void what_is_not_declared_is_absent(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_ABSENT);
    bench_need(&b, 0, "T_OUT");
    bench_ready(&b);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_string_equal(b.ctx.why, "not declared: T_OUT");
    assert_string_equal(b.ctx.why_zh, "未申报测点：T_OUT");
    bench_free(&b);
}

static void all_that_is_missing_is_named(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_ABSENT);
    const uint32_t t = bench_play(&b, "T_OUT", "pt.t1", 0, GW_V_NUM);
    bench_need(&b, 0, "Q_IN");
    bench_need(&b, 1, "P_GAS");
    bench_need(&b, 1, "DI_LP");
    bench_need(&b, 2, "T_OUT");
    bench_ready(&b);
    bench_num(&b, t, 20);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_string_equal(b.ctx.why, "not declared: Q_IN, P_GAS or DI_LP");
    assert_string_equal(b.ctx.why_zh, "未申报测点：Q_IN、P_GAS或DI_LP");
    assert_int_equal(b.ctx.seen, 4);
    bench_free(&b);
}

static void one_alternative_that_answers_is_enough(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_ABSENT);
    bench_play(&b, "P_GAS", "ai.p", 0, GW_V_NUM);
    const uint32_t di = bench_play(&b, "DI_LP", "di.lp", 2, GW_V_BOOL);
    bench_need(&b, 0, "P_GAS");
    bench_need(&b, 0, "DI_LP");
    bench_ready(&b);
    bench_contact(&b, di, false);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_free(&b);
}

static void one_point_of_many_is_enough(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_ABSENT);
    const uint32_t one = bench_play(&b, "GAS", "gas.p1", 0, GW_V_NUM);
    const uint32_t two = bench_play(&b, "GAS", "gas.p2", 0, GW_V_NUM);
    bench_need(&b, 0, "GAS");
    bench_ready(&b);
    bench_link(&b, 0, GW_LINK_OK);
    bench_quality(&b, one, GW_Q_BAD_COMM);
    bench_quality(&b, two, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_string_equal(b.ctx.why,
                        "never answered: gas.p2 (its device answers); never commissioned");
    b.now_ms += 1000;
    bench_num(&b, two, 0);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_free(&b);
}

/* Once seen, always installed: what happens later is failure, not absence. */
static void what_has_answered_once_is_there(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_ABSENT);
    const uint32_t t = bench_play(&b, "T_OUT", "pt.t1", 0, GW_V_NUM);
    bench_need(&b, 0, "T_OUT");
    bench_ready(&b);
    bench_num(&b, t, 20);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    assert_int_equal(b.ctx.seen, 1);
    b.now_ms += 1000;
    bench_quality(&b, t, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    /* After a restart the stored bit says the same. */
    bench_free(&b);
    bench_ready(&b);
    b.ctx.seen = 1;
    bench_link(&b, 0, GW_LINK_OK);
    bench_quality(&b, t, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    b.ctx.seen = 0;
    assert_int_equal(bench_eval(&b), GW_TRUE);
    bench_free(&b);
}

/* Trap: a bus that is down, a controller that still searches its detectors. */
static void silence_counts_only_when_it_is_the_instruments_own(void **state)
{
    (void)state;
    static const struct {
        enum gw_link own, mate, other;
        enum gw_tri answer;
    } rows[] = {
        {GW_LINK_UNKNOWN, GW_LINK_OK, GW_LINK_OK, GW_UNKNOWN}, /* not asked yet */
        {GW_LINK_OK, GW_LINK_UNKNOWN, GW_LINK_UNKNOWN, GW_TRUE},
        {GW_LINK_DOWN, GW_LINK_OK, GW_LINK_DOWN, GW_TRUE},
        {GW_LINK_SUSPECT, GW_LINK_OK, GW_LINK_DOWN, GW_TRUE},
        {GW_LINK_DOWN, GW_LINK_DOWN, GW_LINK_OK, GW_UNKNOWN}, /* the whole bus */
        {GW_LINK_DOWN, GW_LINK_DOWN, GW_LINK_DOWN, GW_UNKNOWN},
        {GW_LINK_DOWN, GW_LINK_SUSPECT, GW_LINK_OK, GW_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_init(&b, GW_RULE_ABSENT);
        const uint32_t t = bench_play(&b, "T_OUT", "pt.t1", 0, GW_V_NUM);
        bench_need(&b, 0, "T_OUT");
        bench_ready(&b);
        bench_link(&b, 0, rows[i].own);
        bench_link(&b, 1, rows[i].mate);
        bench_link(&b, 2, rows[i].other);
        if (rows[i].own != GW_LINK_UNKNOWN)
            bench_quality(&b, t, GW_Q_BAD_COMM);
        if (bench_eval(&b) != rows[i].answer)
            fail_msg("row %zu: %s", i, b.ctx.why);
        bench_free(&b);
    }
}

/* A device that is alone on its bus has the other buses as witnesses. */
static void a_lone_device_has_other_buses_as_witnesses(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_ABSENT);
    const uint32_t t = bench_play(&b, "T_OUT", "pt.t1", 2, GW_V_NUM);
    bench_need(&b, 0, "T_OUT");
    bench_ready(&b);
    bench_link(&b, 1, GW_LINK_OK);
    b.now_ms++;
    bench_link(&b, 2, GW_LINK_DOWN);
    bench_quality(&b, t, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN); /* an answer from before the failure */
    bench_link(&b, 1, GW_LINK_OK);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_string_equal(b.ctx.why,
                        "never answered: pt.t1 (other devices answer); never commissioned");
    bench_free(&b);
}

/* One point whose silence is its own does not decide while another might be fine. */
static void every_declared_point_must_be_surely_silent(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_ABSENT);
    const uint32_t one = bench_play(&b, "GAS", "gas.p1", 0, GW_V_NUM);
    const uint32_t two = bench_play(&b, "GAS", "gb.p1", 2, GW_V_NUM);
    bench_need(&b, 0, "GAS");
    bench_ready(&b);
    bench_link(&b, 0, GW_LINK_OK);
    bench_quality(&b, one, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN); /* the second was not asked yet */
    bench_link(&b, 2, GW_LINK_DOWN);
    bench_quality(&b, two, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    /* The other way round: the first one fails, the second one is silent. */
    b.now_ms += 1;
    bench_quality(&b, one, GW_Q_BAD_FAULT);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

static void an_instrument_that_fails_is_not_absent(void **state)
{
    (void)state;
    static const enum gw_quality there[] = {GW_Q_BAD_FAULT, GW_Q_BAD_RANGE, GW_Q_WARMUP,
                                            GW_Q_INHIBIT, GW_Q_UNCERTAIN};
    struct bench b;
    bench_init(&b, GW_RULE_ABSENT);
    const uint32_t t = bench_play(&b, "T_OUT", "pt.t1", 0, GW_V_NUM);
    bench_need(&b, 0, "T_OUT");
    bench_ready(&b);
    bench_link(&b, 0, GW_LINK_OK);
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++) {
        bench_quality(&b, t, there[i]);
        assert_int_equal(bench_eval(&b), GW_UNKNOWN);
        assert_int_equal(b.ctx.seen, 0);
    }
    bench_free(&b);
}

/* The controller answers well and says that there is no detector. */
static void a_state_can_say_that_nobody_is_there(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_ABSENT);
    const uint32_t g = bench_play(&b, "GAS", "gas.p1", 0, GW_V_NUM);
    const uint32_t s = bench_play(&b, "GAS_STATE", "gas.s1", 0, GW_V_STATE);
    bench_need(&b, 0, "GAS");
    bench_need(&b, 0, "GAS_STATE");
    bench_ready(&b);
    for (int k = 0; k < GW_S_COUNT; k++) {
        const enum gw_state said = (enum gw_state)k;
        b.now_ms += 1000;
        bench_state(&b, s, said);
        bench_quality(&b, g, GW_Q_BAD_COMM);
        b.ctx.seen = 0;
        const bool gone = said == GW_S_ABSENT || said == GW_S_COMM_FAULT;
        const bool well = gw_state_quality(said) == GW_Q_GOOD;
        const enum gw_tri want = gone ? GW_TRUE : well ? GW_FALSE : GW_UNKNOWN;
        if (bench_eval(&b) != want)
            fail_msg("%s: %s", gw_state_name(said), b.ctx.why);
        assert_int_equal(b.ctx.seen, well ? 1 : 0);
    }
    bench_free(&b);
}

/* ---- bad quality ---- */

static void quality_by_quality(void **state)
{
    (void)state;
    static const enum gw_tri with_witness[GW_Q_COUNT] = {
        [GW_Q_NOT_YET] = GW_UNKNOWN, [GW_Q_GOOD] = GW_FALSE,      [GW_Q_UNCERTAIN] = GW_UNKNOWN,
        [GW_Q_BAD_COMM] = GW_TRUE,   [GW_Q_BAD_FAULT] = GW_TRUE,  [GW_Q_BAD_RANGE] = GW_TRUE,
        [GW_Q_WARMUP] = GW_UNKNOWN,  [GW_Q_INHIBIT] = GW_UNKNOWN, [GW_Q_STALE] = GW_TRUE,
    };
    for (int witness = 0; witness < 2; witness++) {
        struct bench b;
        bench_init(&b, GW_RULE_BAD_QUALITY);
        const uint32_t t = bench_play(&b, "T_OUT", "pt.t1", 0, GW_V_NUM);
        bench_each(&b, "T_OUT", 0);
        bench_ready(&b);
        bench_link(&b, 0, GW_LINK_DOWN);
        bench_link(&b, 1, witness ? GW_LINK_OK : GW_LINK_DOWN);
        for (int q = 0; q < GW_Q_COUNT; q++) {
            bench_quality(&b, t, (enum gw_quality)q);
            const bool comm = q == GW_Q_BAD_COMM || q == GW_Q_STALE;
            const enum gw_tri want = comm && !witness ? GW_UNKNOWN : with_witness[q];
            if (bench_eval(&b) != want) {
                fail_msg("%s, witness %d: %s", gw_quality_name((enum gw_quality)q), witness,
                         b.ctx.why);
            }
        }
        bench_free(&b);
    }
}

/* The link stays OK when nobody polls; what was read last says nothing of the instrument now. */
static void nobody_asks_nobody_is_silent(void **state)
{
    (void)state;
    static const enum gw_quality last[] = {GW_Q_GOOD, GW_Q_BAD_COMM, GW_Q_BAD_FAULT,
                                           GW_Q_BAD_RANGE};
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        struct bench b;
        bench_init(&b, GW_RULE_BAD_QUALITY);
        const uint32_t t = bench_play(&b, "T_OUT", "pt.t1", 0, GW_V_NUM);
        bench_each(&b, "T_OUT", 0);
        bench_ready(&b);
        bench_link(&b, 0, GW_LINK_OK);
        bench_quality(&b, t, last[i]);
        b.now_ms += b.defs[t].stale_ms;
        assert_int_equal(bench_eval(&b), last[i] == GW_Q_GOOD ? GW_FALSE : GW_TRUE);
        b.now_ms++;
        assert_int_equal(bench_eval(&b), GW_UNKNOWN);
        bench_link(&b, 0, GW_LINK_OK); /* a pass, and the point was not in it */
        assert_int_equal(bench_eval(&b), GW_TRUE);
        bench_free(&b);
    }
}

/* Nor is a controller known to answer that was not asked. */
static void a_controller_that_nobody_asks(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_BYPASSED);
    const uint32_t gas = bench_play(&b, "GAS", "gas.p1", 0, GW_V_NUM);
    bench_each(&b, "GAS", 0);
    b.rule->silent = true;
    bench_ready(&b);
    bench_num(&b, gas, 1);
    b.now_ms += b.defs[gas].stale_ms;
    assert_int_equal(bench_eval(&b), GW_FALSE);
    b.now_ms++;
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

static void a_device_that_answers_is_witness_enough(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_BAD_QUALITY);
    const uint32_t one = bench_play(&b, "GAS", "gas.p1", 0, GW_V_NUM);
    const uint32_t two = bench_play(&b, "GAS", "gas.p2", 0, GW_V_NUM);
    bench_each(&b, "GAS", 1);
    bench_ready(&b);
    bench_num(&b, one, 3);
    bench_quality(&b, two, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_string_equal(b.ctx.why, "gas.p2 BAD_COMM");
    b.now_ms += 1;
    bench_num(&b, two, 3);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_free(&b);
}

/* ---- state ---- */

static void a_state_is_one_of_the_named(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_STATE);
    const uint32_t s = bench_play(&b, "GAS_STATE", "gas.p1_state", 0, GW_V_STATE);
    const uint32_t g = bench_play(&b, "GAS", "gas.p1", 0, GW_V_NUM);
    bench_test_state(&b, "GAS_STATE", BIT(GW_S_LOW) | BIT(GW_S_HIGH));
    memcpy(b.rule->value, "GAS", 4);
    bench_ready(&b);
    bench_num(&b, g, 27.5);
    for (int k = 0; k < GW_S_COUNT; k++) {
        bench_state(&b, s, (enum gw_state)k);
        /* A shielded or broken detector cannot say that it is not so. */
        const bool measures = gw_quality_usable(gw_state_quality((enum gw_state)k));
        const enum gw_tri want = k == GW_S_LOW || k == GW_S_HIGH ? GW_TRUE
                                 : measures                      ? GW_FALSE
                                                                 : GW_UNKNOWN;
        assert_int_equal(bench_eval(&b), want);
    }
    bench_state(&b, s, GW_S_LOW);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_string_equal(b.ctx.why, "gas.p1_state LOW");
    assert_string_equal(b.ctx.why_zh, "GAS_STATE gas.p1_state 低报");
    assert_float_equal(b.ctx.value, 27.5, 0.0);
    assert_true(isnan(b.ctx.limit));
    /* The value behind it may be untrustworthy; the state still counts. */
    bench_quality(&b, g, GW_Q_BAD_FAULT);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_true(isnan(b.ctx.value));
    b.now_ms += 5001;
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

static void any_test_will_do_and_true_beats_unknown(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_STATE);
    const uint32_t a = bench_play(&b, "DI_A", "di.a", 0, GW_V_BOOL);
    const uint32_t c = bench_play(&b, "DI_C", "di.c", 0, GW_V_BOOL);
    bench_test_contact(&b, "DI_A", true);
    bench_test_contact(&b, "DI_B", true); /* nobody plays it */
    bench_test_contact(&b, "DI_C", false);
    bench_ready(&b);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_contact(&b, a, false);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_contact(&b, c, false);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_string_equal(b.ctx.why, "di.c off");
    bench_contact(&b, c, true);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_quality(&b, c, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_contact(&b, a, true);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    bench_free(&b);
}

static void no_test_that_applies_no_answer(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_STATE);
    bench_test_contact(&b, "DI_B", true);
    bench_ready(&b);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

static void companions_are_looked_at_by_index(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_STATE);
    bench_play(&b, "GAS", "gas.p1", 0, GW_V_NUM);
    bench_play(&b, "GAS", "gas.p2", 0, GW_V_NUM);
    const uint32_t s1 = bench_play(&b, "GAS_STATE", "gas.s1", 0, GW_V_STATE);
    const uint32_t s2 = bench_play(&b, "GAS_STATE", "gas.s2", 0, GW_V_STATE);
    bench_each(&b, "GAS", 1);
    bench_test_state(&b, "GAS_STATE", BIT(GW_S_HIGH));
    bench_ready(&b);
    bench_state(&b, s1, GW_S_HIGH);
    bench_state(&b, s2, GW_S_NORMAL);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_state(&b, s2, GW_S_HIGH);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    bench_free(&b);
}

/* A role of several points that belong to nobody in particular counts as a whole. */
static void a_role_of_several_is_looked_at_whole(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_STATE);
    const uint32_t one = bench_play(&b, "DI_FAN", "di.f1", 0, GW_V_BOOL);
    const uint32_t two = bench_play(&b, "DI_FAN", "di.f2", 0, GW_V_BOOL);
    bench_test_contact(&b, "DI_FAN", true);
    bench_ready(&b);
    bench_contact(&b, one, false);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_contact(&b, two, false);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_contact(&b, two, true);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_string_equal(b.ctx.why, "di.f2 on");
    bench_free(&b);
}

/* ---- bypassed ---- */

static void shielded_is_bypassed(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_BYPASSED);
    const uint32_t s = bench_play(&b, "GAS_STATE", "gas.s1", 0, GW_V_STATE);
    bench_test_state(&b, "GAS_STATE", BIT(GW_S_SHIELDED) | BIT(GW_S_INHIBIT));
    bench_ready(&b);
    bench_state(&b, s, GW_S_SHIELDED);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    bench_state(&b, s, GW_S_NORMAL);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    /* A controller that merges "shielded or no communication" gives a state nobody can name. */
    bench_state(&b, s, GW_S_UNKNOWN);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

static void a_controller_switched_off(void **state)
{
    (void)state;
    static const struct {
        enum gw_link own, mate;
        int run; /* -1: not readable */
        enum gw_tri answer;
    } rows[] = {
        {GW_LINK_OK, GW_LINK_OK, 1, GW_FALSE},        {GW_LINK_OK, GW_LINK_DOWN, 0, GW_FALSE},
        {GW_LINK_DOWN, GW_LINK_OK, 1, GW_TRUE},       {GW_LINK_DOWN, GW_LINK_OK, -1, GW_TRUE},
        {GW_LINK_DOWN, GW_LINK_OK, 0, GW_UNKNOWN},   /* the plant is off, and so is this */
        {GW_LINK_DOWN, GW_LINK_DOWN, 1, GW_UNKNOWN}, /* the bus */
        {GW_LINK_SUSPECT, GW_LINK_OK, 1, GW_UNKNOWN}, {GW_LINK_UNKNOWN, GW_LINK_OK, 1, GW_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_init(&b, GW_RULE_BYPASSED);
        bench_play(&b, "GAS", "gas.p1", 0, GW_V_NUM);
        const uint32_t run = bench_play(&b, "RUN", "di.run", 2, GW_V_BOOL);
        bench_each(&b, "GAS", 0);
        b.rule->silent = true;
        bench_ready(&b);
        bench_link(&b, 0, rows[i].own);
        bench_link(&b, 1, rows[i].mate);
        if (rows[i].run >= 0)
            bench_contact(&b, run, rows[i].run != 0);
        if (bench_eval(&b) != rows[i].answer)
            fail_msg("row %zu: %s", i, b.ctx.why);
        bench_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_declared_is_absent),
        cmocka_unit_test(all_that_is_missing_is_named),
        cmocka_unit_test(one_alternative_that_answers_is_enough),
        cmocka_unit_test(one_point_of_many_is_enough),
        cmocka_unit_test(what_has_answered_once_is_there),
        cmocka_unit_test(silence_counts_only_when_it_is_the_instruments_own),
        cmocka_unit_test(a_lone_device_has_other_buses_as_witnesses),
        cmocka_unit_test(every_declared_point_must_be_surely_silent),
        cmocka_unit_test(an_instrument_that_fails_is_not_absent),
        cmocka_unit_test(a_state_can_say_that_nobody_is_there),
        cmocka_unit_test(quality_by_quality),
        cmocka_unit_test(nobody_asks_nobody_is_silent),
        cmocka_unit_test(a_controller_that_nobody_asks),
        cmocka_unit_test(a_device_that_answers_is_witness_enough),
        cmocka_unit_test(a_state_is_one_of_the_named),
        cmocka_unit_test(any_test_will_do_and_true_beats_unknown),
        cmocka_unit_test(no_test_that_applies_no_answer),
        cmocka_unit_test(companions_are_looked_at_by_index),
        cmocka_unit_test(a_role_of_several_is_looked_at_whole),
        cmocka_unit_test(shielded_is_bypassed),
        cmocka_unit_test(a_controller_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
