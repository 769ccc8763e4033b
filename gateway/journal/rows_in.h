/* SPDX-License-Identifier: Apache-2.0
 *
 * rows_in: what rows.c and rows_open.c share, and nobody else includes.
 */
#ifndef GW_JOURNAL_ROWS_IN_H
#define GW_JOURNAL_ROWS_IN_H

#include "journal/db.h"
#include "journal/position.h"
#include "journal/rows.h"

#define GW_ROWS_KINDS   2
#define GW_ROWS_RESERVE (INT64_C(1536) * 1024) /* bytes to which the file is grown once */
/* Rows deleted in one transaction: keeps the WAL within the size to which it was grown. */
#define GW_ROWS_GONE_AT_ONCE 512

/* Statements. The first five are there once for each kind. */
enum { Q_INSERT, Q_NEXT, Q_DELETE, Q_OLDEST, Q_PASSED, Q_PER_KIND };
enum {
    Q_MARK = GW_ROWS_KINDS * Q_PER_KIND,
    Q_MARKED,
    Q_FORGET,
    Q_LOSS,
    Q_LOSS_DROP,
    Q_LOSSES,
    Q_COUNT
};
struct gw_gone {
    int kind;
    int64_t id;
};

/* A reader in the rows of one kind. Once its connection has stood there are two stretches: what was
 * written before, up to `split`, and what was written since. */
struct gw_reading {
    struct gw_position old, live;
    int64_t split;  /* 0: there is only `old` */
    unsigned turns; /* rows handed out since */
};

struct gw_rows {
    struct gw_rows_conf conf;
    struct gw_db *db; /* NULL: not open */
    struct gw_reading pos[GW_READERS_MAX][GW_ROWS_KINDS];
    int64_t stored[GW_READERS_MAX][GW_ROWS_KINDS]; /* their cursors in the file */
    unsigned readers_of[GW_ROWS_KINDS];
    int64_t next_id; /* never used twice in one process, whatever happens to the file */
    int64_t old_id;  /* rows before it were written before this start; 0: not known yet */
    int64_t live_id[GW_READERS_MAX]; /* or before the reader's connection */
    int64_t last_id;                 /* no row of the file has a higher one */
    struct gw_fresh fresh;
    int64_t waiting;      /* rows of the file */
    uint64_t lost;        /* rows, since the start */
    bool rewound;         /* since the last commit: `gone` may be met again */
    struct gw_gone *gone; /* acked by all, to be deleted */
    size_t ngone, gone_cap;
    struct gw_head witness;
    struct gw_losses losses;
    bool tight;
    unsigned halved;     /* how often the bytes of a commit were, since one did not fit */
    int64_t squeezed_ms; /* until then: the disk is full, not one page more */
};

/* 0 is telemetry, which is evicted first. */
static inline int gw_rows_kind(enum gw_parcel_kind kind)
{
    return kind == GW_PARCEL_TELEMETRY ? 0 : 1;
}

static inline enum gw_parcel_kind gw_rows_parcel_kind(int k)
{
    return k == 0 ? GW_PARCEL_TELEMETRY : GW_PARCEL_EVENT;
}

static inline unsigned gw_rows_query(int k, unsigned op)
{
    return (unsigned)k * Q_PER_KIND + op;
}

/* The mark that holds a reader's cursor. */
#define GW_CURSOR_NAME 96
void gw_rows_cursor_name(const struct gw_rows *r, unsigned reader, int k, char out[GW_CURSOR_NAME]);

#endif
