/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/probe_link: the way to an endpoint, as the probe sees it: a request in, a reply out.
 *
 * A transport is one constant table and one line in the list of probe_link.c. Blocking; one thread.
 */
#ifndef GW_MODBUS_PROBE_LINK_H
#define GW_MODBUS_PROBE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "modbus/pdu.h"

/* A reply that passed every check, copied. */
struct gw_mb_probe_reply {
    uint8_t exception; /* 0 when data is valid */
    uint8_t data[GW_MB_MAX_PDU];
    size_t len;
};

struct gw_mb_probe_link; /* private to the transport */

struct gw_mb_probe_transport {
    const char *scheme; /* "tcp": what stands before the first ':' of an endpoint */
    const char *form;   /* "tcp:HOST[:PORT]", for the usage */
    /* rest: the endpoint behind the scheme; timeout_ms bounds each transaction. GW_E_PARSE: rest is
     * no such endpoint. GW_E_NOTFOUND, GW_E_NOMEM, GW_E_IO. */
    enum gw_status (*open)(const char *rest, int64_t timeout_ms, struct gw_mb_probe_link **out,
                           struct gw_err *err);
    void (*close)(struct gw_mb_probe_link *link);
    /* GW_OK: a reply, maybe an exception. Otherwise err says what happened, and *reached whether
     * the endpoint was there at all. */
    enum gw_status (*ask)(struct gw_mb_probe_link *link, const struct gw_mb_request *req,
                          struct gw_mb_probe_reply *out, bool *reached, struct gw_err *err);
    /* Appends the members of its bus in a site file: "\"driver\": \"modbus-tcp\", ...". */
    void (*print_bus)(const struct gw_mb_probe_link *link, struct gw_buf *out);
};

extern const struct gw_mb_probe_transport gw_mb_probe_tcp;

/* The known transports; ends with NULL. */
extern const struct gw_mb_probe_transport *const gw_mb_probe_transports[];

/* The transport of an endpoint, and where its rest starts; NULL when the scheme is not known. */
const struct gw_mb_probe_transport *gw_mb_probe_transport(const char *endpoint, const char **rest);

#endif
