/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* getopt_long */
#include "replay/replay.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "replay/run.h"
#include "replay/setting.h"
#include "replay/story.h"
#include "replay/tape.h"

enum { EXIT_USAGE = 64, EXIT_DATA = 65, EXIT_OS = 71, EXIT_CONFIG = 78 };

#define LIST         64 /* --data, --override: so many of each */
#define WINDOW_S     60
#define WINDOW_MAX_S (INT64_C(366) * 86400)

static const char usage[] =
    "usage: nonsited --replay SITE --data FILE [--data FILE ...] [option ...]\n"
    "what the findings of SITE would have raised over recorded telemetry\n"
    "  --data FILE         line protocol, telemetry rows as JSON lines, or CSV; - is standard "
    "input\n"
    "  --findings FILE     another catalogue than SITE names\n"
    "  --override ASSET:CODE:PARAMETER=VALUE   as \"overrides\" in SITE; may be repeated\n"
    "  --compare FILE      replay again with this site file or catalogue, and tell the "
    "differences\n"
    "  --compare-override ASSET:CODE:PARAMETER=VALUE   of the second replay\n"
    "  --window S          lines may be out of order by so many seconds; default 60\n"
    "  --assume-good       values without a quality are GOOD\n"
    "  --json              JSON lines\n"
    "  --zh                reasons in Chinese\n"
    "exit: 0 fine, 64 wrong usage, 65 some of the data was left out or cannot be read, 71 out of\n"
    "memory or cannot write, 78 bad configuration\n";

struct list {
    const char *at[LIST];
    size_t n;
};

struct args {
    const char *site, *findings, *compare;
    struct list data, overrides, compare_overrides;
    int64_t window_s;
    bool json, zh, assume_good, help;
};

/* One replay. */
struct side {
    struct gw_story *story; /* NULL: records go out as they come */
    FILE *out;
    struct gw_run_stats run;
    struct gw_tape_stats tape;
};

/* ---- arguments ---- */

static bool add(struct list *l, const char *text)
{
    if (l->n == LIST)
        return false;
    l->at[l->n++] = text;
    return true;
}

static bool seconds(const char *text, int64_t *out)
{
    char *end = NULL;
    const long long v = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || v > WINDOW_MAX_S)
        return false;
    *out = v;
    return true;
}

static bool option(struct args *a, int c)
{
    switch (c) {
    case 'd':
        return add(&a->data, optarg);
    case 'f':
        a->findings = optarg;
        return true;
    case 'o':
        return add(&a->overrides, optarg);
    case 'c':
        a->compare = optarg;
        return true;
    case 'O':
        return add(&a->compare_overrides, optarg);
    case 'w':
        return seconds(optarg, &a->window_s);
    case 'g':
        a->assume_good = true;
        return true;
    case 'j':
        a->json = true;
        return true;
    case 'z':
        a->zh = true;
        return true;
    case 'h':
        a->help = true;
        return true;
    default:
        return false;
    }
}

static bool parse(int argc, char **argv, struct args *a)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},
        {"findings", required_argument, NULL, 'f'},
        {"override", required_argument, NULL, 'o'},
        {"compare", required_argument, NULL, 'c'},
        {"compare-override", required_argument, NULL, 'O'},
        {"window", required_argument, NULL, 'w'},
        {"assume-good", no_argument, NULL, 'g'},
        {"json", no_argument, NULL, 'j'},
        {"zh", no_argument, NULL, 'z'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;
    *a = (struct args){.window_s = WINDOW_S};
    optind = 1;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!option(a, c))
            return false;
    if (a->help)
        return true;
    if (optind != argc - 1 || a->data.n == 0)
        return false;
    a->site = argv[optind];
    const bool twice = a->compare != NULL || a->compare_overrides.n > 0;
    for (size_t i = 0; i < a->data.n && twice; i++)
        if (strcmp(a->data.at[i], "-") == 0)
            return false; /* it cannot be read twice */
    return true;
}

/* ---- one replay ---- */

