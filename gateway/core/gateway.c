/* SPDX-License-Identifier: Apache-2.0 */
#include "core/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/gateway_in.h"
#include "core/lastgood.h"

#define TAG             "core"
#define TICK_MS         250 /* delays are exact to this; far below the shortest poll period */
#define TEND_MS         1000
#define BATCHES_A_ROUND 64 /* then timers and notices get their turn */
#define DOCUMENT_MAX    ((size_t)8 << 20)
#define CLOCK_STEP_MS   1000 /* smaller ones are slewing artefacts, not worth an event */
#define MQTT_READER     0u

/* --- what comes in --------------------------------------------------------------------------- */

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
    const struct gw_event ev =
        gw_outage_event(g->plant->outage, g->plant->site, kind, index, &words);

    gw_gateway_event(g, &ev);
}

static void on_link(void *arg, uint32_t device, const struct gw_device_life *life)
{
    struct gw_gateway *g = arg;

    (void)device;
    (void)life;
    gw_outage_look(g->plant->outage, gw_loop_now_ms(g->loop), on_outage, g);
}

static void on_batches(void *arg, unsigned events)
{
    struct gw_gateway *g = arg;
    struct gw_batch batch;

    (void)events;
    for (int i = 0; i < BATCHES_A_ROUND && gw_mailbox_get(g->plant->batches, &batch); i++)
        gw_pipeline_batch(g->plant->pipeline, &batch, g->running ? g->plant->engine : NULL);
}

void gw_gateway_drain(struct gw_gateway *g)
{
    struct gw_batch batch;

    while (gw_mailbox_get(g->plant->batches, &batch))
        gw_pipeline_batch(g->plant->pipeline, &batch, g->running ? g->plant->engine : NULL);
}

/* A full journal is a matter of waiting; anything else is a fault that must be seen. Either way the
 * engine keeps the transition and offers it again. */
static enum gw_status on_emit(void *ctx, const struct gw_draft *draft)
{
    struct gw_gateway *g = ctx;
    int64_t now = gw_loop_now_ms(g->loop);
    if (g->holding)
        return GW_E_FULL; /* for a moment: offered again */
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
    gw_gateway_event(g, &(struct gw_event){"clock_step", "", en, zh});
}

/* --- the journal's word ---------------------------------------------------------------------- */

static void restore_row(struct gw_gateway *g, const struct gw_notice *n)
{
    if (g->running)
        return; /* reopened after a failure: what we hold is newer */
    if (gw_commands_restore(g->commands, n->key, n->text))
        return;
    enum gw_status st = gw_engine_restore(g->plant->engine, n->key, n->text, n->seq);
    if (st != GW_OK)
        gw_gateway_event(g,
                         &(struct gw_event){"restore", n->key,
                                            "stored state cannot be read, the check starts afresh",
                                            "已存状态无法读取，该检查重新开始"});
}

static void journal_open(struct gw_gateway *g, const struct gw_notice *n)
{
    struct gw_stamp now = gw_clock_now(g->clock);

    gw_log(GW_LOG_INFO, TAG, "journal open: chain %s, last record %lld", n->chain,
           (long long)n->seq);
    g->journal_fault[0] = '\0';
    gw_engine_chain(g->plant->engine, n->chain);
    if (g->running) { /* the store may have been replaced: it gets back what we hold */
        gw_engine_checkpoint(g->plant->engine, &now, true);
        gw_commands_store(g->commands);
    } else {
        gw_commands_open(g->commands, g->loop);
    }
    g->running = true;
    gw_gateway_tell_inventory(g, &now);
    gw_gateway_tell_cases(g, &now);
    gw_gateway_tell_health(g, &now);
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
        gw_engine_committed(g->plant->engine, token, seq);
    gw_gateway_reload_step(g);
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
        gw_gateway_event(
            g, &(struct gw_event){"journal", "", n->text ? n->text : "", n->text ? n->text : ""});
        break;
    case GW_NOTICE_EVENT:
        /* A draft that cannot be sealed: its loss is chained, its check goes on. */
        if (n->token != 0)
            committed(g, n->token, 0);
        gw_gateway_event(g, &(struct gw_event){"journal", n->key ? n->key : "",
                                               n->text ? n->text : "", n->text ? n->text : ""});
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
    uint64_t lost = g->batches_lost_before + gw_mailbox_refused(g->plant->batches);
    if (lost != g->batches_lost_seen)
        (void)gw_ratelog_fail(&g->batches_log, now_ms, TAG,
                              "%llu batches refused: the core is behind", (unsigned long long)lost);
    else
        (void)gw_ratelog_ok(&g->batches_log, now_ms, TAG, "batches are taken again");
    g->batches_lost_seen = lost;
}

