/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/sync.h"

#define EVENTS_PER_ROUND 64
#define FIRST_HEAP_CAP   16u

/* One place of the timer heap. */
struct entry {
    int64_t due_ms;
    uint64_t seq; /* order of setting: equal times fire first set, first fired */
    struct gw_timer *timer;
};

struct gw_loop {
    struct gw_clock clock;
    int64_t now_ms;
    int epoll_fd;
    int stop_fd;       /* an eventfd that ends a wait ... */
    atomic_bool asked; /* ... and whether that is to end the run, too */
    bool stopping;
    struct gw_pulse *pulse; /* NULL: nobody looks */

    struct gw_monitor monitor; /* for these: */
    bool inside;               /* handlers run */
    bool paused;
    unsigned pauses; /* so far */
    bool firing;     /* the timers of this round are being served */

    struct epoll_event ready[EVENTS_PER_ROUND];
    int ready_count; /* of the present round */

    struct entry *heap; /* binary heap; timer->slot is the index here plus 1 */
    size_t heap_count;
    size_t heap_cap;
    uint64_t next_seq;
};

enum gw_status gw_loop_new(const struct gw_clock *clock, struct gw_loop **out, struct gw_err *err)
{
    struct gw_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return gw_err_set(err, GW_E_NOMEM, "event loop: out of memory");
    loop->clock = *clock;
    loop->now_ms = gw_clock_mono_ms(clock);
    loop->stop_fd = -1;
    if (gw_monitor_init(&loop->monitor) != 0) {
        free(loop);
        return gw_err_set(err, GW_E_NOMEM, "event loop: out of memory");
    }

    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd >= 0)
        loop->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event stop = {.events = EPOLLIN, .data.ptr = NULL};
    if (loop->stop_fd < 0 || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->stop_fd, &stop) != 0) {
        int error = errno;
        gw_loop_free(loop);
        return gw_err_set(err, GW_E_IO, "event loop: cannot be set up: %s", strerror(error));
    }
    *out = loop;
    return GW_OK;
}

void gw_loop_free(struct gw_loop *loop)
{
    if (loop == NULL)
        return;
    if (loop->stop_fd >= 0)
        close(loop->stop_fd);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    gw_monitor_free(&loop->monitor);
    free(loop->heap);
    free(loop);
}

const struct gw_clock *gw_loop_clock(const struct gw_loop *loop)
{
    return &loop->clock;
}

int64_t gw_loop_now_ms(const struct gw_loop *loop)
{
    return loop->now_ms;
}

/* ---- descriptors ---- */

enum gw_status gw_loop_watch(struct gw_loop *loop, struct gw_watch *watch, unsigned events)
{
    struct epoll_event ev = {.data.ptr = watch};
    if (events & GW_LOOP_IN)
        ev.events |= EPOLLIN;
    if (events & GW_LOOP_OUT)
        ev.events |= EPOLLOUT;

    int op = watch->active ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(loop->epoll_fd, op, watch->fd, &ev) != 0)
        return errno == ENOMEM || errno == ENOSPC ? GW_E_NOMEM : GW_E_IO;
    watch->events = events;
    watch->active = true;
    return GW_OK;
}

void gw_loop_unwatch(struct gw_loop *loop, struct gw_watch *watch)
{
    if (!watch->active)
        return;
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->active = false;
    watch->events = 0;
    /* Its memory may be gone before the round gets to it. */
    for (int i = 0; i < loop->ready_count; i++)
        if (loop->ready[i].data.ptr == watch)
            loop->ready[i].data.ptr = NULL;
}

