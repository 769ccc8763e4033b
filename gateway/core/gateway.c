/* SPDX-License-Identifier: Apache-2.0 */
#include "core/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/ratelog.h"
#include "core/api.h"
#include "core/clockwatch.h"
#include "core/commands.h"
#include "core/document.h"
#include "core/event.h"
#include "core/identity.h"
#include "core/outage.h"
#include "core/pipeline.h"
#include "core/tap.h"
#include "journal/journal.h"
#include "publish/influx.h"
#include "publish/mqtt.h"
#include "publish/seal.h"

#define TAG             "core"
#define TICK_MS         250 /* delays are exact to this; far below the shortest poll period */
#define TEND_MS         1000
#define BATCHES_A_ROUND 64 /* then timers and notices get their turn */
#define DRIVERS_MAX     8
#define DOCUMENT_MAX    ((size_t)8 << 20)
#define CLOCK_STEP_MS   1000 /* smaller ones are slewing artefacts, not worth an event */
#define MQTT_READER     0u

struct gw_gateway {
    const struct gw_site *site;
    const struct gw_load *load;
    const struct gw_driver *const *drivers;
    const struct gw_clock *clock;

    struct gw_identity identity;
    struct gw_key *key; /* for the inventory's public half; the sealer has its own */
    struct gw_seal *seal;
    struct gw_loop *loop;
    struct gw_clockwatch *clockwatch;
    struct gw_mailbox *batches;
    struct gw_table *table;
    struct gw_pipeline *pipeline;
    struct gw_outage *outage;
    struct gw_engine *engine;
    struct gw_journal *journal;
    struct gw_mqtt *mqtt;
    struct gw_commands *commands;
    struct gw_influx *influx;
    struct gw_reader_conf readers[2];
    struct gw_tap mqtt_tap, influx_tap;
    unsigned influx_reader; /* its index in readers */
    struct gw_api *api;
    struct gw_driver_instance *instances[DRIVERS_MAX];

    struct gw_watch batches_watch, notices_watch;
    struct gw_timer tick;
    struct gw_buf text, wire;

    char inventory_sha256[GW_SHA256_HEX];
    bool running; /* the engine: state is restored and the journal takes drafts */
    bool fatal;
    char journal_fault[160];
    uint64_t takeovers; /* of the session, told as events so far */
    int64_t health_due_ms, checkpoint_due_ms, tend_due_ms;
    struct gw_ratelog rows_log, batches_log, drafts_log;
    uint64_t batches_lost_seen;
};

static void raise_event(struct gw_gateway *g, const struct gw_event *ev)
{
    struct gw_stamp now = gw_clock_now(g->clock);

    gw_log(GW_LOG_INFO, TAG, "%s%s%s: %s", ev->kind, ev->subject[0] ? " " : "", ev->subject,
           ev->text_en);
    gw_buf_clear(&g->text);
    gw_event_write(ev, &g->identity, &now, &g->text);
    gw_api_event(g->api, ev, &now);
    if (g->text.failed ||
        gw_journal_row(g->journal, GW_PARCEL_EVENT, "event", g->text.data, g->text.len) != GW_OK)
        gw_log(GW_LOG_WARN, TAG, "event %s could not be stored", ev->kind);
}

/* --- documents ------------------------------------------------------------------------------- */

static void put_document(struct gw_gateway *g, enum gw_document doc, const struct gw_buf *body)
{
    if (!g->mqtt)
        return;
    if (body->failed || gw_mqtt_document(g->mqtt, doc, body->data, body->len) != GW_OK)
        gw_log(GW_LOG_WARN, TAG, "document %d could not be written", (int)doc);
}

static void put_signed(struct gw_gateway *g, enum gw_document doc)
{
    gw_buf_clear(&g->wire);
    if (g->text.failed || gw_seal_document(g->seal, g->text.data, g->text.len, &g->wire) != GW_OK)
        g->wire.failed = true;
    put_document(g, doc, &g->wire);
}

