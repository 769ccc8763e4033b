/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/life.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "conf/json.h"
#include "conf/keys.h"

#define STORE_MS  60000
#define JUDGE_MS  600000
#define SILENT_MS 120000 /* a device that answered so lately is a source */
#define SLEW_PART 2000

static bool holds(const struct gw_life *l, uint32_t point)
{
    for (size_t i = 0; i < l->npoints; i++)
        if (l->points[i].point == point)
            return true;
    return false;
}

/* Sorted in, as the row wants them. */
static void add_point(struct gw_life *l, uint32_t point, bool counter)
{
    const char *id = gw_table_point(l->table, point)->id;
    size_t at = l->npoints;
    if (l->npoints == GW_LIFE_POINTS || holds(l, point))
        return;
    while (at > 0 && strcmp(gw_table_point(l->table, l->points[at - 1].point)->id, id) > 0) {
        l->points[at] = l->points[at - 1];
        at--;
    }
    l->points[at] = (struct gw_life_point){.point = point, .counter = counter};
    l->npoints++;
}

static void add_role(struct gw_life *l, const char *role, bool counter)
{
    for (size_t a = 0; a < l->site->nassets; a++) {
        const struct gw_site_asset *asset = &l->site->assets[a];
        for (size_t r = 0; r < asset->nroles; r++)
            for (size_t k = 0; k < asset->roles[r].npoints; k++)
                if (strcmp(asset->roles[r].role, role) == 0)
                    add_point(l, asset->roles[r].points[k], counter);
    }
}

void gw_life_init(struct gw_life *l, const struct gw_site *site, const struct gw_table *table)
{
    *l = (struct gw_life){.site = site, .table = table};
    add_role(l, "COUNTER", true);
    add_role(l, "RUN", false);
}

void gw_life_inherit(struct gw_life *l, const struct gw_life *from)
{
    struct gw_life next = *from;
    next.site = l->site;
    next.table = l->table;
    next.npoints = l->npoints;
    for (size_t i = 0; i < l->npoints; i++) {
        next.points[i] = l->points[i];
        for (size_t k = 0; k < from->npoints; k++) {
            const struct gw_life_point *was = &from->points[k];
            if (was->counter != l->points[i].counter ||
                strcmp(gw_table_point(from->table, was->point)->id,
                       gw_table_point(l->table, l->points[i].point)->id) != 0)
                continue;
            next.points[i].known = was->known;
            next.points[i].was = was->was;
        }
    }
    *l = next;
}

/* ---- what the points say ---- */

static bool says(const struct gw_life *l, const struct gw_life_point *p, int64_t now_ms,
                 double *out)
{
    const struct gw_sample s = gw_table_get(l->table, p->point, now_ms);
    if (!gw_quality_usable((enum gw_quality)s.quality) || !s.valued)
        return false;
    *out = s.vtype == GW_V_NUM ? s.value.num : (double)s.value.i;
    return isfinite(*out);
}

static double last_digit(const struct gw_point *p)
{
    return p->def->vtype == GW_V_NUM ? pow(10.0, -p->def->decimals) : 1.0;
}

/* A point that does not answer is what it was. */
static void note_points(struct gw_life *l, int64_t now_ms)
{
    for (size_t i = 0; i < l->npoints; i++) {
        double x = 0.0;
        if (says(l, &l->points[i], now_ms, &x)) {
            l->points[i].was = x;
            l->points[i].known = true;
        }
    }
}

/* A counter that fell was set back: it says nothing. */
static enum gw_tri moved(const struct gw_life *l, const struct gw_life_point *p, double x)
{
    const double by = x - p->was;
    const double half = last_digit(gw_table_point(l->table, p->point)) / 2;
    /* A contact may have changed in the last minute before, or the first one after: the switch that
     * took the gateway's power takes the furnace's, too. */
    if (!p->counter)
        return GW_UNKNOWN;
    return by > half ? GW_TRUE : by >= -half ? GW_FALSE : GW_UNKNOWN;
}

