/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/backoff.h"
#include "limits.h"
#include "seed.h"
#include "support/cmocka_all.h"
#include "support/fake_clock.h"

static struct gw_fake_clock fake;
static struct gw_clock clock_;
static struct gw_loop *loop;

static int setup(void **state)
{
    (void)state;
    gw_fake_clock_init(&fake);
    clock_ = gw_fake_clock_clock(&fake);
    return gw_loop_new(&clock_, &loop, NULL) == GW_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gw_loop_free(loop);
    loop = NULL;
    return 0;
}

static int64_t now(void)
{
    return fake.now.mono_ms;
}

static void round_now(void)
{
    assert_int_equal(gw_loop_round(loop, 0), GW_OK);
}

/* ---- timers ---- */

#define FIRED_MAX 64

static struct {
    int ids[FIRED_MAX];
    int n;
} fired;

struct test_timer {
    struct gw_timer timer;
    int id;
    int64_t again_in_ms; /* 0: not again */
    struct test_timer *clear;
};

static void fire(void *arg)
{
    struct test_timer *t = arg;
    assert_int_equal(t->timer.slot, 0);
    assert_true(fired.n < FIRED_MAX);
    fired.ids[fired.n++] = t->id;
    if (t->clear != NULL)
        gw_loop_timer_clear(loop, &t->clear->timer);
    if (t->again_in_ms != 0)
        assert_int_equal(gw_loop_timer_set(loop, &t->timer, now() + t->again_in_ms), GW_OK);
}

static void prepare(struct test_timer *t, int id)
{
    *t = (struct test_timer){.id = id};
    t->timer = (struct gw_timer){.fire = fire, .arg = t};
}

static void set(struct test_timer *t, int64_t due_ms)
{
    assert_int_equal(gw_loop_timer_set(loop, &t->timer, due_ms), GW_OK);
    assert_int_equal(t->timer.due_ms, due_ms);
    assert_true(t->timer.slot != 0);
}

