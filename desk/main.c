/* SPDX-License-Identifier: Apache-2.0
 *
 * nonsite-desk: the platform's end, as a small reference receiver. Composition root.
 */
#define _GNU_SOURCE /* getopt_long */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "desk/desk.h"
#include "desk/feed.h"
#include "desk/order.h"

enum { EXIT_REFUSED = 1, EXIT_ERROR = 2, EXIT_SILENT = 3, EXIT_USAGE = 64, EXIT_CONFIG = 78 };

static volatile sig_atomic_t stopped;

static const char usage[] =
    "usage: nonsite-desk FILE                  receive, verify, keep, acknowledge, write pages\n"
    "       nonsite-desk FILE status           the gateways: heard, silent, whole, forked\n"
    "       nonsite-desk FILE export GATEWAY   its records as they came, for nonsitectl verify\n"
    "       nonsite-desk FILE pages            write every sheet and feed anew\n"
    "       nonsite-desk FILE send GATEWAY COMMAND [NAME=VALUE ...]\n"
    "       nonsite-desk --check FILE          list everything that is wrong with it\n"
    "       nonsite-desk --version | --help\n"
    "FILE is the desk's own file (config/interface/desk.md). Commands:\n"
    "%s"
    "exit: 0 fine; 1 send: the gateway refused; 2 it failed; 3 send: no answer; 64 wrong usage;\n"
    "      78 bad configuration\n";

