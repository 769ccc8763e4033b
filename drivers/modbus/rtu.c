/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* TIOCEXCL, strerror_r that returns the text */
#include "modbus/rtu.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <modbus.h>

#include "base/wire.h"
#include "modbus/serial.h"

#define DATA_BITS 8
/* USB adapters hand over in pieces: a pause of less than this is no end of anything. */
#define SETTLE_MS     20
#define SETTLE_MAX_MS 500

struct gw_rtu {
    struct gw_rtu_conf conf;
    modbus_t *mb;
    int fd;
    int64_t gap_ms;
    bool uneasy; /* the last transaction failed: settle before the next */
    uint8_t data[GW_MB_MAX_PDU];
    uint16_t regs[GW_MB_MAX_REGS];
    uint8_t bits[GW_MB_MAX_BITS];
    uint8_t id[MODBUS_MAX_PDU_LENGTH];
};

/* ---- opening ---- */

static enum gw_status cannot_open(const struct gw_rtu_conf *conf, int error, struct gw_err *err)
{
    char text[80] = "";
    return gw_err_set(err, GW_E_IO, "cannot open %s: %s", conf->port,
                      strerror_r(error, text, sizeof text));
}

static int set_timeout(struct gw_rtu *r)
{
    const uint32_t sec = (uint32_t)(r->conf.timeout_ms / 1000);
    const uint32_t usec = (uint32_t)(r->conf.timeout_ms % 1000 * 1000);
    return modbus_set_response_timeout(r->mb, sec, usec);
}

static enum gw_status set_up(struct gw_rtu *r, struct gw_err *err)
{
    const struct gw_rtu_conf *conf = &r->conf;
    if (set_timeout(r) != 0 || modbus_set_byte_timeout(r->mb, 0, 0) != 0 ||
        modbus_set_error_recovery(r->mb, MODBUS_ERROR_RECOVERY_NONE) != 0 ||
        modbus_connect(r->mb) != 0)
        return cannot_open(conf, errno, err);
    r->fd = modbus_get_socket(r->mb);
    /* libmodbus watches it by select without a bound check. */
    if (r->fd >= FD_SETSIZE)
        return gw_err_set(err, GW_E_IO, "cannot open %s: too many open files (descriptor %d)",
                          conf->port, r->fd);
    if (ioctl(r->fd, TIOCEXCL) != 0)
        return cannot_open(conf, errno, err);
    if (conf->rs485 && modbus_rtu_set_serial_mode(r->mb, MODBUS_RTU_RS485) != 0)
        return gw_err_set(err, GW_E_IO,
                          "%s cannot switch an RS-485 transmitter; leave \"rs485\" out if the "
                          "adapter does it by itself",
                          conf->port);
    return GW_OK;
}

enum gw_status gw_rtu_open(const struct gw_rtu_conf *conf, struct gw_rtu **out, struct gw_err *err)
{
    static const char parity[] = {'N', 'E', 'O'};
    struct gw_rtu *r = calloc(1, sizeof *r);
    if (r == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", conf->port);
    r->conf = *conf;
    r->fd = -1;
    r->uneasy = true;
    r->gap_ms = gw_serial_gap_ms(conf->baud, gw_serial_char_bits(conf->parity, conf->stop_bits));
    r->mb = modbus_new_rtu(conf->port, (int)conf->baud, parity[conf->parity], DATA_BITS,
                           (int)conf->stop_bits);
    enum gw_status status = r->mb != NULL ? set_up(r, err) : cannot_open(conf, errno, err);
    if (status != GW_OK) {
        gw_rtu_close(r, true);
        return status;
    }
    *out = r;
    return GW_OK;
}

void gw_rtu_close(struct gw_rtu *rtu, bool unlock)
{
    if (rtu == NULL)
        return;
    if (rtu->mb != NULL) {
        if (modbus_get_socket(rtu->mb) >= 0) {
            if (unlock)
                gw_rtu_unlock(modbus_get_socket(rtu->mb));
            modbus_close(rtu->mb);
        }
        modbus_free(rtu->mb);
    }
    free(rtu);
}

int gw_rtu_fd(const struct gw_rtu *rtu)
{
    return rtu->fd;
}

void gw_rtu_unlock(int fd)
{
    (void)ioctl(fd, TIOCNXCL);
}

void gw_rtu_timeout(struct gw_rtu *rtu, int64_t timeout_ms)
{
    assert(timeout_ms > 0);
    if (rtu->conf.timeout_ms == timeout_ms)
        return;
    rtu->conf.timeout_ms = timeout_ms;
    const int rc = set_timeout(rtu);
    assert(rc == 0); /* it refuses nothing but 0 */
    (void)rc;
}

bool gw_rtu_moved(const struct gw_rtu *rtu)
{
    struct stat named;
    struct stat held;
    return stat(rtu->conf.port, &named) != 0 || fstat(rtu->fd, &held) != 0 ||
           named.st_rdev != held.st_rdev || named.st_ino != held.st_ino;
}

/* ---- requests ---- */

/* What errno of a failed request means. */
static enum gw_status from_errno(struct gw_rtu *r, int error, struct gw_err *err)
{
    static const struct {
        int error;
        enum gw_status status;
        const char *text;
    } known[] = {
        {EMBBADCRC, GW_E_PROTO, "wrong CRC"},
        {EMBBADSLAVE, GW_E_PROTO, "answer of another unit"},
        {EMBBADDATA, GW_E_PROTO, "answer of another function or length"},
        {EMBMDATA, GW_E_PROTO, "answer with too much data"},
        {EMBBADEXC, GW_E_PROTO, "exception without a known code"},
        {EIO, GW_E_CLOSED, "the serial port is gone"},
        {ENODEV, GW_E_CLOSED, "the serial port is gone"},
        {ENXIO, GW_E_CLOSED, "the serial port is gone"},
        {EBADF, GW_E_CLOSED, "the serial port is gone"},
        {EPIPE, GW_E_CLOSED, "the serial port is gone"},
        {ECONNRESET, GW_E_CLOSED, "the serial port is gone"}, /* end of file, by libmodbus */
    };
    if (error == ETIMEDOUT)
        return gw_err_set(err, GW_E_TIMEOUT, "no whole answer within %lld ms",
                          (long long)r->conf.timeout_ms);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].error == error)
            return gw_err_set(err, known[i].status, "%s", known[i].text);
    return gw_err_set(err, GW_E_PROTO, "%s", modbus_strerror(error));
}