static void judge(struct gw_life *l, int64_t now_ms)
{
    bool waiting = false;
    enum gw_tri ran = GW_UNKNOWN;
    for (size_t i = 0; i < l->npoints && ran != GW_TRUE; i++) {
        const struct gw_life_point *p = &l->points[i];
        double x = 0.0;
        if (!p->known)
            continue;
        if (!says(l, p, now_ms, &x)) {
            waiting = true;
            continue;
        }
        const enum gw_tri m = moved(l, p, x);
        if (m != GW_UNKNOWN)
            ran = m;
        if (m == GW_TRUE)
            (void)snprintf(l->signs.moved, sizeof l->signs.moved, "%s",
                           gw_table_point(l->table, p->point)->id);
    }
    if (ran != GW_TRUE && waiting && now_ms - l->started_ms < JUDGE_MS)
        return;
    l->signs.ran = ran;
    l->judging = false;
}

/* ---- the clock ---- */

static int64_t magnitude(int64_t v)
{
    return v < 0 ? -v : v;
}

static void first_look(struct gw_life *l, const struct gw_stamp *now, const char *boot_id)
{
    l->started = true;
    l->started_ms = now->mono_ms;
    if (!l->restored)
        return;
    const int64_t off = now->boot_ms - l->seen_boot_ms;
    const int64_t by = now->wall_ms - l->seen_wall_ms - off;
    const bool same_boot =
        strcmp(l->seen_boot, boot_id) == 0 && strcmp(boot_id, GW_BOOT_UNKNOWN) != 0 && off >= 0;
    if (same_boot && magnitude(by) > GW_LIFE_STEP_MS + off / SLEW_PART)
        l->signs.step_ms = by;
    /* Time since boot cannot be set. */
    const int64_t away = same_boot ? off : now->wall_ms - l->seen_wall_ms;
    l->signs.away_ms = away > 0 ? away : 0;
    l->judging = l->signs.away_ms > 0;
}

static void look_at_clock(struct gw_life *l, const struct gw_stamp *now, int64_t built_ms,
                          const char *boot_id)
{
    const bool trusted = now->sync || now->wall_ms >= built_ms;
    const int64_t offset = now->wall_ms - now->boot_ms;
    const int64_t by = offset - l->offset_ms;
    if (l->trusted && magnitude(by) > GW_LIFE_STEP_MS)
        l->signs.step_ms = by;
    if (now->sync || (trusted && !l->started))
        l->dated_ms = offset;
    l->offset_ms = offset;
    l->trusted = trusted;
    if (trusted && !l->started)
        first_look(l, now, boot_id);
}

int64_t gw_life_date(const struct gw_life *l, const struct gw_stamp *now)
{
    const int64_t ahead = now->wall_ms - now->boot_ms - l->dated_ms;
    return l->started && !now->sync && ahead > GW_LIFE_STEP_MS ? now->wall_ms - ahead
                                                               : now->wall_ms;
}

/* ---- sources ---- */

static bool answers(const struct gw_life *l, uint32_t device, int64_t now_ms)
{
    const struct gw_device_life *life = gw_table_device(l->table, device);
    return life->link == GW_LINK_OK && life->last_ok_ms != 0 &&
           now_ms - life->last_ok_ms <= SILENT_MS + 3 * l->site->devices[device].period_ms;
}

static bool all_lost(const struct gw_life *l, int64_t now_ms)
{
    size_t sources = 0;
    for (size_t i = 0; i < l->site->ndevices; i++) {
        if (gw_site_is_derived(&l->site->buses[l->site->devices[i].bus]))
            continue;
        if (answers(l, (uint32_t)i, now_ms))
            return false;
        sources++;
    }
    return sources > 0;
}

void gw_life_look(struct gw_life *l, const struct gw_stamp *now, int64_t built_ms,
                  const char *boot_id)
{
    look_at_clock(l, now, built_ms, boot_id);
    if (l->judging)
        judge(l, now->mono_ms);
    if (!l->judging)
        note_points(l, now->mono_ms);
    l->signs.sources_lost = all_lost(l, now->mono_ms);
}

void gw_life_told(struct gw_life *l, enum gw_sign sign)
{
    if (sign == GW_SIGN_CLOCK)
        l->signs.step_ms = 0;
    else if (sign == GW_SIGN_OFFLINE)
        l->signs.away_ms = 0;
}

