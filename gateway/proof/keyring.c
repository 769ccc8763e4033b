/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/keyring.h"

#include <stdlib.h>
#include <string.h>

struct gw_keyring {
    struct gw_key *keys[GW_KEYRING_MAX];
    size_t n;
};

struct gw_keyring *gw_keyring_new(void)
{
    return calloc(1, sizeof(struct gw_keyring));
}

void gw_keyring_free(struct gw_keyring *ring)
{
    if (!ring)
        return;
    for (size_t i = 0; i < ring->n; i++)
        gw_key_free(ring->keys[i]);
    free(ring);
}

enum gw_status gw_keyring_add(struct gw_keyring *ring, const char *path, struct gw_err *err)
{
    struct gw_key *key = NULL;
    const enum gw_status st = gw_key_public_load(path, &key, err);
    if (st != GW_OK)
        return st;
    if (gw_keyring_find(ring, gw_key_id(key))) {
        gw_key_free(key);
        return GW_OK;
    }
    if (ring->n == GW_KEYRING_MAX) {
        gw_key_free(key);
        return gw_err_set(err, GW_E_FULL, "%s: there are %d keys already", path, GW_KEYRING_MAX);
    }
    ring->keys[ring->n++] = key;
    return GW_OK;
}

const struct gw_key *gw_keyring_find(const struct gw_keyring *ring, const char *kid)
{
    for (size_t i = 0; i < ring->n; i++)
        if (strcmp(gw_key_id(ring->keys[i]), kid) == 0)
            return ring->keys[i];
    return NULL;
}

size_t gw_keyring_count(const struct gw_keyring *ring)
{
    return ring->n;
}
