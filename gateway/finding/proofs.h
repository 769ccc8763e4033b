/* SPDX-License-Identifier: Apache-2.0
 *
 * proofs: which signals were seen to move and which interlocks were seen to act, when and by which
 * role: the proof tests of commissioning and after it.
 *
 * The latest of each point at its asset, kept row by row under "proof/<what>/<asset>/<point>", which
 * no check's key is. What was seen is decided here, from the samples that the table still has, never
 * by who asks. Owned by the engine; core thread. Memory is taken as proofs come, GW_PROOFS_MAX at
 * most: about 200 bytes each.
 */
#ifndef GW_FINDING_PROOFS_H
#define GW_FINDING_PROOFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/jcs.h"
#include "base/status.h"
#include "finding/inventory.h"
#include "model/command.h"
#include "model/table.h"

#define GW_PROOFS_MAX 512
#define GW_PROOF_SEEN_MS                                                                           \
    INT64_C(900000) /* so long ago it may have moved; the table's history, if shorter */
#define GW_PROOF_KEY  (GW_CHECK_KEY + 16)
#define GW_PROOF_TEXT 768

struct gw_proof {
    char asset[GW_ID_SIZE];
    char point[GW_POINT_ID];
    char role[GW_ROLE_SIZE]; /* that the point played */
    enum gw_proof_what what;
    char by[GW_COMMAND_ID]; /* a function, never a person's name */
    char from[GW_PROOF_VALUE], to[GW_PROOF_VALUE];
    int64_t after_ms; /* ACTED: so long after its cause */
    int64_t at_ms;    /* when it moved: wall time */
};

struct gw_proofs {
    struct gw_proof *list;
    size_t n, cap;
};

void gw_proofs_free(struct gw_proofs *p);
/* The latest; NULL: there is none. Lent until the next one comes. */
const struct gw_proof *gw_proofs_find(const struct gw_proofs *p, const char *asset,
                                      const char *point, enum gw_proof_what what);
/* The latest of either kind. */
const struct gw_proof *gw_proofs_latest(const struct gw_proofs *p, const char *asset,
                                        const char *point);
/* Room for one more, or for this one anew. GW_E_FULL, GW_E_NOMEM. */
enum gw_status gw_proofs_reserve(struct gw_proofs *p, const struct gw_proof *proof) GW_MUST_CHECK;
/* In the place of what was there; after gw_proofs_reserve. */
void gw_proofs_set(struct gw_proofs *p, const struct gw_proof *proof);

/* Makes to the same as from. False: memory is short. */
bool gw_proofs_copy(struct gw_proofs *to, const struct gw_proofs *from);

bool gw_proofs_is_key(const char *key);
/* GW_E_PARSE, GW_E_FULL, GW_E_NOMEM. */
enum gw_status gw_proofs_restore(struct gw_proofs *p, const char *text) GW_MUST_CHECK;
void gw_proof_row(const struct gw_proof *proof, char key[GW_PROOF_KEY], char text[GW_PROOF_TEXT]);

/* As an array under key, in no order that means anything. */
void gw_proofs_write(const struct gw_proofs *p, struct gw_jcs *j, const char *key);

/* What was seen of a point. */
struct gw_seen {
    struct gw_sample from, to; /* before and after it moved */
};

/* Whether the samples (oldest first) show that the point moved: a contact, state or whole number by
 * its last change between two values that can be trusted, a quantity by two hundredths of what it can be
 * at all (engineering default), or by a tenth of the greatest value where that is not declared.
 * since_ms (INT64_MIN: any): what moved before it does not count; the last sample before it is where
 * the point comes from. */
bool gw_proof_moved(const struct gw_point *point, const struct gw_sample *samples, size_t n,
                    int64_t since_ms, struct gw_seen *out);

/* When the condition of a check held last, by the stamps of the samples that decided. One that was
 * not seen to come, because it held already at the start, is none. */
struct gw_trip {
    int64_t from_ms; /* INT64_MIN: never */
    int64_t to_ms;   /* INT64_MAX: it still holds */
};

/* ACTED: the effect must have moved as a check of a missing effect watches for, no later after one
 * of the check's causes than the check allows. A cause is an alarm whose own condition came, and
 * either still held when the effect moved or had held for the alarm's delay; that a signal of it
 * moved is none.
 *
 * Fills role, from, to and after_ms of the proof (whose asset, point, what and, as the present time,
 * at_ms are given) from what the table has, and sets at_ms back to when it moved. False: it was not
 * seen, and why and why_zh say what lacks. scratch: room for GW_HISTORY_MAX samples. */
struct gw_proof_view {
    const struct gw_inventory *inventory;
    const struct gw_table *table;
    int64_t now_ms;   /* monotonic */
    int64_t since_ms; /* monotonic; INT64_MIN: as far back as is known */
    struct gw_sample *scratch;
    struct gw_trip (*trip)(const void *ctx, uint32_t check);
    const void *trip_ctx;
    char why[GW_COMMAND_TEXT], why_zh[GW_COMMAND_TEXT];
};
bool gw_proof_see(struct gw_proof_view *v, struct gw_proof *proof);

#endif
