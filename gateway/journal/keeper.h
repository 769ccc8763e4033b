/* SPDX-License-Identifier: Apache-2.0
 *
 * keeper: the journal's thread, which owns both files. Private to this folder.
 *
 * It sleeps until something is posted, granted where grants had run out, or acked that is more than a
 * row, or until a timer of its own (a retry, the commit of telemetry, acks of rows, the end of a
 * loss episode). In each round it first takes what other threads
 * have left under the lock, then commits, then tells, then hands out parcels, and runs a checkpoint
 * last, when nobody waits for it.
 *
 *   keeper.c    the rounds, notices, failures and retries
 *   chain.c     records.db: opening, group commits, the records that the journal writes itself
 *   receipts.c  what the platform says that it has
 *   prune.c     what it has for long leaves, behind a checkpoint
 *   export.c    pages of the chain for whoever asks
 *   resend.c    windows that are to be sent again
 *   bulk.c      telemetry.db: opening, one commit a second, evictions
 *   handout.c   parcels for the readers
 */
#ifndef GW_JOURNAL_KEEPER_H
#define GW_JOURNAL_KEEPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/worker.h"
#include "journal/again.h"
#include "journal/body.h"
#include "journal/journal.h"
#include "journal/records.h"
#include "journal/rows.h"

/* A draft on its way, one block with all that it points at. */
struct gw_post {
    struct gw_draft draft;
    size_t bytes;
    struct gw_head placed;
    bool refused; /* the sealer cannot take it: a loss record stands in its place */
    char text[];
};

struct gw_ack {
    enum gw_parcel_kind kind;
    int64_t key;
};

/* The platform's word that it keeps a record. */
struct gw_receipt {
    int64_t seq;
    char chain[GW_CHAIN_SIZE];
    char hash[GW_SHA256_HEX];
};

struct gw_acks {
    struct gw_ack *at;
    size_t n, cap;
};
/* More than that is not kept: what was handed out is forgotten and handed out again. */
#define GW_ACKS_MAX 8192
/* false: no room or no memory. */
bool gw_acks_push(struct gw_acks *acks, struct gw_ack ack);

/* A reader as the other threads see it. */
struct gw_port {
    struct gw_mailbox *parcels;
    unsigned grants;
    uint64_t lives;   /* how often its connection came to stand */
    uint64_t rewinds; /* how often; a parcel read before the last one is not handed over */
    struct gw_acks acks;
    bool acks_lost;
};

#define GW_ROWS_CAPACITY 1024
#define GW_ROWS_BYTES    ((size_t)4 * 1024 * 1024)
/* Rows and parcels that are kept for the next ones: those of a burst. */
#define GW_ROWS_SPARE       GW_POOL_BLOCKS_MAX
#define GW_ROWS_SPARE_BYTES ((size_t)1024 * 1024)

/* A page of the chain, or a window, that somebody asked for. */
struct gw_export {
    pthread_cond_t done;
    enum { GW_EXPORT_IDLE, GW_EXPORT_ASKED, GW_EXPORT_DONE } state;
    char record[GW_RECORD_ID_SIZE]; /* whose window; "": a page */
    int64_t from;
    enum gw_window_found found;
    struct gw_buf page;
    enum gw_status status;
    struct gw_err err;
};

/* A window that is to be sent again. */
struct gw_resend {
    uint64_t token;
    char record[GW_RECORD_ID_SIZE];
};

#define GW_RECEIPTS_CAPACITY 512 /* that may wait: two and a half commands full */
#define GW_RECEIPTS_AT_ONCE  128 /* in one commit */

struct gw_refused {
    uint64_t count;
    int64_t from_ms, to_ms; /* wall time */
};

struct gw_journal {
    struct gw_journal_conf conf;
    struct gw_mailbox *posts;    /* struct gw_post * */
    struct gw_mailbox *rows;     /* struct gw_row * */
    struct gw_pool *pool;        /* of rows, and of parcels with them */
    struct gw_mailbox *notices;  /* struct gw_notice */
    struct gw_mailbox *receipts; /* struct gw_receipt */
    struct gw_mailbox *resends;  /* struct gw_resend */
    int wake_fd;
    struct gw_worker *worker;
    struct gw_pulse *pulse; /* the worker's turns */

