/* SPDX-License-Identifier: Apache-2.0
 *
 * Standing cases and alarms, with what a person wants to know of each at once.
 */
#include "control/render.h"

#include "control/render_parts.h"
#include "publish/telemetry.h"

static const struct gw_check_def *check_of(const struct gw_render *r, const struct gw_standing *s)
{
    if (!r->inventory || s->check >= gw_inventory_count(r->inventory))
        return NULL;
    return gw_inventory_at(r->inventory, s->check);
}

static void write_shelved(struct gw_jcs *j, const struct gw_standing *s)
{
    gw_jcs_obj(j, "shelved");
    gw_jcs_str(j, "reason", s->shelved_why);
    gw_render_wall(j, "until", s->shelved_until_ms);
    gw_jcs_str(j, "who", s->shelved_by);
    gw_jcs_end(j);
}

static void write_points(struct gw_jcs *j, const struct gw_render *r,
                         const struct gw_check_def *check)
{
    gw_jcs_arr(j, "points");
    for (size_t i = 0; check && i < check->npoints; i++)
        gw_jcs_str(j, NULL, r->site->points[check->points[i].point].id);
    gw_jcs_end(j);
}

/* The point that decides, as it is now. */
static const struct gw_sample *decisive(const struct gw_render *r, const struct gw_check_def *check)
{
    return check && check->npoints > 0 ? &r->snapshot->points[check->points[0].point] : NULL;
}

static void write_value(struct gw_jcs *j, const struct gw_render *r, const struct gw_sample *s)
{
    char text[GW_VALUE_TEXT];
    const struct gw_point *p = &r->site->points[s->point];

    gw_jcs_str(j, "unit", p->def->unit);
    gw_value_text(p, s, text);
    if (text[0])
        gw_jcs_str(j, "value", text);
}

static void write_standing(struct gw_jcs *j, const struct gw_render *r, const struct gw_standing *s)
{
    const struct gw_check_def *check = check_of(r, s);
    const struct gw_sample *now = decisive(r, check);

    gw_jcs_obj(j, NULL);
    if (check)
        gw_part_text(j, "advice", &check->finding->advice);
    gw_jcs_str(j, "asset", s->asset);
    if (check) {
        const struct gw_type_def *type =
            gw_catalogue_type(gw_inventory_catalogue(r->inventory), check->asset->type);
        gw_jcs_str(j, "asset_name", check->asset->name);
        if (type)
            gw_part_text(j, "asset_title", &type->title);
    }
    gw_jcs_str(j, "case", s->id);
    if (check)
        gw_render_clauses(j, r, check->asset, check->finding);
    gw_jcs_bool(j, "declared", s->declared);
    gw_jcs_str(j, "finding", s->finding);
    gw_jcs_str(j, "kind", s->kind);
    if (s->permit[0])
        gw_jcs_str(j, "permit", s->permit);
    write_points(j, r, check);
    gw_jcs_int(j, "priority", s->priority);
    if (now)
        gw_jcs_str(j, "quality", gw_quality_name((enum gw_quality)now->quality));
    gw_jcs_str(j, "record", s->record);
    gw_jcs_int(j, "reopened", s->reopened);
    if (s->alarm && check)
        gw_jcs_int(j, "shelve_max_min", check->finding->shelve_s / 60);
    if (s->shelved_until_ms)
        write_shelved(j, s);
    gw_render_wall(j, "since", s->since_ms);
    gw_jcs_str(j, "state", s->state);
    gw_jcs_str(j, "subject", s->subject);
    gw_jcs_obj(j, "title");
    gw_jcs_str(j, "en", s->title_en);
    gw_jcs_str(j, "zh", s->title_zh);
    gw_jcs_end(j);
    if (now)
        write_value(j, r, now);
    gw_jcs_end(j);
}

static void write_list(const struct gw_render *r, const char *key, bool alarms, struct gw_buf *out)
{
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_arr(&j, key); /* "alarms" and "cases" both come before "deciding" */
    for (size_t i = 0; i < r->snapshot->nstanding; i++)
        if (r->snapshot->standing[i].alarm == alarms)
            write_standing(&j, r, &r->snapshot->standing[i]);
    gw_jcs_end(&j);
    gw_jcs_bool(&j, "deciding", r->snapshot->deciding);
    gw_render_end(&j, r);
}

void gw_render_cases(const struct gw_render *r, struct gw_buf *out)
{
    write_list(r, "cases", false, out);
}

void gw_render_alarms(const struct gw_render *r, struct gw_buf *out)
{
    write_list(r, "alarms", true, out);
}
