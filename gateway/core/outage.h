/* SPDX-License-Identifier: Apache-2.0
 *
 * outage: which silences are worth an event of their own.
 *
 * A device that falls silent is told once, and once when it answers again. Where every device of a
 * bus with several falls silent, that is told once for the bus, not for each of them; and when the
 * bus is back, of those that stay silent. So a device's silence waits until it is known whether its
 * bus is well, but not for longer than GW_OUTAGE_WAIT_MS. Looks at the table only. Core thread.
 */
#ifndef GW_CORE_OUTAGE_H
#define GW_CORE_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "conf/site.h"
#include "core/event.h"
#include "model/table.h"

#define GW_OUTAGE_WAIT_MS 30000

enum gw_outage_kind {
    GW_OUTAGE_DEVICE_DOWN = 0,
    GW_OUTAGE_DEVICE_UP,
    GW_OUTAGE_BUS_DOWN,
    GW_OUTAGE_BUS_UP
};

struct gw_outage;

/* The table is lent and outlives it. GW_E_NOMEM. */
enum gw_status gw_outage_new(const struct gw_table *table, struct gw_outage **out,
                             struct gw_err *err) GW_MUST_CHECK;
void gw_outage_free(struct gw_outage *o); /* NULL is fine */

/* Takes over what `from` has told, of what goes on. o is new. */
void gw_outage_inherit(struct gw_outage *o, const struct gw_outage *from,
                       const struct gw_table_keep *keep);

/* Tells what is new as of now_ms: index is a device's or a bus's. */
typedef void (*gw_outage_tell)(void *arg, enum gw_outage_kind kind, uint32_t index);
void gw_outage_look(struct gw_outage *o, int64_t now_ms, gw_outage_tell tell, void *arg);

/* The event of what was told; words is what it points at. */
struct gw_outage_words {
    char en[200], zh[200];
};
struct gw_event gw_outage_event(const struct gw_outage *o, const struct gw_site *site,
                                enum gw_outage_kind kind, uint32_t index,
                                struct gw_outage_words *words);

#endif
