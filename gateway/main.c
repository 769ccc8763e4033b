/* SPDX-License-Identifier: Apache-2.0
 *
 * nonsited: the gateway daemon. Composition root and nothing more.
 */
#define _GNU_SOURCE /* getopt_long, malloc_trim */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "core/gateway.h"
#include "core/load.h"
#include "modbus/probe.h"
#include "registry.h"
#include "replay/replay.h"

enum { EXIT_USAGE = 64, EXIT_STORE = 70, EXIT_START = 71, EXIT_CONFIG = 78 };
enum mode { MODE_RUN, MODE_CHECK, MODE_PRINT };

/* For the signal handler alone. */
static struct gw_gateway *volatile running;
static volatile sig_atomic_t stopped; /* a signal may come before there is anything to stop */

static const char usage[] =
    "usage: nonsited SITE                 run with the site file SITE\n"
    "       nonsited --check SITE         list everything that is wrong with it; no I/O but "
    "reading\n"
    "       nonsited --print-config SITE  show the effective configuration, secrets starred\n"
    "       nonsited --probe ENDPOINT ... read registers of a device; see nonsited --probe --help\n"
    "       nonsited --replay SITE ...    findings over recorded telemetry; see nonsited --replay "
    "--help\n"
    "       nonsited --version | --help\n"
    "exit: 0 fine, 64 wrong usage, 70 the store failed (restart), 71 cannot start, 78 bad "
    "configuration\n";

static void on_signal(int sig)
{
    (void)sig;
    stopped = 1;
    if (running)
        gw_gateway_stop(running);
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

static int run(const struct gw_load *load)
{
    struct gw_clock clock = gw_clock_system();
    struct gw_err err = {0};
    struct gw_gateway *gateway = NULL;
    struct gw_gateway_conf conf = {.load = load, .drivers = gw_drivers, .clock = &clock};

    gw_site_drop_texts(load->site);
    (void)malloc_trim(0); /* what loading took goes back: the box is small */
    gw_log_set_level((enum gw_log_level)load->site->gateway.log_level);
    catch_signals();
    if (gw_gateway_new(&conf, &gateway, &err) != GW_OK) {
        gw_log(GW_LOG_ERR, "main", "cannot start: %s", err.msg);
        return EXIT_START;
    }
    running = gateway;
    if (stopped)
        gw_gateway_stop(gateway);
    enum gw_status st = gw_gateway_run(gateway);
    running = NULL;
    if (!gw_gateway_free(gateway)) {
        gw_log(GW_LOG_WARN, "main", "a thread did not end in time; leaving without it");
        _exit(st == GW_OK ? EXIT_SUCCESS : EXIT_STORE);
    }
    return st == GW_OK ? EXIT_SUCCESS : EXIT_STORE;
}

static int print_config(const struct gw_load *load)
{
    struct gw_buf text;
    int code = EXIT_CONFIG;

    gw_buf_init(&text, (size_t)16 << 20);
    gw_site_print(load->site, &text);
    if (text.failed)
        gw_log(GW_LOG_ERR, "main", "the configuration is too large to print");
    else if (fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
        code = EXIT_SUCCESS;
    gw_buf_free(&text);
    return code;
}

static int start(enum mode mode, const char *path)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_load load = {0};
    int code = EXIT_CONFIG;

    if (!issues)
        return EXIT_START;
    if (gw_load(path, gw_conf_drivers, issues, &load) != GW_OK)
        gw_issues_print(issues, stderr);
    else if (mode == MODE_RUN)
        code = run(&load);
    else if (mode == MODE_PRINT)
        code = print_config(&load);
    else {
        printf("%s: fine: %zu points, %zu assets, %zu checks\n", path, load.site->npoints,
               load.site->nassets, gw_inventory_count(load.inventory));
        code = EXIT_SUCCESS;
    }
    gw_load_free(&load);
    gw_issues_free(issues);
    return code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"check", required_argument, NULL, 'c'},
        {"print-config", required_argument, NULL, 'p'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    enum mode mode = MODE_RUN;
    const char *path = NULL;
    int c;

    if (argc > 1 && strcmp(argv[1], "--probe") == 0)
        return gw_mb_probe(argc - 1, argv + 1, stdout, stderr);
    if (argc > 1 && strcmp(argv[1], "--replay") == 0)
        return gw_replay(argc - 1, argv + 1, gw_conf_drivers, stdout, stderr);
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            mode = MODE_CHECK;
            path = optarg;
            break;
        case 'p':
            mode = MODE_PRINT;
            path = optarg;
            break;
        case 'v':
            puts("nonsited " GW_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            fputs(usage, stderr);
            return EXIT_USAGE;
        }
    }
    if (!path && optind == argc - 1)
        path = argv[optind++];
    if (!path || optind != argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return start(mode, path);
}
