/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/pipeline.h"
#include "finding/engine.h"
#include "model/table.h"

#define LOOK_LEAST_MS 1000
#define LOOK_MOST_MS                                                                               \
    4000                 /* the engine takes five seconds without a look for time that nobody saw */
#define DOWN_AFTER 3     /* passes without an answer, as the drivers count */
#define SILENCE_MS 60000 /* and two periods: longer than the longest back-off of a dead device */
#define EPOCH_MS   1000000
#define WAITING    1024 /* records of one look that await their number */

/* What the journal would hold. */
struct state_row {
    char key[GW_CHECK_KEY];
    char *text;
    int64_t seq;
};

struct run {
    struct gw_run_conf conf;
    const struct gw_site *site;
    struct gw_table *table;
    struct gw_engine *engine;
    struct gw_pipeline *pipeline;
    unsigned *silent; /* of each device: passes without an answer in a row */
    struct gw_polls *polls;
    struct gw_stamp now;
    int64_t base_ms, gap_ms;
    int64_t every_ms; /* between two regular looks */
    int64_t look_ms;  /* monotonic time of the last regular look */
    int64_t due_ms;   /* and when the next delay ends, as it saw it */
    struct gw_clock clock;

    struct state_row *rows;
    size_t nrows, row_room;
    struct {
        uint64_t token;
        int64_t seq;
    } waiting[WAITING];
    size_t nwaiting;
    int64_t seq;
    enum gw_status status; /* what ended the run from inside a call */
};

static void read_clock(void *ctx, struct gw_stamp *out)
{
    const struct run *r = ctx;
    *out = r->now;
}

/* ---- the journal's part ---- */

static bool store(struct run *r, const struct gw_draft *d, int64_t seq)
{
    struct state_row *row = NULL;
    for (size_t i = 0; i < r->nrows && row == NULL; i++)
        if (strcmp(r->rows[i].key, d->state_key) == 0)
            row = &r->rows[i];
    if (row == NULL) {
        if (r->nrows == r->row_room) {
            const size_t room = r->row_room > 0 ? 2 * r->row_room : 64;
            struct state_row *more = realloc(r->rows, room * sizeof *more);
            if (more == NULL)
                return false;
            r->rows = more;
            r->row_room = room;
        }
        row = &r->rows[r->nrows++];
        *row = (struct state_row){.seq = 0};
        (void)snprintf(row->key, sizeof row->key, "%s", d->state_key);
    }
    char *text = d->state != NULL ? strdup(d->state) : NULL;
    if (d->state != NULL && text == NULL)
        return false;
    free(row->text);
    row->text = text;
    if (d->opens)
        row->seq = seq;
    return true;
}

static enum gw_status emit(void *ctx, const struct gw_draft *d)
{
    struct run *r = ctx;
    int64_t seq = 0;
    if (d->token != 0 && r->nwaiting == WAITING)
        return GW_E_FULL; /* offered again at the next look */
    if (d->cls != GW_CLASS_NONE)
        seq = ++r->seq;
    if (d->state_key != NULL && !store(r, d, seq)) {
        r->status = GW_E_NOMEM;
        return GW_E_FULL;
    }
    if (d->token != 0) {
        r->waiting[r->nwaiting].token = d->token;
        r->waiting[r->nwaiting++].seq = seq;
    }
    if ((d->cls == GW_CLASS_ALARM || d->cls == GW_CLASS_LEAD) && r->status == GW_OK)
        r->status = r->conf.record(r->conf.ctx, d, r->now.wall_ms);
    return GW_OK;
}

static void commit(struct run *r)
{
    for (size_t i = 0; i < r->nwaiting; i++)
        gw_engine_committed(r->engine, r->waiting[i].token, r->waiting[i].seq);
    r->nwaiting = 0;
}

/* ---- starting and stopping ---- */

static void no_link(void *arg, uint32_t device, const struct gw_device_life *life)
{
    (void)arg;
    (void)device;
    (void)life;
}