static void fired_are(const char *want)
{
    char got[FIRED_MAX * 4] = "";
    for (int i = 0; i < fired.n; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%d ", fired.ids[i]);
    assert_string_equal(got, want);
    fired.n = 0;
}

static void timers_fire_in_order_when_due(void **state)
{
    (void)state;
    struct test_timer t[4];
    for (int i = 0; i < 4; i++)
        prepare(&t[i], i);
    set(&t[0], now() + 30);
    set(&t[1], now() + 10);
    set(&t[2], now() + 20);
    set(&t[3], now() + 10);
    round_now();
    fired_are("");
    gw_fake_clock_advance(&fake, 9);
    round_now();
    fired_are("");
    gw_fake_clock_advance(&fake, 1);
    round_now();
    fired_are("1 3 "); /* equal times: first set, first fired */
    round_now();
    fired_are("");
    gw_fake_clock_advance(&fake, 1000);
    round_now();
    fired_are("2 0 ");
}

static void timers_of_the_past_fire_at_once(void **state)
{
    (void)state;
    struct test_timer t[3];
    for (int i = 0; i < 3; i++)
        prepare(&t[i], i);
    set(&t[0], now());
    set(&t[1], INT64_MIN);
    set(&t[2], now() - 5);
    round_now();
    fired_are("1 2 0 ");
}

static void timers_far_away(void **state)
{
    (void)state;
    struct test_timer t;
    prepare(&t, 0);
    set(&t, INT64_MAX);
    round_now();
    fired_are("");
    gw_loop_timer_clear(loop, &t.timer);
}

static void moving_and_clearing(void **state)
{
    (void)state;
    struct test_timer t[3];
    for (int i = 0; i < 3; i++)
        prepare(&t[i], i);
    gw_loop_timer_clear(loop, &t[0].timer); /* not set: fine */
    set(&t[0], now() + 10);
    set(&t[1], now() + 20);
    set(&t[2], now() + 30);
    set(&t[0], now() + 40); /* later */
    set(&t[2], now() + 5);  /* sooner */
    gw_loop_timer_clear(loop, &t[1].timer);
    assert_int_equal(t[1].timer.slot, 0);
    gw_loop_timer_clear(loop, &t[1].timer);
    gw_fake_clock_advance(&fake, 39);
    round_now();
    fired_are("2 ");
    gw_fake_clock_advance(&fake, 1);
    round_now();
    fired_are("0 ");
}

static void handler_clears_another_that_is_due(void **state)
{
    (void)state;
    struct test_timer t[3];
    for (int i = 0; i < 3; i++) {
        prepare(&t[i], i);
        set(&t[i], now() + i);
    }
    t[0].clear = &t[1];
    gw_fake_clock_advance(&fake, 10);
    round_now();
    fired_are("0 2 ");
}

/* A timer that sets itself to now or to the past fires once a round, after the others. */
static void self_setting_timer_starves_nobody(void **state)
{
    (void)state;
    struct test_timer t[2];
    prepare(&t[0], 0);
    prepare(&t[1], 1);
    t[0].again_in_ms = -1000;
    set(&t[0], now() - 50);
    set(&t[1], now());
    round_now();
    fired_are("0 1 ");
    round_now();
    fired_are("0 ");
    round_now();
    fired_are("0 ");
    gw_loop_timer_clear(loop, &t[0].timer);
}

static void periodic_timer(void **state)
{
    (void)state;
    struct test_timer t;
    prepare(&t, 7);
    t.again_in_ms = 100;
    set(&t, now() + 100);
    for (int i = 0; i < 5; i++) {
        gw_fake_clock_advance(&fake, 100);
        round_now();
        fired_are("7 ");
    }
    gw_loop_timer_clear(loop, &t.timer);
}

/* Against a plain array, with hundreds of timers that are set, moved, cleared and fired at random.
 */
#define MODEL_TIMERS 300

struct model {
    struct gw_timer timer[MODEL_TIMERS];
    int64_t due[MODEL_TIMERS]; /* -1: not set */
    int64_t last_due;
    int count;
};

struct model_arg {
    struct model *m;
    int i;
};

static void model_fire(void *arg)
{
    const struct model_arg *a = arg;
    struct model *m = a->m;
    assert_true(m->due[a->i] >= 0 && m->due[a->i] <= now());
    assert_true(m->due[a->i] >= m->last_due);
    m->last_due = m->due[a->i];
    m->due[a->i] = -1;
    m->count++;
}

static void timers_agree_with_a_model(void **state)
{
    uint64_t *seed = *state;
    static struct model m;
    static struct model_arg args[MODEL_TIMERS];
    memset(&m, 0, sizeof m);
    for (int i = 0; i < MODEL_TIMERS; i++) {
        args[i] = (struct model_arg){.m = &m, .i = i};
        m.timer[i] = (struct gw_timer){.fire = model_fire, .arg = &args[i]};
        m.due[i] = -1;
    }
    for (int step = 0; step < 50000; step++) {
        int i = (int)gw_rand_below(seed, MODEL_TIMERS);
        uint64_t what = gw_rand_below(seed, 10);
        if (what < 6) {
            m.due[i] = now() + (int64_t)gw_rand_below(seed, 500);
            assert_int_equal(gw_loop_timer_set(loop, &m.timer[i], m.due[i]), GW_OK);
        } else if (what < 8) {
            gw_loop_timer_clear(loop, &m.timer[i]);
            m.due[i] = -1;
        } else {
            gw_fake_clock_advance(&fake, (int64_t)gw_rand_below(seed, 20));
            m.last_due = 0;
            round_now();
            for (int k = 0; k < MODEL_TIMERS; k++) {
                assert_true(m.due[k] < 0 || m.due[k] > now());
                assert_int_equal(m.timer[k].slot != 0, m.due[k] >= 0);
            }
        }
    }
    assert_true(m.count > 1000);
}

/* ---- descriptors ---- */

struct end {
    struct gw_watch watch;
    int other; /* the peer's descriptor */
    unsigned got;
    struct end *unwatch; /* by the handler */
    int calls;
};

static void ready(void *arg, unsigned events)
{
    struct end *e = arg;
    e->got = events;
    e->calls++;
    if (e->unwatch != NULL) {
        struct end *victim = e->unwatch;
        gw_loop_unwatch(loop, &victim->watch);
        /* Whoever unwatches may free at once. */
        victim->watch.ready = NULL;
    }
}

static void open_end(struct end *e)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    *e = (struct end){.other = pair[1]};
    e->watch = (struct gw_watch){.fd = pair[0], .ready = ready, .arg = e};
}

