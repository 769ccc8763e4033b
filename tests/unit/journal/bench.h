/* SPDX-License-Identifier: Apache-2.0
 *
 * bench: a journal in a folder of its own, with a sealer that only joins, a clock that can be
 * pushed forward, and waits that end at once when the awaited thing comes.
 */
#ifndef GW_TESTS_UNIT_JOURNAL_BENCH_H
#define GW_TESTS_UNIT_JOURNAL_BENCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/journal.h"

#define BENCH_DIR    96
#define BENCH_STATES 64
#define BENCH_WAIT   20000 /* ms; nothing awaited takes that long */

struct bench_state {
    char *key, *value;
    int64_t seq;
};

struct bench {
    char dir[BENCH_DIR];
    struct gw_clock clock;
    _Atomic int64_t ahead_ms; /* the clock is that much ahead of the machine's */
    _Atomic bool sync;        /* the clock says that it is synchronised */
    _Atomic int seal_status;  /* what the sealer returns instead of sealing; 0: it works */
    struct gw_reader_conf readers[GW_READERS_MAX];
    struct gw_journal_conf conf;
    struct gw_journal *j;
    /* What bench_wait has seen on its way. */
    struct bench_state states[BENCH_STATES];
    size_t nstates;
    char events[8192]; /* texts of EVENT, FAILED and FATAL, one a line */
    unsigned failed;   /* FAILED notices */
    uint64_t next_token;
};

/* Makes the folder; one reader, of everything; small quotas. */
void bench_init(struct bench *b);
/* Removes the folder. */
void bench_end(struct bench *b);

void bench_start(struct bench *b); /* does not wait for OPEN */
void bench_stop(struct bench *b);
/* Start and wait for OPEN, whose content is returned. */
struct gw_notice bench_open(struct bench *b);

/* The next notice of that kind; others are noted in b. The caller clears it. */
struct gw_notice bench_wait(struct bench *b, enum gw_notice_kind kind);
/* Waits for an event or failure whose text contains part. */
void bench_wait_text(struct bench *b, const char *part);
/* Every round that was begun before the call is over after it. */
void bench_sync(struct bench *b);
void bench_forget(struct bench *b); /* states and events seen so far */
/* Time passes, and the journal looks at the clock. */
void bench_advance(struct bench *b, int64_t ms);

/* Posts, waiting for room; the token. */
uint64_t bench_post(struct bench *b, struct gw_draft draft);
/* Posts a record with body {"class":"<cls>","n":<n>} and state row (key NULL: none)
 * {"n":<n>}, and waits for its commit. Returns its seq. */
int64_t bench_record(struct bench *b, enum gw_class cls, int priority, int n, const char *key);
/* The same without waiting; the token. */
uint64_t bench_record_post(struct bench *b, enum gw_class cls, int priority, int n,
                           const char *key);
void bench_row(struct bench *b, enum gw_parcel_kind kind, int n);

/* The next parcel of a reader; the caller frees data. false: none within ms. */
bool bench_take(struct bench *b, unsigned reader, struct gw_parcel *out, int64_t ms);
/* As bench_take with BENCH_WAIT, asserted. */
struct gw_parcel bench_next(struct bench *b, unsigned reader);

/* The parts of a wire form of the test sealer. */
struct bench_wire {
    char chain[GW_CHAIN_SIZE];
    int64_t seq;
    char prev[GW_SHA256_HEX];
    const char *body; /* in the parcel */
    char hash[GW_SHA256_HEX];
};
bool bench_parse(const struct gw_parcel *parcel, struct bench_wire *out);

/* The folder's file of that name (static buffer). */
const char *bench_path(const struct bench *b, const char *name);
/* A file of the folder whose name begins with prefix. */
bool bench_has(const struct bench *b, const char *prefix, char *name, size_t size);
/* Copies the files of b's folder to another, existing one. */
void bench_copy(const struct bench *b, const char *to);

#endif
