/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/record.h"

#include "base/decimal.h"
#include "base/text.h"
#include "finding/record_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

char gw_record_strength(const struct gw_check_def *check)
{
    const char s = check->finding->strength;
    if (check->finding->run != GW_RUN_NONE && check->run == GW_NO_INDEX && s < 'C')
        return (char)(s + 1);
    return s;
}

/* ---- clauses ---- */

static void write_clauses(struct gw_jcs *j, const struct gw_record *r)
{
    const struct gw_finding *f = r->check->finding;
    gw_jcs_arr(j, "clauses");
    for (size_t i = 0; i < f->nclauses; i++) {
        const struct gw_clause *c = f->clauses[i];
        if (!gw_inventory_cites(r->inventory, r->check, c))
            continue;
        gw_part_clause(j, c);
    }
    gw_jcs_end(j);
}

/* ---- condition ---- */

/* "10 s", "10 min", "24 h": the largest unit that needs no fraction. */
static void duration(int64_t ms, char *out, size_t size)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
    for (size_t i = 0; i < COUNT(units); i++) {
        if (ms >= units[i].ms && ms % units[i].ms == 0) {
            snprintf(out, size, "%" PRId64 " %s", ms / units[i].ms, units[i].unit);
            return;
        }
    }
    snprintf(out, size, "0 s");
}

static void write_condition_text(struct gw_jcs *j, const struct gw_record *r)
{
    char en[GW_RULE_WHY + 64];
    char zh[GW_RULE_WHY + 64];
    char time[32];
    duration(r->delay_ms, time, sizeof time);
    const bool held = r->delay_ms > 0;
    snprintf(en, sizeof en, "%s%s%s", r->decided->why, held ? " for " : "", held ? time : "");
    snprintf(zh, sizeof zh, "%s%s%s", r->decided->why_zh, held ? "，持续 " : "", held ? time : "");
    gw_jcs_obj(j, "text");
    gw_jcs_str(j, "en", en);
    gw_jcs_str(j, "zh", zh);
    gw_jcs_end(j);
}

static void write_condition(struct gw_jcs *j, const struct gw_record *r)
{
    const struct gw_check_def *check = r->check;
    gw_jcs_obj(j, "condition");
    gw_jcs_int(j, "delay_ms", r->delay_ms);
    if (isfinite(r->decided->limit))
        gw_jcs_dec(j, "limit", r->decided->limit, r->decided->decimals);
    gw_jcs_str(j, "mode", gw_rule_mode(check, r->table, r->now.mono_ms));
    gw_jcs_bool(j, "overridden", check->overridden);
    gw_part_params(j, check);
    gw_jcs_str(j, "rule", gw_rule_name(check->rule->rule));
    write_condition_text(j, r);
    if (isfinite(r->decided->value))
        gw_jcs_dec(j, "value", r->decided->value, r->decided->decimals);
    gw_jcs_end(j);
}

/* ---- evidence ---- */

static void write_point(struct gw_jcs *j, const struct gw_record *r, const struct gw_role_point *rp)
{
    const struct gw_point *p = gw_table_point(r->table, rp->point);
    const struct gw_sample s = gw_table_get(r->table, rp->point, r->now.mono_ms);
    gw_jcs_obj(j, NULL);
    if (p->def->vtype == GW_V_NUM)
        gw_jcs_int(j, "decimals", p->def->decimals);
    gw_jcs_str(j, "id", p->id);
    gw_jcs_str(j, "quality", gw_quality_name((enum gw_quality)s.quality));
    gw_part_raw(j, "raw", &s);
    gw_jcs_str(j, "role", rp->role);
    if (s.quality != GW_Q_NOT_YET) {
        char iso[GW_ISO_SIZE];
        gw_clock_iso(s.wall_ms, iso);
        gw_jcs_str(j, "t", iso);
    }
    gw_jcs_str(j, "unit", p->def->unit);
    gw_part_value(j, "value", p, &s);
    gw_jcs_end(j);
}

static void write_device(struct gw_jcs *j, const struct gw_record *r, uint32_t device)
{
    const struct gw_site_device *d = &gw_inventory_site(r->inventory)->devices[device];
    const struct gw_device_life *life = gw_table_device(r->table, device);
    gw_jcs_obj(j, NULL);
    gw_jcs_str(j, "cal_due", d->cal_due);
    gw_jcs_str(j, "cert_no", d->cert_no);
    if (life->fault[0] != '\0' && gw_utf8_valid(life->fault, strlen(life->fault)))
        gw_jcs_str(j, "fault", life->fault);
    gw_jcs_str(j, "id", d->id);
    gw_jcs_str(j, "link", gw_link_name(life->link));
    gw_jcs_str(j, "location", d->location);
    gw_jcs_str(j, "make", d->make);
    gw_jcs_str(j, "model", d->model);
    gw_jcs_str(j, "profile", d->profile);
    gw_jcs_str(j, "serial", d->serial);
    gw_jcs_end(j);
}

/* The device of the i-th point, unless an earlier point has shown it. */
static bool first_of_device(const struct gw_record *r, size_t i, uint32_t *device)
{
    *device = gw_table_point(r->table, r->check->points[i].point)->device;
    for (size_t k = 0; k < i; k++)
        if (gw_table_point(r->table, r->check->points[k].point)->device == *device)
            return false;
    return true;
}

