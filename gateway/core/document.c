/* SPDX-License-Identifier: Apache-2.0 */
#include "core/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"

void gw_document_status(const struct gw_identity *id, bool online, struct gw_buf *out)
{
    char iso[GW_ISO_SIZE];
    struct gw_jcs j;

    gw_clock_iso(id->start.wall_ms, iso);
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "boot", id->boot);
    if (online)
        gw_jcs_str(&j, "challenge", id->challenge);
    gw_jcs_str(&j, "class", "status");
    gw_jcs_str(&j, "config_sha256", id->config_sha256);
    gw_jcs_str(&j, "gateway", id->gateway);
    gw_jcs_str(&j, "since", iso);
    gw_jcs_str(&j, "state", online ? "online" : "offline");
    gw_jcs_bool(&j, "sync", id->start.sync);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_str(&j, "version", GW_VERSION);
    gw_jcs_end(&j);
}

static void write_time(struct gw_jcs *j, const char *key, const struct gw_identity *id,
                       const struct gw_stamp *now)
{
    char iso[GW_ISO_SIZE];

    gw_clock_iso(now->wall_ms, iso);
    gw_jcs_obj(j, key);
    gw_jcs_str(j, "boot", id->boot);
    gw_jcs_str(j, "recorded", iso);
    gw_jcs_bool(j, "sync", now->sync);
    gw_jcs_int(j, "t_boot_ms", now->boot_ms);
    gw_jcs_end(j);
}

static void write_enterprise(struct gw_jcs *j, const struct gw_site_enterprise *e)
{
    gw_jcs_obj(j, "enterprise");
    gw_jcs_str(j, "code", e->code);
    gw_jcs_str(j, "county", e->county);
    gw_jcs_str(j, "name", e->name);
    gw_jcs_str(j, "sector", gw_sector_names[e->sector]);
    gw_jcs_str(j, "uscc", e->uscc);
    gw_jcs_end(j);
}

