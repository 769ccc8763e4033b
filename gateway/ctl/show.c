/* SPDX-License-Identifier: Apache-2.0
 *
 * show: the verbs that ask for one document and print it.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/keys.h"
#include "ctl/call.h"
#include "ctl/verbs.h"

/* What the daemon has at most. */
#define LEADS_MAX  50
#define EVENTS_MAX 200

/* The whole target of a verb; false: a word that cannot be one. */
static bool target_of(const struct gw_verb *verb, const struct gw_opts *o, char *out, size_t size)
{
    const char *query = NULL, *value = NULL;
    int64_t n = 0;

    if (o->nargs > 0) {
        query = "?device=";
        value = o->args[0];
        if (!gw_keys_is_id(value, 64))
            return false;
    } else if (gw_opts_get(verb, o, "limit")) {
        query = "?limit=";
        value = gw_opts_get(verb, o, "limit");
        if (!gw_opts_number(value, 1, verb == &gw_verb_leads ? LEADS_MAX : EVENTS_MAX, &n))
            return false;
    }
    (void)snprintf(out, size, "%s%s%s", verb->path, query ? query : "", value ? value : "");
    return true;
}

static int show(const struct gw_verb *verb, const struct gw_opts *o)
{
    struct gw_answer a = {0};
    char target[128];

    if (!target_of(verb, o, target, sizeof target))
        return gw_opts_wrong(verb, "that is no name, or no number that can be");
    int code = gw_call_get(verb, o, target, &a);
    if (code < 0 && !a.root && (!o->json || verb == &gw_verb_status))
        code =
            gw_opts_say(verb, GW_EXIT_ERROR,
                        "the daemon's answer is no JSON or too large for a table; name a device, "
                        "or use --json");
    if (code < 0 && o->json) {
        code = gw_call_pass_on(verb, &a);
    } else if (code < 0) {
        const struct gw_look look = gw_opts_look(o);
        code = verb->view(a.root, &look) == GW_OK && fflush(stdout) == 0
                   ? GW_EXIT_DONE
                   : gw_opts_say(verb, GW_EXIT_ERROR, "cannot print");
    }
    if (code == GW_EXIT_DONE && verb == &gw_verb_status && !gw_view_healthy(a.root))
        code = GW_EXIT_SAYS;
    gw_answer_free(&a);
    return code;
}

static const struct gw_opt leads_opts[] = {
    {"limit", 'n', "NUMBER", "so many of the latest, 1 to 50; default 20"},
    {0},
};
static const struct gw_opt events_opts[] = {
    {"limit", 'n', "NUMBER", "so many of the latest, 1 to 200; default all"},
    {0},
};

const struct gw_verb gw_verb_status = {
    .name = "status",
    .args = "",
    .summary = "how the gateway is, and what keeps it from its work",
    .more = "  Exits with 1 when the gateway is degraded.\n",
    .run = show,
    .path = "/v1/status",
    .view = gw_view_status,
};
const struct gw_verb gw_verb_assets = {
    .name = "assets",
    .args = "",
    .summary = "what each asset must have, and what of it is there",
    .run = show,
    .path = "/v1/assets",
    .view = gw_view_assets,
};
const struct gw_verb gw_verb_buses = {
    .name = "buses",
    .args = "",
    .summary = "lines and endpoints: link, answers, errors",
    .run = show,
    .path = "/v1/buses",
    .view = gw_view_buses,
};
const struct gw_verb gw_verb_devices = {
    .name = "devices",
    .args = "[DEVICE]",
    .summary = "instruments: link, polls, errors, last fault",
    .max_args = 1,
    .run = show,
    .path = "/v1/devices",
    .view = gw_view_devices,
};
const struct gw_verb gw_verb_points = {
    .name = "points",
    .args = "[DEVICE]",
    .summary = "latest values, of all or of one device",
    .max_args = 1,
    .run = show,
    .path = "/v1/points",
    .view = gw_view_points,
};
const struct gw_verb gw_verb_cases = {
    .name = "cases",
    .args = "",
    .summary = "the leads that stand",
    .run = show,
    .path = "/v1/cases",
    .view = gw_view_cases,
};
const struct gw_verb gw_verb_alarms = {
    .name = "alarms",
    .args = "",
    .summary = "the alarms that stand, or that nobody acknowledged",
    .run = show,
    .path = "/v1/alarms",
    .view = gw_view_alarms,
};
const struct gw_verb gw_verb_leads = {
    .name = "leads",
    .args = "",
    .summary = "the latest lead records, newest first",
    .opts = leads_opts,
    .run = show,
    .path = "/v1/leads",
    .view = gw_view_leads,
};
const struct gw_verb gw_verb_events = {
    .name = "events",
    .args = "",
    .summary = "the latest events: housekeeping, no violations",
    .opts = events_opts,
    .run = show,
    .path = "/v1/events",
    .view = gw_view_events,
};
const struct gw_verb gw_verb_health = {
    .name = "health",
    .args = "",
    .summary = "the health document as it is published",
    .run = show,
    .path = "/v1/health",
    .view = gw_view_any,
};
