/* SPDX-License-Identifier: Apache-2.0
 *
 * The key tables, config/README.md and config/site.schema.json say the same. With --print, the
 * program writes the tables as README.md must carry them.
 */
#include "conf/keys.h"

#include "conf/json.h"
#include "conf/site.h"
#include "gpio/conf.h"
#include "modbus/conf.h"
#include "modbus/ident_conf.h"
#include "modbus/point.h"
#include "modbus/profile.h"
#include "modbus/rtu_conf.h"
#include "modbus/signal.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define README GW_SOURCE_DIR "/config/README.md"
#define SCHEMA GW_SOURCE_DIR "/config/site.schema.json"
#define IN_PROFILE                                                                                 \
    "profile" /* pointers of keys that stand in a device profile, not in the site file */

/* The drivers' tables; a section of the same pointer as one of the site reader's shares its object.
 * A step "=<driver>" is that driver's alternative in the schema, which repeats what is shared. */
static const struct gw_site_section driver_sections[] = {
    {"/buses/<id>/=modbus-tcp", gw_mb_bus_keys},
    {"/buses/<id>/=modbus-rtu", gw_rtu_bus_keys},
    {"/buses/<id>/=gpio", gw_gpio_bus_keys},
    {"/devices/<id>", gw_mb_device_keys},
    {"/points/<id>/=modbus-tcp", gw_mb_point_keys},
    {"/points/<id>/=modbus-tcp/field", gw_mb_field_keys},
    {"/points/<id>/=modbus-tcp/states/[]", gw_mb_state_keys},
    {"/points/<id>/=modbus-tcp/bands/[]", gw_mb_band_keys},
    {"/points/<id>/=gpio", gw_gpio_point_keys},
    {IN_PROFILE, gw_mb_profile_keys},
    {IN_PROFILE "/title", gw_mb_title_keys},
    {IN_PROFILE "/device", gw_mb_profile_device_keys},
    {IN_PROFILE "/identity", gw_mb_ident_keys},
    {IN_PROFILE "/identity/registers/[]", gw_mb_ident_reg_keys},
    {IN_PROFILE "/points/[]", gw_mb_profile_point_keys},
    {NULL, NULL},
};

static const struct gw_site_section *section(size_t i)
{
    size_t n = 0;
    while (gw_site_sections[n].pointer != NULL)
        n++;
    const struct gw_site_section *s = i < n ? &gw_site_sections[i] : &driver_sections[i - n];
    return s->pointer != NULL ? s : NULL;
}

/* ---- README.md ---- */

static void value_words(const struct gw_key *k, struct gw_buf *b)
{
    static const char *const words[] = {
        [GW_KEY_STR] = "text",         [GW_KEY_ID] = "name",    [GW_KEY_PATH] = "path",
        [GW_KEY_INT] = "whole number", [GW_KEY_NUM] = "number", [GW_KEY_BOOL] = "true or false",
        [GW_KEY_SECRET] = "path",      [GW_KEY_NODE] = "",
    };
    if (k->type == GW_KEY_ENUM) {
        for (size_t i = 0; k->names[i] != NULL; i++)
            gw_buf_printf(b, "%s`\"%s\"`", i > 0 ? ", " : "", k->names[i]);
        return;
    }
    if (k->type == GW_KEY_NODE) {
        gw_buf_str(b, k->jtype == GW_J_OBJ ? "object" : k->jtype == GW_J_ARR ? "array" : "any");
        return;
    }
    gw_buf_str(b, words[k->type]);
    if ((k->type == GW_KEY_INT || k->type == GW_KEY_NUM) && (k->min != 0 || k->max != 0))
        gw_buf_printf(b, ", %.15g to %.15g", k->min, k->max);
    if (k->type == GW_KEY_STR || k->type == GW_KEY_ID)
        gw_buf_printf(b, ", up to %zu bytes", k->size - 1);
}

static void default_words(const struct gw_key *k, struct gw_buf *b)
{
    const bool quoted = k->type == GW_KEY_STR || k->type == GW_KEY_ID || k->type == GW_KEY_PATH ||
                        k->type == GW_KEY_SECRET || k->type == GW_KEY_ENUM;
    if (k->required)
        gw_buf_str(b, "must be given");
    else if (k->def != NULL)
        gw_buf_printf(b, quoted ? "`\"%s\"`" : "`%s`", k->def);
}

