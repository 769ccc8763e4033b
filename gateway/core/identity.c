/* SPDX-License-Identifier: Apache-2.0 */
#include "core/identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"

enum gw_status gw_identity_init(struct gw_identity *id, const struct gw_site *site,
                                const struct gw_clock *clock)
{
    uint64_t random[2];

    *id = (struct gw_identity){
        .gateway = site->gateway.id,
        .config_sha256 = site->config_sha256,
        .start = gw_clock_now(clock),
    };
    gw_clock_boot_id(id->boot);
    const enum gw_status st = gw_random(random, sizeof random);
    if (st == GW_OK)
        (void)snprintf(id->challenge, sizeof id->challenge, "%016" PRIx64 "%016" PRIx64, random[0],
                       random[1]);
    return st;
}

enum gw_status gw_identity_key(const struct gw_site *site, struct gw_key **out, bool *made,
                               struct gw_err *err)
{
    char path[2 * GW_PATH_SIZE], pub[2 * GW_PATH_SIZE + 8];
    struct gw_key *key = NULL;
    bool fresh = false;

    if (site->gateway.key_file[0])
        (void)snprintf(path, sizeof path, "%s", site->gateway.key_file);
    else
        (void)snprintf(path, sizeof path, "%s/signing.key", site->gateway.state_dir);
    (void)snprintf(pub, sizeof pub, "%s.pub", path);

    enum gw_status st = gw_dir_make(site->gateway.state_dir, err);
    if (st == GW_OK)
        st = gw_key_load(path, &key, err);
    if (st == GW_E_NOTFOUND) {
        st = gw_key_create(path, &key, err);
        fresh = st == GW_OK;
    }
    if (st != GW_OK) {
        gw_key_free(key);
        return st;
    }
    /* Anew at each start: a copied key file then always has its own beside it. */
    if (gw_key_save_public(key, pub, err) != GW_OK)
        gw_log(GW_LOG_WARN, "core", "the public key is not written: %s", err->msg);
    *out = key;
    *made = fresh;
    return GW_OK;
}
