/* SPDX-License-Identifier: Apache-2.0
 *
 * What the local API answers to each request.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "base/log.h"
#include "control/control_in.h"
#include "control/page.h"
#include "control/render.h"
#include "control/told.h"

#define TAG          "control"
#define JSON         "application/json; charset=utf-8"
#define JSON_LINES   "application/x-ndjson; charset=utf-8"
#define METRICS      "text/plain; version=0.0.4; charset=utf-8"
#define DOCUMENT_MAX ((size_t)64 << 20)
#define LEADS_SHOWN  20
#define SPAN_MAX_MIN INT64_C(1440)

/* ---- faults ---- */

/* true, as an answer is there. */
static bool fault(struct gw_http_answer *out, unsigned code, const char *text)
{
    struct gw_buf b;
    struct gw_jcs j;

    gw_buf_init(&b, 2048);
    gw_jcs_init(&j, &b);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "error", text);
    gw_jcs_end(&j);
    gw_buf_char(&b, '\n');
    out->code = code;
    out->type = JSON;
    out->body = gw_buf_take(&b, &out->len);
    if (!out->body)
        out->len = 0;
    gw_buf_free(&b);
    return true;
}

static bool no_core(struct gw_http_answer *out)
{
    return fault(out, 503, "the core of nonsited does not answer");
}

/* Takes what was written as the answer; type NULL: JSON, which ends its line here. */
static bool give(struct gw_http_answer *out, struct gw_buf *b, const char *type)
{
    if (!type)
        gw_buf_char(b, '\n');
    out->body = gw_buf_take(b, &out->len);
    gw_buf_free(b);
    if (!out->body)
        return fault(out, 500, "the document is too large");
    out->code = 200;
    out->type = type ? type : JSON;
    return true;
}

/* ---- what is asked for in the query ---- */

/* A whole number from 1 to top, in decimal. */
static bool read_number(const char *text, int64_t top, int64_t *out)
{
    int64_t n = 0;

    if (!text || !*text || strlen(text) > 16 || strspn(text, "0123456789") != strlen(text))
        return false;
    for (const char *p = text; *p; p++)
        n = n * 10 + (*p - '0');
    *out = n;
    return n > 0 && n <= top;
}

static bool find_device(const struct gw_site *site, const char *id, uint32_t *out)
{
    for (size_t i = 0; i < site->ndevices; i++) {
        if (strcmp(site->devices[i].id, id) == 0) {
            *out = (uint32_t)i;
            return true;
        }
    }
    return false;
}

static bool find_point(const struct gw_site *site, const char *id, uint32_t *out)
{
    for (size_t i = 0; i < site->npoints; i++) {
        if (strcmp(site->points[i].id, id) == 0) {
            *out = (uint32_t)i;
            return true;
        }
    }
    return false;
}

/* The latest snapshot with these parts; NULL: not yet, and it was asked for. */
static const struct gw_snapshot *look(struct gw_control *c, unsigned parts)
{
    const struct gw_snapshot *s = gw_board_read(c->conf.board);

    if (s && (s->parts & parts) == parts && s->now.mono_ms >= c->changed_ms &&
        gw_clock_mono_ms(c->conf.clock) - s->now.mono_ms <= GW_CONTROL_FRESH_MS)
        return s;
    gw_board_ask(c->conf.board, parts);
    return NULL;
}

/* ---- documents from a snapshot ---- */

struct route {
    const char *path;
    void (*render)(const struct gw_render *r, struct gw_buf *out);
    unsigned parts;
    const char *type; /* NULL: JSON */
};

static const struct route routes[] = {
    {"/v1/status", gw_render_status, GW_PART_NONE, NULL},
    {"/v1/devices", gw_render_devices, GW_PART_NONE, NULL},
    {"/v1/buses", gw_render_buses, GW_PART_NONE, NULL},
    {"/v1/points", gw_render_points, GW_PART_POINTS, NULL},
    {"/v1/assets", gw_render_assets, GW_PART_POINTS | GW_PART_STANDING | GW_PART_PROOFS, NULL},
    {"/v1/cases", gw_render_cases, GW_PART_POINTS | GW_PART_STANDING, NULL},
    {"/v1/alarms", gw_render_alarms, GW_PART_POINTS | GW_PART_STANDING, NULL},
    {"/v1/events", gw_render_events, GW_PART_EVENTS, NULL},
    {"/v1/permits", gw_render_permits, GW_PART_GOVERN, NULL},
    {"/v1/orders", gw_render_orders, GW_PART_GOVERN, NULL},
    {"/v1/shelves", gw_render_shelves, GW_PART_GOVERN, NULL},
    {"/v1/proofs", gw_render_proofs, GW_PART_PROOFS, NULL},
    {"/v1/health", gw_render_health, GW_PART_HEALTH, NULL},
    {"/metrics", gw_render_metrics, GW_PART_POINTS, METRICS},
};

