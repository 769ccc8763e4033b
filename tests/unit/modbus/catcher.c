/* SPDX-License-Identifier: Apache-2.0 */
#include "catcher.h"

#include <time.h>

#include "util.h"

#define WAIT_S 40

void catcher_init(struct catcher *c)
{
    *c = (struct catcher){0};
    assert_int_equal(pthread_mutex_init(&c->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&c->cond, NULL), 0);
}

static void take(struct catcher *c, const struct gw_batch *b)
{
    struct caught *d = &c->devices[b->device];
    const struct gw_polls *p = &b->polls;
    if (p->scheduled != p->read + p->failed + p->skipped)
        d->sum_wrong++;
    d->batch = *b;
    for (size_t i = 0; i < b->n; i++) {
        const struct gw_sample *s = &b->samples[i];
        c->points[s->point] = *s;
        if (s->quality == GW_Q_GOOD)
            c->good[s->point]++;
        else
            c->bad[s->point]++;
    }
    if (b->last) {
        d->passes++;
        d->by_link[b->link]++;
    }
}

static enum gw_status put(void *ctx, const struct gw_batch *b)
{
    struct catcher *c = ctx;
    (void)pthread_mutex_lock(&c->mutex);
    const bool refuse = c->refuse;
    if (refuse)
        c->refused++;
    else
        take(c, b);
    (void)pthread_cond_broadcast(&c->cond);
    (void)pthread_mutex_unlock(&c->mutex);
    return refuse ? GW_E_FULL : GW_OK;
}

struct gw_batch_sink catcher_sink(struct catcher *c)
{
    return (struct gw_batch_sink){.put = put, .ctx = c};
}

void catcher_refuse(struct catcher *c, bool refuse)
{
    (void)pthread_mutex_lock(&c->mutex);
    c->refuse = refuse;
    (void)pthread_mutex_unlock(&c->mutex);
}

/* Waits until holds(c, device, want). */
static void wait_for(struct catcher *c, uint32_t device, uint64_t want,
                     bool (*holds)(const struct catcher *c, uint32_t device, uint64_t want))
{
    struct timespec deadline;
    (void)clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += WAIT_S;
    (void)pthread_mutex_lock(&c->mutex);
    int error = 0;
    while (!holds(c, device, want) && error == 0)
        error = pthread_cond_timedwait(&c->cond, &c->mutex, &deadline);
    const bool ok = holds(c, device, want);
    (void)pthread_mutex_unlock(&c->mutex);
    if (!ok)
        fail_msg("device %u: waited %d s in vain", (unsigned)device, WAIT_S);
}

static bool has_passes(const struct catcher *c, uint32_t device, uint64_t want)
{
    return c->devices[device].passes >= want;
}

static bool has_reads(const struct catcher *c, uint32_t device, uint64_t want)
{
    return c->devices[device].batch.last && c->devices[device].batch.polls.read >= want;
}

static bool has_link(const struct catcher *c, uint32_t device, uint64_t want)
{
    return c->devices[device].passes > 0 && c->devices[device].batch.link == want;
}

static bool has_refused(const struct catcher *c, uint32_t device, uint64_t want)
{
    (void)device;
    return c->refused >= want;
}

void catcher_wait_passes(struct catcher *c, uint32_t device, unsigned passes)
{
    wait_for(c, device, passes, has_passes);
}

void catcher_wait_reads(struct catcher *c, uint32_t device, uint64_t reads)
{
    wait_for(c, device, reads, has_reads);
}

void catcher_wait_link(struct catcher *c, uint32_t device, enum gw_link link)
{
    wait_for(c, device, link, has_link);
}

void catcher_wait_refused(struct catcher *c, unsigned refused)
{
    wait_for(c, 0, refused, has_refused);
}

struct caught catcher_device(struct catcher *c, uint32_t device)
{
    (void)pthread_mutex_lock(&c->mutex);
    const struct caught d = c->devices[device];
    (void)pthread_mutex_unlock(&c->mutex);
    return d;
}

struct gw_sample catcher_point(struct catcher *c, uint32_t point)
{
    (void)pthread_mutex_lock(&c->mutex);
    const struct gw_sample s = c->points[point];
    (void)pthread_mutex_unlock(&c->mutex);
    return s;
}

unsigned catcher_good(struct catcher *c, uint32_t point)
{
    (void)pthread_mutex_lock(&c->mutex);
    const unsigned n = c->good[point];
    (void)pthread_mutex_unlock(&c->mutex);
    return n;
}
