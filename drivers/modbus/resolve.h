/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/resolve: host names to addresses, off the reactor's thread.
 *
 * The system's resolver blocks for as long as a dead name server pleases; so it runs in a thread of
 * its own that takes questions from one mailbox and puts answers into another, whose descriptor the
 * reactor watches. Numeric addresses need no thread. The resolver belongs to the thread that made
 * it; a question that hangs is left behind with its thread when the resolver is freed.
 */
#ifndef GW_MODBUS_RESOLVE_H
#define GW_MODBUS_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/pulse.h"
#include "base/status.h"

#define GW_MB_ADDRS_MAX 4
#define GW_MB_HOST_SIZE 96

/* The addresses of one endpoint, in the order in which to try them. */
struct gw_mb_addrs {
    size_t n;
    struct {
        struct sockaddr_storage sa;
        socklen_t len;
    } at[GW_MB_ADDRS_MAX];
};

/* Fills out from a dotted IPv4 or an IPv6 address; false for anything else. Never blocks. */
bool gw_mb_numeric(const char *host, uint16_t port, struct gw_mb_addrs *out);

/* Asks the system. May block for long. GW_E_NOTFOUND and the like; err says why. */
enum gw_status gw_mb_lookup_system(void *ctx, const char *host, uint16_t port,
                                   struct gw_mb_addrs *out, struct gw_err *err);

/* How names are looked up; called in the resolver's thread. */
struct gw_mb_lookup {
    enum gw_status (*lookup)(void *ctx, const char *host, uint16_t port, struct gw_mb_addrs *out,
                             struct gw_err *err);
    void *ctx;
};

struct gw_mb_answer {
    uint32_t id; /* of the question */
    enum gw_status status;
    struct gw_mb_addrs addrs; /* n >= 1 when status is GW_OK */
    char text[96];            /* why not, otherwise */
};

struct gw_mb_resolver;

/* capacity: questions that may be open at once. pulses: that its thread's belongs to; NULL: nobody
 * looks. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_mb_resolver_new(const struct gw_mb_lookup *lookup, size_t capacity,
                                  struct gw_pulses *pulses, struct gw_mb_resolver **out,
                                  struct gw_err *err) GW_MUST_CHECK;
/* Ends the thread, or leaves it behind (with what it uses) when it does not end within timeout_ms.
 * NULL is fine. */
void gw_mb_resolver_free(struct gw_mb_resolver *r, int64_t timeout_ms);

/* Puts a question. GW_E_FULL when capacity questions are open, GW_E_RANGE when the name is too
 * long. Each question taken is answered once. */
enum gw_status gw_mb_resolver_ask(struct gw_mb_resolver *r, uint32_t id, const char *host,
                                  uint16_t port) GW_MUST_CHECK;
/* The next answer; false when there is none yet. */
bool gw_mb_resolver_get(struct gw_mb_resolver *r, struct gw_mb_answer *out);
/* Polls readable while there are answers. Lent. */
int gw_mb_resolver_fd(const struct gw_mb_resolver *r);

#endif
