/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 8000 /* longer than the daemon takes to find that its core is stuck */

void gw_answer_free(struct gw_answer *a)
{
    gw_json_free(a->doc);
    gw_issues_free(a->issues);
    free(a->raw.body);
    *a = (struct gw_answer){0};
}

static void read_answer(struct gw_answer *a)
{
    a->issues = gw_issues_new();
    if (a->issues && gw_json_parse(a->raw.body, a->raw.len, "answer", a->issues, &a->doc) == GW_OK)
        a->root = gw_json_root(a->doc);
}

/* What the answer means; *why: the reason, lent by a or constant. */
static int judge(const struct gw_opts *o, const struct gw_answer *a, const char **why)
{
    const char *said = a->root ? gw_view_error(a->root, o->english) : "";
    switch (a->raw.code) {
    case 200:
        return -1;
    case 401:
    case 403:
        *why = said[0] ? said : "not permitted";
        return GW_EXIT_REFUSED;
    case 409:
    case 422:
        *why = said[0] ? said : "refused";
        return GW_EXIT_REFUSED;
    case 404:
        *why = said[0] ? said : "the daemon does not know that; is it older than this?";
        return GW_EXIT_ERROR;
    default:
        *why = said[0] ? said : "the daemon answers with an error";
        return GW_EXIT_ERROR;
    }
}

static int call(const struct gw_verb *verb, const struct gw_opts *o,
                const struct gw_client_request *r, struct gw_answer *a)
{
    struct gw_err err = {0};
    const char *why = "";
    const enum gw_status st = gw_client_ask(o->socket, r, TIMEOUT_MS, &a->raw, &err);

    if (st != GW_OK) {
        if (verb)
            (void)gw_opts_say(verb, 0, "%s", err.msg);
        return st == GW_E_PROTO || st == GW_E_FULL || st == GW_E_NOMEM ? GW_EXIT_ERROR
                                                                       : GW_EXIT_AWAY;
    }
    read_answer(a);
    const int code = judge(o, a, &why);
    if (code >= 0 && verb)
        (void)gw_opts_say(verb, 0, "%s", why);
    return code;
}

int gw_call_get(const struct gw_verb *verb, const struct gw_opts *o, const char *target,
                struct gw_answer *a)
{
    return call(verb, o, &(struct gw_client_request){.target = target}, a);
}

int gw_call_post(const struct gw_verb *verb, const struct gw_opts *o, const char *target,
                 const char *body, struct gw_answer *a)
{
    return call(verb, o, &(struct gw_client_request){.target = target, .body = body}, a);
}

int gw_call_ask_quiet(const struct gw_opts *o, const struct gw_client_request *r,
                      struct gw_answer *a)
{
    return call(NULL, o, r, a);
}

int gw_call_quiet(const struct gw_opts *o, const char *target, struct gw_answer *a)
{
    return call(NULL, o, &(struct gw_client_request){.target = target}, a);
}

int gw_call_pass_on(const struct gw_verb *verb, const struct gw_answer *a)
{
    if (fwrite(a->raw.body, 1, a->raw.len, stdout) != a->raw.len || fflush(stdout) != 0)
        return gw_opts_say(verb, GW_EXIT_ERROR, "cannot print");
    return GW_EXIT_DONE;
}
