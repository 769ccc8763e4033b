/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks that come and go: who takes and gives back asks malloc for nothing in the end.
 */
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct gw_pool *make(size_t blocks, size_t bytes)
{
    struct gw_pool *p = NULL;
    assert_int_equal(gw_pool_new(blocks, bytes, &p), GW_OK);
    return p;
}

static void *take(struct gw_pool *p, size_t size, size_t *cap)
{
    void *block = gw_pool_take(p, size, cap);
    assert_non_null(block);
    assert_true(*cap >= size);
    memset(block, 7, *cap); /* all of it is there */
    return block;
}

static void test_bounds_are_checked(void **state)
{
    struct gw_pool *p = NULL;
    (void)state;
    assert_int_equal(gw_pool_new(0, 100, &p), GW_E_INVAL);
    assert_int_equal(gw_pool_new(GW_POOL_BLOCKS_MAX + 1, 100, &p), GW_E_INVAL);
    gw_pool_free(NULL);
}

static void test_a_block_that_came_back_is_taken_again(void **state)
{
    struct gw_pool *p = make(4, 1 << 20);
    size_t cap = 0;
    (void)state;
    void *first = take(p, 500, &cap);
    gw_pool_give(p, first, cap);
    void *second = take(p, 510, &cap); /* some digits more */
    assert_ptr_equal(first, second);
    gw_pool_give(p, second, cap);
    void *larger = take(p, 5000, &cap);
    assert_ptr_not_equal(larger, first);
    gw_pool_give(p, larger, cap);
    gw_pool_free(p);
}

/* A burst of rows of two sizes, again and again: after some, all come out of the pool. */
static void test_a_burst_comes_out_of_the_pool(void **state)
{
    enum { BURST = 6 };
    struct gw_pool *p = make(BURST, 1 << 20);
    void *seen[BURST], *blocks[BURST];
    size_t caps[BURST];
    (void)state;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < BURST; i++)
            blocks[i] = take(p, i % 2 ? 300 : 9000, &caps[i]);
        for (int i = 0; i < BURST && round > 1; i++) {
            int at = 0;
            while (at < BURST && seen[at] != blocks[i])
                at++;
            assert_true(at < BURST);
        }
        for (int i = 0; i < BURST; i++) {
            seen[i] = blocks[i];
            gw_pool_give(p, blocks[i], caps[i]);
        }
    }
    gw_pool_free(p);
}

/* What is kept comes to be what is asked for: the smallest gives way. */
static void test_a_full_pool_keeps_the_larger(void **state)
{
    struct gw_pool *p = make(2, 1 << 20);
    void *blocks[3];
    size_t caps[3];
    size_t cap = 0;
    (void)state;
    for (int i = 0; i < 3; i++)
        blocks[i] = take(p, (size_t)1000 * (size_t)(i + 1), &caps[i]);
    for (int i = 0; i < 3; i++)
        gw_pool_give(p, blocks[i], caps[i]);
    void *again = take(p, 2500, &cap);
    assert_ptr_equal(again, blocks[2]);
    gw_pool_give(p, again, cap);
    gw_pool_free(p);
}

static void test_it_holds_no_more_bytes_than_it_may(void **state)
{
    struct gw_pool *p = make(4, 4096);
    size_t cap = 0, small_cap = 0;
    (void)state;
    void *large = take(p, 5000, &cap);
    void *small = take(p, 100, &small_cap);
    gw_pool_give(p, large, cap); /* is freed, as leak checkers see */
    gw_pool_give(p, small, small_cap);
    assert_ptr_equal(take(p, 100, &small_cap), small);
    free(small); /* a block is plain memory */
    gw_pool_free(p);
}

static void test_without_a_pool_it_is_malloc(void **state)
{
    size_t cap = 0;
    (void)state;
    gw_pool_give(NULL, take(NULL, 0, &cap), cap);
    gw_pool_give(NULL, NULL, 0);
    struct gw_pool *p = make(1, 100);
    gw_pool_give(p, NULL, 0);
    assert_null(gw_pool_take(p, SIZE_MAX, &cap));
    gw_pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_are_checked),
        cmocka_unit_test(test_a_block_that_came_back_is_taken_again),
        cmocka_unit_test(test_a_burst_comes_out_of_the_pool),
        cmocka_unit_test(test_a_full_pool_keeps_the_larger),
        cmocka_unit_test(test_it_holds_no_more_bytes_than_it_may),
        cmocka_unit_test(test_without_a_pool_it_is_malloc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
