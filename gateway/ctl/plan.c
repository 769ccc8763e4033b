/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/keys.h"
#include "ctl/opts.h"

void gw_plan_init(struct gw_plan *p)
{
    *p = (struct gw_plan){.sector = -1};
}

void gw_plan_free(struct gw_plan *p)
{
    free(p->roles);
    p->roles = NULL;
    p->nroles = p->cap = 0;
}

/* The part of *text up to one of ends, moved over with its end; false: empty or too long. *end is
 * what ended it, '\0' at the end of the text. */
static bool cut(const char **text, const char *ends, char *out, size_t size, char *end)
{
    const size_t n = strcspn(*text, ends);
    if (n == 0 || n >= size)
        return false;
    memcpy(out, *text, n);
    out[n] = '\0';
    *end = (*text)[n];
    *text += n + (*end != '\0');
    return true;
}

static bool is_word(const char *text)
{
    return gw_keys_is_id(text, GW_ID_SIZE);
}

enum gw_status gw_plan_sector(struct gw_plan *p, const char *text, struct gw_err *err)
{
    for (int i = 0; gw_sector_names[i]; i++) {
        if (strcmp(gw_sector_names[i], text) == 0) {
            p->sector = i;
            return GW_OK;
        }
    }
    return gw_err_set(err, GW_E_INVAL, "there is no sector \"%s\"; --list shows them", text);
}

/* ---- assets ---- */

