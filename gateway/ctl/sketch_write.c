/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of the site file.
 */
#include "ctl/sketch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TOLD 6 /* so many points that could play a role are named */

struct writing {
    const struct gw_plan *p;
    const struct gw_catalogue *cat;
    const struct gw_site *site;
    struct gw_sketch *d;
    struct gw_buf *out;
};

void gw_sketch_str(struct gw_buf *out, const char *text)
{
    gw_buf_char(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            gw_buf_char(out, '\\');
        if ((unsigned char)*text < 0x20)
            gw_buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            gw_buf_char(out, *text);
    }
    gw_buf_char(out, '"');
}

/* ---- gateway, enterprise ---- */

static void blank(struct writing *w, const char *key, const char *value, const char *what,
                  const char *place)
{
    if (value[0]) {
        gw_buf_printf(w->out, "    \"%s\": ", key);
        gw_sketch_str(w->out, value);
        gw_buf_str(w->out, ",\n");
        return;
    }
    gw_buf_printf(w->out, "    // to do: \"%s\": \"\", - %s\n", key, what);
    gw_buf_printf(&w->d->to_do, "%s: %s\n", place, what);
}

static void put_gateway(struct writing *w)
{
    gw_buf_str(w->out, "  // This box. Its name stands in every topic and record, and is never "
                       "changed once it is\n"
                       "  // in use. The journal and the signing key are kept in state_dir.\n"
                       "  \"gateway\": {\n");
    blank(w, "id", w->p->id, "a name for this box: letters, digits, - and _", "/gateway/id");
    if (w->p->catalogue[0])
        blank(w, "catalogue", w->p->catalogue, "", "");
    if (w->p->profiles[0])
        blank(w, "profiles", w->p->profiles, "", "");
    if (w->p->state_dir[0])
        blank(w, "state_dir", w->p->state_dir, "", "");
    gw_buf_str(w->out, "    \"log_level\": \"info\"\n  },\n\n");
}

static void put_enterprise(struct writing *w)
{
    gw_buf_str(w->out, "  // Whose plant it is. The sector decides which clauses apply.\n"
                       "  \"enterprise\": {\n");
    blank(w, "uscc", w->p->uscc, "the unified social credit code, 18 characters",
          "/enterprise/uscc");
    blank(w, "name", w->p->name, "the registered name", "/enterprise/name");
    blank(w, "county", w->p->county, "the division code of the county, 6 digits (GB/T 2260)",
          "/enterprise/county");
    gw_buf_printf(w->out, "    \"sector\": \"%s\"\n  },\n\n", gw_sector_names[w->p->sector]);
}

/* ---- buses, devices ---- */

void gw_sketch_devices(const struct gw_plan *p, struct gw_buf *out)
{
    gw_buf_str(out, "  \"buses\": {");
    for (size_t i = 0; i < p->nbuses; i++) {
        const struct gw_plan_bus *b = &p->buses[i];
        gw_buf_printf(out, "%s\n    \"%s\": {\"driver\": \"%s\", ", i > 0 ? "," : "", b->id,
                      b->line == GW_PLAN_RTU ? "modbus-rtu" : "modbus-tcp");
        gw_buf_str(out, b->line == GW_PLAN_RTU ? "\"port\": " : "\"host\": ");
        gw_sketch_str(out, b->host);
        if (b->line == GW_PLAN_RTU)
            gw_buf_str(out, ", \"baud\": 9600, \"parity\": \"none\"");
        else
            gw_buf_printf(out, ", \"port\": %" PRId64, b->port);
        gw_buf_str(out, b->line == GW_PLAN_RTU_TCP ? ", \"framing\": \"rtu\"}" : "}");
    }
    gw_buf_printf(out, "%s},\n", p->nbuses > 0 ? "\n  " : "");
    gw_buf_str(out, "  \"devices\": {");
    for (size_t i = 0; i < p->ndevices; i++) {
        const struct gw_plan_device *d = &p->devices[i];
        gw_buf_printf(
            out, "%s\n    \"%s\": {\"bus\": \"%s\", \"unit\": %" PRId64 ", \"profile\": \"%s\"",
            i > 0 ? "," : "", d->id, p->buses[d->bus].id, d->unit, d->profile);
        if (d->channels > 0)
            gw_buf_printf(out, ", \"channels\": %" PRId64, d->channels);
        gw_buf_str(out, "}");
    }
    gw_buf_printf(out, "%s},\n", p->ndevices > 0 ? "\n  " : "");
}