static void publish_status(struct gw_gateway *g)
{
    gw_buf_clear(&g->text);
    gw_document_status(&g->identity, false, &g->text);
    put_document(g, GW_DOC_OFFLINE, &g->text);
    gw_buf_clear(&g->text);
    gw_document_status(&g->identity, true, &g->text);
    put_document(g, GW_DOC_ONLINE, &g->text);
}

static void publish_inventory(struct gw_gateway *g, const struct gw_stamp *now)
{
    gw_buf_clear(&g->text);
    gw_document_inventory(&g->identity,
                          &(struct gw_inventory_document){
                              .inventory = g->load->inventory,
                              .engine = g->running ? g->engine : NULL,
                              .key = g->key,
                              .sha256 = g->inventory_sha256,
                          },
                          now, &g->text);
    put_signed(g, GW_DOC_INVENTORY);
}

static void publish_cases(struct gw_gateway *g, const struct gw_stamp *now)
{
    gw_buf_clear(&g->text);
    gw_document_cases(&g->identity, g->engine, now, &g->text);
    put_signed(g, GW_DOC_CASES);
}

static void look(void *ctx, struct gw_health_look *out)
{
    struct gw_gateway *g = ctx;

    gw_journal_stats(g->journal, &out->journal);
    if (g->mqtt)
        gw_mqtt_stats(g->mqtt, &out->mqtt);
    if (g->influx)
        gw_influx_stats(g->influx, &out->influx);
    out->health = (struct gw_health){
        .site = g->site,
        .table = g->table,
        .engine = g->running ? g->engine : NULL,
        .journal = &out->journal,
        .mqtt = g->mqtt ? &out->mqtt : NULL,
        .influx = g->influx ? &out->influx : NULL,
        .commands = g->site->platform.nkeys > 0 ? g->commands : NULL,
        .journal_fault = g->journal_fault,
        .batches_lost = gw_mailbox_refused(g->batches) + gw_table_refused(g->table),
    };
}

static void publish_health(struct gw_gateway *g, const struct gw_stamp *now)
{
    struct gw_health_look seen = {.health = {.site = NULL}};

    look(g, &seen);
    gw_buf_clear(&g->text);
    gw_document_health(&g->identity, &seen.health, now, &g->text);
    put_signed(g, GW_DOC_HEALTH);
    g->health_due_ms = now->mono_ms + g->site->mqtt.health_s * 1000;
}

static enum gw_status start_api(struct gw_gateway *g, struct gw_err *err)
{
    const struct gw_api_conf conf = {
        .site = g->site,
        .inventory = g->load->inventory,
        .identity = &g->identity,
        .clock = g->clock,
        .table = g->table,
        .commands = g->commands,
        .loop = g->loop,
        .look = look,
        .ctx = g,
    };
    return gw_api_new(&conf, &g->api, err);
}

/* Two boxes with one identity are an installation fault, or a theft; either is worth a word. */
static void look_at_takeovers(struct gw_gateway *g)
{
    struct gw_mqtt_stats stats = {0};

    if (!g->mqtt)
        return;
    gw_mqtt_stats(g->mqtt, &stats);
    if (stats.takeovers == g->takeovers)
        return;
    g->takeovers = stats.takeovers;
    raise_event(g,
                &(struct gw_event){"taken_over", "",
                                   "another client has the same client id at the broker and took "
                                   "the session over; tried again after a minute",
                                   "服务器上另有客户端使用同一客户端标识,会话被抢占;一分钟后重试"});
}

/* --- what comes in --------------------------------------------------------------------------- */

static enum gw_status take_batch(void *ctx, const struct gw_batch *batch)
{
    struct gw_gateway *g = ctx;
    return gw_mailbox_put(g->batches, batch);
}

static bool on_row(void *arg, const char *data, size_t len)
{
    struct gw_gateway *g = arg;
    int64_t now = gw_loop_now_ms(g->loop);

    if (gw_journal_row(g->journal, GW_PARCEL_TELEMETRY, "telemetry", data, len) == GW_OK) {
        (void)gw_ratelog_ok(&g->rows_log, now, TAG, "telemetry is stored again");
        return true;
    }
    (void)gw_ratelog_fail(&g->rows_log, now, TAG, "telemetry row dropped: journal is behind");
    return false;
}

