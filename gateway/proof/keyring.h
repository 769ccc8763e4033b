/* SPDX-License-Identifier: Apache-2.0
 *
 * keyring: the public keys that somebody trusts, by their kid. Owned by one thread.
 */
#ifndef GW_PROOF_KEYRING_H
#define GW_PROOF_KEYRING_H

#include <stddef.h>

#include "base/crypto.h"
#include "base/status.h"

#define GW_KEYRING_MAX 1024

struct gw_keyring;

/* NULL: out of memory. */
struct gw_keyring *gw_keyring_new(void);
void gw_keyring_free(struct gw_keyring *ring);

/* Adds the public key of a PEM file, as `openssl pkey -pubout` writes it. A key that is there
 * already is fine. Errors of gw_key_public_load; GW_E_FULL beyond GW_KEYRING_MAX. */
enum gw_status gw_keyring_add(struct gw_keyring *ring, const char *path,
                              struct gw_err *err) GW_MUST_CHECK;

/* NULL: no such key is trusted. */
const struct gw_key *gw_keyring_find(const struct gw_keyring *ring, const char *kid);
size_t gw_keyring_count(const struct gw_keyring *ring);

#endif
