/* SPDX-License-Identifier: Apache-2.0
 *
 * commission: point by point through the assets: what must move is watched, and what was seen is
 * recorded by the gateway, which must have seen it, too. What is recorded stays, so a commissioning can
 * be stopped at any time and goes on with what is open.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jcs.h"
#include "base/text.h"
#include "ctl/call.h"
#include "ctl/grid.h"
#include "ctl/member.h"
#include "ctl/verbs.h"
#include "model/unit.h"

#define BODY_MAX   ((size_t)4096)
#define PERIOD_MS  300
#define WAIT_S     120
#define LAST_MAX_S 900 /* further back the gateway does not look */
#define ID         64
#define NAME       256

/* One instrument of an asset. */
struct item {
    char asset[ID], role[ID], point[ID];
    char title[NAME], proof[NAME]; /* proof: day and what; "": open */
    bool required, absent;
};

struct commission {
    const struct gw_verb *verb;
    const struct gw_opts *o;
    struct gw_clock clock;
    const char *role;
    int64_t wait_s;
    struct item *items;
    size_t n, cap;
};

/* ---- what there is ---- */

static bool add(struct commission *c, const struct gw_jnode *asset, const struct gw_jnode *i,
                const char *point)
{
    char at[GW_VIEW_MOMENT];
    if (c->n == c->cap) {
        const size_t cap = c->cap > 0 ? 2 * c->cap : 32;
        struct item *more = realloc(c->items, cap * sizeof *more);
        if (!more)
            return false;
        c->items = more;
        c->cap = cap;
    }
    struct item *it = &c->items[c->n++];
    const struct gw_jnode *proof = gw_member(i, "proof", GW_J_OBJ);
    *it = (struct item){.required = strcmp(gw_member_str(i, "needed"), "required") == 0,
                        .absent = !point[0]};
    (void)snprintf(it->asset, ID, "%s", gw_member_str(asset, "id"));
    (void)snprintf(it->role, ID, "%s", gw_member_str(i, "role"));
    (void)snprintf(it->point, ID, "%s", point);
    (void)snprintf(it->title, NAME, "%s", gw_view_text(i, "title", c->o->english));
    gw_view_moment(proof, "t", at);
    if (proof)
        (void)snprintf(it->proof, NAME, "%.10s %s %s", at, gw_member_str(proof, "what"),
                       gw_member_str(proof, "role"));
    return true;
}

/* Every instrument that the gateway knows. -1: go on. */
static int learn(struct commission *c)
{
    struct gw_answer a = {0};
    const char *only = gw_opts_get(c->verb, c->o, "asset");
    int code = gw_call_get(c->verb, c->o, "/v1/assets", &a);
    bool room = true;
    const struct gw_jnode *asset = code < 0 ? gw_member_first(a.root, "assets") : NULL;
    for (; asset && room; asset = gw_jnode_next(asset)) {
        const struct gw_jnode *i = gw_member_first(asset, "instruments");
        if (only && strcmp(only, gw_member_str(asset, "id")) != 0)
            continue;
        for (; i && room; i = gw_jnode_next(i)) {
            const struct gw_jnode *p = gw_member_first(i, "points");
            room = add(c, asset, i, p && gw_jnode_type(p) == GW_J_STR ? gw_jnode_str(p) : "");
        }
    }
    gw_answer_free(&a);
    return room ? code : gw_opts_say(c->verb, GW_EXIT_ERROR, "out of memory");
}

static bool is_open(const struct item *i)
{
    return !i->absent && !i->proof[0];
}

static int list(const struct commission *c)
{
    static const char *const heads[] = {"ASSET",   "POINT",  "ROLE", "?INSTRUMENT",
                                        "?NEEDED", "PROVED", NULL};
    const struct gw_look look = gw_opts_look(c->o);
    struct gw_grid *g = gw_grid_new(heads);
    size_t open = 0;
    for (size_t i = 0; g && i < c->n; i++) {
        const struct item *it = &c->items[i];
        gw_grid_cell(g, it->asset);
        gw_grid_cell(g, it->absent ? "-" : it->point);
        gw_grid_cell(g, it->role);
        gw_grid_cell(g, it->title);
        gw_grid_cell(g, it->required ? "required" : "optional");
        gw_grid_cell(g, it->absent ? "not installed" : it->proof[0] ? it->proof : "never");
        open += is_open(it) ? 1 : 0;
    }
    const enum gw_status st = g ? gw_grid_print(g, look.width, look.out) : GW_E_NOMEM;
    gw_grid_free(g);
    if (st != GW_OK)
        return gw_opts_say(c->verb, GW_EXIT_ERROR, "cannot print");
    (void)printf("%zu open\n", open);
    return open > 0 ? GW_EXIT_SAYS : GW_EXIT_DONE;
}

/* ---- one point ---- */

