/* SPDX-License-Identifier: Apache-2.0
 *
 * engine: all checks of the site over time: condition, delay, alarm or case, record.
 *
 * Deterministic: its only inputs are the table, the times it is given and the restored state, and
 * its only output is drafts. Owned by the core thread. A transition happens only when `emit` took
 * the draft (GW_OK); when the journal is full the same transition is offered again at the next
 * step.
 */
#ifndef GW_FINDING_ENGINE_H
#define GW_FINDING_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/jcs.h"
#include "base/status.h"
#include "finding/govern.h"
#include "finding/inventory.h"
#include "finding/proofs.h"
#include "finding/shelf.h"
#include "model/command.h"
#include "model/draft.h"
#include "model/table.h"

struct gw_engine_conf {
    const struct gw_inventory *inventory; /* lent */
    const struct gw_table *table;         /* lent */
    const char *boot_id;                  /* copied */
    int64_t built_ms; /* wall time before which an unsynchronised clock is surely wrong; 0: any is
                         taken */
    const char *inventory_sha256; /* what the platform accepts; copied. NULL: none */
    enum gw_status (*emit)(void *ctx, const struct gw_draft *draft);
    void *emit_ctx;
};

struct gw_engine;

enum gw_status gw_engine_new(const struct gw_engine_conf *conf, struct gw_engine **out,
                             struct gw_err *err) GW_MUST_CHECK;
void gw_engine_free(struct gw_engine *e);

/* State rows that are no check's, at most. */
#define GW_ENGINE_ROWS                                                                             \
    (GW_PERMITS_MAX + GW_ORDERS_MAX + GW_RECTIFIES_MAX + GW_SHELVES_MAX + GW_PROOFS_MAX + 2)

/* One stored state row; before the first step. Rows of checks that the inventory no longer has are
 * kept and shown as standing, undeclared cases: a case does not end by being left out of the site
 * file. Rows of permits, orders and the like (govern.h) and of the gateway's own life are taken in
 * here, too. GW_E_PARSE when the text is not a state row: the caller reports it, the check starts
 * afresh. */
enum gw_status gw_engine_restore(struct gw_engine *e, const char *key, const char *state,
                                 int64_t seq) GW_MUST_CHECK;
/* In place of that: another engine of this gateway, of another loading of its configuration, hands
 * over what it holds, by identity as a restart would: delays, cases, alarms, shelves, permits,
 * orders, claims, and what stands without being declared any more. Unlike after a restart nothing
 * was missed, so votes, floods and evidence windows go on, too. No record of `from` may wait for its
 * commit (gw_engine_waits); it is only good to be freed afterwards. lost, if not NULL, is told the
 * key of each check that starts afresh, because its class changed. With GW_E_NOMEM
 * both are only good for that. */
enum gw_status gw_engine_inherit(struct gw_engine *e, struct gw_engine *from,
                                 void (*lost)(void *ctx, const char *key), void *ctx) GW_MUST_CHECK;
/* Whether a record waits for its commit. */
bool gw_engine_waits(const struct gw_engine *e);

/* The chain, needed to name records by id; before the first step. When it changes later the store
 * was replaced while running: records of the old chain can no longer be named, and every state row
 * (of undeclared cases as well) counts as unstored, so that the next final checkpoint stores them
 * all again. */
void gw_engine_chain(struct gw_engine *e, const char *chain);

/* Evaluates the checks that look at `device` (after a pass over it) and those that watch these; or
 * all of them, but for those at rest that were evaluated less than a second ago. gw_engine_all also
 * records evidence windows that have become due, and is to be called every second or more often,
 * because time passes for silent devices as well. */
void gw_engine_device(struct gw_engine *e, uint32_t device, const struct gw_stamp *now);
void gw_engine_all(struct gw_engine *e, const struct gw_stamp *now);

/* The monotonic time at which the first of the running delays ends if every condition stays as it
 * was when it was last looked at; INT64_MAX when none runs. For a clock that need not wait. */
int64_t gw_engine_due(const struct gw_engine *e);

/* Emits state rows (class NONE) of checks whose running delay or memory moved on since it was
 * stored: by a tenth of the delay, at least 1 s, at most 60 s; everything unstored when `final` (a
 * clean end). */
void gw_engine_checkpoint(struct gw_engine *e, const struct gw_stamp *now, bool final);

/* The journal committed the draft with this token as record seq. Until then the check makes no
 * further transition: what it has to say next is offered after the commit. */
void gw_engine_committed(struct gw_engine *e, uint64_t token, int64_t seq);