static enum gw_status start(struct run *r, struct gw_err *err)
{
    enum gw_status st = gw_pipeline_table(r->site, &r->table, err);
    if (st != GW_OK)
        return st;
    const struct gw_engine_conf ec = {
        .inventory = r->conf.inventory,
        .table = r->table,
        .boot_id = "replay",
        .emit = emit,
        .emit_ctx = r,
    };
    st = gw_engine_new(&ec, &r->engine, err);
    const struct gw_pipeline_conf pc = {
        .site = r->site, .table = r->table, .clock = &r->clock, .link = no_link};
    if (st == GW_OK)
        st = gw_pipeline_new(&pc, &r->pipeline, err);
    if (st != GW_OK)
        return st;
    for (size_t i = 0; i < r->nrows; i++)
        if (r->rows[i].text != NULL &&
            gw_engine_restore(r->engine, r->rows[i].key, r->rows[i].text, r->rows[i].seq) != GW_OK)
            return gw_err_set(err, GW_E_PARSE, "%s: its state cannot be restored", r->rows[i].key);
    gw_engine_chain(r->engine, "0000000000000000");
    memset(r->silent, 0, r->site->ndevices * sizeof *r->silent);
    r->look_ms = r->now.mono_ms;
    r->due_ms = INT64_MAX;
    return GW_OK;
}

static void stop(struct run *r)
{
    gw_pipeline_free(r->pipeline);
    gw_engine_free(r->engine);
    gw_table_free(r->table);
    r->pipeline = NULL;
    r->engine = NULL;
    r->table = NULL;
}

/* ---- time ---- */

static void set_clock(struct run *r, int64_t wall_ms)
{
    r->now.wall_ms = wall_ms;
    r->now.mono_ms = EPOCH_MS + wall_ms - r->base_ms;
    r->now.boot_ms = r->now.mono_ms;
}

static void look(struct run *r)
{
    gw_engine_all(r->engine, &r->now);
    commit(r);
    r->due_ms = gw_engine_due(r->engine);
}

/* Lets time pass up to wall_ms. */
static enum gw_status pass_time(struct run *r, int64_t wall_ms, struct gw_run_stats *stats,
                                struct gw_err *err)
{
    const int64_t to_ms = EPOCH_MS + wall_ms - r->base_ms;
    if (wall_ms - r->now.wall_ms > r->gap_ms) {
        gw_engine_checkpoint(r->engine, &r->now, true);
        stats->gaps++;
        stats->gap_ms += wall_ms - r->now.wall_ms;
        stop(r);
        set_clock(r, wall_ms);
        return start(r, err);
    }
    /* What comes at this very moment is heard before anything is decided. */
    while (r->status == GW_OK) {
        const int64_t regular_ms = r->look_ms + r->every_ms;
        const bool early = r->due_ms > r->now.mono_ms && r->due_ms < regular_ms;
        const int64_t next_ms = early ? r->due_ms : regular_ms;
        if (next_ms >= to_ms)
            break;
        r->look_ms = early ? r->look_ms : regular_ms;
        set_clock(r, r->base_ms + next_ms - EPOCH_MS);
        look(r);
    }
    set_clock(r, wall_ms);
    return r->status;
}

/* ---- passes ---- */

static uint8_t link_after(struct run *r, const struct gw_tape_pass *p)
{
    bool answered = false;
    for (size_t i = 0; i < p->n; i++)
        answered = answered || p->samples[i].quality != GW_Q_BAD_COMM;
    unsigned *silent = &r->silent[p->device];
    *silent = answered ? 0 : *silent + 1;
    if (answered)
        return GW_LINK_OK;
    return *silent >= DOWN_AFTER ? GW_LINK_DOWN : GW_LINK_SUSPECT;
}

