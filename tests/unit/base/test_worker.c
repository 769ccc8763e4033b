/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* pthread_getname_np */
#include "base/worker.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mailbox.h"
#include "support/cmocka_all.h"

static void count_up(void *arg)
{
    int *n = arg;
    (*n)++;
}

static void runs_once_and_joins(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        int n = 0;
        struct gw_worker *w = NULL;
        assert_int_equal(gw_worker_start("count", count_up, &n, &w, NULL), GW_OK);
        assert_true(gw_worker_join(w, 30000));
        assert_int_equal(n, 1);
    }
}

struct seen {
    char name[16];
    sigset_t mask;
};

static void look_around(void *arg)
{
    struct seen *seen = arg;
    pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
    pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
}

static void has_its_name_and_no_signals(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct gw_worker *w = NULL;
    assert_int_equal(gw_worker_start("mqtt", look_around, &seen, &w, NULL), GW_OK);
    assert_true(gw_worker_join(w, 30000));
    assert_string_equal(seen.name, "mqtt");
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE, SIGALRM};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        assert_int_equal(sigismember(&seen.mask, signals[i]), 1);
    /* The starter's own mask is as it was. */
    sigset_t mine;
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_int_equal(sigismember(&mine, SIGTERM), 0);
}

static void long_name_is_cut(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct gw_worker *w = NULL;
    assert_int_equal(gw_worker_start("serial-/dev/ttyUSB12345", look_around, &seen, &w, NULL),
                     GW_OK);
    assert_true(gw_worker_join(w, 30000));
    assert_string_equal(seen.name, "serial-/dev/tty");
}

static void obey_the_mailbox(void *arg)
{
    char c;
    while (gw_mailbox_wait(arg, &c, 3600000))
        continue;
}

static void ends_by_its_mailbox(void **state)
{
    (void)state;
    struct gw_mailbox *mb = NULL;
    struct gw_worker *w = NULL;
    assert_int_equal(gw_mailbox_new(1, 1, &mb, NULL), GW_OK);
    assert_int_equal(gw_worker_start("obey", obey_the_mailbox, mb, &w, NULL), GW_OK);
    gw_mailbox_close(mb);
    assert_true(gw_worker_join(w, 30000));
    gw_mailbox_free(mb);
}

/* A body that hangs until it is let go, and whose very end the test can see: the destructor of its
 * thread-specific value runs after all of the worker's own code. */
struct stuck {
    sem_t started, release, gone;
    pthread_key_t key;
};

static void thread_is_gone(void *arg)
{
    struct stuck *s = arg;
    sem_post(&s->gone);
}

static void hang(void *arg)
{
    struct stuck *s = arg;
    pthread_setspecific(s->key, s);
    sem_post(&s->started);
    while (sem_wait(&s->release) != 0)
        continue;
}

static bool wait_for(sem_t *sem)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 30;
    return sem_timedwait(sem, &limit) == 0;
}

static void stuck_worker_is_abandoned(void **state)
{
    (void)state;
    struct gw_clock clock = gw_clock_system();
    struct stuck s;
    assert_int_equal(sem_init(&s.started, 0, 0), 0);
    assert_int_equal(sem_init(&s.release, 0, 0), 0);
    assert_int_equal(sem_init(&s.gone, 0, 0), 0);
    assert_int_equal(pthread_key_create(&s.key, thread_is_gone), 0);

    struct gw_worker *w = NULL;
    assert_int_equal(gw_worker_start("stuck", hang, &s, &w, NULL), GW_OK);
    assert_true(wait_for(&s.started));
    int64_t start = gw_clock_mono_ms(&clock);
    assert_false(gw_worker_join(w, 30));
    assert_true(gw_clock_mono_ms(&clock) - start >= 29);

    /* It ends after all, and then frees itself; the leak checker watches. */
    sem_post(&s.release);
    assert_true(wait_for(&s.gone));
    pthread_key_delete(s.key);
    sem_destroy(&s.started);
    sem_destroy(&s.release);
    sem_destroy(&s.gone);
}

/* Joining at the very moment of the end, from both sides of it. */
static void end_and_deadline_may_meet(void **state)
{
    (void)state;
    int ended = 0;
    int abandoned = 0;
    for (int i = 0; i < 300; i++) {
        struct stuck s;
        assert_int_equal(sem_init(&s.started, 0, 0), 0);
        assert_int_equal(sem_init(&s.release, 0, 1), 0);
        assert_int_equal(sem_init(&s.gone, 0, 0), 0);
        assert_int_equal(pthread_key_create(&s.key, thread_is_gone), 0);
        struct gw_worker *w = NULL;
        assert_int_equal(gw_worker_start("meet", hang, &s, &w, NULL), GW_OK);
        if (i % 2 == 0)
            assert_true(wait_for(&s.started));
        if (gw_worker_join(w, i % 3 == 0 ? 1 : 0))
            ended++;
        else
            abandoned++;
        assert_true(wait_for(&s.gone));
        pthread_key_delete(s.key);
        sem_destroy(&s.started);
        sem_destroy(&s.release);
        sem_destroy(&s.gone);
    }
    assert_int_equal(ended + abandoned, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_once_and_joins),       cmocka_unit_test(has_its_name_and_no_signals),
        cmocka_unit_test(long_name_is_cut),          cmocka_unit_test(ends_by_its_mailbox),
        cmocka_unit_test(stuck_worker_is_abandoned), cmocka_unit_test(end_and_deadline_may_meet),
    };
    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