static enum gw_status on_record(void *ctx, const struct gw_draft *draft, int64_t wall_ms)
{
    struct side *s = ctx;
    if (s->story != NULL)
        return gw_story_add(s->story, draft, wall_ms);
    const bool written = fwrite(draft->body, 1, draft->body_len, s->out) == draft->body_len &&
                         fputc('\n', s->out) != EOF;
    return written ? GW_OK : GW_E_IO;
}

static int status_of(enum gw_status st)
{
    return st == GW_OK ? EXIT_SUCCESS : st == GW_E_NOMEM ? EXIT_OS : EXIT_DATA;
}

static int replay(const struct args *a, const struct gw_setting_conf *conf, struct side *side,
                  FILE *err, bool complain)
{
    struct gw_setting setting = {.texts = NULL};
    struct gw_tape *tape = NULL;
    struct gw_err why = {.msg = "the replay failed"};
    struct gw_issues *issues = gw_issues_new();
    int code = EXIT_OS;

    if (issues == NULL)
        goto out;
    if (gw_setting_load(conf, issues, &setting) != GW_OK) {
        gw_issues_print(issues, err);
        code = EXIT_CONFIG;
        goto out;
    }
    const struct gw_tape_conf tc = {
        .site = setting.load.site,
        .paths = a->data.at,
        .npaths = a->data.n,
        .window_ms = a->window_s * 1000,
        .assume_good = a->assume_good,
        .complaints = complain ? err : NULL,
    };
    enum gw_status st = gw_tape_open(&tc, &tape, &why);
    const struct gw_run_conf rc = {
        .inventory = setting.load.inventory, .tape = tape, .record = on_record, .ctx = side};
    if (st == GW_OK)
        st = gw_run(&rc, &side->run, &why);
    code = status_of(st);
    if (st != GW_OK)
        fprintf(err, "nonsited: %s\n", st == GW_E_NOMEM ? "out of memory" : why.msg);
    if (tape != NULL) {
        gw_tape_stats(tape, &side->tape);
        for (size_t i = 0; complain && gw_tape_unknown(tape, i) != NULL; i++)
            fprintf(err, "not in the site file: %s\n", gw_tape_unknown(tape, i));
    }
out:
    gw_tape_close(tape);
    gw_setting_free(&setting);
    gw_issues_free(issues);
    return code;
}

/* ---- what it was ---- */

static void count(FILE *err, uint64_t n, const char *what)
{
    if (n > 0)
        fprintf(err, "%" PRIu64 " %s\n", n, what);
}

static void summarise(const struct side *s, int64_t took_ms, FILE *err)
{
    char from[GW_ISO_SIZE];
    char to[GW_ISO_SIZE];
    const struct gw_tape_stats *t = &s->tape;
    gw_clock_iso(t->first_ms, from);
    gw_clock_iso(t->last_ms, to);
    if (t->samples > 0)
        fprintf(err, "%" PRIu64 " samples from %s to %s in %.1f s (%.0f samples/s)\n", t->samples,
                from, to, (double)took_ms / 1000.0,
                (double)t->samples * 1000.0 / (double)(took_ms > 0 ? took_ms : 1));
    else
        fprintf(err, "the data has no samples of this site\n");
    count(err, t->bad, "bad lines were left out");
    count(err, t->unpaired, "values without a quality were left out (see --assume-good)");
    count(err, t->unknown, "values of points that are not in the site file were passed over");
    count(err, t->foreign, "lines of another gateway or measurement were passed over");
    if (s->run.gaps > 0)
        fprintf(err,
                "%" PRIu64 " times without data, %.1f h together: judged as if the gateway "
                "was off\n",
                s->run.gaps, (double)s->run.gap_ms / 3600000.0);
}

static bool left_out(const struct side *s)
{
    return s->tape.bad > 0 || s->tape.unpaired > 0 || s->tape.samples == 0;
}

