/* SPDX-License-Identifier: Apache-2.0
 *
 * claim: what a record says of its own place: which chain, which number, what it follows, who
 * signed. Claims are to be checked against signature and neighbours (follow.h); nothing here is
 * believed. Pure; any thread.
 */
#ifndef GW_PROOF_CLAIM_H
#define GW_PROOF_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/status.h"
#include "conf/json.h"
#include "model/draft.h"

/* A place in a chain: record `seq` of `chain`, whose bytes have this hash. */
struct gw_place {
    int64_t seq;
    char chain[GW_CHAIN_SIZE]; /* "": none */
    char hash[GW_SHA256_HEX];  /* "": not told */
};

struct gw_claim {
    char chain[GW_CHAIN_SIZE];
    int64_t seq;
    char prev[GW_SHA256_HEX];
    char kid[GW_KID_SIZE];
    char cls[16];
    char hash[GW_SHA256_HEX]; /* of the record's bytes: computed, not claimed */
    /* Class key: the chain that this one does not continue, and its last known number. */
    struct gw_place broken;
    /* Class checkpoint: the records up to this place were delivered and are no longer kept. */
    struct gw_place pruned;
};

/* Reads the claims of a record's bytes. GW_E_PARSE: a member lacks, is of the wrong kind, or id,
 * chain and seq do not agree; err says which. GW_E_NOMEM. doc (may be NULL): the parsed record; the
 * caller's, gw_json_free. */
enum gw_status gw_claim_read(const char *bytes, size_t len, struct gw_claim *out,
                             struct gw_json **doc, struct gw_err *err) GW_MUST_CHECK;

/* True when b, with its number one more, names a as what it follows. */
bool gw_claim_follows(const struct gw_claim *b, const struct gw_place *a);

/* What the first record of a chain follows: 64 zeros. */
extern const char gw_claim_origin[GW_SHA256_HEX];

#endif