static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}

/* Whether who asks may write: told in status, so that a page need not offer what is refused. */
static void look_at_rights(struct gw_control *c, const struct gw_http_request *req,
                           struct gw_render *r)
{
    char by[GW_ACCESS_BY];
    int64_t retry_s = 0;

    r->how = gw_access_how(&c->access, req->tcp);
    if (!req->tcp) {
        r->may_write = gw_access_socket(&c->access, req->fd, by) == GW_ACCESS_YES;
        return;
    }
    const char *words = gw_http_header(req, "Authorization");
    r->may_write = words && gw_access_password(&c->access, words, gw_clock_mono_ms(c->conf.clock),
                                               &retry_s) == GW_ACCESS_YES;
}

static bool give_document(struct gw_control *c, const struct route *route,
                          const struct gw_http_request *req, struct gw_http_answer *out)
{
    struct gw_render r = {
        .boot = c->conf.boot,
        .kid = c->conf.kid,
        .start = c->conf.start,
        .device = GW_RENDER_ALL,
        .clients = gw_http_clients(c->http),
        .refused = gw_http_refused(c->http),
    };
    const char *device = gw_http_arg(req, "device");
    const char *points = gw_http_arg(req, "points");
    const char *from = gw_http_arg(req, "from");
    const char *limit = gw_http_arg(req, "limit");
    struct gw_buf b;

    const bool events = route->render == gw_render_events;
    if (events && limit && !read_number(limit, GW_EVENTS_KEPT, &r.limit))
        return fault(out, 400, "limit= must be a number from 1 to 200");
    if (from && events && !read_number(from, INT64_MAX, &r.from))
        return fault(out, 400, "from= must be the number of an event, 1 or more");
    r.points = points && strcmp(points, "1") == 0;
    r.snapshot = look(c, route->parts);
    if (!r.snapshot)
        return req->waited_ms >= GW_CONTROL_WAIT_MS && no_core(out);
    r.site = r.snapshot->site;
    r.inventory = r.snapshot->inventory;
    if (device && !find_device(r.site, device, &r.device))
        return fault(out, 404, "there is no such device");
    if (route->render == gw_render_status)
        look_at_rights(c, req, &r);
    gw_buf_init(&b, DOCUMENT_MAX);
    route->render(&r, &b);
    return give(out, &b, route->type);
}

/* For a watchdog or a load balancer: a word, and its code. */
static bool give_health(struct gw_control *c, const struct gw_http_request *req,
                        struct gw_http_answer *out)
{
    const bool ready = strcmp(req->path, "/readyz") == 0;
    const struct gw_snapshot *s = look(c, GW_PART_NONE);
    struct gw_buf b;

    if (!s)
        return req->waited_ms >= GW_CONTROL_WAIT_MS && no_core(out);
    if (ready && !s->journal.ok)
        return fault(out, 503, "the journal failed");
    if (ready && !s->deciding)
        return fault(out, 503, "nothing is decided yet");
    gw_buf_init(&b, 16);
    gw_buf_str(&b, "ok\n");
    return give(out, &b, "text/plain; charset=utf-8");
}

/* ---- the past ---- */

static bool no_records(struct gw_http_answer *out, enum gw_status st, const struct gw_err *err)
{
    if (st == GW_E_NOTFOUND)
        return fault(out, 404, err->msg);
    if (st == GW_E_INVAL)
        return fault(out, 400, err->msg);
    gw_log(GW_LOG_WARN, TAG, "no records: %s", err->msg);
    return fault(out, 503, "the records cannot be read now: see the log of nonsited");
}

/* Asked for anew each time: nothing of an export is kept here, however long it is. */
static bool give_records(struct gw_control *c, const struct gw_http_request *req,
                         struct gw_http_answer *out)
{
    struct gw_err err = {0};
    struct gw_buf b;
    int64_t from = 0;

