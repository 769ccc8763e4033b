/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/state.h"

#include "base/jcs.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof a / sizeof((a)[0]))

static struct gw_check_state full(void)
{
    return (struct gw_check_state){
        .active = true,
        .was = true,
        .ran_on = 0,
        .ran_off = 59999,
        .c = {.state = GW_CASE_OPEN,
              .number = 3,
              .reopened = 2,
              .raised_ms = 1795305600123,
              .cleared_ms = 1795305500000},
        .alarm = GW_ALARM_ACKED,
        .alarm_seq = INT64_C(9007199254740992),
        .worst = 58.21,
        .seen = UINT32_MAX,
        .since_ms = 1795305601000,
        .evidence = true,
        .votes = 21,
        .chatter = 17,
        .fleeting = 4,
        .merged = 2,
        .merged_ms = 1795305600321,
        .memory = {.holds = true, .held_ms = 28800000, .lo = 1.204, .hi = 1.205, .moved = true},
    };
}

static void text_of(const struct gw_check_state *s, char out[GW_CHECK_STATE_TEXT])
{
    const size_t n = gw_check_state_write(s, out);
    assert_int_equal(n, strlen(out));
    assert_true(gw_jcs_valid(out, n));
}

static void a_state_comes_back(void **state)
{
    (void)state;
    char text[GW_CHECK_STATE_TEXT];
    struct gw_check_state back;
    const struct gw_check_state s = full();
    text_of(&s, text);
    assert_int_equal(gw_check_state_parse(text, &back), GW_OK);
    assert_true(gw_check_state_same(&s, &back));
    assert_float_equal(back.worst, 58.21, 0.0);
}

static void what_was_learned_comes_back(void **state)
{
    (void)state;
    char text[GW_CHECK_STATE_TEXT];
    struct gw_check_state back;
    struct gw_check_state s = full();
    s.memory.moves = GW_MEMORY_MOVES;
    s.memory.calm_ms = 7200000;
    /* Every character at its longest: the text has room for it. */
    memset(s.memory.kept, '\1', sizeof s.memory.kept - 1);
    memset(s.memory.told, '\2', sizeof s.memory.told - 1);
    text_of(&s, text);
    assert_int_equal(gw_check_state_parse(text, &back), GW_OK);
    assert_true(gw_check_state_same(&s, &back));
    s.memory.told[0] = '\0';
    assert_false(gw_check_state_same(&s, &back));
    s = gw_check_state_none();
    snprintf(s.memory.kept, sizeof s.memory.kept, "QDY30A sn 1");
    text_of(&s, text);
    assert_int_equal(gw_check_state_parse(text, &back), GW_OK);
    assert_true(gw_check_state_same(&s, &back));
    assert_false(back.memory.holds);
}

static void nothing_comes_back(void **state)
{
    (void)state;
    char text[GW_CHECK_STATE_TEXT];
    struct gw_check_state back;
    const struct gw_check_state s = gw_check_state_none();
    text_of(&s, text);
    assert_string_equal(text,
                        "{\"active\":false,\"alarm\":\"normal\",\"alarm_seq\":0,\"case\":\"none\","
                        "\"cleared_ms\":0,\"evidence\":false,\"number\":0,\"raised_ms\":0,"
                        "\"ran_off\":0,\"ran_on\":0,\"reopened\":0,\"seen\":0,\"since_ms\":0,"
                        "\"v\":1,\"was\":false,\"worst\":\"\"}");
    assert_int_equal(gw_check_state_parse(text, &back), GW_OK);
    assert_true(gw_check_state_same(&s, &back));
    assert_true(isnan(back.worst));
}

static void the_longest_text_fits(void **state)
{
    (void)state;
    char text[GW_CHECK_STATE_TEXT];
    const int64_t max = INT64_C(1) << 53;
    struct gw_check_state s = full();
    struct gw_check_state back;
    s.was = false;
    s.c = (struct gw_case){GW_CASE_CANCELLED, max, max, -max, -max, max};
    s.active = false;
    s.alarm = GW_ALARM_RTN_UNACK;
    s.ran_on = max;
    s.ran_off = max;
    s.since_ms = -max;
    s.votes = UINT32_MAX;
    s.chatter = max;
    s.fleeting = max;
    s.merged = max;
    s.merged_ms = max;
    s.worst = -1.2345678901234567e-300;
    s.memory = (struct gw_rule_memory){.holds = true,
                                       .held_ms = max,
                                       .lo = -1.2345678901234567e-300,
                                       .hi = 1.2345678901234567e-300};
    text_of(&s, text);
    assert_int_equal(gw_check_state_parse(text, &back), GW_OK);
    assert_true(gw_check_state_same(&s, &back));
}

