/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/site_in.h"

#include "model/command.h"

#include <string.h>

#define STEP        2         /* spaces of one level */
#define SCRATCH_MAX (1 << 16) /* a driver's members of one bus, device or point */

struct printer {
    const struct gw_site *site;
    struct gw_buf *out;
    int indent;
    bool first; /* nothing was written at this level yet */
};

/* Starts a member or element on a line of its own. */
static void begin(struct printer *p)
{
    gw_buf_printf(p->out, "%s\n%*s", p->first ? "" : ",", p->indent, "");
    p->first = false;
}

static void open_obj(struct printer *p, const char *key)
{
    begin(p);
    gw_keys_print_str(key, p->out);
    gw_buf_str(p->out, ": {");
    p->indent += STEP;
    p->first = true;
}

static void close_obj(struct printer *p)
{
    p->indent -= STEP;
    if (p->first)
        gw_buf_char(p->out, '}');
    else
        gw_buf_printf(p->out, "\n%*s}", p->indent, "");
    p->first = false;
}

/* Adds ready members (lines with their indent, "" for none). */
static void members(struct printer *p, const char *lines)
{
    if (lines[0] != '\0') {
        gw_buf_printf(p->out, "%s\n", p->first ? "" : ",");
        gw_buf_str(p->out, lines);
        p->first = false;
    }
}

static void table(struct printer *p, const struct gw_key *keys, const void *in)
{
    struct gw_buf b;
    gw_buf_init(&b, SCRATCH_MAX);
    gw_keys_print(keys, in, p->indent, &b);
    p->out->failed = p->out->failed || b.failed;
    members(p, b.data != NULL ? b.data : "");
    gw_buf_free(&b);
}

static void driver_members(struct printer *p, void (*print)(const void *, int, struct gw_buf *),
                           const void *priv)
{
    struct gw_buf b;
    gw_buf_init(&b, SCRATCH_MAX);
    print(priv, p->indent, &b);
    p->out->failed = p->out->failed || b.failed;
    members(p, b.data != NULL ? b.data : "");
    gw_buf_free(&b);
}

static void section(struct printer *p, const char *key, const struct gw_key *keys, const void *in)
{
    open_obj(p, key);
    table(p, keys, in);
    close_obj(p);
}

static void print_bus(struct printer *p, const struct gw_site_bus *bus)
{
    struct gw_site_bus_in in;
    memset(&in, 0, sizeof in);
    memcpy(in.driver, bus->driver->name, strlen(bus->driver->name) + 1);
    open_obj(p, bus->id);
    table(p, gw_site_bus_keys, &in);
    driver_members(p, bus->driver->print_bus, bus->priv);
    close_obj(p);
}

static void print_buses(struct printer *p)
{
    open_obj(p, "buses");
    for (size_t i = 0; i < p->site->nbuses; i++)
        if (!gw_site_is_derived(&p->site->buses[i]))
            print_bus(p, &p->site->buses[i]);
    close_obj(p);
}

static void print_device(struct printer *p, const struct gw_site_device *device)
{
    const struct gw_site_bus *bus = &p->site->buses[device->bus];
    struct gw_site_device_in in = {.device = *device};
    memcpy(in.bus, bus->id, sizeof in.bus);
    open_obj(p, in.device.id);
    table(p, gw_site_device_keys, &in);
    driver_members(p, bus->driver->print_device, in.device.priv);
    close_obj(p);
}

static void print_devices(struct printer *p)
{
    open_obj(p, "devices");
    for (size_t i = 0; i < p->site->ndevices; i++)
        if (!gw_site_is_derived(&p->site->buses[p->site->devices[i].bus]))
            print_device(p, &p->site->devices[i]);
    close_obj(p);
}

static void print_points(struct printer *p)
{
    open_obj(p, "points");
    for (size_t i = 0; i < p->site->npoints; i++) {
        /* One without private data came with another one and will again. */
        if (p->site->index->declared[i] && p->site->point_priv[i] != NULL) {
            const struct gw_site_device *d = &p->site->devices[p->site->points[i].device];
            open_obj(p, p->site->points[i].id);
            driver_members(p, p->site->buses[d->bus].driver->print_point, p->site->point_priv[i]);
            close_obj(p);
        }
    }
    close_obj(p);
}

static void print_one_derived(struct printer *p, const struct gw_site_derived *d)
{
    open_obj(p, strchr(d->id, '.') + 1);
    table(p, gw_site_derived_keys, d);
    begin(p);
    gw_buf_str(p->out, "\"of\": [");
    for (size_t k = 0; k < d->nof; k++) {
        gw_buf_str(p->out, k > 0 ? ", " : "");
        gw_keys_print_str(p->site->points[d->of[k]].id, p->out);
    }
    gw_buf_char(p->out, ']');
    close_obj(p);
}