/* Room for records is short (on) or no longer: meanwhile what an alarm that chatters repeats is only
 * counted, and told once there is room or with its end. Raised, cleared and reopened cases, and
 * whatever else happens once, are told as ever. */
void gw_engine_merge(struct gw_engine *e, bool on);

/* A person or the platform acknowledges the alarm of the check cmd->target. Who did it (by, who,
 * reason) stands in the alarm's own record, so that none is acknowledged by nobody. GW_E_NOTFOUND: no
 * such check; GW_E_INVAL: nothing to acknowledge; GW_E_FULL: its last record is not committed, or the
 * journal takes none now; try later. */
enum gw_status gw_engine_ack(struct gw_engine *e, const struct gw_command *cmd,
                             const struct gw_stamp *now) GW_MUST_CHECK;

/* Carries out a command of people or the platform and answers, at once and in words. What it changed
 * is real when the journal took its record; a journal that takes none now is an answer, too. */
void gw_engine_command(struct gw_engine *e, const struct gw_command *cmd,
                       const struct gw_stamp *now, struct gw_command_answer *out);

/* The platform has accepted the inventory: what was told of changed set-points and exchanged
 * devices is what they are held to from now on; their cases clear after their delay. */
void gw_engine_settle(struct gw_engine *e);

/* Counts: committed alarms that are active, committed leads that stand (undeclared ones as well),
 * checks that could not be evaluated when they were last looked at, leads that a permit withholds. */
struct gw_engine_counts {
    size_t checks, alarms, leads, unknown, withheld;
};
void gw_engine_counts(const struct gw_engine *e, struct gw_engine_counts *out);

/* A standing, committed case or alarm. Texts are lent for the call, but for kind, state and
 * finding, which are constant. */
struct gw_engine_case {
    const char *id; /* "<asset>:<code>[:<subject>]#<number>" */
    const char *asset, *code, *subject;
    const char *record;               /* id of the record that opened it; "" when not known */
    const struct gw_finding *finding; /* NULL: the catalogue has no such code (any more) */
    const char *kind;                 /* "EV", "FLT" ...; "" when not known */
    const char
        *state; /* "open", "unverified", "withheld"; of an alarm "unacked", "acked", "latched" */
    bool alarm, declared;
    int64_t reopened, repeats, since_ms; /* wall time */
    const struct gw_rectify *rectify;    /* what was said of it; NULL: nothing. Lent */
    const struct gw_permit *permit;      /* that withholds it; NULL: none. Lent */
    uint32_t check;                      /* index in the inventory; GW_NO_INDEX: undeclared */
    const struct gw_shelf *shelf;        /* of an alarm that is shelved; NULL: it is not. Lent */
};
/* Shows each, in the order of gw_engine_write_cases. */
void gw_engine_each_case(const struct gw_engine *e,
                         void (*see)(void *ctx, const struct gw_engine_case *c), void *ctx);

/* Every standing, committed case and alarm as an array under key, in the order of the inventory,
 * then the undeclared ones: asset, case, declared, finding, kind, record (id), reopened, since,
 * state, subject; where there is any, permit, rectify and repeats. */
void gw_engine_write_cases(const struct gw_engine *e, struct gw_jcs *j, const char *key);
/* How alarms are kept readable, as an object under key: chattering, out_of_service and stale alarms
 * (keys of their checks, at most 64 each), shelved ones with who, why, from and until, whether a
 * flood is on and how many alarms it holds back, how many are suppressed by design, and how many
 * were fleeting. */
void gw_engine_write_alarms(const struct gw_engine *e, struct gw_jcs *j, const char *key);
/* The shelved alarms of it alone, as an array under key. */
void gw_engine_write_shelves(const struct gw_engine *e, struct gw_jcs *j, const char *key);
/* Whether any of that or of the list changed since the last call of this function; true at the first. */
bool gw_engine_cases_changed(struct gw_engine *e);

/* The permits and orders that stand, and which inventory is accepted; lent. */
const struct gw_govern *gw_engine_govern(const struct gw_engine *e);
/* What was proved; lent. */
const struct gw_proofs *gw_engine_proofs(const struct gw_engine *e);
/* Whether the accepted inventory is the present one. */
bool gw_engine_accepted(const struct gw_engine *e);
/* The leads that a permit withholds, as an array under key: asset, finding, permit, subject. */
void gw_engine_write_withheld(const struct gw_engine *e, struct gw_jcs *j, const char *key);
/* Whether any of these changed since the last call of this function; false at the first. */
bool gw_engine_governed(struct gw_engine *e);

#endif