/* -1: go on. */
static int value_of(const struct commission *c, const char *point, char value[NAME])
{
    struct gw_answer a = {0};
    const int code = gw_call_get(c->verb, c->o, "/v1/points", &a);
    value[0] = '\0';
    for (const struct gw_jnode *p = code < 0 ? gw_member_first(a.root, "points") : NULL; p;
         p = gw_jnode_next(p))
        if (strcmp(gw_member_str(p, "id"), point) == 0)
            (void)snprintf(value, NAME, "%s%s%s (%s)", gw_member_str(p, "value"),
                           gw_member_str(p, "unit")[0] ? " " : "",
                           gw_unit_text(gw_member_str(p, "unit")), gw_member_str(p, "quality"));
    gw_answer_free(&a);
    return code;
}

/* Asks the gateway to record what it saw since then (monotonic): what moved before the point was
 * asked for is nobody's test. quiet: a refusal is not told. */
static int prove(const struct commission *c, const struct item *it, bool acted, int64_t since_ms,
                 bool quiet)
{
    char mem[BODY_MAX];
    struct gw_buf b;
    struct gw_jcs j;
    struct gw_answer a = {0};
    const char *note = gw_opts_get(c->verb, c->o, "note");
    const struct gw_stamp now = gw_clock_now(&c->clock);

    gw_buf_fixed(&b, mem, sizeof mem);
    gw_jcs_init(&j, &b);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "asset", it->asset);
    if (note)
        gw_jcs_str(&j, "note", note);
    gw_jcs_str(&j, "point", it->point);
    gw_jcs_str(&j, "role", c->role);
    /* As the clock tells it now: it may have been set meanwhile. */
    gw_jcs_int(&j, "since", now.wall_ms - (now.mono_ms - since_ms));
    gw_jcs_str(&j, "what", acted ? "acted" : "moved");
    gw_jcs_end(&j);
    if (!gw_jcs_done(&j))
        return gw_opts_wrong(c->verb, "an argument is too long or not UTF-8");
    const struct gw_client_request r = {.target = c->verb->path, .body = b.data};
    int code = quiet ? gw_call_ask_quiet(c->o, &r, &a)
                     : gw_call_post(c->verb, c->o, c->verb->path, b.data, &a);
    if (code < 0) {
        code = GW_EXIT_DONE;
        if (c->o->json)
            code = gw_call_pass_on(c->verb, &a);
        else
            (void)printf("%s %s %s: %s, record %s\n", it->asset, it->role, it->point,
                         acted ? "seen to act" : "seen to move", gw_member_str(a.root, "record"));
    }
    gw_answer_free(&a);
    return code;
}

static const struct item *find(const struct commission *c, const char *point)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->items[i].point, point) == 0)
            return &c->items[i];
    return NULL;
}

/* ---- the walk ---- */

enum word { WORD_NONE, WORD_SKIP, WORD_ACTED, WORD_QUIT };

/* What is to be read along; nothing of it in the midst of JSON. */
static void say(const struct commission *c, const char *fmt, ...)
{
    va_list ap;
    if (c->o->json)
        return;
    va_start(ap, fmt);
    (void)vprintf(fmt, ap);
    va_end(ap);
    (void)fflush(stdout);
}

static enum word pause_a_while(void)
{
    (void)poll(NULL, 0, PERIOD_MS);
    return WORD_NONE;
}

/* A key that was typed, with return; none within the period. */
static enum word typed(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    char text[64];
    if (poll(&p, 1, PERIOD_MS) <= 0)
        return WORD_NONE;
    if (!fgets(text, sizeof text, stdin) || text[0] == 'q')
        return WORD_QUIT;
    return text[0] == 's' ? WORD_SKIP : text[0] == 'a' ? WORD_ACTED : WORD_NONE;
}

/* Watches one point until the gateway has seen it move, or it is left. typing: somebody is there to
 * skip, trip or quit. GW_EXIT_DONE, or GW_EXIT_REFUSED: left open, GW_EXIT_SAYS: stop here, or what
 * went wrong. */
static int watch(const struct commission *c, const struct item *it, bool acted, bool typing)
{
    char value[NAME], last[NAME] = "";
    const int64_t start = gw_clock_mono_ms(&c->clock);
    const int64_t end = start + c->wait_s * 1000;
    while (gw_clock_mono_ms(&c->clock) < end) {
        int code = value_of(c, it->point, value);
        if (code >= 0)
            return code;
        if (strcmp(value, last) != 0) {
            say(c, "  %s\n", value);
            /* A value that was there before is no movement. */
            code = last[0] ? prove(c, it, acted, start, true) : GW_EXIT_REFUSED;
            memcpy(last, value, sizeof last);
            if (code == GW_EXIT_DONE)
                return code;
            if (code != GW_EXIT_REFUSED)
                return gw_opts_say(c->verb, code, "the gateway cannot record it now");
        }
        const enum word word = typing ? typed() : pause_a_while();
        if (word == WORD_QUIT)
            return GW_EXIT_SAYS;
        if (word == WORD_SKIP)
            return GW_EXIT_REFUSED;
        acted |= word == WORD_ACTED;
    }
    /* A pulse that no value here showed; what lacks is told where nobody types. */
    const int code = prove(c, it, acted, start, typing);
    if (code == GW_EXIT_REFUSED && typing)
        say(c, "  not seen to move; left open\n");
    return code;
}