static int once(const struct args *a, const struct gw_setting_conf *conf, FILE *out, FILE *err)
{
    const struct gw_clock clock = gw_clock_system();
    struct side side = {.story = a->json ? NULL : gw_story_new(), .out = out};
    if (side.story == NULL && !a->json)
        return EXIT_OS;
    const int64_t start_ms = gw_clock_mono_ms(&clock);
    int code = replay(a, conf, &side, err, true);
    const int64_t took_ms = gw_clock_mono_ms(&clock) - start_ms;
    if (code == EXIT_SUCCESS) {
        if (side.story != NULL && gw_story_print(side.story, a->zh, out) != GW_OK)
            code = EXIT_OS;
        summarise(&side, took_ms, err);
        fprintf(err, "%zu alarms and %zu leads stand at the end\n", side.run.alarms,
                side.run.leads);
        if (code == EXIT_SUCCESS && left_out(&side))
            code = EXIT_DATA;
    }
    gw_story_free(side.story);
    return fflush(out) == 0 ? code : EXIT_OS;
}

static int both(const struct args *a, const struct gw_setting_conf *conf_a,
                const struct gw_setting_conf *conf_b, FILE *out, FILE *err)
{
    const struct gw_clock clock = gw_clock_system();
    struct side sides[2] = {{.story = gw_story_new()}, {.story = gw_story_new()}};
    struct gw_pairs pairs = {.list = NULL};
    int code = EXIT_OS;

    if (sides[0].story == NULL || sides[1].story == NULL)
        goto out;
    const int64_t start_ms = gw_clock_mono_ms(&clock);
    code = replay(a, conf_a, &sides[0], err, true);
    const int64_t took_ms = gw_clock_mono_ms(&clock) - start_ms;
    if (code == EXIT_SUCCESS)
        code = replay(a, conf_b, &sides[1], err, false);
    if (code != EXIT_SUCCESS)
        goto out;
    if (gw_story_compare(sides[0].story, sides[1].story, &pairs) != GW_OK ||
        (a->json ? gw_pairs_json(&pairs, out) : gw_pairs_print(&pairs, a->zh, out)) != GW_OK) {
        code = EXIT_OS;
        goto out;
    }
    summarise(&sides[0], took_ms, err);
    fprintf(err, "only in A %zu, only in B %zu, in both at other times %zu, the same %zu\n",
            pairs.only_a, pairs.only_b, pairs.moved, pairs.same);
    if (left_out(&sides[0]) || left_out(&sides[1]))
        code = EXIT_DATA;
out:
    gw_pairs_free(&pairs);
    gw_story_free(sides[0].story);
    gw_story_free(sides[1].story);
    return fflush(out) == 0 ? code : EXIT_OS;
}

/* The second setting: the site file, or the catalogue, of the comparison, with its own overrides. */
static int compare_with(const struct args *a, struct gw_setting_conf *conf, FILE *err)
{
    int code = EXIT_SUCCESS;
    conf->overrides = a->compare_overrides.at;
    conf->noverrides = a->compare_overrides.n;
    if (a->compare == NULL)
        return code;
    struct gw_issues *issues = gw_issues_new();
    bool is_site = false;
    if (issues == NULL)
        return EXIT_OS;
    if (gw_setting_is_site(a->compare, issues, &is_site) != GW_OK) {
        gw_issues_print(issues, err);
        code = EXIT_CONFIG;
    } else if (is_site) {
        conf->site = a->compare;
        conf->catalogue = NULL;
    } else {
        conf->catalogue = a->compare;
    }
    gw_issues_free(issues);
    return code;
}

int gw_replay(int argc, char **argv, const struct gw_conf_driver *const *drivers, FILE *out,
              FILE *err)
{
    struct args a;
    if (!parse(argc, argv, &a)) {
        fputs(usage, err);
        return EXIT_USAGE;
    }
    if (a.help) {
        fputs(usage, out);
        return EXIT_SUCCESS;
    }
    const struct gw_setting_conf conf = {
        .site = a.site,
        .catalogue = a.findings,
        .overrides = a.overrides.at,
        .noverrides = a.overrides.n,
        .drivers = drivers,
    };
    if (a.compare == NULL && a.compare_overrides.n == 0)
        return once(&a, &conf, out, err);
    struct gw_setting_conf other = conf;
    const int code = compare_with(&a, &other, err);
    return code == EXIT_SUCCESS ? both(&a, &conf, &other, out, err) : code;
}
