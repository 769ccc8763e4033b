/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

static void grows_and_stays_terminated(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 100000);
    for (size_t i = 0; i < 50000; i++) {
        gw_buf_char(&b, (char)('a' + i % 26));
        assert_false(b.failed);
        assert_int_equal(b.len, i + 1);
        assert_int_equal(b.data[b.len], '\0');
    }
    assert_true(b.cap <= 100001);
    for (size_t i = 0; i < 50000; i++)
        assert_int_equal(b.data[i], 'a' + (int)(i % 26));
    gw_buf_free(&b);
}

static void every_writer(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 1000);
    gw_buf_put(&b, "ab\0cd", 5);
    gw_buf_char(&b, '-');
    gw_buf_str(&b, "text");
    gw_buf_printf(&b, "%d:%s", 42, "x");
    assert_false(b.failed);
    assert_int_equal(b.len, 14);
    assert_memory_equal(b.data, "ab\0cd-text42:x", 15);
    gw_buf_free(&b);
}

static void writing_nothing_gives_an_empty_string(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 0);
    gw_buf_put(&b, NULL, 0);
    assert_false(b.failed);
    assert_string_equal(b.data, "");
    gw_buf_printf(&b, "%s", "");
    assert_false(b.failed);
    gw_buf_char(&b, 'x');
    assert_true(b.failed);
    assert_string_equal(b.data, "");
    gw_buf_free(&b);
}

static void limit_latches_and_changes_nothing(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 10);
    gw_buf_str(&b, "0123456789");
    assert_false(b.failed);
    gw_buf_char(&b, 'x');
    assert_true(b.failed);
    assert_string_equal(b.data, "0123456789");
    gw_buf_clear(&b);
    assert_false(b.failed);
    gw_buf_str(&b, "01234567");
    gw_buf_str(&b, "abc");
    assert_true(b.failed);
    gw_buf_str(&b, "a"); /* would fit, but comes too late */
    gw_buf_printf(&b, "%d", 1);
    assert_int_equal(b.len, 8);
    assert_string_equal(b.data, "01234567");
    assert_null(gw_buf_take(&b, NULL));
    gw_buf_free(&b);
}

static void extending_leaves_room_or_nothing(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 300);
    gw_buf_str(&b, "ab");
    char *at = gw_buf_extend(&b, 298);
    assert_non_null(at);
    assert_ptr_equal(at, b.data + 2);
    memset(at, 'c', 298);
    assert_int_equal(b.len, 300);
    assert_int_equal(b.data[300], '\0');
    assert_non_null(gw_buf_extend(&b, 0));
    assert_null(gw_buf_extend(&b, 1));
    assert_true(b.failed);
    assert_int_equal(b.len, 300);
    gw_buf_free(&b);

    char mem[4];
    gw_buf_fixed(&b, mem, sizeof mem);
    assert_null(gw_buf_extend(&b, 4));
    gw_buf_clear(&b);
    assert_ptr_equal(gw_buf_extend(&b, 3), mem);
    assert_int_equal(mem[3], '\0');
    assert_null(gw_buf_extend(&b, SIZE_MAX));
}

static void printf_is_whole_or_nothing(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 600);
    gw_buf_str(&b, "head:");
    gw_buf_printf(&b, "%0500d", 7); /* more than the first allocation */
    assert_false(b.failed);
    assert_int_equal(b.len, 505);
    assert_int_equal(b.data[504], '7');
    gw_buf_printf(&b, "%096d", 0);
    assert_true(b.failed);
    assert_int_equal(b.len, 505);
    assert_int_equal(strlen(b.data), 505);
    gw_buf_free(&b);

    gw_buf_init(&b, 600);
    gw_buf_printf(&b, "%0600d", 0); /* exactly the limit */
    assert_false(b.failed);
    assert_int_equal(b.len, 600);
    gw_buf_free(&b);
}

static void fixed_memory(void **state)
{
    (void)state;
    char mem[8] = "xxxxxxx";
    struct gw_buf b;
    gw_buf_fixed(&b, mem, sizeof mem);
    assert_string_equal(mem, "");
    gw_buf_str(&b, "1234567");
    assert_false(b.failed);
    assert_string_equal(mem, "1234567");
    gw_buf_char(&b, '8');
    assert_true(b.failed);
    assert_string_equal(mem, "1234567");
    gw_buf_clear(&b);
    gw_buf_printf(&b, "%s", "12345678");
    assert_true(b.failed);
    assert_string_equal(mem, "");
    gw_buf_clear(&b);
    gw_buf_printf(&b, "%s", "abc");
    assert_ptr_equal(b.data, mem);
    assert_string_equal(mem, "abc");
    gw_buf_free(&b);
    assert_string_equal(mem, "abc");
    gw_buf_char(&b, 'd'); /* the memory is no longer ours */
    assert_true(b.failed);
    assert_string_equal(mem, "abc");
}

