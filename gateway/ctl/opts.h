/* SPDX-License-Identifier: Apache-2.0
 *
 * opts: what a verb of nonsitectl is, and the options that it was given.
 *
 * A verb is one constant table entry: its options are read, its --help is printed and its manual is
 * tested from it. The verbs that ask the daemon have the common options, too. One thread.
 */
#ifndef GW_CTL_OPTS_H
#define GW_CTL_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ctl/view.h"

#define GW_CTL_RUN   "/run/nonsite-gateway" /* there while the service runs */
#define GW_CTL_STATE "/var/lib/nonsite-gateway"
#define GW_CTL_SOCKETS                                                                             \
    GW_CTL_RUN "/control.sock while the service\nruns, else " GW_CTL_STATE "/control.sock"

/* Exit codes, the same for every verb; gw_exit_lines tells them. */
enum gw_ctl_exit {
    GW_EXIT_DONE = 0,
    GW_EXIT_SAYS = 1,    /* it was done, and what came out is not all well */
    GW_EXIT_ERROR = 2,   /* it could not be done */
    GW_EXIT_AWAY = 3,    /* the daemon cannot be reached */
    GW_EXIT_REFUSED = 4, /* the daemon may not or will not do that; nothing was changed */
    GW_EXIT_USAGE = 64
};

#define GW_OPTS_MAX  24 /* options of a verb */
#define GW_OPTS_SEEN 512

struct gw_opt {
    const char *name; /* "minutes"; NULL ends the table */
    char letter;      /* 'o', or '\0' */
    const char *arg;  /* what its argument is called; NULL: it has none */
    const char *help; /* lines of at most 56 columns, parted by '\n' */
};

/* What was given. Lent by argv. */
struct gw_opts {
    const char
        *value[GW_OPTS_MAX]; /* by place in the table: the last argument, "" of a flag; NULL */
    struct {
        size_t opt;
        const char *arg;
    } given[GW_OPTS_SEEN]; /* in order, for options that may be repeated */
    size_t ngiven;
    char **args;
    int nargs;
    const char *socket;
    bool json, wide, english;
};

struct gw_verb {
    const char *name;
    const char *args;          /* "[DEVICE]"; "" */
    const char *summary;       /* one line of the global help */
    const char *more;          /* lines of its own help; NULL */
    const struct gw_opt *opts; /* NULL: none of its own */
    int min_args, max_args;
    bool offline; /* has no common options but --help */
    int (*run)(const struct gw_verb *verb, const struct gw_opts *o);
    /* A verb that reads its options itself has this in place of run. */
    int (*own)(int argc, char **argv, const char *socket_path);
    const char *path; /* for run: what is asked */
    gw_view *view;
};

/* The option's argument by its name, "" of a flag; NULL when it was not given. */
const char *gw_opts_get(const struct gw_verb *verb, const struct gw_opts *o, const char *name);

/* Reads argv behind the verb's name; *out holds what was given before the verb. Returns -1 to go on,
 * or an exit code: help was printed, or what is wrong. */
int gw_opts_read(const struct gw_verb *verb, int argc, char **argv, struct gw_opts *out);
void gw_opts_help(const struct gw_verb *verb, FILE *to);

/* "nonsitectl VERB: text" on standard error; returns code. */
int gw_opts_say(const struct gw_verb *verb, int code, const char *fmt, ...) GW_PRINTF(3, 4);
/* The same, and how to be helped; returns GW_EXIT_USAGE. */
int gw_opts_wrong(const struct gw_verb *verb, const char *fmt, ...) GW_PRINTF(2, 3);

/* A whole number within the bounds; false: something else. */
bool gw_opts_number(const char *text, int64_t min, int64_t max, int64_t *out);

/* How tables are printed to standard output: its width is --wide, else COLUMNS, else the terminal's,
 * else any. */
struct gw_look gw_opts_look(const struct gw_opts *o);

extern const char gw_exit_lines[];

#endif