    pthread_mutex_t lock; /* guards all below */
    struct gw_port ports[GW_READERS_MAX];
    bool stop;
    size_t row_bytes;             /* in the mailbox of rows */
    struct gw_refused refused[2]; /* telemetry, events: not yet in the losses */
    uint64_t refused_rows;        /* since the start */
    struct gw_journal_stats stats;
    int64_t oldest_ms; /* wall time of the oldest record that waits, 0: none does */
    struct gw_export page;
};

/* One of the two files as something that can fail. */
struct gw_trouble {
    const char *name;
    bool vital; /* records.db: the failure is told as GW_NOTICE_FAILED, not as an event */
    bool failing;
    enum gw_status status;
    int64_t since_ms;
    int64_t retry_ms; /* monotonic; not before, while failing */
    int64_t fine_ms;  /* when it last began to work */
    struct gw_backoff backoff;
    char told[sizeof((struct gw_err *)0)->msg];
    unsigned asides; /* how often the file was set aside since the start */
    int64_t aside_ms;
};

#define GW_BATCH_POSTS 64
#define GW_BATCH_BYTES ((size_t)256 * 1024)

struct gw_keeper {
    struct gw_journal *j;
    struct gw_body_env env;
    char *records_path;
    char *rows_path;
    uint64_t commits;
    int64_t commit_max_ms;

    /* chain.c */
    struct gw_records *records; /* NULL: not open */
    struct gw_trouble records_trouble;
    char chain[GW_CHAIN_SIZE]; /* that was open last */
    struct gw_head known;      /* the newest head that this process or the witness knows */
    struct gw_body_break brk;
    struct gw_head brk_head; /* what brk points at */
    char brk_file[96];
    struct gw_post *batch[GW_BATCH_POSTS];
    size_t nbatch;
    size_t batch_bytes;
    struct gw_acks acks;  /* of records and windows */
    struct gw_acks spare; /* empty: the room in which the next acks of a reader are taken */

    /* receipts.c */
    struct gw_receipt receipts[GW_RECEIPTS_AT_ONCE];
    enum gw_receipted verdicts[GW_RECEIPTS_AT_ONCE];
    size_t nreceipts;
    uint64_t receipted, receipts_refused; /* since the start */
    struct gw_again sent[2];              /* records and windows that wait for receipts */
    bool untracked;                       /* some found no place there */

    /* prune.c */
    int64_t prune_ms; /* monotonic time of the next look */
    int64_t room_ms;  /* and of that for room */
    bool pruning;     /* the last look has left some */
    bool tight;       /* nine tenths of the quota are used and nothing may go */

    /* bulk.c */
    struct gw_rows *rows;
    struct gw_trouble rows_trouble;
    int64_t rows_last_ms; /* monotonic time of the last commit */

    /* handout.c */
    int64_t record_at[GW_RANKS]; /* the records reader was handed everything up to here */
    int64_t window_at;
    int64_t looked_seq; /* up to here no record or window waits behind those; -1: not known */
    uint64_t rewinds[GW_READERS_MAX]; /* those that are done */
    uint64_t lives[GW_READERS_MAX];   /* those that were taken note of */
    unsigned streak;                  /* historical records handed out in a row */
    int64_t again_ms;                 /* nothing is sent again before */
    int64_t again_due_ms;             /* when something may be; INT64_MAX: nothing, or no grant */
    bool unfinished;                  /* a look through the backlog was broken off */

    bool fatal;
    bool stopping;
    bool opened;  /* records.db, once: the states were told */
    bool another; /* its chain is not the one with which this process began */
    bool broken;  /* brk is to be told by the next chain */
    bool blocked; /* a parcel mailbox was full */
    bool full_told;
    bool receipt_told;
    bool tight_told;
    bool evicting_told;
};

/* The worker's body; arg is the struct gw_journal. */
void gw_keeper_run(void *arg);
void gw_keeper_wake(struct gw_journal *j);

