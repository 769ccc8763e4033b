/* SPDX-License-Identifier: Apache-2.0
 *
 * The samples around a raise, and the record that vouches for them.
 */
#include "finding/record.h"
#include "finding/record_parts.h"

#include <string.h>

static size_t fetch(const struct gw_window *w, size_t i, bool *complete)
{
    return gw_table_history(w->table, w->check->points[i].point, w->from_ms, w->to_ms, w->scratch,
                            GW_HISTORY_MAX, complete);
}

static void write_sample(struct gw_jcs *j, const struct gw_point *p, const struct gw_sample *s)
{
    gw_jcs_obj(j, NULL);
    gw_jcs_int(j, "mono_ms", s->mono_ms);
    gw_jcs_str(j, "quality", gw_quality_name((enum gw_quality)s->quality));
    gw_part_raw(j, "raw", s);
    gw_part_value(j, "value", p, s);
    gw_jcs_int(j, "wall_ms", s->wall_ms);
    gw_jcs_end(j);
}

static void write_points(struct gw_jcs *j, const struct gw_window *w)
{
    bool ignored = true; /* was asked for before, as it is written before */
    gw_jcs_arr(j, "points");
    for (size_t i = 0; i < w->check->npoints; i++) {
        const struct gw_point *p = gw_table_point(w->table, w->check->points[i].point);
        gw_jcs_obj(j, NULL);
        if (p->def->vtype == GW_V_NUM)
            gw_jcs_int(j, "decimals", p->def->decimals);
        gw_jcs_str(j, "id", p->id);
        gw_jcs_str(j, "role", w->check->points[i].role);
        gw_jcs_arr(j, "samples");
        const size_t n = fetch(w, i, &ignored);
        for (size_t k = 0; k < n; k++)
            write_sample(j, p, &w->scratch[k]);
        gw_jcs_end(j);
        gw_jcs_str(j, "unit", p->def->unit);
        gw_jcs_str(j, "vtype", gw_vtype_name(p->def->vtype));
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}

void gw_window_write(const struct gw_window *w, struct gw_buf *out, bool *complete)
{
    bool whole = !w->cut;
    for (size_t i = 0; i < w->check->npoints; i++)
        (void)fetch(w, i, &whole);
    *complete = whole;

    struct gw_jcs j;
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_bool(&j, "complete", whole);
    gw_jcs_int(&j, "from_ms", w->from_ms);
    gw_jcs_str(&j, "gateway", gw_inventory_site(w->inventory)->gateway.id);
    write_points(&j, w);
    gw_jcs_str(&j, "record", w->record_id);
    gw_jcs_int(&j, "to_ms", w->to_ms);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}

void gw_evidence_write(const struct gw_evidence *ev, struct gw_buf *out)
{
    const struct gw_finding *f = ev->check->finding;
    const struct gw_site *site = gw_inventory_site(ev->inventory);
    struct gw_jcs j;
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_part_asset(&j, ev->inventory, ev->check);
    gw_jcs_str(&j, "case", ev->case_id);
    gw_jcs_str(&j, "class", gw_class_name(GW_CLASS_EVIDENCE));
    gw_jcs_str(&j, "config_sha256", site->config_sha256);
    gw_part_enterprise(&j, site);
    gw_jcs_obj(&j, "evidence");
    gw_jcs_int(&j, "bytes", (int64_t)ev->bytes);
    gw_jcs_bool(&j, "complete", ev->complete);
    gw_jcs_str(&j, "sha256", ev->sha256);
    gw_jcs_obj(&j, "window");
    gw_jcs_int(&j, "after_ms", ev->after_ms);
    gw_jcs_int(&j, "before_ms", ev->before_ms);
    gw_jcs_end(&j);
    gw_jcs_end(&j);
    gw_jcs_str(&j, "finding", f->code);
    gw_jcs_str(&j, "gateway", site->gateway.id);
    gw_jcs_str(&j, "kind", gw_kind_name(f->cls == GW_CLASS_LEAD ? f->kind : GW_KIND_EV));
    gw_jcs_str(&j, "record", ev->record_id);
    gw_jcs_str(&j, "subject", ev->check->subject);
    gw_part_time(&j, ev->boot_id, NULL, &ev->now);
    gw_part_text(&j, "title", &f->title);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}
