/* SPDX-License-Identifier: Apache-2.0
 *
 * call: a verb's question to the daemon, with its errors told and turned into exit codes. One
 * thread.
 */
#ifndef GW_CTL_CALL_H
#define GW_CTL_CALL_H

#include <stdbool.h>

#include "conf/json.h"
#include "ctl/client.h"
#include "ctl/opts.h"

/* What the daemon said; zero-initialise, gw_answer_free. */
struct gw_answer {
    struct gw_client_answer raw;
    struct gw_issues *issues;
    struct gw_json *doc;
    const struct gw_jnode *root; /* NULL: no JSON, or too large for the reader */
};
void gw_answer_free(struct gw_answer *a);

/* GET target, or POST body (canonical JSON) to it. -1: it was answered with 200. Otherwise an exit
 * code, and the reason was told on standard error. a may hold an answer in any case. */
int gw_call_get(const struct gw_verb *verb, const struct gw_opts *o, const char *target,
                struct gw_answer *a);
int gw_call_post(const struct gw_verb *verb, const struct gw_opts *o, const char *target,
                 const char *body, struct gw_answer *a);
/* Any request, and nothing is told when it fails. */
int gw_call_ask_quiet(const struct gw_opts *o, const struct gw_client_request *r,
                      struct gw_answer *a);
/* As gw_call_get, but nothing is told when it fails. */
int gw_call_quiet(const struct gw_opts *o, const char *target, struct gw_answer *a);

/* Prints the body as it came. An exit code. */
int gw_call_pass_on(const struct gw_verb *verb, const struct gw_answer *a);

#endif