static void print_derived(struct printer *p)
{
    open_obj(p, "derived");
    for (size_t i = 0; i < p->site->nderived; i++)
        print_one_derived(p, &p->site->derived[i]);
    close_obj(p);
}

static void print_role(struct printer *p, const struct gw_site_role *role)
{
    begin(p);
    gw_keys_print_str(role->role, p->out);
    gw_buf_str(p->out, role->npoints == 1 ? ": " : ": [");
    for (size_t i = 0; i < role->npoints; i++) {
        gw_buf_str(p->out, i > 0 ? ", " : "");
        gw_keys_print_str(p->site->points[role->points[i]].id, p->out);
    }
    gw_buf_str(p->out, role->npoints == 1 ? "" : "]");
}

static void print_number(struct printer *p, const char *key, double value)
{
    begin(p);
    gw_keys_print_str(key, p->out);
    gw_buf_str(p->out, ": ");
    gw_keys_print_num(value, p->out);
}

/* Overrides of one finding stand together, as they were read. */
static void print_overrides(struct printer *p, const struct gw_site_asset *a)
{
    open_obj(p, "overrides");
    for (size_t i = 0; i < a->noverrides; i++) {
        const bool same = i > 0 && strcmp(a->overrides[i - 1].code, a->overrides[i].code) == 0;
        if (!same && i > 0)
            close_obj(p);
        if (!same)
            open_obj(p, a->overrides[i].code);
        print_number(p, a->overrides[i].param, a->overrides[i].value);
    }
    if (a->noverrides > 0)
        close_obj(p);
    close_obj(p);
}

static void print_asset(struct printer *p, const struct gw_site_asset *a)
{
    const struct gw_site_asset_in in = {.asset = *a};
    open_obj(p, a->id);
    table(p, gw_site_asset_keys, &in);
    open_obj(p, "facts");
    for (size_t i = 0; i < a->nfacts; i++) {
        begin(p);
        gw_keys_print_str(a->facts[i].key, p->out);
        gw_buf_str(p->out, ": ");
        gw_keys_print_str(a->facts[i].value, p->out);
    }
    close_obj(p);
    open_obj(p, "rated");
    for (size_t i = 0; i < a->nrated; i++)
        print_number(p, a->rated[i].key, a->rated[i].value);
    close_obj(p);
    open_obj(p, "roles");
    for (size_t i = 0; i < a->nroles; i++)
        print_role(p, &a->roles[i]);
    close_obj(p);
    open_obj(p, "due");
    for (size_t i = 0; i < a->ndue; i++) {
        begin(p);
        gw_keys_print_str(a->due[i].item, p->out);
        gw_buf_str(p->out, ": ");
        gw_keys_print_str(a->due[i].date, p->out);
    }
    close_obj(p);
    print_overrides(p, a);
    close_obj(p);
}

static void print_influx(struct printer *p)
{
    const struct gw_site_influx_in in = {.influx = p->site->influx};
    open_obj(p, "influx");
    table(p, gw_site_influx_keys, &in);
    open_obj(p, "tags");
    for (size_t i = 0; i < in.influx.ntags; i++) {
        begin(p);
        gw_keys_print_str(in.influx.tags[i].key, p->out);
        gw_buf_str(p->out, ": ");
        gw_keys_print_str(in.influx.tags[i].value, p->out);
    }
    close_obj(p);
    close_obj(p);
}

static void print_platform(struct printer *p)
{
    open_obj(p, "platform");
    begin(p);
    gw_buf_str(p->out, "\"keys\": [");
    for (size_t i = 0; i < p->site->platform.nkeys; i++) {
        const struct gw_site_trust *t = &p->site->platform.keys[i];
        bool first = true;
        gw_buf_str(p->out, i > 0 ? ", {\"file\": " : "{\"file\": ");
        gw_keys_print_str(t->file, p->out);
        gw_buf_str(p->out, ", \"may\": [");
        for (unsigned ask = 0; ask < GW_ASK_COUNT; ask++) {
            if ((t->may >> ask & 1) == 0)
                continue;
            gw_buf_printf(p->out, "%s\"%s\"", first ? "" : ", ", gw_ask_name(ask));
            first = false;
        }
        gw_buf_str(p->out, "]}");
    }
    gw_buf_char(p->out, ']');
    close_obj(p);
}

