/* SPDX-License-Identifier: Apache-2.0
 *
 * control: lines from a test that act on the running plant.
 *
 * Each line is an entry of the timeline without "at_s" (see scenario.h) and is done at once; the
 * answer is one line, "ok" or "error: " and what is wrong, in the order of the lines. An empty line
 * gets no answer. A line longer than GW_CONTROL_LINE is refused as a whole. The end of the input
 * ends nothing. Owned by the loop's thread.
 */
#ifndef GW_PLANT_CONTROL_H
#define GW_PLANT_CONTROL_H

#include <stdio.h>

#include "base/loop.h"
#include "base/status.h"
#include "plant/server.h"

#define GW_CONTROL_LINE 8192

struct gw_control;

/* Watches fd (lent) and answers on `answers`, flushed line by line. A descriptor that cannot be
 * watched (a file, /dev/null) is read to its end at once. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_control_new(struct gw_loop *loop, int fd, FILE *answers,
                              const struct gw_scenario *sc, struct gw_server *server,
                              struct gw_control **out, struct gw_err *err) GW_MUST_CHECK;
void gw_control_free(struct gw_control *c);

#endif
