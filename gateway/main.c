/* SPDX-License-Identifier: Apache-2.0
 *
 * nonsited: the gateway daemon. Composition root and nothing more.
 */
#define _GNU_SOURCE /* getopt_long */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "core/gateway.h"
#include "core/lastgood.h"
#include "modbus/probe.h"
#include "registry.h"
#include "replay/replay.h"

enum { EXIT_USAGE = 64, EXIT_STORE = 70, EXIT_START = 71, EXIT_CONFIG = 78 };
enum mode { MODE_RUN, MODE_CHECK, MODE_PRINT };

/* For the signal handlers alone. */
static struct gw_gateway *volatile running;
static volatile sig_atomic_t stopped; /* a signal may come before there is anything to stop, ... */
static volatile sig_atomic_t asked;   /* ... or to reload */

static const char usage[] =
    "usage: nonsited SITE                 run with the site file SITE; SIGHUP reads it anew\n"
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

static void on_hangup(int sig)
{
    (void)sig;
    asked = 1;
    if (running)
        gw_gateway_reload(running);
}

static void catch_signals(void)
{
    struct sigaction reload = {.sa_handler = on_hangup};
    struct sigaction stop = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigemptyset(&stop.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigemptyset(&reload.sa_mask);
    sigaction(SIGHUP, &reload, NULL);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* fault: why the site file is not used, where config is the last good one; else NULL. */
static int run(const char *path, struct gw_config *config, const char *fault)
{
    struct gw_clock clock = gw_clock_system();
    struct gw_err err = {0};
    struct gw_gateway *gateway = NULL;
    const struct gw_gateway_conf conf = {
        .config = config,
        .path = path,
        .fault = fault,
        .drivers = gw_drivers,
        .conf_drivers = gw_conf_drivers,
        .clock = &clock,
    };

    gw_log_set_level((enum gw_log_level)config->load.site->gateway.log_level);
    const enum gw_status made = gw_gateway_new(&conf, &gateway, &err);
    if (made != GW_OK) {
        gw_log(GW_LOG_ERR, "main", "cannot start: %s", err.msg);
        return EXIT_START;
    }
    running = gateway;
    if (stopped)
        gw_gateway_stop(gateway);
    else if (asked)
        gw_gateway_reload(gateway);
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

/* The site file is bad: what ran before watches the plant, rather than nothing. */
static int run_last_good(const char *path, const struct gw_issues *issues)
{
    struct gw_config *config = NULL;
    struct gw_err err = {0};

    gw_issues_print(issues, stderr);
    if (gw_lastgood_find(path, gw_conf_drivers, &config, &err) != GW_OK) {
        gw_log(GW_LOG_ERR, "main", "no last good configuration to run with: %s", err.msg);
        return EXIT_CONFIG;
    }
    const int code = run(path, config, gw_issues_text(issues, 0));
    gw_config_drop(config);
    return code;
}

static int start(enum mode mode, const char *path)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_config *config = NULL;
    int code = EXIT_CONFIG;

    if (!issues)
        return EXIT_START;
    if (mode == MODE_RUN)
        catch_signals();
    const enum gw_status st = gw_config_load(path, gw_conf_drivers, issues, &config);
    if (st != GW_OK && mode == MODE_RUN)
        code = run_last_good(path, issues);
    else if (st != GW_OK)
        gw_issues_print(issues, stderr);
    else if (mode == MODE_RUN)
        code = run(path, config, NULL);
    else if (mode == MODE_PRINT)
        code = print_config(&config->load);
    else {
        const struct gw_site *site = config->load.site;
        printf("%s: fine: %zu points, %zu assets, %zu checks\n", path, site->npoints, site->nassets,
               gw_inventory_count(config->load.inventory));
        code = EXIT_SUCCESS;
    }
    gw_config_drop(config);
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