static void every_difference_counts(void **state)
{
    (void)state;
    const struct gw_check_state a = full();
    struct gw_check_state b[24];
    for (size_t i = 0; i < COUNT(b); i++)
        b[i] = a;
    b[19].votes++;
    b[20].chatter++;
    b[21].fleeting++;
    b[22].merged++;
    b[23].merged_ms++;
    b[0].active = false;
    b[1].was = false;
    b[2].ran_on++;
    b[3].ran_off++;
    b[4].c.state = GW_CASE_CLEARED;
    b[5].c.number++;
    b[6].c.reopened++;
    b[7].c.raised_ms++;
    b[8].c.cleared_ms++;
    b[9].alarm = GW_ALARM_UNACK;
    b[10].alarm_seq--;
    b[11].worst = (double)NAN;
    b[12].seen--;
    b[13].evidence = false;
    b[14].memory.holds = false;
    b[15].memory.held_ms++;
    b[16].memory.lo = 1.203;
    b[17].memory.hi = 1.206;
    b[18].memory.moved = false;
    for (size_t i = 0; i < COUNT(b); i++)
        assert_false(gw_check_state_same(&a, &b[i]));
    b[0] = a;
    b[0].since_ms++;
    assert_false(gw_check_state_same(&a, &b[0]));
    assert_true(gw_check_state_same(&a, &a));
}

/* Replaces the first `from` of a good text by `to`. */
static enum gw_status parse_with(const char *from, const char *to)
{
    char text[GW_CHECK_STATE_TEXT];
    char changed[2 * GW_CHECK_STATE_TEXT];
    struct gw_check_state back;
    const struct gw_check_state s = full();
    text_of(&s, text);
    char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return gw_check_state_parse(changed, &back);
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } bad[] = {
        {"\"v\":1", "\"v\":2"},
        {"\"v\":1,", ""},
        {"\"v\":1", "\"v\":1,\"w\":1"},
        {"\"number\":3", "\"number\":-3"},
        {"\"number\":3", "\"number\":3.5"},
        {"\"number\":3", "\"number\":\"3\""},
        {"\"number\":3", "\"number\":0"}, /* an open case without a number */
        {"\"seen\":4294967295", "\"seen\":4294967296"},
        {"\"active\":true", "\"active\":1"},
        {"\"active\":true", "\"active\":false"}, /* against the open case */
        {"\"case\":\"open\"", "\"case\":\"closed\""},
        {"\"case\":\"open\"", "\"case\":\"cleared\""},
        {"\"alarm\":\"acked\"", "\"alarm\":\"returned_unacked\""},
        {"\"worst\":\"58.21\"", "\"worst\":\"58.21 \""},
        {"\"worst\":\"58.21\"", "\"worst\":\"nan\""},
        {"\"worst\":\"58.21\"", "\"worst\":\"0x10\""},
        {"\"worst\":\"58.21\"", "\"worst\":58.21}"},
        {"\"held_ms\":28800000", "\"held_ms\":-1"},
        {"\"held_ms\":28800000,", ""},
        {"\"lo\":\"1.204\"", "\"lo\":\"1.206\""}, /* above hi */
        {"\"lo\":\"1.204\"", "\"lo\":\"\""},
        {"\"moved\":true,", ""},
        {"}", ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (parse_with(bad[i].from, bad[i].to) != GW_E_PARSE)
            fail_msg("%s -> %s was taken", bad[i].from, bad[i].to);
    struct gw_check_state back = {.seen = 7};
    assert_int_equal(gw_check_state_parse("", &back), GW_E_PARSE);
    assert_int_equal(gw_check_state_parse("[]", &back), GW_E_PARSE);
    assert_int_equal(gw_check_state_parse("{}", &back), GW_E_PARSE);
    assert_int_equal(back.seen, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_comes_back),      cmocka_unit_test(what_was_learned_comes_back),
        cmocka_unit_test(nothing_comes_back),      cmocka_unit_test(the_longest_text_fits),
        cmocka_unit_test(every_difference_counts), cmocka_unit_test(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
