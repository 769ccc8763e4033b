/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* TFD_TIMER_CANCEL_ON_SET */
#include "core/clockwatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"

#define READINGS 8

struct gw_clockwatch {
    struct gw_loop *loop;
    struct gw_watch watch;
    void (*stepped)(void *arg, int64_t by_ms);
    void *arg;
    int64_t offset_ms; /* wall - boot at the last look */
};

/* The clocks are read one after the other. Where the thread is put aside between two of them, the
 * difference is wrong by as much, so it is taken from readings that were not. */
static int64_t offset_now(const struct gw_clockwatch *w)
{
    const struct gw_clock *clock = gw_loop_clock(w->loop);
    int64_t least_ms = INT64_MAX, offset_ms = 0;
    for (int i = 0; i < READINGS && least_ms > 1; i++) {
        const struct gw_stamp s = gw_clock_now(clock);
        const int64_t took_ms = gw_clock_mono_ms(clock) - s.mono_ms;
        if (took_ms < least_ms) {
            least_ms = took_ms;
            offset_ms = s.wall_ms - s.boot_ms;
        }
    }
    return offset_ms;
}

/* Ten years ahead: only a step, never the expiry, is of interest. A step since the last look makes the
 * first call end with ECANCELED, and is then no longer told: the caller looks after every call. */
static int arm(const struct gw_clockwatch *w)
{
    struct itimerspec when = {0};
    struct timespec now;

    for (int i = 0; i < READINGS; i++) {
        if (clock_gettime(CLOCK_REALTIME, &now) != 0)
            return -1;
        when.it_value.tv_sec = now.tv_sec + (time_t)10 * 365 * 86400;
        if (timerfd_settime(w->watch.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when,
                            NULL) == 0)
            return 0;
        if (errno != ECANCELED)
            break;
    }
    return -1;
}

static void ready(void *arg, unsigned events)
{
    struct gw_clockwatch *w = arg;
    uint64_t expired;

    (void)events;
    (void)!read(w->watch.fd, &expired, sizeof expired);
    if (arm(w) != 0)
        gw_log(GW_LOG_WARN, "clock", "clock steps are no longer noticed: %s", strerror(errno));
    const int64_t offset = offset_now(w);
    const int64_t by = offset - w->offset_ms;
    w->offset_ms = offset;
    if (by != 0)
        w->stepped(w->arg, by);
}

enum gw_status gw_clockwatch_new(struct gw_loop *loop, void (*stepped)(void *arg, int64_t by_ms),
                                 void *arg, struct gw_clockwatch **out, struct gw_err *err)
{
    struct gw_clockwatch *w = calloc(1, sizeof *w);
    if (!w)
        return gw_err_set(err, GW_E_NOMEM, "clock watch: out of memory");
    *w = (struct gw_clockwatch){.loop = loop, .stepped = stepped, .arg = arg};
    w->watch = (struct gw_watch){
        .fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC),
        .ready = ready,
        .arg = w,
    };
    if (w->watch.fd < 0 || arm(w) != 0) {
        enum gw_status st = gw_err_set(err, GW_E_IO, "clock watch: %s", strerror(errno));
        gw_clockwatch_free(w);
        return st;
    }
    w->offset_ms = offset_now(w);
    enum gw_status st = gw_loop_watch(loop, &w->watch, GW_LOOP_IN);
    if (st != GW_OK) {
        gw_clockwatch_free(w);
        return gw_err_set(err, st, "clock watch: cannot watch the timer");
    }
    *out = w;
    return GW_OK;
}

void gw_clockwatch_free(struct gw_clockwatch *w)
{
    if (!w)
        return;
    gw_loop_unwatch(w->loop, &w->watch);
    if (w->watch.fd >= 0)
        close(w->watch.fd);
    free(w);
}
