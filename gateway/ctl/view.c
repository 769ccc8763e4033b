/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "ctl/grid.h"
#include "ctl/member.h"
#include "model/unit.h"

bool gw_view_healthy(const struct gw_jnode *root)
{
    return gw_member_true(root, "healthy");
}

const char *gw_view_text(const struct gw_jnode *n, const char *key, bool english)
{
    const struct gw_jnode *m = gw_jnode_get(n, key);
    if (m && gw_jnode_type(m) == GW_J_STR)
        return gw_jnode_str(m);
    const char *text = gw_member_str(m, english ? "en" : "zh");
    return text[0] ? text : gw_member_str(m, english ? "zh" : "en");
}

const char *gw_view_error(const struct gw_jnode *root, bool english)
{
    return gw_view_text(root, "error", english);
}

/* ---- forms ---- */

void gw_view_span(int64_t ms, char out[GW_VIEW_SPAN])
{
    static const struct {
        int64_t below_ms, unit_ms;
        const char *name;
    } units[] = {
        {INT64_C(120) * 1000, 1000, "s"},
        {INT64_C(120) * 60000, 60000, "min"},
        {INT64_C(48) * 3600000, 3600000, "h"},
        {INT64_MAX, INT64_C(24) * 3600000, "d"},
    };
    size_t i = 0;

    if (ms < 0)
        ms = 0;
    if (ms < 10000) {
        (void)snprintf(out, GW_VIEW_SPAN, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
        return;
    }
    while (i + 1 < sizeof units / sizeof units[0] && ms >= units[i].below_ms)
        i++;
    (void)snprintf(out, GW_VIEW_SPAN, "%" PRId64 " %s", ms / units[i].unit_ms, units[i].name);
}

void gw_view_moment(const struct gw_jnode *n, const char *key, char out[GW_VIEW_MOMENT])
{
    char iso[GW_ISO_SIZE] = "";

    if (gw_member_has_int(n, key))
        gw_clock_iso(gw_member_int(n, key), iso);
    else
        (void)snprintf(iso, sizeof iso, "%.29s", gw_member_str(n, key));
    (void)snprintf(out, GW_VIEW_MOMENT, "%.19s", iso);
    if (strlen(out) > 10 && out[10] == 'T')
        out[10] = ' ';
}

static enum gw_status print(struct gw_grid *g, const struct gw_look *look)
{
    const enum gw_status st = g ? gw_grid_print(g, look->width, look->out) : GW_E_NOMEM;
    gw_grid_free(g);
    return st;
}

static void cell_int(struct gw_grid *g, int64_t v)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, v);
    gw_grid_cell(g, text);
}

/* ---- status ---- */

static void line(struct gw_grid *g, const char *name, const char *fmt, ...) GW_PRINTF(3, 4);
static void line(struct gw_grid *g, const char *name, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    gw_grid_cell(g, name);
    gw_grid_cell(g, text);
}

static void store_lines(struct gw_grid *g, const struct gw_jnode *root)
{
    const struct gw_jnode *j = gw_jnode_get(root, "journal");
    const struct gw_jnode *m = gw_jnode_get(root, "mqtt");

    line(g, "journal:",
         "%s; last record %" PRId64 ", waiting: %" PRId64 " records, %" PRId64 " telemetry rows",
         gw_member_str(j, "state"), gw_member_int(j, "seq"), gw_member_int(j, "records_waiting"),
         gw_member_int(j, "telemetry_waiting"));
    if (gw_member_int(j, "telemetry_lost") > 0)
        line(g, "", "%" PRId64 " telemetry rows lost since the start",
             gw_member_int(j, "telemetry_lost"));
    line(g, "mqtt:", "%s; %" PRId64 " sent, %" PRId64 " acknowledged, %" PRId64 " held",
         gw_member_str(m, "state"), gw_member_int(m, "published"), gw_member_int(m, "acked"),
         gw_member_int(m, "held"));
}

static void plant_lines(struct gw_grid *g, const struct gw_jnode *root)
{
    const struct gw_jnode *d = gw_jnode_get(root, "devices");
    const struct gw_jnode *e = gw_jnode_get(root, "engine");

    line(g,
         "devices:", "%" PRId64 " ok, %" PRId64 " suspect, %" PRId64 " down, %" PRId64 " unknown",
         gw_member_int(d, "ok"), gw_member_int(d, "suspect"), gw_member_int(d, "down"),
         gw_member_int(d, "unknown"));
    line(g, "points:", "%" PRId64, gw_member_int(root, "points"));
    if (strcmp(gw_member_str(e, "state"), "running") == 0)
        line(g, "checks:",
             "%" PRId64 "; standing: %" PRId64 " alarms, %" PRId64 " cases; not judged: %" PRId64,
             gw_member_int(e, "checks"), gw_member_int(e, "alarms"), gw_member_int(e, "leads"),
             gw_member_int(e, "unknown"));
    else
        line(g, "checks:", "nothing is decided until the journal is open");
}

