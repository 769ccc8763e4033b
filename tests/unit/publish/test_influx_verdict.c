/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/influx_verdict.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LINES    1024

static uint64_t seed_of_run(void)
{
    const char *given = getenv("GW_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 20261122;
    print_message("GW_TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}

static void each_status_has_its_meaning(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *body;
        enum gw_influx_verdict verdict;
    } rows[] = {
        {204, "", GW_INFLUX_STORED},
        {200, " \r\n", GW_INFLUX_STORED},
        {200, "<html>please log in</html>", GW_INFLUX_DENIED},
        {400, "{\"error\":\"partial write\"}", GW_INFLUX_REFUSED},
        {422, " {\"code\":\"unprocessable entity\"}", GW_INFLUX_REFUSED},
        {400, "<html>plain HTTP sent to HTTPS port</html>", GW_INFLUX_DENIED},
        {400, "", GW_INFLUX_DENIED},
        {413, "", GW_INFLUX_LARGE},
        {401, "{\"error\":\"unauthorized\"}", GW_INFLUX_DENIED},
        {403, "", GW_INFLUX_DENIED},
        {404, "", GW_INFLUX_DENIED},
        {405, "", GW_INFLUX_DENIED},
        {302, "", GW_INFLUX_DENIED},
        {408, "", GW_INFLUX_BUSY},
        {429, "", GW_INFLUX_BUSY},
        {500, "{\"error\":\"timeout\"}", GW_INFLUX_BUSY},
        {502, "", GW_INFLUX_BUSY},
        {503, "", GW_INFLUX_BUSY},
        {504, "", GW_INFLUX_BUSY},
        {0, "", GW_INFLUX_BUSY},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(gw_influx_judge(rows[i].status, rows[i].body, strlen(rows[i].body)),
                         rows[i].verdict);
}

static void the_server_is_quoted(void **state)
{
    (void)state;
    static const struct {
        const char *body, *text;
    } rows[] = {
        {"{\"error\":\"partial write: field type conflict: input field \\\"p1\\\"\"}\n",
         "partial write: field type conflict: input field \"p1\""},
        {"{\"code\":\"invalid\",\"message\":\"no\\nsuch\"}", "nonsuch"},
        {"{\"error\" : \"x\"}", "x"},
        {"{\"error\":7}", ""},
        {"{\"error\":", ""},
        {"{\"error\"", ""},
        {"{\"error\":\"cut", "cut"},
        {"{}", ""},
        {"", ""},
        {"<html>", ""},
        {"busy\nnow", "busy now"},
        {"{\"error\":\"坏\xe5\"}", "坏"},
    };
    char out[GW_INFLUX_MESSAGE];
    for (size_t i = 0; i < COUNT(rows); i++) {
        gw_influx_message(rows[i].body, strlen(rows[i].body), out);
        assert_string_equal(out, rows[i].text);
    }
    char huge[4096];
    memset(huge, 'x', sizeof huge);
    gw_influx_message(huge, sizeof huge, out);
    assert_int_equal(strlen(out), GW_INFLUX_MESSAGE - 1);
    assert_string_equal(gw_influx_hint(204), "");
    assert_non_null(strstr(gw_influx_hint(401), "token"));
}

/* A database that refuses the marked lines, and the others beside them or not. */
struct server {
    bool bad[LINES];
    bool partial; /* a refused post stores its good lines */
    size_t most;  /* lines that it takes at once; 0: any */
    bool stored[LINES];
    size_t posts;
};

static enum gw_influx_verdict post(struct server *s, size_t from, size_t n)
{
    bool bad = false;
    s->posts++;
    if (s->most > 0 && n > s->most)
        return GW_INFLUX_LARGE;
    for (size_t i = from; i < from + n; i++)
        bad = bad || s->bad[i];
    for (size_t i = from; i < from + n; i++)
        s->stored[i] = s->stored[i] || (!s->bad[i] && (s->partial || !bad));
    return bad ? GW_INFLUX_REFUSED : GW_INFLUX_STORED;
}

/* Drives n lines through; checks that exactly the bad ones were rejected. */
static size_t drain(struct server *s, struct gw_influx_course *c, size_t n)
{
    size_t at = 0, rejected = 0;
    while (at < n) {
        size_t k = gw_influx_course_next(c, n - at);
        assert_in_range(k, 1, n - at);
        struct gw_influx_step step = gw_influx_course_answer(c, k, post(s, at, k), 0);
        assert_int_equal(step.wait_ms, 0);
        assert_true(step.stored + step.rejected <= k);
        for (size_t i = at; i < at + step.stored; i++)
            assert_true(s->stored[i]);
        at += step.stored;
        if (step.rejected > 0)
            assert_true(s->bad[at]);
        at += step.rejected;
        rejected += step.rejected;
        assert_true(s->posts < 20 * LINES);
    }
    for (size_t i = 0; i < n; i++)
        assert_true(s->stored[i] != s->bad[i]);
    assert_int_equal(c->suspect, 0);
    return rejected;
}

static size_t log2_up(size_t n)
{
    size_t bits = 0;
    while (((size_t)1 << bits) < n)
        bits++;
    return bits;
}

static void a_good_batch_is_one_post(void **state)
{
    (void)state;
    static struct server s;
    struct gw_influx_course c;
    s = (struct server){0};
    gw_influx_course_init(&c, LINES, 1);
    assert_int_equal(gw_influx_course_next(&c, 0), 0);
    assert_int_equal(drain(&s, &c, LINES), 0);
    assert_int_equal(s.posts, 1);
}

/* Wherever the bad line stands: log2(n) + 1 posts more than the one that found it out, and one for
 * the rest behind it, which was not asked about yet. */
static void one_bad_line_is_found_in_few_posts(void **state)
{
    (void)state;
    static struct server s;
    static const size_t sizes[] = {1, 2, 3, 7, 100, 1000, LINES};
    for (size_t k = 0; k < COUNT(sizes); k++) {
        for (size_t at = 0; at < sizes[k]; at += 1 + sizes[k] / 97) {
            struct gw_influx_course c;
            s = (struct server){.partial = at % 2 == 0};
            s.bad[at] = true;
            gw_influx_course_init(&c, LINES, 1);
            assert_int_equal(drain(&s, &c, sizes[k]), 1);
            size_t rest = at + 1 < sizes[k];
            assert_in_range(s.posts, 1, 1 + log2_up(sizes[k]) + 1 + rest);
        }
    }
}

static void many_bad_lines_cost_no_good_one(void **state)
{
    (void)state;
    static struct server s;
    uint64_t seed = seed_of_run();
    for (int round = 0; round < 300; round++) {
        struct gw_influx_course c;
        size_t n = 1 + gw_rand_below(&seed, LINES), bad = 0;
        uint64_t odds = 1 + gw_rand_below(&seed, 200);
        s = (struct server){.partial = round % 2 == 0};
        if (round % 3 == 0)
            s.most = 1 + gw_rand_below(&seed, n);
        for (size_t i = 0; i < n; i++) {
            s.bad[i] = gw_rand_below(&seed, odds) == 0;
            bad += s.bad[i];
        }
        gw_influx_course_init(&c, LINES, 1);
        assert_int_equal(drain(&s, &c, n), bad);
        if (s.most == 0)
            assert_true(s.posts <= 1 + bad * (log2_up(n) + 2));
    }
}

static void too_large_is_halved_down_to_one_line(void **state)
{
    (void)state;
    static struct server s;
    struct gw_influx_course c;
    s = (struct server){.most = 100};
    gw_influx_course_init(&c, LINES, 1);
    assert_int_equal(drain(&s, &c, LINES), 0);
    assert_int_equal(c.limit, 64);
    assert_int_equal(s.posts, 4 + LINES / 64);
    /* After a while larger posts are tried again. */
    for (int i = 0; i < 32; i++)
        (void)gw_influx_course_answer(&c, c.limit, GW_INFLUX_STORED, 0);
    assert_int_equal(c.limit, 128);

    /* A line that is too large by itself is rejected, the others pass. */
    gw_influx_course_init(&c, 8, 1);
    size_t n = 8;
    struct gw_influx_step step = {0};
    for (int i = 0; i < 3; i++) {
        n = gw_influx_course_next(&c, 8);
        step = gw_influx_course_answer(&c, n, GW_INFLUX_LARGE, 0);
        assert_int_equal(step.stored + step.rejected, 0);
    }
    n = gw_influx_course_next(&c, 8);
    assert_int_equal(n, 1);
    step = gw_influx_course_answer(&c, n, GW_INFLUX_LARGE, 0);
    assert_int_equal(step.rejected, 1);
}

static void busy_waits_as_long_as_asked_but_not_for_ever(void **state)
{
    (void)state;
    struct gw_influx_course c;
    gw_influx_course_init(&c, 100, seed_of_run());
    int64_t last = 0;
    for (int i = 0; i < 20; i++) {
        struct gw_influx_step step = gw_influx_course_answer(&c, 100, GW_INFLUX_BUSY, 0);
        assert_int_equal(step.stored + step.rejected, 0);
        assert_in_range(step.wait_ms, 800, 72000);
        last = step.wait_ms;
    }
    assert_true(last > 40000);
    (void)gw_influx_course_answer(&c, 100, GW_INFLUX_STORED, 0);
    assert_in_range(gw_influx_course_answer(&c, 100, GW_INFLUX_BUSY, 17).wait_ms, 17000, 18700);
    assert_int_equal(gw_influx_course_answer(&c, 100, GW_INFLUX_BUSY, 999999999).wait_ms, 600000);
    assert_int_equal(gw_influx_course_answer(&c, 100, GW_INFLUX_BUSY, INT64_MAX).wait_ms, 600000);
    (void)gw_influx_course_answer(&c, 100, GW_INFLUX_STORED, 0);
    assert_in_range(gw_influx_course_answer(&c, 100, GW_INFLUX_BUSY, -5).wait_ms, 800, 1200);
    /* The back-off counts where it is longer than what was asked for. */
    for (int i = 0; i < 10; i++)
        (void)gw_influx_course_answer(&c, 100, GW_INFLUX_BUSY, 0);
    assert_true(gw_influx_course_answer(&c, 100, GW_INFLUX_BUSY, 1).wait_ms > 40000);
}

static void denied_is_tried_slowly_and_loses_nothing(void **state)
{
    (void)state;
    struct gw_influx_course c;
    gw_influx_course_init(&c, 100, seed_of_run());
    int64_t last = 0;
    for (int i = 0; i < 20; i++) {
        struct gw_influx_step step = gw_influx_course_answer(&c, 100, GW_INFLUX_DENIED, 0);
        assert_int_equal(step.stored + step.rejected, 0);
        assert_in_range(step.wait_ms, 8000, 600000);
        last = step.wait_ms;
    }
    assert_true(last >= 400000);
    assert_int_equal(gw_influx_course_next(&c, 100), 100);
    (void)gw_influx_course_answer(&c, 100, GW_INFLUX_STORED, 0);
    assert_in_range(gw_influx_course_answer(&c, 100, GW_INFLUX_DENIED, 0).wait_ms, 8000, 12000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_its_meaning),
        cmocka_unit_test(the_server_is_quoted),
        cmocka_unit_test(a_good_batch_is_one_post),
        cmocka_unit_test(one_bad_line_is_found_in_few_posts),
        cmocka_unit_test(many_bad_lines_cost_no_good_one),
        cmocka_unit_test(too_large_is_halved_down_to_one_line),
        cmocka_unit_test(busy_waits_as_long_as_asked_but_not_for_ever),
        cmocka_unit_test(denied_is_tried_slowly_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
