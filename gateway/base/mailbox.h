/* SPDX-License-Identifier: Apache-2.0
 *
 * mailbox: a bounded queue of fixed-size values between threads.
 *
 * Many threads may put, one thread gets. Values are copied; a value that holds a pointer hands over
 * what it points at when put returned GW_OK. A full mailbox refuses the new value, counts it, and
 * leaves the policy to the putter; it never drops what it has taken. All memory is taken by _new.
 */
#ifndef GW_BASE_MAILBOX_H
#define GW_BASE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct gw_mailbox;

/* capacity >= 1 values of item_size >= 1 bytes. GW_E_INVAL when one is 0, GW_E_NOMEM, GW_E_IO
 * (descriptors exhausted). */
enum gw_status gw_mailbox_new(size_t item_size, size_t capacity, struct gw_mailbox **out,
                              struct gw_err *err) GW_MUST_CHECK;
/* What is still inside is forgotten; a receiver that owns pointers drains first. */
void gw_mailbox_free(struct gw_mailbox *mb);

/* Copies *item in. GW_E_FULL (counted) or GW_E_CLOSED. Any thread. */
enum gw_status gw_mailbox_put(struct gw_mailbox *mb, const void *item) GW_MUST_CHECK;

/* Copies the oldest value out; false when empty. The receiving thread. */
bool gw_mailbox_get(struct gw_mailbox *mb, void *item);

/* As gw_mailbox_get, but waits up to timeout_ms for a value; a closed and empty mailbox ends the
 * wait at once. The receiving thread. */
bool gw_mailbox_wait(struct gw_mailbox *mb, void *item, int64_t timeout_ms);

/* From now on puts are refused with GW_E_CLOSED; what is inside can still be got. Any thread. */
void gw_mailbox_close(struct gw_mailbox *mb);

/* A descriptor that polls readable while the mailbox is not empty. Lent; not to be read or closed.
 */
int gw_mailbox_fd(const struct gw_mailbox *mb);

size_t gw_mailbox_room(struct gw_mailbox *mb); /* how many puts would succeed now; any thread */
uint64_t gw_mailbox_refused(struct gw_mailbox *mb); /* puts refused as full since the start */

#endif
