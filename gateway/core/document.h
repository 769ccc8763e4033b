/* SPDX-License-Identifier: Apache-2.0
 *
 * document: the retained documents: status (unsigned, it is also the will), inventory, cases and
 * health (bodies, to be signed by the sealer). Written as canonical JSON. Core thread.
 */
#ifndef GW_CORE_DOCUMENT_H
#define GW_CORE_DOCUMENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "core/commands.h"
#include "core/config.h"
#include "core/identity.h"
#include "finding/engine.h"
#include "finding/inventory.h"
#include "journal/journal.h"
#include "model/table.h"
#include "publish/influx.h"
#include "publish/mqtt.h"

void gw_document_status(const struct gw_identity *id, bool online, struct gw_buf *out);

/* What is declared: enterprise, devices, assets with their roles and checks, the signing key; and
 * what is accepted of it, permitted, ordered and withheld. sha256: see below. */
struct gw_inventory_document {
    const struct gw_inventory *inventory;
    const struct gw_engine *engine; /* NULL: its state is not restored yet */
    const struct gw_key *key;
    const char *sha256;
};
void gw_document_inventory(const struct gw_identity *id, const struct gw_inventory_document *doc,
                           const struct gw_stamp *now, struct gw_buf *out);

/* SHA-256 of what is declared, which the platform accepts: of an object of the inventory document's
 * members assets, catalogue, config_sha256, devices, enterprise, gateway and points, as canonical
 * JSON. They change only with the configuration. text is used for it. GW_E_NOMEM, GW_E_FULL. */
enum gw_status gw_document_inventory_sha256(const struct gw_identity *id,
                                            const struct gw_inventory *inventory,
                                            struct gw_buf *text,
                                            char out[GW_SHA256_HEX]) GW_MUST_CHECK;

/* Every standing case and alarm. */
void gw_document_cases(const struct gw_identity *id, struct gw_engine *engine,
                       const struct gw_stamp *now, struct gw_buf *out);

/* How the gateway itself is. Pointers may be NULL where a part does not run. */
struct gw_health {
    const struct gw_site *site;
    const struct gw_table *table;
    const struct gw_engine *engine;
    const struct gw_journal_stats *journal;
    const struct gw_mqtt_stats *mqtt;
    const struct gw_influx_stats *influx;
    struct gw_commands *commands;
    const struct gw_config_state *config;
    const char *journal_fault; /* "" when it works */
    uint64_t batches_lost;     /* refused by a full mailbox or by the table */
};
void gw_document_health(const struct gw_identity *id, const struct gw_health *health,
                        const struct gw_stamp *now, struct gw_buf *out);

/* "ok", "failed" (nothing is decided), "full" (nine tenths of the quota wait for delivery); and why,
 * "" while all is well. */
const char *gw_health_journal_state(const struct gw_health *h);
const char *gw_health_journal_fault(const struct gw_health *h);

#endif
