/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sync.h"

/* Longer waits end after this; callers that want "for ever" loop, and time_t cannot overflow. */
#define LONGEST_MS (INT64_C(365) * 24 * 3600 * 1000)

int gw_monitor_init(struct gw_monitor *m)
{
    pthread_condattr_t attr;
    int error = pthread_condattr_init(&attr);
    if (error != 0)
        return error;
    error = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (error == 0)
        error = pthread_cond_init(&m->cond, &attr);
    pthread_condattr_destroy(&attr);
    if (error != 0)
        return error;

    error = pthread_mutex_init(&m->mutex, NULL);
    if (error != 0)
        pthread_cond_destroy(&m->cond);
    return error;
}

void gw_monitor_free(struct gw_monitor *m)
{
    pthread_cond_destroy(&m->cond);
    pthread_mutex_destroy(&m->mutex);
}

struct timespec gw_monitor_deadline(int64_t timeout_ms)
{
    if (timeout_ms < 0)
        timeout_ms = 0;
    if (timeout_ms > LONGEST_MS)
        timeout_ms = LONGEST_MS;

    struct timespec ts = {0};
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += (time_t)(timeout_ms / 1000);
    ts.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (ts.tv_nsec >= 1000000000L) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000L;
    }
    return ts;
}

bool gw_monitor_wait(struct gw_monitor *m, const struct timespec *deadline)
{
    return pthread_cond_timedwait(&m->cond, &m->mutex, deadline) == 0;
}
