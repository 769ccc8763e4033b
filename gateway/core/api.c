/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "control/call.h"
#include "control/control.h"
#include "core/show.h"

#define TAG            "core"
#define API_RETRY_MS   10000 /* a full disk or a missing folder may come right */
#define EXPORT_WAIT_MS 1000  /* for the journal, which may be at a commit */
#define CALLS_A_ROUND  4     /* then others get their turn */

struct gw_api {
    struct gw_api_conf conf;
    _Atomic(struct gw_journal *) journal; /* NULL before it is there */
    struct gw_board *board;
    struct gw_calls *calls;
    struct gw_control *control; /* NULL while its socket cannot be made */
    struct gw_watch calls_watch;
    bool watching;
    int64_t due_ms;
    struct gw_health_look look;
    struct gw_snapshot_event *events[GW_EVENTS_KEPT]; /* a ring; malloc'd */
    size_t first, n;
    int64_t told; /* events so far */
};

/* ---- on the local API's thread ---- */

static enum gw_status export_page(void *ctx, int64_t from, struct gw_buf *out, struct gw_err *err)
{
    struct gw_api *a = ctx;
    struct gw_journal *journal = atomic_load(&a->journal);
    if (!journal)
        return gw_err_set(err, GW_E_CLOSED, "the journal is not open yet");
    return gw_journal_export(journal, from, EXPORT_WAIT_MS, out, err);
}

static enum gw_status export_window(void *ctx, const char *record, struct gw_buf *out,
                                    struct gw_err *err)
{
    struct gw_api *a = ctx;
    struct gw_journal *journal = atomic_load(&a->journal);
    if (!journal)
        return gw_err_set(err, GW_E_CLOSED, "the journal is not open yet");
    return gw_journal_window(journal, record, EXPORT_WAIT_MS, out, err);
}

/* ---- calls ---- */

static void give_trend(struct gw_api *a, const struct gw_call *call, struct gw_call_answer *out)
{
    const int64_t from_ms = out->now.mono_ms - call->span_ms;

    out->samples = malloc(GW_HISTORY_MAX * sizeof *out->samples);
    if (!out->samples)
        return;
    const struct gw_table *table = a->conf.plant->table;
    uint32_t point = 0;
    while (point < gw_table_npoints(table) &&
           strcmp(gw_table_point(table, point)->id, call->point) != 0)
        point++;
    if (point == gw_table_npoints(table))
        return; /* it went with a reload just now */
    out->whole = true;
    out->n = gw_table_history(table, point, from_ms, out->now.mono_ms, out->samples, GW_HISTORY_MAX,
                              &out->whole);
}

/* The answer comes when it is on the disk, or was refused. */
static void on_told(void *ctx, struct gw_call_answer *answer)
{
    struct gw_api *a = ctx;
    gw_calls_answer(a->calls, answer);
}

/* While the journal is known to fail nobody is kept waiting for it. */
static void take_told(struct gw_api *a, const struct gw_command *cmd, struct gw_call_answer *answer)
{
    a->conf.look(a->conf.ctx, &a->look);
    const struct gw_health *h = &a->look.health;
    if (h->engine && h->journal->open && !h->journal_fault[0]) {
        gw_commands_told(a->conf.commands, cmd, answer);
        return;
    }
    answer->later = true;
    (void)snprintf(answer->why, sizeof answer->why, "the journal failed: nothing can be stored");
    (void)snprintf(answer->why_zh, sizeof answer->why_zh, "日志故障，无法保存");
    gw_calls_answer(a->calls, answer);
}

static void on_calls(void *arg, unsigned events)
{
    struct gw_api *a = arg;
    struct gw_call call;

    (void)events;
    for (int i = 0; i < CALLS_A_ROUND && gw_calls_get(a->calls, &call); i++) {
        struct gw_call_answer *answer = calloc(1, sizeof *answer);
        if (answer) {
            answer->id = call.id;
            answer->now = gw_clock_now(a->conf.clock);
        }
        if (answer && call.kind == GW_CALL_COMMAND) {
            take_told(a, call.command, answer);
        } else if (answer) {
            give_trend(a, &call, answer);
            gw_calls_answer(a->calls, answer);
        }
        free(call.command);
    }
}

/* ---- starting and stopping ---- */

static enum gw_status start(struct gw_api *a, struct gw_err *err)
{
    const struct gw_control_conf conf = {
        .local = a->conf.plant->site->local,
        .boot = a->conf.identity->boot,
        .kid = a->conf.kid,
        .start = a->conf.identity->start,
        .board = a->board,
        .calls = a->calls,
        .clock = a->conf.clock,
        .records = {.page = export_page, .window = export_window, .ctx = a},
        .pulses = a->conf.pulses,
    };
    return gw_control_start(&conf, &a->control, err);
}

static struct gw_board_of board_of(const struct gw_plant *plant)
{
    return (struct gw_board_of){plant->site, plant->inventory, &plant->config->shared};
}

static enum gw_status make(struct gw_api *a, struct gw_err *err)
{
    const struct gw_board_of of = board_of(a->conf.plant);

