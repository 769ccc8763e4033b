/* SPDX-License-Identifier: Apache-2.0 */
#include "control/render.h"

#include <assert.h>
#include <stdarg.h>

#include "base/text.h"
#include "control/render_parts.h"
#include "publish/telemetry.h"

void gw_render_count(struct gw_jcs *j, const char *key, uint64_t n)
{
    const uint64_t top = (uint64_t)1 << 53;
    gw_jcs_int(j, key, (int64_t)(n < top ? n : top));
}

void gw_render_wall(struct gw_jcs *j, const char *key, int64_t wall_ms)
{
    char iso[GW_ISO_SIZE];
    gw_clock_iso(wall_ms, iso);
    gw_jcs_str(j, key, iso);
}

void gw_render_clauses(struct gw_jcs *j, const struct gw_render *r,
                       const struct gw_site_asset *asset, const struct gw_finding *f)
{
    const struct gw_catalogue *cat = gw_inventory_catalogue(r->inventory);

    gw_jcs_arr(j, "clauses");
    for (size_t i = 0; f && i < f->nclauses; i++) {
        const struct gw_clause *c = f->clauses[i];
        if (!gw_catalogue_cites(cat, c, r->site->enterprise.sector, asset->type))
            continue;
        gw_part_clause(j, c);
    }
    gw_jcs_end(j);
}

void gw_render_end(struct gw_jcs *j, const struct gw_render *r)
{
    gw_jcs_str(j, "gateway", r->site->gateway.id);
    gw_render_wall(j, "now", r->snapshot->now.wall_ms);
    gw_jcs_int(j, "v", 1);
    gw_jcs_end(j);
}

static bool wanted(const struct gw_render *r, uint32_t device)
{
    return r->device == GW_RENDER_ALL || r->device == device;
}

/* ---- status ---- */

struct links {
    size_t of[GW_LINK_DOWN + 1];
};

static struct links count_links(const struct gw_snapshot *s)
{
    struct links links = {{0}};
    for (size_t i = 0; i < s->ndevices; i++)
        links.of[s->devices[i].link]++;
    return links;
}

/* What keeps the gateway from doing its work; what it found at the plant is not among it. */
struct troubles {
    struct {
        const char *part;
        char text[256];
    } of[6];
    size_t n;
};

static void trouble(struct troubles *t, const char *part, const char *fmt, ...) GW_PRINTF(3, 4);
static void trouble(struct troubles *t, const char *part, const char *fmt, ...)
{
    va_list ap;

    assert(t->n < sizeof t->of / sizeof t->of[0]);
    va_start(ap, fmt);
    gw_text_vline(t->of[t->n].text, sizeof t->of[t->n].text, fmt, ap);
    va_end(ap);
    t->of[t->n++].part = part;
}

static struct troubles find_troubles(const struct gw_snapshot *s, const struct links *links)
{
    struct troubles t = {.n = 0};
    const struct gw_snapshot_mqtt *m = &s->mqtt;
    const size_t away = s->ndevices - links->of[GW_LINK_OK];

    if (s->config_fault[0])
        trouble(&t, "config", "%s: %s",
                s->last_good ? "the site file cannot be used, what ran last is"
                             : "the site file was changed and is not in use",
                s->config_fault);
    if (s->journal.ok && s->journal.fault[0])
        trouble(&t, "journal", "%s", s->journal.fault);
    if (!s->journal.ok)
        trouble(&t, "journal", "failed%s%s; no alarm or lead leaves until it is back",
                s->journal.fault[0] ? ": " : "", s->journal.fault);
    else if (!s->deciding)
        trouble(&t, "engine", "waits for the journal");
    if (m->enabled && !m->connected)
        trouble(&t, "mqtt", "%s", m->fault[0] ? m->fault : "not connected yet");
    else if (m->held > 0)
        trouble(&t, "mqtt", "%u not taken%s%s", m->held, m->fault[0] ? ": " : "", m->fault);
    if (away > 0)
        trouble(&t, "devices", "%zu of %zu do not answer", away, s->ndevices);
    return t;
}