static void on_worker(void *arg, const char *subject, const char *text_en, const char *text_zh)
{
    gw_gateway_event(arg, &(struct gw_event){"worker", subject, text_en, text_zh});
}

static void tend_drivers(struct gw_gateway *g, int64_t now_ms)
{
    const struct gw_driver_report report = {.tell = on_worker, .arg = g};

    if (now_ms < g->tend_due_ms)
        return;
    g->tend_due_ms = now_ms + TEND_MS;
    for (size_t i = 0; i < GW_DRIVERS_MAX && g->drivers[i]; i++)
        if (g->drivers[i]->tend)
            g->drivers[i]->tend(g->instances[i], &report);
}

static void on_tick(void *arg)
{
    struct gw_gateway *g = arg;
    struct gw_stamp now = gw_clock_now(g->clock);

    if (g->running) {
        gw_engine_merge(g->plant->engine, gw_journal_tight(g->journal));
        gw_engine_all(g->plant->engine, &now);
        if (now.mono_ms >= g->checkpoint_due_ms) {
            gw_engine_checkpoint(g->plant->engine, &now, false);
            g->checkpoint_due_ms = now.mono_ms + 1000;
        }
        if (gw_engine_cases_changed(g->plant->engine))
            gw_gateway_tell_cases(g, &now);
        if (gw_engine_governed(g->plant->engine))
            gw_gateway_tell_inventory(g, &now);
    }
    gw_gateway_takeovers(g);
    gw_gateway_tell_wanted(g, &now);
    if (now.mono_ms >= g->health_due_ms)
        gw_gateway_tell_health(g, &now);
    gw_outage_look(g->plant->outage, now.mono_ms, on_outage, g);
    tend_drivers(g, now.mono_ms);
    gw_api_serve(g->api, &now);
    report_losses(g, now.mono_ms);
    gw_service_turn(g->service, g->plant->site, g->journal_fault);
    gw_gateway_reload_step(g);
    if (gw_loop_timer_set(g->loop, &g->tick, now.mono_ms + TICK_MS) != GW_OK) {
        gw_log(GW_LOG_ERR, TAG, "cannot set the tick timer");
        g->fatal = true;
        gw_loop_stop(g->loop);
    }
}

/* --- coming up ------------------------------------------------------------------------------- */

static enum gw_status make_seal(struct gw_gateway *g, const struct gw_site *site,
                                struct gw_err *err)
{
    struct gw_key *key = NULL;
    bool made = false;

