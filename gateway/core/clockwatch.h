/* SPDX-License-Identifier: Apache-2.0
 *
 * clockwatch: notices when somebody sets the wall clock.
 *
 * A timer on the wall clock, armed far ahead and cancelled by the kernel at every step
 * (TFD_TIMER_CANCEL_ON_SET); the size of the step is the change of wall time minus boot time. Owned
 * by the core thread.
 */
#ifndef GW_CORE_CLOCKWATCH_H
#define GW_CORE_CLOCKWATCH_H

#include "base/loop.h"
#include "base/status.h"

struct gw_clockwatch;

/* stepped is called from the loop with the size in ms (positive: forward). GW_E_IO, GW_E_NOMEM. */
enum gw_status gw_clockwatch_new(struct gw_loop *loop, void (*stepped)(void *arg, int64_t by_ms),
                                 void *arg, struct gw_clockwatch **out,
                                 struct gw_err *err) GW_MUST_CHECK;
void gw_clockwatch_free(struct gw_clockwatch *w);

#endif
