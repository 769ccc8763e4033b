/* SPDX-License-Identifier: Apache-2.0
 *
 * init: begins a site file. Needs no daemon.
 */
#define _GNU_SOURCE /* realpath */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "conf/keys.h"
#include "core/load.h"
#include "ctl/init_ask.h"
#include "ctl/init_list.h"
#include "ctl/sketch.h"
#include "ctl/verbs.h"
#include "registry.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

struct init {
    const struct gw_verb *verb;
    const struct gw_opts *o;
    struct gw_issues *issues;
    struct gw_json *doc;
    struct gw_catalogue *cat;
    struct gw_site *site; /* the devices alone */
    struct gw_plan plan;
    struct gw_sketch sketch;
    struct gw_buf text;
    char path[GW_PATH_SIZE];
};

static const char *get(const struct init *n, const char *name)
{
    return gw_opts_get(n->verb, n->o, name);
}

static int fail(const struct init *n)
{
    gw_issues_print(n->issues, stderr);
    return GW_EXIT_ERROR;
}

/* An option's text into the plan. -1: go on. */
static int take_text(const struct init *n, const char *name, char *out, size_t size)
{
    const char *text = get(n, name);
    if (!text)
        return -1;
    if (strlen(text) >= size || !gw_utf8_valid(text, strlen(text)))
        return gw_opts_wrong(n->verb, "--%s: too long, or not UTF-8", name);
    memcpy(out, text, strlen(text) + 1);
    return -1;
}

/* A file or folder by its absolute path. -1: go on. */
static int take_path(const struct init *n, const char *name, char out[GW_PATH_SIZE])
{
    const char *text = get(n, name);
    char *whole = text ? realpath(text, NULL) : NULL;
    int code = -1;
    if (text && !whole)
        code = gw_opts_say(n->verb, GW_EXIT_ERROR, "%s: %s", text, strerror(errno));
    else if (whole && strlen(whole) >= GW_PATH_SIZE)
        code = gw_opts_wrong(n->verb, "--%s: too long", name);
    else if (whole)
        (void)snprintf(out, GW_PATH_SIZE, "%s", whole);
    free(whole);
    return code;
}

static int read_catalogue(struct init *n)
{
    const char *path = n->plan.catalogue[0] ? n->plan.catalogue : GW_PLAN_CATALOGUE;
    if (gw_json_load(path, n->issues, &n->doc) != GW_OK ||
        gw_catalogue_load(n->doc, n->issues, &n->cat) != GW_OK)
        return fail(n);
    return -1;
}

static int take_simple(struct init *n)
{
    struct gw_err err = {0};
    struct gw_plan *p = &n->plan;
    int code = take_text(n, "id", p->id, sizeof p->id);
    if (code < 0)
        code = take_text(n, "uscc", p->uscc, sizeof p->uscc);
    if (code < 0)
        code = take_text(n, "name", p->name, sizeof p->name);
    if (code < 0)
        code = take_text(n, "county", p->county, sizeof p->county);
    if (code < 0)
        code = take_text(n, "state-dir", p->state_dir, sizeof p->state_dir);
    if (code < 0)
        code = take_path(n, "platform-key", p->platform_key);
    if (code >= 0)
        return code;
    if (p->id[0] && !gw_keys_is_id(p->id, sizeof p->id))
        return gw_opts_wrong(n->verb, "--id: letters, digits, - and _");
    if (p->uscc[0] && !gw_uscc_valid(p->uscc))
        return gw_opts_wrong(n->verb,
                             "--uscc: \"%s\" is no code of 18 characters with a right check "
                             "character",
                             p->uscc);
    if (p->county[0] && (strlen(p->county) != 6 || strspn(p->county, "0123456789") != 6))
        return gw_opts_wrong(n->verb, "--county: 6 digits");
    if (get(n, "mqtt") && gw_plan_mqtt(p, get(n, "mqtt"), &err) != GW_OK)
        return gw_opts_wrong(n->verb, "--mqtt %s: %s", get(n, "mqtt"), err.msg);
    if (get(n, "sector") && gw_plan_sector(p, get(n, "sector"), &err) != GW_OK)
        return gw_opts_wrong(n->verb, "--sector: %s", err.msg);
    return -1;
}

static enum gw_status take_one(struct init *n, const char *name, const char *arg,
                               struct gw_err *err)
{
    if (strcmp(name, "asset") == 0)
        return gw_plan_asset(&n->plan, n->cat, arg, err);
    if (strcmp(name, "device") == 0)
        return gw_plan_device(&n->plan, arg, err);
    if (strcmp(name, "fact") == 0)
        return gw_plan_fact(&n->plan, n->cat, arg, err);
    if (strcmp(name, "rated") == 0)
        return gw_plan_rated(&n->plan, n->cat, arg, err);
    if (strcmp(name, "override") == 0)
        return gw_plan_override(&n->plan, n->cat, arg, err);
    return gw_plan_role(&n->plan, n->cat, arg, err);
}