    enum gw_status st = gw_identity_key(site, &g->key, &made, err);
    if (st == GW_OK)
        st = gw_identity_key(site, &key, &(bool){false}, err);
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

enum gw_status gw_gateway_plant(struct gw_gateway *g, struct gw_config *config,
                                struct gw_plant **out, struct gw_err *err)
{
    const struct gw_plant_conf conf = {
        .config = config,
        .identity = &g->identity,
        .clock = g->clock,
        .text = &g->text,
        .row = on_row,
        .link = on_link,
        .emit = on_emit,
        .arg = g,
        .built_ms = GW_BUILT_S * INT64_C(1000),
    };
    return gw_plant_new(&conf, out, err);
}

static enum gw_status start_api(struct gw_gateway *g, struct gw_err *err)
{
    const struct gw_api_conf conf = {
        .plant = g->plant,
        .identity = &g->identity,
        .kid = gw_key_id(g->key),
        .clock = g->clock,
        .commands = g->commands,
        .loop = g->loop,
        .look = gw_gateway_look,
        .ctx = g,
        .pulses = gw_service_pulses(g->service),
    };
    return gw_api_new(&conf, &g->api, err);
}

static enum gw_status make_commands(struct gw_gateway *g, struct gw_err *err)
{
    const struct gw_commands_conf conf = {
        .site = g->plant->site,
        .identity = &g->identity,
        .clock = g->clock,
        .engine = g->plant->engine,
        .seal = g->seal,
    };
    return gw_commands_new(&conf, &g->commands, err);
}

static enum gw_status start_journal(struct gw_gateway *g, struct gw_err *err)
{
    const bool mqtt = g->plant->site->mqtt.enabled, influx = g->plant->site->influx.enabled;
    size_t n = 0;
    if (mqtt)
        g->readers[n++] = (struct gw_reader_conf){"mqtt", true, g->plant->site->mqtt.telemetry,
                                                  g->plant->site->mqtt.receipts};
    g->influx_reader = (unsigned)n;
    if (influx)
        g->readers[n++] = (struct gw_reader_conf){"influx", false, true, false};
    struct gw_journal_conf conf = {
        .dir = g->home.state_dir,
        .gateway = g->home.id,
        .records_bytes = g->plant->site->journal.records_mb << 20,
        .telemetry_bytes = g->plant->site->journal.telemetry_mb << 20,
        .sealer = {.seal = gw_seal_record, .ctx = g->seal},
        .clock = g->clock,
        .readers = g->readers,
        .nreaders = n,
        .post_capacity = 1024,
        .keep_days = g->plant->site->journal.keep_days,
        .state_rows = gw_inventory_count(g->plant->inventory) + GW_ENGINE_ROWS +
                      gw_commands_rows(g->plant->site),
        .pulses = gw_service_pulses(g->service),
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
    if (!g->plant->site->mqtt.enabled)
        return GW_OK;
    struct gw_mqtt_conf conf = {
        .gateway = g->home.id,
        .site = &g->mqtt_site,
        .clock = g->clock,
        .backlog = gw_tap_backlog(&g->mqtt_tap, g->journal, MQTT_READER),
        .inbox = g->plant->site->platform.nkeys > 0 ? gw_commands_inbox(g->commands) : NULL,
        .pulses = gw_service_pulses(g->service),
        .seed = seed,
    };
    enum gw_status st = gw_mqtt_start(&conf, &g->mqtt, err);
    if (st == GW_OK)
        gw_gateway_tell_status(g);
    return st;
}

static enum gw_status start_influx(struct gw_gateway *g, uint64_t seed, struct gw_err *err)
{
    if (!g->plant->site->influx.enabled)
        return GW_OK;
    struct gw_influx_conf conf = {
        .site = g->plant->site,
        .owner = &g->plant->config->shared,
        .clock = g->clock,
        .backlog = gw_tap_backlog(&g->influx_tap, g->journal, g->influx_reader),
        .pulses = gw_service_pulses(g->service),
        .seed = seed,
    };
    return gw_influx_start(&conf, &g->influx, err);
}

struct gw_driver_env gw_gateway_env(struct gw_gateway *g, struct gw_plant *plant)
{
    return (struct gw_driver_env){
        .site = plant->site,
        .owner = &plant->config->shared,
        .clock = g->clock,
        .sink = {.put = gw_plant_put, .ctx = plant},
        .seed = g->seed,
        .pulses = gw_service_pulses(g->service),
    };
}

static enum gw_status open_drivers(struct gw_gateway *g, struct gw_err *err)
{
    const struct gw_driver_env env = gw_gateway_env(g, g->plant);

    for (size_t i = 0; i < GW_DRIVERS_MAX && g->drivers[i]; i++) {
        enum gw_status st = g->drivers[i]->open(&env, &g->instances[i], err);
        if (st != GW_OK)
            return st;
    }
    return GW_OK;
}

enum gw_status gw_gateway_watch(struct gw_gateway *g)
{
    g->batches_watch =
        (struct gw_watch){.fd = gw_mailbox_fd(g->plant->batches), .ready = on_batches, .arg = g};
    return gw_loop_watch(g->loop, &g->batches_watch, GW_LOOP_IN);
}

static enum gw_status start_loop(struct gw_gateway *g, struct gw_err *err)
{
    g->notices_watch = (struct gw_watch){
        .fd = gw_mailbox_fd(gw_journal_notices(g->journal)), .ready = on_notices, .arg = g};
    g->tick = (struct gw_timer){.fire = on_tick, .arg = g};

    enum gw_status st = gw_gateway_watch(g);
    if (st == GW_OK)
        st = gw_loop_watch(g->loop, &g->notices_watch, GW_LOOP_IN);
    if (st == GW_OK)
        st = gw_loop_timer_set(g->loop, &g->tick, gw_clock_mono_ms(g->clock) + TICK_MS);
    if (st != GW_OK)
        return gw_err_set(err, st, "core loop: cannot watch its inputs");
    return gw_clockwatch_new(g->loop, on_step, g, &g->clockwatch, err);
}

void gw_gateway_write_config(struct gw_gateway *g, struct gw_config *config)
{
    struct gw_err err = {0};

    g->written = gw_lastgood_write(g->home.state_dir, g->path, config->load.site, &err) == GW_OK;
    if (!g->written)
        gw_log(GW_LOG_WARN, TAG, "the configuration is not kept: %s", err.msg);
    gw_config_settle(config);
}

void gw_gateway_keep_config(struct gw_gateway *g, bool runs)
{
    struct gw_err err = {0};

    if (g->written && !runs)
        gw_lastgood_drop(g->home.state_dir);
    else if (g->written && gw_lastgood_keep(g->home.state_dir, &err) != GW_OK)
        gw_log(GW_LOG_WARN, TAG, "the configuration is not kept: %s", err.msg);
    g->written = false;
}

/* What stays as it is for the whole run, whatever is read later. */
static enum gw_status settle_in(struct gw_gateway *g, const struct gw_gateway_conf *conf,
                                struct gw_err *err)
{
    const struct gw_site *site = conf->config->load.site;

