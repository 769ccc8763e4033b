/* SPDX-License-Identifier: Apache-2.0
 *
 * The gateway's own numbers as Prometheus reads them (text format 0.0.4): of the gateway, its buses
 * and devices; of points only when they are asked for, because there are many.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/render.h"
#include "model/bus_stats.h"
#include "publish/telemetry.h"

struct out {
    const struct gw_render *r;
    struct gw_buf *b;
};

static void head(const struct out *o, const char *name, const char *type, const char *help)
{
    gw_buf_printf(o->b, "# HELP nonsite_%s %s\n# TYPE nonsite_%s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line feed escaped. */
static void label(struct gw_buf *b, const char *name, const char *value)
{
    gw_buf_printf(b, "%s=\"", name);
    for (const char *p = value; *p; p++) {
        if (*p == '\n') {
            gw_buf_str(b, "\\n");
            continue;
        }
        if (*p == '\\' || *p == '"')
            gw_buf_char(b, '\\');
        gw_buf_char(b, *p);
    }
    gw_buf_char(b, '"');
}

static void plain(const struct out *o, const char *name, const char *type, const char *help,
                  int64_t value)
{
    head(o, name, type, help);
    gw_buf_printf(o->b, "nonsite_%s %" PRId64 "\n", name, value);
}

static void seconds(const struct out *o, const char *name, const char *help, int64_t ms)
{
    head(o, name, "gauge", help);
    gw_buf_printf(o->b, "nonsite_%s %" PRId64 ".%03d\n", name, ms / 1000, (int)(ms % 1000));
}

/* ---- the gateway ---- */

static void write_gateway(const struct out *o)
{
    const struct gw_snapshot *s = o->r->snapshot;

    head(o, "info", "gauge", "Which gateway this is; always 1.");
    gw_buf_str(o->b, "nonsite_info{");
    label(o->b, "config_sha256", o->r->site->config_sha256);
    gw_buf_char(o->b, ',');
    label(o->b, "gateway", o->r->site->gateway.id);
    gw_buf_char(o->b, ',');
    label(o->b, "version", GW_VERSION);
    gw_buf_str(o->b, "} 1\n");
    seconds(o, "uptime_seconds", "Time since the daemon started.",
            s->now.mono_ms - o->r->start.mono_ms);
    plain(o, "clock_synchronised", "gauge", "1 when the kernel says that the clock is right.",
          s->now.sync);
    plain(o, "inventory_accepted", "gauge", "1 when the platform accepted the present inventory.",
          s->accepted.present);
    plain(o, "deciding", "gauge", "1 when findings are decided; 0 until the journal is open.",
          s->deciding);
    plain(o, "checks", "gauge", "Checks of the inventory.", (int64_t)s->checks);
    plain(o, "checks_unknown", "gauge", "Checks that could not be decided when last looked at.",
          (int64_t)s->unknown);
    plain(o, "alarms", "gauge", "Alarms that stand.", (int64_t)s->alarms);
    plain(o, "leads", "gauge", "Leads that stand.", (int64_t)s->leads);
    plain(o, "batches_lost_total", "counter", "Passes that the core could not take.",
          (int64_t)s->batches_lost);
    plain(o, "api_clients", "gauge", "Clients of the local API now.", (int64_t)o->r->clients);
    plain(o, "api_refused_total", "counter", "Clients of the local API that were told 503.",
          (int64_t)o->r->refused);
}

