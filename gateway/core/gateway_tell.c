/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gateway tells: events, retained documents, the local API.
 */
#include <stdatomic.h>

#include "base/log.h"
#include "core/gateway_in.h"
#include "core/show.h"

#define TAG            "core"
#define API_RETRY_MS   10000 /* a full disk or a missing folder may come right */
#define EXPORT_WAIT_MS 1000  /* for the journal, which may be at a commit */

void gw_gateway_event(struct gw_gateway *g, const struct gw_event *ev)
{
    struct gw_stamp now = gw_clock_now(g->clock);

    gw_log(GW_LOG_INFO, TAG, "%s%s%s: %s", ev->kind, ev->subject[0] ? " " : "", ev->subject,
           ev->text_en);
    gw_buf_clear(&g->text);
    gw_event_write(ev, &g->identity, &now, &g->text);
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

void gw_gateway_tell_status(struct gw_gateway *g)
{
    gw_buf_clear(&g->text);
    gw_document_status(&g->identity, false, &g->text);
    put_document(g, GW_DOC_OFFLINE, &g->text);
    gw_buf_clear(&g->text);
    gw_document_status(&g->identity, true, &g->text);
    put_document(g, GW_DOC_ONLINE, &g->text);
}

void gw_gateway_tell_inventory(struct gw_gateway *g, const struct gw_stamp *now)
{
    gw_buf_clear(&g->text);
    gw_document_inventory(&g->identity,
                          &(struct gw_inventory_document){
                              .inventory = g->plant->inventory,
                              .engine = g->running ? g->plant->engine : NULL,
                              .key = g->key,
                              .sha256 = g->plant->inventory_sha256,
                          },
                          now, &g->text);
    put_signed(g, GW_DOC_INVENTORY);
}

void gw_gateway_tell_cases(struct gw_gateway *g, const struct gw_stamp *now)
{
    gw_buf_clear(&g->text);
    gw_document_cases(&g->identity, g->plant->engine, now, &g->text);
    put_signed(g, GW_DOC_CASES);
}

/* What a health document or snapshot looks at; js, ms and is are what its pointers point at. */
static struct gw_health get_health(struct gw_gateway *g, struct gw_journal_stats *js,
                                   struct gw_mqtt_stats *ms, struct gw_influx_stats *is)
{
    gw_journal_stats(g->journal, js);
    if (g->mqtt)
        gw_mqtt_stats(g->mqtt, ms);
    if (g->influx)
        gw_influx_stats(g->influx, is);
    return (struct gw_health){
        .site = g->plant->site,
        .table = g->plant->table,
        .engine = g->running ? g->plant->engine : NULL,
        .journal = js,
        .mqtt = g->mqtt ? ms : NULL,
        .influx = g->influx ? is : NULL,
        .commands = g->commands,
        .journal_fault = g->journal_fault,
        .config = &g->config_state,
        .batches_lost = g->batches_lost_before + gw_mailbox_refused(g->plant->batches) +
                        gw_table_refused(g->plant->table),
    };
}

void gw_gateway_tell_health(struct gw_gateway *g, const struct gw_stamp *now)
{
    struct gw_journal_stats js;
    struct gw_mqtt_stats ms = {0};
    struct gw_influx_stats is = {0};
    const struct gw_health health = get_health(g, &js, &ms, &is);

    gw_buf_clear(&g->text);
    gw_document_health(&g->identity, &health, now, &g->text);
    put_signed(g, GW_DOC_HEALTH);
    g->health_due_ms = now->mono_ms + g->plant->site->mqtt.health_s * 1000;
}

/* Two boxes with one identity are an installation fault, or a theft; either is worth a word. */
void gw_gateway_takeovers(struct gw_gateway *g)
{
    struct gw_mqtt_stats stats = {0};

    if (!g->mqtt)
        return;
    gw_mqtt_stats(g->mqtt, &stats);
    if (stats.takeovers == g->takeovers)
        return;
    g->takeovers = stats.takeovers;
    gw_gateway_event(
        g, &(struct gw_event){"taken_over", "",
                              "another client has the same client id at the broker and took "
                              "the session over; tried again after a minute",
                              "服务器上另有客户端使用同一客户端标识,会话被抢占;一分钟后重试"});
}

/* --- the local API --------------------------------------------------------------------------- */

/* On the local API's thread. */
static enum gw_status export_page(void *ctx, int64_t from, struct gw_buf *out, struct gw_err *err)
{
    struct gw_gateway *g = ctx;
    struct gw_journal *journal = atomic_load(&g->exported);
    if (!journal)
        return gw_err_set(err, GW_E_CLOSED, "the journal is not open yet");
    return gw_journal_export(journal, from, EXPORT_WAIT_MS, out, err);
}

static enum gw_status start_api(struct gw_gateway *g, struct gw_err *err)
{
    const struct gw_control_conf conf = {
        .local = g->plant->site->local,
        .boot = g->identity.boot,
        .start = g->identity.start,
        .board = g->board,
        .clock = g->clock,
        .records = {.page = export_page, .ctx = g},
    };
    return gw_control_start(&conf, &g->control, err);
}

/* A second daemon would work on the same journal, so it must not start; that there is no socket for
 * another reason must not keep the plant from being watched. */
enum gw_status gw_gateway_first_api(struct gw_gateway *g, struct gw_err *err)
{
    enum gw_status st = gw_board_new(g->plant->site, &g->plant->config->shared, &g->board, err);
    if (st != GW_OK)
        return st;
    st = start_api(g, err);
    if (st == GW_OK || st == GW_E_REFUSED || st == GW_E_NOMEM)
        return st;
    gw_log(GW_LOG_ERR, TAG, "no local API: %s; tried again every %d s", err->msg,
           API_RETRY_MS / 1000);
    g->api_due_ms = gw_clock_mono_ms(g->clock) + API_RETRY_MS;
    return GW_OK;
}

void gw_gateway_serve_api(struct gw_gateway *g, const struct gw_stamp *now)
{
    struct gw_journal_stats js;
    struct gw_mqtt_stats ms = {0};
    struct gw_influx_stats is = {0};
    struct gw_err err = {0};

    if (!g->control) {
        if (now->mono_ms < g->api_due_ms)
            return;
        g->api_due_ms = now->mono_ms + API_RETRY_MS;
        if (start_api(g, &err) == GW_OK)
            gw_log(GW_LOG_INFO, TAG, "local API at %s", g->plant->site->local.socket);
        return;
    }
    if (!gw_board_wanted(g->board))
        return;
    struct gw_snapshot *snapshot = gw_board_begin(g->board);
    if (!snapshot)
        return; /* asked for again */
    const struct gw_health health = get_health(g, &js, &ms, &is);
    gw_show(&health, now, snapshot);
    gw_board_publish(g->board);
}
