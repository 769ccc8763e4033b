/* SPDX-License-Identifier: Apache-2.0
 *
 * records: records.db. The chain of records, the windows that evidence records name, and the state
 * rows that go with them. Private to this folder; the journal's thread owns it.
 *
 * A record, its state row and the new head are one transaction. Between begin and commit the head
 * moves in memory only for the records that follow in the same transaction; rollback takes all of
 * it back, so a failed commit consumes no number. Every row carries a checksum, because SQLite does
 * not notice a changed byte inside a value. Errors are those of db.h unless a function says more.
 */
#ifndef GW_JOURNAL_RECORDS_H
#define GW_JOURNAL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/journal.h"

#define GW_RANKS 4 /* alarms of priority 1, leads, other alarms, other records */

/* chain[0] is NUL when there is none. */
struct gw_head {
    char chain[GW_CHAIN_SIZE];
    int64_t seq;
    char hash[GW_SHA256_HEX];
};

struct gw_records_conf {
    const char *path;
    int64_t max_bytes;
    struct gw_sealer sealer;
    const struct gw_clock *clock;
};

struct gw_records;

/* Opens the file. found (may not be NULL) is the head that can be read in it, also when it is
 * damaged (GW_E_PARSE) and the rest cannot. A file in which the chain `known` ends before known's
 * seq is damaged, too: it lacks records that were there. */
enum gw_status gw_records_open(const struct gw_records_conf *conf, const struct gw_head *known,
                               struct gw_records **out, struct gw_head *found,
                               struct gw_err *err) GW_MUST_CHECK;
/* tidy as in gw_db_close. NULL is fine. */
void gw_records_close(struct gw_records *r, bool tidy);

/* True until a chain has been started in a new file. */
bool gw_records_fresh(const struct gw_records *r);
/* Starts a chain with a random id; first (may be NULL) is its first record. */
enum gw_status gw_records_found_chain(struct gw_records *r, const struct gw_draft *first,
                                      struct gw_err *err) GW_MUST_CHECK;
/* What a person should know about the opening, "" if nothing. */
const char *gw_records_note(const struct gw_records *r);

const struct gw_head *gw_records_head(const struct gw_records *r); /* committed */
uint64_t gw_records_waiting(const struct gw_records *r);           /* committed, not delivered */

/* Every state row. value is NULL for a row that is damaged. The texts are lent and end after their
 * lengths. */
struct gw_state_row {
    const char *key, *value;
    size_t key_len, value_len;
    int64_t seq;
};
enum gw_status gw_records_states(struct gw_records *r,
                                 void (*each)(void *ctx, const struct gw_state_row *row), void *ctx,
                                 struct gw_err *err) GW_MUST_CHECK;

/* One transaction. */
enum gw_status gw_records_begin(struct gw_records *r, struct gw_err *err) GW_MUST_CHECK;
/* placed->seq is 0 for a state row alone. GW_E_INVAL: the sealer cannot take this body, now or
 * later; the transaction is to be rolled back. */
enum gw_status gw_records_append(struct gw_records *r, const struct gw_draft *draft,
                                 struct gw_head *placed, struct gw_err *err) GW_MUST_CHECK;
/* Takes the record or window out of the backlog; fine when it is not in it. */
enum gw_status gw_records_deliver(struct gw_records *r, enum gw_parcel_kind kind, int64_t key,
                                  struct gw_err *err) GW_MUST_CHECK;
/* A note of the journal's own; replaces the one of that name. */
enum gw_status gw_records_mark(struct gw_records *r, const char *name, const char *value,
                               struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_records_commit(struct gw_records *r, struct gw_err *err) GW_MUST_CHECK;
void gw_records_rollback(struct gw_records *r);

/* True when there is a mark of that name and value. */
enum gw_status gw_records_marked(struct gw_records *r, const char *name, const char *value,
                                 bool *yes, struct gw_err *err) GW_MUST_CHECK;

/* The first record of that rank in the backlog after seq `after`, as a parcel (data malloc'd).
 * *found tells whether there is one. data NULL: its bytes are damaged. */
enum gw_status gw_records_next(struct gw_records *r, int rank, int64_t after, struct gw_parcel *out,
                               bool *found, struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_records_next_window(struct gw_records *r, int64_t after, struct gw_parcel *out,
                                      bool *found, struct gw_err *err) GW_MUST_CHECK;

/* Frees room when nine tenths of the quota are used: delivered windows, then delivered records, the
 * oldest first; never the head. *full: nine tenths are used and nothing more can go. */
enum gw_status gw_records_prune(struct gw_records *r, bool *full, struct gw_err *err) GW_MUST_CHECK;

enum gw_status gw_records_checkpoint(struct gw_records *r, struct gw_err *err) GW_MUST_CHECK;

#endif