static void fixed_without_memory_fails(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_fixed(&b, NULL, 0);
    gw_buf_str(&b, "");
    assert_true(b.failed);
    gw_buf_clear(&b);
    gw_buf_char(&b, 'x');
    assert_true(b.failed);
    assert_int_equal(b.len, 0);
    char one;
    gw_buf_fixed(&b, &one, 1);
    gw_buf_str(&b, "");
    assert_false(b.failed);
    gw_buf_char(&b, 'x');
    assert_true(b.failed);
    assert_int_equal(one, '\0');
}

static void take_moves(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 100);
    gw_buf_put(&b, "a\0b", 3);
    size_t len = 0;
    char *taken = gw_buf_take(&b, &len);
    assert_non_null(taken);
    assert_int_equal(len, 3);
    assert_memory_equal(taken, "a\0b", 4);
    assert_int_equal(b.len, 0);
    gw_buf_str(&b, "again");
    assert_string_equal(b.data, "again");
    assert_memory_equal(taken, "a\0b", 4);
    free(taken);
    gw_buf_free(&b);
}

static void take_of_an_empty_and_of_a_fixed_one(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 100);
    size_t len = 9;
    char *taken = gw_buf_take(&b, &len);
    assert_string_equal(taken, "");
    assert_int_equal(len, 0);
    free(taken);
    gw_buf_free(&b);

    char mem[16];
    gw_buf_fixed(&b, mem, sizeof mem);
    gw_buf_str(&b, "copy");
    taken = gw_buf_take(&b, NULL);
    assert_string_equal(taken, "copy");
    assert_ptr_not_equal(taken, mem);
    assert_string_equal(mem, "");
    free(taken);
}

static void huge_sizes_do_not_overflow(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, SIZE_MAX);
    gw_buf_str(&b, "x");
    assert_false(b.failed);
    gw_buf_put(&b, "y", SIZE_MAX - 1);
    assert_true(b.failed);
    assert_string_equal(b.data, "x");
    gw_buf_clear(&b);
    gw_buf_put(&b, "y", SIZE_MAX / 2); /* allowed, but no machine has it */
    assert_true(b.failed);
    assert_string_equal(b.data, "");
    gw_buf_free(&b);
}

static void a_large_buffer_is_made_slim_and_goes_on(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 100000);
    for (int i = 0; i < 9000; i++)
        gw_buf_char(&b, 'x');
    gw_buf_slim(&b, 100000);
    assert_int_equal(b.len, 0);
    assert_true(b.cap > 9000); /* not more than may be kept */
    gw_buf_slim(&b, 8192);
    assert_int_equal(b.cap, 0);
    gw_buf_str(&b, "on");
    assert_string_equal(b.data, "on");
    assert_false(b.failed);
    gw_buf_free(&b);

    char mem[16];
    gw_buf_fixed(&b, mem, sizeof mem);
    gw_buf_str(&b, "lent");
    gw_buf_slim(&b, 1);
    gw_buf_str(&b, "still");
    assert_string_equal(mem, "still");
}

static void free_can_be_reused(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 4);
    gw_buf_str(&b, "full!");
    assert_true(b.failed);
    gw_buf_free(&b);
    gw_buf_free(&b);
    assert_null(b.data);
    gw_buf_str(&b, "ok");
    assert_false(b.failed);
    assert_string_equal(b.data, "ok");
    gw_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_stays_terminated),
        cmocka_unit_test(every_writer),
        cmocka_unit_test(writing_nothing_gives_an_empty_string),
        cmocka_unit_test(limit_latches_and_changes_nothing),
        cmocka_unit_test(extending_leaves_room_or_nothing),
        cmocka_unit_test(printf_is_whole_or_nothing),
        cmocka_unit_test(fixed_memory),
        cmocka_unit_test(fixed_without_memory_fails),
        cmocka_unit_test(take_moves),
        cmocka_unit_test(take_of_an_empty_and_of_a_fixed_one),
        cmocka_unit_test(huge_sizes_do_not_overflow),
        cmocka_unit_test(a_large_buffer_is_made_slim_and_goes_on),
        cmocka_unit_test(free_can_be_reused),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