static void print_telemetry(struct printer *p)
{
    const struct gw_site_telemetry *t = &p->site->telemetry;
    const struct gw_site_telemetry_in in = {.telemetry = *t};
    open_obj(p, "telemetry");
    table(p, gw_site_telemetry_keys, &in);
    open_obj(p, "deadbands");
    for (size_t i = 0; i < t->ndeadbands; i++) {
        begin(p);
        gw_keys_print_str(p->site->points[t->deadbands[i].point].id, p->out);
        gw_buf_str(p->out, t->deadbands[i].percent ? ": \"" : ": ");
        gw_keys_print_num(t->deadbands[i].value, p->out);
        gw_buf_str(p->out, t->deadbands[i].percent ? " %\"" : "");
    }
    close_obj(p);
    close_obj(p);
}

static void print_local(struct printer *p)
{
    const struct gw_site_local_in in = {.local = p->site->local};
    open_obj(p, "local");
    table(p, gw_site_local_keys, &in);
    if (in.local.http.listen[0] != '\0')
        section(p, "http", gw_site_http_keys, &in.local.http);
    close_obj(p);
}

void gw_site_print(const struct gw_site *site, struct gw_buf *out)
{
    struct printer p = {.site = site, .out = out, .indent = STEP, .first = true};
    gw_buf_char(out, '{');
    section(&p, "gateway", gw_site_gateway_keys, &site->gateway);
    section(&p, "enterprise", gw_site_enterprise_keys, &site->enterprise);
    print_buses(&p);
    print_devices(&p);
    print_points(&p);
    if (site->nderived > 0)
        print_derived(&p);
    open_obj(&p, "assets");
    for (size_t i = 0; i < site->nassets; i++)
        print_asset(&p, &site->assets[i]);
    close_obj(&p);
    open_obj(&p, "publish");
    section(&p, "mqtt", gw_site_mqtt_keys, &site->mqtt);
    print_influx(&p);
    print_telemetry(&p);
    close_obj(&p);
    if (site->platform.nkeys > 0)
        print_platform(&p);
    section(&p, "journal", gw_site_journal_keys, &site->journal);
    print_local(&p);
    gw_buf_str(out, "\n}\n");
}

/* ---- parts ---- */

static struct printer part(const struct gw_site *site, struct gw_buf *out)
{
    return (struct printer){.site = site, .out = out, .first = true};
}

void gw_site_print_bus(const struct gw_site *site, uint32_t bus, struct gw_buf *out)
{
    struct printer p = part(site, out);
    if (!gw_site_is_derived(&site->buses[bus]))
        print_bus(&p, &site->buses[bus]);
}

void gw_site_print_device(const struct gw_site *site, uint32_t device, struct gw_buf *out)
{
    struct printer p = part(site, out);
    if (!gw_site_is_derived(&site->buses[site->devices[device].bus]))
        print_device(&p, &site->devices[device]);
}

static void print_double(double v, struct gw_buf *out)
{
    gw_buf_printf(out, " %.17g", v);
}

void gw_site_print_point(const struct gw_site *site, uint32_t point, struct gw_buf *out)
{
    const struct gw_point *pt = &site->points[point];
    const struct gw_site_bus *bus = &site->buses[site->devices[pt->device].bus];
    struct printer p = part(site, out);
    gw_buf_printf(out, "%s %d \"%s\" %d %lld %lld %lld", pt->id, (int)pt->def->vtype, pt->def->unit,
                  pt->def->decimals, (long long)pt->def->modulus, (long long)pt->def->period_ms,
                  (long long)pt->def->stale_ms);
    print_double(pt->def->sane_lo, out);
    print_double(pt->def->sane_hi, out);
    if (site->point_priv[point] != NULL)
        driver_members(&p, bus->driver->print_point, site->point_priv[point]);
}

void gw_site_print_asset(const struct gw_site *site, size_t asset, struct gw_buf *out)
{
    struct printer p = part(site, out);
    print_asset(&p, &site->assets[asset]);
}

void gw_site_print_derived(const struct gw_site *site, size_t derived, struct gw_buf *out)
{
    struct printer p = part(site, out);
    print_one_derived(&p, &site->derived[derived]);
}

void gw_site_print_influx(const struct gw_site *site, struct gw_buf *out)
{
    struct printer p = part(site, out);
    print_influx(&p);
}

void gw_site_print_platform(const struct gw_site *site, struct gw_buf *out)
{
    struct printer p = part(site, out);
    print_platform(&p);
}

void gw_site_print_telemetry(const struct gw_site *site, struct gw_buf *out)
{
    struct printer p = part(site, out);
    print_telemetry(&p);
}