/* A point of a profile has all keys of a point of the site file; they are told once. */
static bool told_before(const struct gw_key *keys, const struct gw_key *k)
{
    if (keys != gw_mb_profile_point_keys)
        return false;
    const struct gw_key *same = gw_mb_point_keys;
    while (same->type != GW_KEY_END && strcmp(same->name, k->name) != 0)
        same++;
    return same->type != GW_KEY_END && strcmp(same->doc, k->doc) == 0;
}

/* The doc string as Markdown shows it word for word. */
static void doc_words(const char *doc, struct gw_buf *b)
{
    for (const char *p = doc; *p != '\0'; p++) {
        gw_buf_str(b, *p == '<' ? "\\" : "");
        gw_buf_char(b, *p);
    }
}

/* Returns the number of rows. */
static size_t table_words(const struct gw_key *keys, struct gw_buf *b)
{
    size_t rows = 0;
    gw_buf_str(b, "| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for (const struct gw_key *k = keys; k->type != GW_KEY_END; k++) {
        if (told_before(keys, k))
            continue;
        gw_buf_printf(b, "| `%s` | ", k->name);
        value_words(k, b);
        gw_buf_str(b, " | ");
        default_words(k, b);
        gw_buf_str(b, " | ");
        doc_words(k->doc, b);
        gw_buf_str(b, " |\n");
        rows++;
    }
    return rows;
}

static void the_readme_has_every_table_and_no_other(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(gw_file_read(README, 1 << 20, &text, &len, NULL), GW_OK);
    size_t keys = 0;
    size_t missing = 0;
    for (size_t i = 0; section(i) != NULL; i++) {
        struct gw_buf b;
        gw_buf_init(&b, 100000);
        keys += table_words(section(i)->keys, &b);
        assert_false(b.failed);
        if (strstr(text, b.data) == NULL) {
            missing++;
            print_error("README.md lacks this table of \"%s\":\n%s\n", section(i)->pointer, b.data);
        }
        gw_buf_free(&b);
    }
    assert_int_equal(missing, 0);
    size_t rows = 0;
    for (const char *p = strstr(text, "\n| `"); p != NULL; p = strstr(p + 1, "\n| `"))
        rows++;
    assert_int_equal(rows, keys);
    free(text);
}

/* ---- site.schema.json ---- */

static bool is_str(const struct gw_jnode *n, const char *text)
{
    return n != NULL && gw_jnode_type(n) == GW_J_STR && strcmp(gw_jnode_str(n), text) == 0;
}

/* The alternative of that title. */
static const struct gw_jnode *alternative(const struct gw_jnode *obj, const char *title)
{
    const struct gw_jnode *list = gw_jnode_get(obj, "anyOf");
    const struct gw_jnode *n = list != NULL ? gw_jnode_first(list) : NULL;
    while (n != NULL && !is_str(gw_jnode_get(n, "title"), title))
        n = gw_jnode_next(n);
    return n;
}

/* The schema of the object at a section's pointer; NULL when there is none. */
static const struct gw_jnode *schema_at(const struct gw_jnode *root, const char *pointer)
{
    const struct gw_jnode *n = root;
    const char *p = pointer;
    while (n != NULL && *p == '/') {
        char name[64];
        const size_t len = strcspn(++p, "/");
        assert_true(len < sizeof name);
        memcpy(name, p, len);
        name[len] = '\0';
        p += len;
        if (strcmp(name, "<id>") == 0)
            n = gw_jnode_get(n, "additionalProperties");
        else if (strcmp(name, "[]") == 0)
            n = gw_jnode_get(n, "items");
        else if (name[0] == '=')
            n = alternative(n, name + 1);
        else
            n = gw_jnode_get(gw_jnode_get(n, "properties"), name);
    }
    return n;
}

static bool is_num(const struct gw_jnode *n, double v)
{
    return n != NULL && gw_jnode_type(n) == GW_J_NUM && gw_jnode_num(n) == v;
}

static const char *schema_type(const struct gw_key *k)
{
    switch (k->type) {
    case GW_KEY_INT:
        return "integer";
    case GW_KEY_NUM:
        return "number";
    case GW_KEY_BOOL:
        return "boolean";
    case GW_KEY_NODE:
        return k->jtype == GW_J_ARR ? "array" : "object";
    default:
        return "string";
    }
}