enum gw_status gw_view_status(const struct gw_jnode *root, const struct gw_look *look)
{
    char up[GW_VIEW_SPAN];
    char since[GW_VIEW_MOMENT];
    struct gw_grid *g =
        gw_grid_new((const char *const[]){"gateway:", gw_member_str(root, "gateway"), NULL});

    if (!g)
        return GW_E_NOMEM;
    gw_view_span(gw_member_int(root, "uptime_ms"), up);
    gw_view_moment(root, "since", since);
    line(g, "enterprise:", "%s", gw_member_str(root, "enterprise"));
    line(g, "state:", "%s", gw_view_healthy(root) ? "healthy" : "DEGRADED");
    for (const struct gw_jnode *t = gw_member_first(root, "troubles"); t; t = gw_jnode_next(t))
        line(g, "", "%s: %s", gw_member_str(t, "part"), gw_member_str(t, "text"));
    line(g, "version:", "%s, up %s since %s", gw_member_str(root, "version"), up, since);
    line(g, "clock:", "%s",
         gw_member_true(root, "clock_sync") ? "synchronised" : "NOT synchronised; records say so");
    store_lines(g, root);
    plant_lines(g, root);
    return print(g, look);
}

/* ---- buses, devices, points ---- */

/* What became of the requests: answers on average, time-outs, bad frames, exceptions. */
static int64_t cells_comm(struct gw_grid *g, const struct gw_jnode *of)
{
    const struct gw_jnode *comm = gw_jnode_get(of, "comm");
    int64_t answers = 0;
    int64_t exceptions = 0;

    if (!comm) {
        for (int i = 0; i < 4; i++)
            gw_grid_cell(g, "-");
        return 0;
    }
    for (const struct gw_jnode *n = gw_member_first(comm, "times"); n; n = gw_jnode_next(n))
        answers += gw_jnode_is_int(n) ? (int64_t)gw_jnode_num(n) : 0;
    const struct gw_jnode *codes = gw_member(comm, "exceptions", GW_J_OBJ);
    for (const struct gw_jnode *n = codes ? gw_jnode_first(codes) : NULL; n; n = gw_jnode_next(n))
        exceptions += gw_jnode_is_int(n) ? (int64_t)gw_jnode_num(n) : 0;
    if (answers > 0)
        cell_int(g, (gw_member_int(comm, "time_sum_ms") + answers / 2) / answers);
    else
        gw_grid_cell(g, "-");
    cell_int(g, gw_member_int(comm, "timeouts"));
    cell_int(g, gw_member_int(comm, "frame_errors"));
    cell_int(g, exceptions);
    return answers;
}

static void cell_for(struct gw_grid *g, const struct gw_jnode *of)
{
    char span[GW_VIEW_SPAN] = "";

    gw_view_span(gw_member_int(of, "since_ms"), span);
    gw_grid_cell(g, gw_member_has_int(of, "since_ms") ? span : "-");
}

enum gw_status gw_view_buses(const struct gw_jnode *root, const struct gw_look *look)
{
    static const char *const heads[] = {
        "BUS",          "DRIVER", "LINK",     ">FOR",      ">MS",       ">TIMEOUTS", ">?BAD FRAMES",
        ">?EXCEPTIONS", ">LOST",  ">?OPENED", ">?DEVICES", ">?ANSWERS", NULL};
    struct gw_grid *g = gw_grid_new(heads);

    for (const struct gw_jnode *b = gw_member_first(root, "buses"); g && b; b = gw_jnode_next(b)) {
        const struct gw_jnode *comm = gw_jnode_get(b, "comm");
        gw_grid_cell(g, gw_member_str(b, "id"));
        gw_grid_cell(g, gw_member_str(b, "driver"));
        gw_grid_cell(g, gw_member_str(b, "link"));
        cell_for(g, b);
        const int64_t answers = cells_comm(g, b);
        cell_int(g, gw_member_int(comm, "lost"));
        cell_int(g, gw_member_int(comm, "opens"));
        cell_int(g, gw_member_int(b, "devices"));
        cell_int(g, answers);
    }
    return print(g, look);
}

static void cell_backoff(struct gw_grid *g, const struct gw_jnode *device)
{
    const int64_t ms = gw_member_int(gw_jnode_get(device, "comm"), "hold_ms");
    char span[GW_VIEW_SPAN] = "-";

    if (ms > 0)
        gw_view_span(ms, span);
    gw_grid_cell(g, span);
}

enum gw_status gw_view_devices(const struct gw_jnode *root, const struct gw_look *look)
{
    static const char *const heads[] = {
        "DEVICE",       "?BUS",       "LINK",      ">FOR",       ">READ",
        ">FAILED",      ">?SKIPPED",  ">MS",       ">?TIMEOUTS", ">?BAD FRAMES",
        ">?EXCEPTIONS", ">?BACK-OFF", "?IDENTITY", "FAULT",      NULL};
    struct gw_grid *g = gw_grid_new(heads);

