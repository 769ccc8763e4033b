/* SPDX-License-Identifier: Apache-2.0
 *
 * rtu_line: one serial line: the loop of its thread, which polls the line's devices one after the
 * other.
 *
 * The unit that is due for longest is asked first, its whole pass in one go, since every change of
 * unit costs a pause. A silent unit breaks its pass with the first time-out and backs off alone;
 * where it has neighbours it may cost the line a twentieth of its time (budget.h). An answer that
 * comes too late meets the next exchange, which is another unit's: that one is asked again, within
 * its period, at the cost of the late one, and a poll that it loses all the same makes it neither
 * suspect nor back off. When all were silent and one answers, the others are
 * asked at once. A port that cannot be opened or
 * that vanishes (a USB adapter) fails all units at once; it is tried again with a back-off of its
 * own, always by its name, and what waited for it is then polled at its next tick.
 *
 * Made and freed by one thread while it does not run; gw_rtu_line_run is the body of another.
 */
#ifndef GW_MODBUS_RTU_LINE_H
#define GW_MODBUS_RTU_LINE_H

#include <stdatomic.h>
#include <stdint.h>

#include "../driver.h"
#include "base/status.h"

struct gw_rtu_line;

/* For the bus of that index, which is one of gw_modbus_rtu_conf. What env points at outlives the
 * line; its sink is called from the line's thread. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_rtu_line_new(const struct gw_driver_env *env, uint32_t bus,
                               struct gw_rtu_line **out, struct gw_err *err) GW_MUST_CHECK;
void gw_rtu_line_free(struct gw_rtu_line *line); /* NULL is fine */

/* To be called before it runs: where it says every second that it gets on. GW_E_NOMEM. */
enum gw_status gw_rtu_line_beat(struct gw_rtu_line *line, atomic_uint *beat) GW_MUST_CHECK;
/* Polls until gw_rtu_line_stop. arg is the line. */
void gw_rtu_line_run(void *arg);
/* Makes gw_rtu_line_run return after the request in flight, so within the bus's time-out and half a
 * second. Any thread. */
void gw_rtu_line_stop(struct gw_rtu_line *line);
/* Lets another line open the port that this one, which hangs, has open. Any thread; never blocks. */
void gw_rtu_line_leave(struct gw_rtu_line *line);

#endif
