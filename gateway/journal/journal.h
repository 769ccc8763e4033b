/* SPDX-License-Identifier: Apache-2.0
 *
 * journal: the durable store: what it has committed is never lost, altered or handed out twice as
 * new; what it has not committed, nobody has seen.
 *
 * Two SQLite files in one folder, each with one connection, both owned by the journal's thread:
 * records.db (alarms, leads, evidence, state rows, chain head; synchronous FULL, evicts nothing)
 * and telemetry.db (telemetry and events; NORMAL, evicts the oldest with a loss record). Damage or
 * quota of one cannot touch the other. Other threads talk to it through bounded mailboxes:
 *
 *   core -> post, row             GW_E_FULL when full: drafts are kept by the poster and tried again;
 *                                 telemetry rows are dropped and counted as loss
 *   core <- notices               sized so that it cannot overflow: one per accepted draft
 *   sink -> grant, ack, rewind    never refused (one small counter or a bounded mailbox)
 *   any  -> receipt               GW_E_FULL when full: harmless, the platform says it again
 *   core -> resend                GW_E_FULL when full: told to who asked
 *   sink <- parcels               never more than the sink has granted room for
 *
 * Records that were delivered (receipted, or acked where no receipts are wanted) leave from the
 * beginning of the chain when they are older than keep_days, or when nine tenths of the quota are
 * used; a record of class checkpoint, in the same transaction, names the last one of them. What was
 * not delivered never leaves, nor does anything after it. Of a damaged records.db nothing is
 * carried over, since a new chain cannot vouch for it: the file is kept, and an event and the first
 * record of the new chain tell its name and how many of its records had not been delivered.
 *
 * A failed commit consumes nothing: no sequence number, no chain link. It is tried again with
 * back-off while notices say "failed". An fsync error is fatal (the kernel may have dropped the
 * pages): a GW_NOTICE_FATAL is sent and the daemon must exit; trying again would pretend.
 */
#ifndef GW_JOURNAL_JOURNAL_H
#define GW_JOURNAL_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/mailbox.h"
#include "base/pulse.h"
#include "base/status.h"
#include "model/draft.h"
#include "model/parcel.h"

/* Gives a record its place: writes the wire form of body with chain, seq and prev added and signed
 * into wire (appended) and SHA-256 of the record's bytes into hash. Runs on the journal's thread.
 */
struct gw_sealer {
    enum gw_status (*seal)(void *ctx, const char *chain, int64_t seq, const char *prev,
                           const char *body, size_t body_len, struct gw_buf *wire,
                           char hash[GW_SHA256_HEX]);
    void *ctx;
};

#define GW_READERS_MAX      4
#define GW_PARCELS_CAPACITY 256                   /* of each reader's mailbox */
#define GW_JOURNAL_MIN      (INT64_C(512) * 1024) /* smallest quota in bytes */

/* What a sink drains. Records and windows leave on the ack of the reader that wants them (one
 * reader at most); telemetry rows leave when every reader that wants them has passed them. */
struct gw_reader_conf {
    const char *name; /* stored with its cursor */
    bool records;     /* records, windows and events */
    bool telemetry;
    /* Records wait for the platform's receipt (gw_journal_receipt). An ack then says only that the
     * broker has the parcel: when no receipt comes within a minute, it is handed out again, then
     * after 2, 4, 8 and 15 min each, at most 50 a second, after what is new and before telemetry;
     * and after a restart. A window leaves the backlog when it was acked and the evidence record
     * that names it is receipted, in whichever order. */
    bool receipts;
};

struct gw_journal_conf {
    const char *dir; /* made with mode 0700 when missing */
    int64_t records_bytes, telemetry_bytes;
    struct gw_sealer sealer;
    const struct gw_clock *clock;
    const struct gw_reader_conf *readers;
    size_t nreaders;
    size_t post_capacity; /* drafts that may wait for a commit */
    size_t state_rows;    /* expected number of state rows (sizes the notices mailbox) */
    int64_t keep_days;    /* delivered records that are older leave; 0: only for want of room */
    const char *gateway;  /* named in the records that the journal writes itself; NULL: left out */
    struct gw_pulses *pulses; /* that its thread's belongs to; NULL: nobody looks */
};