static void on_outage(void *arg, enum gw_outage_kind kind, uint32_t index)
{
    struct gw_gateway *g = arg;
    struct gw_outage_words words;
    const struct gw_event ev = gw_outage_event(g->outage, g->site, kind, index, &words);

    raise_event(g, &ev);
}

static void on_link(void *arg, uint32_t device, const struct gw_device_life *life)
{
    struct gw_gateway *g = arg;

    (void)device;
    (void)life;
    gw_outage_look(g->outage, gw_loop_now_ms(g->loop), on_outage, g);
}

static void on_batches(void *arg, unsigned events)
{
    struct gw_gateway *g = arg;
    struct gw_batch batch;

    (void)events;
    for (int i = 0; i < BATCHES_A_ROUND && gw_mailbox_get(g->batches, &batch); i++)
        gw_pipeline_batch(g->pipeline, &batch, g->running ? g->engine : NULL);
}

/* A full journal is a matter of waiting; anything else is a fault that must be seen. Either way the
 * engine keeps the transition and offers it again. */
static enum gw_status on_emit(void *ctx, const struct gw_draft *draft)
{
    struct gw_gateway *g = ctx;
    int64_t now = gw_loop_now_ms(g->loop);
    struct gw_draft marked = *draft;
    marked.token = gw_commands_mark(g->commands, draft);
    enum gw_status st = gw_journal_post(g->journal, &marked);

    if (st == GW_OK)
        (void)gw_ratelog_ok(&g->drafts_log, now, TAG, "records are taken again");
    else
        (void)gw_ratelog_fail(&g->drafts_log, now, TAG, "%s record of %s not taken: %s",
                              gw_class_name(draft->cls), draft->state_key ? draft->state_key : "-",
                              gw_status_name(st));
    return st;
}

static void on_step(void *arg, int64_t by_ms)
{
    struct gw_gateway *g = arg;
    char en[96], zh[96];

    if (by_ms < CLOCK_STEP_MS && by_ms > -CLOCK_STEP_MS)
        return;
    (void)snprintf(en, sizeof en, "the wall clock was set by %+lld ms", (long long)by_ms);
    (void)snprintf(zh, sizeof zh, "系统时钟被调整 %+lld 毫秒", (long long)by_ms);
    raise_event(g, &(struct gw_event){"clock_step", "", en, zh});
}

/* --- the journal's word ---------------------------------------------------------------------- */

static void restore_row(struct gw_gateway *g, const struct gw_notice *n)
{
    if (g->running)
        return; /* reopened after a failure: what we hold is newer */
    if (gw_commands_restore(g->commands, n->key, n->text))
        return;
    enum gw_status st = gw_engine_restore(g->engine, n->key, n->text, n->seq);
    if (st != GW_OK)
        raise_event(g, &(struct gw_event){"restore", n->key,
                                          "stored state cannot be read, the check starts afresh",
                                          "已存状态无法读取，该检查重新开始"});
}

static void journal_open(struct gw_gateway *g, const struct gw_notice *n)
{
    struct gw_stamp now = gw_clock_now(g->clock);

    gw_log(GW_LOG_INFO, TAG, "journal open: chain %s, last record %lld", n->chain,
           (long long)n->seq);
    g->journal_fault[0] = '\0';
    gw_engine_chain(g->engine, n->chain);
    if (g->running) { /* the store may have been replaced: it gets back what we hold */
        gw_engine_checkpoint(g->engine, &now, true);
        gw_commands_store(g->commands);
    } else {
        gw_commands_open(g->commands, g->loop);
    }
    g->running = true;
    publish_inventory(g, &now);
    publish_cases(g, &now);
    publish_health(g, &now);
}

