/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pulse.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/worker.h"
#include "capture.h"
#include "support/cmocka_all.h"

#define LIMIT_MS 15000

static struct gw_pulses *new_set(void)
{
    struct gw_pulses *set = NULL;
    assert_int_equal(gw_pulses_new(&set), GW_OK);
    return set;
}

/* The next line that was logged says this. */
static void expect_line(const char *text)
{
    char line[512];
    assert_true(capture_next(line, sizeof line));
    if (strstr(line, text) == NULL)
        fail_msg("no \"%s\" in: %s", text, line);
}

static void expect_no_line(void)
{
    char line[512];
    if (capture_next(line, sizeof line))
        fail_msg("unexpected: %s", line);
}

static void nothing_is_watched_without_a_set(void **state)
{
    (void)state;
    assert_null(gw_pulse_begin(NULL, "mqtt"));
    gw_pulse_turn(NULL, 1000);
    gw_pulse_leave(NULL);
    gw_pulse_end(NULL);
    gw_pulses_free(NULL);
}

static void one_that_turns_is_well(void **state)
{
    (void)state;
    struct gw_pulses *set = new_set();
    assert_true(gw_pulses_look(set, 0, LIMIT_MS)); /* nobody is there */
    struct gw_pulse *p = gw_pulse_begin(set, "mqtt");
    /* It counts from the first look on, however late that is. */
    for (int64_t now = 1000000; now < 1100000; now += LIMIT_MS) {
        assert_true(gw_pulses_look(set, now, LIMIT_MS));
        gw_pulse_turn(p, 0);
    }
    gw_pulse_end(p);
    gw_pulses_free(set);
}

static void one_that_hangs_is_named_once(void **state)
{
    (void)state;
    struct gw_pulses *set = new_set();
    struct gw_pulse *core = gw_pulse_begin(set, "core");
    struct gw_pulse *mqtt = gw_pulse_begin(set, "mqtt");
    capture_start();
    assert_true(gw_pulses_look(set, 0, LIMIT_MS));
    gw_pulse_turn(core, 0);
    assert_true(gw_pulses_look(set, LIMIT_MS, LIMIT_MS));
    gw_pulse_turn(core, 0);
    assert_false(gw_pulses_look(set, LIMIT_MS + 1, LIMIT_MS));
    expect_line("thread mqtt hangs: no turn for 15001 ms; the watchdog is not fed");
    gw_pulse_turn(core, 0);
    assert_false(gw_pulses_look(set, LIMIT_MS + 4000, LIMIT_MS));
    expect_no_line();
    gw_pulse_turn(mqtt, 0);
    assert_true(gw_pulses_look(set, LIMIT_MS + 5000, LIMIT_MS));
    expect_line("thread mqtt goes on after 20000 ms");
    /* Both at once. */
    assert_false(gw_pulses_look(set, 3 * LIMIT_MS, LIMIT_MS));
    expect_line("hangs");
    expect_line("hangs");
    expect_no_line();
    capture_stop();
    gw_pulse_end(core);
    gw_pulse_end(mqtt);
    gw_pulses_free(set);
}

static void what_was_announced_may_take_its_time(void **state)
{
    (void)state;
    struct gw_pulses *set = new_set();
    struct gw_pulse *p = gw_pulse_begin(set, "mqtt");
    gw_pulse_turn(p, 60000);
    assert_true(gw_pulses_look(set, 0, LIMIT_MS));
    assert_true(gw_pulses_look(set, 60000 + LIMIT_MS, LIMIT_MS));
    capture_start();
    assert_false(gw_pulses_look(set, 60001 + LIMIT_MS, LIMIT_MS));
    capture_stop();
    /* The next turn is an ordinary one, after a call that was shorter than it might have been, too. */
    gw_pulse_turn(p, 60000);
    assert_true(gw_pulses_look(set, 200000, LIMIT_MS));
    gw_pulse_turn(p, 0);
    assert_true(gw_pulses_look(set, 240000, LIMIT_MS));
    capture_start();
    assert_false(gw_pulses_look(set, 240001 + LIMIT_MS, LIMIT_MS));
    capture_stop();
    /* What is no duration is none, and what is too long for a word is the longest. */
    gw_pulse_turn(p, -1);
    assert_true(gw_pulses_look(set, 300000, LIMIT_MS));
    capture_start();
    assert_false(gw_pulses_look(set, 300001 + LIMIT_MS, LIMIT_MS));
    capture_stop();
    gw_pulse_turn(p, INT64_MAX);
    assert_true(gw_pulses_look(set, 400000, LIMIT_MS));
    assert_true(gw_pulses_look(set, 400000 + UINT32_MAX, LIMIT_MS));
    gw_pulse_end(p);
    gw_pulses_free(set);
}

static void one_that_is_left_behind_is_not_looked_at(void **state)
{
    (void)state;
    struct gw_pulses *set = new_set();
    struct gw_pulse *first = gw_pulse_begin(set, "first");
    struct gw_pulse *left = gw_pulse_begin(set, "left");
    struct gw_pulse *last = gw_pulse_begin(set, "last");
    assert_true(gw_pulses_look(set, 0, LIMIT_MS));
    gw_pulse_leave(left);
    gw_pulse_turn(first, 0);
    gw_pulse_turn(last, 0);
    assert_true(gw_pulses_look(set, LIMIT_MS + 1, LIMIT_MS));
    gw_pulse_end(first);
    gw_pulse_end(last);
    gw_pulses_free(set);
    gw_pulse_turn(left, 0); /* its thread may turn for as long as it likes */
    free(left);
}

static void run_loop(void *arg)
{
    (void)!gw_loop_run(arg);
}

/* A loop with nothing to do turns by itself. */
static void a_loop_that_waits_turns(void **state)
{
    (void)state;
    struct gw_clock clock = gw_clock_system();
    struct gw_pulses *set = new_set();
    struct gw_pulse *p = gw_pulse_begin(set, "loop");
    struct gw_loop *loop = NULL;
    struct gw_worker *w = NULL;
    assert_int_equal(gw_loop_new(&clock, &loop, NULL), GW_OK);
    gw_loop_pulse(loop, p);
    /* Looks at a time that the test makes up: each turn that is seen lets a limit of 0 pass. */
    capture_start();
    assert_true(gw_pulses_look(set, 0, 0));
    assert_false(gw_pulses_look(set, 1, 0));
    assert_int_equal(gw_worker_start("loop", run_loop, loop, &w, NULL), GW_OK);
    const struct timespec pause = {.tv_nsec = 10000000};
    int turns = 0;
    for (int64_t i = 2; turns < 3 && i < 6000; i++) {
        turns += gw_pulses_look(set, i, 0);
        (void)nanosleep(&pause, NULL);
    }
    capture_stop();
    assert_int_equal(turns, 3);
    gw_loop_stop(loop);
    assert_true(gw_worker_join(w, 30000));
    gw_loop_free(loop);
    gw_pulse_end(p);
    gw_pulses_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_watched_without_a_set),
        cmocka_unit_test(one_that_turns_is_well),
        cmocka_unit_test(one_that_hangs_is_named_once),
        cmocka_unit_test(what_was_announced_may_take_its_time),
        cmocka_unit_test(one_that_is_left_behind_is_not_looked_at),
        cmocka_unit_test(a_loop_that_waits_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
