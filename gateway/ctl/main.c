/* SPDX-License-Identifier: Apache-2.0
 *
 * nonsitectl: asks a running nonsited, tells it what people decide, and helps to set it up. What it
 * can is a table of verbs, verbs.c.
 */
#define _GNU_SOURCE /* getopt_long */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ctl/verbs.h"

static int wrong_usage(void)
{
    gw_verbs_help(stderr);
    return GW_EXIT_USAGE;
}

/* What stands before the verb. -1: go on at optind. */
static int read_options(int argc, char **argv, struct gw_opts *o)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "+s:", options, NULL)) != -1) {
        switch (c) {
        case 's':
            o->socket = optarg;
            break;
        case 'j':
            o->json = true;
            break;
        case 'v':
            puts("nonsitectl " GW_VERSION);
            return GW_EXIT_DONE;
        case 'h':
            gw_verbs_help(stdout);
            return GW_EXIT_DONE;
        default:
            return wrong_usage();
        }
    }
    return -1;
}

static const char *default_socket(void)
{
    struct stat st;
    return stat(GW_CTL_RUN, &st) == 0 ? GW_CTL_RUN "/control.sock" : GW_CTL_STATE "/control.sock";
}

int main(int argc, char **argv)
{
    struct gw_opts *o = calloc(1, sizeof *o);
    int code = GW_EXIT_ERROR;

    if (!o)
        return code;
    o->socket = default_socket();
    code = read_options(argc, argv, o);
    const struct gw_verb *verb = code < 0 && optind < argc ? gw_verb_find(argv[optind]) : NULL;
    if (code < 0 && !verb) {
        code = wrong_usage();
    } else if (code < 0 && verb->own) {
        code = verb->own(argc - optind, argv + optind, o->socket);
    } else if (code < 0) {
        code = gw_opts_read(verb, argc - optind, argv + optind, o);
        if (code < 0)
            code = verb->run(verb, o);
    }
    free(o);
    return code;
}
