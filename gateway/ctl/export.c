/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* getopt_long */
#include "ctl/export.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/client.h"
#include "journal/export_file.h"
#include "proof/claim.h"
#include "proof/wire.h"

#define TIMEOUT_MS 8000
#define RETRIES    10 /* of a page, while the journal is busy */

enum { EXPORT_DONE = 0, EXPORT_PART = 2, EXPORT_AWAY = 3, EXPORT_USAGE = 64 };

const char gw_export_usage[] =
    "usage: nonsitectl export [-s SOCKET | --db FILE] [-o FILE] [--from NUMBER]\n"
    "  Writes the signed records of the gateway, one a line, in the order of their numbers, for\n"
    "  nonsitectl verify.\n"
    "  -o, --output FILE  write to FILE, which must not exist yet, instead of standard output\n"
    "      --from NUMBER  begin with this record (verify --part checks such a part)\n"
    "      --db FILE      read FILE, the records.db of a gateway that is stopped, or a damaged "
    "one\n"
    "                     that was set aside\n"
    "  -s, --socket SOCKET  where the daemon listens\n"
    "exit: 0 all was written; 2 not all; 3 the daemon cannot be reached; 64 wrong usage\n";

struct exporting {
    const char *socket_path, *db_path, *out_path;
    FILE *out;
    int64_t from;
    uint64_t records;
    bool gap; /* some were not there */
    struct gw_place last;
};

static int part(const struct exporting *x, const char *text)
{
    (void)fprintf(stderr, "nonsitectl export: %s\n", text);
    if (x->records > 0)
        (void)fprintf(stderr, "nonsitectl export: %" PRIu64 " records were written before that\n",
                      x->records);
    return EXPORT_PART;
}

static bool put(void *ctx, const char *wire, size_t len)
{
    struct exporting *x = ctx;
    if (fwrite(wire, 1, len, x->out) != len || fputc('\n', x->out) == EOF)
        return false;
    x->records++;
    return true;
}

/* ---- from the daemon ---- */

/* What of a line is needed to ask for the next page; verify is what checks it. */
static bool read_place(const char *line, size_t len, struct gw_place *out)
{
    struct gw_wire w;
    struct gw_claim c;
    if (gw_wire_split(line, len, &w, NULL) != GW_OK || w.kind != GW_WIRE_RECORD ||
        gw_claim_read(w.bytes, w.len, &c, NULL, NULL) != GW_OK)
        return false;
    out->seq = c.seq;
    memcpy(out->chain, c.chain, sizeof out->chain);
    return true;
}

static int put_line(struct exporting *x, const char *line, size_t len)
{
    struct gw_place at = {0};
    char text[160];
    if (!read_place(line, len, &at))
        return part(x, "the daemon's answer holds something that is no record");
    if (x->records > 0 && strcmp(at.chain, x->last.chain) != 0)
        return part(x, "a new chain began while this was read: export again");
    if (x->records > 0 && at.seq != x->last.seq + 1) {
        (void)snprintf(text, sizeof text,
                       "record %" PRId64 " cannot be read or has just left the store; what follows "
                       "is written all the same",
                       x->last.seq + 1);
        (void)part(x, text);
        x->gap = true;
    }
    x->last = at;
    return put(x, line, len) ? EXPORT_DONE : part(x, strerror(errno));
}

static int put_page(struct exporting *x, const char *body, size_t len)
{
    int code = EXPORT_DONE;
    for (const char *at = body; code == EXPORT_DONE && at < body + len;) {
        const char *eol = memchr(at, '\n', (size_t)(body + len - at));
        if (!eol)
            return part(x, "the daemon's answer was cut off");
        code = put_line(x, at, (size_t)(eol - at));
        at = eol + 1;
    }
    x->from = x->last.seq + 1;
    return code;
}

