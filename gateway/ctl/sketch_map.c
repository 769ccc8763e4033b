/* SPDX-License-Identifier: Apache-2.0
 *
 * Roles that follow from the profiles.
 */
#define _GNU_SOURCE /* mkstemp */
#include "ctl/sketch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/member.h"
#include "registry.h"

struct mapping {
    struct gw_plan *p;
    const struct gw_catalogue *cat;
    const struct gw_site *site;
    struct gw_sketch *d;
    bool nomem;
};

/* ---- the points of the devices ---- */

static void put_stub(const struct gw_plan *p, struct gw_buf *out)
{
    gw_buf_str(out, "{\"gateway\": {\"id\": \"draft\", \"catalogue\": ");
    gw_sketch_str(out, p->catalogue[0] ? p->catalogue : GW_PLAN_CATALOGUE);
    gw_buf_str(out, ", \"profiles\": ");
    gw_sketch_str(out, p->profiles[0] ? p->profiles : GW_PLAN_PROFILES);
    gw_buf_printf(out,
                  "}, \"enterprise\": {\"uscc\": \"91371311MAXX00015G\", \"name\": \"-\", "
                  "\"county\": \"371311\", \"sector\": \"%s\"},\n",
                  gw_sector_names[p->sector]);
    gw_sketch_devices(p, out);
    gw_buf_str(out, "  \"publish\": {\"mqtt\": {\"enabled\": false}}\n}\n");
}

static enum gw_status read_points(const struct gw_plan *p, struct gw_issues *issues,
                                  struct gw_site **site)
{
    const char *folder = getenv("TMPDIR");
    char path[GW_PATH_SIZE];
    struct gw_buf text;
    enum gw_status st = GW_E_IO;

    (void)snprintf(path, sizeof path, "%s/nonsite-init.XXXXXX", folder ? folder : "/tmp");
    gw_buf_init(&text, (size_t)1 << 20);
    put_stub(p, &text);
    const int fd = text.failed ? -1 : mkstemp(path);
    if (fd >= 0) {
        const bool written = write(fd, text.data, text.len) == (ssize_t)text.len;
        (void)close(fd);
        if (written)
            st = gw_site_load(path, gw_conf_drivers, issues, site);
        (void)unlink(path);
    }
    if (st == GW_E_IO)
        gw_issues_add(issues, path, 0, "", "cannot be written");
    gw_buf_free(&text);
    return st;
}

/* ---- what the profiles say ---- */

/* Whether the name, such as "p12_state", is made of "p{n}_state". */
static bool is_of(const char *name, const char *pattern)
{
    const char *n = strstr(pattern, "{n}");
    if (!n)
        return strcmp(name, pattern) == 0;
    const size_t before = (size_t)(n - pattern);
    if (strncmp(name, pattern, before) != 0)
        return false;
    name += before;
    const size_t digits = strspn(name, "0123456789");
    return digits > 0 && strcmp(name + digits, n + 3) == 0;
}

/* The members "points" of the device's profile; NULL: it has none. */
static const struct gw_jnode *profile_points(const struct mapping *m,
                                             const struct gw_site_device *d)
{
    for (size_t i = 1; i < m->site->ndocs; i++) {
        const struct gw_jnode *root = gw_json_root(m->site->docs[i]);
        if (strcmp(gw_member_str(root, "profile"), d->profile) == 0)
            return gw_member_first(root, "points");
    }
    return NULL;
}

/* The role that the profile names for the point; "": none. */
static const char *role_of(const struct mapping *m, const struct gw_site_device *d,
                           const struct gw_point *point)
{
    const char *dot = strchr(point->id, '.');
    for (const struct gw_jnode *n = profile_points(m, d); n && dot; n = gw_jnode_next(n))
        if (is_of(dot + 1, gw_member_str(n, "name")))
            return gw_member_str(n, "role");
    return "";
}

static bool is_needed(const struct gw_finding *f, const char *role)
{
    for (size_t r = 0; f->kind == GW_KIND_ABS && r < f->nrules; r++)
        for (size_t i = 0; i < f->rules[r].nneeds; i++)
            for (size_t k = 0; k < f->rules[r].needs[i].nalt; k++)
                if (strcmp(f->rules[r].needs[i].alt[k], role) == 0)
                    return true;
    return false;
}

