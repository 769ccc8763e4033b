/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/keeper.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/worker.h"

#define TAG            "modbus"
#define PAUSE_MS       1000 /* one that does not stop working for so long hangs */
#define PAUSES_MS      2000 /* for all of them in one reload ... */
#define PAUSE_LEAST_MS 50   /* ... but each is given this */

enum state { RUNNING = 0, ENDED, LEFT };

/* What outlives the keeper as long as somebody is left behind. */
struct roll {
    atomic_uint left;  /* left behind, and not ended yet */
    atomic_uint users; /* the keeper, and those left behind */
};

/* One thread's. */
struct shift {
    atomic_int state;
    atomic_uint beat;
    struct roll *roll;
    const struct gw_keeper_body *body;
    void *object;
    pthread_mutex_t mutex; /* for what follows; nobody waits while it is held */
    bool muted;
    struct gw_batch_sink sink;
};

struct gw_keeper {
    const struct gw_keeper_body *body;
    void *arg;
    struct gw_batch_sink sink;
    struct roll *roll;
    struct shift *shift; /* NULL: there is no thread */
    struct gw_worker *worker;
    unsigned beat;  /* as seen last */
    unsigned still; /* looks since it changed */
    unsigned age;   /* looks since the thread was started */
    unsigned pause; /* looks until another one is tried to start */
    bool helpless;  /* stuck, and too many left behind */
};

static void drop_roll(struct roll *roll)
{
    if (atomic_fetch_sub(&roll->users, 1) == 1)
        free(roll);
}

