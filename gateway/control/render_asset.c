/* SPDX-License-Identifier: Apache-2.0
 *
 * Assets with their instruments: what is there, what is missing, and how each is now.
 *
 * An instrument's state comes from the cases and alarms that stand on it, and where none does, from
 * its value: a fault shows before the delay of its finding has passed.
 */
#include "control/render.h"

#include <stdio.h>
#include <string.h>

#include "control/render_parts.h"
#include "finding/instrument.h"
#include "publish/telemetry.h"

struct walk {
    const struct gw_render *r;
    const struct gw_site_asset *asset;
    struct gw_jcs *j;
};

enum state {
    STATE_PRESENT = 0,
    STATE_UNKNOWN,
    STATE_TRIPPED,
    STATE_BYPASSED,
    STATE_FAILED,
    STATE_ABSENT
};

static const char *const state_names[] = {
    [STATE_PRESENT] = "present",   [STATE_UNKNOWN] = "unknown", [STATE_TRIPPED] = "tripped",
    [STATE_BYPASSED] = "bypassed", [STATE_FAILED] = "failed",   [STATE_ABSENT] = "absent",
};

/* What is known of one instrument; the worst that is said of it counts. */
struct look {
    enum state state;
    struct gw_text why;
    const struct gw_standing *said; /* NULL: no case and no alarm says so */
};

static void say(struct look *l, enum state state, const char *zh, const char *en)
{
    if (state <= l->state)
        return;
    l->state = state;
    l->said = NULL;
    (void)snprintf(l->why.zh, sizeof l->why.zh, "%s", zh);
    (void)snprintf(l->why.en, sizeof l->why.en, "%s", en);
}

/* ---- by its value ---- */

static void look_at_quality(struct look *l, enum gw_quality q)
{
    static const struct {
        enum state state;
        const char *zh, *en;
    } of[GW_Q_COUNT] = {
        [GW_Q_NOT_YET] = {STATE_UNKNOWN, "尚未读到", "not read yet"},
        [GW_Q_UNCERTAIN] = {STATE_UNKNOWN, "状态无法读取", "its state cannot be read"},
        [GW_Q_BAD_COMM] = {STATE_FAILED, "无有效应答", "no valid answer"},
        [GW_Q_BAD_FAULT] = {STATE_FAILED, "自报故障", "declares itself failed"},
        [GW_Q_BAD_RANGE] = {STATE_FAILED, "超出可能范围", "outside what is possible"},
        [GW_Q_WARMUP] = {STATE_UNKNOWN, "预热中", "warming up"},
        [GW_Q_INHIBIT] = {STATE_BYPASSED, "已屏蔽或抑制", "shielded or inhibited"},
        [GW_Q_STALE] = {STATE_FAILED, "数据过期", "its data are stale"},
    };
    if (q < GW_Q_COUNT && of[q].zh)
        say(l, of[q].state, of[q].zh, of[q].en);
}

static void look_at_state(struct look *l, enum gw_state s)
{
    const enum gw_quality q = gw_state_quality(s);
    if (q != GW_Q_GOOD)
        look_at_quality(l, q);
    else if (s == GW_S_PRE_ALARM || s == GW_S_LOW || s == GW_S_HIGH || s == GW_S_OVER_RANGE ||
             s == GW_S_STEL || s == GW_S_TWA)
        say(l, STATE_TRIPPED, "报警", "in alarm");
}

/* ---- by what stands ---- */

/* Whether the check is about what the instrument says beside its value: GAS_STATE of the third
 * detector beside GAS of the third. */
static bool is_companion(const struct gw_check_def *check, const struct gw_instrument *i)
{
    const size_t n = strlen(i->role);
    return strncmp(check->role, i->role, n) == 0 && check->role[n] == '_' &&
           gw_check_role(check, i->role) == i->point;
}

