/* SPDX-License-Identifier: Apache-2.0
 *
 * seal: the signature on everything that leaves the box as evidence.
 *
 * A record's body gets "chain", "id", "kid", "prev" and "seq" merged in by key order; Ed25519 signs
 * the domain string and exactly those bytes; the wire form is
 * {"record":<bytes>,"sig":"<base64url>"}, written once and never re-encoded. Documents (inventory,
 * cases, health) are signed the same way under their own domain string, with "kid" merged in, are
 * not chained, and travel as
 * {"document":<bytes>,"sig":"<base64url>"}; so are replies to commands.
 * One object may be used by several threads.
 */
#ifndef GW_PUBLISH_SEAL_H
#define GW_PUBLISH_SEAL_H

#include "base/buf.h"
#include "base/crypto.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct gw_seal;

/* Takes key over on success. */
enum gw_status gw_seal_new(struct gw_key *key_take, struct gw_seal **out,
                           struct gw_err *err) GW_MUST_CHECK;
void gw_seal_free(struct gw_seal *seal);

const char *gw_seal_kid(const struct gw_seal *seal);

/* The seal hook of the journal; ctx is the struct gw_seal. GW_E_PARSE when body is not canonical,
 * GW_E_FULL when wire cannot hold it (then it is unchanged), GW_E_INVAL when chain, seq or prev
 * have no place in a record, GW_E_NOMEM. hash is untouched on failure. */
enum gw_status gw_seal_record(void *ctx, const char *chain, int64_t seq, const char *prev,
                              const char *body, size_t body_len, struct gw_buf *wire,
                              char hash[GW_SHA256_HEX]) GW_MUST_CHECK;

/* Appends the signed wire form of a reply's body to wire. Errors as above. */
enum gw_status gw_seal_reply(struct gw_seal *seal, const char *body, size_t body_len,
                             struct gw_buf *wire) GW_MUST_CHECK;

/* Appends the signed wire form of a document's body to wire. Errors as above. */
enum gw_status gw_seal_document(struct gw_seal *seal, const char *body, size_t body_len,
                                struct gw_buf *wire) GW_MUST_CHECK;

#endif
