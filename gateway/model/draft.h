/* SPDX-License-Identifier: Apache-2.0
 *
 * draft: a record before it has its place in the chain.
 *
 * The findings engine decides and writes the body; the journal gives it a sequence number, has it
 * sealed, and stores it in one transaction with the state row that makes the decision survive a
 * restart. Nobody sees a record before that commit.
 */
#ifndef GW_MODEL_DRAFT_H
#define GW_MODEL_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gw_class {
    GW_CLASS_NONE = 0, /* a state row alone: no record */
    GW_CLASS_ALARM,
    GW_CLASS_LEAD,
    GW_CLASS_EVIDENCE,
    GW_CLASS_LOSS,
    GW_CLASS_KEY,
    GW_CLASS_COMMAND,    /* what a person or the platform asked, and was done */
    GW_CLASS_CHECKPOINT, /* what lies before was delivered and is no longer kept */
    GW_CLASS_COUNT
};
const char *gw_class_name(enum gw_class cls); /* "alarm", "lead", ... */

/* Record identity: "<chain>-<seq>"; the chain is 16 hex digits. */
#define GW_CHAIN_SIZE     17
#define GW_RECORD_ID_SIZE 40

/* All pointers are lent for the duration of the call that takes the draft. */
struct gw_draft {
    enum gw_class cls;
    int priority; /* 1 (most urgent) .. 4 */
    /* Canonical JSON object: the record without chain, id, kid, prev, seq. NULL for CLASS_NONE. */
    const char *body;
    size_t body_len;
    /* The state row to store with it: key and canonical JSON text. NULL key: none; NULL state: the
     * row is deleted. */
    const char *state_key;
    const char *state;
    bool opens;     /* the row's `seq` becomes this record's (it starts a case or an alarm) */
    uint64_t token; /* handed back when committed; 0: no notice wanted */
    /* For CLASS_EVIDENCE: the window itself, published as evidence/<window_id>. NULL otherwise. */
    const char *window_id;
    const char *window;
    size_t window_len;
};

#endif
