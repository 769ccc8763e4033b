/* SPDX-License-Identifier: Apache-2.0
 *
 * tap: ties a sink to its reader of the journal. The sink's thread calls what it is given.
 */
#ifndef GW_CORE_TAP_H
#define GW_CORE_TAP_H

#include "journal/journal.h"
#include "publish/mqtt.h"

struct gw_tap {
    struct gw_journal *journal;
    unsigned reader;
};

/* Fills the tap, which must live as long as the backlog is used. */
struct gw_backlog gw_tap_backlog(struct gw_tap *tap, struct gw_journal *journal, unsigned reader);

#endif
