/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* pthread_setname_np */
#include "base/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sync.h"

#define NAME_SIZE 16 /* the kernel's limit, with NUL */

struct gw_worker {
    struct gw_monitor monitor; /* guards ended and abandoned */
    bool ended;                /* the body has returned */
    bool abandoned;            /* nobody will join: the thread frees this */
    pthread_t thread;
    void (*body)(void *arg);
    void *arg;
    char name[NAME_SIZE];
};

static void worker_free(struct gw_worker *worker)
{
    gw_monitor_free(&worker->monitor);
    free(worker);
}

static void *run(void *arg)
{
    struct gw_worker *worker = arg;

    pthread_setname_np(pthread_self(), worker->name);
    worker->body(worker->arg);

    pthread_mutex_lock(&worker->monitor.mutex);
    worker->ended = true;
    bool abandoned = worker->abandoned;
    pthread_cond_signal(&worker->monitor.cond);
    pthread_mutex_unlock(&worker->monitor.mutex);
    if (abandoned)
        worker_free(worker);
    return NULL;
}

enum gw_status gw_worker_start(const char *name, void (*body)(void *arg), void *arg,
                               struct gw_worker **out, struct gw_err *err)
{
    struct gw_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL || gw_monitor_init(&worker->monitor) != 0) {
        free(worker);
        return gw_err_set(err, GW_E_NOMEM, "thread %s: out of memory", name);
    }
    worker->body = body;
    worker->arg = arg;
    snprintf(worker->name, sizeof worker->name, "%s", name);

    /* A thread inherits its mask; blocking here leaves no moment in which it could be interrupted.
     */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&worker->thread, NULL, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        worker_free(worker);
        return gw_err_set(err, GW_E_IO, "thread %s: cannot be started: %s", name, strerror(error));
    }
    *out = worker;
    return GW_OK;
}

bool gw_worker_join(struct gw_worker *worker, int64_t timeout_ms)
{
    struct timespec deadline = gw_monitor_deadline(timeout_ms);
    pthread_t thread = worker->thread;

    pthread_mutex_lock(&worker->monitor.mutex);
    while (!worker->ended && gw_monitor_wait(&worker->monitor, &deadline))
        continue;
    bool ended = worker->ended;
    worker->abandoned = !ended;
    pthread_mutex_unlock(&worker->monitor.mutex);

    if (!ended) {
        pthread_detach(thread);
        return false;
    }
    pthread_join(thread, NULL);
    worker_free(worker);
    return true;
}