static void serve_descriptors(struct gw_loop *loop)
{
    for (int i = 0; i < loop->ready_count; i++) {
        struct gw_watch *watch = loop->ready[i].data.ptr;
        if (watch == NULL)
            continue;
        uint32_t got = loop->ready[i].events;
        unsigned events = 0;
        if (got & EPOLLIN)
            events |= GW_LOOP_IN;
        if (got & EPOLLOUT)
            events |= GW_LOOP_OUT;
        /* An earlier handler of this round may have changed what is wanted. */
        events &= watch->events;
        if (got & (EPOLLERR | EPOLLHUP))
            events |= GW_LOOP_ERR;
        if (events != 0)
            watch->ready(watch->arg, events);
    }
    loop->ready_count = 0;
}

/* ---- timers ---- */

static bool before(const struct entry *a, const struct entry *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->seq < b->seq;
}

static void place(struct gw_loop *loop, size_t i, struct entry e)
{
    loop->heap[i] = e;
    e.timer->slot = i + 1;
}

/* Puts e where it belongs, given that place i is free. */
static void sift(struct gw_loop *loop, size_t i, struct entry e)
{
    while (i > 0 && before(&e, &loop->heap[(i - 1) / 2])) {
        place(loop, i, loop->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= loop->heap_count)
            break;
        if (child + 1 < loop->heap_count && before(&loop->heap[child + 1], &loop->heap[child]))
            child++;
        if (!before(&loop->heap[child], &e))
            break;
        place(loop, i, loop->heap[child]);
        i = child;
    }
    place(loop, i, e);
}

enum gw_status gw_loop_timer_set(struct gw_loop *loop, struct gw_timer *timer, int64_t due_ms)
{
    size_t i;
    if (timer->slot != 0) {
        i = timer->slot - 1;
        assert(i < loop->heap_count && loop->heap[i].timer == timer);
    } else {
        if (loop->heap_count == loop->heap_cap) {
            size_t cap = loop->heap_cap > 0 ? loop->heap_cap * 2 : FIRST_HEAP_CAP;
            struct entry *heap = realloc(loop->heap, cap * sizeof *heap);
            if (heap == NULL)
                return GW_E_NOMEM;
            loop->heap = heap;
            loop->heap_cap = cap;
        }
        i = loop->heap_count++;
    }

    struct entry e = {.due_ms = due_ms, .seq = loop->next_seq++, .timer = timer};
    /* What is set while timers fire waits for the next round, behind all that are due in this one;
     * a timer that sets itself to the past cannot starve the others. */
    if (loop->firing && e.due_ms < loop->now_ms)
        e.due_ms = loop->now_ms;
    timer->due_ms = due_ms;
    sift(loop, i, e);
    return GW_OK;
}

void gw_loop_timer_clear(struct gw_loop *loop, struct gw_timer *timer)
{
    if (timer->slot == 0)
        return;
    size_t i = timer->slot - 1;
    assert(i < loop->heap_count && loop->heap[i].timer == timer);
    timer->slot = 0;
    struct entry last = loop->heap[--loop->heap_count];
    if (i < loop->heap_count)
        sift(loop, i, last);
}

static void serve_timers(struct gw_loop *loop)
{
    uint64_t end_seq = loop->next_seq;

    loop->firing = true;
    while (loop->heap_count > 0) {
        const struct entry *first = &loop->heap[0];
        if (first->due_ms > loop->now_ms || first->seq >= end_seq)
            break;
        struct gw_timer *timer = first->timer;
        gw_loop_timer_clear(loop, timer);
        timer->fire(timer->arg);
    }
    loop->firing = false;
}

/* ---- rounds ---- */

/* For epoll_wait: until the first timer, at most max_wait_ms (negative: no limit). */
static int wait_ms(const struct gw_loop *loop, int64_t max_wait_ms)
{
    int64_t wait = max_wait_ms < 0 ? INT64_MAX : max_wait_ms;
    if (loop->heap_count > 0) {
        int64_t now = gw_clock_mono_ms(&loop->clock);
        int64_t due = loop->heap[0].due_ms;
        /* Compared before subtracting: due may be at either end of its range. */
        if (due <= now)
            wait = 0;
        else if (due - now < wait)
            wait = due - now;
    }
    if (wait == INT64_MAX)
        return -1;
    return wait < INT_MAX ? (int)wait : INT_MAX;
}