enum gw_notice_kind {
    GW_NOTICE_STATE, /* key, text, seq: one stored state row; only before OPEN */
    /* chain, seq, hash: the head. From now on drafts are committed. Comes again when a damaged
     * file had to be replaced while running: with another chain, whose state rows are gone, so
     * that the receiver posts them again. */
    GW_NOTICE_OPEN,
    /* text: cannot open or commit at present; tried again. FINE or OPEN tells of the end. */
    GW_NOTICE_FAILED,
    GW_NOTICE_FINE,      /* text: commits work again */
    GW_NOTICE_COMMITTED, /* token, seq (0 for a state row alone), chain, hash */
    GW_NOTICE_WINDOW,    /* token, found: the answer to gw_journal_resend */
    /* text: something a person should know (file set aside, rows evicted, telemetry.db failing).
     * With a token other than 0: that draft cannot be sealed and was dropped with its state row;
     * a loss record stands in its place. */
    GW_NOTICE_EVENT,
    GW_NOTICE_FATAL /* text: exit now */
};

/* What became of the window that was asked for again. */
enum gw_window_found {
    GW_WINDOW_QUEUED = 0, /* it waits for delivery (again), which is on the disk */
    GW_WINDOW_NONE,       /* the record is here and has no window, or not yet */
    GW_WINDOW_GONE,       /* it was delivered and is no longer kept, or neither is the record */
    GW_WINDOW_UNKNOWN,    /* no such record was ever stored here */
    GW_WINDOW_FAILED      /* the file cannot be read or written at present */
};

struct gw_notice {
    enum gw_notice_kind kind;
    uint64_t token;
    int64_t seq;
    enum gw_window_found found;
    char chain[GW_CHAIN_SIZE];
    char hash[GW_SHA256_HEX];
    char *key;  /* malloc'd or NULL; owned by the receiver */
    char *text; /* malloc'd or NULL; owned by the receiver */
};
void gw_notice_clear(struct gw_notice *n); /* frees key and text */

struct gw_journal_stats {
    bool open;
    char chain[GW_CHAIN_SIZE];
    int64_t seq; /* last sequence number, 0 = none yet */
    char head[GW_SHA256_HEX];
    uint64_t records_waiting;  /* records and windows not delivered yet */
    uint64_t receipts;         /* that agreed with a stored record, since the start */
    uint64_t receipts_refused; /* those that did not */
    uint64_t unreceipted;      /* records that the broker took and the platform has not receipted */
    int64_t
        oldest_waiting_ms; /* how long the oldest record has waited for delivery; 0: none waits */
    bool tight;            /* nine tenths of the records' quota are used and nothing may go */
    uint64_t telemetry_waiting; /* rows */
    uint64_t telemetry_lost;    /* rows evicted or refused since the start */
    uint64_t commits;
    int64_t commit_max_ms; /* slowest commit since the start */
};

struct gw_journal;

/* Starts the thread, which opens the files (and keeps trying). GW_E_NOMEM, GW_E_IO (no thread),
 * GW_E_INVAL (a quota below the least, more than one reader of records, no folder).
 * What conf points at is lent until gw_journal_stop. */
enum gw_status gw_journal_start(const struct gw_journal_conf *conf, struct gw_journal **out,
                                struct gw_err *err) GW_MUST_CHECK;

/* Commits what was posted, closes, frees. False when it did not end within timeout_ms: the thread
 * is abandoned, nothing is freed, and the process should exit. */
bool gw_journal_stop(struct gw_journal *j, int64_t timeout_ms);

/* The core. Copies the draft. GW_E_FULL: keep it and try later. GW_E_NOMEM. GW_E_INVAL: no draft
 * (class without body, neither record nor state row, a window without its evidence). */
enum gw_status gw_journal_post(struct gw_journal *j, const struct gw_draft *draft) GW_MUST_CHECK;
/* How many posts would be taken now. */
size_t gw_journal_room(struct gw_journal *j);
/* A telemetry row or event (copied), for topic below nonsite/v1/<gateway>/. GW_E_FULL: dropped and
 * counted; so is GW_E_RANGE, larger than a quarter of the quota or 1 MiB. GW_E_INVAL: no such kind,
 * or a topic that is empty or too long. GW_E_NOMEM. GW_OK without a reader that wants the kind. */