static void apply(struct run *r, const struct gw_tape_pass *p)
{
    const uint8_t link = link_after(r, p);
    struct gw_batch b = {
        .device = p->device, .link = link, .mono_ms = r->now.mono_ms, .wall_ms = p->wall_ms};
    struct gw_polls *polls = &r->polls[p->device];
    size_t done = 0;

    polls->scheduled++;
    *(link == GW_LINK_OK ? &polls->read : &polls->failed) += 1;
    b.polls = *polls;
    if (link != GW_LINK_OK)
        (void)snprintf(b.fault, sizeof b.fault, "no answer in the recording");
    while (done < p->n) {
        for (b.n = 0; b.n < GW_BATCH_MAX && done < p->n; b.n++, done++) {
            b.samples[b.n] = p->samples[done];
            b.samples[b.n].mono_ms = r->now.mono_ms + p->samples[done].wall_ms - p->wall_ms;
        }
        b.last = done == p->n;
        gw_pipeline_batch(r->pipeline, &b, r->engine);
    }
    commit(r);
}

static enum gw_status play(struct run *r, struct gw_run_stats *stats, struct gw_err *err)
{
    struct gw_tape_pass p;
    enum gw_status st;
    while ((st = gw_tape_next(r->conf.tape, &p, err)) == GW_OK) {
        if (r->engine == NULL) {
            r->base_ms = p.wall_ms;
            set_clock(r, p.wall_ms);
            st = start(r, err);
        } else {
            st = pass_time(r, p.wall_ms, stats, err);
        }
        if (st != GW_OK)
            return st;
        r->now.sync = p.sync;
        apply(r, &p);
        stats->passes++;
        if (r->status != GW_OK)
            return r->status;
    }
    return st == GW_E_CLOSED ? GW_OK : st;
}

/* Looks are as frequent as the fastest device is polled, within reason. */
static void set_pace(struct run *r)
{
    int64_t fastest_ms = LOOK_MOST_MS;
    int64_t slowest_ms = 0;
    for (size_t i = 0; i < r->site->ndevices; i++) {
        const int64_t period_ms = r->site->devices[i].period_ms;
        if (gw_site_is_derived(&r->site->buses[r->site->devices[i].bus]))
            continue;
        fastest_ms = period_ms < fastest_ms ? period_ms : fastest_ms;
        slowest_ms = period_ms > slowest_ms ? period_ms : slowest_ms;
    }
    r->every_ms = fastest_ms > LOOK_LEAST_MS ? fastest_ms : LOOK_LEAST_MS;
    r->gap_ms = SILENCE_MS + 2 * slowest_ms;
}

enum gw_status gw_run(const struct gw_run_conf *conf, struct gw_run_stats *out, struct gw_err *err)
{
    struct gw_engine_counts counts = {0};
    struct run *r = calloc(1, sizeof *r);
    if (r == NULL)
        return gw_err_set(err, GW_E_NOMEM, "replay: out of memory");
    *out = (struct gw_run_stats){0};
    r->conf = *conf;
    r->site = gw_inventory_site(conf->inventory);
    r->clock = (struct gw_clock){.now = read_clock, .ctx = r};
    r->silent = calloc(r->site->ndevices + 1, sizeof *r->silent);
    r->polls = calloc(r->site->ndevices + 1, sizeof *r->polls);
    enum gw_status st = gw_err_set(err, GW_E_NOMEM, "replay: out of memory");
    if (r->silent == NULL || r->polls == NULL)
        goto out;
    set_pace(r);
    st = play(r, out, err);
    if (st == GW_OK && r->engine != NULL) {
        gw_engine_counts(r->engine, &counts);
        out->alarms = counts.alarms;
        out->leads = counts.leads;
        out->unknown = counts.unknown;
    }
out:
    stop(r);
    for (size_t i = 0; i < r->nrows; i++)
        free(r->rows[i].text);
    free(r->rows);
    free(r->silent);
    free(r->polls);
    free(r);
    return st;
}
