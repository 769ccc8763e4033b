/* SPDX-License-Identifier: Apache-2.0
 *
 * rtu: one serial port with Modbus RTU, by libmodbus; the only file that includes it is rtu.c.
 *
 * libmodbus blocks, so a port belongs to a thread of its own, and to that thread alone. Of the
 * library's ways only reads are used, never its recovery, which may loop for ever: its byte
 * time-out is off, so that the response time-out bounds the whole transaction. Before each request
 * the line is emptied, after a failure also awaited to be silent; the silence behind an answer is
 * awaited, too. It cannot address units above 247.
 */
#ifndef GW_MODBUS_RTU_H
#define GW_MODBUS_RTU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "modbus/pdu.h"

#define GW_RTU_UNIT_MIN 1
#define GW_RTU_UNIT_MAX 247

enum gw_rtu_parity { GW_RTU_NONE = 0, GW_RTU_EVEN, GW_RTU_ODD };

struct gw_rtu_conf {
    const char *port; /* path; lent, outlives the port */
    int64_t baud;
    int parity; /* enum gw_rtu_parity */
    int64_t stop_bits;
    bool rs485;         /* the kernel switches the transmitter */
    int64_t timeout_ms; /* from a request to its whole answer */
};

struct gw_rtu;

/* Opens the port for us alone. GW_E_IO with the reason: not there, not permitted, in use, no serial
 * port, descriptor beyond what libmodbus can watch. GW_E_NOMEM. */
enum gw_status gw_rtu_open(const struct gw_rtu_conf *conf, struct gw_rtu **out,
                           struct gw_err *err) GW_MUST_CHECK;
/* unlock: it was ours alone until now. NULL is fine. */
void gw_rtu_close(struct gw_rtu *rtu, bool unlock);

/* The port's descriptor, for gw_rtu_unlock. */
int gw_rtu_fd(const struct gw_rtu *rtu);
/* Ends that the port is ours alone, though it stays open: for one whose thread hangs in it, so that
 * another one can open it. Any thread. */
void gw_rtu_unlock(int fd);

/* From now on a transaction may take timeout_ms, which is > 0. */
void gw_rtu_timeout(struct gw_rtu *rtu, int64_t timeout_ms);

/* True when the port's name leads to another device by now, or to none: an adapter was plugged in
 * again, and the open port may never tell. Asks the file system. */
bool gw_rtu_moved(const struct gw_rtu *rtu);

/* Sends one valid request and waits for its answer, at most timeout_ms and the silences around it.
 * An exception is an answer (GW_OK). GW_E_TIMEOUT, GW_E_PROTO (wrong CRC, another unit or
 * function, another length, bytes behind it, a line that is never silent), GW_E_INVAL (unit out of
 * range). GW_E_CLOSED: the port is gone; close it. *out points into rtu, valid until the next
 * request. */
enum gw_status gw_rtu_request(struct gw_rtu *rtu, const struct gw_mb_request *req,
                              struct gw_mb_reply *out, struct gw_err *err) GW_MUST_CHECK;

#endif
