/* SPDX-License-Identifier: Apache-2.0
 *
 * Thirty days of a plant that is run well: not one lead. The same days with forty violations: these
 * forty cases, each in its time, also when the gateway is stopped two hundred times meanwhile.
 */
#include "base/backoff.h"
#include "base/clock.h"
#include "month.h"
#include "planted.h"
#include "support/cmocka_all.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t seed_of_run(void)
{
    const char *text = getenv("GW_TEST_SEED");
    const uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);
    printf("GW_TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}

static void print_told(const struct scene *s)
{
    for (size_t i = 0; i < scene_records(s); i++) {
        const struct scene_record *r = scene_record(s, i);
        if (r->cls == GW_CLASS_LEAD || r->cls == GW_CLASS_ALARM)
            print_message("%s %s %s: %s\n", rec_str(r, "time/recorded"), r->key,
                          rec_str(r, "state"), rec_str(r, "condition/text/en"));
    }
}

static size_t count(const struct scene *s, enum gw_class cls)
{
    size_t n = 0;
    for (size_t i = 0; i < scene_records(s); i++)
        n += scene_record(s, i)->cls == cls ? 1 : 0;
    return n;
}

static void a_month_run_well_has_no_lead(void **state)
{
    (void)state;
    struct month *m = month_new(seed_of_run(), "");
    while (m->at_ms < MONTH_MS)
        month_step(m, NULL, NULL);
    print_told(m->scene);
    assert_int_equal(count(m->scene, GW_CLASS_LEAD), 0);
    /* The month was not empty: vapour and a spark were told, and ended. */
    assert_int_equal(scene_count(m->scene, "GAS-EV-LOW", "raised"), 1);
    assert_int_equal(scene_count(m->scene, "GAS-EV-LOW", "returned"), 1);
    assert_int_equal(scene_count(m->scene, "DC-EV-SPARK", "raised"), 1);
    assert_int_equal(scene_count(m->scene, "DC-EV-SPARK", "returned"), 1);
    /* So was the work on detectors of the calibration day. */
    const size_t work = scene_count(m->scene, "GAS-EV-MNT", "raised");
    assert_in_range(work, 1, 4);
    assert_int_equal(scene_count(m->scene, "GAS-EV-MNT", "returned"), work);
    /* Noise about the level may show the value and the state apart for a moment. */
    const size_t apart = scene_count(m->scene, "GAS-EV-DIFF", "raised");
    assert_int_equal(scene_count(m->scene, "GAS-EV-DIFF", "returned"), apart);
    assert_int_equal(count(m->scene, GW_CLASS_ALARM), 4 + 2 * (work + apart));
    month_free(m);
}

/* ---- forty violations ---- */

static int64_t wall_of(const struct scene_record *r)
{
    int64_t wall_ms = 0;
    assert_true(gw_clock_parse(rec_str(r, "time/recorded"), &wall_ms));
    return wall_ms;
}

/* Each is raised once and in time, and nothing else is. late_ms: how much later than the delay. */
static void expect_planted(const struct scene *s, int64_t start_ms, int64_t late_ms)
{
    size_t raised = 0;
    for (size_t i = 0; i < scene_records(s); i++)
        if (scene_record(s, i)->cls == GW_CLASS_LEAD)
            raised += strcmp(rec_str(scene_record(s, i), "state"), "cleared") != 0 ? 1 : 0;
    for (size_t k = 0; k < planted_count; k++) {
        const struct planted *p = &planted[k];
        const struct scene_record *found = NULL;
        for (size_t i = 0; i < scene_records(s) && found == NULL; i++)
            if (strcmp(scene_record(s, i)->key, p->key) == 0)
                found = scene_record(s, i);
        if (found == NULL) {
            print_told(s);
            fail_msg("%s was not raised", p->key);
            return;
        }
        const int64_t after = wall_of(found) - start_ms - p->from_ms;
        if (after < p->delay_ms || after > p->delay_ms + late_ms)
            fail_msg("%s came after %" PRId64 " ms instead of %" PRId64, p->key, after,
                     p->delay_ms);
    }
    if (raised != planted_count)
        print_told(s);
    assert_int_equal(raised, planted_count);
}

/* What an undisturbed run left behind, to hold others against. */
struct ended {
    char *standing, *history;
};

static void forty_violations_are_forty_cases(void **state)
{
    struct ended *e = *state;
    struct month *m = month_new(seed_of_run(), planted_assets);
    const int64_t start_ms = scene_now(m->scene).wall_ms;
    assert_int_equal(planted_count, 40);
    while (m->at_ms < MONTH_MS)
        month_step(m, planted_step, NULL);
    expect_planted(m->scene, start_ms, 4 * MONTH_STEP_MS);
    e->standing = scene_standing(m->scene);
    e->history = scene_history(m->scene);
    month_free(m);
}

/* ---- and two hundred stops ---- */

#define STOPS 200

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Whether a value and its detector's state stand apart for a moment is the noise's doing. */
static void leave_out_noise(char *history)
{
    char *to = history;
    for (char *line = history; *line != '\0';) {
        const size_t len = strcspn(line, "\n") + (strchr(line, '\n') != NULL);
        const char *noise = strstr(line, "GAS-EV-DIFF");
        if (noise == NULL || noise >= line + len) {
            memmove(to, line, len);
            to += len;
        }
        line += len;
    }
    *to = '\0';
}

static void two_hundred_stops_change_nothing(void **state)
{
    struct ended *e = *state;
    const uint64_t seed = seed_of_run();
    uint64_t rand = seed;
    int64_t stops[STOPS];
    size_t next = 0;
    assert_non_null(e->standing);
    for (size_t i = 0; i < STOPS; i++)
        stops[i] = (int64_t)gw_rand_below(&rand, (uint64_t)MONTH_MS);
    qsort(stops, STOPS, sizeof stops[0], by_size);
    struct month *m = month_new(seed, planted_assets);
    while (m->at_ms < MONTH_MS) {
        month_step(m, planted_step, NULL);
        if (next < STOPS && m->at_ms >= stops[next]) {
            const enum scene_end how = gw_rand_below(&rand, 2) == 0 ? SCENE_CLEAN : SCENE_CRASH;
            const int64_t down_ms = (int64_t)gw_rand_below(&rand, 9) * MONTH_STEP_MS;
            month_restart(m, how, down_ms, gw_rand_below(&rand, 2) == 0);
            next++;
        }
    }
    assert_int_equal(next, STOPS);
    char *standing = scene_standing(m->scene);
    char *history = scene_history(m->scene);
    assert_string_equal(standing, e->standing);
    leave_out_noise(history);
    leave_out_noise(e->history);
    assert_string_equal(history, e->history);
    free(standing);
    free(history);
    month_free(m);
}

static int set_up(void **state)
{
    static struct ended ended;
    *state = &ended;
    return 0;
}

static int tear_down(void **state)
{
    struct ended *e = *state;
    free(e->standing);
    free(e->history);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_month_run_well_has_no_lead),
        cmocka_unit_test(forty_violations_are_forty_cases),
        cmocka_unit_test(two_hundred_stops_change_nothing),
    };
    /* The long run tells it several times, with other noise and other stops each time. */
    const char *runs = getenv("GW_MONTH_RUNS");
    int failed = 0;
    for (long i = runs != NULL ? strtol(runs, NULL, 10) : 1; i > 0; i--)
        failed += cmocka_run_group_tests(tests, set_up, tear_down);
    return failed;
}
