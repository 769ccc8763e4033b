/* SPDX-License-Identifier: Apache-2.0
 *
 * wire: what is signed, as it travels: {"<name>":<bytes>,"sig":"<base64url>"}.
 *
 * Ed25519 (RFC 8032) over the domain string of the name, followed by exactly those bytes, which are
 * canonical JSON. Reading takes a text apart and checks its form, never its truth: that is the
 * signature's part. Pure; any thread.
 */
#ifndef GW_PROOF_WIRE_H
#define GW_PROOF_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/status.h"

enum gw_wire_kind {
    GW_WIRE_RECORD = 0, /* chained: alarms, leads, evidence ... */
    GW_WIRE_DOCUMENT,   /* inventory, cases, health */
    GW_WIRE_COMMAND,    /* from the platform to a gateway */
    GW_WIRE_REPLY,      /* the gateway's answer to one */
    GW_WIRE_COUNT
};
const char *gw_wire_name(enum gw_wire_kind kind);   /* "record", "document" ... */
const char *gw_wire_domain(enum gw_wire_kind kind); /* "nonsite-record-v1\n" ... */

struct gw_wire {
    enum gw_wire_kind kind;
    const char *bytes; /* within the text that was given */
    size_t len;
    uint8_t sig[GW_SIG_SIZE];
};

/* GW_E_PARSE: not a wire form, or its bytes are not canonical; err says which. */
enum gw_status gw_wire_split(const char *text, size_t len, struct gw_wire *out,
                             struct gw_err *err) GW_MUST_CHECK;

/* True when this key signed it. */
bool gw_wire_signed(const struct gw_wire *w, const struct gw_key *key);

#endif