/* Whether some finding demands of the asset what the device has. */
static bool needs_device(const struct mapping *m, size_t asset, const struct gw_site_device *d)
{
    const struct gw_applies *alt = NULL;
    for (size_t i = 0; i < d->npoints; i++) {
        const char *role = role_of(m, d, &m->site->points[d->first_point + i]);
        for (size_t k = 0; role[0] && k < gw_catalogue_count(m->cat); k++) {
            const struct gw_finding *f = gw_catalogue_at(m->cat, k);
            if (is_needed(f, role) &&
                gw_plan_applies(m->cat, m->p->sector, &m->p->assets[asset], f, &alt) != GW_PLAN_NOT)
                return true;
        }
    }
    return false;
}

/* The asset whose instrument it is: the one that was said, or the only one that needs it. */
static bool owner_of(const struct mapping *m, size_t device, const struct gw_site_device *d,
                     size_t *out)
{
    size_t n = 0;
    if (m->p->devices[device].asset[0])
        return gw_plan_find_asset(m->p, m->p->devices[device].asset, out);
    for (size_t i = 0; i < m->p->nassets; i++) {
        if (needs_device(m, i, d)) {
            *out = i;
            n++;
        }
    }
    if (n > 1)
        gw_buf_printf(&m->d->to_do,
                      "device %s: several assets need it; say asset=ASSET behind it\n", d->id);
    return n == 1;
}

/* Roles that the command line gave are left as they are. */
static void map_device(struct mapping *m, size_t device, const bool *told)
{
    const struct gw_site_device *d = NULL;
    size_t asset = 0, n = 0;
    for (size_t i = 0; i < m->site->ndevices; i++)
        if (strcmp(m->site->devices[i].id, m->p->devices[device].id) == 0)
            d = &m->site->devices[i];
    if (!d || !owner_of(m, device, d, &asset))
        return;
    for (size_t i = 0; i < d->npoints; i++) {
        const struct gw_point *point = &m->site->points[d->first_point + i];
        const struct gw_role_def *role = gw_catalogue_role(m->cat, role_of(m, d, point));
        if (!role || !gw_sketch_may_play(role, point))
            continue;
        bool taken = false;
        for (size_t k = 0; k < m->p->nroles; k++)
            taken |= m->p->roles[k].asset == asset && (told[k] || !role->many) &&
                     strcmp(m->p->roles[k].role, role->role) == 0;
        if (taken)
            continue;
        if (gw_plan_add_role(m->p, asset, role->role, point->id) != GW_OK)
            m->nomem = true;
        n++;
    }
    memcpy(m->p->devices[device].asset, m->p->assets[asset].id, GW_ID_SIZE);
    if (n > 0)
        gw_buf_printf(&m->d->mapped, "%s: %zu points of %s, as its profile %s says\n",
                      m->p->assets[asset].id, n, d->id, d->profile);
}

enum gw_status gw_sketch_map(struct gw_plan *p, const struct gw_catalogue *cat, struct gw_sketch *d,
                             struct gw_issues *issues, struct gw_site **site)
{
    struct mapping m = {.p = p, .cat = cat, .d = d};
    const enum gw_status st = read_points(p, issues, site);
    if (st != GW_OK)
        return st;
    m.site = *site;
    /* As many as can come are made before, so that their places are known. */
    bool *told = calloc(p->nroles + m.site->npoints + 1, sizeof *told);
    if (!told)
        return GW_E_NOMEM;
    for (size_t i = 0; i < p->nroles; i++)
        told[i] = true;
    for (size_t i = 0; i < p->ndevices; i++)
        map_device(&m, i, told);
    free(told);
    return m.nomem ? GW_E_NOMEM : GW_OK;
}

bool gw_sketch_may_play(const struct gw_role_def *role, const struct gw_point *point)
{
    bool unit = role->nunits == 0;
    for (size_t i = 0; i < role->nunits; i++)
        unit |= strcmp(role->units[i], point->def->unit) == 0;
    return unit && role->vtype == point->def->vtype;
}
