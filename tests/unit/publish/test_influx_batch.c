/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/influx_batch.h"
#include "publish/influx_rejects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct gw_influx_batch *make(size_t lines, size_t bytes)
{
    struct gw_influx_batch_conf conf = {.lines = lines, .bytes = bytes, .age_ms = 10000};
    struct gw_influx_batch *b = NULL;
    assert_int_equal(gw_influx_batch_new(&conf, &b), GW_OK);
    return b;
}

static void add(struct gw_influx_batch *b, int64_t key, const char *line, int64_t now_ms)
{
    assert_int_equal(gw_influx_batch_add(b, key, "gas", line, strlen(line), now_ms), GW_OK);
}

static void it_is_ready_by_lines(void **state)
{
    (void)state;
    struct gw_influx_batch *b = make(3, 1000);
    assert_false(gw_influx_batch_ready(b, INT64_MAX));
    assert_int_equal(gw_influx_batch_space(b), 3);
    add(b, 1, "a\n", 0);
    add(b, 2, "bb\n", 0);
    assert_false(gw_influx_batch_ready(b, 0));
    add(b, 3, "ccc\n", 0);
    assert_true(gw_influx_batch_ready(b, 0));
    assert_false(gw_influx_batch_room(b));
    assert_int_equal(gw_influx_batch_space(b), 0);
    gw_influx_batch_free(b);
}

static void it_is_ready_by_bytes_and_takes_one_long_line(void **state)
{
    (void)state;
    struct gw_influx_batch *b = make(100, 10);
    add(b, 1, "12345678\n", 0);
    assert_true(gw_influx_batch_room(b));
    add(b, 2, "a line that is longer than all\n", 0);
    assert_false(gw_influx_batch_room(b));
    assert_true(gw_influx_batch_ready(b, 0));
    gw_influx_batch_free(b);
}

static void it_is_ready_by_age(void **state)
{
    (void)state;
    struct gw_influx_batch *b = make(100, 1000);
    assert_true(gw_influx_batch_due_ms(b) == INT64_MAX);
    add(b, 1, "a\n", 500);
    add(b, 2, "b\n", 700);
    assert_int_equal(gw_influx_batch_due_ms(b), 10500);
    assert_false(gw_influx_batch_ready(b, 10499));
    assert_true(gw_influx_batch_ready(b, 10500));
    gw_influx_batch_pop(b, 1);
    assert_int_equal(gw_influx_batch_due_ms(b), 10700);
    gw_influx_batch_free(b);
}

static void lines_leave_from_the_front(void **state)
{
    (void)state;
    struct gw_influx_batch *b = make(100, 100000);
    char line[16];
    size_t len = 0;
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        add(b, 1000 + i, line, 0);
    }
    assert_int_equal(gw_influx_batch_count(b), 100);
    const char *text = gw_influx_batch_text(b, 2, &len);
    assert_int_equal(len, 14);
    assert_memory_equal(text, "line 0\nline 1\n", len);
    gw_influx_batch_pop(b, 0);
    gw_influx_batch_pop(b, 98);
    assert_int_equal(gw_influx_batch_count(b), 2);
    assert_int_equal(gw_influx_batch_key(b, 0), 1098);
    assert_string_equal(gw_influx_batch_device(b, 0), "gas");
    text = gw_influx_batch_text(b, 2, &len);
    assert_int_equal(len, 16);
    assert_memory_equal(text, "line 98\nline 99\n", len);
    add(b, 7, "z\n", 0);
    text = gw_influx_batch_text(b, 3, &len);
    assert_memory_equal(text, "line 98\nline 99\nz\n", len);
    gw_influx_batch_pop(b, 3);
    assert_int_equal(gw_influx_batch_count(b), 0);
    gw_influx_batch_free(b);
    gw_influx_batch_free(NULL);
}

static void rejects_are_counted_by_device(void **state)
{
    (void)state;
    struct gw_influx_rejects r = {0};
    gw_influx_rejects_add(&r, "gas", "first");
    gw_influx_rejects_add(&r, "pt", "other");
    gw_influx_rejects_add(&r, "gas", "second");
    assert_int_equal(r.total, 3);
    assert_int_equal(r.n, 2);
    assert_string_equal(r.rows[0].device, "gas");
    assert_int_equal(r.rows[0].count, 2);
    assert_string_equal(r.rows[0].text, "second");
    assert_string_equal(r.rows[1].device, "pt");
    for (int i = 0; i < GW_INFLUX_REJECTS; i++) {
        char device[GW_ID_SIZE];
        snprintf(device, sizeof device, "d%d", i);
        gw_influx_rejects_add(&r, device, "x");
    }
    assert_int_equal(r.n, GW_INFLUX_REJECTS);
    assert_int_equal(r.total, 3 + GW_INFLUX_REJECTS);
    assert_string_equal(r.rows[GW_INFLUX_REJECTS - 1].device, "d0");
    gw_influx_rejects_add(&r, "gas", "again");
    assert_int_equal(r.rows[0].count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_ready_by_lines),
        cmocka_unit_test(it_is_ready_by_bytes_and_takes_one_long_line),
        cmocka_unit_test(it_is_ready_by_age),
        cmocka_unit_test(lines_leave_from_the_front),
        cmocka_unit_test(rejects_are_counted_by_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