static void write_devices(struct gw_jcs *j, const struct gw_site *site)
{
    gw_jcs_arr(j, "devices");
    for (size_t i = 0; i < site->ndevices; i++) {
        const struct gw_site_device *d = &site->devices[i];
        gw_jcs_obj(j, NULL);
        gw_jcs_str(j, "bus", site->buses[d->bus].id);
        gw_jcs_str(j, "cal_due", d->cal_due);
        gw_jcs_str(j, "cert_no", d->cert_no);
        gw_jcs_str(j, "driver", site->buses[d->bus].driver->name);
        gw_jcs_str(j, "id", d->id);
        gw_jcs_str(j, "location", d->location);
        gw_jcs_str(j, "make", d->make);
        gw_jcs_str(j, "model", d->model);
        gw_jcs_str(j, "profile", d->profile);
        gw_jcs_str(j, "serial", d->serial);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}

static void write_points(struct gw_jcs *j, const struct gw_site *site)
{
    gw_jcs_arr(j, "points");
    for (size_t i = 0; i < site->npoints; i++) {
        const struct gw_point *p = &site->points[i];
        gw_jcs_obj(j, NULL);
        gw_jcs_str(j, "device", site->devices[p->device].id);
        gw_jcs_str(j, "id", p->id);
        gw_jcs_int(j, "period_ms", p->def->period_ms);
        gw_jcs_str(j, "type", gw_vtype_name(p->def->vtype));
        gw_jcs_str(j, "unit", p->def->unit);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}

enum gw_status gw_document_inventory_sha256(const struct gw_identity *id,
                                            const struct gw_inventory *inventory,
                                            struct gw_buf *text, char out[GW_SHA256_HEX])
{
    const struct gw_site *site = gw_inventory_site(inventory);
    struct gw_jcs j;

    gw_buf_clear(text);
    gw_jcs_init(&j, text);
    gw_jcs_obj(&j, NULL);
    gw_inventory_write(inventory, &j, "assets");
    gw_jcs_str(&j, "catalogue", gw_catalogue_version(gw_inventory_catalogue(inventory)));
    gw_jcs_str(&j, "config_sha256", id->config_sha256);
    write_devices(&j, site);
    write_enterprise(&j, &site->enterprise);
    gw_jcs_str(&j, "gateway", id->gateway);
    write_points(&j, site);
    gw_jcs_end(&j);
    if (!gw_jcs_done(&j))
        return GW_E_FULL;
    return gw_sha256_hex(text->data, text->len, out);
}

/* Which inventory the platform accepted, and whether it is this one. */
static void write_accepted(struct gw_jcs *j, const struct gw_engine *engine)
{
    const struct gw_accepted *a = &gw_engine_govern(engine)->accepted;
    char iso[GW_ISO_SIZE];

    gw_jcs_obj(j, "accepted");
    if (a->hash[0]) {
        gw_clock_iso(a->at_ms, iso);
        gw_jcs_str(j, "at", iso);
        gw_jcs_str(j, "inventory_sha256", a->hash);
    }
    gw_jcs_bool(j, "present", gw_engine_accepted(engine));
    if (a->hash[0])
        gw_jcs_str(j, "who", a->who);
    gw_jcs_end(j);
}

void gw_document_inventory(const struct gw_identity *id, const struct gw_inventory_document *doc,
                           const struct gw_stamp *now, struct gw_buf *out)
{
    const struct gw_inventory *inventory = doc->inventory;
    const struct gw_site *site = gw_inventory_site(inventory);
    char *pem = gw_key_pem(doc->key);
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    if (doc->engine)
        write_accepted(&j, doc->engine);
    gw_inventory_write(inventory, &j, "assets");
    gw_jcs_str(&j, "catalogue", gw_catalogue_version(gw_inventory_catalogue(inventory)));
    gw_jcs_str(&j, "class", "inventory");
    gw_jcs_str(&j, "config_sha256", id->config_sha256);
    write_devices(&j, site);
    write_enterprise(&j, &site->enterprise);
    gw_jcs_str(&j, "gateway", id->gateway);
    gw_jcs_str(&j, "inventory_sha256", doc->sha256);
    gw_jcs_str(&j, "key", pem ? pem : "");
    if (doc->engine) {
        gw_govern_write_orders(gw_engine_govern(doc->engine), &j, "orders");
        gw_govern_write_permits(gw_engine_govern(doc->engine), &j, "permits");
    }
    write_points(&j, site);
    if (doc->engine)
        gw_proofs_write(gw_engine_proofs(doc->engine), &j, "proofs");
    write_time(&j, "time", id, now);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_str(&j, "version", GW_VERSION);
    if (doc->engine)
        gw_engine_write_withheld(doc->engine, &j, "withheld");
    gw_jcs_end(&j);
    free(pem);
}

void gw_document_cases(const struct gw_identity *id, struct gw_engine *engine,
                       const struct gw_stamp *now, struct gw_buf *out)
{
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_engine_write_alarms(engine, &j, "alarms");
    gw_engine_write_cases(engine, &j, "cases");
    gw_jcs_str(&j, "class", "cases");
    gw_jcs_str(&j, "gateway", id->gateway);
    write_time(&j, "time", id, now);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}

/* Counters stay far below 2^53 for the life of a gateway; clamp rather than fail the document. */
static void write_count(struct gw_jcs *j, const char *key, uint64_t n)
{
    const uint64_t top = (uint64_t)1 << 53;
    gw_jcs_int(j, key, (int64_t)(n < top ? n : top));
}

static void write_bus_health(struct gw_jcs *j, const struct gw_health *h,
                             const struct gw_stamp *now)
{
    gw_jcs_arr(j, "buses");
    for (size_t b = 0; b < h->site->nbuses && b < gw_table_nbuses(h->table); b++) {
        const struct gw_bus_life *life = gw_table_bus(h->table, (uint32_t)b);
        struct gw_bus_stats sum = {0};
        int64_t ndevices = 0;
        if (gw_site_is_derived(&h->site->buses[b]))
            continue;
        for (uint32_t d = 0; d < gw_table_ndevices(h->table); d++) {
            if (gw_table_bus_of(h->table, d) != b)
                continue;
            gw_bus_stats_add(&sum, &gw_table_device(h->table, d)->stats);
            ndevices++;
        }
        gw_jcs_obj(j, NULL);
        if (gw_bus_stats_any(&sum))
            gw_bus_stats_write(j, &sum, GW_STATS_OF_BUS);
        gw_jcs_int(j, "devices", ndevices);
        gw_jcs_str(j, "id", h->site->buses[b].id);
        gw_jcs_str(j, "link", gw_link_name(life->link));
        gw_jcs_int(j, "since_ms", life->since_ms ? now->mono_ms - life->since_ms : 0);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}

static void write_device_health(struct gw_jcs *j, const struct gw_health *h,
                                const struct gw_stamp *now)
{
    gw_jcs_arr(j, "devices");
    for (size_t i = 0; i < h->site->ndevices; i++) {
        const struct gw_device_life *life = gw_table_device(h->table, (uint32_t)i);
        gw_jcs_obj(j, NULL);
        if (gw_bus_stats_any(&life->stats))
            gw_bus_stats_write(j, &life->stats, GW_STATS_OF_DEVICE);
        gw_jcs_str(j, "fault", life->fault);
        gw_jcs_str(j, "id", h->site->devices[i].id);
        if (life->identity[0] != '\0')
            gw_jcs_str(j, "identity", life->identity);
        gw_jcs_str(j, "link", gw_link_name(life->link));
        gw_jcs_obj(j, "polls");
        write_count(j, "failed", life->polls.failed);
        write_count(j, "read", life->polls.read);
        write_count(j, "scheduled", life->polls.scheduled);
        write_count(j, "skipped", life->polls.skipped);
        gw_jcs_end(j);
        gw_jcs_int(j, "since_ms", life->since_ms ? now->mono_ms - life->since_ms : 0);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}

const char *gw_health_journal_state(const struct gw_health *h)
{
    if (!h->journal->open || h->journal_fault[0])
        return "failed";
    return h->journal->tight ? "full" : "ok";
}

const char *gw_health_journal_fault(const struct gw_health *h)
{
    if (h->journal_fault[0] || !h->journal->tight)
        return h->journal_fault;
    return "nine tenths of the space for records are used by what waits for delivery; what an "
           "alarm "
           "that chatters repeats is only counted";
}

static void write_journal_health(struct gw_jcs *j, const struct gw_health *h)
{
    const struct gw_journal_stats *s = h->journal;

    gw_jcs_obj(j, "journal");
    gw_jcs_str(j, "chain", s->chain);
    gw_jcs_int(j, "commit_max_ms", s->commit_max_ms);
    write_count(j, "commits", s->commits);
    gw_jcs_str(j, "fault", gw_health_journal_fault(h));
    gw_jcs_str(j, "head", s->head);
    gw_jcs_int(j, "oldest_waiting_ms", s->oldest_waiting_ms);
    write_count(j, "receipts", s->receipts);
    write_count(j, "receipts_refused", s->receipts_refused);
    write_count(j, "records_waiting", s->records_waiting);
    gw_jcs_int(j, "seq", s->seq);
    gw_jcs_str(j, "state", gw_health_journal_state(h));
    write_count(j, "telemetry_lost", s->telemetry_lost);
    write_count(j, "telemetry_waiting", s->telemetry_waiting);
    write_count(j, "unreceipted", s->unreceipted);
    gw_jcs_end(j);
}

static void write_mqtt_health(struct gw_jcs *j, const struct gw_mqtt_stats *s)
{
    gw_jcs_obj(j, "mqtt");
    write_count(j, "acked", s->acked);
    gw_jcs_bool(j, "connected", s->connected);
    write_count(j, "connects", s->connects);
    gw_jcs_str(j, "fault", s->fault);
    gw_jcs_int(j, "held", s->held);
    write_count(j, "published", s->published);
    write_count(j, "refused", s->refused);
    gw_jcs_end(j);
}

static void write_influx_health(struct gw_jcs *j, const struct gw_influx_stats *s)
{
    gw_jcs_obj(j, "influx");
    gw_jcs_bool(j, "connected", s->connected);
    gw_jcs_str(j, "fault", s->fault);
    gw_jcs_int(j, "held", s->held);
    write_count(j, "posts", s->posts);
    write_count(j, "rejected", s->rejects.total);
    gw_jcs_arr(j, "rejects");
    for (size_t i = 0; i < s->rejects.n; i++) {
        gw_jcs_obj(j, NULL);
        write_count(j, "count", s->rejects.rows[i].count);
        gw_jcs_str(j, "device", s->rejects.rows[i].device);
        gw_jcs_str(j, "text", s->rejects.rows[i].text);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
    write_count(j, "sent", s->sent);
    gw_jcs_end(j);
}

static void write_config(struct gw_jcs *j, const struct gw_config_state *c)
{
    char iso[GW_ISO_SIZE];

    gw_clock_iso(c->loaded_ms, iso);
    gw_jcs_obj(j, "config");
    gw_jcs_str(j, "fault", c->fault);
    gw_jcs_str(j, "loaded", iso);
    gw_jcs_str(j, "state", gw_config_state_name(c));
    gw_jcs_end(j);
}

void gw_document_health(const struct gw_identity *id, const struct gw_health *health,
                        const struct gw_stamp *now, struct gw_buf *out)
{
    struct gw_engine_counts counts = {0};
    struct gw_jcs j;

    if (health->engine)
        gw_engine_counts(health->engine, &counts);
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    write_count(&j, "batches_lost", health->batches_lost);
    write_bus_health(&j, health, now);
    gw_jcs_str(&j, "class", "health");
    if (health->commands)
        gw_commands_write(health->commands, &j, "commands");
    if (health->config)
        write_config(&j, health->config);
    gw_jcs_str(&j, "config_sha256", id->config_sha256);
    write_device_health(&j, health, now);
    gw_jcs_obj(&j, "engine");
    write_count(&j, "alarms", counts.alarms);
    write_count(&j, "checks", counts.checks);
    write_count(&j, "leads", counts.leads);
    gw_jcs_str(&j, "state", health->engine ? "running" : "waiting");
    write_count(&j, "unknown", counts.unknown);
    gw_jcs_end(&j);
    gw_jcs_str(&j, "gateway", id->gateway);
    if (health->influx)
        write_influx_health(&j, health->influx);
    write_journal_health(&j, health);
    if (health->mqtt)
        write_mqtt_health(&j, health->mqtt);
    write_time(&j, "time", id, now);
    gw_jcs_int(&j, "uptime_ms", now->mono_ms - id->start.mono_ms);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}
