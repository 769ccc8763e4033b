/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/order: what the platform says to a gateway, as signed messages (config/interface/commands.md).
 * Pure; the key serves one thread.
 */
#ifndef GW_DESK_ORDER_H
#define GW_DESK_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/status.h"
#include "proof/claim.h"

#define GW_DESK_RECEIPTS 200 /* records in one receipt */
#define GW_DESK_ARGS     16
#define GW_DESK_TOPIC    128
#define GW_DESK_VALID_MS (INT64_C(3600) * 1000) /* from iat to exp */

/* Appends a receipt for these records of one chain. head: the newest that came without a gap. */
enum gw_status gw_desk_receipt(const struct gw_key *key, const char *gateway,
                               const struct gw_place *records, size_t n,
                               const struct gw_place *head, int64_t now_ms, struct gw_buf *out,
                               struct gw_err *err) GW_MUST_CHECK;

/* A command as a person gave it: args are "key=value", the times "until", "from" and
 * "certificate_until" as "+8h", "+90m", "+3d", "2026-12-01" (its end, China Standard Time) or
 * milliseconds since 1970. */
struct gw_desk_order {
    const char *gateway, *name;
    const char *const *args;
    size_t nargs;
    int64_t seq, now_ms;
    const char *challenge; /* "": none is known */
};

/* Checks name and args against commands.md and appends the signed message; hash: of its bytes.
 * GW_E_INVAL with words for the one who typed. */
enum gw_status gw_desk_order(const struct gw_key *key, const struct gw_desk_order *order,
                             struct gw_buf *out, char hash[GW_SHA256_HEX],
                             struct gw_err *err) GW_MUST_CHECK;

/* "nonsite/v1/<gateway>/command/<name>" */
void gw_desk_order_topic(const char *gateway, const char *name, char out[GW_DESK_TOPIC]);

/* What the order is about, for looking it up later: its case, target or id; "". Lent. */
const char *gw_desk_order_subject(const struct gw_desk_order *order);

/* A line for each command and its arguments, for the usage text. */
extern const char gw_desk_order_usage[];

#endif
