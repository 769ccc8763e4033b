/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* getopt_long */
#include "ctl/verify.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jcs.h"
#include "conf/issues.h"
#include "conf/json.h"
#include "proof/follow.h"
#include "proof/wire.h"

#define HEAD_MAX ((size_t)1 << 20) /* what the strict reader takes */

enum { VERIFY_GOOD = 0, VERIFY_FAULT = 1, VERIFY_UNDONE = 2, VERIFY_USAGE = 64 };

const char gw_verify_usage[] =
    "usage: nonsitectl verify -k KEY.pem [-k KEY.pem ...] [options] [FILE]\n"
    "  Checks an export of records (one wire form a line; FILE or standard input): every "
    "signature,\n"
    "  every link, every number. Names the first record that is broken, missing, repeated,\n"
    "  reordered or foreign.\n"
    "  -k, --key KEY.pem   a public key that you trust; from commissioning, never from the export\n"
    "      --head FILE     a signed health document: the export must reach the head that it "
    "tells,\n"
    "                      so that a tail that was cut off shows\n"
    "      --part          the export is a part and may begin anywhere in its chain\n"
    "      --json          print the result as JSON\n"
    "exit: 0 all is good; 1 a fault was found; 2 the check could not be done; 64 wrong usage\n";

struct verify {
    struct gw_follow follow;
    struct gw_keyring *keys;
    const char *name; /* of the export */
    FILE *in;
    struct gw_place head; /* chain "": none given */
    bool head_met;
    const char *head_path;
    bool json;
};

static int undone(const char *text)
{
    (void)fprintf(stderr, "nonsitectl verify: %s\n", text);
    return VERIFY_UNDONE;
}

/* ---- the head ---- */

static bool take(const struct gw_jnode *obj, const char *key, char *out, size_t size)
{
    const struct gw_jnode *v = gw_jnode_get(obj, key);
    if (!v || gw_jnode_type(v) != GW_J_STR || strlen(gw_jnode_str(v)) + 1 != size)
        return false;
    memcpy(out, gw_jnode_str(v), size);
    return true;
}

static bool read_place(const struct gw_jnode *root, struct gw_place *out)
{
    const struct gw_jnode *journal = gw_jnode_get(root, "journal");
    const struct gw_jnode *seq = gw_jnode_get(journal, "seq");
    if (!seq || gw_jnode_type(seq) != GW_J_NUM || !gw_jnode_is_int(seq))
        return false;
    out->seq = (int64_t)gw_jnode_num(seq);
    return take(journal, "chain", out->chain, sizeof out->chain) &&
           take(journal, "head", out->hash, sizeof out->hash);
}

static int check_head(struct verify *v, const struct gw_wire *w)
{
    struct gw_json *doc = NULL;
    char kid[GW_KID_SIZE] = "";
    int code = VERIFY_GOOD;
    struct gw_issues *issues = gw_issues_new();
    if (!issues)
        return undone("out of memory");
    if (gw_json_parse(w->bytes, w->len, v->head_path, issues, &doc) != GW_OK) {
        code = undone("the health document cannot be read");
    } else {
        const struct gw_jnode *root = gw_json_root(doc);
        const struct gw_key *key =
            take(root, "kid", kid, sizeof kid) ? gw_keyring_find(v->keys, kid) : NULL;
        if (!key || !gw_wire_signed(w, key)) {
            (void)fprintf(stderr, "nonsitectl verify: %s: %s\n", v->head_path,
                          key ? "the signature is wrong" : "signed by a key that is not trusted");
            code = VERIFY_FAULT;
        } else if (!read_place(root, &v->head)) {
            code = undone("the document given as --head tells no chain head; it must be a health "
                          "document of a gateway whose journal is open");
        }
    }
    gw_json_free(doc);
    gw_issues_free(issues);
    return code;
}