static void close_end(struct end *e)
{
    gw_loop_unwatch(loop, &e->watch);
    close(e->watch.fd);
    if (e->other >= 0)
        close(e->other);
}

static void watch(struct end *e, unsigned events)
{
    assert_int_equal(gw_loop_watch(loop, &e->watch, events), GW_OK);
    assert_true(e->watch.active);
}

static void say(const struct end *e)
{
    assert_int_equal(write(e->other, "x", 1), 1);
}

static void reports_what_is_wanted(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    watch(&e, GW_LOOP_IN);
    round_now();
    assert_int_equal(e.calls, 0);
    say(&e);
    round_now();
    assert_int_equal(e.got, GW_LOOP_IN);
    round_now();
    assert_int_equal(e.calls, 2); /* level-triggered: it was not read */
    watch(&e, GW_LOOP_IN | GW_LOOP_OUT);
    round_now();
    assert_int_equal(e.got, GW_LOOP_IN | GW_LOOP_OUT);
    watch(&e, GW_LOOP_OUT);
    round_now();
    assert_int_equal(e.got, GW_LOOP_OUT);
    int calls = e.calls;
    watch(&e, 0);
    round_now();
    assert_int_equal(e.calls, calls);
    close_end(&e);
}

static void reports_hang_up(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    watch(&e, 0); /* always reported */
    close(e.other);
    e.other = -1;
    round_now();
    assert_int_equal(e.got, GW_LOOP_ERR);
    watch(&e, GW_LOOP_IN);
    round_now();
    assert_int_equal(e.got, GW_LOOP_ERR | GW_LOOP_IN);
    close_end(&e);
}

static void bad_descriptor_is_an_error(void **state)
{
    (void)state;
    struct gw_watch w = {.fd = -1, .ready = ready};
    assert_int_equal(gw_loop_watch(loop, &w, GW_LOOP_IN), GW_E_IO);
    assert_false(w.active);
    gw_loop_unwatch(loop, &w);
    FILE *f = tmpfile(); /* epoll refuses plain files */
    assert_non_null(f);
    w.fd = fileno(f);
    assert_int_equal(gw_loop_watch(loop, &w, GW_LOOP_IN), GW_E_IO);
    assert_false(w.active);
    fclose(f);
}

/* Two are ready; whichever is served first unwatches the other, which must then stay silent. */
static void unwatched_in_the_same_round(void **state)
{
    (void)state;
    struct end a;
    struct end b;
    open_end(&a);
    open_end(&b);
    a.unwatch = &b;
    b.unwatch = &a;
    watch(&a, GW_LOOP_IN);
    watch(&b, GW_LOOP_IN);
    say(&a);
    say(&b);
    round_now();
    assert_int_equal(a.calls + b.calls, 1);
    round_now();
    assert_int_equal(a.calls + b.calls, 2);
    close_end(&a);
    close_end(&b);
}

static void unwatches_itself(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    e.unwatch = &e;
    watch(&e, GW_LOOP_IN);
    say(&e);
    round_now();
    round_now();
    assert_int_equal(e.calls, 1);
    assert_false(e.watch.active);
    gw_loop_unwatch(loop, &e.watch);
    e.watch.ready = ready;
    e.unwatch = NULL;
    watch(&e, GW_LOOP_IN);
    round_now();
    assert_int_equal(e.calls, 2);
    close_end(&e);
}

