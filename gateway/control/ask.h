/* SPDX-License-Identifier: Apache-2.0
 *
 * ask: what a command consists of: the members around its arguments, and the arguments of each name.
 * Strict: a member too many, too few, of the wrong kind or too long is an error. Pure; any thread.
 * Only for this folder.
 */
#ifndef GW_CONTROL_ASK_H
#define GW_CONTROL_ASK_H

#include "base/status.h"
#include "conf/json.h"
#include "control/command.h"

/* Lent by the document. */
struct gw_envelope {
    const struct gw_jnode *args;
    const char *challenge, *gateway, *kid, *name; /* challenge: "" when there is none */
    int64_t exp, iat, seq;                        /* exp and seq: 0 for a receipt */
};

/* GW_E_PARSE; err says what is wrong. */
enum gw_status gw_envelope_read(const struct gw_jnode *root, struct gw_envelope *out,
                                struct gw_err *err) GW_MUST_CHECK;

/* The number of that name; GW_ASK_COUNT: none. */
unsigned gw_ask_find(const char *name);

/* Reads the arguments of out->ask into out. GW_E_PARSE; err says what is wrong. */
enum gw_status gw_ask_read(const struct gw_jnode *args, struct gw_asked *out,
                           struct gw_err *err) GW_MUST_CHECK;

#endif
