/* SPDX-License-Identifier: Apache-2.0 */
#include "model/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The past of one point: a window into the table's block of samples. */
struct ring {
    uint32_t first; /* in the block */
    uint16_t cap;
    uint16_t count;
    uint16_t next; /* where the next sample goes; the newest is just before it */
};
_Static_assert(GW_HISTORY_OTHERS <= UINT16_MAX && GW_HISTORY_MAX <= GW_HISTORY_OTHERS,
               "what a ring holds can be counted");

/* What was counted by polling threads that were replaced. */
struct past {
    struct gw_polls polls;
    struct gw_bus_stats stats;
};

struct gw_table {
    const struct gw_point *points;
    size_t npoints;
    size_t ndevices;
    uint32_t *bus_of;
    struct gw_device_life *lives;
    struct past *past; /* of each device */
    struct gw_bus_life *buses;
    size_t nbuses;
    int64_t *stale_ms; /* of each device: the shortest of its points; INT64_MAX without any */
    struct ring *rings;
    struct gw_sample *block; /* the samples of all rings */
    uint64_t refused;
};

static uint32_t ring_capacity(int64_t window_ms, int64_t period_ms)
{
    const int64_t n = window_ms / period_ms;
    if (n > GW_HISTORY_MAX - 2)
        return GW_HISTORY_MAX;
    return n + 2 < GW_HISTORY_MIN ? GW_HISTORY_MIN : (uint32_t)(n + 2);
}

static struct gw_sample *ring_at(const struct gw_table *t, const struct ring *r, uint32_t age)
{
    assert(age < r->count);
    const uint32_t at = (uint32_t)r->next + r->cap - 1 - age;
    /* A division would cost more than the rest. */
    return &t->block[r->first + (at < r->cap ? at : at - r->cap)];
}

static void ring_push(struct gw_table *t, struct ring *r, const struct gw_sample *s)
{
    t->block[r->first + r->next] = *s;
    r->next = r->next + 1 < r->cap ? (uint16_t)(r->next + 1) : 0;
    if (r->count < r->cap)
        r->count++;
}

static enum gw_status check_points(const struct gw_table_conf *conf, struct gw_err *err)
{
    for (size_t i = 0; i < conf->npoints; i++) {
        const struct gw_point *p = &conf->points[i];
        if (p->device >= conf->ndevices)
            return gw_err_set(err, GW_E_INVAL, "points.%s: belongs to no device", p->id);
        if (p->def->period_ms <= 0)
            return gw_err_set(err, GW_E_INVAL, "points.%s: has no period", p->id);
    }
    return GW_OK;
}

static bool is_watched(const struct gw_table_conf *conf, size_t point)
{
    return conf->watched == NULL || conf->watched[point];
}

/* Samples for each of the points that nobody watches. */
static uint32_t others_share(const struct gw_table_conf *conf)
{
    size_t others = 0;
    for (size_t i = 0; i < conf->npoints; i++)
        others += is_watched(conf, i) ? 0 : 1;
    const size_t share = others > 0 ? GW_HISTORY_OTHERS / others : 0;
    return share > 1 ? (uint32_t)share : 1;
}

/* One block for all rings, so that the whole cost is known and paid at the start. */
static bool make_rings(struct gw_table *t, const struct gw_table_conf *conf)
{
    const uint32_t share = others_share(conf);
    uint64_t total = 0;
    for (size_t i = 0; i < t->npoints; i++) {
        uint32_t cap = ring_capacity(conf->window_ms, t->points[i].def->period_ms);
        if (!is_watched(conf, i) && cap > share)
            cap = share;
        t->rings[i].first = (uint32_t)total;
        t->rings[i].cap = (uint16_t)cap;
        total += cap;
    }
    if (total > UINT32_MAX || total > SIZE_MAX / sizeof *t->block)
        return false;
    t->block = calloc(total > 0 ? (size_t)total : 1, sizeof *t->block);
    return t->block != NULL;
}

