/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/site_in.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a goes on from h. */
static uint32_t mix(uint32_t h, const void *data, size_t len)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 16777619u;
    return h;
}

static uint32_t hash(const char *text)
{
    return mix(2166136261u, text, strlen(text));
}

/* The slot that holds id, or the free one where it belongs. */
static uint32_t *find_slot(const struct gw_site *site, const char *id)
{
    const struct gw_site_index *ix = site->index;
    size_t at = hash(id) & (ix->nslots - 1);
    while (ix->slots[at] != 0 && strcmp(site->points[ix->slots[at] - 1].id, id) != 0)
        at = (at + 1) & (ix->nslots - 1);
    return &ix->slots[at];
}

static void fill_slots(struct gw_site *site)
{
    memset(site->index->slots, 0, site->index->nslots * sizeof *site->index->slots);
    for (size_t i = 0; i < site->npoints; i++)
        *find_slot(site, site->points[i].id) = (uint32_t)i + 1;
}

/* Room for one more point; at most half of the slots are in use. */
static bool make_room(struct gw_site *site)
{
    struct gw_site_index *ix = site->index;
    if (site->npoints < ix->cap)
        return true;
    const size_t cap = ix->cap > 0 ? ix->cap * 2 : 64;
    if (cap > UINT32_MAX / 4)
        return false;
    struct gw_point *points = realloc(site->points, cap * sizeof *points);
    if (points == NULL)
        return false;
    site->points = points;
    void **priv = realloc(site->point_priv, cap * sizeof *priv);
    if (priv == NULL)
        return false;
    site->point_priv = priv;
    bool *declared = realloc(ix->declared, cap * sizeof *declared);
    if (declared == NULL)
        return false;
    ix->declared = declared;
    uint32_t *slots = realloc(ix->slots, 2 * cap * sizeof *slots);
    if (slots == NULL)
        return false;
    ix->slots = slots;
    ix->nslots = 2 * cap;
    ix->cap = cap;
    fill_slots(site);
    return true;
}

/* A copy that lasts as long as the site; NULL when memory is short. */
static const char *keep_name(struct gw_site_index *ix, const char *id)
{
    const size_t size = strlen(id) + 1;
    if (ix->names == NULL || size > sizeof ix->names->text - ix->names->used) {
        struct gw_site_names *names = malloc(sizeof *names);
        if (names == NULL)
            return NULL;
        names->next = ix->names;
        names->used = 0;
        ix->names = names;
    }
    char *kept = ix->names->text + ix->names->used;
    memcpy(kept, id, size);
    ix->names->used += size;
    return kept;
}

static uint32_t hash_def(const struct gw_point_def *d)
{
    uint32_t h = hash(d->unit) ^ (uint32_t)d->vtype ^ (uint32_t)d->decimals << 8;
    h = mix(h, &d->sane_lo, sizeof d->sane_lo);
    h = mix(h, &d->sane_hi, sizeof d->sane_hi);
    h = mix(h, &d->modulus, sizeof d->modulus);
    return mix(h, &d->period_ms, sizeof d->period_ms);
}

static bool same_def(const struct gw_point_def *a, const struct gw_point_def *b)
{
    return a->vtype == b->vtype && a->decimals == b->decimals && strcmp(a->unit, b->unit) == 0 &&
           a->sane_lo == b->sane_lo && a->sane_hi == b->sane_hi && a->modulus == b->modulus &&
           a->period_ms == b->period_ms && a->stale_ms == b->stale_ms;
}

/* The slot of `defs` that holds the same, or the free one where it belongs. */
static struct gw_point_def **find_def(struct gw_point_def **defs, size_t nslots,
                                      const struct gw_point_def *d)
{
    size_t at = hash_def(d) & (nslots - 1);
    while (defs[at] != NULL && !same_def(defs[at], d))
        at = (at + 1) & (nslots - 1);
    return &defs[at];
}

static bool make_room_for_def(struct gw_site_index *ix)
{
    if (2 * ix->ndefs < ix->ndefslots)
        return true;
    const size_t nslots = ix->ndefslots > 0 ? 2 * ix->ndefslots : 64;
    struct gw_point_def **defs = calloc(nslots, sizeof(struct gw_point_def *));
    if (defs == NULL)
        return false;
    for (size_t i = 0; i < ix->ndefslots; i++)
        if (ix->defs[i] != NULL)
            *find_def(defs, nslots, ix->defs[i]) = ix->defs[i];
    free(ix->defs);
    ix->defs = defs;
    ix->ndefslots = nslots;
    return true;
}

