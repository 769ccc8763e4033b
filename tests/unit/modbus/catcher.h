/* SPDX-License-Identifier: Apache-2.0
 *
 * catcher: a sink that keeps what a test wants to know of the batches. Any thread.
 */
#ifndef GW_TESTS_MODBUS_CATCHER_H
#define GW_TESTS_MODBUS_CATCHER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver.h"

#define CATCHER_DEVICES 16
#define CATCHER_POINTS  128

/* What came of one device. */
struct caught {
    unsigned passes;       /* batches with last set */
    struct gw_batch batch; /* the latest */
    unsigned by_link[4];   /* passes by enum gw_link */
    uint64_t sum_wrong;    /* batches whose counters do not add up */
};

struct catcher {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool refuse; /* answer GW_E_FULL */
    unsigned refused;
    struct caught devices[CATCHER_DEVICES];
    struct gw_sample points[CATCHER_POINTS]; /* the latest of each */
    unsigned good[CATCHER_POINTS];           /* samples with quality GOOD */
    unsigned bad[CATCHER_POINTS];            /* all others */
};

void catcher_init(struct catcher *c);
struct gw_batch_sink catcher_sink(struct catcher *c);
/* From now on all is refused, or taken again. */
void catcher_refuse(struct catcher *c, bool refuse);

/* Waits until the condition holds; fails the test after 40 s. */
void catcher_wait_passes(struct catcher *c, uint32_t device, unsigned passes);
void catcher_wait_reads(struct catcher *c, uint32_t device, uint64_t reads);
void catcher_wait_link(struct catcher *c, uint32_t device, enum gw_link link);
void catcher_wait_refused(struct catcher *c, unsigned refused);

/* Copies. */
struct caught catcher_device(struct catcher *c, uint32_t device);
struct gw_sample catcher_point(struct catcher *c, uint32_t point);
unsigned catcher_good(struct catcher *c, uint32_t point);

#endif
