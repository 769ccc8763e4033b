/* SPDX-License-Identifier: Apache-2.0
 *
 * influx_batch: lines that wait to be written, oldest first, each with the key of its row.
 *
 * Bounded by lines and bytes: when either is reached there is no room, and the rows stay in the
 * journal. Lines leave from the front, as far as they were settled. Owned by the worker's thread.
 */
#ifndef GW_PUBLISH_INFLUX_BATCH_H
#define GW_PUBLISH_INFLUX_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "conf/site.h"

/* As the database's makers advise; one line may go beyond, so that a long one passes at all. */
#define GW_INFLUX_BATCH_BYTES ((size_t)250 * 1000)

struct gw_influx_batch_conf {
    size_t lines; /* at most; >= 1 */
    size_t bytes;
    int64_t age_ms; /* when a line has waited for so long, the batch is ready */
};

struct gw_influx_batch;

/* GW_E_NOMEM. */
enum gw_status gw_influx_batch_new(const struct gw_influx_batch_conf *conf,
                                   struct gw_influx_batch **out) GW_MUST_CHECK;
void gw_influx_batch_free(struct gw_influx_batch *b);

bool gw_influx_batch_room(const struct gw_influx_batch *b);
/* How many more lines there can be; bytes may put an end to it before. */
size_t gw_influx_batch_space(const struct gw_influx_batch *b);
/* Adds a line (copied, with its newline) at the end; there must be room. GW_E_NOMEM. */
enum gw_status gw_influx_batch_add(struct gw_influx_batch *b, int64_t key, const char *device,
                                   const char *line, size_t len, int64_t now_ms) GW_MUST_CHECK;

size_t gw_influx_batch_count(const struct gw_influx_batch *b);
/* Full, or its oldest line has waited long enough. */
bool gw_influx_batch_ready(const struct gw_influx_batch *b, int64_t now_ms);
/* When it becomes ready by age alone; INT64_MAX when empty. */
int64_t gw_influx_batch_due_ms(const struct gw_influx_batch *b);

/* The text of the first n lines; lent until the batch is changed. */
const char *gw_influx_batch_text(const struct gw_influx_batch *b, size_t n, size_t *len);
int64_t gw_influx_batch_key(const struct gw_influx_batch *b, size_t i);
const char *gw_influx_batch_device(const struct gw_influx_batch *b, size_t i);

/* The first n lines are settled. */
void gw_influx_batch_pop(struct gw_influx_batch *b, size_t n);

#endif
