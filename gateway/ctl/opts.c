/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* getopt_long */
#include "ctl/opts.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HELP_COLUMN 24
#define FIRST_LONG  256 /* getopt's value of the first option without a letter */
#define COMMON      5

const char gw_exit_lines[] =
    "exit: 0 done; 1 done, and not all is well; 2 could not be done; 3 the daemon cannot be\n"
    "      reached; 4 refused, nothing was changed; 64 wrong usage\n";

static const struct gw_opt common[COMMON] = {
    {"socket", 's', "SOCKET",
     "where the daemon listens (local.socket of its site\nfile); default\n" GW_CTL_SOCKETS},
    {"json", '\0', NULL, "print the daemon's JSON as it is"},
    {"wide", '\0', NULL, "all columns, however wide; else COLUMNS or the\nterminal decides"},
    {"en", '\0', NULL, "titles and reasons in English, not Chinese"},
    {"help", '\0', NULL, "print this"},
};

static size_t count(const struct gw_verb *verb)
{
    size_t n = 0;
    while (verb->opts && verb->opts[n].name)
        n++;
    return n;
}

/* The i-th option: the verb's own, then the common ones; NULL at the end. */
static const struct gw_opt *opt_at(const struct gw_verb *verb, size_t i)
{
    const size_t own = count(verb);
    if (i < own)
        return &verb->opts[i];
    i -= own;
    if (verb->offline)
        return i == 0 ? &common[COMMON - 1] : NULL;
    return i < COMMON ? &common[i] : NULL;
}

const char *gw_opts_get(const struct gw_verb *verb, const struct gw_opts *o, const char *name)
{
    for (size_t i = 0; i < count(verb); i++)
        if (strcmp(verb->opts[i].name, name) == 0)
            return o->value[i];
    return NULL;
}

static int complain(const struct gw_verb *verb, int code, const char *fmt, va_list ap)
{
    (void)fprintf(stderr, "nonsitectl %s: ", verb->name);
    (void)vfprintf(stderr, fmt, ap);
    (void)fputc('\n', stderr);
    return code;
}

int gw_opts_say(const struct gw_verb *verb, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)complain(verb, code, fmt, ap);
    va_end(ap);
    return code;
}

int gw_opts_wrong(const struct gw_verb *verb, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)complain(verb, GW_EXIT_USAGE, fmt, ap);
    va_end(ap);
    (void)fprintf(stderr, "nonsitectl %s --help tells how it is used\n", verb->name);
    return GW_EXIT_USAGE;
}

static void help_opt(const struct gw_opt *opt, FILE *to)
{
    char letter[8] = "    ";
    char name[64];
    if (opt->letter)
        (void)snprintf(letter, sizeof letter, "-%c, ", opt->letter);
    (void)snprintf(name, sizeof name, "  %s--%s%s%s", letter, opt->name, opt->arg ? " " : "",
                   opt->arg ? opt->arg : "");
    (void)fprintf(to, "%-*s", HELP_COLUMN, name);
    if (strlen(name) >= HELP_COLUMN)
        (void)fprintf(to, "\n%*s", HELP_COLUMN, "");
    for (const char *p = opt->help; *p; p++) {
        (void)fputc(*p, to);
        if (*p == '\n')
            (void)fprintf(to, "%*s", HELP_COLUMN, "");
    }
    (void)fputc('\n', to);
}

void gw_opts_help(const struct gw_verb *verb, FILE *to)
{
    (void)fprintf(to, "usage: nonsitectl %s %s%s[OPTION ...]\n  %s\n", verb->name, verb->args,
                  verb->args[0] ? " " : "", verb->summary);
    if (verb->more)
        (void)fputs(verb->more, to);
    for (size_t i = 0; opt_at(verb, i); i++)
        help_opt(opt_at(verb, i), to);
    (void)fputs(gw_exit_lines, to);
}

static void take_common(struct gw_opts *o, const struct gw_opt *opt, const char *arg)
{
    if (opt == &common[0])
        o->socket = arg;
    else if (opt == &common[1])
        o->json = true;
    else if (opt == &common[2])
        o->wide = true;
    else
        o->english = true;
}

/* -1: go on. */
static int take(const struct gw_verb *verb, struct gw_opts *o, size_t i, const char *arg)
{
    const struct gw_opt *opt = opt_at(verb, i);
    if (opt == &common[COMMON - 1]) {
        gw_opts_help(verb, stdout);
        return GW_EXIT_DONE;
    }
    if (i >= count(verb)) {
        take_common(o, opt, arg);
        return -1;
    }
    if (o->ngiven == GW_OPTS_SEEN)
        return gw_opts_wrong(verb, "more than %d options", GW_OPTS_SEEN);
    o->value[i] = arg ? arg : "";
    o->given[o->ngiven].opt = i;
    o->given[o->ngiven++].arg = o->value[i];
    return -1;
}

int gw_opts_read(const struct gw_verb *verb, int argc, char **argv, struct gw_opts *out)
{
    struct option longs[GW_OPTS_MAX + COMMON + 1] = {0};
    char letters[2 * (GW_OPTS_MAX + COMMON) + 1] = "";
    size_t n = 0, nletters = 0;
    int c;

    for (const struct gw_opt *opt; (opt = opt_at(verb, n)) != NULL; n++) {
        longs[n] = (struct option){opt->name, opt->arg ? required_argument : no_argument, NULL,
                                   FIRST_LONG + (int)n};
        if (opt->letter) {
            letters[nletters++] = opt->letter;
            if (opt->arg)
                letters[nletters++] = ':';
        }
    }
    optind = 0; /* anew, and with the letters of this verb */
    while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        size_t i = 0;
        if (c >= FIRST_LONG)
            i = (size_t)(c - FIRST_LONG);
        else
            while (i < n && opt_at(verb, i)->letter != (char)c)
                i++;
        if (c == '?' || i >= n)
            return gw_opts_wrong(verb, "wrong option");
        const int code = take(verb, out, i, optarg);
        if (code >= 0)
            return code;
    }
    out->args = argv + optind;
    out->nargs = argc - optind;
    if (out->nargs < verb->min_args || out->nargs > verb->max_args)
        return gw_opts_wrong(verb, "%s",
                             out->nargs < verb->min_args ? "something is missing"
                                                         : "there are words too many");
    return -1;
}

bool gw_opts_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    const long long n = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n < min || n > max)
        return false;
    *out = n;
    return true;
}

struct gw_look gw_opts_look(const struct gw_opts *o)
{
    struct gw_look look = {.out = stdout, .english = o->english};
    const char *columns = getenv("COLUMNS");
    struct winsize size = {0};
    int64_t width = 0;

    if (o->wide)
        return look;
    if (columns && gw_opts_number(columns, 20, 1000, &width))
        look.width = (size_t)width;
    else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        look.width = size.ws_col;
    return look;
}
