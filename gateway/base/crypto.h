/* SPDX-License-Identifier: Apache-2.0
 *
 * crypto: SHA-256, Ed25519 and base64url over OpenSSL 3 (the only file that includes it).
 *
 * A key object may be used by one thread at a time. Private keys live in a file of mode 0600 in
 * PKCS#8 PEM, as the openssl program writes and reads it; they are never printed.
 */
#ifndef GW_BASE_CRYPTO_H
#define GW_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define GW_SHA256_HEX 65 /* 64 hex digits and NUL */
#define GW_SIG_SIZE   64
#define GW_SIG_B64    87 /* 86 base64url characters and NUL */
#define GW_PUB_SIZE   32
#define GW_KID_SIZE   17 /* first 16 hex digits of SHA-256 of the raw public key, and NUL */

/* Lower-case hex of SHA-256. GW_E_NOMEM or GW_E_IO when the library fails. */
enum gw_status gw_sha256_hex(const void *data, size_t n, char out[GW_SHA256_HEX]) GW_MUST_CHECK;

struct gw_key;

/* Reads a private key. GW_E_NOTFOUND: no such file; GW_E_REFUSED: others may read it;
 * GW_E_PARSE: not an Ed25519 private key; GW_E_IO, GW_E_NOMEM. err names the path. */
enum gw_status gw_key_load(const char *path, struct gw_key **out, struct gw_err *err) GW_MUST_CHECK;
/* Makes a key, writes it (mode 0600, synced, never over an existing file) and returns it. The file
 * appears whole or not at all; path with ".new" behind it is used on the way. GW_E_REFUSED: the
 * file is there, or the folder is not ours; GW_E_NOTFOUND: no such folder; GW_E_IO, GW_E_NOMEM. */
enum gw_status gw_key_create(const char *path, struct gw_key **out,
                             struct gw_err *err) GW_MUST_CHECK;
/* A public key from its 32 raw bytes, for verification only. GW_E_PARSE, GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_key_public(const uint8_t raw[GW_PUB_SIZE], struct gw_key **out,
                             struct gw_err *err) GW_MUST_CHECK;
/* Reads a public key in PEM, as `openssl pkey -pubout` writes it. GW_E_NOTFOUND, GW_E_PARSE (not an
 * Ed25519 public key; a private one is none, too), GW_E_IO, GW_E_NOMEM. err names the path. */
enum gw_status gw_key_public_load(const char *path, struct gw_key **out,
                                  struct gw_err *err) GW_MUST_CHECK;
void gw_key_free(struct gw_key *key);

const char *gw_key_id(const struct gw_key *key); /* the kid; lives as long as the key */
/* The public half: raw, and as PEM (malloc'd, the caller frees; NULL when memory is short). */
void gw_key_raw(const struct gw_key *key, uint8_t out[GW_PUB_SIZE]);
char *gw_key_pem(const struct gw_key *key);
/* Writes the public half as PEM, over what is there. GW_E_IO, GW_E_NOMEM; err names the path. */
enum gw_status gw_key_save_public(const struct gw_key *key, const char *path,
                                  struct gw_err *err) GW_MUST_CHECK;

/* Signs domain followed by the message. domain is an ASCII string that ends in "\n", its only one.
 * GW_E_INVAL: it is not, or the key is public only; GW_E_NOMEM; GW_E_IO when the library fails. */
enum gw_status gw_key_sign(const struct gw_key *key, const char *domain, const void *msg, size_t n,
                           uint8_t sig[GW_SIG_SIZE]) GW_MUST_CHECK;
/* True when the signature is good; false also for a domain that gw_key_sign would refuse, and when
 * memory is short. */
bool gw_key_verify(const struct gw_key *key, const char *domain, const void *msg, size_t n,
                   const uint8_t sig[GW_SIG_SIZE]);

/* Without padding; out_size >= 4 * n / 3 + 2. */
void gw_base64url(const uint8_t *data, size_t n, char *out, size_t out_size);
/* GW_E_PARSE on a foreign character, a length that cannot be, or bits behind the last byte (so that
 * one signature has one text); GW_E_FULL when out is too small. */
enum gw_status gw_base64url_decode(const char *text, size_t n, uint8_t *out, size_t out_size,
                                   size_t *out_len) GW_MUST_CHECK;

/* The 32 bytes that PBKDF2 with HMAC-SHA-256 makes of a password, a salt and so many rounds. GW_E_INVAL:
 * rounds is 0; GW_E_NOMEM. Any thread. */
enum gw_status gw_pbkdf2_sha256(const char *password, const uint8_t *salt, size_t salt_size,
                                unsigned rounds, uint8_t out[32]) GW_MUST_CHECK;
/* Whether the bytes are the same, in a time that does not depend on where they differ. */
bool gw_same_bytes(const void *a, const void *b, size_t n);

/* Fills out with n random bytes of the kernel. GW_E_IO. Any thread. */
enum gw_status gw_random(void *out, size_t n) GW_MUST_CHECK;

#endif