static void put_devices(struct writing *w)
{
    gw_buf_str(
        w->out,
        "  // How instruments are reached, and which they are. What stands on the plate and on "
        "the\n"
        "  // verification certificate belongs here, too, because a reviewer asks for it first:\n"
        "  // \"make\", \"model\", \"serial\", \"location\", \"cert_no\", \"cal_due\": "
        "\"2027-03-31\".\n"
        "  // Of a serial line, see to baud and parity. Contacts on GPIO lines of this box and "
        "points that\n"
        "  // no profile gives: config/README.md, \"buses\" and \"points\".\n");
    gw_sketch_devices(w->p, w->out);
    if (w->p->ndevices == 0)
        gw_buf_str(&w->d->to_do, "/devices: no instrument is declared\n");
}

/* ---- roles ---- */

static void put_role_name(struct writing *w, const char *name)
{
    const struct gw_role_def *role = gw_catalogue_role(w->cat, name);
    gw_buf_printf(w->out, "%s %s", name, role ? role->title.zh : "");
}

static void put_points(struct writing *w, size_t asset, const char *role, bool many)
{
    size_t n = 0;
    for (size_t i = 0; i < w->p->nroles; i++) {
        const struct gw_plan_role *r = &w->p->roles[i];
        if (r->asset != asset || strcmp(r->role, role) != 0)
            continue;
        if (n > 0 && n % 6 == 0)
            gw_buf_str(w->out, ",\n          ");
        else if (n > 0)
            gw_buf_str(w->out, ", ");
        else if (many)
            gw_buf_char(w->out, '[');
        gw_sketch_str(w->out, r->point);
        n++;
    }
    if (many)
        gw_buf_char(w->out, ']');
}

/* Roles that are played, each with its points. */
static void put_played(struct writing *w, size_t asset)
{
    const struct gw_role_def *role;
    size_t n = 0;
    for (size_t i = 0; (role = gw_catalogue_role_at(w->cat, i)) != NULL; i++) {
        if (!gw_plan_has_role(w->p, asset, role->role))
            continue;
        gw_buf_printf(w->out, "%s\n        \"%s\": ", n++ > 0 ? "," : "", role->role);
        put_points(w, asset, role->role, role->many);
    }
    if (n > 0)
        gw_buf_char(w->out, '\n');
}

/* Whether the instrument of that point is another asset's. */
static bool is_foreign(const struct writing *w, size_t asset, const struct gw_point *point)
{
    const char *device = w->site->devices[point->device].id;
    for (size_t i = 0; i < w->p->ndevices; i++)
        if (strcmp(w->p->devices[i].id, device) == 0)
            return w->p->devices[i].asset[0] &&
                   strcmp(w->p->devices[i].asset, w->p->assets[asset].id) != 0;
    return false;
}

/* The catalogue leaves the unit of some roles open, for the comparison of two needs no unit; a point
 * that is named to a technician should still be of that kind. */