static int load_head(struct verify *v)
{
    struct gw_wire w;
    struct gw_err err = {0};
    int code;
    FILE *f = fopen(v->head_path, "rb");
    char *text = malloc(HEAD_MAX + 1);
    if (!f || !text) {
        (void)fprintf(stderr, "nonsitectl verify: %s: %s\n", v->head_path,
                      f ? "out of memory" : strerror(errno));
        code = VERIFY_UNDONE;
        goto out;
    }
    size_t n = fread(text, 1, HEAD_MAX + 1, f);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    if (n > HEAD_MAX)
        code = undone("the health document is too large");
    else if (gw_wire_split(text, n, &w, &err) != GW_OK || w.kind != GW_WIRE_DOCUMENT) {
        (void)fprintf(stderr, "nonsitectl verify: %s: %s\n", v->head_path,
                      err.msg[0] ? err.msg : "not a signed document");
        code = VERIFY_UNDONE;
    } else {
        code = check_head(v, &w);
    }
out:
    free(text);
    if (f)
        (void)fclose(f);
    return code;
}

/* ---- the export ---- */

/* After each record: is it the one that the head names? */
static void meet_head(struct verify *v)
{
    const struct gw_follow *f = &v->follow;
    if (f->fault != GW_FOLLOW_NONE || v->head_met || v->head.chain[0] == '\0' ||
        f->last.seq != v->head.seq || strcmp(f->last.chain, v->head.chain) != 0)
        return;
    v->head_met = strcmp(f->last.hash, v->head.hash) == 0;
    if (v->head_met)
        return;
    v->follow.fault = GW_FOLLOW_BROKEN;
    v->follow.line = f->lines;
    (void)snprintf(v->follow.text, sizeof v->follow.text,
                   "%s-%" PRId64 ": is not the record that the head of the health document names",
                   v->head.chain, v->head.seq);
}

/* The export ends before the head: its tail was cut off. */
static void miss_head(struct verify *v)
{
    struct gw_follow *f = &v->follow;
    if (f->fault != GW_FOLLOW_NONE || v->head_met || v->head.chain[0] == '\0' || v->head.seq == 0)
        return;
    f->fault = GW_FOLLOW_MISSING;
    f->line = f->lines;
    (void)snprintf(f->text, sizeof f->text,
                   "%s-%" PRId64 ": missing at the end; the health document knows it",
                   v->head.chain, v->head.seq);
}

/* One line without its line feed into `line`, and all of it off the input; of one that is too long,
 * a byte more than may be. -1: there is none. */
static long read_line(FILE *in, char *line)
{
    size_t n = 0;
    int c = getc(in);
    if (c == EOF)
        return -1;
    for (; c != EOF && c != '\n'; c = getc(in))
        if (n <= GW_FOLLOW_LINE_MAX)
            line[n++] = (char)c;
    return (long)n;
}

static int read_export(struct verify *v)
{
    struct gw_err err = {0};
    char *line = malloc(GW_FOLLOW_LINE_MAX + 1);
    int code = VERIFY_GOOD;
    long n;
    if (!line)
        return undone("out of memory");
    while (code == VERIFY_GOOD && (n = read_line(v->in, line)) >= 0) {
        if (gw_follow_line(&v->follow, line, (size_t)n, &err) != GW_OK)
            code = undone(err.msg);
        meet_head(v);
    }
    if (code == VERIFY_GOOD && ferror(v->in)) {
        (void)fprintf(stderr, "nonsitectl verify: %s: %s\n", v->name, strerror(errno));
        code = VERIFY_UNDONE;
    }
    free(line);
    gw_follow_end(&v->follow);
    miss_head(v);
    return code;
}

/* ---- the result ---- */

static int print_json(const struct verify *v)
{
    const struct gw_follow *f = &v->follow;
    struct gw_buf buf;
    struct gw_jcs j;
    gw_buf_init(&buf, 4096);
    gw_jcs_init(&j, &buf);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "chain", f->last.chain);
    gw_jcs_int(&j, "chains", (int64_t)f->chains);
    gw_jcs_str(&j, "fault", gw_follow_fault_name(f->fault));
    gw_jcs_int(&j, "first", f->first.seq);
    gw_jcs_bool(&j, "good", f->fault == GW_FOLLOW_NONE);
    gw_jcs_str(&j, "head", f->last.hash);
    gw_jcs_int(&j, "last", f->last.seq);
    gw_jcs_int(&j, "line", (int64_t)f->line);
    gw_jcs_int(&j, "records", (int64_t)f->records);
    gw_jcs_str(&j, "text", f->text);
    gw_jcs_end(&j);
    const bool ok = gw_jcs_done(&j) && puts(buf.data) >= 0;
    gw_buf_free(&buf);
    return ok ? VERIFY_GOOD : undone("cannot print");
}