    if (!c->conf.records.page)
        return fault(out, 404, "there is no such document");
    if (!read_number(gw_http_arg(req, "from"), INT64_MAX, &from))
        return fault(out, 400, "from= must be the number of a record, 1 or more");
    gw_buf_init(&b, DOCUMENT_MAX);
    const enum gw_status st = c->conf.records.page(c->conf.records.ctx, from, &b, &err);
    if (st != GW_OK) {
        gw_buf_free(&b);
        return no_records(out, st, &err);
    }
    gw_buf_char(&b, '\0'); /* an empty page is an answer, too */
    if (!give(out, &b, JSON_LINES) || out->code != 200)
        return true;
    out->len--;
    return true;
}

static bool give_leads(struct gw_control *c, const struct gw_http_request *req,
                       struct gw_http_answer *out)
{
    struct gw_err err = {0};
    struct gw_buf list, b;
    struct gw_jcs j;
    int64_t limit = LEADS_SHOWN;
    const char *text = gw_http_arg(req, "limit");

    if (!c->conf.records.page)
        return fault(out, 404, "there is no such document");
    if (text && !read_number(text, GW_HISTORY_LEADS, &limit))
        return fault(out, 400, "limit= must be a number from 1 to 50");
    const struct gw_snapshot *s = look(c, GW_PART_NONE);
    if (!s)
        return req->waited_ms >= GW_CONTROL_WAIT_MS && no_core(out);
    gw_buf_init(&list, DOCUMENT_MAX);
    const enum gw_status st =
        gw_history_leads(c->history, s->chain, s->journal.seq, (size_t)limit, &list, &err);
    if (st != GW_OK) {
        gw_buf_free(&list);
        return no_records(out, st, &err);
    }
    gw_buf_init(&b, DOCUMENT_MAX);
    gw_jcs_init(&j, &b);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "gateway", s->site->gateway.id);
    gw_jcs_raw(&j, "leads", list.data, list.len);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
    gw_buf_free(&list);
    return give(out, &b, NULL);
}

/* The record that a standing case or alarm, or else a kept lead, was told by last. */
static bool record_of_case(struct gw_control *c, const struct gw_snapshot *s, const char *id,
                           char out[GW_RECORD_ID_SIZE])
{
    for (size_t i = 0; i < s->nstanding; i++) {
        if (strcmp(s->standing[i].id, id) == 0 && s->standing[i].record[0]) {
            memcpy(out, s->standing[i].record, GW_RECORD_ID_SIZE);
            return true;
        }
    }
    return gw_history_record(c->history, id, out);
}

static bool give_evidence(struct gw_control *c, const struct gw_http_request *req,
                          struct gw_http_answer *out)
{
    const char *record = gw_http_arg(req, "record");
    const char *case_id = gw_http_arg(req, "case");
    char id[GW_RECORD_ID_SIZE];
    struct gw_err err = {0};
    struct gw_buf b;

    if (!c->conf.records.page)
        return fault(out, 404, "there is no such document");
    if (!record == !case_id)
        return fault(out, 400, "record= or case= must be given");
    const struct gw_snapshot *s = look(c, case_id ? GW_PART_STANDING : GW_PART_NONE);
    if (!s)
        return req->waited_ms >= GW_CONTROL_WAIT_MS && no_core(out);
    if (case_id) {
        if (!record_of_case(c, s, case_id, id))
            return fault(out, 404, "no record of that case is known; name the record");
        record = id;
    }
    gw_buf_init(&b, DOCUMENT_MAX);
    const struct gw_stamp now = gw_clock_now(c->conf.clock);
    const enum gw_status st = gw_history_evidence(
        c->history, record, s->site->journal.window_after_s * 1000, now.wall_ms, &b, &err);
    if (st != GW_OK) {
        gw_buf_free(&b);
        return no_records(out, st, &err);
    }
    return give(out, &b, NULL);
}

/* ---- what is put to the core ---- */

static struct gw_waiting *waiting_of(struct gw_control *c, const struct gw_http_request *req)
{
    struct gw_waiting *w = &c->waiting[req->place];
    if (w->serial != req->serial) {
        gw_call_answer_free(w->answer);
        *w = (struct gw_waiting){.serial = req->serial};
    }
    return w;
}

