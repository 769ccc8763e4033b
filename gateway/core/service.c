/* SPDX-License-Identifier: Apache-2.0 */
#include "core/service.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/notify.h"
#include "base/text.h"
#include "base/worker.h"

#define LOOKS    8 /* in one interval of the manager */
#define JOIN_MS  2000
#define TOLD_MAX 256

struct gw_service {
    const struct gw_clock *clock;
    /* The core's alone. */
    struct gw_pulse *pulse;
    char told[TOLD_MAX];    /* "" before it was ready */
    char refused[TOLD_MAX]; /* why the last reload was; "": it was not */
    bool reloading;         /* and the manager knows */

    int64_t interval_ms;
    struct gw_pulses *pulses; /* these two NULL: nobody wants to hear */
    struct gw_worker *worker;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool stop;
};

/* false: it is time to end. */
static bool pause_ms(struct gw_service *s, int64_t ms)
{
    struct timespec end;
    int rc = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(ms / 1000);
    end.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (end.tv_nsec >= 1000000000L) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&s->lock);
    while (!s->stop && rc == 0)
        rc = pthread_cond_timedwait(&s->cond, &s->lock, &end);
    const bool go_on = !s->stop;
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

static void watch(void *arg)
{
    struct gw_service *s = arg;

    do {
        if (gw_pulses_look(s->pulses, gw_clock_mono_ms(s->clock), s->interval_ms / 2))
            (void)gw_notify("WATCHDOG=1");
    } while (pause_ms(s, s->interval_ms / LOOKS));
}

static bool make_lock(struct gw_service *s)
{
    pthread_condattr_t attr;

    if (pthread_condattr_init(&attr) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(&s->cond, &attr) == 0;
    pthread_condattr_destroy(&attr);
    if (ok && pthread_mutex_init(&s->lock, NULL) != 0) {
        pthread_cond_destroy(&s->cond);
        ok = false;
    }
    return ok;
}

enum gw_status gw_service_new(const struct gw_clock *clock, struct gw_service **out,
                              struct gw_err *err)
{
    struct gw_service *s = calloc(1, sizeof *s);

    if (!s || !make_lock(s)) {
        free(s);
        return gw_err_set(err, GW_E_NOMEM, "watchdog: out of memory");
    }
    s->clock = clock;
    s->interval_ms = gw_notify_watchdog_ms();
    if (s->interval_ms > 0 && gw_pulses_new(&s->pulses) != GW_OK) {
        gw_service_free(s);
        return gw_err_set(err, GW_E_NOMEM, "watchdog: out of memory");
    }
    s->pulse = gw_pulse_begin(s->pulses, "core");
    *out = s;
    return GW_OK;
}

struct gw_pulses *gw_service_pulses(struct gw_service *s)
{
    return s->pulses;
}

enum gw_status gw_service_start(struct gw_service *s, struct gw_err *err)
{
    return s->pulses ? gw_worker_start("watchdog", watch, s, &s->worker, err) : GW_OK;
}

/* One line for "systemctl status". */
static void say_state(struct gw_service *s, const struct gw_site *site, const char *journal_fault,
                      char out[TOLD_MAX])
{
    if (journal_fault[0] != '\0')
        gw_text_line(out, TOLD_MAX, "journal: failed: %s", journal_fault);
    else if (s->refused[0] != '\0')
        gw_text_line(out, TOLD_MAX,
                     "watching %zu devices and %zu assets as before, a reload was refused: %s",
                     site->ndevices, site->nassets, s->refused);
    else
        gw_text_line(out, TOLD_MAX, "watching %zu devices and %zu assets", site->ndevices,
                     site->nassets);
}

void gw_service_turn(struct gw_service *s, const struct gw_site *site, const char *journal_fault)
{
    char state[TOLD_MAX];

    gw_pulse_turn(s->pulse, 0);
    say_state(s, site, journal_fault, state);
    if (strcmp(s->told, state) == 0)
        return;
    (void)gw_notify("%sSTATUS=%s", s->told[0] ? "" : "READY=1\n", state);
    memcpy(s->told, state, sizeof state);
}

void gw_service_reloading(struct gw_service *s)
{
    if (!s->told[0])
        return;
    s->reloading = true;
    (void)gw_notify_reloading();
}

void gw_service_reloaded(struct gw_service *s, const char *why)
{
    gw_text_line(s->refused, sizeof s->refused, "%s", why);
    if (s->reloading)
        (void)gw_notify("READY=1");
    s->reloading = false;
}

static void end_watch(struct gw_service *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
}

void gw_service_stopping(struct gw_service *s)
{
    (void)gw_notify("STOPPING=1\nSTATUS=stopping");
    end_watch(s);
}

bool gw_service_end(struct gw_service *s)
{
    if (!s || !s->worker)
        return true;
    end_watch(s);
    if (!gw_worker_join(s->worker, JOIN_MS))
        return false;
    s->worker = NULL;
    return true;
}

void gw_service_free(struct gw_service *s)
{
    if (!s)
        return;
    gw_pulse_end(s->pulse);
    gw_pulses_free(s->pulses);
    pthread_cond_destroy(&s->cond);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
