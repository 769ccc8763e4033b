/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/site.h"

#include "base/file.h"
#include "conf/scan.h"
#include "conf/site_in.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A profile file that was asked for; doc is NULL when it could not be read. */
struct profile {
    char name[GW_ID_SIZE];
    const struct gw_json *doc;
};

struct gw_site_loader {
    struct gw_site *site;
    const struct gw_conf_driver *const *drivers;
    const struct gw_site_files *files; /* NULL: those of the disk */
    struct gw_issues *issues;
    struct gw_site_root_in root;
    struct profile *profiles;
    size_t nprofiles;
    const struct gw_jnode *telemetry; /* "publish.telemetry", for when the points are there */
    bool *device_bad;
    size_t ntcp, nserial;
    bool nomem;
};

static void set_id(struct gw_site_loader *l, const struct gw_jnode *n, const char *what,
                   char out[GW_ID_SIZE])
{
    if (!gw_keys_is_id(gw_jnode_key(n), GW_ID_SIZE)) {
        gw_jnode_issue(n, l->issues, "the name of a %s has 1 to %d letters, digits, '-' and '_'",
                       what, GW_ID_SIZE - 1);
        return;
    }
    struct gw_buf b;
    gw_buf_fixed(&b, out, GW_ID_SIZE);
    gw_buf_str(&b, gw_jnode_key(n));
}

/* ---- files beside the site file ---- */

static enum gw_status read_file(const struct gw_site_loader *l, const char *path, char **text,
                                size_t *len, struct gw_err *err)
{
    if (l->files != NULL)
        return l->files->read(l->files->ctx, path, text, len, err);
    return gw_file_read(path, GW_SCAN_SIZE_MAX, text, len, err);
}

/* Reads a file that the site file names; its absence is an issue at `node`, which names it. */
static struct gw_json *load_named(struct gw_site_loader *l, const char *path,
                                  const struct gw_jnode *node)
{
    char *text = NULL;
    size_t len = 0;
    struct gw_json *doc = NULL;
    struct gw_err err = {.status = GW_OK};
    enum gw_status status = read_file(l, path, &text, &len, &err);
    if (status != GW_OK) {
        gw_jnode_issue(node, l->issues, "cannot read %s", err.msg);
        l->nomem = l->nomem || status == GW_E_NOMEM;
        return NULL;
    }
    status = gw_json_parse_on(text, len, path, l->issues, &doc);
    l->nomem = l->nomem || status == GW_E_NOMEM;
    free(text);
    return status == GW_OK ? doc : NULL;
}

/* False where the key was given in a way that is an issue already, so that its default says
 * nothing. */
static bool path_known(const struct gw_jnode *obj, const char *key)
{
    const struct gw_jnode *n = gw_jnode_get(obj, key);
    return n == NULL || (gw_jnode_type(n) == GW_J_STR && gw_jnode_str(n)[0] != '\0');
}

static void load_catalogue(struct gw_site_loader *l)
{
    const struct gw_jnode *obj = l->root.gateway;
    if (obj == NULL || !path_known(obj, "catalogue"))
        return;
    const struct gw_jnode *n = gw_jnode_get(obj, "catalogue");
    l->site->catalogue = load_named(l, l->site->gateway.catalogue, n != NULL ? n : obj);
}

/* Room for one more profile. */
static bool make_room(struct gw_site_loader *l)
{
    struct profile *profiles = realloc(l->profiles, (l->nprofiles + 1) * sizeof *profiles);
    if (profiles != NULL)
        l->profiles = profiles;
    struct gw_json **docs = realloc(l->site->docs, (l->site->ndocs + 1) * sizeof(struct gw_json *));
    if (docs != NULL)
        l->site->docs = docs;
    return profiles != NULL && docs != NULL;
}

