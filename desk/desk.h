/* SPDX-License-Identifier: Apache-2.0
 *
 * desk: the platform's end at work: receives from the broker, keeps, acknowledges with receipts,
 * writes pages. One thread; ends when *stop becomes true.
 *
 * Many messages share a commit: at most half a second or 500 messages. Receipts go out only after
 * it. When the store fails, what was received since the last commit is forgotten whole and without
 * a receipt, so every gateway sends it again.
 */
#ifndef GW_DESK_DESK_H
#define GW_DESK_DESK_H

#include <signal.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/status.h"
#include "desk/conf.h"
#include "desk/store.h"

struct gw_desk {
    const struct gw_desk_conf *conf; /* lent */
    struct gw_desk_store *store;     /* lent */
    const struct gw_key *key;        /* lent */
    const struct gw_clock *clock;    /* lent */
    const volatile sig_atomic_t *stop;
};

/* GW_E_NOMEM, GW_E_IO: it cannot start. */
enum gw_status gw_desk_serve(const struct gw_desk *d, struct gw_err *err) GW_MUST_CHECK;

/* Writes every sheet and feed anew. */
enum gw_status gw_desk_pages(const struct gw_desk *d, struct gw_err *err) GW_MUST_CHECK;

/* Sends a command and waits for the gateway's reply, which it prints. *done: it was carried out.
 * GW_E_TIMEOUT: no answer within 15 s; GW_E_INVAL: not a command; GW_E_IO: no broker. */
enum gw_status gw_desk_send(const struct gw_desk *d, const char *gateway, const char *name,
                            const char *const *args, size_t nargs, bool *done,
                            struct gw_err *err) GW_MUST_CHECK;

#endif
