/* SPDX-License-Identifier: Apache-2.0
 *
 * nonsite-plant: plays the instruments of a plant over Modbus TCP and RTU, for the demo, tests and
 * training.
 */
#include "base/log.h"
#include "base/loop.h"
#include "conf/keys.h"
#include "plant/control.h"
#include "plant/counters.h"
#include "plant/plant.h"
#include "plant/scenario.h"
#include "plant/server.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The meanings of <sysexits.h>. */
enum exit_code {
    OK = 0,
    USAGE = 64,
    UNAVAILABLE = 69,
    INTERNAL = 70,
    CANNOT_WRITE = 73,
    CONFIG = 78
};

static const char usage_text[] =
    "usage: nonsite-plant [options] SCENARIO\n"
    "Plays the instruments of a plant over Modbus TCP, on loopback addresses only, and RTU.\n"
    "\n"
    "  --check          read the scenario, tell what is wrong with it, exit\n"
    "  --hold           let the story begin with the first request of a client\n"
    "  --stdin          take entries of the timeline, one a line, from standard input\n"
    "  --ports FILE     write endpoint names and their ports there as a JSON object; of a serial\n"
    "                   line the path by which it is opened\n"
    "  --counters FILE  write the counters there at the end and on SIGUSR1\n"
    "  --version        print the version\n"
    "  --help           print this\n"
    "\n"
    "Prints a line \"endpoint NAME ADDRESS PORT\" for each endpoint, of a serial line \"endpoint\n"
    "NAME serial PATH\", and then \"ready\". With\n"
    "NONSITE_PLANT_COUNTERS_DIR set, writes the counters to plant-PID.json in that folder, too.\n"
    "Exit codes: 0 ended by SIGTERM or SIGINT, 64 wrong call, 69 cannot listen, 70 internal,\n"
    "73 a file cannot be written, 78 the scenario is wrong.\n";

struct options {
    bool check, hold, control;
    const char *ports, *counters, *scenario;
};

struct app {
    struct options opt;
    struct gw_loop *loop;
    struct gw_scenario *sc;
    struct gw_plant *plant;
    struct gw_counters *counters;
    struct gw_server *server;
    struct gw_control *control;
    struct gw_watch signals;
};

