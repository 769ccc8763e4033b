/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mailbox.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "limits.h"
#include "seed.h"
#include "support/cmocka_all.h"

static bool readable(const struct gw_mailbox *mb)
{
    struct pollfd p = {.fd = gw_mailbox_fd(mb), .events = POLLIN};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0;
}

static struct gw_mailbox *make(size_t item_size, size_t capacity)
{
    struct gw_mailbox *mb = NULL;
    assert_int_equal(gw_mailbox_new(item_size, capacity, &mb, NULL), GW_OK);
    assert_non_null(mb);
    return mb;
}

static void first_in_first_out(void **state)
{
    (void)state;
    struct gw_mailbox *mb = make(sizeof(int), 3);
    int v = 0;
    assert_false(gw_mailbox_get(mb, &v));
    for (int i = 1; i <= 3; i++)
        assert_int_equal(gw_mailbox_put(mb, &i), GW_OK);
    for (int i = 1; i <= 3; i++) {
        assert_true(gw_mailbox_get(mb, &v));
        assert_int_equal(v, i);
    }
    assert_false(gw_mailbox_get(mb, &v));
    assert_int_equal(v, 3); /* untouched */
    gw_mailbox_free(mb);
    gw_mailbox_free(NULL);
}

static void full_refuses_and_counts(void **state)
{
    (void)state;
    struct gw_mailbox *mb = make(sizeof(int), 2);
    int v = 1;
    assert_int_equal(gw_mailbox_room(mb), 2);
    assert_int_equal(gw_mailbox_put(mb, &v), GW_OK);
    v = 2;
    assert_int_equal(gw_mailbox_put(mb, &v), GW_OK);
    assert_int_equal(gw_mailbox_room(mb), 0);
    v = 3;
    assert_int_equal(gw_mailbox_put(mb, &v), GW_E_FULL);
    assert_int_equal(gw_mailbox_put(mb, &v), GW_E_FULL);
    assert_int_equal(gw_mailbox_refused(mb), 2);
    assert_true(gw_mailbox_get(mb, &v));
    assert_int_equal(v, 1); /* what was taken is kept */
    v = 4;
    assert_int_equal(gw_mailbox_put(mb, &v), GW_OK);
    assert_true(gw_mailbox_get(mb, &v));
    assert_int_equal(v, 2);
    assert_true(gw_mailbox_get(mb, &v));
    assert_int_equal(v, 4);
    assert_int_equal(gw_mailbox_refused(mb), 2);
    gw_mailbox_free(mb);
}

static void descriptor_follows_the_content(void **state)
{
    (void)state;
    struct gw_mailbox *mb = make(1, 4);
    char c = 'x';
    for (int round = 0; round < 10; round++) {
        assert_false(readable(mb));
        for (int i = 0; i < 4; i++) {
            assert_int_equal(gw_mailbox_put(mb, &c), GW_OK);
            assert_true(readable(mb));
        }
        assert_int_equal(gw_mailbox_put(mb, &c), GW_E_FULL);
        for (int i = 0; i < 4; i++) {
            assert_true(readable(mb));
            assert_true(gw_mailbox_get(mb, &c));
        }
        assert_false(readable(mb));
        assert_false(gw_mailbox_get(mb, &c));
    }
    gw_mailbox_free(mb);
}

static void closed_can_be_drained(void **state)
{
    (void)state;
    struct gw_mailbox *mb = make(sizeof(int), 3);
    int v = 7;
    assert_int_equal(gw_mailbox_put(mb, &v), GW_OK);
    gw_mailbox_close(mb);
    gw_mailbox_close(mb);
    assert_int_equal(gw_mailbox_put(mb, &v), GW_E_CLOSED);
    assert_int_equal(gw_mailbox_refused(mb), 0);
    assert_int_equal(gw_mailbox_room(mb), 0);
    assert_true(readable(mb));
    v = 0;
    assert_true(gw_mailbox_wait(mb, &v, 1000));
    assert_int_equal(v, 7);
    assert_false(readable(mb));
    assert_false(gw_mailbox_wait(mb, &v, INT64_MAX)); /* nothing can come any more */
    gw_mailbox_free(mb);
}

static void bad_sizes(void **state)
{
    (void)state;
    struct gw_mailbox *mb = NULL;
    struct gw_err err = {0};
    assert_int_equal(gw_mailbox_new(0, 1, &mb, &err), GW_E_INVAL);
    assert_int_equal(gw_mailbox_new(1, 0, &mb, &err), GW_E_INVAL);
    assert_int_equal(gw_mailbox_new(SIZE_MAX / 2, 4, &mb, &err), GW_E_NOMEM);
    assert_int_equal(err.status, GW_E_NOMEM);
    assert_null(mb);
}

static void new_without_descriptors(void **state)
{
    (void)state;
    struct rlimit before;
    struct gw_mailbox *mb = NULL;
    struct gw_err err = {0};
    assert_true(limits_descriptors(0, &before));
    enum gw_status status = gw_mailbox_new(1, 1, &mb, &err);
    assert_true(limits_restore(&before));
    assert_int_equal(status, GW_E_IO);
    assert_null(mb);
    assert_non_null(strstr(err.msg, "mailbox"));
}

