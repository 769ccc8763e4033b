/* SPDX-License-Identifier: Apache-2.0
 *
 * commands: what the platform asks, from the inbox to its reply.
 *
 * A command that the gate (control/command.h) lets in goes through three states, each begun by a
 * commit of the journal: its number is on the disk; it is carried out; what it changed is on the
 * disk, and the reply goes to the journal, to be published like an event. A crash before the second
 * loses the command (its number is used, and a repetition is refused), one after it the reply. No
 * reply says that something was done before it is on the disk, however long that takes. A command
 * whose time is over when the first of these commits comes at last is not carried out.
 * Receipts go to the journal at once. Core thread.
 */
#ifndef GW_CORE_COMMANDS_H
#define GW_CORE_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/jcs.h"
#include "base/loop.h"
#include "base/status.h"
#include "control/call.h"
#include "control/command.h"
#include "core/identity.h"
#include "finding/engine.h"
#include "journal/journal.h"
#include "publish/inbox.h"
#include "publish/seal.h"

struct gw_commands;

struct gw_commands_conf {
    const struct gw_site *site; /* everything is lent */
    const struct gw_identity *identity;
    const struct gw_clock *clock;
    struct gw_engine *engine;
    struct gw_seal *seal;
};

/* Errors of gw_gate_new and gw_inbox_new. */
enum gw_status gw_commands_new(const struct gw_commands_conf *conf, struct gw_commands **out,
                               struct gw_err *err) GW_MUST_CHECK;
void gw_commands_free(struct gw_commands *c);
/* Where the MQTT worker puts what comes; lives as long as c. */
struct gw_inbox *gw_commands_inbox(struct gw_commands *c);
/* Lent; to be set before anything below. */
void gw_commands_journal(struct gw_commands *c, struct gw_journal *journal);

/* Another loading of the configuration, with the same keys, and its engine. */
void gw_commands_site(struct gw_commands *c, const struct gw_site *site, struct gw_engine *engine);

/* How many state rows there may be. */
size_t gw_commands_rows(const struct gw_site *site);
/* A stored state row. False: it is not one of these. */
bool gw_commands_restore(struct gw_commands *c, const char *key, const char *text);
/* The store was replaced while running: it gets the numbers back. */
void gw_commands_store(struct gw_commands *c);

/* Once every stored row was restored: from now on the loop takes what comes in, a few messages at a
 * time. */
void gw_commands_open(struct gw_commands *c, struct gw_loop *loop);
void gw_commands_close(struct gw_commands *c); /* before the loop is freed; NULL is fine */
/* The journal committed the draft with this token, as record seq. False: the token is not ours. */
bool gw_commands_committed(struct gw_commands *c, uint64_t token, int64_t seq);
/* The journal's answer to gw_journal_resend. */
void gw_commands_window(struct gw_commands *c, uint64_t token, enum gw_window_found found);

/* Where answers to what people told go; the receiver takes them over. */
void gw_commands_tell(struct gw_commands *c, void (*tell)(void *ctx, struct gw_call_answer *answer),
                      void *ctx);
/* Something that people told, read and let in already. told: its id is set; taken over, and given
 * back with the rest: at once when it is refused, when it is on the disk otherwise, or when it waited
 * for GW_COMMANDS_TOLD_MS. */
#define GW_COMMANDS_TOLD_MS 6000
void gw_commands_told(struct gw_commands *c, const struct gw_command *cmd,
                      struct gw_call_answer *told);
/* The engine hands a draft to the journal: the token that it is to have there. */
uint64_t gw_commands_mark(struct gw_commands *c, const struct gw_draft *draft);

/* Appends the member "commands" of health. */
void gw_commands_write(struct gw_commands *c, struct gw_jcs *j, const char *key);

#endif
