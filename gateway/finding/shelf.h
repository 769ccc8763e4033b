/* SPDX-License-Identifier: Apache-2.0
 *
 * shelf: alarms that a person has put aside for a while, with who, why and until when.
 *
 * A shelved alarm loses nothing: it is followed, raised and returned as ever, and its records are
 * made, with the lowest priority and the words of who shelved it. Shelving always ends: at `until`
 * by the wall clock, and at the latest when so much time has passed as was left when it began (or
 * was restored), so that a clock set back prolongs nothing. Each is stored as a row of its own under
 * "shelve/<check>", read strictly. Bounded: GW_SHELVES_MAX at one time. Owned by the engine; core
 * thread.
 */
#ifndef GW_FINDING_SHELF_H
#define GW_FINDING_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"
#include "finding/inventory.h"
#include "model/command.h"

#define GW_SHELVES_MAX  32
#define GW_SHELF_PREFIX "shelve/"
#define GW_SHELF_KEY    (GW_CHECK_KEY + sizeof GW_SHELF_PREFIX)
#define GW_SHELF_TEXT   2560 /* a row's text with its NUL is never longer */

struct gw_shelf {
    uint32_t slot; /* GW_NO_INDEX: free */
    enum gw_authority by;
    char who[GW_COMMAND_ID];
    char reason[GW_COMMAND_TEXT];
    int64_t from_ms, until_ms; /* wall time */
    int64_t ends_ms;           /* monotonic: never later; INT64_MAX: not reckoned yet */
};

/* Writes the row's text. */
void gw_shelf_write(const struct gw_shelf *s, char out[GW_SHELF_TEXT]);
/* Everything but slot and ends_ms. GW_E_PARSE: not such a text; GW_E_NOMEM. */
enum gw_status gw_shelf_parse(const char *text, struct gw_shelf *out) GW_MUST_CHECK;

/* Reckons ends_ms the first time; whether the shelving is over. */
bool gw_shelf_over(struct gw_shelf *s, const struct gw_stamp *now);

#endif