    enum gw_status st = gw_board_new(&of, &a->board, err);
    if (st == GW_OK)
        st = gw_calls_new(&a->calls, err);
    if (st != GW_OK)
        return st;
    a->calls_watch = (struct gw_watch){.fd = gw_calls_fd(a->calls), .ready = on_calls, .arg = a};
    st = gw_loop_watch(a->conf.loop, &a->calls_watch, GW_LOOP_IN);
    if (st != GW_OK)
        return gw_err_set(err, st, "core loop: cannot watch the local API");
    a->watching = true;
    gw_commands_tell(a->conf.commands, on_told, a);
    st = start(a, err);
    if (st == GW_OK || st == GW_E_REFUSED || st == GW_E_NOMEM)
        return st;
    gw_log(GW_LOG_ERR, TAG, "no local API: %s; tried again every %d s", err->msg,
           API_RETRY_MS / 1000);
    a->due_ms = gw_clock_mono_ms(a->conf.clock) + API_RETRY_MS;
    return GW_OK;
}

enum gw_status gw_api_new(const struct gw_api_conf *conf, struct gw_api **out, struct gw_err *err)
{
    struct gw_api *a = calloc(1, sizeof *a);

    if (!a)
        return gw_err_set(err, GW_E_NOMEM, "local API: out of memory");
    a->conf = *conf;
    const enum gw_status st = make(a, err);
    if (st != GW_OK) {
        gw_api_free(a);
        return st;
    }
    *out = a;
    return GW_OK;
}

bool gw_api_stop(struct gw_api *a, int64_t timeout_ms)
{
    if (!a)
        return true;
    if (!gw_control_stop(a->control, timeout_ms))
        return false;
    a->control = NULL;
    a->due_ms = INT64_MAX;
    return true;
}

void gw_api_free(struct gw_api *a)
{
    if (!a)
        return;
    if (a->watching)
        gw_loop_unwatch(a->conf.loop, &a->calls_watch);
    gw_calls_free(a->calls);
    gw_board_free(a->board);
    for (size_t i = 0; i < GW_EVENTS_KEPT; i++)
        free(a->events[i]);
    free(a);
}

void gw_api_plant(struct gw_api *a, const struct gw_plant *plant)
{
    const struct gw_board_of of = board_of(plant);
    a->conf.plant = plant;
    gw_board_turn(a->board, &of);
}

void gw_api_journal(struct gw_api *a, struct gw_journal *journal)
{
    atomic_store(&a->journal, journal);
}

/* ---- events ---- */

static void copy(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);
    if (n >= size)
        for (n = size - 1; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
            ; /* a character is whole or not there */
    memcpy(out, text, n);
    out[n] = '\0';
}

void gw_api_event(struct gw_api *a, const struct gw_event *ev, const struct gw_stamp *now)
{
    struct gw_snapshot_event *e = NULL;

    if (!a)
        return;
    a->told++;
    if (a->n == GW_EVENTS_KEPT) {
        e = a->events[a->first];
        a->first = (a->first + 1) % GW_EVENTS_KEPT;
    } else {
        e = malloc(sizeof *e);
        if (!e)
            return; /* its number is missing: a gap shows */
        a->events[a->n++] = e;
    }
    *e = (struct gw_snapshot_event){.n = a->told, .t_ms = now->wall_ms};
    copy(e->kind, sizeof e->kind, ev->kind);
    copy(e->place, sizeof e->place, ev->subject);
    copy(e->en, sizeof e->en, ev->text_en);
    copy(e->zh, sizeof e->zh, ev->text_zh);
}

static void show_events(const struct gw_api *a, struct gw_snapshot *out)
{
    struct gw_snapshot_event *events = gw_snapshot_events(out);

    for (size_t i = 0; events && i < a->n; i++)
        events[i] = *a->events[(a->first + i) % GW_EVENTS_KEPT];
    out->nevents = events ? a->n : 0;
}

/* ---- serving ---- */

static void show_health(struct gw_api *a, const struct gw_stamp *now, struct gw_snapshot *out)
{
    gw_document_health(a->conf.identity, &a->look.health, now, &out->texts[GW_TEXT_HEALTH]);
    if (out->texts[GW_TEXT_HEALTH].failed)
        out->incomplete = true;
}

void gw_api_serve(struct gw_api *a, const struct gw_stamp *now)
{
    struct gw_err err = {0};

    if (!a->control) {
        if (now->mono_ms < a->due_ms)
            return;
        a->due_ms = now->mono_ms + API_RETRY_MS;
        if (start(a, &err) == GW_OK)
            gw_log(GW_LOG_INFO, TAG, "local API at %s", a->conf.plant->site->local.socket);
        return;
    }
    const unsigned parts = gw_board_wanted(a->board);
    if (parts == 0)
        return;
    struct gw_snapshot *out = gw_board_begin(a->board, parts);
    if (!out)
        return; /* asked for again */
    a->conf.look(a->conf.ctx, &a->look);
    gw_show(&a->look.health, now, out);
    if ((parts & GW_PART_HEALTH) != 0)
        show_health(a, now, out);
    if ((parts & GW_PART_EVENTS) != 0)
        show_events(a, out);
    gw_board_publish(a->board);
}