/* Assets first, since the others name them. */
static int take_repeated(struct init *n)
{
    static const char *const names[] = {"asset",    "device", "fact", "rated",
                                        "override", "role",   NULL};
    struct gw_err err = {0};
    for (size_t k = 0; names[k]; k++) {
        for (size_t i = 0; i < n->o->ngiven; i++) {
            const struct gw_opt *opt = &n->verb->opts[n->o->given[i].opt];
            if (strcmp(opt->name, names[k]) != 0)
                continue;
            if (take_one(n, names[k], n->o->given[i].arg, &err) != GW_OK)
                return gw_opts_wrong(n->verb, "--%s %s: %s", names[k], n->o->given[i].arg, err.msg);
        }
    }
    return -1;
}

/* ---- the file ---- */

static int check_profiles(const struct init *n)
{
    char path[GW_PATH_SIZE + GW_ID_SIZE + 8];
    for (size_t i = 0; i < n->plan.ndevices; i++) {
        (void)snprintf(path, sizeof path, "%s/%s.json",
                       n->plan.profiles[0] ? n->plan.profiles : GW_PLAN_PROFILES,
                       n->plan.devices[i].profile);
        if (access(path, R_OK) != 0)
            return gw_opts_say(n->verb, GW_EXIT_ERROR,
                               "device %s: there is no profile %s (%s: %s); --list shows them",
                               n->plan.devices[i].id, n->plan.devices[i].profile, path,
                               strerror(errno));
    }
    return -1;
}