    for (const struct gw_jnode *d = gw_member_first(root, "devices"); g && d;
         d = gw_jnode_next(d)) {
        const struct gw_jnode *polls = gw_jnode_get(d, "polls");
        gw_grid_cell(g, gw_member_str(d, "id"));
        gw_grid_cell(g, gw_member_str(d, "bus"));
        gw_grid_cell(g, gw_member_str(d, "link"));
        cell_for(g, d);
        cell_int(g, gw_member_int(polls, "read"));
        cell_int(g, gw_member_int(polls, "failed"));
        cell_int(g, gw_member_int(polls, "skipped"));
        (void)cells_comm(g, d);
        cell_backoff(g, d);
        gw_grid_cell(g, gw_member_str(d, "identity"));
        gw_grid_cell(g, gw_member_str(d, "fault"));
    }
    return print(g, look);
}

static void cell_raw(struct gw_grid *g, const struct gw_jnode *point)
{
    char mem[64];
    struct gw_buf b;

    gw_buf_fixed(&b, mem, sizeof mem);
    mem[0] = '\0';
    for (const struct gw_jnode *r = gw_member_first(point, "raw"); r; r = gw_jnode_next(r))
        if (gw_jnode_type(r) == GW_J_NUM && gw_jnode_num(r) >= 0 && gw_jnode_num(r) <= 65535)
            gw_buf_printf(&b, "%s%04X", b.len > 0 ? " " : "", (unsigned)gw_jnode_num(r));
    gw_grid_cell(g, mem);
}

/* What could still be decoded of a bad reading is for the evidence, not to be read off a table. */
static const char *value_of(const struct gw_jnode *point)
{
    const char *value = gw_member_str(point, "value");
    const bool bad = strncmp(gw_member_str(point, "quality"), "BAD_", 4) == 0;
    return bad || !value[0] ? "-" : value;
}

enum gw_status gw_view_points(const struct gw_jnode *root, const struct gw_look *look)
{
    static const char *const heads[] = {"POINT", ">VALUE",     "UNIT",  "QUALITY",
                                        ">AGE",  "?RAW (HEX)", "?LINK", NULL};
    struct gw_grid *g = gw_grid_new(heads);
    char span[GW_VIEW_SPAN];

    for (const struct gw_jnode *p = gw_member_first(root, "points"); g && p; p = gw_jnode_next(p)) {
        gw_grid_cell(g, gw_member_str(p, "id"));
        gw_grid_cell(g, value_of(p));
        gw_grid_cell(g, gw_unit_text(gw_member_str(p, "unit")));
        gw_grid_cell(g, gw_member_str(p, "quality"));
        gw_view_span(gw_member_int(p, "age_ms"), span);
        gw_grid_cell(g, gw_member_has_int(p, "age_ms") ? span : "-");
        cell_raw(g, p);
        gw_grid_cell(g, gw_member_str(p, "link"));
    }
    return print(g, look);
}

/* ---- cases, alarms ---- */

static void cells_of_standing(struct gw_grid *g, const struct gw_jnode *c, bool english)
{
    char since[GW_VIEW_MOMENT];
    char state[64];

    gw_view_moment(c, "since", since);
    (void)snprintf(state, sizeof state, "%s%s", gw_member_str(c, "state"),
                   gw_member_true(c, "declared") ? "" : " (not in the site file)");
    gw_grid_cell(g, since);
    gw_grid_cell(g, state);
    gw_grid_cell(g, gw_member_str(c, "kind"));
    gw_grid_cell(g, gw_member_str(c, "asset"));
    gw_grid_cell(g, gw_member_str(c, "finding"));
    gw_grid_cell(g, gw_member_str(c, "subject"));
    gw_grid_cell(g, gw_view_text(c, "title", english));
    gw_grid_cell(g, gw_member_str(c, "case"));
}

static enum gw_status view_standing(const struct gw_jnode *root, const char *key, bool alarms,
                                    const struct gw_look *look)
{
    static const char *const heads[] = {">P",       "SINCE",    "STATE", "?KIND", "?ASSET",
                                        "?FINDING", "?SUBJECT", "TITLE", "CASE",  NULL};
    const struct gw_jnode *c = gw_member_first(root, key);

    if (!gw_member_true(root, "deciding"))
        (void)fprintf(look->out, "Nothing is decided until the journal is open.\n");
    else if (!c)
        (void)fprintf(look->out, alarms ? "No alarm stands.\n" : "No case stands.\n");
    if (!c)
        return ferror(look->out) ? GW_E_IO : GW_OK;
    struct gw_grid *g = gw_grid_new(alarms ? heads : heads + 1);
    for (; g && c; c = gw_jnode_next(c)) {
        if (alarms)
            cell_int(g, gw_member_int(c, "priority"));
        cells_of_standing(g, c, look->english);
    }
    return print(g, look);
}

enum gw_status gw_view_cases(const struct gw_jnode *root, const struct gw_look *look)
{
    return view_standing(root, "cases", false, look);
}

enum gw_status gw_view_alarms(const struct gw_jnode *root, const struct gw_look *look)
{
    return view_standing(root, "alarms", true, look);
}
