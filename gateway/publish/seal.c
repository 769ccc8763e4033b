/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/seal.h"

#include "base/jcs.h"
#include "model/draft.h"
#include "proof/wire.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDED_MAX 512 /* the members that sealing adds, with room to spare */

struct gw_seal {
    pthread_mutex_t mutex; /* a key serves one thread at a time */
    struct gw_key *key;
};

enum gw_status gw_seal_new(struct gw_key *key_take, struct gw_seal **out, struct gw_err *err)
{
    struct gw_seal *seal = calloc(1, sizeof *seal);
    if (seal == NULL || pthread_mutex_init(&seal->mutex, NULL) != 0) {
        free(seal);
        return gw_err_set(err, GW_E_NOMEM, "seal: out of memory");
    }
    seal->key = key_take;
    *out = seal;
    return GW_OK;
}

void gw_seal_free(struct gw_seal *seal)
{
    if (seal == NULL)
        return;
    gw_key_free(seal->key);
    pthread_mutex_destroy(&seal->mutex);
    free(seal);
}

const char *gw_seal_kid(const struct gw_seal *seal)
{
    return gw_key_id(seal->key);
}

static enum gw_status sign(struct gw_seal *seal, const char *domain, const struct gw_buf *bytes,
                           char sig[GW_SIG_B64])
{
    uint8_t raw[GW_SIG_SIZE];

    pthread_mutex_lock(&seal->mutex);
    enum gw_status status = gw_key_sign(seal->key, domain, bytes->data, bytes->len, raw);
    pthread_mutex_unlock(&seal->mutex);
    if (status == GW_OK)
        gw_base64url(raw, sizeof raw, sig, GW_SIG_B64);
    return status;
}

/* Appends {"<name>":<bytes>,"sig":"<sig>"} whole or not at all. */
static enum gw_status put_wire(struct gw_buf *wire, const char *name, const struct gw_buf *bytes,
                               const char *sig)
{
    static const char before_sig[] = ",\"sig\":\"";
    size_t need = strlen("{\"\":") + strlen(name) + bytes->len + strlen(before_sig) + strlen(sig) +
                  strlen("\"}");

    if (wire->failed || need > wire->max - wire->len)
        return GW_E_FULL;
    gw_buf_str(wire, "{\"");
    gw_buf_str(wire, name);
    gw_buf_str(wire, "\":");
    gw_buf_put(wire, bytes->data, bytes->len);
    gw_buf_str(wire, before_sig);
    gw_buf_str(wire, sig);
    gw_buf_str(wire, "\"}");
    return wire->failed ? GW_E_NOMEM : GW_OK;
}

/* Merges the added members into the body; bytes must be empty and roomy enough. */
static enum gw_status merge(const char *body, size_t body_len, const struct gw_buf *added,
                            struct gw_buf *bytes)
{
    gw_buf_init(bytes, body_len + ADDED_MAX);
    enum gw_status status = gw_jcs_merge(body, body_len, added->data, added->len, bytes);
    /* There is always room in it for both, so what failed was memory. */
    return status == GW_E_FULL ? GW_E_NOMEM : status;
}

enum gw_status gw_seal_record(void *ctx, const char *chain, int64_t seq, const char *prev,
                              const char *body, size_t body_len, struct gw_buf *wire,
                              char hash[GW_SHA256_HEX])
{
    struct gw_seal *seal = ctx;
    struct gw_buf added;
    struct gw_buf bytes = {0};
    struct gw_jcs j;
    char text[ADDED_MAX];
    char id[GW_RECORD_ID_SIZE];
    char sig[GW_SIG_B64];
    char digest[GW_SHA256_HEX];

    int n = snprintf(id, sizeof id, "%s-%" PRId64, chain, seq);
    if (n < 0 || (size_t)n >= sizeof id)
        return GW_E_INVAL;
    gw_buf_fixed(&added, text, sizeof text);
    gw_jcs_init(&j, &added);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "chain", chain);
    gw_jcs_str(&j, "id", id);
    gw_jcs_str(&j, "kid", gw_seal_kid(seal));
    gw_jcs_str(&j, "prev", prev);
    gw_jcs_int(&j, "seq", seq);
    gw_jcs_end(&j);
    if (!gw_jcs_done(&j))
        return GW_E_INVAL;

    enum gw_status status = merge(body, body_len, &added, &bytes);
    if (status == GW_OK)
        status = gw_sha256_hex(bytes.data, bytes.len, digest);
    if (status == GW_OK)
        status = sign(seal, gw_wire_domain(GW_WIRE_RECORD), &bytes, sig);
    if (status == GW_OK)
        status = put_wire(wire, gw_wire_name(GW_WIRE_RECORD), &bytes, sig);
    if (status == GW_OK)
        memcpy(hash, digest, sizeof digest);
    gw_buf_free(&bytes);
    return status;
}

/* What is signed but not chained: "kid" is added. */
static enum gw_status seal_loose(struct gw_seal *seal, enum gw_wire_kind kind, const char *body,
                                 size_t body_len, struct gw_buf *wire)
{
    struct gw_buf added;
    struct gw_buf bytes = {0};
    struct gw_jcs j;
    char text[64];
    char sig[GW_SIG_B64];

    gw_buf_fixed(&added, text, sizeof text);
    gw_jcs_init(&j, &added);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "kid", gw_seal_kid(seal));
    gw_jcs_end(&j);

    enum gw_status status = merge(body, body_len, &added, &bytes);
    if (status == GW_OK)
        status = sign(seal, gw_wire_domain(kind), &bytes, sig);
    if (status == GW_OK)
        status = put_wire(wire, gw_wire_name(kind), &bytes, sig);
    gw_buf_free(&bytes);
    return status;
}

enum gw_status gw_seal_document(struct gw_seal *seal, const char *body, size_t body_len,
                                struct gw_buf *wire)
{
    return seal_loose(seal, GW_WIRE_DOCUMENT, body, body_len, wire);
}

enum gw_status gw_seal_reply(struct gw_seal *seal, const char *body, size_t body_len,
                             struct gw_buf *wire)
{
    return seal_loose(seal, GW_WIRE_REPLY, body, body_len, wire);
}