/* Empties the line and waits until it is silent. */
static enum gw_status settle(struct gw_rtu *r, int64_t quiet_ms, struct gw_err *err)
{
    (void)modbus_flush(r->mb);
    const enum gw_status status = gw_serial_settle(r->fd, quiet_ms, SETTLE_MAX_MS, NULL);
    if (status == GW_E_CLOSED)
        return gw_err_set(err, status, "the serial port is gone");
    if (status != GW_OK)
        return gw_err_set(err, GW_E_PROTO, "the line is never silent: noise, or another master");
    return GW_OK;
}

/* One of the permitted reads; the number of items, or -1 with errno. */
static int read_items(struct gw_rtu *r, const struct gw_mb_request *req)
{
    switch (req->fc) {
    case GW_MB_READ_COILS:
        return modbus_read_bits(r->mb, req->address, req->count, r->bits);
    case GW_MB_READ_DISCRETE:
        return modbus_read_input_bits(r->mb, req->address, req->count, r->bits);
    case GW_MB_READ_HOLDING:
        return modbus_read_registers(r->mb, req->address, req->count, r->regs);
    case GW_MB_READ_INPUT:
        return modbus_read_input_registers(r->mb, req->address, req->count, r->regs);
    case GW_MB_REPORT_ID:
        return modbus_report_slave_id(r->mb, (int)sizeof r->id, r->id);
    }
    assert(false);
    errno = EINVAL;
    return -1;
}

/* Puts the items back into bytes as they were on the wire, in the one form that all decoding starts
 * from; libmodbus hands over numbers. */
static void pack(struct gw_rtu *r, const struct gw_mb_request *req, size_t n,
                 struct gw_mb_reply *out)
{
    *out = (struct gw_mb_reply){.data = r->data, .data_len = n};
    if (req->fc == GW_MB_REPORT_ID) {
        memcpy(r->data, r->id, n);
        return;
    }
    out->data_len = gw_mb_reply_bytes(req);
    if (req->fc == GW_MB_READ_HOLDING || req->fc == GW_MB_READ_INPUT) {
        for (size_t i = 0; i < n; i++)
            gw_put_be16(r->data + 2 * i, r->regs[i]);
        return;
    }
    memset(r->data, 0, out->data_len);
    for (size_t i = 0; i < n; i++)
        if (r->bits[i] != 0)
            r->data[i / 8] = (uint8_t)(r->data[i / 8] | 1u << i % 8);
}

/* True when errno stands for an exception that the unit answered with. libmodbus knows these codes
 * alone; any other one is EMBBADEXC. */
static bool is_exception(int error)
{
    return error > MODBUS_ENOBASE && error < MODBUS_ENOBASE + MODBUS_EXCEPTION_MAX;
}

/* A frame ends with silence: bytes right behind the answer show that it was none. */
static enum gw_status end_of_frame(struct gw_rtu *r, struct gw_err *err)
{
    uint64_t dropped = 0;
    const enum gw_status status = gw_serial_settle(r->fd, r->gap_ms, SETTLE_MAX_MS, &dropped);
    if (status == GW_E_CLOSED)
        return gw_err_set(err, status, "the serial port is gone");
    if (status != GW_OK || dropped > 0)
        return gw_err_set(err, GW_E_PROTO, "more bytes than the answer has");
    return GW_OK;
}

enum gw_status gw_rtu_request(struct gw_rtu *r, const struct gw_mb_request *req,
                              struct gw_mb_reply *out, struct gw_err *err)
{
    assert(gw_mb_request_valid(req));
    if (req->unit < GW_RTU_UNIT_MIN || req->unit > GW_RTU_UNIT_MAX ||
        modbus_set_slave(r->mb, req->unit) != 0)
        return gw_err_set(err, GW_E_INVAL, "unit %u cannot be asked on a serial line",
                          (unsigned)req->unit);
    /* What nobody asked for must not become the answer. After a failure the rest of a broken answer
     * may still be on its way. */
    enum gw_status status = settle(r, r->uneasy ? SETTLE_MS : 0, err);
    r->uneasy = true;
    if (status != GW_OK)
        return status;
    const int n = read_items(r, req);
    const int error = errno;
    if (n < 0 && !is_exception(error))
        return from_errno(r, error, err);
    status = end_of_frame(r, err);
    if (status != GW_OK)
        return status;
    r->uneasy = false;
    if (n < 0)
        *out = (struct gw_mb_reply){.exception = (uint8_t)(error - MODBUS_ENOBASE)};
    else
        pack(r, req, (size_t)n, out);
    return GW_OK;
}