static void write_troubles(struct gw_jcs *j, const struct troubles *t)
{
    gw_jcs_arr(j, "troubles");
    for (size_t i = 0; i < t->n; i++) {
        gw_jcs_obj(j, NULL);
        gw_jcs_str(j, "part", t->of[i].part);
        gw_jcs_str(j, "text", t->of[i].text);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}

static void write_journal(struct gw_jcs *j, const struct gw_snapshot_journal *s)
{
    gw_jcs_obj(j, "journal");
    gw_jcs_str(j, "fault", s->fault);
    gw_jcs_int(j, "oldest_waiting_ms", s->oldest_waiting_ms);
    gw_render_count(j, "records_waiting", s->records_waiting);
    gw_jcs_int(j, "seq", s->seq);
    gw_jcs_str(j, "state", s->state ? s->state : s->ok ? "ok" : "failed");
    gw_render_count(j, "telemetry_lost", s->telemetry_lost);
    gw_render_count(j, "telemetry_waiting", s->telemetry_waiting);
    gw_render_count(j, "unreceipted", s->unreceipted);
    gw_jcs_end(j);
}

static void write_mqtt(struct gw_jcs *j, const struct gw_snapshot_mqtt *s)
{
    const char *state = "off";
    if (s->enabled)
        state = s->connected ? "connected" : "away";
    gw_jcs_obj(j, "mqtt");
    gw_render_count(j, "acked", s->acked);
    gw_jcs_str(j, "fault", s->fault);
    gw_jcs_int(j, "held", s->held);
    gw_render_count(j, "published", s->published);
    gw_jcs_str(j, "state", state);
    gw_jcs_end(j);
}

static void write_influx(struct gw_jcs *j, const struct gw_snapshot_influx *s)
{
    gw_jcs_obj(j, "influx");
    gw_jcs_bool(j, "connected", s->connected);
    gw_jcs_str(j, "fault", s->fault);
    gw_jcs_int(j, "held", s->held);
    gw_render_count(j, "posts", s->posts);
    gw_render_count(j, "rejected", s->rejected);
    gw_render_count(j, "sent", s->sent);
    gw_jcs_end(j);
}

/* Where what was found is on its way. */
static void write_delivery(struct gw_jcs *j, const struct gw_snapshot *s)
{
    const struct gw_snapshot_mqtt *m = &s->mqtt;

    gw_jcs_obj(j, "delivery");
    if (s->influx.enabled)
        write_influx(j, &s->influx);
    gw_jcs_obj(j, "mqtt");
    gw_render_count(j, "acked", m->acked);
    gw_jcs_bool(j, "connected", m->connected);
    gw_jcs_bool(j, "enabled", m->enabled);
    gw_jcs_str(j, "fault", m->fault);
    gw_jcs_int(j, "held", m->held);
    gw_render_count(j, "published", m->published);
    gw_jcs_end(j);
    gw_jcs_int(j, "oldest_waiting_ms", s->journal.oldest_waiting_ms);
    gw_render_count(j, "records_waiting", s->journal.records_waiting);
    gw_render_count(j, "telemetry_lost", s->journal.telemetry_lost);
    gw_render_count(j, "telemetry_waiting", s->journal.telemetry_waiting);
    gw_render_count(j, "unreceipted", s->journal.unreceipted);
    gw_jcs_end(j);
}

static void write_accepted(struct gw_jcs *j, const struct gw_snapshot_accepted *a)
{
    gw_jcs_obj(j, "accepted");
    if (a->hash[0]) {
        gw_render_wall(j, "at", a->at_ms);
        gw_jcs_str(j, "inventory_sha256", a->hash);
    }
    gw_jcs_bool(j, "present", a->present);
    if (a->hash[0])
        gw_jcs_str(j, "who", a->who);
    gw_jcs_end(j);
}

static void write_links(struct gw_jcs *j, const struct links *links)
{
    gw_jcs_obj(j, "devices");
    gw_render_count(j, "down", links->of[GW_LINK_DOWN]);
    gw_render_count(j, "ok", links->of[GW_LINK_OK]);
    gw_render_count(j, "suspect", links->of[GW_LINK_SUSPECT]);
    gw_render_count(j, "unknown", links->of[GW_LINK_UNKNOWN]);
    gw_jcs_end(j);
}

void gw_render_status(const struct gw_render *r, struct gw_buf *out)
{
    const struct gw_snapshot *s = r->snapshot;
    const struct links links = count_links(s);
    const struct troubles troubles = find_troubles(s, &links);
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    write_accepted(&j, &s->accepted);
    gw_render_count(&j, "batches_lost", s->batches_lost);
    gw_jcs_str(&j, "boot", r->boot);
    gw_jcs_obj(&j, "chain");
    gw_jcs_str(&j, "head", s->head);
    gw_jcs_str(&j, "id", s->chain);
    if (r->kid)
        gw_jcs_str(&j, "kid", r->kid);
    gw_jcs_int(&j, "seq", s->journal.seq);
    gw_jcs_end(&j);
    gw_jcs_bool(&j, "clock_sync", s->now.sync);
    gw_jcs_str(&j, "config_sha256", r->site->config_sha256);
    write_delivery(&j, s);
    write_links(&j, &links);
    gw_jcs_obj(&j, "engine");
    gw_render_count(&j, "alarms", s->alarms);
    gw_render_count(&j, "checks", s->checks);
    gw_render_count(&j, "leads", s->leads);
    gw_jcs_str(&j, "state", s->deciding ? "running" : "waiting");
    gw_render_count(&j, "unknown", s->unknown);
    gw_jcs_end(&j);
    gw_jcs_str(&j, "enterprise", r->site->enterprise.name);
    gw_jcs_str(&j, "gateway", r->site->gateway.id);
    gw_jcs_bool(&j, "healthy", troubles.n == 0);
    write_journal(&j, &s->journal);
    write_mqtt(&j, &s->mqtt);
    gw_render_wall(&j, "now", s->now.wall_ms);
    gw_render_count(&j, "points", s->npoints);
    gw_jcs_str(&j, "sector", gw_sector_names[r->site->enterprise.sector]);
    gw_render_wall(&j, "since", r->start.wall_ms);
    write_troubles(&j, &troubles);
    gw_jcs_int(&j, "uptime_ms", s->now.mono_ms - r->start.mono_ms);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_str(&j, "version", GW_VERSION);
    gw_jcs_obj(&j, "write");
    gw_jcs_bool(&j, "allowed", r->may_write);
    gw_jcs_str(&j, "how", r->how ? r->how : "none");
    gw_jcs_end(&j);
    gw_jcs_end(&j);
}

/* ---- devices ---- */

static void write_device(struct gw_jcs *j, const struct gw_render *r, uint32_t i)
{
    const struct gw_site_device *d = &r->site->devices[i];
    const struct gw_device_life *life = &r->snapshot->devices[i];

    gw_jcs_obj(j, NULL);
    gw_jcs_str(j, "bus", r->site->buses[d->bus].id);
    if (gw_bus_stats_any(&life->stats))
        gw_bus_stats_write(j, &life->stats, GW_STATS_OF_DEVICE);
    gw_jcs_str(j, "driver", r->site->buses[d->bus].driver->name);
    gw_jcs_str(j, "fault", life->fault);
    gw_jcs_str(j, "id", d->id);
    gw_jcs_str(j, "identity", life->identity);
    gw_jcs_str(j, "link", gw_link_name(life->link));
    gw_jcs_str(j, "location", d->location);
    gw_jcs_int(j, "period_ms", d->period_ms);
    gw_jcs_obj(j, "polls");
    gw_render_count(j, "failed", life->polls.failed);
    gw_render_count(j, "read", life->polls.read);
    gw_render_count(j, "scheduled", life->polls.scheduled);
    gw_render_count(j, "skipped", life->polls.skipped);
    gw_jcs_end(j);
    gw_jcs_str(j, "profile", d->profile);
    if (life->since_ms)
        gw_jcs_int(j, "since_ms", r->snapshot->now.mono_ms - life->since_ms);
    gw_jcs_end(j);
}

void gw_render_devices(const struct gw_render *r, struct gw_buf *out)
{
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_arr(&j, "devices");
    for (size_t i = 0; i < r->site->ndevices; i++)
        if (wanted(r, (uint32_t)i))
            write_device(&j, r, (uint32_t)i);
    gw_jcs_end(&j);
    gw_render_end(&j, r);
}

/* ---- buses ---- */

static void write_bus(struct gw_jcs *j, const struct gw_render *r, size_t i)
{
    const struct gw_bus_life *life = &r->snapshot->buses[i];
    struct gw_bus_stats sum = {0};
    size_t n = 0;

    for (size_t d = 0; d < r->site->ndevices; d++) {
        if (r->site->devices[d].bus != i)
            continue;
        gw_bus_stats_add(&sum, &r->snapshot->devices[d].stats);
        n++;
    }
    gw_jcs_obj(j, NULL);
    if (gw_bus_stats_any(&sum))
        gw_bus_stats_write(j, &sum, GW_STATS_OF_BUS);
    gw_render_count(j, "devices", n);
    gw_jcs_str(j, "driver", r->site->buses[i].driver->name);
    gw_jcs_str(j, "id", r->site->buses[i].id);
    gw_jcs_str(j, "link", gw_link_name(life->link));
    if (life->since_ms)
        gw_jcs_int(j, "since_ms", r->snapshot->now.mono_ms - life->since_ms);
    gw_jcs_end(j);
}

void gw_render_buses(const struct gw_render *r, struct gw_buf *out)
{
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_arr(&j, "buses");
    for (size_t i = 0; i < r->site->nbuses; i++)
        if (!gw_site_is_derived(&r->site->buses[i]))
            write_bus(&j, r, i);
    gw_jcs_end(&j);
    gw_render_end(&j, r);
}

/* ---- points ---- */

static void write_point(struct gw_jcs *j, const struct gw_render *r, size_t i)
{
    const struct gw_point *p = &r->site->points[i];
    const struct gw_sample *s = &r->snapshot->points[i];
    char text[GW_VALUE_TEXT];
    const bool read = s->quality != GW_Q_NOT_YET;

    gw_jcs_obj(j, NULL);
    if (read)
        gw_jcs_int(j, "age_ms", r->snapshot->now.mono_ms - s->mono_ms);
    gw_jcs_str(j, "device", r->site->devices[p->device].id);
    gw_jcs_str(j, "id", p->id);
    gw_jcs_str(j, "link", gw_link_name(r->snapshot->devices[p->device].link));
    gw_jcs_str(j, "quality", gw_quality_name((enum gw_quality)s->quality));
    gw_jcs_arr(j, "raw");
    for (size_t k = 0; k < s->nraw && k < GW_RAW_MAX; k++)
        gw_jcs_int(j, NULL, s->raw[k]);
    gw_jcs_end(j);
    if (read)
        gw_jcs_int(j, "t", s->wall_ms);
    gw_jcs_str(j, "type", gw_vtype_name(p->def->vtype));
    gw_jcs_str(j, "unit", p->def->unit);
    gw_value_text(p, s, text);
    if (text[0])
        gw_jcs_str(j, "value", text);
    gw_jcs_end(j);
}

void gw_render_points(const struct gw_render *r, struct gw_buf *out)
{
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "gateway", r->site->gateway.id);
    gw_render_wall(&j, "now", r->snapshot->now.wall_ms);
    gw_jcs_arr(&j, "points");
    for (size_t i = 0; i < r->site->npoints; i++)
        if (wanted(r, r->site->points[i].device))
            write_point(&j, r, i);
    gw_jcs_end(&j);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}
