/* SPDX-License-Identifier: Apache-2.0
 *
 * buf: a bounded text or byte writer that latches failure.
 *
 * A write that does not fit (or cannot be allocated) sets `failed` and changes nothing; so do all
 * writes after it, until gw_buf_clear. A payload is whole or an error, never cut. `data` is always
 * NUL-terminated once anything was written. Owned by one thread.
 */
#ifndef GW_BASE_BUF_H
#define GW_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct gw_buf {
    char *data;
    size_t len; /* without the terminating NUL */
    size_t cap; /* allocated bytes */
    size_t max; /* len never exceeds it */
    bool failed;
    bool fixed; /* data is the caller's memory and never grows */
};

/* Grows by doubling up to max bytes of content; gw_buf_free gives the memory back, and the buffer
 * may be used again. */
void gw_buf_init(struct gw_buf *b, size_t max);
/* Writes into the caller's memory of `size` bytes (content up to size - 1). Needs no free. */
void gw_buf_fixed(struct gw_buf *b, char *mem, size_t size);
void gw_buf_free(struct gw_buf *b);

/* Empties it, keeps the memory, forgives a failure. */
void gw_buf_clear(struct gw_buf *b);
/* As gw_buf_clear, but gives back memory of more than `keep` bytes: for a buffer that is kept and
 * was large once. */
void gw_buf_slim(struct gw_buf *b, size_t keep);

/* Lengthens it by n bytes, which the caller fills in at once. NULL: there is no room, which is
 * latched. */
char *gw_buf_extend(struct gw_buf *b, size_t n);
void gw_buf_put(struct gw_buf *b, const void *bytes, size_t n);
void gw_buf_char(struct gw_buf *b, char c);
void gw_buf_str(struct gw_buf *b, const char *s);
void gw_buf_int(struct gw_buf *b, int64_t n); /* in decimal */
void gw_buf_printf(struct gw_buf *b, const char *fmt, ...) GW_PRINTF(2, 3);

/* Moves the content out as a malloc'd, NUL-terminated string, leaving b empty; NULL when b failed
 * or memory is short. For growing buffers and fixed ones (then it is a copy). */
char *gw_buf_take(struct gw_buf *b, size_t *len);

#endif
