/* SPDX-License-Identifier: Apache-2.0 */
#include "plant_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the stub driver ---- */

static const struct gw_key no_keys[] = {{.type = GW_KEY_END}};

static void *read_bus(const struct gw_jnode *obj, struct gw_issues *issues)
{
    (void)obj;
    (void)issues;
    return calloc(1, 1);
}

static void *read_device(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                         const struct gw_jnode *profile, struct gw_issues *issues)
{
    (void)site;
    (void)device;
    (void)profile;
    (void)gw_keys_read_beside(obj, no_keys, gw_site_device_keys, NULL, issues);
    return calloc(1, 1);
}

struct point_in {
    int is;
    char unit[GW_POINT_UNIT];
};

static void read_point(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                       struct gw_issues *issues)
{
    static const char *const kinds[] = {"number", "integer", "contact", "state", NULL};
    static const struct gw_key keys[] = {
        {"is", GW_KEY_ENUM, offsetof(struct point_in, is), .names = kinds, .required = true},
        {"unit", GW_KEY_STR, offsetof(struct point_in, unit), GW_POINT_UNIT, .def = ""},
        {.type = GW_KEY_END},
    };
    struct point_in in = {0};
    assert_true(gw_keys_read(obj, keys, &in, issues));
    struct gw_point_def def = {.vtype = (enum gw_vtype)in.is,
                               .sane_lo = -(double)INFINITY,
                               .sane_hi = (double)INFINITY,
                               .period_ms = site->devices[device].period_ms,
                               .stale_ms = 3 * site->devices[device].period_ms};
    snprintf(def.unit, sizeof def.unit, "%s", in.unit);
    const struct gw_point p = {.id = gw_jnode_key(obj), .def = &def};
    assert_int_equal(gw_site_add_point(site, device, &p, NULL, obj, issues), GW_OK);
}

static void free_nothing(void *priv)
{
    (void)priv;
}

static void print_nothing(const void *priv, int indent, struct gw_buf *out)
{
    (void)priv;
    (void)indent;
    (void)out;
}

static const struct gw_conf_driver stub = {
    .name = "stub",
    .kind = GW_BUS_LOCAL,
    .bus = read_bus,
    .device = read_device,
    .point = read_point,
    .free_bus = free,
    .free_device = free,
    .free_point = free_nothing,
    .print_bus = print_nothing,
    .print_device = print_nothing,
    .print_point = print_nothing,
};

/* ---- files ---- */

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static void site_text(const struct plant_text *t, const char *catalogue, struct gw_buf *out)
{
    gw_buf_printf(out,
                  "{\"gateway\": {\"id\": \"g\", \"catalogue\": \"%s\"},\n"
                  "\"enterprise\": {\"uscc\": \"91371311MAXX00015G\", \"name\": \"n\", "
                  "\"county\": \"371311\", \"sector\": \"%s\"},\n"
                  "\"buses\": {\"a\": {\"driver\": \"stub\"}, \"b\": {\"driver\": \"stub\"}},\n"
                  "\"devices\": {\"gas\": {\"bus\": \"a\"}, \"gas2\": {\"bus\": \"a\"}, "
                  "\"di\": {\"bus\": \"b\"}},\n"
                  "\"points\": {%s},\n\"assets\": {%s},\n"
                  "\"publish\": {\"mqtt\": {\"enabled\": false}}}\n",
                  catalogue, t->sector, t->points, t->assets);
    assert_false(out->failed);
}

static void show_and_fail(const struct plant_site *p, const char *what)
{
    gw_issues_print(p->issues, stderr);
    fail_msg("%s is not in order", what);
}

enum gw_status plant_site_make(struct plant_site *p, const struct plant_text *t)
{
    const struct gw_conf_driver *const drivers[] = {&stub, NULL};
    const char *tmp = getenv("TMPDIR");
    char dir[128];
    char site[160];
    char cat[160];
    *p = (struct plant_site){.issues = gw_issues_new()};
    assert_non_null(p->issues);
    snprintf(dir, sizeof dir, "%s/plant-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
    snprintf(site, sizeof site, "%s/site.json", dir);
    snprintf(cat, sizeof cat, "%s/findings.json", dir);
    if (t->catalogue != NULL)
        write_file(cat, t->catalogue);
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    site_text(t, t->catalogue != NULL ? cat : GW_SOURCE_DIR "/config/findings.json", &text);
    write_file(site, text.data);
    gw_buf_free(&text);
    const enum gw_status loaded = gw_site_load(site, drivers, p->issues, &p->site);
    (void)unlink(site);
    (void)unlink(cat);
    (void)rmdir(dir);
    if (loaded != GW_OK) {
        show_and_fail(p, "the site");
        return loaded;
    }
    if (gw_catalogue_load(p->site->catalogue, p->issues, &p->cat) != GW_OK)
        show_and_fail(p, "the catalogue");
    return gw_inventory_build(p->site, p->cat, p->issues, &p->inv);
}

void plant_site_free(struct plant_site *p)
{
    gw_inventory_free(p->inv);
    gw_catalogue_free(p->cat);
    gw_site_free(p->site);
    gw_issues_free(p->issues);
}