static void print_text(const struct verify *v)
{
    const struct gw_follow *f = &v->follow;
    const bool good = f->fault == GW_FOLLOW_NONE;
    if (!good)
        printf("%s:%" PRIu64 ": %s: %s\n", v->name, f->line, gw_follow_fault_name(f->fault),
               f->text);
    if (f->records == 0)
        return;
    printf("%s: %" PRIu64 " record%s", v->name, f->records, f->records == 1 ? "" : "s");
    if (f->chains > 1)
        printf(" of %" PRIu64 " chains", f->chains);
    printf(" %s good%s; chain %s from %" PRId64 " to %" PRId64 ", head %s\n",
           f->records == 1 ? "is" : "are", good ? "" : " before it", f->last.chain, f->first.seq,
           f->last.seq, f->last.hash);
}

static int report(const struct verify *v)
{
    const struct gw_follow *f = &v->follow;
    if (v->json && print_json(v) != VERIFY_GOOD)
        return VERIFY_UNDONE;
    if (f->fault == GW_FOLLOW_NONE && f->records == 0)
        return undone("there is no record in the export");
    if (!v->json)
        print_text(v);
    if (fflush(stdout) != 0)
        return undone("cannot print");
    return f->fault == GW_FOLLOW_NONE ? VERIFY_GOOD : VERIFY_FAULT;
}

static int wrong_usage(void)
{
    (void)fputs(gw_verify_usage, stderr);
    return VERIFY_USAGE;
}

/* -1: go on. */
static int read_options(struct verify *v, int argc, char **argv, bool *part)
{
    static const struct option options[] = {
        {"key", required_argument, NULL, 'k'}, {"head", required_argument, NULL, 'H'},
        {"part", no_argument, NULL, 'p'},      {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},      {NULL, 0, NULL, 0},
    };
    struct gw_err err = {0};
    int c;
    optind = 1;
    while ((c = getopt_long(argc, argv, "k:", options, NULL)) != -1) {
        switch (c) {
        case 'k':
            if (gw_keyring_add(v->keys, optarg, &err) != GW_OK)
                return undone(err.msg);
            break;
        case 'H':
            v->head_path = optarg;
            break;
        case 'p':
            *part = true;
            break;
        case 'j':
            v->json = true;
            break;
        case 'h':
            (void)fputs(gw_verify_usage, stdout);
            return VERIFY_GOOD;
        default:
            return wrong_usage();
        }
    }
    return argc - optind > 1 || gw_keyring_count(v->keys) == 0 ? wrong_usage() : -1;
}

static int open_export(struct verify *v, const char *path)
{
    v->name = path ? path : "standard input";
    v->in = path && strcmp(path, "-") != 0 ? fopen(path, "rb") : stdin;
    if (v->in)
        return VERIFY_GOOD;
    (void)fprintf(stderr, "nonsitectl verify: %s: %s\n", path, strerror(errno));
    return VERIFY_UNDONE;
}

int gw_verify_run(int argc, char **argv)
{
    struct verify v = {.keys = gw_keyring_new()};
    bool part = false;
    if (!v.keys)
        return undone("out of memory");
    int code = read_options(&v, argc, argv, &part);
    if (code >= 0)
        goto out;
    code = v.head_path ? load_head(&v) : VERIFY_GOOD;
    if (code == VERIFY_GOOD)
        code = open_export(&v, optind < argc ? argv[optind] : NULL);
    if (code == VERIFY_GOOD) {
        gw_follow_start(&v.follow, v.keys, part);
        code = read_export(&v);
    }
    if (code == VERIFY_GOOD)
        code = report(&v);
out:
    if (v.in && v.in != stdin)
        (void)fclose(v.in);
    gw_keyring_free(v.keys);
    return code;
}
