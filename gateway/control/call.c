/* SPDX-License-Identifier: Apache-2.0 */
#include "control/call.h"

#include <stdlib.h>

#include "base/mailbox.h"

struct gw_calls {
    struct gw_mailbox *asked;    /* struct gw_call */
    struct gw_mailbox *answered; /* struct gw_call_answer * */
};

void gw_call_answer_free(struct gw_call_answer *a)
{
    if (!a)
        return;
    free(a->samples);
    free(a);
}

enum gw_status gw_calls_new(struct gw_calls **out, struct gw_err *err)
{
    struct gw_calls *c = calloc(1, sizeof *c);

    if (!c)
        return gw_err_set(err, GW_E_NOMEM, "local API: out of memory");
    enum gw_status st = gw_mailbox_new(sizeof(struct gw_call), GW_CALLS_MAX, &c->asked, err);
    if (st == GW_OK)
        st = gw_mailbox_new(sizeof(struct gw_call_answer *), GW_CALLS_MAX, &c->answered, err);
    if (st != GW_OK) {
        gw_calls_free(c);
        return st;
    }
    *out = c;
    return GW_OK;
}

void gw_calls_free(struct gw_calls *c)
{
    struct gw_call call;

    if (!c)
        return;
    while (c->asked && gw_mailbox_get(c->asked, &call))
        free(call.command);
    while (c->answered) {
        struct gw_call_answer *answer = gw_calls_answered(c);
        if (!answer)
            break;
        gw_call_answer_free(answer);
    }
    gw_mailbox_free(c->asked);
    gw_mailbox_free(c->answered);
    free(c);
}

enum gw_status gw_calls_put(struct gw_calls *c, const struct gw_call *call)
{
    return gw_mailbox_put(c->asked, call);
}

struct gw_call_answer *gw_calls_answered(struct gw_calls *c)
{
    struct gw_call_answer *answer = NULL;
    return gw_mailbox_get(c->answered, &answer) ? answer : NULL;
}

int gw_calls_answer_fd(const struct gw_calls *c)
{
    return gw_mailbox_fd(c->answered);
}

bool gw_calls_get(struct gw_calls *c, struct gw_call *call)
{
    return gw_mailbox_get(c->asked, call);
}

void gw_calls_answer(struct gw_calls *c, struct gw_call_answer *answer)
{
    if (gw_mailbox_put(c->answered, &answer) != GW_OK)
        gw_call_answer_free(answer);
}

int gw_calls_fd(const struct gw_calls *c)
{
    return gw_mailbox_fd(c->asked);
}
