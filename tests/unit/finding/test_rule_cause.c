/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about what followed an alarm: no_effect, unhandled.
 */
#include "bench.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* An alarm check for ctx.peer to answer with, on the asset of the bench. */
struct alarm {
    struct gw_finding finding;
    struct gw_rule_def rules[GW_RULES_MAX];
    struct gw_check_def def;
};

static void alarm_init(struct alarm *a, struct bench *b, const char *code, enum gw_rule rule)
{
    memset(a, 0, sizeof *a);
    snprintf(a->finding.code, sizeof a->finding.code, "%s", code);
    snprintf(a->finding.title.zh, sizeof a->finding.title.zh, "报警%s", code);
    a->finding.cls = GW_CLASS_ALARM;
    a->finding.rules = a->rules;
    a->finding.rules[0].rule = rule;
    a->finding.nrules = 1;
    a->def.finding = &a->finding;
    a->def.rule = &a->finding.rules[0];
    a->def.asset = &b->asset;
    a->def.index = GW_NO_INDEX;
    a->def.cause = GW_NO_INDEX;
    a->def.run = GW_NO_INDEX;
    a->def.rated = (double)NAN;
}

static void need(struct alarm *a, const char *role)
{
    struct gw_role_need *n = &a->finding.rules[0].needs[a->finding.rules[0].nneeds++];
    snprintf(n->alt[n->nalt++], GW_ROLE_SIZE, "%s", role);
    gw_check_bind(&a->def, NULL, 0);
}

/* ---- no effect ---- */

