/* SPDX-License-Identifier: Apache-2.0
 *
 * nonsitectl: asks a running nonsited and prints what it says.
 */
#define _GNU_SOURCE /* getopt_long */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/issues.h"
#include "conf/keys.h"
#include "ctl/client.h"
#include "ctl/export.h"
#include "ctl/verify.h"
#include "ctl/view.h"

#define RUN_DIR    "/run/nonsite-gateway" /* while the service runs */
#define STATE_DIR  "/var/lib/nonsite-gateway"
#define TIMEOUT_MS 8000 /* longer than the daemon takes to find that its core is stuck */

enum { EXIT_DEGRADED = 1, EXIT_ERROR = 2, EXIT_AWAY = 3, EXIT_USAGE = 64 };

struct verb {
    const char *name;
    const char *path;
    bool by_device; /* takes the name of a device */
    enum gw_status (*view)(const struct gw_jnode *root, FILE *out);
};

static const struct verb verbs[] = {
    {"status", "/v1/status", false, gw_view_status},
    {"buses", "/v1/buses", false, gw_view_buses},
    {"devices", "/v1/devices", true, gw_view_devices},
    {"points", "/v1/points", true, gw_view_points},
    {"cases", "/v1/cases", false, gw_view_cases},
    {"alarms", "/v1/alarms", false, gw_view_alarms},
};

static const char usage[] =
    "usage: nonsitectl [-s SOCKET] [--json] VERB\n"
    "  status            how the gateway is, and what keeps it from its work\n"
    "  buses             the lines and endpoints: link, answers, time-outs, errors\n"
    "  devices [DEVICE]  the instruments: link, polls, errors, back-off, who they are, last fault\n"
    "  points [DEVICE]   the latest value of every point, or of one device's\n"
    "  cases             the leads that stand\n"
    "  alarms            the alarms that stand, and those that nobody acknowledged\n"
    "  export ...        write the signed records to a file (export --help)\n"
    "  verify ...        check an export of records, without a daemon (verify --help)\n"
    "  -s, --socket SOCKET  where the daemon listens (local.socket of its site file);\n"
    "                       default " RUN_DIR "/control.sock while the service\n"
    "                       runs, else " STATE_DIR "/control.sock\n"
    "  --json               print the daemon's JSON as it is\n"
    "  --version | --help\n"
    "exit: 0 answered; 1 status: the gateway is degraded; 2 the daemon answers with an error;\n"
    "      3 the daemon cannot be reached; 64 wrong usage\n";

static int wrong_usage(void)
{
    (void)fputs(usage, stderr);
    return EXIT_USAGE;
}

static int complain(const char *text)
{
    (void)fprintf(stderr, "nonsitectl: %s\n", text);
    return EXIT_ERROR;
}

/* Prints what the daemon said; doc NULL: it could not be read. */
static int show(const struct verb *verb, const struct gw_client_answer *a,
                const struct gw_json *doc, bool json)
{
    const struct gw_jnode *root = doc ? gw_json_root(doc) : NULL;
    bool written = false;

    if (!root)
        return complain(
            "the daemon's answer is no JSON or too large for a table; name a device, or "
            "use --json");
    if (a->code != 200) {
        const char *why = gw_view_error(root);
        return complain(why[0] ? why : "the daemon answers with an error");
    }
    if (json)
        written = fwrite(a->body, 1, a->len, stdout) == a->len;
    else
        written = verb->view(root, stdout) == GW_OK;
    if (!written || fflush(stdout) != 0)
        return complain("cannot print");
    return verb->view == gw_view_status && !gw_view_healthy(root) ? EXIT_DEGRADED : EXIT_SUCCESS;
}

/* A document too large for the table's reader can still be passed on. */
static int pass_on(const struct gw_client_answer *a)
{
    if (fwrite(a->body, 1, a->len, stdout) != a->len || fflush(stdout) != 0)
        return complain("cannot print");
    return EXIT_SUCCESS;
}

static int run(const struct verb *verb, const char *socket_path, const char *device, bool json)
{
    struct gw_client_answer a = {0};
    struct gw_err err = {0};
    struct gw_json *doc = NULL;
    struct gw_issues *issues = NULL;
    char target[128];
    int code = EXIT_ERROR;

    (void)snprintf(target, sizeof target, "%s%s%s", verb->path, device ? "?device=" : "",
                   device ? device : "");
    const enum gw_status st = gw_client_get(socket_path, target, TIMEOUT_MS, &a, &err);
    if (st != GW_OK) {
        (void)complain(err.msg);
        return st == GW_E_PROTO || st == GW_E_FULL ? EXIT_ERROR : EXIT_AWAY;
    }
    issues = gw_issues_new();
    if (!issues)
        (void)complain("out of memory");
    else if (gw_json_parse(a.body, a.len, "answer", issues, &doc) != GW_OK && json &&
             a.code == 200 && verb->view != gw_view_status)
        code = pass_on(&a);
    else
        code = show(verb, &a, doc, json);
    gw_json_free(doc);
    gw_issues_free(issues);
    free(a.body);
    return code;
}

static const char *default_socket(void)
{
    struct stat st;
    return stat(RUN_DIR, &st) == 0 ? RUN_DIR "/control.sock" : STATE_DIR "/control.sock";
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *socket_path = default_socket();
    bool json = false;
    int c;

    if (argc > 1 && strcmp(argv[1], "verify") == 0) /* needs no daemon, has options of its own */
        return gw_verify_run(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "export") == 0)
        return gw_export_run(argc - 1, argv + 1, socket_path);
    while ((c = getopt_long(argc, argv, "s:", options, NULL)) != -1) {
        switch (c) {
        case 's':
            socket_path = optarg;
            break;
        case 'j':
            json = true;
            break;
        case 'v':
            puts("nonsitectl " GW_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            (void)fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            return wrong_usage();
        }
    }
    const int nargs = argc - optind;
    const struct verb *verb = nargs > 0 ? find_verb(argv[optind]) : NULL;
    const char *device = nargs == 2 ? argv[optind + 1] : NULL;
    if (!verb || nargs > 2 || (device && !verb->by_device) ||
        (device && !gw_keys_is_id(device, 64)))
        return wrong_usage();
    return run(verb, socket_path, device, json);
}