/* NULL when it cannot be had; the reason is an issue, told once. */
static const struct gw_json *get_profile(struct gw_site_loader *l, const char *name,
                                         const struct gw_jnode *node)
{
    for (size_t i = 0; i < l->nprofiles; i++)
        if (strcmp(l->profiles[i].name, name) == 0)
            return l->profiles[i].doc;
    if (l->root.gateway == NULL || !path_known(l->root.gateway, "profiles"))
        return NULL;
    char path[GW_PATH_SIZE + GW_ID_SIZE + 8];
    (void)snprintf(path, sizeof path, "%s/%s.json", l->site->gateway.profiles_dir, name);
    if (!make_room(l)) {
        l->nomem = true;
        return NULL;
    }
    struct gw_json *doc = load_named(l, path, node);
    struct profile *p = &l->profiles[l->nprofiles++];
    (void)snprintf(p->name, sizeof p->name, "%s", name);
    p->doc = doc;
    if (doc != NULL)
        l->site->docs[l->site->ndocs++] = doc;
    return doc;
}

const struct gw_jnode *gw_site_profile(struct gw_site *site, const char *name,
                                       const struct gw_jnode *node)
{
    assert(site->loader != NULL);
    const struct gw_json *doc = get_profile(site->loader, name, node);
    return doc != NULL ? gw_json_root(doc) : NULL;
}

/* ---- buses ---- */

static const struct gw_conf_driver *find_driver(struct gw_site_loader *l, const char *name,
                                                const struct gw_jnode *bus)
{
    char mem[256];
    struct gw_buf known;
    gw_buf_fixed(&known, mem, sizeof mem);
    mem[0] = '\0';
    for (size_t i = 0; l->drivers[i] != NULL; i++) {
        if (strcmp(l->drivers[i]->name, name) == 0)
            return l->drivers[i];
        gw_buf_printf(&known, "%s\"%s\"", i > 0 ? ", " : "", l->drivers[i]->name);
    }
    gw_jnode_issue(gw_jnode_get(bus, "driver"), l->issues,
                   "there is no driver \"%s\"; this version has %s", name, mem);
    return NULL;
}

static void count_bus(struct gw_site_loader *l, enum gw_bus_kind kind, const struct gw_jnode *n)
{
    if (kind == GW_BUS_TCP && ++l->ntcp == GW_SITE_TCP_MAX + 1) {
        gw_jnode_issue(n, l->issues, "more than %d TCP endpoints; use a second gateway",
                       GW_SITE_TCP_MAX);
    }
    if (kind == GW_BUS_SERIAL && ++l->nserial == GW_SITE_SERIAL_MAX + 1) {
        gw_jnode_issue(n, l->issues, "more than %d serial lines; use a second gateway",
                       GW_SITE_SERIAL_MAX);
    }
}

static void read_bus(struct gw_site_loader *l, struct gw_site_bus *bus, const struct gw_jnode *n)
{
    struct gw_site_bus_in in = {.driver = ""};
    set_id(l, n, "bus", bus->id);
    if (!gw_keys_read_some(n, gw_site_bus_keys, &in, l->issues))
        return;
    bus->driver = find_driver(l, in.driver, n);
    if (bus->driver == NULL)
        return;
    count_bus(l, bus->driver->kind, n);
    const size_t before = gw_issues_count(l->issues);
    bus->priv = bus->driver->bus(n, l->issues);
    if (bus->priv == NULL && gw_issues_count(l->issues) == before)
        l->nomem = true;
}

static void read_buses(struct gw_site_loader *l)
{
    struct gw_site *site = l->site;
    const struct gw_jnode *obj = l->root.buses;
    /* One more, for what is derived. */
    site->buses = calloc(obj != NULL ? gw_jnode_count(obj) + 1 : 1, sizeof *site->buses);
    if (site->buses == NULL) {
        l->nomem = true;
        return;
    }
    const struct gw_jnode *n = obj != NULL ? gw_jnode_first(obj) : NULL;
    for (; n != NULL && !l->nomem; n = gw_jnode_next(n))
        read_bus(l, &site->buses[site->nbuses++], n);
}