static void on_signal(int sig)
{
    (void)sig;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction stop = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&stop.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static int failed(const struct gw_err *err)
{
    (void)fprintf(stderr, "nonsite-desk: %s\n", err->msg);
    return EXIT_ERROR;
}

/* ---- verbs ---- */

static int serve(const struct gw_desk *d, char **args, int nargs)
{
    struct gw_err err = {0};
    (void)args;
    (void)nargs;
    return gw_desk_serve(d, &err) == GW_OK ? EXIT_SUCCESS : failed(&err);
}

static bool print_gateway(void *ctx, const struct gw_desk_standing *g)
{
    const struct gw_desk *d = ctx;
    printf("%-24s %-8s repeated %" PRId64 " refused %" PRId64 " forked %" PRId64 "%s%s\n",
           g->gateway, gw_desk_verdict(d->store, d->conf, g, gw_clock_now(d->clock).wall_ms),
           g->again, g->refused, g->forked, g->fault[0] ? "  " : "", g->fault);
    return true;
}

static bool print_chain(void *ctx, const struct gw_desk_chain *c)
{
    (void)ctx;
    printf("    chain %s: whole to %" PRId64 ", highest %" PRId64 ", missing %" PRId64
           ", told %" PRId64 "%s\n",
           c->whole.chain, c->whole.seq, c->highest, c->missing, c->told,
           c->broken ? ", a link is broken" : "");
    return true;
}

static int status(const struct gw_desk *d, char **args, int nargs)
{
    struct gw_err err = {0};
    struct gw_desk copy = *d;
    (void)args;
    (void)nargs;
    enum gw_status st = gw_desk_store_gateways(d->store, print_gateway, &copy, &err);
    for (size_t i = 0; i < d->conf->ngateways && st == GW_OK; i++) {
        printf("%s\n", d->conf->gateways[i].id);
        st = gw_desk_store_chains(d->store, d->conf->gateways[i].id, print_chain, NULL, &err);
    }
    return st == GW_OK ? EXIT_SUCCESS : failed(&err);
}

static bool print_wire(void *ctx, const struct gw_desk_row *row)
{
    bool *good = ctx;
    *good = fwrite(row->wire, 1, row->wire_len, stdout) == row->wire_len && putchar('\n') != EOF;
    return *good;
}

static int export(const struct gw_desk *d, char **args, int nargs)
{
    struct gw_err err = {0};
    bool good = true;
    (void)nargs;
    if (!gw_desk_conf_gateway(d->conf, args[0])) {
        (void)fprintf(stderr, "nonsite-desk: gateway %s is not enrolled\n", args[0]);
        return EXIT_ERROR;
    }
    if (gw_desk_store_export(d->store, args[0], print_wire, &good, &err) != GW_OK)
        return failed(&err);
    if (!good || fflush(stdout) != 0) {
        (void)fputs("nonsite-desk: cannot print\n", stderr);
        return EXIT_ERROR;
    }
    return EXIT_SUCCESS;
}

static int pages(const struct gw_desk *d, char **args, int nargs)
{
    struct gw_err err = {0};
    (void)args;
    (void)nargs;
    return gw_desk_pages(d, &err) == GW_OK ? EXIT_SUCCESS : failed(&err);
}

static int command(const struct gw_desk *d, char **args, int nargs)
{
    struct gw_err err = {0};
    bool done = false;
    const enum gw_status st = gw_desk_send(d, args[0], args[1], (const char *const *)args + 2,
                                           (size_t)nargs - 2, &done, &err);
    if (st != GW_OK)
        (void)failed(&err);
    if (st == GW_E_INVAL)
        return EXIT_USAGE;
    if (st == GW_E_TIMEOUT)
        return EXIT_SILENT;
    return st != GW_OK ? EXIT_ERROR : done ? EXIT_SUCCESS : EXIT_REFUSED;
}

static const struct verb {
    const char *name;
    int least, most;
    int (*run)(const struct gw_desk *d, char **args, int nargs);
} verbs[] = {
    {"status", 0, 0, status},
    {"export", 1, 1, export},
    {"pages", 0, 0, pages},
    {"send", 2, 2 + GW_DESK_ARGS, command},
};

/* ---- start ---- */

static enum gw_status load_key(const char *path, struct gw_key **out, struct gw_err *err)
{
    char pub[GW_DESK_PATH + 8];
    enum gw_status st = gw_key_load(path, out, err);
    if (st == GW_E_NOTFOUND)
        st = gw_key_create(path, out, err);
    if (st != GW_OK)
        return st;
    (void)snprintf(pub, sizeof pub, "%s.pub", path);
    return gw_key_save_public(*out, pub, err);
}

static int work(const struct gw_desk_conf *conf, const struct verb *verb, char **args, int nargs)
{
    const struct gw_clock clock = gw_clock_system();
    struct gw_err err = {0};
    struct gw_key *key = NULL;
    struct gw_desk d = {.conf = conf, .clock = &clock, .stop = &stopped};
    int code = EXIT_ERROR;
    catch_signals();
    if (load_key(conf->key_file, &key, &err) != GW_OK ||
        gw_desk_store_open(conf->store, &d.store, &err) != GW_OK) {
        (void)failed(&err);
    } else {
        d.key = key;
        code = verb ? verb->run(&d, args, nargs) : serve(&d, args, nargs);
    }
    gw_desk_store_close(d.store);
    gw_key_free(key);
    return code;
}

static int start(const char *path, bool check, const struct verb *verb, char **args, int nargs)
{
    struct gw_desk_conf *conf = NULL;
    int code = EXIT_CONFIG;
    struct gw_issues *issues = gw_issues_new();
    if (!issues)
        return EXIT_ERROR;
    if (gw_desk_conf_load(path, issues, &conf) != GW_OK) {
        gw_issues_print(issues, stderr);
    } else if (check) {
        printf("%s: fine: %zu gateways\n", path, conf->ngateways);
        code = EXIT_SUCCESS;
    } else {
        code = work(conf, verb, args, nargs);
    }
    gw_desk_conf_free(conf);
    gw_issues_free(issues);
    return code;
}

static int wrong_usage(void)
{
    (void)fprintf(stderr, usage, gw_desk_order_usage);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"check", required_argument, NULL, 'c'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *check = NULL;
    int c;
    while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            check = optarg;
            break;
        case 'v':
            puts("nonsite-desk " GW_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            printf(usage, gw_desk_order_usage);
            return EXIT_SUCCESS;
        default:
            return wrong_usage();
        }
    }
    const int nargs = argc - optind;
    if (check)
        return nargs == 0 ? start(check, true, NULL, NULL, 0) : wrong_usage();
    if (nargs < 1)
        return wrong_usage();
    if (nargs == 1)
        return start(argv[optind], false, NULL, NULL, 0);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[optind + 1], verbs[i].name) == 0 && nargs - 2 >= verbs[i].least &&
            nargs - 2 <= verbs[i].most)
            return start(argv[optind], false, &verbs[i], argv + optind + 2, nargs - 2);
    return wrong_usage();
}