void gw_control_take(struct gw_control *c, struct gw_call_answer *answer)
{
    for (size_t i = 0; i < GW_HTTP_CLIENTS; i++) {
        struct gw_waiting *w = &c->waiting[i];
        if (w->call != 0 && w->call == answer->id && !w->answer) {
            w->answer = answer;
            return;
        }
    }
    gw_call_answer_free(answer); /* its client has gone */
}

/* False: the core takes nothing now. */
static bool put(struct gw_control *c, struct gw_waiting *w, struct gw_call *call)
{
    call->id = ++c->calls;
    if (gw_calls_put(c->conf.calls, call) != GW_OK) {
        free(call->command);
        return false;
    }
    w->call = call->id;
    return true;
}

static bool give_trend(struct gw_control *c, const struct gw_http_request *req,
                       struct gw_http_answer *out)
{
    const char *id = gw_http_arg(req, "point");
    const char *text = gw_http_arg(req, "minutes");
    struct gw_render r = {.site = NULL};
    struct gw_waiting *w = waiting_of(c, req);
    int64_t minutes = SPAN_MAX_MIN;
    struct gw_buf b;
    uint32_t point = 0;

    if (!c->conf.calls)
        return fault(out, 404, "there is no such document");
    if (text && !read_number(text, SPAN_MAX_MIN, &minutes))
        return fault(out, 400, "minutes= must be a number from 1 to 1440");
    const struct gw_snapshot *s = gw_board_read(c->conf.board); /* whose points: however old */
    if (!s) {
        gw_board_ask(c->conf.board, GW_PART_NONE);
        return req->waited_ms >= GW_CONTROL_WAIT_MS && no_core(out);
    }
    r.site = s->site;
    r.inventory = s->inventory;
    if (!id || !find_point(s->site, id, &point))
        return fault(out, 404, "there is no such point");
    if (w->call == 0) {
        struct gw_call call = {.kind = GW_CALL_TREND, .span_ms = minutes * 60000};
        memcpy(call.point, s->site->points[point].id, sizeof call.point);
        return !put(c, w, &call) && fault(out, 503, "the core of nonsited is busy");
    }
    if (!w->answer)
        return req->waited_ms >= GW_CONTROL_WAIT_MS && no_core(out);
    gw_buf_init(&b, DOCUMENT_MAX);
    gw_render_trend(&r, point, w->answer, &b);
    return give(out, &b, NULL);
}

/* ---- what people tell ---- */

/* Whether it may be told at all, before a body is read. False: go on. */
static bool refuse_early(struct gw_control *c, const struct gw_http_request *req,
                         struct gw_http_answer *out)
{
    static const char json[] = "application/json";
    const char *type = gw_http_header(req, "Content-Type");
    struct gw_waiting *w = waiting_of(c, req);
    enum gw_access_word word;
    int64_t retry_s = 0;

    if (!type || strncmp(type, json, sizeof json - 1) != 0)
        return fault(out, 415, "Content-Type must be application/json");
    /* No page of another origin can send it unasked. */
    if (req->tcp && !gw_http_header(req, "X-Nonsite"))
        return fault(out, 403, "the header X-Nonsite is missing");
    if (req->tcp)
        word = gw_access_password(&c->access, gw_http_header(req, "Authorization"),
                                  gw_clock_mono_ms(c->conf.clock), &retry_s);
    else
        word = gw_access_socket(&c->access, req->fd, w->by);
    if (req->tcp)
        (void)snprintf(w->by, sizeof w->by, "password");
    if (word == GW_ACCESS_NO)
        return fault(out, 403,
                     req->tcp ? "this way nothing can be changed: local.http.password_file"
                              : "only members of local.operator_group may do that");
    if (word == GW_ACCESS_LATER) {
        char text[24];
        (void)snprintf(text, sizeof text, "%lld", (long long)retry_s);
        gw_http_answer_header(out, "Retry-After", text);
        return fault(out, 429, "too many wrong passwords: wait a minute");
    }
    /* No WWW-Authenticate: the page asks for the password itself, a browser's own box would keep it. */
    if (word == GW_ACCESS_PASSWORD)
        return fault(out, 401, "the password of the user operator is missing or wrong");
    w->let_in = true;
    return false;
}