static bool is_likely(const struct gw_role_def *role, const char *unit)
{
    static const struct {
        const char *prefix;
        const char *units[8];
    } kinds[] = {
        {"Q_", {"m3/h", "m3/min", "m3/s", "L/h", "L/min", "L/s", "t/h", "kg/h"}},
        {"GAS", {"%LEL", "ppm", "mg/m3", "%VOL", "vol%", "umol/mol"}},
        {"HEAD_TANK", {"m", "cm", "mm", "%"}},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (role->vtype != GW_V_NUM || role->nunits > 0 ||
            strncmp(role->role, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
            continue;
        for (size_t k = 0; k < 8 && kinds[i].units[k]; k++)
            if (strcmp(kinds[i].units[k], unit) == 0)
                return true;
        return false;
    }
    return true;
}

/* "could be: pt.t1, pt.t2" of any of the alternatives. */
static void put_candidates(struct writing *w, size_t asset, const struct gw_role_need *need)
{
    size_t n = 0;
    for (size_t i = 0; w->site && i < w->site->npoints; i++) {
        bool may = false;
        if (is_foreign(w, asset, &w->site->points[i]))
            continue;
        for (size_t k = 0; k < need->nalt; k++) {
            const struct gw_role_def *role = gw_catalogue_role(w->cat, need->alt[k]);
            may |= role && gw_sketch_may_play(role, &w->site->points[i]) &&
                   is_likely(role, w->site->points[i].def->unit);
        }
        for (size_t k = 0; may && k < w->p->nroles; k++)
            may = strcmp(w->p->roles[k].point, w->site->points[i].id) != 0;
        if (may && n++ < TOLD)
            gw_buf_printf(w->out, "%s%s", n == 1 ? "could be: " : ", ", w->site->points[i].id);
    }
    if (n > TOLD)
        gw_buf_printf(w->out, " and %zu more", n - TOLD);
    if (n == 0)
        gw_buf_str(w->out, "no point of these instruments can be that");
}

static void put_clause(struct writing *w, const struct gw_plan_asset *a, const struct gw_finding *f)
{
    for (size_t i = 0; i < f->nclauses; i++) {
        const struct gw_clause *c = f->clauses[i];
        if (c->beside || !gw_catalogue_cites(w->cat, c, w->p->sector, a->type))
            continue;
        gw_buf_printf(w->out, "%s %s%s%s%s", c->document, c->article, c->item[0] ? "(" : "",
                      c->item, c->item[0] ? ")" : "");
        if (strcmp(c->confirmed, "published") != 0)
            gw_buf_str(w->out, ", to be confirmed");
        return;
    }
}

static void put_condition(struct writing *w, const struct gw_applies *alt)
{
    for (size_t i = 0; i < alt->nfacts; i++)
        gw_buf_printf(w->out, "; if %s is %s", alt->facts[i].key, alt->facts[i].value);
    for (size_t i = 0; i < alt->nnot; i++)
        gw_buf_printf(w->out, "; unless %s is %s", alt->not_facts[i].key, alt->not_facts[i].value);
}

static bool is_met(const struct writing *w, size_t asset, const struct gw_role_need *need)
{
    bool met = false;
    for (size_t k = 0; k < need->nalt; k++)
        met |= gw_plan_has_role(w->p, asset, need->alt[k]);
    return met;
}

/* One instrument that is demanded. */
static void put_need(struct writing *w, size_t asset, const struct gw_finding *f,
                     const struct gw_applies *alt, const struct gw_role_need *need)
{
    const struct gw_plan_asset *a = &w->p->assets[asset];
    const bool met = is_met(w, asset, need);
    gw_buf_str(w->out, met ? "        // required: " : "        // to do, required: ");
    for (size_t k = 0; k < need->nalt; k++) {
        gw_buf_str(w->out, k > 0 ? " or " : "");
        put_role_name(w, need->alt[k]);
    }
    gw_buf_str(w->out, "\n        //   by ");
    put_clause(w, a, f);
    gw_buf_printf(w->out, " [%s]", f->code);
    put_condition(w, alt);
    gw_buf_char(w->out, '\n');
    if (met)
        return;
    gw_buf_printf(w->out, "        //   \"%s\": ", need->alt[0]);
    put_candidates(w, asset, need);
    gw_buf_char(w->out, '\n');
    gw_buf_printf(&w->d->to_do, "/assets/%s/roles: ", a->id);
    for (size_t k = 0; k < need->nalt; k++)
        gw_buf_printf(&w->d->to_do, "%s%s", k > 0 ? " or " : "", need->alt[k]);
    gw_buf_printf(&w->d->to_do, " is required [%s]\n", f->code);
}

static void put_needs(struct writing *w, size_t asset)
{
    const struct gw_applies *alt = NULL;
    for (size_t i = 0; i < gw_catalogue_count(w->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(w->cat, i);
        if (f->kind != GW_KIND_ABS || f->rules[0].rule != GW_RULE_ABSENT ||
            gw_plan_applies(w->cat, w->p->sector, &w->p->assets[asset], f, &alt) == GW_PLAN_NOT)
            continue;
        for (size_t k = 0; k < f->rules[0].nneeds; k++)
            put_need(w, asset, f, alt, &f->rules[0].needs[k]);
    }
    if (!gw_plan_has_role(w->p, asset, "RUN")) {
        gw_buf_str(w->out, "        // worth having: ");
        put_role_name(w, "RUN");
        gw_buf_str(w->out, ", a contact: without it nobody knows whether it runs\n");
    }
}

/* ---- facts, rated values ---- */

/* Whether some finding for such assets asks for the fact. */
static bool is_asked(const struct writing *w, const struct gw_plan_asset *a, const char *key)
{
    const struct gw_applies *alt = NULL;
    for (size_t i = 0; i < gw_catalogue_count(w->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(w->cat, i);
        if (f->cls != GW_CLASS_LEAD || f->kind != GW_KIND_ABS ||
            gw_plan_applies(w->cat, w->p->sector, a, f, &alt) == GW_PLAN_NOT)
            continue;
        for (size_t k = 0; k < alt->nfacts; k++)
            if (strcmp(alt->facts[k].key, key) == 0)
                return true;
        for (size_t k = 0; k < alt->nnot; k++)
            if (strcmp(alt->not_facts[k].key, key) == 0)
                return true;
    }
    return false;
}

/* An object that stands in the file only when there is something in it. */
struct section {
    const char *key;
    bool begun;
};

static void begin_section(struct writing *w, struct section *at)
{
    if (!at->begun)
        gw_buf_printf(w->out, "      \"%s\": {\n", at->key);
    at->begun = true;
}

static void end_section(struct writing *w, const struct section *at)
{
    if (at->begun)
        gw_buf_str(w->out, "      },\n");
}

static void put_pairs(struct writing *w, struct section *at, const struct gw_plan_pair *pairs,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        begin_section(w, at);
        gw_buf_printf(w->out, "        \"%s\": ", pairs[i].key);
        if (strcmp(at->key, "facts") == 0)
            gw_sketch_str(w->out, pairs[i].value);
        else
            gw_buf_str(w->out, pairs[i].value);
        gw_buf_str(w->out, i + 1 < n ? ",\n" : "\n");
    }
}

static void put_facts(struct writing *w, const struct gw_plan_asset *a)
{
    struct section at = {.key = "facts"};
    const struct gw_fact_def *def;
    put_pairs(w, &at, a->facts, a->nfacts);
    for (size_t i = 0; (def = gw_catalogue_fact_at(w->cat, i)) != NULL; i++) {
        if (gw_plan_fact_of(a, def->key) || !is_asked(w, a, def->key))
            continue;
        begin_section(w, &at);
        gw_buf_printf(w->out, "        // to do: \"%s\": one of", def->key);
        for (size_t k = 0; k < def->nvalues; k++)
            gw_buf_printf(w->out, "%s \"%s\"", k > 0 ? "," : "", def->values[k]);
        gw_buf_printf(w->out, " - %s\n", def->title.zh);
        gw_buf_printf(&w->d->to_do, "/assets/%s/facts: \"%s\" is asked for\n", a->id, def->key);
    }
    end_section(w, &at);
}

static bool is_rated(const struct gw_plan_asset *a, const char *key)
{
    for (size_t i = 0; i < a->nrated; i++)
        if (strcmp(a->rated[i].key, key) == 0)
            return true;
    return false;
}

/* Whether the rule takes its limits from a rated value that is not given, and has its input. */
static bool lacks_rated(const struct writing *w, size_t asset, const struct gw_finding *f,
                        const struct gw_rule_def *r)
{
    if (!r->of_rated[0] || r->rule == GW_RULE_ORDER || is_rated(&w->p->assets[asset], r->of_rated))
        return false;
    bool has = r->nneeds > 0 && is_met(w, asset, &r->needs[0]);
    for (size_t i = 0; r->nneeds == 0 && i < f->neach; i++)
        has |= gw_plan_has_role(w->p, asset, f->each[i]);
    return has;
}

static void put_rated(struct writing *w, size_t asset)
{
    const struct gw_plan_asset *a = &w->p->assets[asset];
    const struct gw_applies *alt = NULL;
    struct section at = {.key = "rated"};
    const char *told[8] = {NULL};
    size_t ntold = 0;
    put_pairs(w, &at, a->rated, a->nrated);
    for (size_t i = 0; i < gw_catalogue_count(w->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(w->cat, i);
        if (gw_plan_applies(w->cat, w->p->sector, a, f, &alt) == GW_PLAN_NOT)
            continue;
        for (size_t r = 0; r < f->nrules; r++) {
            const char *of = f->rules[r].of_rated;
            bool known = !lacks_rated(w, asset, f, &f->rules[r]);
            for (size_t k = 0; k < ntold; k++)
                known |= strcmp(told[k], of) == 0;
            if (known || ntold == sizeof told / sizeof told[0])
                continue;
            told[ntold++] = of;
            begin_section(w, &at);
            gw_buf_printf(w->out, "        // to do: \"%s\": a number from the plate, rated ", of);
            put_role_name(w, of);
            gw_buf_str(w->out, ", in the unit of its point\n");
            gw_buf_printf(&w->d->to_do, "/assets/%s/rated: \"%s\" from the plate\n", a->id, of);
        }
    }
    end_section(w, &at);
}

/* ---- overrides ---- */

/* Those of one finding stand together, where its first one was given. */
static void put_finding(struct writing *w, const struct gw_plan_asset *a, size_t first)
{
    const struct gw_plan_override *o = a->overrides;
    const struct gw_finding *f = gw_catalogue_find(w->cat, o[first].code);
    const char *sep = "";

    gw_buf_str(w->out, "        // the catalogue's: ");
    for (size_t k = first; k < a->noverrides; k++)
        for (size_t i = 0; f && strcmp(o[k].code, f->code) == 0 && i < f->nparams; i++)
            if (strcmp(f->params[i].name, o[k].pair.key) == 0)
                gw_buf_printf(w->out, "%s%s %.10g", k > first ? ", " : "", f->params[i].name,
                              f->params[i].def);
    gw_buf_printf(w->out, "\n        \"%s\": {", o[first].code);
    for (size_t k = first; k < a->noverrides; k++) {
        if (strcmp(o[k].code, o[first].code) != 0)
            continue;
        gw_buf_printf(w->out, "%s\"%s\": %s", sep, o[k].pair.key, o[k].pair.value);
        sep = ", ";
    }
    gw_buf_char(w->out, '}');
}

static void put_overrides(struct writing *w, const struct gw_plan_asset *a)
{
    struct section at = {.key = "overrides"};
    for (size_t k = 0; k < a->noverrides; k++) {
        bool told = false;
        for (size_t i = 0; i < k; i++)
            told |= strcmp(a->overrides[i].code, a->overrides[k].code) == 0;
        if (told)
            continue;
        if (at.begun)
            gw_buf_str(w->out, ",\n");
        begin_section(w, &at);
        put_finding(w, a, k);
    }
    if (at.begun)
        gw_buf_char(w->out, '\n');
    end_section(w, &at);
}

static void put_assets(struct writing *w)
{
    gw_buf_str(w->out, "\n  // What is protected. Each asset has a type of the catalogue, facts "
                       "that the clauses ask for, and\n"
                       "  // roles: which point is what to it. findings.md tells what is found, "
                       "assets.md what each type\n"
                       "  // must have. What is required and is not there will be told as absent: "
                       "that is no error.\n"
                       "  \"assets\": {");
    for (size_t i = 0; i < w->p->nassets; i++) {
        const struct gw_plan_asset *a = &w->p->assets[i];
        const struct gw_type_def *type = gw_catalogue_type(w->cat, a->type);
        gw_buf_printf(w->out,
                      "%s\n    // %s: %s, %s\n    \"%s\": {\n      \"type\": \"%s\",\n"
                      "      \"name\": ",
                      i > 0 ? "," : "", a->type, type->title.zh, type->title.en, a->id, a->type);
        gw_sketch_str(w->out, a->name[0] ? a->name : type->title.zh);
        gw_buf_str(w->out, ",\n");
        put_facts(w, a);
        put_rated(w, i);
        put_overrides(w, a);
        gw_buf_str(w->out, "      \"roles\": {");
        put_played(w, i);
        if (w->out->len > 0 && w->out->data && w->out->data[w->out->len - 1] == '{')
            gw_buf_char(w->out, '\n');
        put_needs(w, i);
        gw_buf_str(w->out, "      }\n    }");
    }
    gw_buf_printf(w->out, "%s},\n\n", w->p->nassets > 0 ? "\n  " : "");
    if (w->p->nassets == 0)
        gw_buf_str(&w->d->to_do, "/assets: nothing is declared that is protected\n");
}

void gw_sketch_write(const struct gw_plan *p, const struct gw_catalogue *cat,
                     const struct gw_site *site, struct gw_sketch *d, struct gw_buf *out)
{
    struct writing w = {.p = p, .cat = cat, .site = site, .d = d, .out = out};
    gw_buf_str(
        out,
        "// A site file, begun by nonsitectl init. What is to be filled in is marked \"to do\".\n"
        "// config/README.md explains every key; nonsited --check names every mistake with its "
        "line.\n"
        "{\n");
    put_gateway(&w);
    put_enterprise(&w);
    put_devices(&w);
    put_assets(&w);
    gw_sketch_publish(p, d, out);
    gw_buf_str(out, "}\n");
}