    g->path = conf->path;
    g->drivers = conf->drivers;
    g->conf_drivers = conf->conf_drivers;
    g->clock = conf->clock;
    g->reload.fd = -1;
    g->home = site->gateway;
    g->mqtt_site = site->mqtt;
    gw_buf_init(&g->text, DOCUMENT_MAX);
    gw_buf_init(&g->wire, DOCUMENT_MAX + 4096);
    gw_config_state_start(&g->config_state, conf->fault, gw_clock_now(g->clock).wall_ms);
    /* First: the texts are large. */
    if (conf->fault)
        gw_config_settle(conf->config);
    else
        gw_gateway_write_config(g, conf->config);
    enum gw_status st = gw_identity_init(&g->identity, site, g->clock);
    if (st == GW_OK)
        st = gw_random(&g->seed, sizeof g->seed);
    if (st != GW_OK)
        return gw_err_set(err, st, "gateway: no random bytes");
    g->identity.gateway = g->home.id;
    return make_seal(g, site, err);
}

static enum gw_status start_all(struct gw_gateway *g, struct gw_config *config, struct gw_err *err)
{
    enum gw_status st = gw_service_new(g->clock, &g->service, err);
    if (st == GW_OK)
        st = gw_loop_new(g->clock, &g->loop, err);
    if (st == GW_OK)
        st = gw_gateway_plant(g, config, &g->plant, err);
    if (st == GW_OK)
        st = make_commands(g, err);
    if (st == GW_OK)
        st = start_api(g, err);
    if (st == GW_OK)
        st = start_journal(g, err);
    if (st == GW_OK)
        st = start_loop(g, err);
    if (st == GW_OK)
        st = gw_gateway_reload_open(g, err);
    if (st == GW_OK)
        st = start_mqtt(g, g->seed, err);
    if (st == GW_OK)
        st = start_influx(g, g->seed, err);
    if (st == GW_OK)
        st = open_drivers(g, err);
    return st == GW_OK ? gw_service_start(g->service, err) : st;
}

enum gw_status gw_gateway_new(const struct gw_gateway_conf *conf, struct gw_gateway **out,
                              struct gw_err *err)
{
    struct gw_gateway *g = calloc(1, sizeof *g);
    if (!g)
        return gw_err_set(err, GW_E_NOMEM, "gateway: out of memory");
    enum gw_status st = settle_in(g, conf, err);
    if (st == GW_OK)
        st = start_all(g, conf->config, err);
    gw_gateway_keep_config(g, st == GW_OK);
    if (st != GW_OK)
        return gw_gateway_free(g) ? st : GW_E_TIMEOUT;
    gw_gateway_event(g, &(struct gw_event){"started", "", "gateway " GW_VERSION " started",
                                           "网关 " GW_VERSION " 已启动"});
    if (g->config_state.last_good)
        gw_gateway_reload_degraded(g);
    *out = g;
    return GW_OK;
}

enum gw_status gw_gateway_run(struct gw_gateway *g)
{
    enum gw_status st = gw_loop_run(g->loop);
    if (st != GW_OK)
        gw_log(GW_LOG_ERR, TAG, "core loop failed");
    gw_service_stopping(g->service);
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

    for (size_t i = 0; i < GW_DRIVERS_MAX && g->drivers[i]; i++)
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
        gw_engine_checkpoint(g->plant->engine, &now, true);
    gw_gateway_event(g, &(struct gw_event){"stopping", "", "gateway is stopping", "网关正在停止"});
}

bool gw_gateway_free(struct gw_gateway *g)
{
    if (!g)
        return true;
    bool clean = gw_service_end(g->service);
    clean = gw_api_stop(g->api, 5000) && clean;
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
    gw_gateway_reload_close(g);
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
    gw_commands_free(g->commands);
    gw_plant_free(g->plant);
    gw_loop_free(g->loop);
    gw_seal_free(g->seal);
    gw_key_free(g->key);
    gw_buf_free(&g->text);
    gw_buf_free(&g->wire);
    gw_service_free(g->service);
    free(g);
    return true;
}
