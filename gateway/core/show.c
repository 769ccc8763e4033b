/* SPDX-License-Identifier: Apache-2.0 */
#include "core/show.h"

#include <stdio.h>
#include <string.h>

_Static_assert(GW_STANDING_ID >= GW_CHECK_KEY + 24, "a case's id must fit");
_Static_assert(GW_STANDING_NAME >= GW_ID_SIZE && GW_STANDING_NAME >= GW_CODE_SIZE,
               "names must fit");

static void see_case(void *ctx, const struct gw_engine_case *c)
{
    struct gw_standing *s = gw_snapshot_add(ctx);
    if (!s)
        return;
    s->alarm = c->alarm;
    s->declared = c->declared;
    s->since_ms = c->since_ms;
    s->reopened = c->reopened;
    (void)snprintf(s->id, sizeof s->id, "%s", c->id);
    (void)snprintf(s->asset, sizeof s->asset, "%s", c->asset);
    (void)snprintf(s->finding, sizeof s->finding, "%s", c->code);
    (void)snprintf(s->subject, sizeof s->subject, "%s", c->subject);
    (void)snprintf(s->record, sizeof s->record, "%s", c->record);
    s->kind = c->kind;
    s->state = c->state;
    if (c->finding) {
        s->priority = c->finding->priority;
        s->title_zh = c->finding->title.zh;
        s->title_en = c->finding->title.en;
    }
}

static void show_journal(const struct gw_health *h, struct gw_snapshot_journal *out)
{
    const struct gw_journal_stats *js = h->journal;

    out->ok = js->open && !h->journal_fault[0];
    out->state = gw_health_journal_state(h);
    (void)snprintf(out->fault, sizeof out->fault, "%s", gw_health_journal_fault(h));
    out->seq = js->seq;
    out->records_waiting = js->records_waiting;
    out->unreceipted = js->unreceipted;
    out->oldest_waiting_ms = js->oldest_waiting_ms;
    out->telemetry_waiting = js->telemetry_waiting;
    out->telemetry_lost = js->telemetry_lost;
}

static void show_mqtt(const struct gw_health *h, struct gw_snapshot_mqtt *out)
{
    const struct gw_mqtt_stats *ms = h->mqtt;

    if (!ms)
        return;
    out->enabled = true;
    out->connected = ms->connected;
    (void)snprintf(out->fault, sizeof out->fault, "%s", ms->fault);
    out->published = ms->published;
    out->acked = ms->acked;
    out->held = ms->held;
}

void gw_show(const struct gw_health *h, const struct gw_stamp *now, struct gw_snapshot *out)
{
    out->now = *now;
    out->batches_lost = h->batches_lost;
    if (h->config) {
        out->last_good = h->config->last_good;
        (void)snprintf(out->config_fault, sizeof out->config_fault, "%s", h->config->fault);
    }
    show_journal(h, &out->journal);
    show_mqtt(h, &out->mqtt);
    for (size_t i = 0; i < out->npoints; i++)
        out->points[i] = gw_table_get(h->table, (uint32_t)i, now->mono_ms);
    for (size_t i = 0; i < out->ndevices; i++)
        out->devices[i] = *gw_table_device(h->table, (uint32_t)i);
    for (size_t i = 0; i < out->nbuses && i < gw_table_nbuses(h->table); i++)
        out->buses[i] = *gw_table_bus(h->table, (uint32_t)i);
    if (h->engine) {
        struct gw_engine_counts counts;
        gw_engine_counts(h->engine, &counts);
        out->deciding = true;
        out->checks = counts.checks;
        out->alarms = counts.alarms;
        out->leads = counts.leads;
        out->unknown = counts.unknown;
        gw_engine_each_case(h->engine, see_case, out);
    }
}