/* An event that an earlier handler of the round no longer wants is not delivered. */
struct narrower {
    struct end *target;
};

static void narrow(void *arg, unsigned events)
{
    (void)events;
    struct narrower *n = arg;
    assert_int_equal(gw_loop_watch(loop, &n->target->watch, GW_LOOP_IN), GW_OK);
}

static void narrowed_in_the_same_round(void **state)
{
    (void)state;
    struct end a;
    struct end b;
    open_end(&a);
    open_end(&b);
    struct narrower n = {.target = &b};
    a.watch.ready = narrow;
    a.watch.arg = &n;
    watch(&a, GW_LOOP_IN); /* became ready first, is served first */
    say(&a);
    watch(&b, GW_LOOP_OUT);
    round_now();
    assert_int_equal(b.calls, 0);
    close_end(&a);
    close_end(&b);
}

static void many_descriptors(void **state)
{
    (void)state;
    enum { N = 150 };
    static struct end e[N];
    for (int i = 0; i < N; i++) {
        open_end(&e[i]);
        watch(&e[i], GW_LOOP_IN);
        say(&e[i]);
    }
    /* More than one round can hold; nobody waits for ever. */
    for (int round = 0; round < 10; round++)
        round_now();
    for (int i = 0; i < N; i++) {
        assert_true(e[i].calls >= 1);
        close_end(&e[i]);
    }
}

/* ---- the loop ---- */

static void new_knows_clock_and_time(void **state)
{
    (void)state;
    assert_ptr_equal(gw_loop_clock(loop)->ctx, &fake);
    assert_int_equal(gw_loop_now_ms(loop), now());
    gw_fake_clock_advance(&fake, 77);
    assert_int_equal(gw_loop_now_ms(loop), now() - 77);
    round_now();
    assert_int_equal(gw_loop_now_ms(loop), now());
    gw_loop_free(NULL);
}

static void new_without_descriptors(void **state)
{
    (void)state;
    for (unsigned left = 0; left < 2; left++) {
        struct rlimit before;
        struct gw_loop *none = NULL;
        struct gw_err err = {0};
        assert_true(limits_descriptors(left, &before));
        enum gw_status status = gw_loop_new(&clock_, &none, &err);
        assert_true(limits_restore(&before));
        assert_int_equal(status, GW_E_IO);
        assert_null(none);
        assert_non_null(strstr(err.msg, "event loop"));
    }
}

static void real_clock_waits_for_the_timer(void **state)
{
    (void)state;
    struct gw_clock clock = gw_clock_system();
    struct gw_loop *fake_loop = loop;
    assert_int_equal(gw_loop_new(&clock, &loop, NULL), GW_OK);
    struct test_timer t;
    prepare(&t, 1);
    int64_t start = gw_clock_mono_ms(&clock);
    assert_int_equal(gw_loop_timer_set(loop, &t.timer, start + 25), GW_OK);
    assert_int_equal(gw_loop_round(loop, 30000), GW_OK);
    int64_t took = gw_clock_mono_ms(&clock) - start;
    fired_are("1 ");
    assert_in_range(took, 25, 20000);
    /* And no longer than asked for. */
    assert_int_equal(gw_loop_timer_set(loop, &t.timer, start + 3600000), GW_OK);
    start = gw_clock_mono_ms(&clock);
    assert_int_equal(gw_loop_round(loop, 10), GW_OK);
    assert_in_range(gw_clock_mono_ms(&clock) - start, 9, 20000);
    fired_are("");
    gw_loop_free(loop);
    loop = fake_loop;
}

static void stop_itself(void *arg)
{
    gw_loop_stop(arg);
}

static void stop_from_a_handler_and_run_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct gw_timer t = {.fire = stop_itself, .arg = loop};
        assert_int_equal(gw_loop_timer_set(loop, &t, now()), GW_OK);
        assert_int_equal(gw_loop_run(loop), GW_OK);
    }
}

