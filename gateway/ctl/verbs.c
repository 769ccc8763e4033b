/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/verbs.h"

#include <string.h>

#include "ctl/export.h"
#include "ctl/verify.h"

static int verify(int argc, char **argv, const char *socket_path)
{
    (void)socket_path; /* needs no daemon */
    return gw_verify_run(argc, argv);
}

static const struct gw_verb export_verb = {
    .name = "export",
    .args = "...",
    .summary = "write the signed records to a file",
    .own = gw_export_run,
};

static const struct gw_verb verify_verb = {
    .name = "verify",
    .args = "...",
    .summary = "check an export of records; needs no daemon",
    .offline = true,
    .own = verify,
};

const struct gw_verb *const gw_verbs[] = {
    &gw_verb_status, &gw_verb_assets, &gw_verb_buses,  &gw_verb_devices,    &gw_verb_points,
    &gw_verb_cases,  &gw_verb_alarms, &gw_verb_leads,  &gw_verb_events,     &gw_verb_health,
    &gw_verb_tail,   &gw_verb_ack,    &gw_verb_shelve, &gw_verb_unshelve,   &gw_verb_permit,
    &export_verb,    &verify_verb,    &gw_verb_init,   &gw_verb_commission, NULL,
};

const struct gw_verb *gw_verb_find(const char *name)
{
    for (size_t i = 0; gw_verbs[i]; i++)
        if (strcmp(gw_verbs[i]->name, name) == 0)
            return gw_verbs[i];
    return NULL;
}

void gw_verbs_help(FILE *to)
{
    (void)fputs("usage: nonsitectl [-s SOCKET] [--json] VERB ...\n", to);
    for (size_t i = 0; gw_verbs[i]; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s %s", gw_verbs[i]->name, gw_verbs[i]->args);
        (void)fprintf(to, "  %-20s  %s\n", name, gw_verbs[i]->summary);
    }
    (void)fprintf(to,
                  "  --help, --version; nonsitectl VERB --help tells a verb's options\n"
                  "The daemon is asked at " GW_CTL_SOCKETS "\nunless -s says otherwise.\n%s",
                  gw_exit_lines);
}
