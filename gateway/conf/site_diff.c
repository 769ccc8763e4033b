/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/site_diff.h"

#include <stdlib.h>
#include <string.h>

#include "conf/site_in.h"

#define TEXT_MAX ((size_t)4 << 20)

/* Two texts to compare, used again and again. */
struct pair {
    const struct gw_site *from, *to;
    struct gw_buf a, b;
    bool all_changed; /* a profile changed that is not any device's own */
};

static bool same_texts(struct pair *p)
{
    const bool same = !p->a.failed && !p->b.failed && p->a.len == p->b.len &&
                      (p->a.len == 0 || memcmp(p->a.data, p->b.data, p->a.len) == 0);
    gw_buf_clear(&p->a);
    gw_buf_clear(&p->b);
    return same;
}

/* ---- profiles ---- */

static const char *hash_of(const struct gw_site *site, const char *profile)
{
    for (size_t i = 0; i < site->nprofiles; i++)
        if (strcmp(site->profiles[i].name, profile) == 0)
            return site->profiles[i].sha256;
    return "";
}

static bool is_own(const struct gw_site *site, const char *profile)
{
    for (size_t i = 0; i < site->ndevices; i++)
        if (strcmp(site->devices[i].profile, profile) == 0)
            return true;
    return false;
}

/* Points may draw on further profiles, without saying afterwards on which. */
static bool further_changed(const struct gw_site *from, const struct gw_site *to)
{
    for (size_t i = 0; i < from->nprofiles; i++) {
        const char *now = hash_of(to, from->profiles[i].name);
        if (now[0] != '\0' && strcmp(now, from->profiles[i].sha256) != 0 &&
            !is_own(from, from->profiles[i].name))
            return true;
    }
    return false;
}

/* ---- buses, devices, points ---- */

static bool same_point(struct pair *p, uint32_t from, uint32_t to)
{
    gw_site_print_point(p->from, from, &p->a);
    gw_site_print_point(p->to, to, &p->b);
    return same_texts(p);
}

static bool same_device(struct pair *p, uint32_t from, uint32_t to)
{
    const struct gw_site_device *a = &p->from->devices[from];
    const struct gw_site_device *b = &p->to->devices[to];
    if (a->npoints != b->npoints ||
        strcmp(hash_of(p->from, a->profile), hash_of(p->to, b->profile)) != 0)
        return false;
    if (p->all_changed && p->to->buses[b->bus].driver->kind != GW_BUS_LOCAL)
        return false;
    gw_site_print_device(p->from, from, &p->a);
    gw_site_print_device(p->to, to, &p->b);
    bool same = same_texts(p);
    for (uint32_t i = 0; same && i < a->npoints; i++)
        same = same_point(p, a->first_point + i, b->first_point + i);
    return same;
}

static uint32_t next_device(const struct gw_site *site, uint32_t bus, uint32_t from)
{
    while (from < site->ndevices && site->devices[from].bus != bus)
        from++;
    return from;
}

/* The bus of the device "derived" has no text of its own. */
static bool same_bus(struct pair *p, uint32_t from, uint32_t to)
{
    if (p->from->buses[from].driver != p->to->buses[to].driver)
        return false;
    gw_site_print_bus(p->from, from, &p->a);
    gw_site_print_bus(p->to, to, &p->b);
    bool same = same_texts(p);
    uint32_t a = next_device(p->from, from, 0), b = next_device(p->to, to, 0);
    while (same && a < p->from->ndevices && b < p->to->ndevices) {
        same = same_device(p, a, b);
        a = next_device(p->from, from, a + 1);
        b = next_device(p->to, to, b + 1);
    }
    return same && a == p->from->ndevices && b == p->to->ndevices;
}

static uint32_t find_bus(const struct gw_site *site, const char *id)
{
    for (uint32_t i = 0; i < site->nbuses; i++)
        if (strcmp(site->buses[i].id, id) == 0)
            return i;
    return GW_SITE_NEW;
}

static uint32_t find_device(const struct gw_site *site, const char *id)
{
    for (uint32_t i = 0; i < site->ndevices; i++)
        if (strcmp(site->devices[i].id, id) == 0)
            return i;
    return GW_SITE_NEW;
}

/* The bus goes on: so do its devices and their points, in their order. */
static void map_bus(const struct pair *p, struct gw_site_diff *d, uint32_t from, uint32_t to)
{
    uint32_t a = next_device(p->from, from, 0), b = next_device(p->to, to, 0);
    d->buses[to] = from;
    while (a < p->from->ndevices && b < p->to->ndevices) {
        d->devices[b] = a;
        for (uint32_t i = 0; i < p->to->devices[b].npoints; i++)
            d->points[p->to->devices[b].first_point + i] = p->from->devices[a].first_point + i;
        a = next_device(p->from, from, a + 1);
        b = next_device(p->to, to, b + 1);
    }
}

