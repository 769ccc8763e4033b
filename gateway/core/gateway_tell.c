/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gateway tells: events, retained documents.
 */
#include "base/log.h"
#include "core/gateway_in.h"

#define TAG       "core"
#define TEXT_KEPT ((size_t)64 << 10)

void gw_gateway_event(struct gw_gateway *g, const struct gw_event *ev)
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
    /* It is told seldom, and by far the largest. */
    gw_buf_slim(&g->text, TEXT_KEPT);
    gw_buf_slim(&g->wire, TEXT_KEPT);
}

void gw_gateway_tell_cases(struct gw_gateway *g, const struct gw_stamp *now)
{
    gw_buf_clear(&g->text);
    gw_document_cases(&g->identity, g->plant->engine, now, &g->text);
    put_signed(g, GW_DOC_CASES);
}

void gw_gateway_look(void *ctx, struct gw_health_look *out)
{
    struct gw_gateway *g = ctx;

    gw_journal_stats(g->journal, &out->journal);
    if (g->mqtt)
        gw_mqtt_stats(g->mqtt, &out->mqtt);
    if (g->influx)
        gw_influx_stats(g->influx, &out->influx);
    out->health = (struct gw_health){
        .site = g->plant->site,
        .table = g->plant->table,
        .engine = g->running ? g->plant->engine : NULL,
        .journal = &out->journal,
        .mqtt = g->mqtt ? &out->mqtt : NULL,
        .influx = g->influx ? &out->influx : NULL,
        .commands = g->plant->site->platform.nkeys > 0 ? g->commands : NULL,
        .journal_fault = g->journal_fault,
        .config = &g->config_state,
        .batches_lost = g->batches_lost_before + gw_mailbox_refused(g->plant->batches) +
                        gw_table_refused(g->plant->table),
    };
}

void gw_gateway_tell_health(struct gw_gateway *g, const struct gw_stamp *now)
{
    struct gw_health_look seen = {.health = {.site = NULL}};

    gw_gateway_look(g, &seen);
    gw_buf_clear(&g->text);
    gw_document_health(&g->identity, &seen.health, now, &g->text);
    put_signed(g, GW_DOC_HEALTH);
    g->health_due_ms = now->mono_ms + g->plant->site->mqtt.health_s * 1000;
}

void gw_gateway_tell_wanted(struct gw_gateway *g, const struct gw_stamp *now)
{
    const unsigned wanted = g->mqtt ? gw_mqtt_wanted(g->mqtt) : 0;

    if (wanted & 1u << GW_DOC_INVENTORY)
        gw_gateway_tell_inventory(g, now);
    if (wanted & 1u << GW_DOC_CASES)
        gw_gateway_tell_cases(g, now);
    if (wanted & 1u << GW_DOC_HEALTH)
        gw_gateway_tell_health(g, now);
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