static void journal_failed(struct gw_gateway *g, const char *text)
{
    gw_log(GW_LOG_ERR, TAG, "journal: failed: %s; no alarm or lead leaves until it is back", text);
    (void)snprintf(g->journal_fault, sizeof g->journal_fault, "%s", text);
    g->health_due_ms = 0; /* tell at the next tick */
}

static void committed(struct gw_gateway *g, uint64_t token, int64_t seq)
{
    if (!gw_commands_committed(g->commands, token, seq))
        gw_engine_committed(g->engine, token, seq);
}

static void on_notice(struct gw_gateway *g, const struct gw_notice *n)
{
    switch (n->kind) {
    case GW_NOTICE_STATE:
        restore_row(g, n);
        break;
    case GW_NOTICE_OPEN:
        journal_open(g, n);
        break;
    case GW_NOTICE_FAILED:
        journal_failed(g, n->text ? n->text : "");
        break;
    case GW_NOTICE_COMMITTED:
        committed(g, n->token, n->seq);
        break;
    case GW_NOTICE_WINDOW:
        gw_commands_window(g->commands, n->token, n->found);
        break;
    case GW_NOTICE_FINE:
        g->journal_fault[0] = '\0';
        g->health_due_ms = 0;
        raise_event(
            g, &(struct gw_event){"journal", "", n->text ? n->text : "", n->text ? n->text : ""});
        break;
    case GW_NOTICE_EVENT:
        /* A draft that cannot be sealed: its loss is chained, its check goes on. */
        if (n->token != 0)
            committed(g, n->token, 0);
        raise_event(g, &(struct gw_event){"journal", n->key ? n->key : "", n->text ? n->text : "",
                                          n->text ? n->text : ""});
        break;
    case GW_NOTICE_FATAL:
        gw_log(GW_LOG_ERR, TAG, "journal: fatal: %s", n->text ? n->text : "");
        g->fatal = true;
        gw_loop_stop(g->loop);
        break;
    }
}

static void on_notices(void *arg, unsigned events)
{
    struct gw_gateway *g = arg;
    struct gw_notice n;

    (void)events;
    while (!g->fatal && gw_mailbox_get(gw_journal_notices(g->journal), &n)) {
        on_notice(g, &n);
        gw_notice_clear(&n);
    }
}

/* --- time ------------------------------------------------------------------------------------ */

static void report_losses(struct gw_gateway *g, int64_t now_ms)
{
    uint64_t lost = gw_mailbox_refused(g->batches);
    if (lost != g->batches_lost_seen)
        (void)gw_ratelog_fail(&g->batches_log, now_ms, TAG,
                              "%llu batches refused: the core is behind", (unsigned long long)lost);
    else
        (void)gw_ratelog_ok(&g->batches_log, now_ms, TAG, "batches are taken again");
    g->batches_lost_seen = lost;
}

static void on_worker(void *arg, const char *subject, const char *text_en, const char *text_zh)
{
    raise_event(arg, &(struct gw_event){"worker", subject, text_en, text_zh});
}

static void tend_drivers(struct gw_gateway *g, int64_t now_ms)
{
    const struct gw_driver_report report = {.tell = on_worker, .arg = g};

    if (now_ms < g->tend_due_ms)
        return;
    g->tend_due_ms = now_ms + TEND_MS;
    for (size_t i = 0; i < DRIVERS_MAX && g->drivers[i]; i++)
        if (g->drivers[i]->tend)
            g->drivers[i]->tend(g->instances[i], &report);
}