static void an_interlock_that_does_not_act(void **state)
{
    (void)state;
    struct bench b;
    struct alarm first;
    struct alarm second;
    uint32_t causes[2] = {0, 1};
    bench_init(&b, GW_RULE_NO_EFFECT);
    const uint32_t fan = bench_play(&b, "DI_FAN", "di.fan", 0, GW_V_BOOL);
    const uint32_t esv = bench_play(&b, "DI_ESV", "di.esv", 0, GW_V_BOOL);
    bench_test_contact(&b, "DI_FAN", true);
    bench_test_contact(&b, "DI_ESV", true);
    bench_test_contact(&b, "DI_NONE", true);
    alarm_init(&first, &b, "A-1", GW_RULE_LIMIT);
    alarm_init(&second, &b, "A-2", GW_RULE_LIMIT);
    b.check.causes = causes;
    b.check.ncauses = 2;
    b.peers[0] = (struct gw_peer){.worst = (double)NAN, .def = &first.def};
    b.peers[1] = (struct gw_peer){.worst = (double)NAN, .def = &second.def};
    bench_ready(&b);

    assert_int_equal(bench_eval(&b), GW_FALSE); /* no cause, whatever the effects are */
    assert_int_equal(b.ctx.cause, GW_NO_INDEX);
    b.peers[1].active = true;
    b.peers[1].answer = GW_TRUE;
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    assert_string_equal(b.ctx.why, "not evaluated: di.fan NOT_YET");
    bench_contact(&b, fan, false);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    assert_string_equal(b.ctx.why, "not evaluated: di.esv NOT_YET");
    bench_contact(&b, esv, false);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_int_equal(b.ctx.cause, 1);
    assert_string_equal(b.ctx.why, "A-2 active without effect: di.fan off, di.esv off");
    assert_string_equal(b.ctx.why_zh,
                        "报警“报警A-2”触发后未联锁动作：DI_FAN di.fan 为“否”，DI_ESV di.esv "
                        "为“否”");
    b.peers[0].active = true; /* whether it still holds is not known, but the second does */
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_int_equal(b.ctx.cause, 1);
    b.peers[0].answer = GW_TRUE;
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_int_equal(b.ctx.cause, 0);
    bench_contact(&b, esv, true); /* one of the two is enough */
    assert_int_equal(bench_eval(&b), GW_FALSE);
    assert_string_equal(b.ctx.why, "A-1 active and answered: di.esv on");
    bench_quality(&b, fan, GW_Q_BAD_COMM); /* and the other need not be known */
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_contact(&b, esv, false);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

/* The alarm's instrument is silent: the alarm stands, and what the interlock should do is unknown.
 * An effect that is there is there whatever the alarm does. */
static void an_alarm_that_is_not_seen_is_no_cause(void **state)
{
    (void)state;
    struct bench b;
    struct alarm a;
    uint32_t causes[1] = {0};
    bench_init(&b, GW_RULE_NO_EFFECT);
    const uint32_t fan = bench_play(&b, "DI_FAN", "di.fan", 0, GW_V_BOOL);
    bench_test_contact(&b, "DI_FAN", true);
    alarm_init(&a, &b, "A-1", GW_RULE_LIMIT);
    b.check.causes = causes;
    b.check.ncauses = 1;
    b.peers[0] = (struct gw_peer){.active = true, .def = &a.def};
    bench_ready(&b);
    bench_contact(&b, fan, false);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    assert_string_equal(b.ctx.why,
                        "not evaluated: A-1 active, but whether it still holds is not known");
    bench_contact(&b, fan, true);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_free(&b);
}

/* In its off-delay an alarm is active and over. */
static void an_alarm_that_is_over_is_no_cause(void **state)
{
    (void)state;
    struct bench b;
    struct alarm a;
    uint32_t causes[1] = {0};
    bench_init(&b, GW_RULE_NO_EFFECT);
    const uint32_t fan = bench_play(&b, "DI_FAN", "di.fan", 0, GW_V_BOOL);
    bench_test_contact(&b, "DI_FAN", true);
    alarm_init(&a, &b, "A-1", GW_RULE_LIMIT);
    b.check.causes = causes;
    b.check.ncauses = 1;
    b.peers[0] = (struct gw_peer){.active = true, .answer = GW_FALSE, .def = &a.def};
    bench_ready(&b);
    bench_contact(&b, fan, false);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    assert_int_equal(b.ctx.cause, GW_NO_INDEX);
    assert_string_equal(b.ctx.why, "no causing alarm holds now");
    bench_free(&b);
}

static void no_feedback_no_answer(void **state)
{
    (void)state;
    struct bench b;
    struct alarm a;
    uint32_t causes[1] = {0};
    bench_init(&b, GW_RULE_NO_EFFECT);
    bench_test_contact(&b, "DI_NONE", true);
    alarm_init(&a, &b, "A-1", GW_RULE_LIMIT);
    b.check.causes = causes;
    b.check.ncauses = 1;
    b.peers[0] = (struct gw_peer){.active = true, .answer = GW_TRUE, .def = &a.def};
    bench_ready(&b);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

/* ---- unhandled ---- */

struct scene {
    struct bench b;
    struct alarm alarm;
    uint32_t gas, fan;
};

static void scene_init(struct scene *s, double worst)
{
    bench_init(&s->b, GW_RULE_UNHANDLED);
    s->gas = bench_play(&s->b, "GAS", "gas.p1", 0, GW_V_NUM);
    s->fan = bench_play(&s->b, "DI_FAN", "di.fan", 0, GW_V_BOOL);
    bench_test_contact(&s->b, "DI_FAN", true);
    bench_param(&s->b, "improve_percent", 10);
    alarm_init(&s->alarm, &s->b, "A-1", GW_RULE_LIMIT);
    need(&s->alarm, "GAS");
    s->b.check.cause = 0;
    s->b.peers[0] =
        (struct gw_peer){.active = true, .answer = GW_TRUE, .worst = worst, .def = &s->alarm.def};
    bench_ready(&s->b);
    bench_contact(&s->b, s->fan, false);
}

static enum gw_tri with_gas(struct scene *s, double x)
{
    s->b.now_ms += 1000;
    bench_num(&s->b, s->gas, x);
    bench_contact(&s->b, s->fan, false);
    return bench_eval(&s->b);
}

static void nobody_does_anything(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 60);
    assert_int_equal(with_gas(&s, 60), GW_TRUE);
    assert_int_equal(s.b.ctx.cause, 0);
    assert_string_equal(
        s.b.ctx.why, "A-1 active, not acknowledged, nothing was done, 60.00 not back from 60.00");
    s.b.peers[0].acked = true;
    assert_int_equal(with_gas(&s, 60), GW_FALSE);
    s.b.peers[0].acked = false;
    s.b.peers[0].active = false;
    assert_int_equal(with_gas(&s, 60), GW_FALSE);
    s.b.peers[0].active = true;
    bench_contact(&s.b, s.fan, true);
    assert_int_equal(bench_eval(&s.b), GW_FALSE);
    assert_string_equal(s.b.ctx.why, "A-1 active and answered: di.fan on");
    bench_quality(&s.b, s.fan, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&s.b), GW_UNKNOWN);
    bench_free(&s.b);
}

static void nobody_need_answer_what_is_not_seen(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 60);
    s.b.peers[0].answer = GW_UNKNOWN;
    assert_int_equal(with_gas(&s, 60), GW_UNKNOWN);
    s.b.peers[0].acked = true;
    assert_int_equal(with_gas(&s, 60), GW_FALSE);
    s.b.peers[0].acked = false;
    s.b.peers[0].answer = GW_FALSE;
    assert_int_equal(with_gas(&s, 60), GW_FALSE);
    bench_free(&s.b);
}

