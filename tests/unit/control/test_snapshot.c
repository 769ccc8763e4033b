/* SPDX-License-Identifier: Apache-2.0 */
#include "control/snapshot.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#define POINTS  50
#define DEVICES 5
#define ROUNDS  20000

static struct gw_board *make(void)
{
    struct gw_board *b = NULL;
    assert_int_equal(gw_board_new(&(struct gw_board_size){POINTS, DEVICES, 1}, &b, NULL), GW_OK);
    return b;
}

static bool readable(const struct gw_board *b)
{
    struct pollfd p = {.fd = gw_board_fd(b), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void publish(struct gw_board *b, int64_t mono_ms)
{
    struct gw_snapshot *s = gw_board_begin(b, GW_PART_POINTS);
    s->now.mono_ms = mono_ms;
    gw_board_publish(b);
}

static void nothing_before_the_first(void **state)
{
    (void)state;
    struct gw_board *b = make();
    assert_null(gw_board_read(b));
    assert_int_equal(gw_board_wanted(b), 0);
    assert_false(readable(b));
    gw_board_free(b);
    gw_board_free(NULL);
}

static void asked_for_until_published(void **state)
{
    (void)state;
    struct gw_board *b = make();
    gw_board_ask(b, GW_PART_POINTS);
    gw_board_ask(b, GW_PART_POINTS);
    assert_int_equal(gw_board_wanted(b), GW_PART_POINTS);
    publish(b, 7);
    assert_int_equal(gw_board_wanted(b), 0);
    assert_true(readable(b));
    gw_board_seen(b);
    assert_false(readable(b));
    assert_int_equal(gw_board_read(b)->now.mono_ms, 7);
    gw_board_free(b);
}

static void the_reader_keeps_what_it_looks_at(void **state)
{
    (void)state;
    struct gw_board *b = make();
    publish(b, 1);
    const struct gw_snapshot *held = gw_board_read(b);
    for (int64_t t = 2; t < 10; t++) {
        publish(b, t);
        assert_int_equal(held->now.mono_ms, 1);
    }
    assert_int_equal(gw_board_read(b)->now.mono_ms, 9);
    assert_int_equal(gw_board_read(b)->now.mono_ms, 9);
    gw_board_free(b);
}

static void begin_starts_from_nothing(void **state)
{
    (void)state;
    struct gw_board *b = make();
    for (int round = 0; round < 6; round++) {
        struct gw_snapshot *s = gw_board_begin(b, GW_PART_POINTS);
        assert_int_equal(s->nstanding, 0);
        assert_int_equal(s->npoints, POINTS);
        assert_int_equal(s->ndevices, DEVICES);
        assert_false(s->deciding);
        s->deciding = true;
        for (int i = 0; i < 100; i++) {
            struct gw_standing *one = gw_snapshot_add(s);
            assert_non_null(one);
            assert_string_equal(one->title_zh, "");
            one->reopened = i;
        }
        assert_int_equal(s->standing[99].reopened, 99);
        gw_board_publish(b);
        assert_int_equal(gw_board_read(b)->nstanding, 100);
    }
    gw_board_free(b);
}

static void an_incomplete_one_is_not_shown(void **state)
{
    (void)state;
    struct gw_board *b = make();
    publish(b, 1);
    gw_board_ask(b, GW_PART_POINTS);
    struct gw_snapshot *s = gw_board_begin(b, GW_PART_POINTS);
    s->now.mono_ms = 2;
    s->incomplete = true;
    gw_board_publish(b);
    assert_int_equal(gw_board_read(b)->now.mono_ms, 1);
    assert_int_equal(gw_board_wanted(b), GW_PART_POINTS);
    gw_board_free(b);
}

/* ---- two threads ---- */

static void *core(void *arg)
{
    struct gw_board *b = arg;
    for (int64_t t = 1; t <= ROUNDS; t++) {
        struct gw_snapshot *s = gw_board_begin(b, GW_PART_POINTS);
        s->now.mono_ms = t;
        for (size_t i = 0; i < s->npoints; i++)
            s->points[i].mono_ms = t;
        for (size_t i = 0; i < s->ndevices; i++)
            s->devices[i].since_ms = t;
        for (int64_t i = 0; i < t % 7; i++)
            gw_snapshot_add(s)->since_ms = t;
        gw_board_publish(b);
    }
    return NULL;
}

/* Every snapshot is of one moment in all its parts, and none is older than the one before. */
static void a_snapshot_is_of_one_moment(void **state)
{
    (void)state;
    struct gw_board *b = make();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, core, b), 0);
    int64_t last = 0;
    while (last < ROUNDS) {
        gw_board_ask(b, GW_PART_POINTS);
        const struct gw_snapshot *s = gw_board_read(b);
        if (!s)
            continue;
        const int64_t t = s->now.mono_ms;
        assert_true(t >= last);
        last = t;
        for (size_t i = 0; i < s->npoints; i++)
            assert_int_equal(s->points[i].mono_ms, t);
        for (size_t i = 0; i < s->ndevices; i++)
            assert_int_equal(s->devices[i].since_ms, t);
        assert_int_equal(s->nstanding, t % 7);
        for (size_t i = 0; i < s->nstanding; i++)
            assert_int_equal(s->standing[i].since_ms, t);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    gw_board_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_before_the_first),
        cmocka_unit_test(asked_for_until_published),
        cmocka_unit_test(the_reader_keeps_what_it_looks_at),
        cmocka_unit_test(begin_starts_from_nothing),
        cmocka_unit_test(an_incomplete_one_is_not_shown),
        cmocka_unit_test(a_snapshot_is_of_one_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
