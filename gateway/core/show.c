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
    s->check = c->check;
    if (c->permit)
        (void)snprintf(s->permit, sizeof s->permit, "%s", c->permit->id);
    if (c->shelf) {
        s->shelved_until_ms = c->shelf->until_ms;
        (void)snprintf(s->shelved_by, sizeof s->shelved_by, "%s", c->shelf->who);
        (void)snprintf(s->shelved_why, sizeof s->shelved_why, "%s", c->shelf->reason);
    }
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

static void show_influx(const struct gw_health *h, struct gw_snapshot_influx *out)
{
    const struct gw_influx_stats *is = h->influx;

    if (!is)
        return;
    out->enabled = true;
    out->connected = is->connected;
    (void)snprintf(out->fault, sizeof out->fault, "%s", is->fault);
    out->sent = is->sent;
    out->posts = is->posts;
    out->rejected = is->rejects.total;
    out->held = is->held;
}

static void show_accepted(const struct gw_health *h, struct gw_snapshot_accepted *out)
{
    const struct gw_accepted *a = &gw_engine_govern(h->engine)->accepted;

    out->present = gw_engine_accepted(h->engine);
    memcpy(out->hash, a->hash, sizeof out->hash);
    memcpy(out->who, a->who, sizeof out->who);
    out->at_ms = a->at_ms;
}

static void show_govern(const struct gw_health *h, struct gw_snapshot *out)
{
    struct gw_jcs j;

    gw_jcs_init(&j, &out->texts[GW_TEXT_PERMITS]);
    gw_govern_write_permits(gw_engine_govern(h->engine), &j, NULL);
    gw_jcs_init(&j, &out->texts[GW_TEXT_ORDERS]);
    gw_govern_write_orders(gw_engine_govern(h->engine), &j, NULL);
    gw_jcs_init(&j, &out->texts[GW_TEXT_SHELVES]);
    gw_engine_write_shelves(h->engine, &j, NULL);
    for (int i = GW_TEXT_PERMITS; i <= GW_TEXT_SHELVES; i++)
        if (out->texts[i].failed)
            out->incomplete = true;
}

static void show_engine(const struct gw_health *h, struct gw_snapshot *out)
{
    struct gw_engine_counts counts;

    gw_engine_counts(h->engine, &counts);
    out->deciding = true;
    out->checks = counts.checks;
    out->alarms = counts.alarms;
    out->leads = counts.leads;
    out->unknown = counts.unknown;
    show_accepted(h, &out->accepted);
    if ((out->parts & GW_PART_STANDING) != 0)
        gw_engine_each_case(h->engine, see_case, out);
    if ((out->parts & GW_PART_PROOFS) != 0 &&
        !gw_proofs_copy(&out->proofs, gw_engine_proofs(h->engine)))
        out->incomplete = true;
    if ((out->parts & GW_PART_GOVERN) != 0)
        show_govern(h, out);
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
    memcpy(out->chain, h->journal->chain, sizeof out->chain);
    memcpy(out->head, h->journal->head, sizeof out->head);
    show_mqtt(h, &out->mqtt);
    show_influx(h, &out->influx);
    for (size_t i = 0; i < out->npoints && (out->parts & GW_PART_POINTS) != 0; i++)
        out->points[i] = gw_table_get(h->table, (uint32_t)i, now->mono_ms);
    for (size_t i = 0; i < out->ndevices; i++)
        out->devices[i] = *gw_table_device(h->table, (uint32_t)i);
    for (size_t i = 0; i < out->nbuses && i < gw_table_nbuses(h->table); i++)
        out->buses[i] = *gw_table_bus(h->table, (uint32_t)i);
    if (h->engine)
        show_engine(h, out);
}