static void on_tick(void *arg)
{
    struct gw_gateway *g = arg;
    struct gw_stamp now = gw_clock_now(g->clock);

    if (g->running) {
        gw_engine_merge(g->engine, gw_journal_tight(g->journal));
        gw_engine_all(g->engine, &now);
        if (now.mono_ms >= g->checkpoint_due_ms) {
            gw_engine_checkpoint(g->engine, &now, false);
            g->checkpoint_due_ms = now.mono_ms + 1000;
        }
        if (gw_engine_cases_changed(g->engine))
            publish_cases(g, &now);
        if (gw_engine_governed(g->engine))
            publish_inventory(g, &now);
    }
    look_at_takeovers(g);
    if (now.mono_ms >= g->health_due_ms)
        publish_health(g, &now);
    gw_outage_look(g->outage, now.mono_ms, on_outage, g);
    tend_drivers(g, now.mono_ms);
    gw_api_serve(g->api, &now);
    report_losses(g, now.mono_ms);
    if (gw_loop_timer_set(g->loop, &g->tick, now.mono_ms + TICK_MS) != GW_OK) {
        gw_log(GW_LOG_ERR, TAG, "cannot set the tick timer");
        g->fatal = true;
        gw_loop_stop(g->loop);
    }
}

/* --- coming up ------------------------------------------------------------------------------- */

static enum gw_status make_seal(struct gw_gateway *g, struct gw_err *err)
{
    struct gw_key *key = NULL;
    bool made = false;

    enum gw_status st = gw_identity_key(g->site, &g->key, &made, err);
    if (st == GW_OK)
        st = gw_identity_key(g->site, &key, &(bool){false}, err);
    if (st == GW_OK)
        st = gw_seal_new(key, &g->seal, err);
    if (st != GW_OK) {
        if (!g->seal)
            gw_key_free(key);
        return st;
    }
    gw_log(GW_LOG_INFO, TAG, "signing key %s%s", gw_key_id(g->key), made ? " (made now)" : "");
    return GW_OK;
}

static enum gw_status make_engine(struct gw_gateway *g, struct gw_err *err)
{
    enum gw_status hashed = gw_document_inventory_sha256(&g->identity, g->load->inventory, &g->text,
                                                         g->inventory_sha256);
    if (hashed != GW_OK)
        return gw_err_set(err, hashed, "inventory: cannot be hashed");
    struct gw_engine_conf ec = {
        .inventory_sha256 = g->inventory_sha256,
        .inventory = g->load->inventory,
        .table = g->table,
        .boot_id = g->identity.boot,
        .built_ms = GW_BUILT_S * INT64_C(1000),
        .emit = on_emit,
        .emit_ctx = g,
    };
    struct gw_pipeline_conf pc = {
        .site = g->site,
        .table = g->table,
        .clock = g->clock,
        .row = on_row,
        .link = on_link,
        .arg = g,
    };
    enum gw_status st = gw_engine_new(&ec, &g->engine, err);
    if (st == GW_OK)
        st = gw_outage_new(g->table, &g->outage, err);
    return st == GW_OK ? gw_pipeline_new(&pc, &g->pipeline, err) : st;
}

static enum gw_status make_commands(struct gw_gateway *g, struct gw_err *err)
{
    const struct gw_commands_conf conf = {
        .site = g->site,
        .identity = &g->identity,
        .clock = g->clock,
        .engine = g->engine,
        .seal = g->seal,
    };
    return gw_commands_new(&conf, &g->commands, err);
}

static enum gw_status start_journal(struct gw_gateway *g, struct gw_err *err)
{
    const bool mqtt = g->site->mqtt.enabled, influx = g->site->influx.enabled;
    size_t n = 0;
    if (mqtt)
        g->readers[n++] =
            (struct gw_reader_conf){"mqtt", true, g->site->mqtt.telemetry, g->site->mqtt.receipts};
    g->influx_reader = (unsigned)n;
    if (influx)
        g->readers[n++] = (struct gw_reader_conf){"influx", false, true, false};
    struct gw_journal_conf conf = {
        .dir = g->site->gateway.state_dir,
        .gateway = g->site->gateway.id,
        .records_bytes = g->site->journal.records_mb << 20,
        .telemetry_bytes = g->site->journal.telemetry_mb << 20,
        .sealer = {.seal = gw_seal_record, .ctx = g->seal},
        .clock = g->clock,
        .readers = g->readers,
        .nreaders = n,
        .post_capacity = 1024,
        .keep_days = g->site->journal.keep_days,
        .state_rows =
            gw_inventory_count(g->load->inventory) + GW_ENGINE_ROWS + gw_commands_rows(g->site),
    };
    enum gw_status st = gw_journal_start(&conf, &g->journal, err);
    if (st == GW_OK)
        gw_api_journal(g->api, g->journal);
    if (st == GW_OK)
        gw_commands_journal(g->commands, g->journal);
    return st;
}