static bool is_about(const struct walk *w, const struct gw_check_def *check,
                     const struct gw_instrument *i)
{
    if (check->asset != w->asset)
        return false;
    if (!check->subject[0])
        return gw_check_reads(check, i->role);
    if (i->point == GW_NO_INDEX)
        return false;
    const struct gw_point *p = &w->r->site->points[i->point];
    return strcmp(check->subject, p->id) == 0 || is_companion(check, i) ||
           (check->finding->by_device &&
            strcmp(check->subject, w->r->site->devices[p->device].id) == 0);
}

static enum state state_by(const struct gw_check_def *check, const struct gw_sample *s)
{
    const bool silent = !s || s->quality == GW_Q_NOT_YET || s->quality == GW_Q_BAD_COMM;

    switch (check->finding->kind) {
    case GW_KIND_ABS:
        return silent ? STATE_ABSENT : STATE_PRESENT; /* another one may be what lacks */
    case GW_KIND_FLT:
    case GW_KIND_INT:
        return STATE_FAILED;
    case GW_KIND_BYP:
        return STATE_BYPASSED;
    default:
        break;
    }
    switch (check->rule->rule) {
    case GW_RULE_BAD_QUALITY:
        return STATE_FAILED;
    case GW_RULE_BYPASSED:
        return STATE_BYPASSED;
    case GW_RULE_STATE:
    case GW_RULE_LIMIT:
    case GW_RULE_RATE:
    case GW_RULE_BALANCE:
        return check->finding->cls == GW_CLASS_ALARM ? STATE_TRIPPED : STATE_PRESENT;
    default:
        return STATE_PRESENT;
    }
}

static void look_at_standing(const struct walk *w, const struct gw_instrument *i,
                             const struct gw_sample *s, struct look *l)
{
    const struct gw_snapshot *snap = w->r->snapshot;

    for (size_t k = 0; k < snap->nstanding; k++) {
        const struct gw_standing *st = &snap->standing[k];
        if (st->check >= gw_inventory_count(w->r->inventory) || strcmp(st->state, "withheld") == 0)
            continue;
        const struct gw_check_def *check = gw_inventory_at(w->r->inventory, st->check);
        if (!is_about(w, check, i))
            continue;
        const enum state state = state_by(check, s);
        /* The case that tells of a fault is better than the fault itself. */
        if (state < l->state || (state == l->state && l->said) || state == STATE_PRESENT)
            continue;
        l->state = state;
        l->said = st;
        l->why = check->finding->title;
    }
}

/* ---- writing ---- */

static void write_value(const struct walk *w, const struct gw_sample *s)
{
    char text[GW_VALUE_TEXT];
    const struct gw_point *p = &w->r->site->points[s->point];

    gw_jcs_str(w->j, "unit", p->def->unit);
    gw_value_text(p, s, text);
    if (text[0])
        gw_jcs_str(w->j, "value", text);
}

/* The latest proof test of the instrument; none: nobody has seen it work yet. */
static void write_proof(const struct walk *w, const char *point)
{
    const struct gw_proof *p = gw_proofs_latest(&w->r->snapshot->proofs, w->asset->id, point);
    char role[GW_COMMAND_ID];

    if (!p)
        return;
    (void)snprintf(role, sizeof role, "%.*s", (int)strcspn(p->by, "/"), p->by);
    gw_jcs_obj(w->j, "proof");
    gw_jcs_str(w->j, "role", role);
    gw_jcs_int(w->j, "t", p->at_ms);
    gw_jcs_str(w->j, "what", gw_proof_what_name(p->what));
    gw_jcs_end(w->j);
}

