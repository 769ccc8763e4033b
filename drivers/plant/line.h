/* SPDX-License-Identifier: Apache-2.0
 *
 * line: the plant's end of a serial line: a serial port, or a pty whose other end is the port of
 * whoever reads. Owned by the loop's thread.
 */
#ifndef GW_PLANT_LINE_H
#define GW_PLANT_LINE_H

#include <stdint.h>

#include "base/status.h"
#include "plant/scenario.h"

struct gw_line {
    int fd;                   /* our end, non-blocking; -1: closed */
    int other;                /* the other end of a pty, held so that it outlives its readers */
    char path[GW_PLANT_PATH]; /* by which the line is opened: the link, the pty or the port */
};

/* Opens the endpoint's line, sets it to raw bytes and makes its link. GW_E_IO names the endpoint.
 */
enum gw_status gw_line_open(const struct gw_sc_endpoint *sc, struct gw_line *out,
                            struct gw_err *err) GW_MUST_CHECK;
/* Closes both ends: readers see a port that is gone. Removes the link. */
void gw_line_close(const struct gw_sc_endpoint *sc, struct gw_line *line);
/* Lets the pty be opened again although a reader that had it for itself died. */
void gw_line_free_port(const struct gw_line *line);

/* How long n characters take at the endpoint's rate; 0 on a real port, which takes its time. */
int64_t gw_line_time_ms(const struct gw_sc_endpoint *sc, size_t n);

#endif