static enum gw_status start_mqtt(struct gw_gateway *g, uint64_t seed, struct gw_err *err)
{
    if (!g->site->mqtt.enabled)
        return GW_OK;
    struct gw_mqtt_conf conf = {
        .gateway = g->site->gateway.id,
        .site = &g->site->mqtt,
        .clock = g->clock,
        .backlog = gw_tap_backlog(&g->mqtt_tap, g->journal, MQTT_READER),
        .inbox = g->site->platform.nkeys > 0 ? gw_commands_inbox(g->commands) : NULL,
        .seed = seed,
    };
    enum gw_status st = gw_mqtt_start(&conf, &g->mqtt, err);
    if (st == GW_OK)
        publish_status(g);
    return st;
}

static enum gw_status start_influx(struct gw_gateway *g, uint64_t seed, struct gw_err *err)
{
    if (!g->site->influx.enabled)
        return GW_OK;
    struct gw_influx_conf conf = {
        .site = g->site,
        .clock = g->clock,
        .backlog = gw_tap_backlog(&g->influx_tap, g->journal, g->influx_reader),
        .seed = seed,
    };
    return gw_influx_start(&conf, &g->influx, err);
}

static enum gw_status open_drivers(struct gw_gateway *g, uint64_t seed, struct gw_err *err)
{
    struct gw_driver_env env = {
        .site = g->site,
        .clock = g->clock,
        .sink = {.put = take_batch, .ctx = g},
        .seed = seed,
    };
    for (size_t i = 0; i < DRIVERS_MAX && g->drivers[i]; i++) {
        enum gw_status st = g->drivers[i]->open(&env, &g->instances[i], err);
        if (st != GW_OK)
            return st;
    }
    return GW_OK;
}

/* Twice the batches of one round over all devices, so that one slow core turn loses nothing. */
static size_t batch_capacity(const struct gw_site *site)
{
    size_t n = 64 + 2 * (site->ndevices + site->npoints / GW_BATCH_MAX);
    return n < 8192 ? n : 8192;
}

static enum gw_status start_loop(struct gw_gateway *g, struct gw_err *err)
{
    g->batches_watch =
        (struct gw_watch){.fd = gw_mailbox_fd(g->batches), .ready = on_batches, .arg = g};
    g->notices_watch = (struct gw_watch){
        .fd = gw_mailbox_fd(gw_journal_notices(g->journal)), .ready = on_notices, .arg = g};
    g->tick = (struct gw_timer){.fire = on_tick, .arg = g};

    enum gw_status st = gw_loop_watch(g->loop, &g->batches_watch, GW_LOOP_IN);
    if (st == GW_OK)
        st = gw_loop_watch(g->loop, &g->notices_watch, GW_LOOP_IN);
    if (st == GW_OK)
        st = gw_loop_timer_set(g->loop, &g->tick, gw_clock_mono_ms(g->clock) + TICK_MS);
    if (st != GW_OK)
        return gw_err_set(err, st, "core loop: cannot watch its inputs");
    return gw_clockwatch_new(g->loop, on_step, g, &g->clockwatch, err);
}