static bool give_reply(const struct gw_call_answer *a, struct gw_http_answer *out)
{
    struct gw_buf b;
    struct gw_jcs j;

    gw_buf_init(&b, 8192);
    gw_jcs_init(&j, &b);
    gw_jcs_obj(&j, NULL);
    if (a->done) {
        gw_jcs_bool(&j, "done", true);
        gw_jcs_str(&j, "record", a->record);
    }
    gw_jcs_obj(&j, a->done ? "text" : "error");
    gw_jcs_str(&j, "en", a->why);
    gw_jcs_str(&j, "zh", a->why_zh);
    gw_jcs_end(&j);
    gw_jcs_end(&j);
    (void)give(out, &b, NULL);
    if (out->code == 200 && !a->done)
        out->code = a->later ? 503 : 409;
    return true;
}

static bool take_told(struct gw_control *c, const struct gw_told_verb *verb,
                      const struct gw_http_request *req, struct gw_http_answer *out)
{
    struct gw_waiting *w = waiting_of(c, req);
    const struct gw_stamp now = gw_clock_now(c->conf.clock);
    struct gw_err err = {0};

    if (req->early)
        return refuse_early(c, req, out);
    if (!w->let_in)
        return fault(out, 403, "this connection was not let in");
    if (w->answer) {
        if (w->answer->done)
            c->changed_ms = now.mono_ms;
        return give_reply(w->answer, out);
    }
    if (w->call != 0)
        return req->waited_ms >= GW_CONTROL_TELL_MS &&
               fault(out, 503, "it is not known whether it was done: look before you repeat it");
    struct gw_call call = {.kind = GW_CALL_COMMAND, .command = malloc(sizeof *call.command)};
    if (!call.command)
        return fault(out, 503, "out of memory");
    if (gw_told_read(verb, req->body, req->body_len, w->by, now.wall_ms, call.command, &err) !=
        GW_OK) {
        free(call.command);
        return fault(out, 422, err.msg);
    }
    return !put(c, w, &call) && fault(out, 503, "the core of nonsited is busy");
}

/* ---- the local page ---- */

static bool give_asset(const struct gw_page_asset *a, const struct gw_http_request *req,
                       struct gw_http_answer *out)
{
    char tag[80];
    const char *known = gw_http_header(req, "If-None-Match");

    (void)snprintf(tag, sizeof tag, "\"%s\"", a->sha);
    gw_http_answer_header(out, "ETag", tag);
    out->page = true;
    out->type = a->type;
    out->lent = a->bytes;
    out->len = a->len;
    out->code = 200;
    if (known && strstr(known, tag)) {
        out->code = 304;
        out->len = 0;
    }
    return true;
}

/* ---- all of them ---- */

static bool give_other(struct gw_control *c, const struct gw_http_request *req,
                       struct gw_http_answer *out)
{
    static const struct {
        const char *path;
        bool (*give)(struct gw_control *c, const struct gw_http_request *req,
                     struct gw_http_answer *out);
    } others[] = {
        {"/v1/records", give_records}, {"/v1/leads", give_leads}, {"/v1/evidence", give_evidence},
        {"/v1/trends", give_trend},    {"/healthz", give_health}, {"/readyz", give_health},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i].path, req->path) == 0)
            return others[i].give(c, req, out);
    return fault(out, 404, "there is no such document");
}

bool gw_control_answer(void *ctx, const struct gw_http_request *req, struct gw_http_answer *out)
{
    struct gw_control *c = ctx;
    const struct gw_told_verb *verb = gw_told_find(req->path);
    const struct route *route = find_route(req->path);
    const struct gw_page_asset *asset = gw_page_find(req->path);

    gw_pulse_turn(c->pulse, 0); /* many that ask wait for the journal, one behind the other */
    /* A name that somebody else made point here is not ours: what it asks, it asks for him. */
    if (req->tcp &&
        !gw_access_is_ours(&c->access, gw_http_header(req, "Host"), gw_http_header(req, "Origin")))
        return fault(out, 403, "this address goes by local.http.listen or localhost only");
    if (req->post && verb && c->conf.calls)
        return take_told(c, verb, req, out);
    if (req->post || verb) {
        gw_http_answer_header(out, "Allow", verb ? "POST" : "GET, HEAD");
        return fault(out, 405, verb ? "POST only" : "read-only: GET or HEAD");
    }
    if (asset && (!req->tcp || c->conf.local.http.page))
        return give_asset(asset, req, out);
    if (route)
        return give_document(c, route, req, out);
    return give_other(c, req, out);
}
