/* SPDX-License-Identifier: Apache-2.0
 *
 * tally: a second count of the polls of one device, made of the batches that come of them.
 */
#ifndef GW_TESTS_MODBUS_TALLY_H
#define GW_TESTS_MODBUS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/sample.h"

struct tally {
    struct gw_polls polls; /* as the driver counts them */
    uint64_t passes, read, failed;
    bool any; /* of the pass whose batches are coming in */
    int64_t last_ms;
};

/* Takes a batch; the driver's counters must add up in each. */
void tally_take(struct tally *t, const struct gw_batch *b);
/* The driver has counted each poll once and as what it was; in went_ms there were as many polls as
 * periods, give or take slack_ms. */
void tally_check(const struct tally *t, int64_t period_ms, int64_t went_ms, int64_t slack_ms);
/* Adds the driver's counters to sum. */
void tally_add(const struct tally *t, struct gw_polls *sum);

#endif