/* ---- devices ---- */

/* NULL when unknown; an issue says so, where no bus given twice may have been meant. */
static const struct gw_site_bus *find_bus(struct gw_site_loader *l, const char *id,
                                          const struct gw_jnode *device)
{
    for (size_t i = 0; i < l->site->nbuses; i++)
        if (strcmp(l->site->buses[i].id, id) == 0)
            return &l->site->buses[i];
    if (!gw_jnode_repeats(l->root.buses, 1))
        gw_jnode_issue(gw_jnode_get(device, "bus"), l->issues, "there is no bus \"%s\"", id);
    return NULL;
}

static void read_device(struct gw_site_loader *l, uint32_t index, const struct gw_jnode *n)
{
    struct gw_site_device *device = &l->site->devices[index];
    struct gw_site_device_in in = {.bus = ""};
    l->device_bad[index] = true;
    set_id(l, n, "device", in.device.id);
    (void)gw_keys_read_some(n, gw_site_device_keys, &in, l->issues);
    *device = in.device;

    const struct gw_json *profile = NULL;
    if (device->profile[0] != '\0')
        profile = get_profile(l, device->profile, gw_jnode_get(n, "profile"));
    const struct gw_site_bus *bus = in.bus[0] != '\0' ? find_bus(l, in.bus, n) : NULL;
    if (bus == NULL)
        return;
    device->bus = (uint32_t)(bus - l->site->buses);
    /* Without its driver or its profile nothing of use can be said about the device's own keys. */
    if (bus->driver == NULL || device->id[0] == '\0' ||
        (gw_jnode_get(n, "profile") != NULL && profile == NULL))
        return;
    const size_t before = gw_issues_count(l->issues);
    device->priv = bus->driver->device(l->site, index, n,
                                       profile != NULL ? gw_json_root(profile) : NULL, l->issues);
    const bool bad = gw_issues_count(l->issues) != before;
    if (device->priv == NULL && !bad)
        l->nomem = true;
    l->device_bad[index] =
        bad || gw_jnode_repeats(n, GW_SCAN_DEPTH_MAX) ||
        (profile != NULL && gw_jnode_repeats(gw_json_root(profile), GW_SCAN_DEPTH_MAX));
}

static void read_devices(struct gw_site_loader *l)
{
    struct gw_site *site = l->site;
    const struct gw_jnode *obj = l->root.devices;
    const size_t count = obj != NULL ? gw_jnode_count(obj) : 0;
    site->devices = calloc(count + 2, sizeof *site->devices);
    l->device_bad = calloc(count + 2, sizeof *l->device_bad);
    if (site->devices == NULL || l->device_bad == NULL) {
        l->nomem = true;
        return;
    }
    const struct gw_jnode *n = obj != NULL ? gw_jnode_first(obj) : NULL;
    for (; n != NULL && !l->nomem; n = gw_jnode_next(n)) {
        const uint32_t index = (uint32_t)site->ndevices++;
        read_device(l, index, n);
    }
}

/* ---- points ---- */

static bool find_device(const struct gw_site *site, const char *id, size_t len, uint32_t *out)
{
    for (size_t d = 0; d < site->ndevices; d++) {
        if (strlen(site->devices[d].id) == len && memcmp(site->devices[d].id, id, len) == 0) {
            *out = (uint32_t)d;
            return true;
        }
    }
    return false;
}