enum gw_status gw_gateway_new(const struct gw_gateway_conf *conf, struct gw_gateway **out,
                              struct gw_err *err)
{
    uint64_t seed = 0;
    struct gw_gateway *g = calloc(1, sizeof *g);
    if (!g)
        return gw_err_set(err, GW_E_NOMEM, "gateway: out of memory");
    g->load = conf->load;
    g->site = conf->load->site;
    g->drivers = conf->drivers;
    g->clock = conf->clock;
    gw_buf_init(&g->text, DOCUMENT_MAX);
    gw_buf_init(&g->wire, DOCUMENT_MAX + 4096);
    enum gw_status st = gw_identity_init(&g->identity, g->site, g->clock);
    if (st == GW_OK)
        st = gw_random(&seed, sizeof seed);
    if (st == GW_OK)
        st = make_seal(g, err);
    if (st == GW_OK)
        st = gw_loop_new(g->clock, &g->loop, err);
    if (st == GW_OK)
        st = gw_mailbox_new(sizeof(struct gw_batch), batch_capacity(g->site), &g->batches, err);
    if (st == GW_OK)
        st = gw_pipeline_table(g->site, &g->table, err);
    if (st == GW_OK)
        st = make_engine(g, err);
    if (st == GW_OK)
        st = make_commands(g, err);
    if (st == GW_OK)
        st = start_api(g, err);
    if (st == GW_OK)
        st = start_journal(g, err);
    if (st == GW_OK)
        st = start_loop(g, err);
    if (st == GW_OK)
        st = start_mqtt(g, seed, err);
    if (st == GW_OK)
        st = start_influx(g, seed, err);
    if (st == GW_OK)
        st = open_drivers(g, seed, err);
    if (st != GW_OK) {
        (void)!gw_gateway_free(g);
        return st;
    }
    raise_event(g, &(struct gw_event){"started", "", "gateway " GW_VERSION " started",
                                      "网关 " GW_VERSION " 已启动"});
    *out = g;
    return GW_OK;
}

enum gw_status gw_gateway_run(struct gw_gateway *g)
{
    enum gw_status st = gw_loop_run(g->loop);
    if (st != GW_OK)
        gw_log(GW_LOG_ERR, TAG, "core loop failed");
    return g->fatal ? GW_E_IO : st;
}

void gw_gateway_stop(struct gw_gateway *g)
{
    gw_loop_stop(g->loop);
}

/* --- going down ------------------------------------------------------------------------------ */

static bool close_drivers(struct gw_gateway *g)
{
    bool clean = true;

    for (size_t i = 0; i < DRIVERS_MAX && g->drivers[i]; i++)
        clean = g->drivers[i]->close(g->instances[i]) && clean;
    return clean;
}

/* What is running is stored, so that a planned restart costs no second of any delay. */
static void store_running(struct gw_gateway *g)
{
    struct gw_stamp now = gw_clock_now(g->clock);

    if (g->fatal || !g->journal)
        return;
    if (g->running)
        gw_engine_checkpoint(g->engine, &now, true);
    raise_event(g, &(struct gw_event){"stopping", "", "gateway is stopping", "网关正在停止"});
}

bool gw_gateway_free(struct gw_gateway *g)
{
    if (!g)
        return true;
    bool clean = gw_api_stop(g->api, 5000);
    clean = close_drivers(g) && clean;
    store_running(g);
    if (g->mqtt)
        clean = gw_mqtt_stop(g->mqtt, 5000) && clean;
    if (g->influx)
        clean = gw_influx_stop(g->influx, 5000) && clean;
    /* An abandoned thread may still look at anything here, the journal included. What was posted is
     * committed by now or lost as by a crash, which loses nothing that was told. */
    if (!clean)
        return false;
    if (g->loop) {
        gw_loop_unwatch(g->loop, &g->batches_watch);
        gw_loop_unwatch(g->loop, &g->notices_watch);
        gw_commands_close(g->commands);
        gw_api_free(g->api);
        gw_loop_timer_clear(g->loop, &g->tick);
        gw_clockwatch_free(g->clockwatch);
    }
    if (g->journal && !gw_journal_stop(g->journal, 5000))
        return false;
    gw_pipeline_free(g->pipeline);
    gw_commands_free(g->commands);
    gw_outage_free(g->outage);
    gw_engine_free(g->engine);
    gw_table_free(g->table);
    gw_mailbox_free(g->batches);
    gw_loop_free(g->loop);
    gw_seal_free(g->seal);
    gw_key_free(g->key);
    gw_buf_free(&g->text);
    gw_buf_free(&g->wire);
    free(g);
    return true;
}