static void write_delivery(const struct out *o)
{
    const struct gw_snapshot *s = o->r->snapshot;

    plain(o, "journal_up", "gauge", "1 when records can be stored.", s->journal.ok);
    plain(o, "journal_records_total", "counter", "Number of the last record of the chain.",
          s->journal.seq);
    plain(o, "journal_records_waiting", "gauge", "Records and windows that are not delivered.",
          (int64_t)s->journal.records_waiting);
    plain(o, "journal_records_unreceipted", "gauge",
          "Records that the broker has and the platform has not receipted.",
          (int64_t)s->journal.unreceipted);
    seconds(o, "journal_oldest_waiting_seconds", "How long the oldest record has waited.",
            s->journal.oldest_waiting_ms);
    plain(o, "telemetry_waiting", "gauge", "Rows of telemetry that are not delivered.",
          (int64_t)s->journal.telemetry_waiting);
    plain(o, "telemetry_lost_total", "counter", "Rows of telemetry that were given up.",
          (int64_t)s->journal.telemetry_lost);
    if (s->mqtt.enabled) {
        plain(o, "mqtt_up", "gauge", "1 when the broker is connected.", s->mqtt.connected);
        plain(o, "mqtt_published_total", "counter", "Messages sent to the broker.",
              (int64_t)s->mqtt.published);
        plain(o, "mqtt_acknowledged_total", "counter", "Messages that the broker acknowledged.",
              (int64_t)s->mqtt.acked);
        plain(o, "mqtt_held", "gauge", "Messages that the broker refuses.", s->mqtt.held);
    }
    if (s->influx.enabled) {
        plain(o, "influx_up", "gauge", "1 when InfluxDB takes what is sent.", s->influx.connected);
        plain(o, "influx_rows_total", "counter", "Rows that InfluxDB took.",
              (int64_t)s->influx.sent);
        plain(o, "influx_rejected_total", "counter", "Rows that InfluxDB refused for good.",
              (int64_t)s->influx.rejected);
    }
}

/* ---- buses and devices ---- */

static void bus_label(const struct out *o, size_t bus)
{
    label(o->b, "bus", o->r->site->buses[bus].id);
}

static void device_label(const struct out *o, size_t device)
{
    bus_label(o, o->r->site->devices[device].bus);
    gw_buf_char(o->b, ',');
    label(o->b, "device", o->r->site->devices[device].id);
}

static bool is_polled(const struct out *o, size_t device)
{
    return !gw_site_is_derived(&o->r->site->buses[o->r->site->devices[device].bus]);
}

static void write_links(const struct out *o)
{
    const struct gw_site *site = o->r->site;
    const struct gw_snapshot *s = o->r->snapshot;

    head(o, "bus_up", "gauge", "1 when a device of the bus answers.");
    for (size_t i = 0; i < site->nbuses; i++) {
        if (gw_site_is_derived(&site->buses[i]))
            continue;
        gw_buf_str(o->b, "nonsite_bus_up{");
        bus_label(o, i);
        gw_buf_printf(o->b, "} %d\n", s->buses[i].link == GW_LINK_OK);
    }
    head(o, "device_up", "gauge", "1 when the device answers.");
    for (size_t i = 0; i < site->ndevices; i++) {
        if (!is_polled(o, i))
            continue;
        gw_buf_str(o->b, "nonsite_device_up{");
        device_label(o, i);
        gw_buf_printf(o->b, "} %d\n", s->devices[i].link == GW_LINK_OK);
    }
}

static void write_polls(const struct out *o)
{
    static const char *const results[] = {"failed", "read", "skipped"};

    head(o, "device_polls_total", "counter", "Passes that were due, by what became of them.");
    for (size_t i = 0; i < o->r->site->ndevices; i++) {
        const struct gw_polls *p = &o->r->snapshot->devices[i].polls;
        const uint64_t n[] = {p->failed, p->read, p->skipped};
        for (size_t k = 0; k < sizeof n / sizeof n[0] && is_polled(o, i); k++) {
            gw_buf_str(o->b, "nonsite_device_polls_total{");
            device_label(o, i);
            gw_buf_printf(o->b, ",result=\"%s\"} %" PRIu64 "\n", results[k], n[k]);
        }
    }
}