static bool same_derived(struct pair *p)
{
    bool same = p->from->nderived == p->to->nderived;
    for (size_t i = 0; same && i < p->to->nderived; i++) {
        gw_site_print_derived(p->from, i, &p->a);
        gw_site_print_derived(p->to, i, &p->b);
        same = same_texts(p);
    }
    return same;
}

/* What is derived goes on while all that it is made of does. */
static bool derived_goes_on(struct pair *p, const struct gw_site_diff *d)
{
    if (!same_derived(p))
        return false;
    for (size_t i = 0; i < p->to->nderived; i++)
        for (size_t k = 0; k < p->to->derived[i].nof; k++)
            if (d->points[p->to->derived[i].of[k]] == GW_SITE_NEW)
                return false;
    return true;
}

static void map_buses(struct pair *p, struct gw_site_diff *d)
{
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < p->to->nbuses; i++) {
            const struct gw_site_bus *bus = &p->to->buses[i];
            const uint32_t old = find_bus(p->from, bus->id);
            const bool derived = gw_site_is_derived(bus);
            if (old == GW_SITE_NEW || derived != (pass == 1) ||
                derived != gw_site_is_derived(&p->from->buses[old]))
                continue;
            if (same_bus(p, old, i) && (!derived || derived_goes_on(p, d)))
                map_bus(p, d, old, i);
        }
    }
}

/* ---- counting ---- */

static void count_buses(struct pair *p, struct gw_site_diff *d)
{
    struct gw_site_changes *c = &d->bus_changes;
    for (uint32_t i = 0; i < p->to->nbuses; i++) {
        if (gw_site_is_derived(&p->to->buses[i]) || d->buses[i] != GW_SITE_NEW)
            continue;
        *(find_bus(p->from, p->to->buses[i].id) == GW_SITE_NEW ? &c->added : &c->changed) += 1;
    }
    for (uint32_t i = 0; i < p->from->nbuses; i++)
        c->removed += !gw_site_is_derived(&p->from->buses[i]) &&
                      find_bus(p->to, p->from->buses[i].id) == GW_SITE_NEW;
}

static void count_devices(struct pair *p, struct gw_site_diff *d)
{
    struct gw_site_changes *c = &d->device_changes;
    for (uint32_t i = 0; i < p->to->ndevices; i++) {
        const uint32_t old = find_device(p->from, p->to->devices[i].id);
        if (d->devices[i] != GW_SITE_NEW)
            continue;
        if (old == GW_SITE_NEW)
            c->added++;
        else
            c->changed += !same_device(p, old, i);
    }
    for (uint32_t i = 0; i < p->from->ndevices; i++)
        c->removed += find_device(p->to, p->from->devices[i].id) == GW_SITE_NEW;
}

static void count_points(struct pair *p, struct gw_site_diff *d)
{
    struct gw_site_changes *c = &d->point_changes;
    uint32_t at = 0;
    for (uint32_t i = 0; i < p->to->npoints; i++) {
        if (d->points[i] != GW_SITE_NEW)
            continue;
        if (!gw_site_find_point(p->from, p->to->points[i].id, &at))
            c->added++;
        else
            c->changed += !same_point(p, at, i);
    }
    for (uint32_t i = 0; i < p->from->npoints; i++)
        c->removed += !gw_site_find_point(p->to, p->from->points[i].id, &at);
}

static size_t find_asset(const struct gw_site *site, const char *id)
{
    for (size_t i = 0; i < site->nassets; i++)
        if (strcmp(site->assets[i].id, id) == 0)
            return i;
    return SIZE_MAX;
}

static void count_assets(struct pair *p, struct gw_site_diff *d)
{
    struct gw_site_changes *c = &d->asset_changes;
    for (size_t i = 0; i < p->to->nassets; i++) {
        const size_t old = find_asset(p->from, p->to->assets[i].id);
        if (old == SIZE_MAX) {
            c->added++;
            continue;
        }
        gw_site_print_asset(p->from, old, &p->a);
        gw_site_print_asset(p->to, i, &p->b);
        c->changed += !same_texts(p);
    }
    for (size_t i = 0; i < p->from->nassets; i++)
        c->removed += find_asset(p->to, p->from->assets[i].id) == SIZE_MAX;
}

static bool others_differ(struct pair *p)
{
    const struct gw_site *a = p->from, *b = p->to;
    gw_site_print_telemetry(a, &p->a);
    gw_site_print_telemetry(b, &p->b);
    return !same_texts(p) || gw_keys_differ(gw_site_gateway_keys, &a->gateway, &b->gateway) ||
           gw_keys_differ(gw_site_enterprise_keys, &a->enterprise, &b->enterprise) ||
           gw_keys_differ(gw_site_journal_keys, &a->journal, &b->journal) ||
           gw_keys_differ(gw_site_mqtt_keys, &a->mqtt, &b->mqtt);
}

