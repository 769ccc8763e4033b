/* SPDX-License-Identifier: Apache-2.0
 *
 * probe: finds an address of the broker that takes a TCP connection now, in bounded time.
 *
 * libmosquitto's connect blocks in the resolver (10 s and more with a dead name server) and in
 * connect() (over two minutes for a host that swallows packets). So names are resolved by a thread
 * of their own that can be left behind, each address is tried with a non-blocking connect(), and
 * the library is asked only when that worked. Owned by one thread. Only for this folder.
 */
#ifndef GW_PUBLISH_PROBE_H
#define GW_PUBLISH_PROBE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define GW_PROBE_RESOLVE_MS 10000 /* for the name */
#define GW_PROBE_CONNECT_MS 5000  /* for each address */
#define GW_PROBE_ADDRESSES  4     /* tried at most */
#define GW_PROBE_TEXT       80

struct gw_probe_found {
    char address[GW_PROBE_TEXT]; /* numeric */
    bool ipv6;
};

struct gw_probe;

/* host is lent. keep: while the name cannot be resolved, the address found last is tried.
 * GW_E_NOMEM. */
enum gw_status gw_probe_new(const char *host, uint16_t port, bool keep,
                            struct gw_probe **out) GW_MUST_CHECK;
/* A resolver thread that still hangs is left behind; it frees what it owns when it ends. */
void gw_probe_free(struct gw_probe *p);

/* Blocks until an address answered, all failed, or stop_fd is readable (GW_E_CLOSED). err names
 * host and port. GW_E_NOTFOUND: no such name; GW_E_TIMEOUT: no answer; GW_E_IO: refused or
 * unreachable. */
enum gw_status gw_probe_run(struct gw_probe *p, int stop_fd, struct gw_probe_found *out,
                            struct gw_err *err) GW_MUST_CHECK;

#endif