static void read_point(struct gw_site_loader *l, const struct gw_jnode *n)
{
    struct gw_site *site = l->site;
    const char *id = gw_jnode_key(n);
    const char *dot = strchr(id, '.');
    uint32_t device = 0;
    if (dot == NULL || strlen(id) >= GW_POINT_ID || !gw_keys_is_id(dot + 1, SIZE_MAX)) {
        gw_jnode_issue(n, l->issues,
                       "the name of a point is \"<device>.<name>\", at most %d letters, digits, "
                       "'-' and '_'",
                       GW_POINT_ID - 1);
        return;
    }
    if (!find_device(site, id, (size_t)(dot - id), &device)) {
        if (!gw_jnode_repeats(l->root.devices, 1))
            gw_jnode_issue(n, l->issues, "there is no device \"%.*s\"", (int)(dot - id), id);
        return;
    }
    l->device_bad[device] = l->device_bad[device] || gw_jnode_repeats(n, GW_SCAN_DEPTH_MAX);
    if (site->devices[device].priv == NULL)
        return; /* its issues stand at the device */
    const size_t before = gw_issues_count(l->issues);
    const size_t npoints = site->npoints;
    site->buses[site->devices[device].bus].driver->point(site, device, n, l->issues);
    if (gw_issues_count(l->issues) != before)
        l->device_bad[device] = true;
    else if (site->npoints == npoints)
        l->nomem = true;
}

static void read_points(struct gw_site_loader *l)
{
    const struct gw_jnode *n = l->root.points != NULL ? gw_jnode_first(l->root.points) : NULL;
    for (size_t d = 0; d < l->site->ndevices && gw_jnode_repeats(l->root.points, 0); d++)
        l->device_bad[d] = true;
    l->site->index->declaring = true;
    for (; n != NULL && !l->nomem; n = gw_jnode_next(n))
        read_point(l, n);
    l->site->index->declaring = false;
}

/* ---- the rest ---- */

static void read_publish(struct gw_site_loader *l)
{
    struct gw_site_publish_in in = {.mqtt = NULL};
    if (l->root.publish != NULL)
        (void)gw_keys_read(l->root.publish, gw_site_publish_keys, &in, l->issues);
    l->telemetry = in.telemetry;
    gw_site_read_influx(l->site, in.influx, l->issues);
    if (in.mqtt != NULL) {
        (void)gw_keys_read(in.mqtt, gw_site_mqtt_keys, &l->site->mqtt, l->issues);
        gw_site_check_mqtt(&l->site->mqtt, in.mqtt, l->issues);
        gw_site_check_receipts(l->site, in.mqtt, l->root.platform, l->issues);
    }
}

/* What lacks in a "derived" section with issues is explained by them. */
static void judge_derived(struct gw_site_loader *l, size_t before)
{
    const bool bad = gw_issues_count(l->issues) != before ||
                     gw_jnode_repeats(l->root.derived, GW_SCAN_DEPTH_MAX);
    for (size_t d = 0; d < l->site->ndevices; d++) {
        l->device_bad[d] =
            l->device_bad[d] || (bad && strcmp(l->site->devices[d].id, "derived") == 0);
    }
}

/* What stands on points: derived ones and assets. false: no memory. */
static bool read_parts(struct gw_site_loader *l)
{
    struct gw_site *site = l->site;
    const bool unsure = gw_jnode_repeats(l->root.devices, 1);
    const struct gw_site_derived_env derived = {
        .site = site, .issues = l->issues, .names_unsure = unsure, .device_bad = l->device_bad};
    const struct gw_site_asset_env env = {
        .site = site, .issues = l->issues, .names_unsure = unsure, .device_bad = l->device_bad};
    const size_t before = gw_issues_count(l->issues);
    if (!gw_site_read_derived(&derived, l->root.derived) || !gw_site_group_points(site))
        return false;
    judge_derived(l, before);
    return gw_site_resolve_derived(&derived) &&
           gw_site_read_telemetry(site, l->telemetry, l->device_bad, derived.names_unsure,
                                  l->issues) &&
           gw_site_read_assets(&env, l->root.assets);
}