enum gw_status gw_site_diff_make(const struct gw_site *from, const struct gw_site *to,
                                 struct gw_site_diff *out)
{
    struct pair p = {.from = from, .to = to, .all_changed = further_changed(from, to)};
    struct gw_site_diff d = {
        .buses = calloc(to->nbuses + 1, sizeof *d.buses),
        .devices = calloc(to->ndevices + 1, sizeof *d.devices),
        .points = calloc(to->npoints + 1, sizeof *d.points),
    };
    if (d.buses == NULL || d.devices == NULL || d.points == NULL) {
        gw_site_diff_free(&d);
        return GW_E_NOMEM;
    }
    memset(d.buses, 0xff, to->nbuses * sizeof *d.buses);
    memset(d.devices, 0xff, to->ndevices * sizeof *d.devices);
    memset(d.points, 0xff, to->npoints * sizeof *d.points);
    gw_buf_init(&p.a, TEXT_MAX);
    gw_buf_init(&p.b, TEXT_MAX);
    map_buses(&p, &d);
    count_buses(&p, &d);
    count_devices(&p, &d);
    count_points(&p, &d);
    count_assets(&p, &d);
    d.other = others_differ(&p);
    gw_buf_free(&p.a);
    gw_buf_free(&p.b);
    *out = d;
    return GW_OK;
}

void gw_site_diff_free(struct gw_site_diff *d)
{
    free(d->buses);
    free(d->devices);
    free(d->points);
    *d = (struct gw_site_diff){.buses = NULL};
}

static bool none(const struct gw_site_changes *c)
{
    return c->added == 0 && c->removed == 0 && c->changed == 0;
}

bool gw_site_diff_empty(const struct gw_site_diff *d)
{
    return none(&d->bus_changes) && none(&d->device_changes) && none(&d->point_changes) &&
           none(&d->asset_changes) && !d->other;
}

/* ---- what cannot change ---- */

static void name_fixed(struct gw_buf *out, const char *section, const char *key)
{
    gw_buf_printf(out, "%s%s%s%s", out->len > 0 ? ", " : "", section, key[0] != '\0' ? "/" : "",
                  key);
}

/* All keys of the table but those of `free`, a list that ends with NULL. */
static void fixed_keys(const struct gw_key *keys, const char *section, const char *const *free_keys,
                       const void *const pair[2], struct gw_buf *out)
{
    for (const struct gw_key *k = keys; k->type != GW_KEY_END; k++) {
        bool is_free = false;
        for (size_t i = 0; free_keys != NULL && free_keys[i] != NULL; i++)
            is_free = is_free || strcmp(k->name, free_keys[i]) == 0;
        const struct gw_key one[] = {*k, {.type = GW_KEY_END}};
        if (!is_free && gw_keys_differ(one, pair[0], pair[1]) != NULL)
            name_fixed(out, section, k->name);
    }
}

static bool differ(const struct gw_site *from, const struct gw_site *to,
                   void (*print)(const struct gw_site *site, struct gw_buf *out))
{
    struct pair p = {.from = from, .to = to};
    gw_buf_init(&p.a, TEXT_MAX);
    gw_buf_init(&p.b, TEXT_MAX);
    print(from, &p.a);
    print(to, &p.b);
    const bool same = same_texts(&p);
    gw_buf_free(&p.a);
    gw_buf_free(&p.b);
    return !same;
}

void gw_site_diff_fixed(const struct gw_site *from, const struct gw_site *to, struct gw_buf *out)
{
    static const char *const gateway[] = {"catalogue", "profiles", "log_level", NULL};
    static const char *const enterprise[] = {"code", "name", "sector", NULL};
    static const char *const mqtt[] = {"health_s", NULL};
    static const char *const journal[] = {"window_before_s", "window_after_s", NULL};
    const struct {
        const struct gw_key *keys;
        const char *section;
        const char *const *free_keys;
        const void *pair[2];
    } sections[] = {
        {gw_site_gateway_keys, "/gateway", gateway, {&from->gateway, &to->gateway}},
        {gw_site_mqtt_keys, "/publish/mqtt", mqtt, {&from->mqtt, &to->mqtt}},
        {gw_site_journal_keys, "/journal", journal, {&from->journal, &to->journal}},
        {gw_site_local_keys, "/local", NULL, {&from->local, &to->local}},
    };
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        fixed_keys(sections[i].keys, sections[i].section, sections[i].free_keys, sections[i].pair,
                   out);
    const void *const pair[2] = {&from->enterprise, &to->enterprise};
    if (from->influx.enabled) /* they are tags of every line */
        fixed_keys(gw_site_enterprise_keys, "/enterprise", enterprise, pair, out);
    const struct gw_site_influx_in a = {.influx = from->influx}, b = {.influx = to->influx};
    const void *const influx[2] = {&a, &b};
    const size_t before = out->len;
    fixed_keys(gw_site_influx_keys, "/publish/influx", NULL, influx, out);
    if (out->len == before && differ(from, to, gw_site_print_influx))
        name_fixed(out, "/publish/influx", "tags");
    if (differ(from, to, gw_site_print_platform))
        name_fixed(out, "/platform", "keys");
}