static void stop_before_run_counts(void **state)
{
    (void)state;
    gw_loop_stop(loop);
    gw_loop_stop(loop);
    assert_int_equal(gw_loop_run(loop), GW_OK);
    round_now();
}

static void *stop_thread(void *arg)
{
    gw_loop_stop(arg);
    return NULL;
}

static void stop_from_another_thread(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, stop_thread, loop), 0);
        assert_int_equal(gw_loop_run(loop), GW_OK);
        pthread_join(thread, NULL);
    }
}

static struct gw_loop *signalled;

static void on_signal(int sig)
{
    (void)sig;
    gw_loop_stop(signalled);
}

static void raise_signal(void *arg)
{
    (void)arg;
    raise(SIGUSR1);
}

static void stop_from_a_signal_handler(void **state)
{
    (void)state;
    signalled = loop;
    struct sigaction sa = {.sa_handler = on_signal};
    struct sigaction before;
    assert_int_equal(sigaction(SIGUSR1, &sa, &before), 0);
    struct gw_timer t = {.fire = raise_signal};
    assert_int_equal(gw_loop_timer_set(loop, &t, now()), GW_OK);
    assert_int_equal(gw_loop_run(loop), GW_OK);
    sigaction(SIGUSR1, &before, NULL);
}

static void *signal_thread(void *arg)
{
    pthread_kill(*(pthread_t *)arg, SIGUSR1);
    return NULL;
}

/* A signal that interrupts the wait is no error. */
static void interrupted_wait_goes_on(void **state)
{
    (void)state;
    signalled = loop;
    struct sigaction sa = {.sa_handler = on_signal}; /* no SA_RESTART */
    struct sigaction before;
    assert_int_equal(sigaction(SIGUSR1, &sa, &before), 0);
    for (int i = 0; i < 100; i++) {
        pthread_t self = pthread_self();
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, signal_thread, &self), 0);
        assert_int_equal(gw_loop_run(loop), GW_OK);
        pthread_join(thread, NULL);
    }
    sigaction(SIGUSR1, &before, NULL);
}

static void round_after_stop_still_serves(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    watch(&e, GW_LOOP_IN);
    say(&e);
    gw_loop_stop(loop);
    assert_int_equal(gw_loop_run(loop), GW_OK);
    assert_int_equal(e.calls, 1);
    close_end(&e);
}

/* ---- paused by another thread ---- */

struct paused {
    int fired;          /* only touched inside the loop, or while it is paused */
    struct gw_timer at; /* sets itself again and again */
    atomic_bool blocks; /* the handler leaves the loop ... */
    atomic_bool go;     /* ... until this is set */
    atomic_bool inside; /* it has left */
};

static void count_up(void *arg)
{
    struct paused *p = arg;
    p->fired++;
    if (atomic_load(&p->blocks)) {
        gw_loop_leave(loop);
        atomic_store(&p->inside, true);
        while (!atomic_load(&p->go))
            sched_yield();
        gw_loop_enter(loop);
        atomic_store(&p->blocks, false);
    }
    assert_int_equal(gw_loop_timer_set(loop, &p->at, gw_loop_now_ms(loop)), GW_OK);
}

static void *run_thread(void *arg)
{
    (void)arg;
    return gw_loop_run(loop) == GW_OK ? NULL : loop;
}

static void a_pause_keeps_handlers_out(void **state)
{
    (void)state;
    struct paused p = {.at = {.fire = count_up, .arg = &p}};
    pthread_t thread;
    int last = 0;
    assert_int_equal(gw_loop_timer_set(loop, &p.at, now()), GW_OK);
    assert_int_equal(pthread_create(&thread, NULL, run_thread, NULL), 0);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(gw_loop_pause(loop, 10000), GW_OK);
        const int count = p.fired;
        for (int k = 0; k < 20; k++)
            sched_yield();
        assert_int_equal(p.fired, count);
        last = count;
        p.fired++; /* a race would lose it, and a checker would see it */
        gw_loop_resume(loop);
    }
    gw_loop_stop(loop);
    void *failed = NULL;
    pthread_join(thread, &failed);
    assert_null(failed);
    assert_true(p.fired > last);
    gw_loop_timer_clear(loop, &p.at);
}