static void note_stale_times(struct gw_table *t)
{
    for (size_t d = 0; d < t->ndevices; d++)
        t->stale_ms[d] = INT64_MAX;
    for (size_t i = 0; i < t->npoints; i++) {
        const struct gw_point *p = &t->points[i];
        if (p->def->stale_ms < t->stale_ms[p->device])
            t->stale_ms[p->device] = p->def->stale_ms;
    }
}

enum gw_status gw_table_new(const struct gw_table_conf *conf, struct gw_table **out,
                            struct gw_err *err)
{
    const enum gw_status bad = check_points(conf, err);
    if (bad != GW_OK)
        return bad;
    struct gw_table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return gw_err_set(err, GW_E_NOMEM, "point table: out of memory");
    t->points = conf->points;
    t->npoints = conf->npoints;
    t->ndevices = conf->ndevices;
    /* One more than needed, because calloc of nothing may give NULL. */
    t->bus_of = calloc(conf->ndevices + 1, sizeof *t->bus_of);
    t->lives = calloc(conf->ndevices + 1, sizeof *t->lives);
    t->past = calloc(conf->ndevices + 1, sizeof *t->past);
    for (size_t i = 0; i < conf->ndevices; i++)
        t->nbuses = conf->bus_of[i] >= t->nbuses ? (size_t)conf->bus_of[i] + 1 : t->nbuses;
    t->buses = calloc(t->nbuses + 1, sizeof *t->buses);
    t->stale_ms = calloc(conf->ndevices + 1, sizeof *t->stale_ms);
    t->rings = calloc(conf->npoints + 1, sizeof *t->rings);
    if (t->bus_of == NULL || t->lives == NULL || t->past == NULL || t->buses == NULL ||
        t->stale_ms == NULL || t->rings == NULL || !make_rings(t, conf)) {
        gw_table_free(t);
        return gw_err_set(err, GW_E_NOMEM, "point table: out of memory for %zu points",
                          conf->npoints);
    }
    if (conf->ndevices > 0)
        memcpy(t->bus_of, conf->bus_of, conf->ndevices * sizeof *t->bus_of);
    note_stale_times(t);
    *out = t;
    return GW_OK;
}

void gw_table_free(struct gw_table *t)
{
    if (t == NULL)
        return;
    free(t->bus_of);
    free(t->lives);
    free(t->past);
    free(t->buses);
    free(t->stale_ms);
    free(t->rings);
    free(t->block);
    free(t);
}

static void inherit_ring(struct gw_table *t, uint32_t point, const struct gw_table *from,
                         const struct ring *old)
{
    struct ring *r = &t->rings[point];
    const uint32_t n = old->count < r->cap ? old->count : r->cap;
    for (uint32_t age = n; age-- > 0;) {
        struct gw_sample s = *ring_at(from, old, age);
        s.point = point;
        ring_push(t, r, &s);
    }
}

void gw_table_inherit(struct gw_table *t, const struct gw_table *from,
                      const struct gw_table_keep *keep)
{
    for (uint32_t i = 0; i < t->npoints; i++)
        if (keep->points[i] < from->npoints)
            inherit_ring(t, i, from, &from->rings[keep->points[i]]);
    for (size_t i = 0; i < t->ndevices; i++)
        if (keep->devices[i] < from->ndevices) {
            t->lives[i] = from->lives[keep->devices[i]];
            t->past[i] = from->past[keep->devices[i]];
        }
    for (size_t i = 0; i < t->nbuses; i++)
        if (keep->buses[i] < from->nbuses)
            t->buses[i] = from->buses[keep->buses[i]];
    t->refused = from->refused;
}