/* The service, which is another user, must read it; nothing in it is a secret. */
static int write_file(struct init *n)
{
    const int fd = open(n->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return gw_opts_say(n->verb, GW_EXIT_ERROR, "%s: %s", n->path,
                           errno == EEXIST ? "exists, and is never written over" : strerror(errno));
    const bool whole = write(fd, n->text.data, n->text.len) == (ssize_t)n->text.len;
    if (close(fd) != 0 || !whole) {
        (void)unlink(n->path);
        return gw_opts_say(n->verb, GW_EXIT_ERROR, "%s: cannot be written whole", n->path);
    }
    return -1;
}

static void tell_lines(const char *head, const struct gw_buf *b)
{
    if (b->len == 0)
        return;
    (void)printf("%s\n", head);
    for (const char *p = b->data; *p; p++) {
        if (p == b->data || p[-1] == '\n')
            (void)fputs("  ", stdout);
        (void)fputc(*p, stdout);
    }
}

/* What nonsited --check says of it. */
static int check_file(struct init *n)
{
    struct gw_load load = {0};
    struct gw_issues *issues = gw_issues_new();
    int code = GW_EXIT_DONE;
    if (issues && gw_load(n->path, gw_conf_drivers, issues, &load) == GW_OK) {
        (void)printf("nonsited --check accepts it: %zu points, %zu assets, %zu checks\n",
                     load.site->npoints, load.site->nassets, gw_inventory_count(load.inventory));
    } else {
        (void)printf("nonsited --check will say until that is done:\n");
        if (issues)
            gw_issues_print(issues, stdout);
        code = GW_EXIT_SAYS;
    }
    gw_load_free(&load);
    gw_issues_free(issues);
    return code;
}

static int make(struct init *n)
{
    int code = check_profiles(n);
    if (code >= 0)
        return code;
    if (gw_sketch_map(&n->plan, n->cat, &n->sketch, n->issues, &n->site) != GW_OK)
        return fail(n);
    gw_sketch_write(&n->plan, n->cat, n->site, &n->sketch, &n->text);
    if (n->text.failed)
        return gw_opts_say(n->verb, GW_EXIT_ERROR, "the file would be too large");
    if (strcmp(n->path, "-") == 0)
        return fwrite(n->text.data, 1, n->text.len, stdout) == n->text.len && fflush(stdout) == 0
                   ? GW_EXIT_DONE
                   : GW_EXIT_ERROR;
    code = write_file(n);
    if (code >= 0)
        return code;
    (void)printf("%s is written\n", n->path);
    tell_lines("mapped:", &n->sketch.mapped);
    tell_lines("to do:", &n->sketch.to_do);
    return check_file(n);
}

static int run_it(struct init *n)
{
    int code = take_path(n, "catalogue", n->plan.catalogue);
    if (code < 0)
        code = take_path(n, "profiles", n->plan.profiles);
    if (code < 0)
        code = read_catalogue(n);
    if (code < 0 && get(n, "list"))
        return gw_init_list(n->cat, n->plan.profiles[0] ? n->plan.profiles : GW_PLAN_PROFILES);
    if (code < 0)
        code = take_simple(n);
    if (code < 0)
        code = take_repeated(n);
    (void)snprintf(n->path, sizeof n->path, "%s",
                   get(n, "output") ? get(n, "output") : "site.json");
    if (code < 0 && !get(n, "sector") && (isatty(STDIN_FILENO) || get(n, "ask")))
        code = gw_init_ask(&n->plan, n->cat, stdin, stdout);
    if (code < 0 && n->plan.sector < 0)
        code = gw_opts_wrong(n->verb, "--sector is missing");
    return code < 0 ? make(n) : code;
}

static int init(const struct gw_verb *verb, const struct gw_opts *o)
{
    struct init *n = calloc(1, sizeof *n);
    int code = GW_EXIT_ERROR;
    if (!n)
        return code;
    n->verb = verb;
    n->o = o;
    gw_plan_init(&n->plan);
    gw_buf_init(&n->sketch.mapped, FILE_MAX_BYTES);
    gw_buf_init(&n->sketch.to_do, FILE_MAX_BYTES);
    gw_buf_init(&n->text, FILE_MAX_BYTES);
    n->issues = gw_issues_new();
    if (n->issues)
        code = run_it(n);
    gw_buf_free(&n->text);
    gw_buf_free(&n->sketch.to_do);
    gw_buf_free(&n->sketch.mapped);
    gw_plan_free(&n->plan);
    gw_site_free(n->site);
    gw_catalogue_free(n->cat);
    gw_json_free(n->doc);
    gw_issues_free(n->issues);
    free(n);
    return code;
}

static const struct gw_opt opts[] = {
    {"sector", '\0', "SECTOR", "sector of the enterprise, such as machinery"},
    {"asset", 'a', "TYPE:ID[:NAME]", "what is protected; may be repeated"},
    {"device", 'd', "DEVICE",
     "an instrument; may be repeated:\nID:PROFILE@ENDPOINT/UNIT[,channels=N][,asset=ID],\n"
     "ENDPOINT is tcp:HOST[:PORT], rtu:SERIAL-PORT or\nrtu-tcp:HOST[:PORT] (a transparent serial "
     "server)"},
    {"fact", '\0', "ASSET:KEY=VALUE", "what clauses ask for, such as if-1:loop=closed"},
    {"rated", '\0', "ASSET:ROLE=NUMBER", "a value from the plate, such as if-1:Q_IN=40"},
    {"role", '\0', "ASSET:ROLE=POINT,..", "which points play a role, such as if-1:T_OUT=pt.t1"},
    {"override", '\0', "ASSET:FINDING.KEY=NUMBER",
     "a delay or limit other than the catalogue's, within\nits bounds, such as "
     "if-1:CW-ABS-02.delay_s=600"},
    {"id", '\0', "ID", "name of this gateway"},
    {"uscc", '\0', "CODE", "unified social credit code of the enterprise"},
    {"name", '\0', "NAME", "its registered name"},
    {"county", '\0', "CODE", "division code of its county"},
    {"mqtt", '\0', "HOST[:PORT]",
     "the platform's broker, by TLS on port 8883 if not said\notherwise; 127.0.0.1:1883 is one on "
     "this box, without"},
    {"platform-key", '\0', "FILE", "the platform's public key"},
    {"state-dir", '\0', "FOLDER",
     "where journal and key are kept, if not in\n/var/lib/nonsite-gateway"},
    {"catalogue", '\0', "FILE", "catalogue, if not the installed one"},
    {"profiles", '\0', "FOLDER", "device profiles, if not the installed ones"},
    {"output", 'o', "FILE",
     "the file, which must not exist; default site.json;\n- is standard output"},
    {"list", 'l', NULL,
     "show sectors, asset types with what they must have,\nfacts, roles and profiles"},
    {"ask", '\0', NULL, "ask for everything; so it does without --sector on a\nterminal"},
    {0},
};

const struct gw_verb gw_verb_init = {
    .name = "init",
    .args = "",
    .summary = "begin a site file; needs no daemon",
    .more =
        "  Writes a commented site file from sector, assets and instruments: each asset with what "
        "it\n"
        "  must have and by which clause; roles are mapped where a profile says what its points "
        "are.\n"
        "  What is left to be done is marked \"to do\" in the file and listed. Exits with 1 when\n"
        "  nonsited --check does not accept the file yet.\n",
    .opts = opts,
    .offline = true,
    .run = init,
};