static void wait_ends_in_time(void **state)
{
    (void)state;
    struct gw_clock clock = gw_clock_system();
    struct gw_mailbox *mb = make(1, 1);
    char c;
    int64_t start = gw_clock_mono_ms(&clock);
    assert_false(gw_mailbox_wait(mb, &c, 0));
    assert_false(gw_mailbox_wait(mb, &c, -5));
    assert_false(gw_mailbox_wait(mb, &c, 20));
    assert_true(gw_clock_mono_ms(&clock) - start >= 19);
    gw_mailbox_free(mb);
}

/* Against a plain queue, with random puts and gets. */
static void agrees_with_a_model(void **state)
{
    uint64_t *seed = *state;
    for (size_t capacity = 1; capacity <= 9; capacity++) {
        struct gw_mailbox *mb = make(sizeof(uint64_t), capacity);
        uint64_t put = 0; /* the model: values put .. got are inside */
        uint64_t got = 0;
        uint64_t refused = 0;
        for (int i = 0; i < 5000; i++) {
            if (gw_rand_below(seed, 2) == 0) {
                enum gw_status status = gw_mailbox_put(mb, &put);
                assert_int_equal(status, put - got < capacity ? GW_OK : GW_E_FULL);
                if (status == GW_OK)
                    put++;
                else
                    refused++;
            } else {
                uint64_t v;
                bool any = gw_mailbox_get(mb, &v);
                assert_int_equal(any, put > got);
                if (any)
                    assert_true(v == got++);
            }
            assert_int_equal(gw_mailbox_room(mb), capacity - (size_t)(put - got));
            assert_int_equal(readable(mb), put > got);
        }
        assert_int_equal(gw_mailbox_refused(mb), refused);
        gw_mailbox_free(mb);
    }
}

#define PUTTERS    4
#define PER_PUTTER 20000

struct item {
    int from;
    int number;
    char ballast[50];
};

struct putter {
    pthread_t thread;
    struct gw_mailbox *mb;
    int from;
    uint64_t refused;
};

static void *put_all(void *arg)
{
    struct putter *p = arg;
    struct item it = {.from = p->from};
    memset(it.ballast, 'a' + p->from, sizeof it.ballast);
    for (int i = 0; i < PER_PUTTER;) {
        it.number = i;
        if (gw_mailbox_put(p->mb, &it) == GW_OK) {
            i++;
        } else {
            p->refused++;
            sched_yield();
        }
    }
    return NULL;
}

/* Nothing is lost, doubled or mixed up, and each putter's values stay in order. by_fd: the receiver
 * waits on the descriptor, else in gw_mailbox_wait. */
static void many_putters(bool by_fd)
{
    struct gw_mailbox *mb = make(sizeof(struct item), 16);
    struct putter putters[PUTTERS] = {0};
    for (int i = 0; i < PUTTERS; i++) {
        putters[i].mb = mb;
        putters[i].from = i;
        assert_int_equal(pthread_create(&putters[i].thread, NULL, put_all, &putters[i]), 0);
    }
    int next[PUTTERS] = {0};
    for (int left = PUTTERS * PER_PUTTER; left > 0;) {
        struct item it;
        if (by_fd) {
            struct pollfd p = {.fd = gw_mailbox_fd(mb), .events = POLLIN};
            assert_int_equal(poll(&p, 1, 30000), 1);
            assert_true(gw_mailbox_get(mb, &it)); /* readable means that there is something */
        } else {
            assert_true(gw_mailbox_wait(mb, &it, 30000));
        }
        assert_in_range(it.from, 0, PUTTERS - 1);
        assert_int_equal(it.number, next[it.from]);
        next[it.from]++;
        for (size_t i = 0; i < sizeof it.ballast; i++)
            assert_int_equal(it.ballast[i], 'a' + it.from);
        left--;
    }
    uint64_t refused = 0;
    for (int i = 0; i < PUTTERS; i++) {
        pthread_join(putters[i].thread, NULL);
        refused += putters[i].refused;
    }
    assert_true(gw_mailbox_refused(mb) == refused);
    assert_false(readable(mb));
    gw_mailbox_free(mb);
}

static void many_putters_and_wait(void **state)
{
    (void)state;
    many_putters(false);
}

static void many_putters_and_poll(void **state)
{
    (void)state;
    many_putters(true);
}

static void *close_it(void *arg)
{
    gw_mailbox_close(arg);
    return NULL;
}

static void close_wakes_the_receiver(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct gw_mailbox *mb = make(1, 1);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, close_it, mb), 0);
        char c;
        /* Would outlast the test's own limit if the close did not end it. */
        assert_false(gw_mailbox_wait(mb, &c, 3600000));
        pthread_join(thread, NULL);
        gw_mailbox_free(mb);
    }
}

int main(void)
{
    uint64_t seed = test_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(full_refuses_and_counts),
        cmocka_unit_test(descriptor_follows_the_content),
        cmocka_unit_test(closed_can_be_drained),
        cmocka_unit_test(bad_sizes),
        cmocka_unit_test(new_without_descriptors),
        cmocka_unit_test(wait_ends_in_time),
        cmocka_unit_test_prestate(agrees_with_a_model, &seed),
        cmocka_unit_test(many_putters_and_wait),
        cmocka_unit_test(many_putters_and_poll),
        cmocka_unit_test(close_wakes_the_receiver),
    };
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