/* -1: go on; otherwise the exit code. */
static int parse_options(int argc, char **argv, struct options *opt)
{
    enum { CHECK = 1, HOLD, STDIN, PORTS, COUNTERS, VERSION, HELP };
    static const struct option table[] = {
        {"check", no_argument, NULL, CHECK},
        {"hold", no_argument, NULL, HOLD},
        {"stdin", no_argument, NULL, STDIN},
        {"ports", required_argument, NULL, PORTS},
        {"counters", required_argument, NULL, COUNTERS},
        {"version", no_argument, NULL, VERSION},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    int o;
    while ((o = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (o) {
        case CHECK:
            opt->check = true;
            break;
        case HOLD:
            opt->hold = true;
            break;
        case STDIN:
            opt->control = true;
            break;
        case PORTS:
            opt->ports = optarg;
            break;
        case COUNTERS:
            opt->counters = optarg;
            break;
        case VERSION:
            printf("nonsite-plant %s\n", GW_VERSION);
            return OK;
        case HELP:
            fputs(usage_text, stdout);
            return OK;
        default:
            return USAGE;
        }
    }
    if (optind + 1 != argc) {
        fputs("nonsite-plant: needs one scenario file; see --help\n", stderr);
        return USAGE;
    }
    opt->scenario = argv[optind];
    return -1;
}

static int load(struct app *a)
{
    struct gw_issues *issues = gw_issues_new();
    enum gw_status status = GW_E_NOMEM;
    if (issues != NULL)
        status = gw_scenario_load(a->opt.scenario, issues, &a->sc);
    if (status != GW_OK && issues != NULL)
        gw_issues_print(issues, stderr);
    gw_issues_free(issues);
    if (status == GW_E_NOMEM)
        fputs("nonsite-plant: out of memory\n", stderr);
    return status == GW_OK ? OK : status == GW_E_NOMEM ? INTERNAL : CONFIG;
}

/* ---- files ---- */

static bool write_file(const char *path, const struct gw_buf *text)
{
    struct gw_err err;
    if (gw_counters_write(path, text, &err) == GW_OK)
        return true;
    gw_log(GW_LOG_ERR, "plant", "%s", err.msg);
    return false;
}

static bool write_counters(const struct app *a)
{
    const char *dir = getenv("NONSITE_PLANT_COUNTERS_DIR");
    bool good = true;
    struct gw_buf text;
    gw_buf_init(&text, 16u << 20);
    gw_counters_json(a->counters, (long)getpid(), &text);
    if (a->opt.counters != NULL)
        good = write_file(a->opt.counters, &text);
    if (dir != NULL && dir[0] != '\0') {
        char path[4096];
        int n = snprintf(path, sizeof path, "%s/plant-%ld.json", dir, (long)getpid());
        good = n > 0 && (size_t)n < sizeof path && write_file(path, &text) && good;
    }
    gw_buf_free(&text);
    return good;
}

static bool write_ports(const struct app *a)
{
    struct gw_buf text;
    gw_buf_init(&text, 1u << 20);
    gw_buf_char(&text, '{');
    for (size_t i = 0; i < a->sc->n_endpoints; i++) {
        const char *path = gw_server_path(a->server, i);
        gw_buf_printf(&text, "%s\"%s\": ", i > 0 ? ", " : "", a->sc->endpoints[i].name);
        if (path != NULL)
            gw_keys_print_str(path, &text);
        else
            gw_buf_printf(&text, "%u", (unsigned)gw_server_port(a->server, i));
    }
    gw_buf_str(&text, "}\n");
    bool good = write_file(a->opt.ports, &text);
    gw_buf_free(&text);
    return good;
}

static void say_ready(const struct app *a)
{
    for (size_t i = 0; i < a->sc->n_endpoints; i++) {
        char address[INET_ADDRSTRLEN] = "";
        const char *path = gw_server_path(a->server, i);
        if (path != NULL) {
            printf("endpoint %s serial %s\n", a->sc->endpoints[i].name, path);
            continue;
        }
        inet_ntop(AF_INET, &a->sc->endpoints[i].bind, address, sizeof address);
        printf("endpoint %s %s %u\n", a->sc->endpoints[i].name, address,
               (unsigned)gw_server_port(a->server, i));
    }
    puts("ready");
    fflush(stdout);
}

/* ---- signals ---- */

static void on_signal(void *arg, unsigned events)
{
    (void)events;
    struct app *a = arg;
    struct signalfd_siginfo info;
    if (read(a->signals.fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGUSR1)
        (void)write_counters(a); /* a failure is logged; the end tries again */
    else
        gw_loop_stop(a->loop);
}

static enum gw_status watch_signals(struct app *a, struct gw_err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    (void)signal(SIGPIPE, SIG_IGN);
    a->signals = (struct gw_watch){.fd = -1, .ready = on_signal, .arg = a};
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        a->signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (a->signals.fd < 0 || gw_loop_watch(a->loop, &a->signals, GW_LOOP_IN) != GW_OK)
        return gw_err_set(err, GW_E_IO, "signals cannot be watched");
    return GW_OK;
}

/* ---- running ---- */

static enum gw_status start(struct app *a, struct gw_err *err)
{
    struct gw_clock clock = gw_clock_system();
    enum gw_status status = gw_loop_new(&clock, &a->loop, err);
    if (status == GW_OK)
        status = watch_signals(a, err);
    if (status != GW_OK)
        return status;
    if (gw_plant_new(a->sc, &a->plant) != GW_OK || gw_counters_new(a->sc, &a->counters) != GW_OK)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    return gw_server_start(a->loop, a->sc, a->plant, a->counters, a->opt.hold, &a->server, err);
}

static int run(struct app *a)
{
    struct gw_err err = {.status = GW_OK, .msg = ""};
    enum gw_status status = start(a, &err);
    if (status != GW_OK) {
        gw_log(GW_LOG_ERR, "plant", "%s", err.msg);
        return status == GW_E_IO ? UNAVAILABLE : INTERNAL;
    }
    if (a->opt.ports != NULL && !write_ports(a))
        return CANNOT_WRITE;
    say_ready(a);
    if (a->opt.control)
        status = gw_control_new(a->loop, STDIN_FILENO, stdout, a->sc, a->server, &a->control, &err);
    if (status == GW_OK)
        status = gw_loop_run(a->loop);
    if (status != GW_OK)
        gw_log(GW_LOG_ERR, "plant", "%s", err.msg[0] != '\0' ? err.msg : "the event loop failed");
    bool written = write_counters(a);
    if (status != GW_OK)
        return INTERNAL;
    return written ? OK : CANNOT_WRITE;
}

static void finish(struct app *a)
{
    gw_control_free(a->control);
    gw_server_free(a->server);
    gw_counters_free(a->counters);
    gw_plant_free(a->plant);
    gw_scenario_free(a->sc);
    if (a->signals.active) {
        gw_loop_unwatch(a->loop, &a->signals);
        close(a->signals.fd);
    }
    gw_loop_free(a->loop);
}

int main(int argc, char **argv)
{
    struct app a = {0};
    int code = parse_options(argc, argv, &a.opt);
    if (code >= 0)
        return code;
    code = load(&a);
    if (code == OK && !a.opt.check)
        code = run(&a);
    finish(&a);
    return code;
}