/* A handler that blocks outside the loop is not waited for, and one that blocks inside is, but not
 * for ever. What was watched may be gone after a pause. */
static void a_pause_waits_for_handlers_only(void **state)
{
    (void)state;
    struct paused p = {.at = {.fire = count_up, .arg = &p}};
    pthread_t thread;
    atomic_store(&p.blocks, true);
    assert_int_equal(gw_loop_timer_set(loop, &p.at, now()), GW_OK);
    assert_int_equal(pthread_create(&thread, NULL, run_thread, NULL), 0);
    while (!atomic_load(&p.inside))
        sched_yield();
    assert_int_equal(gw_loop_pause(loop, 0), GW_OK);
    gw_loop_timer_clear(loop, &p.at);
    gw_loop_resume(loop);
    gw_loop_enter(loop); /* stands in for a handler that hangs */
    assert_int_equal(gw_loop_pause(loop, 5), GW_E_TIMEOUT);
    gw_loop_leave(loop);
    atomic_store(&p.go, true);
    gw_loop_stop(loop);
    pthread_join(thread, NULL);
    gw_loop_timer_clear(loop, &p.at);
}

/* A timer that is set while the loop is paused ends its wait. */
static void a_pause_ends_the_wait(void **state)
{
    (void)state;
    struct paused p = {.at = {.fire = count_up, .arg = &p}};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_thread, NULL), 0);
    assert_int_equal(gw_loop_pause(loop, 10000), GW_OK);
    assert_int_equal(gw_loop_timer_set(loop, &p.at, now()), GW_OK);
    gw_loop_resume(loop);
    for (int count = 0; count == 0;) {
        assert_int_equal(gw_loop_pause(loop, 10000), GW_OK);
        count = p.fired;
        gw_loop_resume(loop);
    }
    gw_loop_stop(loop);
    pthread_join(thread, NULL);
    gw_loop_timer_clear(loop, &p.at);
}

#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static uint64_t seed;

static int setup_seeded(void **state)
{
    *state = &seed;
    return setup(state);
}

int main(void)
{
    seed = test_seed();
    const struct CMUnitTest tests[] = {
        WITH_LOOP(timers_fire_in_order_when_due),
        WITH_LOOP(timers_of_the_past_fire_at_once),
        WITH_LOOP(timers_far_away),
        WITH_LOOP(moving_and_clearing),
        WITH_LOOP(handler_clears_another_that_is_due),
        WITH_LOOP(self_setting_timer_starves_nobody),
        WITH_LOOP(periodic_timer),
        WITH_LOOP(a_pause_keeps_handlers_out),
        WITH_LOOP(a_pause_waits_for_handlers_only),
        WITH_LOOP(a_pause_ends_the_wait),
        cmocka_unit_test_setup_teardown(timers_agree_with_a_model, setup_seeded, teardown),
        WITH_LOOP(reports_what_is_wanted),
        WITH_LOOP(reports_hang_up),
        WITH_LOOP(bad_descriptor_is_an_error),
        WITH_LOOP(unwatched_in_the_same_round),
        WITH_LOOP(unwatches_itself),
        WITH_LOOP(narrowed_in_the_same_round),
        WITH_LOOP(many_descriptors),
        WITH_LOOP(new_knows_clock_and_time),
        WITH_LOOP(new_without_descriptors),
        WITH_LOOP(real_clock_waits_for_the_timer),
        WITH_LOOP(stop_from_a_handler_and_run_again),
        WITH_LOOP(stop_before_run_counts),
        WITH_LOOP(stop_from_another_thread),
        WITH_LOOP(stop_from_a_signal_handler),
        WITH_LOOP(interrupted_wait_goes_on),
        WITH_LOOP(round_after_stop_still_serves),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