static void free_shift(struct shift *s)
{
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

/* Once the shift is muted, the sink may be gone. */
static enum gw_status put(void *ctx, const struct gw_batch *batch)
{
    struct shift *s = ctx;
    pthread_mutex_lock(&s->mutex);
    const enum gw_status status = s->muted ? GW_E_CLOSED : s->sink.put(s->sink.ctx, batch);
    pthread_mutex_unlock(&s->mutex);
    return status;
}

static void mute(struct shift *s)
{
    pthread_mutex_lock(&s->mutex);
    s->muted = true;
    pthread_mutex_unlock(&s->mutex);
}

static void run_shift(void *arg)
{
    struct shift *s = arg;
    s->body->run(s->object);
    int state = RUNNING;
    if (atomic_compare_exchange_strong(&s->state, &state, ENDED))
        return;
    s->body->release(s->object);
    atomic_fetch_sub(&s->roll->left, 1);
    drop_roll(s->roll);
    free_shift(s);
}

static enum gw_status start(struct gw_keeper *k, struct gw_err *err)
{
    struct shift *s = calloc(1, sizeof *s);
    if (s == NULL || pthread_mutex_init(&s->mutex, NULL) != 0) {
        free(s);
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", k->body->name);
    }
    s->body = k->body;
    s->roll = k->roll;
    s->sink = k->sink;
    const struct gw_keeper_post post = {.sink = {.put = put, .ctx = s}, .beat = &s->beat};
    enum gw_status status = k->body->make(k->arg, &post, &s->object, err);
    if (status == GW_OK) {
        status = gw_worker_start(k->body->name, run_shift, s, &k->worker, err);
        if (status != GW_OK)
            k->body->release(s->object);
    }
    if (status != GW_OK) {
        free_shift(s);
        return status;
    }
    k->shift = s;
    k->beat = k->still = k->age = 0;
    return GW_OK;
}

enum gw_status gw_keeper_start(const struct gw_keeper_body *body, void *arg,
                               const struct gw_batch_sink *sink, struct gw_keeper **out,
                               struct gw_err *err)
{
    struct gw_keeper *k = calloc(1, sizeof *k);
    struct roll *roll = calloc(1, sizeof *roll);
    if (k == NULL || roll == NULL) {
        free(k);
        free(roll);
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", body->name);
    }
    atomic_init(&roll->users, 1);
    k->body = body;
    k->arg = arg;
    k->sink = *sink;
    k->roll = roll;
    const enum gw_status status = start(k, err);
    if (status != GW_OK) {
        free(roll);
        free(k);
        return status;
    }
    *out = k;
    return GW_OK;
}

/* The thread has ended: nobody else looks at its shift. */
static void bury(struct gw_keeper *k)
{
    /* It is past its last look at the shift, and about to return. */
    (void)!gw_worker_join(k->worker, 1000);
    k->body->release(k->shift->object);
    free_shift(k->shift);
    k->shift = NULL;
    k->worker = NULL;
}

/* False when the thread ended after all. From here on the shift is the thread's. */
static bool leave_behind(struct gw_keeper *k)
{
    struct shift *s = k->shift;
    mute(s);
    k->body->stop(s->object);
    if (k->body->leave != NULL)
        k->body->leave(s->object);
    atomic_fetch_add(&k->roll->left, 1);
    atomic_fetch_add(&k->roll->users, 1);
    int state = RUNNING;
    if (!atomic_compare_exchange_strong(&s->state, &state, LEFT)) {
        atomic_fetch_sub(&k->roll->left, 1);
        atomic_fetch_sub(&k->roll->users, 1);
        return false;
    }
    (void)!gw_worker_join(k->worker, 0);
    k->shift = NULL;
    k->worker = NULL;
    return true;
}

/* Another thread; what is told when there is one. */
static enum gw_keeper_sight renew(struct gw_keeper *k, enum gw_keeper_sight sight)
{
    struct gw_err err = {.msg = ""};
    if (start(k, &err) == GW_OK)
        return sight;
    gw_log(GW_LOG_ERR, TAG, "%s", err.msg);
    k->pause = GW_KEEPER_LOOKS;
    return GW_KEEPER_LOST;
}

static bool is_still(struct gw_keeper *k)
{
    const unsigned beat = atomic_load(&k->shift->beat);
    k->still = beat == k->beat ? k->still + 1 : 0;
    k->beat = beat;
    if (k->still == 0)
        k->helpless = false;
    return k->still >= GW_KEEPER_LOOKS;
}

enum gw_keeper_sight gw_keeper_look(struct gw_keeper *k)
{
    if (k->shift == NULL) {
        if (k->pause > 0 && --k->pause > 0)
            return GW_KEEPER_WELL;
        const enum gw_keeper_sight sight = renew(k, GW_KEEPER_ENDED);
        return sight == GW_KEEPER_LOST ? GW_KEEPER_WELL : sight;
    }
    k->age++;
    if (atomic_load(&k->shift->state) == ENDED) {
        const bool soon = k->age < GW_KEEPER_LOOKS;
        bury(k);
        if (!soon)
            return renew(k, GW_KEEPER_ENDED);
        k->pause = GW_KEEPER_LOOKS; /* it would end again and again */
        return GW_KEEPER_LOST;
    }
    if (!is_still(k))
        return GW_KEEPER_WELL;
    if (atomic_load(&k->roll->left) >= GW_KEEPER_LEFT_MAX) {
        const bool told = k->helpless;
        k->helpless = true;
        return told ? GW_KEEPER_WELL : GW_KEEPER_LOST;
    }
    if (leave_behind(k))
        return renew(k, GW_KEEPER_STUCK);
    bury(k);
    return renew(k, GW_KEEPER_ENDED);
}

void gw_keeper_tell(enum gw_keeper_sight sight, const char *subject,
                    const struct gw_driver_report *report)
{
    static const struct {
        const char *en, *zh;
    } words[] = {
        [GW_KEEPER_ENDED] = {"its polling thread ended by itself; another one was started",
                             "轮询线程自行终止，已重新启动"},
        [GW_KEEPER_STUCK] = {"its polling thread hangs; it is left behind, another one was started",
                             "轮询线程停滞，已弃用并重新启动"},
        [GW_KEEPER_LOST] = {"it is not polled: there is no thread that gets on",
                            "无法轮询：没有可用的轮询线程"},
    };
    if (sight == GW_KEEPER_WELL)
        return;
    gw_log(GW_LOG_ERR, TAG, "%s: %s", subject, words[sight].en);
    report->tell(report->arg, subject, words[sight].en, words[sight].zh);
}

void *gw_keeper_object(struct gw_keeper *k)
{
    return k->shift != NULL ? k->shift->object : NULL;
}

void gw_keeper_sink(struct gw_keeper *k, const struct gw_batch_sink *sink)
{
    k->sink = *sink;
    if (k->shift == NULL)
        return;
    pthread_mutex_lock(&k->shift->mutex);
    k->shift->sink = *sink;
    pthread_mutex_unlock(&k->shift->mutex);
}

void gw_keeper_leave(struct gw_keeper *k)
{
    if (k->shift != NULL && !leave_behind(k))
        bury(k);
}

bool gw_keeper_gone(const struct gw_keeper *k)
{
    return atomic_load(&k->roll->left) == 0;
}

enum gw_status gw_keeper_renew(struct gw_keeper *k, struct gw_err *err)
{
    gw_keeper_leave(k);
    return start(k, err);
}

int64_t gw_keeper_patience(int64_t since_ms, int64_t now_ms)
{
    const int64_t left_ms = since_ms + PAUSES_MS - now_ms;
    if (left_ms < PAUSE_LEAST_MS)
        return PAUSE_LEAST_MS;
    return left_ms < PAUSE_MS ? left_ms : PAUSE_MS;
}

void gw_keeper_stop(struct gw_keeper *k)
{
    if (k->shift != NULL)
        k->body->stop(k->shift->object);
}

/* Those that were left behind are asked to stop, too; one that is just going is waited for. */
static bool all_gone(const struct gw_keeper *k, int64_t timeout_ms)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int64_t i = 0; i < timeout_ms && atomic_load(&k->roll->left) > 0; i++)
        (void)nanosleep(&pause, NULL);
    return atomic_load(&k->roll->left) == 0;
}

bool gw_keeper_free(struct gw_keeper *k, int64_t timeout_ms)
{
    if (k == NULL)
        return true;
    if (k->shift != NULL && gw_worker_join(k->worker, timeout_ms)) {
        k->body->release(k->shift->object);
        free_shift(k->shift);
    } else if (k->shift != NULL) {
        /* Its worker is abandoned already; so is all that it may still use. */
        free(k);
        return false;
    }
    const bool all = all_gone(k, timeout_ms);
    drop_roll(k->roll);
    free(k);
    return all;
}
