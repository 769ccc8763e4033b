/* SPDX-License-Identifier: Apache-2.0
 *
 * follow: an export read from its first line to its last, in constant memory: is every record
 * signed, unaltered, in its place, and is none missing?
 *
 * An export holds wire forms, one a line, in the order of their numbers; a new chain stands behind
 * the one that it does not continue, and its first record (class key) says so. Where the oldest
 * records were pruned, a checkpoint further on in the same chain vouches for what lies before the
 * first one. Only the first fault is told: what follows a fault proves nothing.
 *
 * What cannot be seen here: a tail that was cut off. Compare `last` with the head in a signed
 * health document or in a receipt. Owned by one thread.
 */
#ifndef GW_PROOF_FOLLOW_H
#define GW_PROOF_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "proof/claim.h"
#include "proof/keyring.h"

#define GW_FOLLOW_LINE_MAX ((size_t)64 * 1024) /* a record is 16 KiB at most */

enum gw_follow_fault {
    GW_FOLLOW_NONE = 0,
    GW_FOLLOW_FORM,    /* no record, or not canonical */
    GW_FOLLOW_FOREIGN, /* signed by a key that is not trusted, or of a chain that does not belong */
    GW_FOLLOW_BROKEN,  /* altered: the signature or the link to the record before is wrong */
    GW_FOLLOW_MISSING, /* numbers are left out */
    GW_FOLLOW_REPEATED,  /* a number again */
    GW_FOLLOW_REORDERED, /* a number that comes later */
    GW_FOLLOW_COUNT
};
const char *gw_follow_fault_name(enum gw_follow_fault f); /* "foreign", "broken" ... */

struct gw_follow {
    const struct gw_keyring *keys; /* lent */
    bool part; /* the export may start anywhere in its chain without a checkpoint */

    /* Result. */
    enum gw_follow_fault fault;
    uint64_t line;  /* of the fault; lines count from 1 */
    char text[256]; /* the fault for people: "<chain>-<seq>: ..." */
    uint64_t records, chains;
    struct gw_place first, last; /* of the present chain */

    /* Inside. */
    uint64_t lines;
    bool unvouched;             /* what lies before `first` is still to be vouched for */
    char origin[GW_SHA256_HEX]; /* the hash that it must have */
    struct gw_place gap;        /* number that was passed over, to be looked for further on */
    uint64_t gap_line;
};

/* keys is lent until the end. */
void gw_follow_start(struct gw_follow *f, const struct gw_keyring *keys, bool part);

/* The next line, without its line feed; one longer than GW_FOLLOW_LINE_MAX is no record. Goes on when there is a fault, which only a gap needs: what
 * is missing may come later. GW_E_NOMEM: the check itself failed. */
enum gw_status gw_follow_line(struct gw_follow *f, const char *text, size_t len,
                              struct gw_err *err) GW_MUST_CHECK;
/* No more lines: the fault, if any, is settled. */
void gw_follow_end(struct gw_follow *f);

#endif
