/* SPDX-License-Identifier: Apache-2.0
 *
 * records_in: what records.c and records_open.c share, and nobody else includes.
 */
#ifndef GW_JOURNAL_RECORDS_IN_H
#define GW_JOURNAL_RECORDS_IN_H

#include "journal/db.h"
#include "journal/records.h"

/* Statements. */
enum {
    Q_META,
    Q_META_NEW,
    Q_META_MOVE,
    Q_LAST,
    Q_INSERT,
    Q_WINDOW,
    Q_STATE_SEQ,
    Q_STATE_SET,
    Q_STATE_DROP,
    Q_STATES,
    Q_MARK,
    Q_MARKED,
    Q_DELIVERED,
    Q_WINDOW_DELIVERED,
    Q_NEXT,
    Q_NEXT_WINDOW,
    Q_FETCH,
    Q_FETCH_WINDOW,
    Q_SETTLE,
    Q_WINDOW_OF,
    Q_RECALL,
    Q_PLACE,
    Q_OLDEST,
    Q_PREFIX,
    Q_DROP_WINDOWS,
    Q_FORGET,
    Q_FORGET_WINDOWS,
    Q_KEPT_WINDOW,
    Q_PAGE,
    Q_COUNT
};

#define GW_WINDOW_EMPTIED 2 /* "delivered" of a window whose bytes had to go */

struct gw_records {
    struct gw_db *db;
    struct gw_sealer sealer;
    const struct gw_clock *clock;
    struct gw_head head; /* committed */
    struct gw_head next; /* with the open transaction */
    int64_t waiting;
    int64_t waiting_next;
    int64_t before;    /* records up to here are historical */
    int64_t since_ms;  /* wall time that stands for that of records of format 1 */
    int64_t oldest;    /* number of the oldest record that waits, 0: none */
    int64_t oldest_ms; /* wall time of its commit */
    struct gw_buf wire;
    char note[256];
};

/* The checksum of a value under its number and name. */
int64_t gw_records_sum(int64_t seq, const char *name, size_t name_len, const void *data,
                       size_t len);
/* Finds the oldest record that waits. */
enum gw_status gw_records_look(struct gw_records *r, struct gw_err *err) GW_MUST_CHECK;

#endif
