/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/keeper.h"

#include <pthread.h>
#include <string.h>

#include "util.h"

#define WAIT_MS 5000

/* Bodies that do as they are told; the lock guards all of it. */
struct stage {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    unsigned made, running, released, left;
    unsigned let_go; /* bodies up to this number end */
    bool fail;       /* make */
    struct gw_keeper_post post[16];
    uint64_t put;
};

struct body {
    struct stage *stage;
    unsigned number; /* from 1 */
    bool stopped;
};

static enum gw_status make(void *arg, const struct gw_keeper_post *post, void **out,
                           struct gw_err *err)
{
    struct stage *s = arg;
    if (s->fail)
        return gw_err_set(err, GW_E_NOMEM, "no more");
    struct body *b = calloc(1, sizeof *b);
    assert_non_null(b);
    pthread_mutex_lock(&s->mutex);
    b->stage = s;
    b->number = ++s->made;
    s->post[b->number] = *post;
    pthread_mutex_unlock(&s->mutex);
    *out = b;
    return GW_OK;
}

static void run(void *arg)
{
    struct body *b = arg;
    struct stage *s = b->stage;
    pthread_mutex_lock(&s->mutex);
    s->running++;
    pthread_cond_broadcast(&s->cond);
    while (s->let_go < b->number)
        pthread_cond_wait(&s->cond, &s->mutex);
    s->running--;
    pthread_cond_broadcast(&s->cond);
    pthread_mutex_unlock(&s->mutex);
}

static void stop(void *arg)
{
    struct body *b = arg;
    b->stopped = true;
}

static void leave(void *arg)
{
    const struct body *b = arg;
    b->stage->left++;
}

static void release(void *arg)
{
    struct body *b = arg;
    struct stage *s = b->stage;
    pthread_mutex_lock(&s->mutex);
    s->released++;
    pthread_cond_broadcast(&s->cond);
    pthread_mutex_unlock(&s->mutex);
    free(b);
}

static const struct gw_keeper_body body = {
    .name = "body", .make = make, .run = run, .stop = stop, .leave = leave, .release = release};

static enum gw_status put(void *ctx, const struct gw_batch *batch)
{
    struct stage *s = ctx;
    (void)batch;
    s->put++;
    return GW_OK;
}

static struct gw_keeper *open_stage(struct stage *s)
{
    struct gw_keeper *k = NULL;
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->cond, NULL);
    const struct gw_batch_sink sink = {.put = put, .ctx = s};
    assert_int_equal(gw_keeper_start(&body, s, &sink, &k, NULL), GW_OK);
    return k;
}

static void let_go(struct stage *s, unsigned number)
{
    pthread_mutex_lock(&s->mutex);
    s->let_go = number;
    pthread_cond_broadcast(&s->cond);
    pthread_mutex_unlock(&s->mutex);
}

