/* SPDX-License-Identifier: Apache-2.0
 *
 * jcs: writer of canonical JSON (RFC 8785 by construction).
 *
 * Only objects, arrays, strings, integers up to 2^53 in magnitude and booleans; no spaces; the
 * members of an object in ascending order of their ASCII keys. The programmer writes members in
 * that order; a key out of order, a repeated key, invalid UTF-8 or an integer out of range latches
 * `failed` in the buffer, so a wrong document never leaves. Owned by one thread.
 */
#ifndef GW_BASE_JCS_H
#define GW_BASE_JCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

#define GW_JCS_DEPTH 16
#define GW_JCS_KEY   64 /* longest key, with NUL: a point's id is one, in telemetry */

struct gw_jcs {
    struct gw_buf *buf;
    int depth;                    /* open containers; level 0 below is the outermost value's own */
    bool comma[GW_JCS_DEPTH + 1]; /* an element was already written at this level */
    bool array[GW_JCS_DEPTH + 1];
    char last[GW_JCS_DEPTH + 1][GW_JCS_KEY]; /* last key at this level */
};

void gw_jcs_init(struct gw_jcs *j, struct gw_buf *buf);

/* Containers. The first argument of the *_key forms is the member's key inside an object; inside an
 * array key is NULL. The outermost value has key NULL, too. */
void gw_jcs_obj(struct gw_jcs *j, const char *key);
void gw_jcs_arr(struct gw_jcs *j, const char *key);
void gw_jcs_end(struct gw_jcs *j); /* closes the innermost container */

void gw_jcs_str(struct gw_jcs *j, const char *key, const char *value);
void gw_jcs_strn(struct gw_jcs *j, const char *key, const char *value, size_t n);
void gw_jcs_int(struct gw_jcs *j, const char *key, int64_t value);
void gw_jcs_bool(struct gw_jcs *j, const char *key, bool value);
/* The number as a decimal string (see decimal.h); "" when it has no decimal form. */
void gw_jcs_dec(struct gw_jcs *j, const char *key, double value, int decimals);
/* A value that is canonical JSON already; one that gw_jcs_valid denies latches `failed`. */
void gw_jcs_raw(struct gw_jcs *j, const char *key, const char *json, size_t n);
/* The same for what our own code has just made of parts that are known: only debug builds look at
 * it. */
void gw_jcs_made(struct gw_jcs *j, const char *key, const char *json, size_t n);

/* True when everything was written and every container is closed. */
bool gw_jcs_done(const struct gw_jcs *j);

/* True when the n bytes are one value as this writer would write it: the types above, canonical
 * strings and integers, ASCII keys in order, no space, at most GW_JCS_DEPTH containers deep. */
bool gw_jcs_valid(const char *json, size_t n);

/* Writes the union of two canonical objects with disjoint top-level keys, members in order.
 * GW_E_PARSE when one is not an object that gw_jcs_valid accepts or a key is in both, and out is as
 * before; GW_E_FULL when out cannot hold it, which out has latched. out is appended to. */
enum gw_status gw_jcs_merge(const char *a, size_t a_len, const char *b, size_t b_len,
                            struct gw_buf *out) GW_MUST_CHECK;

#endif