static bool sample_fits(const struct gw_table *t, uint32_t device, const struct gw_sample *s)
{
    if (s->point >= t->npoints || t->points[s->point].device != device || s->quality >= GW_Q_COUNT)
        return false;
    const struct ring *r = &t->rings[s->point];
    return r->count == 0 || s->mono_ms >= ring_at(t, r, 0)->mono_ms;
}

/* Adds what was counted since the thread's start to what earlier ones had counted. Counters that
 * fell are another thread's. */
static void note_counts(struct gw_device_life *life, struct past *past,
                        const struct gw_batch *batch)
{
    if (past->polls.scheduled + batch->polls.scheduled < life->polls.scheduled) {
        past->polls = life->polls;
        past->stats = life->stats;
    }
    life->polls = (struct gw_polls){
        .scheduled = past->polls.scheduled + batch->polls.scheduled,
        .read = past->polls.read + batch->polls.read,
        .failed = past->polls.failed + batch->polls.failed,
        .skipped = past->polls.skipped + batch->polls.skipped,
    };
    life->stats = batch->stats;
    gw_bus_stats_add_past(&life->stats, &past->stats);
}

static bool note_life(struct gw_device_life *life, const struct gw_batch *batch)
{
    const bool changed = life->link != (enum gw_link)batch->link;
    if (changed) {
        life->link = (enum gw_link)batch->link;
        life->since_ms = batch->mono_ms;
    }
    if (batch->last)
        life->last_pass_ms = batch->mono_ms;
    if (batch->last && batch->link == GW_LINK_OK && batch->fault[0] == '\0')
        life->last_ok_ms = batch->mono_ms;
    memcpy(life->fault, batch->fault, sizeof life->fault);
    life->fault[sizeof life->fault - 1] = '\0';
    if (batch->identity[0] != '\0') {
        memcpy(life->identity, batch->identity, sizeof life->identity);
        life->identity[sizeof life->identity - 1] = '\0';
    }
    return changed;
}

/* What the links of its devices make of a bus. */
static void note_bus(struct gw_table *t, uint32_t bus, int64_t now_ms)
{
    bool heard = false;
    bool ok = false;
    bool all_down = true;
    for (uint32_t d = 0; d < t->ndevices; d++) {
        if (t->bus_of[d] != bus || !gw_table_polled(t, d))
            continue;
        const enum gw_link link = t->lives[d].link;
        heard = heard || link != GW_LINK_UNKNOWN;
        ok = ok || link == GW_LINK_OK;
        all_down = all_down && link == GW_LINK_DOWN;
    }
    enum gw_link link = GW_LINK_SUSPECT;
    if (!heard)
        link = GW_LINK_UNKNOWN;
    else if (ok)
        link = GW_LINK_OK;
    else if (all_down)
        link = GW_LINK_DOWN;
    if (t->buses[bus].link != link)
        t->buses[bus] = (struct gw_bus_life){.link = link, .since_ms = now_ms};
}

bool gw_table_apply(struct gw_table *t, const struct gw_batch *batch)
{
    if (batch->device >= t->ndevices || batch->n > GW_BATCH_MAX || batch->link > GW_LINK_DOWN) {
        t->refused += batch->n;
        return false;
    }
    for (uint16_t i = 0; i < batch->n; i++) {
        const struct gw_sample *s = &batch->samples[i];
        if (sample_fits(t, batch->device, s))
            ring_push(t, &t->rings[s->point], s);
        else
            t->refused++;
    }
    note_counts(&t->lives[batch->device], &t->past[batch->device], batch);
    const bool changed = note_life(&t->lives[batch->device], batch);
    if (changed)
        note_bus(t, t->bus_of[batch->device], batch->mono_ms);
    return changed;
}