/* -1: to the next one. */
static int walk_one(const struct commission *c, const struct item *it)
{
    say(c,
        "\n%s, %s %s: make %s move (test button, test gas, contact)\n"
        "  s: skip it, a: it is the effect of an interlock that you trip, q: stop here\n",
        it->asset, it->role, it->title, it->point);
    const int code = watch(c, it, false, true);
    return code == GW_EXIT_DONE || code == GW_EXIT_REFUSED ? -1 : code;
}

static int walk(struct commission *c)
{
    int code = -1;
    (void)setvbuf(stdin, NULL, _IONBF, 0); /* what is typed is not kept for later */
    for (size_t i = 0; i < c->n && code < 0; i++)
        if (is_open(&c->items[i]))
            code = walk_one(c, &c->items[i]);
    if (code >= 0 && code != GW_EXIT_SAYS)
        return code;
    c->n = 0;
    code = learn(c);
    return code < 0 ? list(c) : code;
}

/* One point without questions: what moves from now on, or what moved in the last seconds. */
static int prove_one(const struct commission *c, const char *point)
{
    const bool moved = gw_opts_get(c->verb, c->o, "moved") != NULL;
    const bool acted = gw_opts_get(c->verb, c->o, "acted") != NULL;
    const char *last = gw_opts_get(c->verb, c->o, "last");
    const struct item *it = find(c, point);
    int64_t last_s = 0;
    if (moved == acted)
        return gw_opts_wrong(c->verb, "--point takes either --moved or --acted");
    if (last && !gw_opts_number(last, 1, LAST_MAX_S, &last_s))
        return gw_opts_wrong(c->verb, "--last must be a number from 1 to 900");
    if (last && gw_opts_get(c->verb, c->o, "wait"))
        return gw_opts_wrong(c->verb, "--last looks back, --wait waits: take one of them");
    if (!it)
        return gw_opts_say(c->verb, GW_EXIT_REFUSED, "%s plays no role of any asset", point);
    if (last)
        return prove(c, it, acted, gw_clock_mono_ms(&c->clock) - last_s * 1000, false);
    say(c, "%s, %s %s: make %s move now\n", it->asset, it->role, it->title, it->point);
    return watch(c, it, acted, false);
}

static int run_it(struct commission *c)
{
    const char *point = gw_opts_get(c->verb, c->o, "point");
    const char *wait = gw_opts_get(c->verb, c->o, "wait");
    const int code = learn(c);
    if (code >= 0)
        return code;
    if (wait && !gw_opts_number(wait, 1, 86400, &c->wait_s))
        return gw_opts_wrong(c->verb, "--wait must be a number from 1 on");
    if (!point && gw_opts_get(c->verb, c->o, "last"))
        return gw_opts_wrong(c->verb, "--last belongs to --point");
    if (point)
        return prove_one(c, point);
    if (gw_opts_get(c->verb, c->o, "list"))
        return list(c);
    return walk(c);
}

static int commission(const struct gw_verb *verb, const struct gw_opts *o)
{
    struct commission c = {.verb = verb, .o = o, .clock = gw_clock_system(), .wait_s = WAIT_S};
    c.role = gw_opts_get(verb, o, "role");
    if (!c.role)
        c.role = "technician";
    if (strcmp(c.role, "technician") != 0 && strcmp(c.role, "supervisor") != 0 &&
        strcmp(c.role, "third_party") != 0)
        return gw_opts_wrong(verb, "--role must be technician, supervisor or third_party");
    const int code = run_it(&c);
    free(c.items);
    return code;
}

static const struct gw_opt opts[] = {
    {"list", 'l', NULL, "show what was proved and what is open; exits with 1\nwhile something is"},
    {"asset", 'a', "ASSET", "this one alone"},
    {"point", 'p', "POINT", "no questions: watch this one from now on, and record\nthat it moved"},
    {"moved", '\0', NULL, "of --point: that it moved"},
    {"acted", '\0', NULL, "of --point: that it moved as an interlock's effect, in\nits time"},
    {"last", '\0', "SECONDS",
     "of --point: do not wait, it was tested in these last\nseconds, 900 at most"},
    {"role", 'r', "ROLE",
     "technician (default), supervisor or third_party;\nnever a person's name"},
    {"note", '\0', "TEXT", "what is worth knowing; stands in the record"},
    {"wait", '\0', "SECONDS", "how long each point is watched; default 120"},
    {0},
};

const struct gw_verb gw_verb_commission = {
    .name = "commission",
    .args = "",
    .summary = "walk point by point: seen to move, seen to act",
    .more = "  Names each instrument that was not proved yet, watches it while somebody presses "
            "its test\n"
            "  button, and has the gateway record that it moved, or that an interlock acted in its "
            "time.\n"
            "  Only what the gateway saw is recorded. It may be stopped and goes on with what is "
            "open.\n",
    .opts = opts,
    .run = commission,
    .path = "/v1/proof",
};