static void see_instrument(void *ctx, const struct gw_instrument *i)
{
    const struct walk *w = ctx;
    struct gw_jcs *j = w->j;
    struct look l = {.state = STATE_PRESENT};
    const struct gw_sample *s = NULL;

    if (i->point == GW_NO_INDEX) {
        say(&l, STATE_ABSENT, "未设置（未申报）", "not declared");
    } else {
        s = &w->r->snapshot->points[i->point];
        look_at_quality(&l, (enum gw_quality)s->quality);
        if (s->vtype == GW_V_STATE && s->valued && gw_quality_usable((enum gw_quality)s->quality))
            look_at_state(&l, (enum gw_state)s->value.i);
    }
    look_at_standing(w, i, s, &l);
    gw_jcs_obj(j, NULL);
    gw_jcs_str(j, "case", l.said ? l.said->id : "");
    gw_render_clauses(j, w->r, w->asset, i->demand);
    gw_jcs_str(j, "demand", i->demand ? i->demand->code : "");
    gw_jcs_str(j, "finding", l.said ? l.said->finding : "");
    gw_jcs_str(j, "needed", i->demand ? "required" : "optional");
    gw_jcs_arr(j, "points");
    if (s)
        gw_jcs_str(j, NULL, w->r->site->points[i->point].id);
    gw_jcs_end(j);
    if (s)
        write_proof(w, w->r->site->points[i->point].id);
    if (s)
        gw_jcs_str(j, "quality", gw_quality_name((enum gw_quality)s->quality));
    gw_jcs_str(j, "role", i->role);
    if (l.said)
        gw_render_wall(j, "since", l.said->since_ms);
    gw_jcs_str(j, "state", state_names[l.state]);
    gw_part_text(j, "title", i->title);
    if (s)
        write_value(w, s);
    gw_part_text(j, "why", &l.why);
    gw_jcs_end(j);
}

/* A list in the order of its names; these are few. */
static void write_facts(struct gw_jcs *j, const struct gw_site_asset *asset)
{
    const char *last = "";

    gw_jcs_obj(j, "facts");
    for (size_t n = 0; n < asset->nfacts; n++) {
        const struct gw_site_fact *next = NULL;
        for (size_t i = 0; i < asset->nfacts; i++) {
            const struct gw_site_fact *f = &asset->facts[i];
            if (strcmp(f->key, last) > 0 && (!next || strcmp(f->key, next->key) < 0))
                next = f;
        }
        if (!next)
            break;
        gw_jcs_str(j, next->key, next->value);
        last = next->key;
    }
    gw_jcs_end(j);
}

/* "run" or "idle" by its RUN contact; "unknown" where there is none or it is not to be trusted. */
static const char *mode_of(const struct gw_render *r, const struct gw_site_asset *asset)
{
    for (size_t i = 0; i < asset->nroles; i++) {
        if (strcmp(asset->roles[i].role, "RUN") != 0 || asset->roles[i].npoints == 0)
            continue;
        const struct gw_sample *s = &r->snapshot->points[asset->roles[i].points[0]];
        if (gw_quality_usable((enum gw_quality)s->quality) && s->valued)
            return s->value.i != 0 ? "run" : "idle";
    }
    return "unknown";
}

static void write_asset(struct gw_jcs *j, const struct gw_render *r,
                        const struct gw_site_asset *asset)
{
    struct walk w = {r, asset, j};
    const struct gw_type_def *type =
        gw_catalogue_type(gw_inventory_catalogue(r->inventory), asset->type);

    gw_jcs_obj(j, NULL);
    write_facts(j, asset);
    gw_jcs_str(j, "id", asset->id);
    gw_jcs_arr(j, "instruments");
    gw_inventory_instruments(r->inventory, asset, see_instrument, &w);
    gw_jcs_end(j);
    gw_jcs_str(j, "location", asset->location);
    gw_jcs_str(j, "mode", mode_of(r, asset));
    gw_jcs_str(j, "name", asset->name);
    if (type)
        gw_part_text(j, "title", &type->title);
    gw_jcs_str(j, "type", asset->type);
    gw_jcs_end(j);
}

void gw_render_assets(const struct gw_render *r, struct gw_buf *out)
{
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_arr(&j, "assets");
    for (size_t i = 0; r->inventory && i < r->site->nassets; i++)
        write_asset(&j, r, &r->site->assets[i]);
    gw_jcs_end(&j);
    gw_jcs_bool(&j, "deciding", r->snapshot->deciding);
    gw_render_end(&j, r);
}