struct gw_sample gw_table_get(const struct gw_table *t, uint32_t point, int64_t now_ms)
{
    assert(point < t->npoints);
    const struct ring *r = &t->rings[point];
    if (r->count == 0) {
        return (struct gw_sample){
            .point = point,
            .quality = GW_Q_NOT_YET,
            .vtype = (uint8_t)t->points[point].def->vtype,
        };
    }
    struct gw_sample s = *ring_at(t, r, 0);
    if (gw_quality_usable((enum gw_quality)s.quality) &&
        now_ms - s.mono_ms > t->points[point].def->stale_ms)
        s.quality = GW_Q_STALE;
    return s;
}

const struct gw_point *gw_table_point(const struct gw_table *t, uint32_t point)
{
    assert(point < t->npoints);
    return &t->points[point];
}

size_t gw_table_npoints(const struct gw_table *t)
{
    return t->npoints;
}

const struct gw_device_life *gw_table_device(const struct gw_table *t, uint32_t device)
{
    assert(device < t->ndevices);
    return &t->lives[device];
}

size_t gw_table_ndevices(const struct gw_table *t)
{
    return t->ndevices;
}

const struct gw_bus_life *gw_table_bus(const struct gw_table *t, uint32_t bus)
{
    assert(bus < t->nbuses);
    return &t->buses[bus];
}

size_t gw_table_nbuses(const struct gw_table *t)
{
    return t->nbuses;
}

uint32_t gw_table_bus_of(const struct gw_table *t, uint32_t device)
{
    assert(device < t->ndevices);
    return t->bus_of[device];
}

bool gw_table_polled(const struct gw_table *t, uint32_t device)
{
    assert(device < t->ndevices);
    return t->stale_ms[device] != INT64_MAX;
}

uint64_t gw_table_refused(const struct gw_table *t)
{
    return t->refused;
}

/* Whether `witness` answered at since_ms or later, and lately. */
static bool vouches(const struct gw_table *t, uint32_t witness, int64_t since_ms, int64_t now_ms)
{
    const struct gw_device_life *w = &t->lives[witness];
    return w->link == GW_LINK_OK && w->last_pass_ms != 0 && w->last_pass_ms >= since_ms &&
           now_ms - w->last_pass_ms <= t->stale_ms[witness];
}

bool gw_table_siblings_ok(const struct gw_table *t, uint32_t device, int64_t now_ms)
{
    assert(device < t->ndevices);
    bool alone = true;
    bool mate_ok = false;
    bool other_ok = false;
    for (uint32_t d = 0; d < t->ndevices; d++) {
        if (d == device)
            continue;
        const bool ok = vouches(t, d, t->lives[device].since_ms, now_ms);
        if (t->bus_of[d] == t->bus_of[device]) {
            alone = false;
            mate_ok = mate_ok || ok;
        } else {
            other_ok = other_ok || ok;
        }
    }
    return alone ? other_ok : mate_ok;
}

/* The number of samples, counted from the newest, that are newer than at_ms (or not older, when
 * inclusive is set). Stamps never decrease inside a ring, so halving finds it. */
static uint32_t newer_than(const struct gw_table *t, const struct ring *r, int64_t at_ms,
                           bool inclusive)
{
    uint32_t lo = 0;
    uint32_t hi = r->count;
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        const int64_t stamp = ring_at(t, r, mid)->mono_ms;
        if (inclusive ? stamp >= at_ms : stamp > at_ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t gw_table_history(const struct gw_table *t, uint32_t point, int64_t from_ms, int64_t to_ms,
                        struct gw_sample *out, size_t max, bool *complete)
{
    assert(point < t->npoints);
    const struct ring *r = &t->rings[point];
    if (r->count == 0 || ring_at(t, r, r->count - 1)->mono_ms > from_ms)
        *complete = false;
    const uint32_t begin = newer_than(t, r, to_ms, false); /* age of the newest wanted */
    const uint32_t end = newer_than(t, r, from_ms, true);  /* one past the age of the oldest */
    size_t n = end > begin ? end - begin : 0;
    if (n > max) {
        n = max;
        *complete = false;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = *ring_at(t, r, begin + (uint32_t)(n - 1 - i));
    return n;
}