/* *end: there was nothing any more. */
static int read_page(struct exporting *x, bool *end)
{
    struct gw_client_answer a = {0};
    struct gw_err err = {0};
    char target[64];
    enum gw_status st = GW_OK;
    static const struct timespec pause = {.tv_nsec = 200000000L};
    (void)snprintf(target, sizeof target, "/v1/records?from=%" PRId64, x->from);
    for (int i = 0; i < RETRIES; i++) {
        free(a.body);
        a = (struct gw_client_answer){0};
        st = gw_client_get(x->socket_path, target, TIMEOUT_MS, &a, &err);
        if (st != GW_OK || a.code != 503)
            break;
        (void)nanosleep(&pause, NULL);
    }
    int code = EXPORT_DONE;
    if (st != GW_OK) {
        code = part(x, err.msg);
        if (x->records == 0 && st != GW_E_PROTO && st != GW_E_FULL)
            code = EXPORT_AWAY;
    } else if (a.code != 200) {
        code = part(x, a.code == 503 ? "the gateway cannot read its records now: see its log"
                                     : "the daemon does not give records: is it older than this?");
    } else {
        *end = a.len == 0;
        code = put_page(x, a.body, a.len);
    }
    free(a.body);
    return code;
}

static int ask(struct exporting *x)
{
    bool end = false;
    int code = EXPORT_DONE;
    while (code == EXPORT_DONE && !end)
        code = read_page(x, &end);
    return code == EXPORT_DONE && x->gap ? EXPORT_PART : code;
}

/* ---- from a file ---- */

static int read_file(struct exporting *x)
{
    struct gw_err err = {0};
    uint64_t damaged = 0;
    char text[96];
    const enum gw_status st = gw_export_file(x->db_path, put, x, &damaged, &err);
    if (st != GW_OK)
        return part(x, err.msg);
    if (damaged == 0)
        return EXPORT_DONE;
    (void)snprintf(text, sizeof text, "%" PRIu64 " damaged records were left out", damaged);
    return part(x, text);
}

/* ---- options ---- */

static int wrong_usage(void)
{
    (void)fputs(gw_export_usage, stderr);
    return EXPORT_USAGE;
}

static bool read_number(const char *text, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    const long long n = strtoll(text, &end, 10);
    *out = n;
    return errno == 0 && end != text && *end == '\0' && n > 0;
}

/* -1: go on. */
static int read_options(struct exporting *x, int argc, char **argv)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, 's'}, {"output", required_argument, NULL, 'o'},
        {"from", required_argument, NULL, 'f'},   {"db", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    int c;
    optind = 1;
    while ((c = getopt_long(argc, argv, "s:o:", options, NULL)) != -1) {
        switch (c) {
        case 's':
            x->socket_path = optarg;
            break;
        case 'o':
            x->out_path = optarg;
            break;
        case 'f':
            if (!read_number(optarg, &x->from))
                return wrong_usage();
            break;
        case 'd':
            x->db_path = optarg;
            break;
        case 'h':
            (void)fputs(gw_export_usage, stdout);
            return EXPORT_DONE;
        default:
            return wrong_usage();
        }
    }
    return optind < argc || (x->db_path && x->from > 1) ? wrong_usage() : -1;
}

int gw_export_run(int argc, char **argv, const char *socket_path)
{
    struct exporting x = {.socket_path = socket_path, .from = 1, .out = stdout};
    int code = read_options(&x, argc, argv);
    if (code >= 0)
        return code;
    /* Never over an older export, which may be all that there is of it. */
    if (x.out_path)
        x.out = fopen(x.out_path, "wbx");
    if (!x.out) {
        (void)fprintf(stderr, "nonsitectl export: %s: %s\n", x.out_path, strerror(errno));
        return EXPORT_PART;
    }
    code = x.db_path ? read_file(&x) : ask(&x);
    const bool kept = fflush(x.out) == 0;
    if ((x.out_path && fclose(x.out) != 0) || !kept)
        return part(&x, "the export cannot be written whole");
    if (code == EXPORT_AWAY && x.out_path)
        (void)remove(x.out_path);
    return code;
}