static void write_errors(const struct out *o)
{
    static const char *const kinds[] = {"exception", "frame", "lost", "timeout"};

    head(o, "device_errors_total", "counter", "Requests that brought no data, by kind.");
    for (size_t i = 0; i < o->r->site->ndevices; i++) {
        const struct gw_bus_stats *st = &o->r->snapshot->devices[i].stats;
        const uint64_t n[] = {gw_bus_stats_all_exceptions(st), st->frame_errors, st->lost,
                              st->timeouts};
        for (size_t k = 0; k < sizeof n / sizeof n[0] && is_polled(o, i); k++) {
            gw_buf_str(o->b, "nonsite_device_errors_total{");
            device_label(o, i);
            gw_buf_printf(o->b, ",kind=\"%s\"} %" PRIu64 "\n", kinds[k], n[k]);
        }
    }
}

/* Response times of a bus as a histogram; the last class has no upper end. */
static void write_times(const struct out *o)
{
    const struct gw_site *site = o->r->site;

    head(o, "bus_answer_seconds", "histogram", "Response times of the devices of a bus.");
    for (size_t i = 0; i < site->nbuses; i++) {
        struct gw_bus_stats sum = {0};
        uint64_t n = 0;
        if (gw_site_is_derived(&site->buses[i]))
            continue;
        for (size_t d = 0; d < site->ndevices; d++)
            if (site->devices[d].bus == i)
                gw_bus_stats_add(&sum, &o->r->snapshot->devices[d].stats);
        for (size_t k = 0; k < GW_STATS_TIMES; k++) {
            const int64_t ms = gw_stats_times_ms[k];
            n += sum.times[k];
            gw_buf_str(o->b, "nonsite_bus_answer_seconds_bucket{");
            bus_label(o, i);
            if (ms > 0)
                gw_buf_printf(o->b, ",le=\"%" PRId64 ".%03d\"} %" PRIu64 "\n", ms / 1000,
                              (int)(ms % 1000), n);
            else
                gw_buf_printf(o->b, ",le=\"+Inf\"} %" PRIu64 "\n", n);
        }
        gw_buf_str(o->b, "nonsite_bus_answer_seconds_sum{");
        bus_label(o, i);
        gw_buf_printf(o->b, "} %" PRIu64 ".%03u\n", sum.time_sum_ms / 1000,
                      (unsigned)(sum.time_sum_ms % 1000));
        gw_buf_str(o->b, "nonsite_bus_answer_seconds_count{");
        bus_label(o, i);
        gw_buf_printf(o->b, "} %" PRIu64 "\n", n);
    }
}

/* ---- points ---- */

static void write_points(const struct out *o)
{
    const struct gw_site *site = o->r->site;
    const struct gw_sample *samples = o->r->snapshot->points;
    char text[GW_VALUE_TEXT];

    head(o, "point_good", "gauge", "1 when the value is trusted.");
    for (size_t i = 0; i < site->npoints; i++) {
        gw_buf_str(o->b, "nonsite_point_good{");
        label(o->b, "point", site->points[i].id);
        gw_buf_printf(o->b, "} %d\n", gw_quality_usable((enum gw_quality)samples[i].quality));
    }
    head(o, "point_value", "gauge", "The latest trusted value, in the unit of the point.");
    for (size_t i = 0; i < site->npoints; i++) {
        const struct gw_point *p = &site->points[i];
        if (p->def->vtype != GW_V_NUM || !gw_quality_usable((enum gw_quality)samples[i].quality))
            continue;
        gw_value_text(p, &samples[i], text);
        gw_buf_str(o->b, "nonsite_point_value{");
        label(o->b, "point", p->id);
        gw_buf_char(o->b, ',');
        label(o->b, "unit", p->def->unit);
        gw_buf_printf(o->b, "} %s\n", text);
    }
}

void gw_render_metrics(const struct gw_render *r, struct gw_buf *out)
{
    const struct out o = {r, out};

    write_gateway(&o);
    write_delivery(&o);
    write_links(&o);
    write_polls(&o);
    write_errors(&o);
    write_times(&o);
    if (r->points)
        write_points(&o);
}
