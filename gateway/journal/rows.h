/* SPDX-License-Identifier: Apache-2.0
 *
 * rows: telemetry.db. Telemetry and events that wait for the sinks, how far each sink is, and what
 * was lost. Private to this folder; the journal's thread owns it.
 *
 * A row is fresh first (fresh.h), and written when a reader still lacks it a second later.
 * A row is deleted when every reader that wants its kind has acked it. Where several readers want a
 * kind, each has a stored cursor: everything up to it was acked. When the file is opened, rows that
 * only a reader that is gone still lacked are deleted, and its cursor with them. Rows that were handed out and not
 * acked are known in memory only, so a crash or a rewind hands them out again.
 * When the quota is reached, or the disk is nearly full, the oldest telemetry goes, then the oldest
 * events; what goes is added to an open loss in the same transaction, so that it cannot be
 * forgotten before the journal has chained a record of it.
 * Errors are those of db.h.
 */
#ifndef GW_JOURNAL_ROWS_H
#define GW_JOURNAL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/fresh.h"
#include "journal/journal.h"
#include "journal/losses.h"
#include "journal/records.h"

struct gw_rows_conf {
    const char *path;
    int64_t max_bytes;
    const struct gw_reader_conf *readers;
    size_t nreaders;
    const struct gw_clock *clock;
    struct gw_pool *pool; /* rows come from it, and parcels with rows; lent; NULL: from malloc */
};

struct gw_rows;

enum gw_status gw_rows_new(const struct gw_rows_conf *conf, struct gw_rows **out,
                           struct gw_err *err) GW_MUST_CHECK;
void gw_rows_free(struct gw_rows *r); /* closes without tidying */

/* Opens the file; what was handed out before counts as not acked. */
enum gw_status gw_rows_open(struct gw_rows *r, struct gw_err *err) GW_MUST_CHECK;
void gw_rows_close(struct gw_rows *r, bool tidy);
bool gw_rows_is_open(const struct gw_rows *r);
/* The head of the chain of records.db as this file last heard of it: a witness for the case that
 * records.db was cut or replaced. */
const struct gw_head *gw_rows_witness(const struct gw_rows *r);
/* Nothing is to be added to it: it is this head, or there is no head. */
bool gw_rows_witnessed(const struct gw_rows *r, const struct gw_head *head);

/* Another row; room: it may be added. Only when the file was open once. Takes row over. */
bool gw_rows_room(const struct gw_rows *r);
void gw_rows_add(struct gw_rows *r, struct gw_row *row);
/* How many are fresh, and since when the first of them is (monotonic; INT64_MAX: none). */
size_t gw_rows_fresh(const struct gw_rows *r);
int64_t gw_rows_fresh_since(const struct gw_rows *r);

uint64_t gw_rows_waiting(const struct gw_rows *r);
/* Rows that were evicted or found damaged since the start. */
uint64_t gw_rows_gone(const struct gw_rows *r);
/* The disk is nearly full: the file does not grow, the oldest rows make way for new ones. */
bool gw_rows_tight(const struct gw_rows *r);

bool gw_rows_wants(const struct gw_rows *r, unsigned reader, enum gw_parcel_kind kind);

/* From now on what is written is live for the reader; what was written before is historical. Where
 * both wait, three rows of four are live ones, each kind by itself. Not while anything is out: at the
 * first connection or after gw_rows_rewind. */
void gw_rows_live(struct gw_rows *r, unsigned reader);

struct gw_row_want {
    enum gw_parcel_kind kind;
    bool live; /* live ones only; none before the first gw_rows_live */
};
/* The next row for the reader (data malloc'd; NULL: its bytes are damaged). Nothing changes until
 * gw_rows_sent tells that the reader has it. */
enum gw_status gw_rows_next(struct gw_rows *r, unsigned reader, const struct gw_row_want *want,
                            struct gw_parcel *out, bool *found, struct gw_err *err) GW_MUST_CHECK;
void gw_rows_sent(struct gw_rows *r, unsigned reader, enum gw_parcel_kind kind, int64_t id);
void gw_rows_ack(struct gw_rows *r, unsigned reader, enum gw_parcel_kind kind, int64_t id);
/* Takes a damaged row out, as a loss. */
void gw_rows_spoilt(struct gw_rows *r, enum gw_parcel_kind kind, int64_t id);
void gw_rows_rewind(struct gw_rows *r, unsigned reader);

/* Acks or losses wait for a commit. */
bool gw_rows_dirty(const struct gw_rows *r);
/* So many acks that another commit should follow at once. */
bool gw_rows_pressing(const struct gw_rows *r);
/* One transaction: what was acked leaves, room is made, fresh rows come in (some 256 KiB of them: the
 * rest with the next one), cursors, losses and the witness are stored. On failure nothing has
 * changed. */
enum gw_status gw_rows_commit(struct gw_rows *r, const struct gw_head *head,
                              struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_rows_checkpoint(struct gw_rows *r, struct gw_err *err) GW_MUST_CHECK;

/* The losses that are not chained yet. The journal adds what it refused, and tells what it chained;
 * gw_rows_commit stores the changes. */
struct gw_losses *gw_rows_losses(struct gw_rows *r);

#endif