static void read_sections(struct gw_site_loader *l)
{
    const struct gw_jnode *root = gw_json_root(l->site->docs[0]);
    struct gw_site *site = l->site;
    (void)gw_keys_read(root, gw_site_root_keys, &l->root, l->issues);
    if (l->root.gateway != NULL)
        (void)gw_keys_read(l->root.gateway, gw_site_gateway_keys, &site->gateway, l->issues);
    site->enterprise.sector = GW_SECTOR_UNKNOWN;
    if (l->root.enterprise != NULL) {
        (void)gw_keys_read(l->root.enterprise, gw_site_enterprise_keys, &site->enterprise,
                           l->issues);
    }
    (void)gw_keys_read(l->root.journal, gw_site_journal_keys, &site->journal, l->issues);
    gw_site_read_local(site, l->root.local, root, l->issues);
    gw_site_read_platform(&site->platform, l->root.platform, l->issues);
    load_catalogue(l);
    if (!l->nomem)
        read_buses(l);
    if (!l->nomem)
        read_devices(l);
    if (!l->nomem)
        read_points(l);
    if (!l->nomem) {
        read_publish(l);
        l->nomem = !read_parts(l);
    }
}

static enum gw_status hash_doc(const struct gw_json *doc, struct gw_buf *list)
{
    size_t len = 0;
    const char *text = gw_json_text(doc, &len);
    char hex[GW_SHA256_HEX];
    const enum gw_status status = gw_sha256_hex(text, len, hex);
    if (status == GW_OK)
        gw_buf_printf(list, "%s\n", hex);
    return status;
}

/* The hash of the files' hashes, so that `sha256sum FILE... | cut -c-64 | sha256sum` gives it, too.
 */
static enum gw_status hash_config(struct gw_site *site)
{
    struct gw_buf list;
    gw_buf_init(&list, (site->ndocs + 1) * GW_SHA256_HEX);
    enum gw_status status = GW_OK;
    for (size_t i = 0; i < site->ndocs && status == GW_OK; i++)
        status = hash_doc(site->docs[i], &list);
    if (status == GW_OK)
        status = hash_doc(site->catalogue, &list);
    if (status == GW_OK)
        status = list.failed ? GW_E_NOMEM : gw_sha256_hex(list.data, list.len, site->config_sha256);
    gw_buf_free(&list);
    return status;
}

/* False: no memory. */
static bool hash_profiles(struct gw_site_loader *l)
{
    struct gw_site *site = l->site;
    site->profiles = calloc(l->nprofiles + 1, sizeof *site->profiles);
    if (site->profiles == NULL)
        return false;
    for (size_t i = 0; i < l->nprofiles; i++) {
        struct gw_site_profile_hash *p = &site->profiles[site->nprofiles++];
        size_t len = 0;
        const char *text = gw_json_text(l->profiles[i].doc, &len);
        memcpy(p->name, l->profiles[i].name, sizeof p->name);
        if (gw_sha256_hex(text, len, p->sha256) != GW_OK)
            return false;
    }
    return true;
}

static struct gw_site *new_site(void)
{
    struct gw_site *site = calloc(1, sizeof *site);
    if (site == NULL)
        return NULL;
    site->index = calloc(1, sizeof *site->index);
    site->docs = calloc(1, sizeof(struct gw_json *));
    if (site->index == NULL || site->docs == NULL) {
        gw_site_free(site);
        return NULL;
    }
    return site;
}

/* The site file itself. */
static enum gw_status load_root(struct gw_site_loader *l, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    struct gw_err err = {.status = GW_OK};
    if (l->files == NULL)
        return gw_json_load_on(path, l->issues, &l->site->docs[0]);
    enum gw_status status = read_file(l, path, &text, &len, &err);
    if (status == GW_OK)
        status = gw_json_parse_on(text, len, path, l->issues, &l->site->docs[0]);
    free(text);
    return status;
}