bool gw_plan_find_asset(const struct gw_plan *p, const char *id, size_t *out)
{
    for (size_t i = 0; i < p->nassets; i++) {
        if (strcmp(p->assets[i].id, id) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

const char *gw_plan_fact_of(const struct gw_plan_asset *a, const char *key)
{
    for (size_t i = 0; i < a->nfacts; i++)
        if (strcmp(a->facts[i].key, key) == 0)
            return a->facts[i].value;
    return NULL;
}

/* Types whose name or title has the word, for who has written something near. */
static enum gw_status no_type(const struct gw_catalogue *cat, const char *type, struct gw_err *err)
{
    char near[96] = "";
    struct gw_buf b;
    const struct gw_type_def *t;
    gw_buf_fixed(&b, near, sizeof near);
    for (size_t i = 0; (t = gw_catalogue_type_at(cat, i)) != NULL; i++)
        if (strstr(t->type, type) || strstr(t->title.zh, type) || strstr(t->title.en, type))
            gw_buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", t->type);
    if (near[0])
        return gw_err_set(err, GW_E_INVAL,
                          "there is no asset type \"%s\"; is one of these meant: %s", type, near);
    return gw_err_set(err, GW_E_INVAL, "there is no asset type \"%s\"; --list shows them", type);
}

enum gw_status gw_plan_asset(struct gw_plan *p, const struct gw_catalogue *cat, const char *text,
                             struct gw_err *err)
{
    struct gw_plan_asset a = {0};
    size_t i = 0;
    char end = '\0';

    if (!cut(&text, ":", a.type, sizeof a.type, &end) || end != ':' ||
        !cut(&text, ":", a.id, sizeof a.id, &end) || !is_word(a.id))
        return gw_err_set(err, GW_E_INVAL, "an asset is TYPE:ID[:NAME], such as if_furnace:if-1");
    if (strlen(text) >= sizeof a.name || !gw_utf8_valid(text, strlen(text)))
        return gw_err_set(err, GW_E_INVAL, "the name of asset %s is too long or not UTF-8", a.id);
    (void)snprintf(a.name, sizeof a.name, "%s", text);
    for (char *c = a.type; *c; c++)
        if (*c == '-')
            *c = '_';
    if (!gw_catalogue_type(cat, a.type) || strcmp(a.type, GW_TYPE_GATEWAY) == 0)
        return no_type(cat, a.type, err);
    if (gw_plan_find_asset(p, a.id, &i))
        return gw_err_set(err, GW_E_INVAL, "asset %s is given twice", a.id);
    if (p->nassets == GW_PLAN_ASSETS)
        return gw_err_set(err, GW_E_INVAL, "more than %d assets", GW_PLAN_ASSETS);
    p->assets[p->nassets++] = a;
    return GW_OK;
}

/* "ASSET:KEY=", moved over. */
static enum gw_status cut_key(const struct gw_plan *p, const char **text, size_t *asset,
                              char key[GW_ROLE_SIZE], struct gw_err *err)
{
    char id[GW_ID_SIZE];
    char end = '\0';
    if (!cut(text, ":", id, sizeof id, &end) || end != ':' ||
        !cut(text, "=", key, GW_ROLE_SIZE, &end) || end != '=')
        return gw_err_set(err, GW_E_INVAL, "must be ASSET:KEY=VALUE");
    if (!gw_plan_find_asset(p, id, asset))
        return gw_err_set(err, GW_E_INVAL, "there is no asset \"%s\"", id);
    return GW_OK;
}

static enum gw_status add_pair(struct gw_plan_pair *pairs, size_t *n, const char *key,
                               const char *value, struct gw_err *err)
{
    if (*n == GW_PLAN_PAIRS || strlen(value) >= sizeof pairs->value)
        return gw_err_set(err, GW_E_INVAL, "\"%s\": too many, or too long", key);
    (void)snprintf(pairs[*n].key, sizeof pairs->key, "%s", key);
    (void)snprintf(pairs[(*n)++].value, sizeof pairs->value, "%s", value);
    return GW_OK;
}

enum gw_status gw_plan_fact(struct gw_plan *p, const struct gw_catalogue *cat, const char *text,
                            struct gw_err *err)
{
    char key[GW_ROLE_SIZE];
    size_t asset = 0;
    enum gw_status st = cut_key(p, &text, &asset, key, err);
    if (st != GW_OK)
        return st;
    const struct gw_fact_def *def = gw_catalogue_fact(cat, key);
    if (!def)
        return gw_err_set(err, GW_E_INVAL, "there is no fact \"%s\"; --list shows them", key);
    for (size_t i = 0; i < def->nvalues; i++)
        if (strcmp(def->values[i], text) == 0)
            return add_pair(p->assets[asset].facts, &p->assets[asset].nfacts, key, text, err);
    return gw_err_set(err, GW_E_INVAL, "fact \"%s\" cannot be \"%s\"; --list shows what it can be",
                      key, text);
}

/* A number as JSON has it, without exponent. */
static bool read_number(const char *text, double *out)
{
    const char *first = text + (text[0] == '-');
    const size_t n = strlen(first);
    char *end = NULL;

    if (n == 0 || strspn(first, "0123456789.") != n || first[0] == '.' || first[n - 1] == '.' ||
        (first[0] == '0' && n > 1 && first[1] != '.'))
        return false;
    *out = strtod(text, &end);
    return *end == '\0';
}

enum gw_status gw_plan_rated(struct gw_plan *p, const struct gw_catalogue *cat, const char *text,
                             struct gw_err *err)
{
    char key[GW_ROLE_SIZE];
    double v = 0;
    size_t asset = 0;
    enum gw_status st = cut_key(p, &text, &asset, key, err);
    if (st != GW_OK)
        return st;
    if (!gw_catalogue_role(cat, key) || !read_number(text, &v) || !(v > 0) || v > 1e9)
        return gw_err_set(err, GW_E_INVAL,
                          "a rated value is ASSET:ROLE=NUMBER, such as if-1:Q_IN=40");
    return add_pair(p->assets[asset].rated, &p->assets[asset].nrated, key, text, err);
}

/* ---- overrides ---- */

/* The catalogue's number of that name; NULL: the finding has none, and err names those that it has. */
static const struct gw_param_def *find_param(const struct gw_finding *f, const char *name,
                                             struct gw_err *err)
{
    char has[128] = "";
    struct gw_buf b;
    gw_buf_fixed(&b, has, sizeof has);
    for (size_t i = 0; i < f->nparams; i++) {
        if (strcmp(f->params[i].name, name) == 0)
            return &f->params[i];
        gw_buf_printf(&b, "%s%s", i > 0 ? ", " : "", f->params[i].name);
    }
    (void)!gw_err_set(err, GW_E_INVAL, "finding %s has no \"%s\", but %s", f->code, name, has);
    return NULL;
}

static enum gw_status add_override(struct gw_plan_asset *a, const struct gw_plan_override *o,
                                   struct gw_err *err)
{
    for (size_t i = 0; i < a->noverrides; i++)
        if (strcmp(a->overrides[i].code, o->code) == 0 &&
            strcmp(a->overrides[i].pair.key, o->pair.key) == 0)
            return gw_err_set(err, GW_E_INVAL, "%s.%s of asset %s is given twice", o->code,
                              o->pair.key, a->id);
    if (a->noverrides == GW_PLAN_PAIRS)
        return gw_err_set(err, GW_E_INVAL, "more than %d for asset %s", GW_PLAN_PAIRS, a->id);
    a->overrides[a->noverrides++] = *o;
    return GW_OK;
}

enum gw_status gw_plan_override(struct gw_plan *p, const struct gw_catalogue *cat, const char *text,
                                struct gw_err *err)
{
    struct gw_plan_override o = {0};
    char id[GW_ID_SIZE];
    char end = '\0';
    size_t asset = 0;
    double v = 0;

    if (!cut(&text, ":", id, sizeof id, &end) || end != ':' ||
        !cut(&text, ".", o.code, sizeof o.code, &end) || end != '.' ||
        !cut(&text, "=", o.pair.key, sizeof o.pair.key, &end) || end != '=' ||
        strlen(text) >= sizeof o.pair.value || !read_number(text, &v))
        return gw_err_set(err, GW_E_INVAL,
                          "must be ASSET:FINDING.KEY=NUMBER, such as if-1:CW-ABS-02.delay_s=600");
    (void)snprintf(o.pair.value, sizeof o.pair.value, "%s", text);
    if (!gw_plan_find_asset(p, id, &asset))
        return gw_err_set(err, GW_E_INVAL, "there is no asset \"%s\"", id);
    const struct gw_finding *f = gw_catalogue_find(cat, o.code);
    if (!f)
        return gw_err_set(err, GW_E_INVAL, "there is no finding \"%s\"", o.code);
    const struct gw_param_def *def = find_param(f, o.pair.key, err);
    if (!def)
        return GW_E_INVAL;
    if (v < def->min || v > def->max)
        return gw_err_set(err, GW_E_INVAL, "%s of %s must be %g to %g", def->name, f->code,
                          def->min, def->max);
    return add_override(&p->assets[asset], &o, err);
}

/* ---- roles ---- */

bool gw_plan_has_role(const struct gw_plan *p, size_t asset, const char *role)
{
    for (size_t i = 0; i < p->nroles; i++)
        if (p->roles[i].asset == asset && strcmp(p->roles[i].role, role) == 0)
            return true;
    return false;
}

enum gw_status gw_plan_add_role(struct gw_plan *p, size_t asset, const char *role,
                                const char *point)
{
    if (p->nroles == p->cap) {
        const size_t cap = p->cap > 0 ? 2 * p->cap : 32;
        struct gw_plan_role *more = realloc(p->roles, cap * sizeof *more);
        if (!more)
            return GW_E_NOMEM;
        p->roles = more;
        p->cap = cap;
    }
    struct gw_plan_role *r = &p->roles[p->nroles++];
    *r = (struct gw_plan_role){.asset = asset};
    (void)snprintf(r->role, sizeof r->role, "%s", role);
    (void)snprintf(r->point, sizeof r->point, "%s", point);
    return GW_OK;
}

enum gw_status gw_plan_role(struct gw_plan *p, const struct gw_catalogue *cat, const char *text,
                            struct gw_err *err)
{
    char role[GW_ROLE_SIZE], point[GW_POINT_ID];
    char end = ',';
    size_t asset = 0;
    enum gw_status st = cut_key(p, &text, &asset, role, err);
    if (st != GW_OK)
        return st;
    if (!gw_catalogue_role(cat, role))
        return gw_err_set(err, GW_E_INVAL, "there is no role \"%s\"; --list shows them", role);
    while (st == GW_OK && end == ',') {
        if (!cut(&text, ",", point, sizeof point, &end))
            return gw_err_set(err, GW_E_INVAL,
                              "a role is ASSET:ROLE=POINT, such as if-1:T_OUT=pt.t1");
        st = gw_plan_add_role(p, asset, role, point);
    }
    return st == GW_OK ? st : gw_err_set(err, st, "out of memory");
}

/* ---- devices ---- */

static const struct {
    const char *prefix;
    enum gw_plan_line line;
} lines[] = {{"tcp:", GW_PLAN_TCP}, {"rtu-tcp:", GW_PLAN_RTU_TCP}, {"rtu:", GW_PLAN_RTU}};

/* HOST[:PORT] of an endpoint; an IPv6 address stands in brackets. bus->port is the port where none
 * is said. */
static bool read_host(const char *text, size_t len, struct gw_plan_bus *bus)
{
    const char *colon = NULL;
    size_t n = len;
    const size_t bracket = text[0] == '[' ? strcspn(text, "]") : 0;
    char port[8];

    for (size_t i = bracket; i < len; i++)
        if (text[i] == ':')
            colon = text + i;
    if (colon) {
        n = (size_t)(colon - text);
        (void)snprintf(port, sizeof port, "%.*s", (int)(len - n - 1), colon + 1);
    }
    if (bracket > 0) {
        text++;
        n -= 2;
    }
    if (n == 0 || n >= sizeof bus->host || (colon && !gw_opts_number(port, 1, 65535, &bus->port)))
        return false;
    memcpy(bus->host, text, n);
    return true;
}

static bool read_endpoint(const char *text, size_t len, struct gw_plan_bus *bus)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const size_t n = strlen(lines[i].prefix);
        if (len <= n || strncmp(text, lines[i].prefix, n) != 0)
            continue;
        bus->line = lines[i].line;
        if (bus->line != GW_PLAN_RTU)
            return read_host(text + n, len - n, bus);
        (void)snprintf(bus->host, sizeof bus->host, "%.*s", (int)(len - n), text + n);
        return text[n] == '/' && len - n < sizeof bus->host;
    }
    return false;
}

/* The bus of that endpoint, which devices may share. */
static size_t bus_of(struct gw_plan *p, const struct gw_plan_bus *want)
{
    for (size_t i = 0; i < p->nbuses; i++) {
        const struct gw_plan_bus *b = &p->buses[i];
        if (b->line == want->line && b->port == want->port && strcmp(b->host, want->host) == 0)
            return i;
    }
    p->buses[p->nbuses] = *want;
    (void)snprintf(p->buses[p->nbuses].id, sizeof want->id, "bus-%zu", p->nbuses + 1);
    return p->nbuses++;
}

/* ",channels=N" and ",asset=ID". */
static bool read_extras(const char *text, struct gw_plan_device *d)
{
    char word[GW_NAME_SIZE];
    char end = '\0';
    while (*text) {
        if (!cut(&text, ",", word, sizeof word, &end))
            return false;
        if (strncmp(word, "channels=", 9) == 0) {
            if (!gw_opts_number(word + 9, 1, 512, &d->channels))
                return false;
        } else if (strncmp(word, "asset=", 6) == 0 && is_word(word + 6)) {
            (void)snprintf(d->asset, sizeof d->asset, "%.31s", word + 6);
        } else {
            return false;
        }
    }
    return true;
}

static enum gw_status check_device(const struct gw_plan *p, const struct gw_plan_device *d,
                                   struct gw_err *err)
{
    size_t asset = 0;
    for (size_t i = 0; i < p->ndevices; i++)
        if (strcmp(p->devices[i].id, d->id) == 0)
            return gw_err_set(err, GW_E_INVAL, "device %s is given twice", d->id);
    if (d->asset[0] && !gw_plan_find_asset(p, d->asset, &asset))
        return gw_err_set(err, GW_E_INVAL, "device %s: there is no asset \"%s\"", d->id, d->asset);
    if (p->ndevices == GW_PLAN_DEVICES)
        return gw_err_set(err, GW_E_INVAL, "more than %d devices", GW_PLAN_DEVICES);
    return GW_OK;
}

enum gw_status gw_plan_device(struct gw_plan *p, const char *text, struct gw_err *err)
{
    static const char form[] = "a device is ID:PROFILE@ENDPOINT/UNIT, such as "
                               "gas:ax100@tcp:192.168.10.21/1";
    struct gw_plan_device d = {.unit = 1};
    struct gw_plan_bus bus = {.port = 502};
    char place[GW_NAME_SIZE];
    char end = '\0';

    if (!cut(&text, ":", d.id, sizeof d.id, &end) || end != ':' || !is_word(d.id) ||
        !cut(&text, "@", d.profile, sizeof d.profile, &end) || end != '@' || !is_word(d.profile) ||
        !cut(&text, ",", place, sizeof place, &end))
        return gw_err_set(err, GW_E_INVAL, "%s", form);
    const char *slash = strrchr(place, '/');
    if (!slash || !gw_opts_number(slash + 1, 0, 255, &d.unit) ||
        !read_endpoint(place, (size_t)(slash - place), &bus) || !read_extras(text, &d))
        return gw_err_set(err, GW_E_INVAL, "%s", form);
    const enum gw_status st = check_device(p, &d, err);
    if (st != GW_OK)
        return st;
    d.bus = bus_of(p, &bus);
    p->devices[p->ndevices++] = d;
    return GW_OK;
}

/* ---- the broker ---- */

enum gw_status gw_plan_mqtt(struct gw_plan *p, const char *text, struct gw_err *err)
{
    struct gw_plan_bus at = {.port = 8883};
    const char *colon = strchr(text, ':');
    if ((text[0] != '[' && colon && strchr(colon + 1, ':')) || !gw_utf8_valid(text, strlen(text)) ||
        !read_host(text, strlen(text), &at))
        return gw_err_set(err, GW_E_INVAL,
                          "a broker is HOST[:PORT], such as mqtt.example.org; an IPv6 address "
                          "stands in brackets");
    (void)snprintf(p->mqtt, sizeof p->mqtt, "%s", at.host);
    p->mqtt_port = at.port;
    return GW_OK;
}

/* ---- what is for an asset ---- */

static enum gw_plan_fit alt_fits(const struct gw_plan_asset *a, const struct gw_applies *alt,
                                 int sector)
{
    enum gw_plan_fit fit = GW_PLAN_FITS;
    bool type = alt->ntypes == 0;
    for (size_t i = 0; i < alt->ntypes; i++)
        type |= strcmp(alt->types[i], a->type) == 0;
    if (!type || (alt->sectors >> sector & 1u) == 0)
        return GW_PLAN_NOT;
    for (size_t i = 0; i < alt->nfacts; i++) {
        const char *value = gw_plan_fact_of(a, alt->facts[i].key);
        if (value && strcmp(value, alt->facts[i].value) != 0)
            return GW_PLAN_NOT;
        if (!value)
            fit = GW_PLAN_MAY;
    }
    for (size_t i = 0; i < alt->nnot; i++) {
        const char *value = gw_plan_fact_of(a, alt->not_facts[i].key);
        if (value && strcmp(value, alt->not_facts[i].value) == 0)
            return GW_PLAN_NOT;
    }
    return fit;
}

enum gw_plan_fit gw_plan_applies(const struct gw_catalogue *cat, int sector,
                                 const struct gw_plan_asset *a, const struct gw_finding *f,
                                 const struct gw_applies **alt)
{
    bool demanded = f->cls == GW_CLASS_ALARM;
    enum gw_plan_fit best = GW_PLAN_NOT;

    for (size_t i = 0; i < f->nclauses && !demanded; i++)
        demanded =
            !f->clauses[i]->beside && gw_catalogue_cites(cat, f->clauses[i], sector, a->type);
    for (size_t i = 0; f->enabled && demanded && i < f->napplies && best != GW_PLAN_FITS; i++) {
        const enum gw_plan_fit fit = alt_fits(a, &f->applies[i], sector);
        if (fit == GW_PLAN_NOT || (fit == GW_PLAN_MAY && best == GW_PLAN_MAY))
            continue;
        best = fit;
        *alt = &f->applies[i];
    }
    return best;
}