/* The one of all that are the same, which lasts as long as the site; NULL when memory is short. */
static const struct gw_point_def *keep_def(struct gw_site_index *ix, const struct gw_point_def *d)
{
    if (!make_room_for_def(ix))
        return NULL;
    struct gw_point_def **at = find_def(ix->defs, ix->ndefslots, d);
    if (*at == NULL) {
        *at = malloc(sizeof **at);
        if (*at == NULL)
            return NULL;
        **at = *d;
        ix->ndefs++;
    }
    return *at;
}

void gw_site_index_free(struct gw_site_index *ix)
{
    if (ix == NULL)
        return;
    for (size_t i = 0; i < ix->ndefslots; i++)
        free(ix->defs[i]);
    free(ix->defs);
    while (ix->names != NULL) {
        struct gw_site_names *next = ix->names->next;
        free(ix->names);
        ix->names = next;
    }
    free(ix->slots);
    free(ix->declared);
    free(ix);
}

/* "<device>.<name>". */
static bool id_fits(const char *id, const char *device)
{
    const size_t n = strlen(device);
    return strlen(id) < GW_POINT_ID && strncmp(id, device, n) == 0 && id[n] == '.' &&
           gw_keys_is_id(id + n + 1, SIZE_MAX);
}

enum gw_status gw_site_add_point(struct gw_site *site, uint32_t device,
                                 const struct gw_point *point, void *priv,
                                 const struct gw_jnode *node, struct gw_issues *issues)
{
    assert(device < site->ndevices);
    if (!id_fits(point->id, site->devices[device].id)) {
        gw_jnode_issue(node, issues,
                       "\"%s\" is no name for a point of device \"%s\": it must be \"%s.\" and "
                       "letters, digits, '-', '_'",
                       point->id, site->devices[device].id, site->devices[device].id);
        return GW_E_INVAL;
    }
    if (!make_room(site))
        return GW_E_NOMEM;
    uint32_t *at = find_slot(site, point->id);
    if (*at != 0) {
        gw_jnode_issue(node, issues, "point \"%s\" exists already", point->id);
        return GW_E_INVAL;
    }
    const struct gw_point_def *def = keep_def(site->index, point->def);
    const char *id = keep_name(site->index, point->id);
    if (id == NULL || def == NULL)
        return GW_E_NOMEM;
    const size_t i = site->npoints++;
    site->points[i] = (struct gw_point){.id = id, .def = def, .device = device};
    site->point_priv[i] = priv;
    site->index->declared[i] = site->index->declaring;
    *at = (uint32_t)i + 1;
    return GW_OK;
}

bool gw_site_redefine(struct gw_site *site, uint32_t point, const struct gw_point_def *def)
{
    const struct gw_point_def *kept = keep_def(site->index, def);
    if (kept != NULL)
        site->points[point].def = kept;
    return kept != NULL;
}

bool gw_site_lack_explained(const struct gw_site *site, const bool *device_bad, bool names_unsure,
                            const char *id)
{
    const size_t len = strcspn(id, ".");
    for (size_t d = 0; d < site->ndevices && id[len] == '.'; d++) {
        const char *device = site->devices[d].id;
        if (strlen(device) == len && memcmp(device, id, len) == 0)
            return device_bad[d];
    }
    return id[len] == '.' && names_unsure;
}

bool gw_site_find_point(const struct gw_site *site, const char *id, uint32_t *out)
{
    if (site->npoints == 0)
        return false;
    const uint32_t *at = find_slot(site, id);
    if (*at == 0)
        return false;
    *out = *at - 1;
    return true;
}

bool gw_site_group_points(struct gw_site *site)
{
    struct gw_site_index *ix = site->index;
    uint32_t next = 0;
    for (size_t i = 0; i < site->npoints; i++)
        site->devices[site->points[i].device].npoints++;
    for (size_t d = 0; d < site->ndevices; d++) {
        site->devices[d].first_point = next;
        next += site->devices[d].npoints;
        site->devices[d].npoints = 0; /* counted up again below */
    }
    if (site->npoints == 0)
        return true;
    struct gw_point *points = malloc(ix->cap * sizeof *points);
    void **priv = malloc(ix->cap * sizeof *priv);
    bool *declared = malloc(ix->cap * sizeof *declared);
    if (points == NULL || priv == NULL || declared == NULL) {
        free(points);
        free(priv);
        free(declared);
        return false;
    }
    for (size_t i = 0; i < site->npoints; i++) {
        struct gw_site_device *d = &site->devices[site->points[i].device];
        const uint32_t to = d->first_point + d->npoints++;
        points[to] = site->points[i];
        priv[to] = site->point_priv[i];
        declared[to] = ix->declared[i];
    }
    free(site->points);
    free(site->point_priv);
    free(ix->declared);
    site->points = points;
    site->point_priv = priv;
    ix->declared = declared;
    fill_slots(site);
    return true;
}
