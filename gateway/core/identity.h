/* SPDX-License-Identifier: Apache-2.0
 *
 * identity: who this gateway is for the duration of one run: its key, boot id and start time.
 *
 * The signing key is made at the first start (mode 0600); its public half is written beside it as
 * <key>.pub in PEM, to be enrolled by a human at the platform. One thread.
 */
#ifndef GW_CORE_IDENTITY_H
#define GW_CORE_IDENTITY_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/status.h"
#include "conf/site.h"

struct gw_identity {
    const char *gateway; /* lent by the site */
    const char *config_sha256;
    char boot[GW_BOOT_ID_SIZE];
    struct gw_stamp start;
    char challenge[33]; /* random, of this run; a command names it while the clock is not right */
};

/* GW_E_IO: the kernel gives no random bytes. */
enum gw_status gw_identity_init(struct gw_identity *id, const struct gw_site *site,
                                const struct gw_clock *clock) GW_MUST_CHECK;

/* Reads the site's signing key, or makes it when there is none. *made tells which. Errors of
 * gw_key_load and gw_key_create, GW_E_IO for the folder. err must not be NULL. */
enum gw_status gw_identity_key(const struct gw_site *site, struct gw_key **out, bool *made,
                               struct gw_err *err) GW_MUST_CHECK;

#endif
