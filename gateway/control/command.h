/* SPDX-License-Identifier: Apache-2.0
 *
 * command: the door for what the platform asks, as config/interface/commands.md says it: is this
 * message from a key that the site file trusts, meant for us, new, in time, and whole?
 *
 * Judging changes nothing but counters and the rate. What was judged good is taken by its owner in
 * two steps: the number is stored by the journal (gw_gate_row) and gw_gate_take is told; only when
 * the row is on the disk the command is carried out. So it acts once or not at all. A signature is
 * verified before anything of the message is parsed. Owned by the core thread.
 */
#ifndef GW_CONTROL_COMMAND_H
#define GW_CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/status.h"
#include "conf/site.h"
#include "model/command.h"
#include "proof/claim.h"

#define GW_ASK_SIZE_MAX   ((size_t)64 * 1024) /* bytes of a message */
#define GW_ASK_RECEIPTS   200                 /* records in one receipt */
#define GW_CHALLENGE_SIZE 33                  /* 32 hex digits and NUL */

/* Why a message was refused, in the order in which it is looked at. */
enum gw_refusal {
    GW_REFUSED_NOT = 0, /* it is taken */
    GW_REFUSED_FLOOD,   /* so many came that it was not looked at */
    GW_REFUSED_SIZE,
    GW_REFUSED_RETAINED,
    GW_REFUSED_FORM,      /* no signed message, not canonical, not what a command consists of */
    GW_REFUSED_SIGNATURE, /* of no trusted key, or wrong */
    GW_REFUSED_GATEWAY,   /* means another gateway */
    GW_REFUSED_NAME,      /* its key may not do that, or the topic has another name */
    GW_REFUSED_SEQUENCE,  /* its number was used */
    GW_REFUSED_EXPIRED,
    GW_REFUSED_CHALLENGE, /* the clock is not synchronised and the challenge is not the present one */
    GW_REFUSED_RATE,
    GW_REFUSED_ARGUMENTS,
    GW_REFUSED_JOURNAL, /* its number cannot be stored now */
    GW_REFUSED_COUNT
};
const char *gw_refusal_name(enum gw_refusal why); /* "flood", "size" ... */

/* A message as it came. */
struct gw_ask_message {
    const char *name; /* last level of the topic */
    const char *data;
    size_t len;
    bool retained;
};

/* A message taken apart. */
struct gw_asked {
    bool signed_well;           /* by a trusted key: it may be answered; hash, ask, seq are valid */
    unsigned ask;               /* enum gw_command_kind or GW_ASK_ */
    unsigned key;               /* index of the key in the site file */
    int64_t seq;                /* 0 for a receipt */
    int64_t exp_ms;             /* wall time after which it is void; 0 for a receipt */
    int64_t void_ms;            /* and the monotonic time: it may wait, but no longer than that */
    char hash[GW_SHA256_HEX];   /* of the command's bytes */
    char why[400], why_zh[160]; /* why it is refused */
    struct gw_command command;  /* ask < GW_COMMAND_COUNT */
    char nonce[65];             /* GW_ASK_CHALLENGE */
    char record[GW_RECORD_ID_SIZE]; /* GW_ASK_EVIDENCE; "": of the case command.target */
    size_t nplaces;                 /* GW_ASK_RECEIPT */
    struct gw_place *places;        /* the caller's, room for GW_ASK_RECEIPTS; may be NULL */
};

struct gw_gate;

/* Reads the keys of the site file. challenge: of this boot, as status tells it (copied). site is
 * lent. GW_E_NOTFOUND, GW_E_PARSE, GW_E_IO: a key cannot be read, err names the file; GW_E_INVAL:
 * one key stands in two files; GW_E_NOMEM. */
enum gw_status gw_gate_new(const struct gw_site *site, const char *challenge, struct gw_gate **out,
                           struct gw_err *err) GW_MUST_CHECK;
void gw_gate_free(struct gw_gate *g);
/* Another loading of the site file, with the same keys; lent. */
void gw_gate_site(struct gw_gate *g, const struct gw_site *site);

/* Judges a message and counts it when it is refused. out is filled as far as it was read; its
 * places must be set before. */
enum gw_refusal gw_gate_judge(struct gw_gate *g, const struct gw_ask_message *m,
                              const struct gw_stamp *now, struct gw_asked *out);
/* The journal takes the number: from now on it is used. */
void gw_gate_take(struct gw_gate *g, const struct gw_asked *asked);
/* What was judged good has had to wait: whether its time is over now. A clock that was set back, or
 * is no longer synchronised, prolongs nothing. */
bool gw_gate_over(const struct gw_asked *asked, const struct gw_stamp *now);
/* Counts a refusal that was decided elsewhere (n of them). */
void gw_gate_refused(struct gw_gate *g, enum gw_refusal why, uint64_t n);
/* Whether a refused message may be answered now: ten at once, one a second. */
bool gw_gate_may_answer(struct gw_gate *g, const struct gw_stamp *now);
/* Whether people at the gateway may tell one thing more: one a second, sixty at once. Each leaves a
 * record, and records that nobody fetches never leave. */
bool gw_gate_may_tell(struct gw_gate *g, const struct gw_stamp *now);

/* The state row that keeps a number: its key and its text (seq: the number). Rows under GW_GATE_LOCAL
 * are of what people told, and nothing is made of them: they show that the journal takes something. */
#define GW_GATE_LOCAL "_command:local:"
#define GW_GATE_KEY   64
void gw_gate_row_key(const struct gw_gate *g, unsigned key, unsigned ask, char out[GW_GATE_KEY]);
void gw_gate_row(int64_t seq, struct gw_buf *out); /* appended */
/* A stored row. False: it is none of these. Rows of keys that are no longer trusted are kept as they
 * are. What cannot be read is as good as the greatest number: nothing may act twice. */
bool gw_gate_restore(struct gw_gate *g, const char *key, const char *text);
/* The greatest number that was taken; 0: none. */
int64_t gw_gate_seq(const struct gw_gate *g, unsigned key, unsigned ask);

struct gw_gate_counts {
    uint64_t refused[GW_REFUSED_COUNT]; /* since the start; [0]: messages taken */
};
void gw_gate_counts(const struct gw_gate *g, struct gw_gate_counts *out);

#endif
