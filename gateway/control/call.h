/* SPDX-License-Identifier: Apache-2.0
 *
 * call: what the local API asks of the core beyond snapshots, and what the core answers: the history
 * of a point, and commands.
 *
 * One bounded queue there and one back. A full one refuses the call; the core never waits, and an
 * answer that nobody awaits any more is thrown away. One API thread, one core thread.
 */
#ifndef GW_CONTROL_CALL_H
#define GW_CONTROL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"
#include "model/command.h"
#include "model/sample.h"

#define GW_CALLS_MAX 32 /* that wait, each way */

enum gw_call_kind { GW_CALL_TREND = 0, GW_CALL_COMMAND };

struct gw_call {
    uint64_t id; /* of the caller, handed back */
    enum gw_call_kind kind;
    uint32_t point;             /* TREND: a point of the site */
    int64_t span_ms;            /* TREND: how far back */
    struct gw_command *command; /* COMMAND: malloc'd, taken over */
};

struct gw_call_answer {
    uint64_t id;
    struct gw_stamp now;
    struct gw_sample *samples; /* TREND: malloc'd, the oldest first */
    size_t n;
    bool whole; /* they reach back as far as was asked */
    bool done;  /* COMMAND */
    bool later; /* COMMAND: not done, and nothing is wrong with it: it may be asked again */
    char why[GW_COMMAND_TEXT], why_zh[GW_COMMAND_TEXT];
    char record[GW_RECORD_ID_SIZE]; /* COMMAND that is done: of the record that tells of it */
};
void gw_call_answer_free(struct gw_call_answer *a); /* NULL is fine */

struct gw_calls;

/* GW_E_NOMEM, GW_E_IO (no descriptors). */
enum gw_status gw_calls_new(struct gw_calls **out, struct gw_err *err) GW_MUST_CHECK;
/* With what is still inside; after both threads are done with it. NULL is fine. */
void gw_calls_free(struct gw_calls *c);

/* The API. GW_E_FULL: the core is behind; call->command is the caller's still. */
enum gw_status gw_calls_put(struct gw_calls *c, const struct gw_call *call) GW_MUST_CHECK;
/* The API. NULL: there is none now. The caller frees it. */
struct gw_call_answer *gw_calls_answered(struct gw_calls *c);
/* Polls readable while there are answers. Lent. */
int gw_calls_answer_fd(const struct gw_calls *c);

/* The core. False: there is none now. */
bool gw_calls_get(struct gw_calls *c, struct gw_call *call);
/* The core. Takes the answer over; throws it away when the API is behind. */
void gw_calls_answer(struct gw_calls *c, struct gw_call_answer *answer);
/* Polls readable while there are calls. Lent. */
int gw_calls_fd(const struct gw_calls *c);

#endif