static void write_evidence(struct gw_jcs *j, const struct gw_record *r, size_t npoints)
{
    gw_jcs_obj(j, "evidence");
    gw_jcs_arr(j, "devices");
    for (size_t i = 0; i < npoints; i++) {
        uint32_t device = 0;
        if (first_of_device(r, i, &device))
            write_device(j, r, device);
    }
    gw_jcs_end(j);
    if (npoints < r->check->npoints)
        gw_jcs_int(j, "omitted", (int64_t)(r->check->npoints - npoints));
    gw_jcs_arr(j, "points");
    for (size_t i = 0; i < npoints; i++)
        write_point(j, r, &r->check->points[i]);
    gw_jcs_end(j);
    gw_jcs_obj(j, "window");
    gw_jcs_int(j, "after_ms", r->after_ms);
    gw_jcs_int(j, "before_ms", r->before_ms);
    gw_jcs_end(j);
    gw_jcs_end(j);
}

/* ---- the body ---- */

static void write_law(struct gw_jcs *j, const struct gw_finding *f)
{
    gw_jcs_obj(j, "law");
    gw_part_text(j, "obligation", f->obligation);
    gw_part_text(j, "penalty", f->penalty);
    gw_jcs_end(j);
}

static void write_shelf(struct gw_jcs *j, const struct gw_shelf *s)
{
    char iso[GW_ISO_SIZE];
    gw_jcs_obj(j, "shelved");
    gw_jcs_str(j, "by", s->by == GW_BY_PLATFORM ? "platform" : "local");
    gw_clock_iso(s->from_ms, iso);
    gw_jcs_str(j, "from", iso);
    gw_jcs_str(j, "reason", s->reason);
    gw_clock_iso(s->until_ms, iso);
    gw_jcs_str(j, "until", iso);
    gw_jcs_str(j, "who", s->who);
    gw_jcs_end(j);
}

static void write_ack(struct gw_jcs *j, const struct gw_command *c)
{
    gw_jcs_obj(j, "acknowledged");
    gw_jcs_str(j, "by", gw_authority_name(c->by));
    if (c->reason[0] != '\0')
        gw_jcs_str(j, "reason", c->reason);
    gw_jcs_str(j, "who", c->who);
    gw_jcs_end(j);
}

static void write_summary(struct gw_jcs *j, const struct gw_record *r)
{
    gw_jcs_obj(j, "summary");
    gw_jcs_str(j, "because", r->summary);
    gw_jcs_int(j, "count", r->count);
    gw_jcs_end(j);
}

static void write_permit(struct gw_jcs *j, const struct gw_permit *p)
{
    gw_jcs_obj(j, "permit");
    gw_jcs_str(j, "by", gw_authority_name(p->by));
    gw_part_iso(j, "from", p->from_ms);
    gw_jcs_str(j, "id", p->id);
    gw_jcs_str(j, "scope", gw_permit_scope_name(p->scope));
    gw_part_iso(j, "until", p->until_ms);
    gw_jcs_end(j);
}

static bool write_body(const struct gw_record *r, size_t npoints, struct gw_buf *out)
{
    const struct gw_finding *f = r->check->finding;
    const struct gw_site *site = gw_inventory_site(r->inventory);
    const bool lead = f->cls == GW_CLASS_LEAD;
    char strength[2] = {r->decided->strength, '\0'};
    if (strength[0] == '\0')
        strength[0] = gw_record_strength(r->check);
    struct gw_jcs j;
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_bool(&j, "accepted", r->accepted);
    if (r->ack != NULL)
        write_ack(&j, r->ack);
    gw_part_text(&j, "advice", &f->advice);
    if (r->alarm_id != NULL && r->alarm_id[0] != '\0')
        gw_jcs_str(&j, "alarm", r->alarm_id);
    gw_part_asset(&j, r->inventory, r->check);
    gw_jcs_str(&j, "case", r->case_id);
    gw_jcs_str(&j, "catalogue", gw_catalogue_version(gw_inventory_catalogue(r->inventory)));
    gw_jcs_str(&j, "class", gw_class_name(f->cls));
    if (lead)
        write_clauses(&j, r);
    write_condition(&j, r);
    gw_jcs_str(&j, "config_sha256", site->config_sha256);
    gw_part_enterprise(&j, site);
    write_evidence(&j, r, npoints);
    gw_jcs_str(&j, "finding", f->code);
    gw_jcs_str(&j, "gateway", site->gateway.id);
    gw_jcs_str(&j, "kind", lead ? gw_kind_name(f->kind) : gw_kind_name(GW_KIND_EV));
    if (lead)
        write_law(&j, f);
    if (r->permit != NULL)
        write_permit(&j, r->permit);
    gw_jcs_int(&j, "priority", r->priority);
    if (r->rectify != NULL)
        gw_record_rectify(&j, "rectify", r->rectify);
    gw_jcs_int(&j, "reopened", r->reopened);
    if (r->repeats > 0)
        gw_jcs_int(&j, "repeats", r->repeats);
    gw_jcs_str(&j, "severity", f->severity);
    if (r->shelf != NULL)
        write_shelf(&j, r->shelf);
    gw_jcs_str(&j, "state", r->state);
    gw_jcs_str(&j, "strength", strength);
    gw_jcs_str(&j, "subject", r->check->subject);
    if (r->summary != NULL)
        write_summary(&j, r);
    gw_part_time(&j, r->boot_id, &r->observed_wall_ms, &r->now);
    gw_part_text(&j, "title", &f->title);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
    return gw_jcs_done(&j);
}

void gw_record_write(const struct gw_record *r, struct gw_buf *out)
{
    if (out->failed)
        return;
    const size_t start = out->len;
    size_t npoints = r->check->npoints;
    while (!write_body(r, npoints, out) && npoints > 0) {
        npoints /= 2;
        out->len = start;
        out->failed = false;
    }
}