static void getting_better_at_the_exact_step(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 60);
    assert_int_equal(with_gas(&s, 54.01), GW_TRUE);
    assert_int_equal(with_gas(&s, 54), GW_FALSE); /* 10 % of 60 */
    assert_string_equal(s.b.ctx.why, "A-1 active, but getting better");
    assert_int_equal(with_gas(&s, 70), GW_TRUE);
    bench_free(&s.b);
}

static void a_low_alarm_gets_better_upwards(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 10);
    s.alarm.finding.rules[0].low = true;
    assert_int_equal(with_gas(&s, 10.99), GW_TRUE);
    assert_int_equal(with_gas(&s, 11), GW_FALSE);
    assert_int_equal(with_gas(&s, 5), GW_TRUE);
    bench_free(&s.b);
}

/* Ten percent of no flow at all is nothing; the limit is the measure then. */
static void from_zero_the_limit_is_the_measure(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 0);
    assert_int_equal(with_gas(&s, 0), GW_TRUE); /* no limit either: then any step back will do */
    assert_int_equal(with_gas(&s, -0.01), GW_FALSE);
    s.alarm.finding.rules[0].low = true;
    s.alarm.def.given = 1u << GW_PARAM_LOW;
    s.alarm.def.params[GW_PARAM_LOW] = 20;
    assert_int_equal(with_gas(&s, 0), GW_TRUE);
    assert_int_equal(with_gas(&s, 1.99), GW_TRUE);
    assert_int_equal(with_gas(&s, 2), GW_FALSE);
    bench_free(&s.b);
}

static void a_value_that_is_not_known_decides_nothing(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 60);
    bench_quality(&s.b, s.gas, GW_Q_BAD_FAULT);
    assert_int_equal(bench_eval(&s.b), GW_UNKNOWN);
    bench_free(&s.b);
}

static void an_alarm_without_a_value_cannot_improve(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, (double)NAN);
    s.alarm.finding.rules[0].rule = GW_RULE_STATE;
    assert_int_equal(with_gas(&s, 1), GW_TRUE);
    assert_string_equal(s.b.ctx.why, "A-1 active, not acknowledged, nothing was done");
    /* With the quantity behind its state it can. */
    snprintf(s.alarm.finding.rules[0].value, GW_ROLE_SIZE, "GAS");
    gw_check_bind(&s.alarm.def, NULL, 0);
    s.b.peers[0].worst = 60;
    assert_int_equal(with_gas(&s, 55), GW_TRUE);
    assert_int_equal(with_gas(&s, 50), GW_FALSE);
    bench_free(&s.b);
}

static void a_flow_difference_improves_towards_zero(void **state)
{
    (void)state;
    struct bench b;
    struct alarm a;
    bench_init(&b, GW_RULE_UNHANDLED);
    const uint32_t in = bench_play(&b, "Q_IN", "fi.q", 0, GW_V_NUM);
    const uint32_t out = bench_play(&b, "Q_OUT", "fo.q", 1, GW_V_NUM);
    bench_param(&b, "improve_percent", 5);
    alarm_init(&a, &b, "A-1", GW_RULE_BALANCE);
    need(&a, "Q_IN");
    need(&a, "Q_OUT");
    b.check.cause = 0;
    b.peers[0] = (struct gw_peer){.active = true, .answer = GW_TRUE, .worst = 20, .def = &a.def};
    bench_ready(&b);
    bench_num(&b, in, 100);
    bench_num(&b, out, 80);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    bench_num(&b, out, 81); /* 19 %, 5 % of 20 better */
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_quality(&b, out, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interlock_that_does_not_act),
        cmocka_unit_test(an_alarm_that_is_not_seen_is_no_cause),
        cmocka_unit_test(an_alarm_that_is_over_is_no_cause),
        cmocka_unit_test(no_feedback_no_answer),
        cmocka_unit_test(nobody_does_anything),
        cmocka_unit_test(nobody_need_answer_what_is_not_seen),
        cmocka_unit_test(getting_better_at_the_exact_step),
        cmocka_unit_test(a_low_alarm_gets_better_upwards),
        cmocka_unit_test(from_zero_the_limit_is_the_measure),
        cmocka_unit_test(a_value_that_is_not_known_decides_nothing),
        cmocka_unit_test(an_alarm_without_a_value_cannot_improve),
        cmocka_unit_test(a_flow_difference_improves_towards_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