enum gw_status gw_journal_row(struct gw_journal *j, enum gw_parcel_kind kind, const char *topic,
                              const char *data, size_t len) GW_MUST_CHECK;
/* Notices for the core: struct gw_notice. */
struct gw_mailbox *gw_journal_notices(struct gw_journal *j);

/* The window of evidence of the record with this id is to be handed out again, whether it was
 * delivered or not; a GW_NOTICE_WINDOW with the token answers. To ask twice sends it twice at most.
 * GW_E_FULL: GW_RESENDS_MAX are under way; GW_E_INVAL: no record id. The core. */
#define GW_RESENDS_MAX 16
enum gw_status gw_journal_resend(struct gw_journal *j, const char *record,
                                 uint64_t token) GW_MUST_CHECK;

/* Sinks; reader is the index in conf->readers. */
/* Room for n more parcels: the journal sends at most that many as they become available: records of
 * priority 1 first, then leads, other records, windows, events, telemetry; the oldest first in
 * each. */
void gw_journal_grant(struct gw_journal *j, unsigned reader, unsigned n);
/* The receiver has it for good. Idempotent; the row is marked in a group commit. */
void gw_journal_ack(struct gw_journal *j, unsigned reader, enum gw_parcel_kind kind, int64_t key);
/* The reader's connection stands from now on: what was written before is historical for it. Of
 * telemetry and events the newer go first then, and the older get one place in four; while older
 * records are handed out, one parcel in eight is a row that was written since. */
void gw_journal_live(struct gw_journal *j, unsigned reader);
/* Forget grants and what was handed out but not acked (a connection was lost): it will be handed
 * out again. Parcels still in the mailbox are the reader's to drain and free after the call. */
void gw_journal_rewind(struct gw_journal *j, unsigned reader);
/* The platform keeps the record of that chain and number whose bytes have that hash: it leaves the
 * backlog when all three are those of a stored record; one that is not is counted as refused and
 * told once. To say it again changes nothing. Any thread; copied. GW_E_FULL: too many wait, and it
 * may be said again later. GW_E_INVAL: no name of a chain, number or hash (not lower-case hex). */
enum gw_status gw_journal_receipt(struct gw_journal *j, const char *chain, int64_t seq,
                                  const char *hash) GW_MUST_CHECK;
/* Parcels for the reader: struct gw_parcel. */
struct gw_mailbox *gw_journal_parcels(struct gw_journal *j, unsigned reader);

/* Appends the wire forms of the stored records from that number on to out, one a line, in the order
 * of their numbers: a page of some hundreds, nothing when there is none. A record whose bytes are
 * damaged is left out, which shows as a gap. Waits for the journal's thread, but for no commit of
 * anybody else. Any thread, one at a time. GW_E_TIMEOUT; GW_E_CLOSED: the journal is not open;
 * GW_E_NOMEM; others as the file fails. */
#define GW_EXPORT_PAGE_MAX ((size_t)2 * 1024 * 1024)
enum gw_status gw_journal_export(struct gw_journal *j, int64_t from, int64_t timeout_ms,
                                 struct gw_buf *out, struct gw_err *err) GW_MUST_CHECK;

/* Appends the window of the record with that id, as it was published. Waits as gw_journal_export does,
 * and never beside it. GW_E_NOTFOUND: there is none, or not yet; GW_E_RANGE: it was delivered and is
 * no longer kept; GW_E_INVAL: no record id; others as gw_journal_export. */
#define GW_EXPORT_WINDOW_MAX ((size_t)5 * 1024 * 1024)
enum gw_status gw_journal_window(struct gw_journal *j, const char *record, int64_t timeout_ms,
                                 struct gw_buf *out, struct gw_err *err) GW_MUST_CHECK;

/* Nine tenths of the records' quota are used and nothing may go. Any thread. */
bool gw_journal_tight(struct gw_journal *j);
/* A consistent copy. Any thread. */
void gw_journal_stats(struct gw_journal *j, struct gw_journal_stats *out);

#endif
