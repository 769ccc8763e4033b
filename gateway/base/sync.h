/* SPDX-License-Identifier: Apache-2.0
 *
 * sync: what mailbox and worker need to wait with a deadline. Only for this folder.
 */
#ifndef GW_BASE_SYNC_H
#define GW_BASE_SYNC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A mutex and a condition that waits on CLOCK_MONOTONIC. */
struct gw_monitor {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
};

/* 0, or an errno value; then nothing is to be freed. */
int gw_monitor_init(struct gw_monitor *m);
void gw_monitor_free(struct gw_monitor *m);

/* The moment timeout_ms from now; negative timeouts count as 0. */
struct timespec gw_monitor_deadline(int64_t timeout_ms);
/* Waits, with m->mutex held, for a signal. false when the deadline has passed. May wake early. */
bool gw_monitor_wait(struct gw_monitor *m, const struct timespec *deadline);

#endif
