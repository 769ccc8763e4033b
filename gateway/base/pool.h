/* SPDX-License-Identifier: Apache-2.0
 *
 * pool: blocks of memory that come and go all the time, so that the steady state asks for no new ones.
 *
 * A block is taken, perhaps by one thread, and given back, perhaps by another. So many blocks and
 * bytes are kept for the next taker; what comes back beyond that is freed, the smallest first, so
 * that the pool comes to hold what is asked for. A block is plain memory of malloc: whoever does not
 * know its pool may free it as well.
 */
#ifndef GW_BASE_POOL_H
#define GW_BASE_POOL_H

#include <stddef.h>

#include "base/status.h"

#define GW_POOL_BLOCKS_MAX 256

struct gw_pool;

/* Keeps at most so many blocks (1 .. GW_POOL_BLOCKS_MAX) of so many bytes together. GW_E_NOMEM;
 * GW_E_INVAL for numbers beyond that. */
enum gw_status gw_pool_new(size_t blocks, size_t bytes, struct gw_pool **out) GW_MUST_CHECK;
/* Frees what it keeps; blocks that are out are their holders', to be freed. NULL is fine. */
void gw_pool_free(struct gw_pool *p);

/* A block of at least size bytes, not zeroed; *cap becomes its size, which gw_pool_give wants. NULL:
 * out of memory. Without a pool (NULL) it is allocated. Any thread. */
void *gw_pool_take(struct gw_pool *p, size_t size, size_t *cap);
/* Gives it back; without a pool it is freed. A block of NULL is fine. Any thread. */
void gw_pool_give(struct gw_pool *p, void *block, size_t cap);

#endif
