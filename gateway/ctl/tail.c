/* SPDX-License-Identifier: Apache-2.0
 *
 * tail: events and records as they come.
 *
 * Asks twice a second for what is new. While the daemon is away it says so once and goes on asking;
 * after a restart, events count from 1 anew.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "conf/issues.h"
#include "ctl/call.h"
#include "ctl/member.h"
#include "ctl/verbs.h"

#define PERIOD_MS 500

struct tail {
    const struct gw_verb *verb;
    const struct gw_opts *o;
    int64_t record, event; /* the next ones */
    bool away;
};

static void heard(struct tail *t, int code)
{
    if (code == GW_EXIT_AWAY && !t->away)
        (void)gw_opts_say(t->verb, 0, "the daemon is away; waiting for it");
    t->away = code == GW_EXIT_AWAY;
}

static void put_record(const struct tail *t, const struct gw_jnode *r)
{
    char at[GW_VIEW_MOMENT];
    const struct gw_jnode *time = gw_jnode_get(r, "time");

    gw_view_moment(time, "observed", at);
    if (!at[0])
        gw_view_moment(time, "recorded", at);
    (void)printf("%s  %-8s %-8s %s  %s\n", at, gw_member_str(r, "class"), gw_member_str(r, "state"),
                 gw_member_str(r, "case"), gw_view_text(r, "title", t->o->english));
}

static void put_line(struct tail *t, const char *line, size_t len)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;

    if (issues && gw_json_parse(line, len, "record", issues, &doc) == GW_OK) {
        const struct gw_jnode *r = gw_jnode_get(gw_json_root(doc), "record");
        const int64_t seq = gw_member_int(r, "seq");
        if (seq >= t->record)
            t->record = seq + 1;
        if (t->o->json)
            (void)printf("%.*s\n", (int)len, line);
        else
            put_record(t, r);
    }
    gw_json_free(doc);
    gw_issues_free(issues);
}

static void records(struct tail *t)
{
    struct gw_answer a = {0};
    char target[64];

    (void)snprintf(target, sizeof target, "/v1/records?from=%" PRId64, t->record);
    const int code = gw_call_quiet(t->o, target, &a);
    const char *at = a.raw.body, *end = at ? at + a.raw.len : NULL;
    while (code < 0 && at < end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        if (!eol)
            break;
        put_line(t, at, (size_t)(eol - at));
        at = eol + 1;
    }
    gw_answer_free(&a);
    heard(t, code);
}

static void put_event(const struct tail *t, const struct gw_jnode *e)
{
    char at[GW_VIEW_MOMENT];

    if (t->o->json) {
        gw_member_dump(e, stdout);
        (void)fputc('\n', stdout);
        return;
    }
    gw_view_moment(e, "t", at);
    (void)printf("%s  %-8s %-8s %s  %s\n", at, "event", gw_member_str(e, "kind"),
                 gw_member_str(e, "place"), gw_view_text(e, "text", t->o->english));
}

static void events(struct tail *t)
{
    struct gw_answer a = {0};
    char target[64];

    (void)snprintf(target, sizeof target, "/v1/events?from=%" PRId64, t->event);
    const int code = gw_call_quiet(t->o, target, &a);
    if (code < 0) {
        const int64_t last = gw_member_int(a.root, "last");
        const int64_t first = gw_member_int(a.root, "first");
        if (last < t->event - 1)
            t->event = 1; /* it was started anew */
        else if (first > t->event && t->event > 1)
            (void)gw_opts_say(t->verb, 0, "%" PRId64 " events were too fast to be seen",
                              first - t->event);
        for (const struct gw_jnode *e = gw_member_first(a.root, "events"); e;
             e = gw_jnode_next(e)) {
            if (gw_member_int(e, "n") < t->event)
                continue;
            t->event = gw_member_int(e, "n") + 1;
            put_event(t, e);
        }
    }
    gw_answer_free(&a);
    heard(t, code);
}

/* Where to begin: so many records and events back. -1: go on. */
static int begin(struct tail *t, int64_t back)
{
    struct gw_answer status = {0}, events = {0};
    int code = gw_call_get(t->verb, t->o, "/v1/status", &status);

    if (code < 0) {
        t->record = gw_member_int(gw_jnode_get(status.root, "journal"), "seq") + 1 - back;
        code = gw_call_get(t->verb, t->o, "/v1/events", &events);
    }
    if (code < 0)
        t->event = gw_member_int(events.root, "last") + 1 - back;
    if (t->record < 1)
        t->record = 1;
    if (t->event < 1)
        t->event = 1;
    gw_answer_free(&status);
    gw_answer_free(&events);
    return code;
}

static int tail(const struct gw_verb *verb, const struct gw_opts *o)
{
    static const struct timespec period = {.tv_nsec = PERIOD_MS * 1000000L};
    const struct gw_clock clock = gw_clock_system();
    struct tail t = {.verb = verb, .o = o};
    const char *text = gw_opts_get(verb, o, "lines");
    int64_t back = 10, seconds = 0;

    if (text && !gw_opts_number(text, 0, 200, &back))
        return gw_opts_wrong(verb, "--lines must be a number up to 200");
    text = gw_opts_get(verb, o, "seconds");
    if (text && !gw_opts_number(text, 1, 1000000000, &seconds))
        return gw_opts_wrong(verb, "--seconds must be a number from 1 on");
    const int code = begin(&t, back);
    if (code >= 0)
        return code;
    const int64_t end = gw_clock_mono_ms(&clock) + seconds * 1000;
    do {
        records(&t);
        events(&t);
        if (fflush(stdout) != 0)
            return gw_opts_say(verb, GW_EXIT_ERROR, "cannot print");
        (void)nanosleep(&period, NULL);
    } while (seconds == 0 || gw_clock_mono_ms(&clock) < end);
    return GW_EXIT_DONE;
}

static const struct gw_opt opts[] = {
    {"lines", 'n', "NUMBER", "begin so many records and events back; default 10"},
    {"seconds", '\0', "NUMBER", "end after that; default: when it is interrupted"},
    {0},
};

const struct gw_verb gw_verb_tail = {
    .name = "tail",
    .args = "",
    .summary = "records and events as they come",
    .more = "  With --json one JSON object a line: a record as it was signed, or an event.\n",
    .opts = opts,
    .run = tail,
};