/* keeper.c: for the other three. */
int64_t gw_keeper_now(const struct gw_keeper *k);
/* Sends a notice, key and text copied (NULL is fine); waits for room, unless the journal stops. */
void gw_keeper_notify(struct gw_keeper *k, struct gw_notice notice, const char *key,
                      const char *text);
void gw_keeper_event(struct gw_keeper *k, const char *fmt, ...) GW_PRINTF(2, 3);
/* Something failed: told once, tried again later; or fatal. */
void gw_keeper_failed(struct gw_keeper *k, struct gw_trouble *t, const struct gw_err *err);
void gw_keeper_fine(struct gw_keeper *k, struct gw_trouble *t);
/* It may be tried now. */
bool gw_keeper_may_try(const struct gw_keeper *k, const struct gw_trouble *t);
/* Sets a closed, damaged file aside; name gets its new file name. GW_E_IO also when that happens
 * too often, since a disk that damages every file would soon be full of them. */
enum gw_status gw_keeper_aside(struct gw_keeper *k, struct gw_trouble *t, const char *path,
                               char *name, size_t size, struct gw_err *err) GW_MUST_CHECK;
/* A commit that began at start_ms is done. */
void gw_keeper_timed(struct gw_keeper *k, int64_t start_ms);

/* chain.c */
void gw_chain_open(struct gw_keeper *k);
bool gw_chain_ready(const struct gw_keeper *k); /* open and not failing */
void gw_chain_commit(struct gw_keeper *k);
void gw_chain_losses(struct gw_keeper *k);
/* When the next loss episode ends, monotonic; INT64_MAX: none is open. */
int64_t gw_chain_losses_due(const struct gw_keeper *k);
/* A record whose bytes are damaged leaves the backlog as a loss. */
void gw_chain_spoilt(struct gw_keeper *k, const struct gw_parcel *parcel);
/* Ends a transaction of the journal's own. */
enum gw_status gw_chain_end(struct gw_keeper *k, enum gw_status status, struct gw_err *err);
/* err came from records.db outside of a commit. */
void gw_chain_failed(struct gw_keeper *k, const struct gw_err *err);

/* receipts.c */
/* The reader of records waits for receipts. */
bool gw_receipts_wanted(const struct gw_keeper *k);
void gw_receipts_take(struct gw_keeper *k); /* from the mailbox */
/* An ack where receipts are wanted: the broker has it, nobody else. */
void gw_receipts_sent(struct gw_keeper *k, enum gw_parcel_kind kind, int64_t key);
/* Those that were taken, in the open transaction; done: it is committed. */
enum gw_status gw_receipts_write(struct gw_keeper *k, struct gw_err *err) GW_MUST_CHECK;
void gw_receipts_done(struct gw_keeper *k);
/* Another chain: nothing of it was sent. */
void gw_receipts_forget(struct gw_keeper *k);

/* prune.c */
void gw_prune(struct gw_keeper *k);
int64_t gw_prune_due(const struct gw_keeper *k); /* monotonic */

/* export.c */
void gw_export_serve(struct gw_keeper *k);

/* resend.c */
void gw_resend_serve(struct gw_keeper *k);

/* bulk.c */
void gw_bulk_open(struct gw_keeper *k);
bool gw_bulk_ready(const struct gw_keeper *k);
void gw_bulk_take(struct gw_keeper *k); /* from the mailbox to the fresh ones */
void gw_bulk_commit(struct gw_keeper *k);
/* When the next commit is due, monotonic; INT64_MAX: nothing waits. */
int64_t gw_bulk_due(const struct gw_keeper *k);
void gw_bulk_failed(struct gw_keeper *k, const struct gw_err *err);

/* handout.c */
void gw_handout(struct gw_keeper *k);
void gw_handout_rewind(struct gw_keeper *k, unsigned reader);
void gw_handout_live(struct gw_keeper *k, unsigned reader);
void gw_handout_restart(struct gw_keeper *k); /* another records.db */
/* What had been delivered waits again, though no record was added: it has to be looked for. */
void gw_handout_look(struct gw_keeper *k);
/* A record or window of that key may have been handed out since the last rewind or restart. */
bool gw_handout_was_out(const struct gw_keeper *k, enum gw_parcel_kind kind, int64_t key);

#endif