const char *gw_site_file(const struct gw_site *site, size_t i, const char **text, size_t *len)
{
    const struct gw_json *doc = NULL;
    if (i < site->ndocs)
        doc = site->docs[i];
    else if (i == site->ndocs)
        doc = site->catalogue;
    if (doc == NULL)
        return NULL;
    *text = gw_json_text(doc, len);
    return gw_json_name(doc);
}

enum gw_status gw_site_load_partly(const char *path, const struct gw_conf_driver *const *drivers,
                                   struct gw_issues *issues, struct gw_site **out)
{
    return gw_site_load_from(path, drivers, NULL, issues, out);
}

enum gw_status gw_site_load_from(const char *path, const struct gw_conf_driver *const *drivers,
                                 const struct gw_site_files *files, struct gw_issues *issues,
                                 struct gw_site **out)
{
    const size_t before = gw_issues_count(issues);
    struct gw_site_loader l = {
        .drivers = drivers, .files = files, .issues = issues, .site = new_site()};
    enum gw_status status = GW_E_NOMEM;
    if (l.site == NULL)
        goto out;
    status = load_root(&l, path);
    if (status != GW_OK)
        goto out;
    l.site->ndocs = 1;
    l.site->loader = &l;
    read_sections(&l);
    l.site->loader = NULL;
    if (l.nomem)
        status = GW_E_NOMEM;
    else if (gw_issues_count(issues) != before)
        status = GW_E_PARSE;
    else
        status = hash_profiles(&l) ? hash_config(l.site) : GW_E_NOMEM;
    if (status != GW_E_NOMEM) {
        *out = l.site;
        l.site = NULL;
    }

out:
    if (status != GW_OK && gw_issues_count(issues) == before)
        gw_issues_add(issues, path, 0, "", "cannot be loaded: %s", gw_status_name(status));
    free(l.profiles);
    free(l.device_bad);
    gw_site_free(l.site);
    return status == GW_OK || status == GW_E_NOMEM ? status : GW_E_PARSE;
}

enum gw_status gw_site_load(const char *path, const struct gw_conf_driver *const *drivers,
                            struct gw_issues *issues, struct gw_site **out)
{
    struct gw_site *site = NULL;
    const enum gw_status status = gw_site_load_partly(path, drivers, issues, &site);
    if (status != GW_OK) {
        gw_site_free(site);
        return status;
    }
    *out = site;
    return GW_OK;
}

void gw_site_free(struct gw_site *site)
{
    if (site == NULL)
        return;
    gw_site_drop_texts(site);
    gw_site_free_assets(site);
    for (size_t i = 0; i < site->npoints; i++) {
        const struct gw_site_device *d = &site->devices[site->points[i].device];
        site->buses[d->bus].driver->free_point(site->point_priv[i]);
    }
    for (size_t i = 0; i < site->ndevices; i++)
        if (site->devices[i].priv != NULL)
            site->buses[site->devices[i].bus].driver->free_device(site->devices[i].priv);
    for (size_t i = 0; i < site->nbuses; i++)
        if (site->buses[i].driver != NULL)
            site->buses[i].driver->free_bus(site->buses[i].priv);
    free(site->profiles);
    free(site->derived);
    free(site->telemetry.deadbands);
    free(site->points);
    free(site->point_priv);
    free(site->devices);
    free(site->buses);
    gw_site_index_free(site->index);
    free(site);
}

void gw_site_drop_texts(struct gw_site *site)
{
    for (size_t i = 0; i < site->nassets; i++) {
        site->assets[i].node = NULL;
        for (size_t k = 0; k < site->assets[i].noverrides; k++)
            site->assets[i].overrides[k].node = NULL;
    }
    for (size_t i = 0; i < site->nderived; i++)
        site->derived[i].node = NULL;
    for (size_t i = 0; i < site->ndocs; i++)
        gw_json_free(site->docs[i]);
    free(site->docs);
    gw_json_free(site->catalogue);
    site->docs = NULL;
    site->ndocs = 0;
    site->catalogue = NULL;
}