/* The stop event has no watch; it is taken out here, so that it ends one run only. */
static void take_stop(struct gw_loop *loop)
{
    uint64_t value;
    (void)!read(loop->stop_fd, &value, sizeof value);
    if (atomic_exchange(&loop->asked, false))
        loop->stopping = true;
}

void gw_loop_enter(struct gw_loop *loop)
{
    pthread_mutex_lock(&loop->monitor.mutex);
    while (loop->paused)
        pthread_cond_wait(&loop->monitor.cond, &loop->monitor.mutex);
    loop->inside = true;
    pthread_mutex_unlock(&loop->monitor.mutex);
}

void gw_loop_leave(struct gw_loop *loop)
{
    pthread_mutex_lock(&loop->monitor.mutex);
    loop->inside = false;
    pthread_cond_broadcast(&loop->monitor.cond);
    pthread_mutex_unlock(&loop->monitor.mutex);
}

enum gw_status gw_loop_pause(struct gw_loop *loop, int64_t timeout_ms)
{
    const struct timespec deadline = gw_monitor_deadline(timeout_ms);

    pthread_mutex_lock(&loop->monitor.mutex);
    loop->paused = true;
    while (loop->inside && gw_monitor_wait(&loop->monitor, &deadline))
        continue;
    const bool held = !loop->inside;
    if (held)
        loop->pauses++;
    else
        loop->paused = false;
    pthread_cond_broadcast(&loop->monitor.cond);
    pthread_mutex_unlock(&loop->monitor.mutex);
    return held ? GW_OK : GW_E_TIMEOUT;
}

/* The loop may be waiting for timers that are no longer the first. */
static void wake(struct gw_loop *loop)
{
    const uint64_t one = 1;
    (void)!write(loop->stop_fd, &one, sizeof one); /* refused only when it is awake already */
}

void gw_loop_resume(struct gw_loop *loop)
{
    pthread_mutex_lock(&loop->monitor.mutex);
    loop->paused = false;
    pthread_cond_broadcast(&loop->monitor.cond);
    pthread_mutex_unlock(&loop->monitor.mutex);
    wake(loop);
}

enum gw_status gw_loop_round(struct gw_loop *loop, int64_t max_wait_ms)
{
    assert(loop->ready_count == 0 && !loop->firing);

    gw_loop_enter(loop);
    const int wait = wait_ms(loop, max_wait_ms);
    const unsigned pauses = loop->pauses;
    gw_loop_leave(loop);
    int n = epoll_wait(loop->epoll_fd, loop->ready, EVENTS_PER_ROUND, wait);
    if (n < 0 && errno != EINTR)
        return GW_E_IO;
    gw_loop_enter(loop);
    /* What became ready before a pause may be gone since; the next wait says what still is. */
    loop->ready_count = n > 0 && pauses == loop->pauses ? n : 0;
    loop->now_ms = gw_clock_mono_ms(&loop->clock);

    for (int i = 0; i < loop->ready_count; i++)
        if (loop->ready[i].data.ptr == NULL)
            take_stop(loop);
    serve_descriptors(loop);
    serve_timers(loop);
    gw_loop_leave(loop);
    return GW_OK;
}

void gw_loop_pulse(struct gw_loop *loop, struct gw_pulse *pulse)
{
    loop->pulse = pulse;
}

enum gw_status gw_loop_run(struct gw_loop *loop)
{
    while (!loop->stopping) {
        gw_pulse_turn(loop->pulse, 0);
        enum gw_status status = gw_loop_round(loop, loop->pulse != NULL ? GW_PULSE_MS : -1);
        if (status != GW_OK)
            return status;
    }
    loop->stopping = false;
    return GW_OK;
}

void gw_loop_stop(struct gw_loop *loop)
{
    const int saved_errno = errno;
    atomic_store(&loop->asked, true);
    wake(loop);
    errno = saved_errno;
}
