/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/record_parts.h"

#include "base/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gw_part_text(struct gw_jcs *j, const char *key, const struct gw_text *t)
{
    gw_jcs_obj(j, key);
    gw_jcs_str(j, "en", t->en);
    gw_jcs_str(j, "zh", t->zh);
    gw_jcs_end(j);
}

void gw_part_iso(struct gw_jcs *j, const char *key, int64_t wall_ms)
{
    char iso[GW_ISO_SIZE];
    gw_clock_iso(wall_ms, iso);
    gw_jcs_str(j, key, iso);
}

void gw_part_clause(struct gw_jcs *j, const struct gw_clause *c)
{
    gw_jcs_obj(j, NULL);
    gw_jcs_str(j, "article", c->article);
    gw_jcs_str(j, "confirmed", c->confirmed);
    gw_jcs_str(j, "document", c->document);
    gw_jcs_str(j, "edition", c->edition);
    gw_jcs_str(j, "item", c->item);
    gw_part_text(j, "text", &c->text);
    gw_jcs_end(j);
}

void gw_part_asset(struct gw_jcs *j, const struct gw_inventory *inv,
                   const struct gw_check_def *check)
{
    static const struct gw_text untitled;
    const struct gw_site *site = gw_inventory_site(inv);
    const struct gw_type_def *type =
        gw_catalogue_type(gw_inventory_catalogue(inv), check->asset->type);
    gw_jcs_obj(j, "asset");
    gw_jcs_str(j, "id", check->asset->id);
    gw_jcs_str(j, "location", check->asset->location);
    gw_jcs_str(j, "name", check->asset->name);
    gw_jcs_str(j, "sector", gw_sector_names[site->enterprise.sector]);
    gw_jcs_str(j, "type", check->asset->type);
    gw_part_text(j, "type_title", type != NULL ? &type->title : &untitled);
    gw_jcs_end(j);
}

void gw_part_enterprise(struct gw_jcs *j, const struct gw_site *site)
{
    gw_jcs_obj(j, "enterprise");
    gw_jcs_str(j, "code", site->enterprise.code);
    gw_jcs_str(j, "county", site->enterprise.county);
    gw_jcs_str(j, "name", site->enterprise.name);
    gw_jcs_str(j, "uscc", site->enterprise.uscc);
    gw_jcs_end(j);
}

void gw_part_time(struct gw_jcs *j, const char *boot_id, const int64_t *observed_ms,
                  const struct gw_stamp *now)
{
    char iso[GW_ISO_SIZE];
    gw_jcs_obj(j, "time");
    gw_jcs_str(j, "boot", boot_id);
    if (observed_ms != NULL) {
        gw_clock_iso(*observed_ms, iso);
        gw_jcs_str(j, "observed", iso);
    }
    gw_clock_iso(now->wall_ms, iso);
    gw_jcs_str(j, "recorded", iso);
    gw_jcs_bool(j, "sync", now->sync);
    gw_jcs_int(j, "t_boot_ms", now->boot_ms);
    gw_jcs_end(j);
}

void gw_part_value(struct gw_jcs *j, const char *key, const struct gw_point *point,
                   const struct gw_sample *s)
{
    if (!s->valued)
        return;
    char text[GW_DECIMAL_SIZE] = "";
    switch ((enum gw_vtype)s->vtype) {
    case GW_V_NUM:
        gw_decimal(s->value.num, point->def->decimals, text);
        break;
    case GW_V_INT:
        snprintf(text, sizeof text, "%" PRId64, s->value.i);
        break;
    case GW_V_BOOL:
        snprintf(text, sizeof text, "%s", s->value.i != 0 ? "true" : "false");
        break;
    case GW_V_STATE:
        snprintf(text, sizeof text, "%s", gw_state_name((enum gw_state)s->value.i));
        break;
    }
    if (text[0] != '\0')
        gw_jcs_str(j, key, text);
}

void gw_part_raw(struct gw_jcs *j, const char *key, const struct gw_sample *s)
{
    gw_jcs_arr(j, key);
    for (unsigned i = 0; i < s->nraw && i < GW_RAW_MAX; i++)
        gw_jcs_int(j, NULL, s->raw[i]);
    gw_jcs_end(j);
}

void gw_part_number(struct gw_jcs *j, const char *key, double v)
{
    char text[GW_DECIMAL_SIZE];
    for (int d = 0; d <= GW_DECIMALS_MAX; d++) {
        gw_decimal(v, d, text);
        if (strtod(text, NULL) == v)
            break;
    }
    gw_jcs_str(j, key, text);
}

/* The parameter whose name comes next after last; the catalogue's order is not the alphabet's. */
static const struct gw_param_def *next_param(const struct gw_finding *f, const char *last)
{
    const struct gw_param_def *next = NULL;
    for (size_t i = 0; i < f->nparams; i++) {
        const struct gw_param_def *p = &f->params[i];
        if (strcmp(p->name, last) > 0 && (next == NULL || strcmp(p->name, next->name) < 0))
            next = p;
    }
    return next;
}

void gw_part_params(struct gw_jcs *j, const struct gw_check_def *check)
{
    const struct gw_param_def *p = next_param(check->finding, "");
    gw_jcs_obj(j, "params");
    for (; p != NULL; p = next_param(check->finding, p->name))
        gw_part_number(j, p->name, check->params[p->id]);
    gw_jcs_end(j);
}
