/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/probe_args: what the technician wants of the probe. One thread.
 */
#ifndef GW_MODBUS_PROBE_ARGS_H
#define GW_MODBUS_PROBE_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "modbus/decode.h"
#include "modbus/pdu.h"
#include "modbus/probe_link.h"

#define GW_MB_PROBE_COUNT_MAX 2000

struct gw_mb_probe_args {
    const char *endpoint; /* as given */
    const struct gw_mb_probe_transport *transport;
    const char *rest; /* the endpoint behind its scheme */
    bool help, scan;
    bool identity; /* ask function 17 alone */
    unsigned unit_first, unit_last;
    enum gw_mb_fc fc; /* 1..4 */
    bool addressed;   /* --address was given */
    unsigned address, count;
    int64_t timeout_ms; /* of each transaction */
    int64_t time_ms;    /* of a whole scan */
    const char *point;  /* name of the point to print; NULL: none */
    int type;           /* enum gw_mb_type; -1: not given */
    int order;          /* enum gw_mb_order; -1: not given */
};

extern const char gw_mb_probe_usage[];

/* Texts are lent by argv. GW_E_INVAL: err says what is wrong. */
enum gw_status gw_mb_probe_args(int argc, char **argv, struct gw_mb_probe_args *out,
                                struct gw_err *err) GW_MUST_CHECK;

#endif
