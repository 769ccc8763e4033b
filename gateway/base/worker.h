/* SPDX-License-Identifier: Apache-2.0
 *
 * worker: a named thread with signals blocked and a bounded end.
 *
 * The owner starts it, asks its body to end by the body's own means (a mailbox, gw_loop_stop), and
 * joins it with a deadline. A worker that does not end in time is abandoned: durable state never
 * depends on a thread's clean end.
 */
#ifndef GW_BASE_WORKER_H
#define GW_BASE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct gw_worker;

/* Starts body(arg) in a thread named `name`, of which the kernel keeps 15 bytes. GW_E_NOMEM,
 * GW_E_IO (no more threads). */
enum gw_status gw_worker_start(const char *name, void (*body)(void *arg), void *arg,
                               struct gw_worker **out, struct gw_err *err) GW_MUST_CHECK;

/* Waits up to timeout_ms for the body to return. true: it ended and the worker is freed.
 * false: still running; the worker is abandoned, and what the body uses must not be freed. */
bool gw_worker_join(struct gw_worker *worker, int64_t timeout_ms) GW_MUST_CHECK;

#endif
