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

static enum gw_status make(const struct gw_gateway_conf *conf, struct gw_gateway **out,
                           struct gw_err *err)
{
    gw_log_set_level((enum gw_log_level)conf->config->load.site->gateway.log_level);
    const enum gw_status st = gw_gateway_new(conf, out, err);
    if (st != GW_OK)
        gw_log(GW_LOG_ERR, "main", "cannot start: %s", err->msg);
    return st;
}

static int serve(struct gw_gateway *gateway)
{
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

/* What ran before watches the plant, rather than nothing. not_this: the hash of a configuration that
 * cannot be started with; code: to end with when there is no other one. */
static int run_last_good(struct gw_gateway_conf *conf, const char *not_this, int code)
{
    struct gw_gateway *gateway = NULL;
    struct gw_err err = {0};

    if (gw_lastgood_find(conf->path, gw_conf_drivers, &conf->config, &err) != GW_OK)
        gw_log(GW_LOG_ERR, "main", "no last good configuration to run with: %s", err.msg);
    else if (strcmp(conf->config->load.site->config_sha256, not_this) != 0)
        code = make(conf, &gateway, &err) == GW_OK ? serve(gateway) : EXIT_START;
    return code;
}

static int run(struct gw_gateway_conf *conf)
{
    struct gw_gateway *gateway = NULL;
    struct gw_err err = {0};
    char sha256[GW_SHA256_HEX], fault[sizeof err.msg + 16];

    const enum gw_status st = make(conf, &gateway, &err);
    if (st == GW_OK)
        return serve(gateway);
    if (st == GW_E_NOMEM || st == GW_E_TIMEOUT) /* no other one would fare better */
        return EXIT_START;
    (void)snprintf(fault, sizeof fault, "cannot start: %s", err.msg);
    memcpy(sha256, conf->config->load.site->config_sha256, sizeof sha256);
    gw_config_drop(conf->config); /* before another one is read: the box is small */
    conf->config = NULL;
    conf->fault = fault;
    return run_last_good(conf, sha256, EXIT_START);
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

static int look(enum mode mode, const char *path, const struct gw_load *load)
{
    if (mode == MODE_PRINT)
        return print_config(load);
    printf("%s: fine: %zu points, %zu assets, %zu checks\n", path, load->site->npoints,
           load->site->nassets, gw_inventory_count(load->inventory));
    return EXIT_SUCCESS;
}

static int start(enum mode mode, const char *path)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_clock clock = gw_clock_system();
    struct gw_gateway_conf conf = {
        .path = path,
        .drivers = gw_drivers,
        .conf_drivers = gw_conf_drivers,
        .clock = &clock,
    };
    int code = EXIT_CONFIG;

    if (!issues)
        return EXIT_START;
    if (mode == MODE_RUN)
        catch_signals();
    const enum gw_status st = gw_config_load(path, gw_conf_drivers, issues, &conf.config);
    if (st != GW_OK) {
        gw_issues_print(issues, stderr);
        conf.fault = gw_issues_text(issues, 0);
        if (mode == MODE_RUN)
            code = run_last_good(&conf, "", EXIT_CONFIG);
    } else {
        code = mode == MODE_RUN ? run(&conf) : look(mode, path, &conf.config->load);
    }
    gw_config_drop(conf.config);
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

    gw_config_one_arena();
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