static void await_released(struct stage *s, unsigned n)
{
    pthread_mutex_lock(&s->mutex);
    while (s->released < n)
        pthread_cond_wait(&s->cond, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

static void await_running(struct stage *s, unsigned n)
{
    pthread_mutex_lock(&s->mutex);
    while (s->running != n)
        pthread_cond_wait(&s->cond, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

static unsigned released(struct stage *s)
{
    pthread_mutex_lock(&s->mutex);
    const unsigned n = s->released;
    pthread_mutex_unlock(&s->mutex);
    return n;
}

/* Looks until something is seen; how many looks that took. */
static enum gw_keeper_sight look(struct gw_keeper *k, int *looks)
{
    enum gw_keeper_sight sight = GW_KEEPER_WELL;
    for (*looks = 0; sight == GW_KEEPER_WELL && *looks < 1000; ++*looks)
        sight = gw_keeper_look(k);
    return sight;
}

static void one_that_gets_on_is_left_alone(void **state)
{
    (void)state;
    struct stage s;
    struct gw_keeper *k = open_stage(&s);
    for (int i = 0; i < 1000; i++) {
        if (i % (GW_KEEPER_LOOKS - 1) == 0)
            atomic_fetch_add(s.post[1].beat, 1);
        assert_int_equal(gw_keeper_look(k), GW_KEEPER_WELL);
    }
    assert_int_equal(s.made, 1);
    let_go(&s, 1);
    gw_keeper_stop(k);
    assert_true(gw_keeper_free(k, WAIT_MS));
    assert_int_equal(released(&s), 1);
}

static void one_that_hangs_is_replaced_and_muted(void **state)
{
    (void)state;
    struct stage s;
    struct gw_keeper *k = open_stage(&s);
    const struct gw_batch batch = {0};
    int looks;
    await_running(&s, 1);
    const struct gw_batch_sink first = s.post[1].sink;
    assert_int_equal(first.put(first.ctx, &batch), GW_OK);
    assert_int_equal(s.left, 0);
    assert_int_equal(look(k, &looks), GW_KEEPER_STUCK);
    assert_int_equal(s.left, 1);
    assert_in_range(looks, GW_KEEPER_LOOKS, GW_KEEPER_LOOKS + 1);
    await_running(&s, 2);
    assert_int_equal(s.made, 2);
    assert_int_equal(first.put(first.ctx, &batch), GW_E_CLOSED);
    assert_int_equal(s.put, 1);
    const struct gw_batch_sink second = s.post[2].sink;
    assert_int_equal(second.put(second.ctx, &batch), GW_OK);
    /* The first wakes up after all, and is gone. */
    let_go(&s, 1);
    await_released(&s, 1);
    await_running(&s, 1);
    let_go(&s, 2);
    assert_true(gw_keeper_free(k, WAIT_MS));
    assert_int_equal(released(&s), 2);
}

static void not_everybody_is_left_behind(void **state)
{
    (void)state;
    struct stage s;
    struct gw_keeper *k = open_stage(&s);
    int looks;
    for (unsigned i = 0; i < GW_KEEPER_LEFT_MAX; i++)
        assert_int_equal(look(k, &looks), GW_KEEPER_STUCK);
    assert_int_equal(look(k, &looks), GW_KEEPER_LOST);
    assert_int_equal(look(k, &looks), GW_KEEPER_WELL);
    assert_int_equal(s.made, GW_KEEPER_LEFT_MAX + 1);
    /* One of them ends: there is room again. */
    let_go(&s, 1);
    await_released(&s, 1);
    while (s.made == GW_KEEPER_LEFT_MAX + 1)
        (void)gw_keeper_look(k);
    assert_int_equal(s.made, GW_KEEPER_LEFT_MAX + 2);
    let_go(&s, s.made - 1);
    await_released(&s, s.made - 1);
    let_go(&s, s.made);
    (void)gw_keeper_free(k, WAIT_MS);
}

static void one_that_ends_by_itself_is_replaced_but_not_in_a_hurry(void **state)
{
    (void)state;
    struct stage s;
    struct gw_keeper *k = open_stage(&s);
    int looks;
    /* It ran for a while. */
    for (int i = 0; i < GW_KEEPER_LOOKS; i++) {
        atomic_fetch_add(s.post[1].beat, 1);
        assert_int_equal(gw_keeper_look(k), GW_KEEPER_WELL);
    }
    await_running(&s, 1);
    let_go(&s, 1);
    enum gw_keeper_sight sight;
    do {
        atomic_fetch_add(s.post[1].beat, 1);
        sight = gw_keeper_look(k);
    } while (sight == GW_KEEPER_WELL);
    assert_int_equal(sight, GW_KEEPER_ENDED);
    assert_int_equal(released(&s), 1);
    assert_int_equal(s.made, 2);
    /* The next one ends at once: a pause. */
    let_go(&s, 2);
    do {
        atomic_fetch_add(s.post[2].beat, 1);
        sight = gw_keeper_look(k);
    } while (sight == GW_KEEPER_WELL && released(&s) < 2);
    assert_true(sight == GW_KEEPER_LOST || sight == GW_KEEPER_ENDED);
    if (sight == GW_KEEPER_LOST) {
        s.fail = true;
        assert_int_equal(look(k, &looks), GW_KEEPER_WELL);
        assert_int_equal(s.made, 2);
        s.fail = false;
        assert_int_equal(look(k, &looks), GW_KEEPER_ENDED);
    }
    assert_int_equal(s.made, 3);
    let_go(&s, 3);
    assert_true(gw_keeper_free(k, WAIT_MS));
    assert_int_equal(released(&s), 3);
}

static void what_was_seen_is_told(void **state)
{
    (void)state;
    struct gw_driver_report none = {0};
    gw_keeper_tell(GW_KEEPER_WELL, "line", &none);
}

/* What a reload waits for a given number of threads that all hang. */
static int64_t waited_for(int hung)
{
    const int64_t since_ms = 5000;
    int64_t now_ms = since_ms;
    for (int i = 0; i < hung; i++) {
        const int64_t wait_ms = gw_keeper_patience(since_ms, now_ms);
        assert_in_range(wait_ms, 20, 1000);
        now_ms += wait_ms;
    }
    return now_ms - since_ms;
}

/* The service manager's watchdog does not wait 15 s for the core. */
static void all_that_hang_share_one_deadline(void **state)
{
    (void)state;
    assert_int_equal(waited_for(1), 1000);
    assert_int_equal(waited_for(2), 2000);
    assert_in_range(waited_for(16), 2000, 3000);
    /* Time that was spent otherwise counts, too. */
    assert_int_equal(gw_keeper_patience(1000, 2400), 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_gets_on_is_left_alone),
        cmocka_unit_test(one_that_hangs_is_replaced_and_muted),
        cmocka_unit_test(all_that_hang_share_one_deadline),
        cmocka_unit_test(not_everybody_is_left_behind),
        cmocka_unit_test(one_that_ends_by_itself_is_replaced_but_not_in_a_hurry),
        cmocka_unit_test(what_was_seen_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
