/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/store: what the desk has received and verified, in one SQLite file. The only file of the desk
 * that includes sqlite3.h.
 *
 * A record is kept as the bytes it came in. Writes belong to the transaction between begin and
 * commit; nothing is acknowledged to a gateway before its commit. Two processes may use the file (a
 * serving desk and somebody who sends a command): each waits for the other up to 5 s. Owned by one
 * thread. Errors everywhere: GW_E_IO, GW_E_NOMEM, GW_E_FULL (disk), GW_E_PARSE (damaged), with words
 * in err.
 */
#ifndef GW_DESK_STORE_H
#define GW_DESK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "desk/conf.h"
#include "proof/claim.h"

struct gw_desk_store;

enum gw_status gw_desk_store_open(const char *path, struct gw_desk_store **out,
                                  struct gw_err *err) GW_MUST_CHECK;
void gw_desk_store_close(struct gw_desk_store *s);

enum gw_status gw_desk_store_begin(struct gw_desk_store *s, struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_desk_store_commit(struct gw_desk_store *s, struct gw_err *err) GW_MUST_CHECK;
void gw_desk_store_rollback(struct gw_desk_store *s);

/* ---- records ---- */

/* What pages and feeds look for without parsing. Lent for the call. */
struct gw_desk_record {
    const char *gateway;
    struct gw_claim claim;
    const char *case_id, *finding, *kind, *state, *county;
    const char *about; /* class evidence: the record that it belongs to */
    int64_t received_ms;
    const char *wire;
    size_t wire_len;
};

enum gw_desk_put { GW_DESK_NEW = 0, GW_DESK_AGAIN, GW_DESK_FORKED };

/* Keeps the record. AGAIN: it is there, byte for byte. FORKED: another one has its number; it is
 * kept beside, and the gateway is marked. */
enum gw_status gw_desk_store_put(struct gw_desk_store *s, const struct gw_desk_record *r,
                                 enum gw_desk_put *how, struct gw_err *err) GW_MUST_CHECK;

/* A chain as far as it is known. */
struct gw_desk_chain {
    struct gw_place whole; /* the last record that was received without a gap; seq 0: none */
    int64_t highest;       /* the highest number received */
    int64_t missing;       /* numbers between 1 and highest that are not there */
    int64_t told;          /* the highest number that a signed health document told of */
    int64_t broken;        /* a record that does not follow the one before it; 0: none */
};
enum gw_status gw_desk_store_chain(struct gw_desk_store *s, const char *gateway, const char *chain,
                                   struct gw_desk_chain *out, struct gw_err *err) GW_MUST_CHECK;
/* The head that a health document tells. */
enum gw_status gw_desk_store_told(struct gw_desk_store *s, const char *gateway, const char *chain,
                                  int64_t seq, struct gw_err *err) GW_MUST_CHECK;

/* Rows are lent for the call of `each`, which returns false to end. */
struct gw_desk_row {
    const char *gateway, *chain, *id, *cls, *case_id, *finding, *kind, *state, *county, *hash;
    int64_t seq, received_ms;
    const char *wire;
    size_t wire_len;
    bool broken; /* it does not follow the record before it */
};
typedef bool gw_desk_each(void *ctx, const struct gw_desk_row *row);

/* All records of a gateway, chain by chain as they began, each in the order of its numbers. */
enum gw_status gw_desk_store_export(struct gw_desk_store *s, const char *gateway,
                                    gw_desk_each *each, void *ctx,
                                    struct gw_err *err) GW_MUST_CHECK;
/* All records of one case, the oldest first. */
enum gw_status gw_desk_store_case(struct gw_desk_store *s, const char *gateway, const char *case_id,
                                  gw_desk_each *each, void *ctx, struct gw_err *err) GW_MUST_CHECK;
/* The newest `n` leads of a county, the newest first. county NULL: of all. */
enum gw_status gw_desk_store_leads(struct gw_desk_store *s, const char *county, int n,
                                   gw_desk_each *each, void *ctx, struct gw_err *err) GW_MUST_CHECK;
/* The newest `n` proof tests of a gateway, the newest first. */
enum gw_status gw_desk_store_proofs(struct gw_desk_store *s, const char *gateway, int n,
                                    gw_desk_each *each, void *ctx,
                                    struct gw_err *err) GW_MUST_CHECK;
/* The record of that id ("<chain>-<seq>"); not found: each is not called. */
enum gw_status gw_desk_store_record(struct gw_desk_store *s, const char *gateway, const char *id,
                                    gw_desk_each *each, void *ctx,
                                    struct gw_err *err) GW_MUST_CHECK;
/* The evidence record about a record. */
enum gw_status gw_desk_store_evidence(struct gw_desk_store *s, const char *gateway,
                                      const char *about, gw_desk_each *each, void *ctx,
                                      struct gw_err *err) GW_MUST_CHECK;

/* ---- windows, documents ---- */

/* A window of evidence by the hash of its bytes; true by itself only where a record names it. */
enum gw_status gw_desk_store_put_window(struct gw_desk_store *s, const char *gateway,
                                        const char *record, const char *bytes, size_t len,
                                        struct gw_err *err) GW_MUST_CHECK;
/* *out is malloc'd; NULL: there is none with this hash. */
enum gw_status gw_desk_store_window(struct gw_desk_store *s, const char *gateway,
                                    const char *sha256, char **out, size_t *len,
                                    struct gw_err *err) GW_MUST_CHECK;
/* The last document of a name ("health", "status" ...) of a gateway. */
enum gw_status gw_desk_store_put_document(struct gw_desk_store *s, const char *gateway,
                                          const char *name, const char *text, size_t len,
                                          struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_desk_store_document(struct gw_desk_store *s, const char *gateway,
                                      const char *name, char **out, size_t *len,
                                      struct gw_err *err) GW_MUST_CHECK;

/* ---- windows that are awaited ---- */

/* An evidence record whose window is not there. */
struct gw_desk_await {
    const char *gateway;
    struct gw_place place; /* of the evidence record */
    const char *about;     /* the record that the window is of */
    const char *sha256;    /* of the window */
};
enum gw_desk_waits {
    GW_DESK_ARRIVED, /* the window is there */
    GW_DESK_AWAITED, /* it is not, and from now on it is awaited */
    GW_DESK_MISSING  /* it was given up */
};
enum gw_status gw_desk_store_await(struct gw_desk_store *s, const struct gw_desk_await *a,
                                   int64_t now_ms, enum gw_desk_waits *out,
                                   struct gw_err *err) GW_MUST_CHECK;
/* A window of that record came with this hash: one that is awaited with another has to be asked for. */
enum gw_status gw_desk_store_doubt(struct gw_desk_store *s, const char *gateway, const char *about,
                                   const char *sha256, struct gw_err *err) GW_MUST_CHECK;

enum gw_desk_due_what { GW_DESK_DUE_ARRIVED, GW_DESK_DUE_MISSING, GW_DESK_DUE_ASK };
struct gw_desk_due {
    enum gw_desk_due_what what;
    char gateway[GW_DESK_ID];
    struct gw_place place;
    char about[GW_RECORD_ID_SIZE];
    bool given_up; /* ARRIVED: after all */
};
struct gw_desk_patience {
    int64_t now_ms;     /* wall time */
    int64_t ask_ms;     /* what is awaited since then or longer is asked for, once */
    int64_t missing_ms; /* and given up */
    bool may_ask;
};
/* The next of them of which something has become, which is noted with it: one that has arrived is no
 * longer awaited, one is asked for or given up once only. */
enum gw_status gw_desk_store_due(struct gw_desk_store *s, const struct gw_desk_patience *p,
                                 struct gw_desk_due *out, bool *found,
                                 struct gw_err *err) GW_MUST_CHECK;
/* Whether the window of that hash was given up. */
enum gw_status gw_desk_store_missing(struct gw_desk_store *s, const char *gateway,
                                     const char *sha256, bool *out,
                                     struct gw_err *err) GW_MUST_CHECK;

/* ---- gateways ---- */

struct gw_desk_standing {
    const char *gateway;
    int64_t seen_ms;   /* wall time of the last message; 0: never */
    int64_t again;     /* records that came more than once */
    int64_t refused;   /* messages that were refused */
    int64_t forked;    /* records whose number another one has */
    const char *fault; /* the last refusal, "" */
};
enum gw_status gw_desk_store_seen(struct gw_desk_store *s, const char *gateway, int64_t at_ms,
                                  struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_desk_store_refused(struct gw_desk_store *s, const char *gateway, const char *why,
                                     struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_desk_store_gateways(struct gw_desk_store *s,
                                      bool (*each)(void *ctx, const struct gw_desk_standing *g),
                                      void *ctx, struct gw_err *err) GW_MUST_CHECK;
/* The chains of a gateway, in the order in which they began. */
enum gw_status gw_desk_store_chains(struct gw_desk_store *s, const char *gateway,
                                    bool (*each)(void *ctx, const struct gw_desk_chain *c),
                                    void *ctx, struct gw_err *err) GW_MUST_CHECK;
/* Counties that have a lead, in order. */
enum gw_status gw_desk_store_counties(struct gw_desk_store *s,
                                      bool (*each)(void *ctx, const char *county), void *ctx,
                                      struct gw_err *err) GW_MUST_CHECK;

/* ---- commands ---- */

/* A number for a command of this name to this gateway that was never given before: stored at once
 * (its own transaction; not between begin and commit). At least now_ms. */
enum gw_status gw_desk_store_number(struct gw_desk_store *s, const char *gateway, const char *name,
                                    int64_t now_ms, int64_t *out, struct gw_err *err) GW_MUST_CHECK;

/* What was asked of a gateway about a case, and its answer. */
struct gw_desk_asked {
    const char *name, *subject, *command, *reply; /* bytes of both; reply "" so far */
    int64_t at_ms;
};
enum gw_status gw_desk_store_asked(struct gw_desk_store *s, const char *gateway, const char *hash,
                                   const struct gw_desk_asked *a, struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_desk_store_answered(struct gw_desk_store *s, const char *gateway,
                                      const char *hash, const char *reply, size_t len,
                                      struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_desk_store_each_asked(struct gw_desk_store *s, const char *gateway,
                                        const char *subject,
                                        bool (*each)(void *ctx, const struct gw_desk_asked *a),
                                        void *ctx, struct gw_err *err) GW_MUST_CHECK;

#endif