/* ---- the row ---- */

bool gw_life_due(const struct gw_life *l, const struct gw_stamp *now, bool final)
{
    /* What it was is still needed. */
    if (!l->trusted || l->judging || l->signs.step_ms != 0)
        return false;
    return final || !l->stored || now->mono_ms - l->stored_ms >= STORE_MS;
}

void gw_life_row(const struct gw_life *l, const struct gw_stamp *now, const char *boot_id,
                 char text[GW_LIFE_TEXT])
{
    struct gw_buf buf;
    struct gw_jcs j;
    gw_buf_fixed(&buf, text, GW_LIFE_TEXT);
    gw_jcs_init(&j, &buf);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "boot", boot_id);
    gw_jcs_int(&j, "boot_ms", now->boot_ms);
    gw_jcs_obj(&j, "points");
    for (size_t i = 0; i < l->npoints; i++) {
        char number[40] = "";
        struct gw_buf b;
        if (!l->points[i].known)
            continue;
        gw_buf_fixed(&b, number, sizeof number);
        gw_keys_print_num(l->points[i].was, &b);
        gw_jcs_str(&j, gw_table_point(l->table, l->points[i].point)->id, number);
    }
    gw_jcs_end(&j);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_int(&j, "wall_ms", now->wall_ms);
    gw_jcs_end(&j);
    /* Sixteen names and numbers of bounded size. */
    assert(gw_jcs_done(&j));
}

static bool whole(const struct gw_jnode *root, const char *key, int64_t *out)
{
    const struct gw_jnode *n = gw_jnode_get(root, key);
    if (n == NULL || gw_jnode_type(n) != GW_J_NUM || !gw_jnode_is_int(n))
        return false;
    *out = (int64_t)gw_jnode_num(n);
    return true;
}

static bool take_points(struct gw_life *l, const struct gw_jnode *list)
{
    for (const struct gw_jnode *n = gw_jnode_first(list); n != NULL; n = gw_jnode_next(n)) {
        if (gw_jnode_type(n) != GW_J_STR)
            return false;
        char *end = NULL;
        const double x = strtod(gw_jnode_str(n), &end);
        if (end == gw_jnode_str(n) || *end != '\0' || !isfinite(x))
            return false;
        for (size_t i = 0; i < l->npoints; i++) {
            struct gw_life_point *p = &l->points[i];
            if (strcmp(gw_table_point(l->table, p->point)->id, gw_jnode_key(n)) == 0) {
                p->was = x;
                p->known = true;
            }
        }
    }
    return true;
}

static bool take_row(struct gw_life *l, const struct gw_jnode *root)
{
    int64_t v = 0;
    const struct gw_jnode *boot =
        gw_jnode_type(root) == GW_J_OBJ ? gw_jnode_get(root, "boot") : NULL;
    const struct gw_jnode *points = boot != NULL ? gw_jnode_get(root, "points") : NULL;
    if (boot == NULL || gw_jnode_type(boot) != GW_J_STR ||
        strlen(gw_jnode_str(boot)) >= sizeof l->seen_boot || points == NULL ||
        gw_jnode_type(points) != GW_J_OBJ || gw_jnode_count(root) != 5 ||
        !whole(root, "boot_ms", &l->seen_boot_ms) || !whole(root, "wall_ms", &l->seen_wall_ms) ||
        !whole(root, "v", &v) || v != 1)
        return false;
    memcpy(l->seen_boot, gw_jnode_str(boot), strlen(gw_jnode_str(boot)) + 1);
    return take_points(l, points);
}

enum gw_status gw_life_restore(struct gw_life *l, const char *text)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    if (issues == NULL)
        return GW_E_NOMEM;
    enum gw_status status = gw_json_parse(text, strlen(text), GW_LIFE_KEY, issues, &doc);
    if (status == GW_OK) {
        l->restored = take_row(l, gw_json_root(doc));
        status = l->restored ? GW_OK : GW_E_PARSE;
    }
    gw_json_free(doc);
    gw_issues_free(issues);
    return status;
}
