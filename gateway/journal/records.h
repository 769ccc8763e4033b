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

struct gw_found {
    struct gw_head head;
    int64_t waiting;
};

struct gw_records_conf {
    const char *path;
    int64_t max_bytes;
    struct gw_sealer sealer;
    const struct gw_clock *clock;
};

struct gw_records;

/* Opens the file. found (may not be NULL) is the head that can be read in it, also when it is
 * damaged (GW_E_PARSE) and the rest cannot, and how many records and windows of it then wait for
 * delivery, -1: that cannot be read. A file in which the chain `known` ends before known's
 * seq is damaged, too: it lacks records that were there. */
enum gw_status gw_records_open(const struct gw_records_conf *conf, const struct gw_head *known,
                               struct gw_records **out, struct gw_found *found,
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

/* What is committed is historical from now on, as is what was there when the file was opened. */
void gw_records_live(struct gw_records *r);
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
/* The broker took the window of evidence record seq: it leaves the backlog if that record has left
 * it. */
enum gw_status gw_records_settle(struct gw_records *r, int64_t seq,
                                 struct gw_err *err) GW_MUST_CHECK;

enum gw_receipted {
    GW_RECEIPTED,         /* it agrees with what is stored, and the record is out of the backlog */
    GW_RECEIPTED_UNKNOWN, /* no such record was ever stored here */
    GW_RECEIPTED_OTHER    /* the stored record of that number has another hash */
};
/* The platform's receipt of the record at that place. */
enum gw_status gw_records_receipt(struct gw_records *r, const struct gw_head *at,
                                  enum gw_receipted *out, struct gw_err *err) GW_MUST_CHECK;
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

/* A record or window of the backlog by its number. *found is false when it has left it. */
enum gw_status gw_records_fetch(struct gw_records *r, enum gw_parcel_kind kind, int64_t seq,
                                struct gw_parcel *out, bool *found,
                                struct gw_err *err) GW_MUST_CHECK;
/* The window of a record, by the record's id: the number of the evidence record that names it (0:
 * there is none), whether its bytes are still kept, and whether it waits for delivery. */
struct gw_kept_window {
    int64_t seq;
    bool kept, waits;
};
enum gw_status gw_records_window(struct gw_records *r, const char *record,
                                 struct gw_kept_window *out, struct gw_err *err) GW_MUST_CHECK;
/* In a transaction: a delivered window waits for delivery again. */
enum gw_status gw_records_recall(struct gw_records *r, int64_t seq,
                                 struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_records_has(struct gw_records *r, int64_t seq, bool *yes,
                              struct gw_err *err) GW_MUST_CHECK;
/* The oldest record in the backlog: its number (0: none waits) and the wall time of its commit. */
void gw_records_oldest(const struct gw_records *r, int64_t *seq, int64_t *t_ms);

/* Nine tenths of the quota are used. */
enum gw_status gw_records_tight(struct gw_records *r, bool *tight,
                                struct gw_err *err) GW_MUST_CHECK;
/* Lets go of the bytes of some delivered windows, the oldest first, in a transaction of its own; that
 * they were there is kept as long as their records. */
enum gw_status gw_records_drop_windows(struct gw_records *r, int64_t *gone,
                                       struct gw_err *err) GW_MUST_CHECK;
/* The delivered records at the beginning of the chain that were committed before that wall time:
 * how many of them, at most GW_PRUNE_MAX and never the head; the place of the last one; and the
 * time of the first. */
#define GW_PRUNE_MAX 128 /* keeps the WAL within the size to which it was grown */
struct gw_prefix {
    int64_t n;
    struct gw_head last;
    int64_t first_ms;
};
enum gw_status gw_records_prefix(struct gw_records *r, int64_t before_ms, struct gw_prefix *out,
                                 struct gw_err *err) GW_MUST_CHECK;
/* In a transaction: deletes everything up to seq, but for windows that wait. */
enum gw_status gw_records_forget(struct gw_records *r, int64_t seq,
                                 struct gw_err *err) GW_MUST_CHECK;

/* Appends the wire form of the first record from that number on, and a line feed; nothing when its
 * bytes are damaged. *seq: its number, 0: there is none. */
enum gw_status gw_records_read(struct gw_records *r, int64_t from, int64_t *seq, struct gw_buf *out,
                               struct gw_err *err) GW_MUST_CHECK;

/* Appends the window that evidence record seq names; nothing when there is none or its bytes are
 * damaged. */
enum gw_status gw_records_window_text(struct gw_records *r, int64_t seq, struct gw_buf *out,
                                      struct gw_err *err) GW_MUST_CHECK;

enum gw_status gw_records_checkpoint(struct gw_records *r, struct gw_err *err) GW_MUST_CHECK;

#endif