/* A member of any type lists those that its owner takes. */
static bool type_agrees(const struct gw_key *k, const struct gw_jnode *n)
{
    if (k->type == GW_KEY_NODE && k->jtype == GW_J_NULL)
        return n != NULL && gw_jnode_type(n) == GW_J_ARR;
    return is_str(n, schema_type(k));
}

static bool default_agrees(const struct gw_key *k, const struct gw_jnode *n)
{
    if (k->def == NULL || k->type == GW_KEY_NODE)
        return n == NULL;
    if (k->type == GW_KEY_INT || k->type == GW_KEY_NUM)
        return is_num(n, strtod(k->def, NULL));
    if (k->type == GW_KEY_BOOL) {
        return n != NULL && gw_jnode_type(n) == GW_J_BOOL &&
               gw_jnode_bool(n) == (strcmp(k->def, "true") == 0);
    }
    return is_str(n, k->def);
}

static bool range_agrees(const struct gw_key *k, const struct gw_jnode *n)
{
    const struct gw_jnode *min = gw_jnode_get(n, "minimum");
    const struct gw_jnode *max = gw_jnode_get(n, "maximum");
    if (k->type == GW_KEY_NODE && k->jtype == GW_J_NULL)
        return true; /* its owner's own code says what it may be */
    if ((k->type == GW_KEY_INT || k->type == GW_KEY_NUM) && (k->min != 0 || k->max != 0))
        return is_num(min, k->min) && is_num(max, k->max);
    return min == NULL && max == NULL;
}

static bool length_agrees(const struct gw_key *k, const struct gw_jnode *n)
{
    const struct gw_jnode *min = gw_jnode_get(n, "minLength");
    const struct gw_jnode *max = gw_jnode_get(n, "maxLength");
    if (k->type == GW_KEY_ID) {
        char pattern[64];
        (void)snprintf(pattern, sizeof pattern, "^[A-Za-z0-9_-]{1,%zu}$", k->size - 1);
        return is_str(gw_jnode_get(n, "pattern"), pattern);
    }
    if (k->type == GW_KEY_NODE && k->jtype == GW_J_NULL)
        return true;
    if (k->type != GW_KEY_STR && k->type != GW_KEY_PATH && k->type != GW_KEY_SECRET)
        return min == NULL && max == NULL;
    /* Bytes here, characters there: the schema can only be the wider one. */
    return is_num(max, (double)(k->size - 1)) && (k->min > 0 ? is_num(min, 1) : min == NULL);
}

static bool names_agree(const struct gw_key *k, const struct gw_jnode *n)
{
    const struct gw_jnode *e = gw_jnode_get(n, "enum");
    if (k->type != GW_KEY_ENUM)
        return e == NULL;
    const struct gw_jnode *name = e != NULL ? gw_jnode_first(e) : NULL;
    for (size_t i = 0; k->names[i] != NULL; i++) {
        if (!is_str(name, k->names[i]))
            return false;
        name = gw_jnode_next(name);
    }
    return name == NULL;
}

static bool list_has(const struct gw_jnode *list, const char *name)
{
    const struct gw_jnode *n = list != NULL ? gw_jnode_first(list) : NULL;
    while (n != NULL && !is_str(n, name))
        n = gw_jnode_next(n);
    return n != NULL;
}

/* How many things differ; each is printed. */
static size_t compare_key(const struct gw_key *k, const char *pointer, const struct gw_jnode *obj)
{
    const struct gw_jnode *n = gw_jnode_get(gw_jnode_get(obj, "properties"), k->name);
    if (n == NULL) {
        print_error("schema lacks %s/%s\n", pointer, k->name);
        return 1;
    }
    const struct {
        const char *what;
        bool fine;
    } rows[] = {
        {"type", type_agrees(k, gw_jnode_get(n, "type"))},
        {"description", is_str(gw_jnode_get(n, "description"), k->doc)},
        {"default", default_agrees(k, gw_jnode_get(n, "default"))},
        {"minimum and maximum", range_agrees(k, n)},
        {"length or pattern", length_agrees(k, n)},
        {"enum", names_agree(k, n)},
        {"required", list_has(gw_jnode_get(obj, "required"), k->name) == k->required},
    };
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].fine) {
            print_error("schema differs in %s of %s/%s\n", rows[i].what, pointer, k->name);
            wrong++;
        }
    }
    return wrong;
}

/* True when keys of the section at `shared` stand in the object at pointer: it is the same one, or
 * an alternative of it. */
static bool stands_in(const char *shared, const char *pointer)
{
    const size_t n = strlen(shared);
    return strncmp(shared, pointer, n) == 0 &&
           (pointer[n] == '\0' ||
            (strncmp(pointer + n, "/=", 2) == 0 && strchr(pointer + n + 2, '/') == NULL));
}

/* Keys of all tables that share the object at pointer, and how many of them are required. */
static void count_keys(const char *pointer, size_t *keys, size_t *required)
{
    for (size_t i = 0; section(i) != NULL; i++) {
        if (stands_in(section(i)->pointer, pointer)) {
            for (const struct gw_key *k = section(i)->keys; k->type != GW_KEY_END; k++) {
                (*keys)++;
                *required += k->required;
            }
        }
    }
}

static size_t compare_keys(const struct gw_site_section *s, const struct gw_jnode *obj)
{
    size_t wrong = 0;
    for (const struct gw_key *k = s->keys; k->type != GW_KEY_END; k++)
        wrong += compare_key(k, s->pointer, obj);
    return wrong;
}

static size_t compare_section(const struct gw_site_section *s, const struct gw_jnode *root)
{
    const struct gw_jnode *obj = schema_at(root, s->pointer);
    size_t keys = 0;
    size_t required = 0;
    size_t wrong = 0;
    if (obj == NULL) {
        print_error("schema has no object at \"%s\"\n", s->pointer);
        return 1;
    }
    const struct gw_jnode *drivers = gw_jnode_get(obj, "anyOf");
    if (drivers != NULL) {
        for (const struct gw_jnode *n = gw_jnode_first(drivers); n != NULL; n = gw_jnode_next(n))
            wrong += compare_keys(s, n);
        return wrong;
    }
    count_keys(s->pointer, &keys, &required);
    const struct gw_jnode *more = gw_jnode_get(obj, "additionalProperties");
    const struct gw_jnode *props = gw_jnode_get(obj, "properties");
    const struct gw_jnode *list = gw_jnode_get(obj, "required");
    if (!is_str(gw_jnode_get(obj, "type"), "object") || more == NULL ||
        gw_jnode_type(more) != GW_J_BOOL || gw_jnode_bool(more) || props == NULL ||
        gw_jnode_count(props) != keys || (list != NULL ? gw_jnode_count(list) : 0) != required) {
        print_error("schema of \"%s\" must be a closed object of %zu keys, %zu required\n",
                    s->pointer, keys, required);
        wrong++;
    }
    return wrong + compare_keys(s, obj);
}

static void the_schema_agrees_with_the_tables(void **state)
{
    (void)state;
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    if (gw_json_load(SCHEMA, issues, &doc) != GW_OK)
        fail_msg("%s", gw_issues_text(issues, 0));
    size_t wrong = 0;
    for (size_t i = 0; section(i) != NULL; i++)
        if (strncmp(section(i)->pointer, IN_PROFILE, strlen(IN_PROFILE)) != 0)
            wrong += compare_section(section(i), gw_json_root(doc));
    assert_int_equal(wrong, 0);
    gw_json_free(doc);
    gw_issues_free(issues);
}

static void every_key_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; section(i) != NULL; i++) {
        for (const struct gw_key *k = section(i)->keys; k->type != GW_KEY_END; k++) {
            assert_non_null(k->doc);
            assert_true(strlen(k->doc) > 8);
            assert_int_equal(k->doc[strlen(k->doc) - 1], '.');
            assert_null(strpbrk(k->doc, "\n|"));
            assert_true(!k->required || k->def == NULL);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--print") == 0) {
        for (size_t i = 0; section(i) != NULL; i++) {
            struct gw_buf b;
            gw_buf_init(&b, 100000);
            (void)table_words(section(i)->keys, &b);
            printf("<!-- %s -->\n%s\n", section(i)->pointer, b.data);
            gw_buf_free(&b);
        }
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_has_its_words),
        cmocka_unit_test(the_readme_has_every_table_and_no_other),
        cmocka_unit_test(the_schema_agrees_with_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
