/* SPDX-License-Identifier: Apache-2.0 */
#include "gpio/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sitefile.h"
#include "support/cmocka_all.h"

#define BUS    "\"c\": {\"driver\": \"gpio\", \"chip\": \"gpio-sim-0\"}"
#define DEVICE "\"di\": {\"bus\": \"c\"}"

static const struct gw_gpio_point *conf_of(const struct sitefile *f, const char *id)
{
    return f->site->point_priv[sitefile_point(f, id)];
}

static void a_line_by_offset_has_defaults(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS, DEVICE, "\"di.a\": {\"line\": 3}");
    assert_non_null(f.site);
    const struct gw_gpio_point *p = conf_of(&f, "di.a");
    assert_int_equal(p->offset, 3);
    assert_string_equal(p->name, "");
    assert_false(p->keys.active_low);
    assert_int_equal(p->keys.bias, 0);
    assert_int_equal(p->keys.debounce_ms, 20);
    assert_int_equal(p->keys.wiring, GW_GPIO_NO);
    assert_string_equal(p->edges_id, "");
    assert_int_equal(f.site->npoints, 1);
    assert_int_equal(f.site->points[0].def->vtype, GW_V_BOOL);
    assert_int_equal(f.site->points[0].def->period_ms, 1000);
    assert_int_equal(f.site->points[0].def->stale_ms, 3000);
    const struct gw_gpio_bus *bus = f.site->buses[0].priv;
    assert_string_equal(bus->chip, "gpio-sim-0");
    sitefile_free(&f);
}

static void a_line_by_name_with_all_keys(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(
        &f, BUS, "\"di\": {\"bus\": \"c\", \"period_ms\": 2000}",
        "\"di.low\": {\"line\": \"flow low\", \"active_low\": true, \"bias\": \"pull-up\", "
        "\"debounce_ms\": 50, \"wiring\": \"nc\", \"edges\": true}");
    assert_non_null(f.site);
    const struct gw_gpio_point *p = conf_of(&f, "di.low");
    assert_string_equal(p->name, "flow low");
    assert_true(p->keys.active_low);
    assert_int_equal(p->keys.bias, 2);
    assert_int_equal(p->keys.debounce_ms, 50);
    assert_int_equal(p->keys.wiring, GW_GPIO_NC);
    assert_string_equal(p->edges_id, "di.low_edges");
    const struct gw_point *edges = &f.site->points[sitefile_point(&f, "di.low_edges")];
    assert_int_equal(edges->def->vtype, GW_V_INT);
    assert_int_equal(edges->def->period_ms, 2000);
    assert_int_equal(edges->def->stale_ms, 6000);
    assert_null(conf_of(&f, "di.low_edges"));
    assert_int_equal(f.site->devices[0].npoints, 2);
    sitefile_free(&f);
}

static void the_printed_file_means_the_same(void **state)
{
    (void)state;
    struct sitefile a;
    sitefile_load(&a, BUS, DEVICE,
                  "\"di.a\": {\"line\": \"x \\\"y\\\"\", \"edges\": true},"
                  "\"di.b\": {\"line\": 7, \"wiring\": \"nc\", \"active_low\": true}");
    assert_non_null(a.site);
    struct gw_buf first;
    struct gw_buf second;
    gw_buf_init(&first, 1 << 20);
    gw_buf_init(&second, 1 << 20);
    gw_site_print(a.site, &first);
    assert_false(first.failed);
    assert_null(strstr(first.data, "_edges"));
    struct sitefile b;
    sitefile_load_text(&b, first.data);
    if (b.site == NULL)
        fail_msg("%s", gw_issues_text(b.issues, 0));
    gw_site_print(b.site, &second);
    assert_string_equal(first.data, second.data);
    assert_int_equal(b.site->npoints, 3);
    gw_buf_free(&first);
    gw_buf_free(&second);
    sitefile_free(&a);
    sitefile_free(&b);
}

struct bad {
    const char *bus, *device, *point, *issue;
};

static void every_mistake_is_told(void **state)
{
    (void)state;
#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    static const struct bad rows[] = {
        {"\"c\": {\"driver\": \"gpio\"}", DEVICE, "", "/buses/c: \"chip\" is missing"},
        {"\"c\": {\"driver\": \"gpio\", \"chip\": \"\"}", DEVICE, "", "/buses/c/chip: "},
        {"\"c\": {\"driver\": \"gpio\", \"chip\": \"dev/gpiochip0\"}", DEVICE, "",
         "/buses/c/chip: must be the label"},
        {"\"c\": {\"driver\": \"gpio\", \"chip\": \"x\", \"port\": 1}", DEVICE, "",
         "/buses/c/port: unknown key"},
        {BUS, "\"di\": {\"bus\": \"c\", \"unit\": 1}", "", "/devices/di/unit: unknown key"},
        {BUS, "\"di\": {\"bus\": \"c\", \"profile\": \"di-module\"}", "",
         "/devices/di/profile: lines of a GPIO chip have no profile"},
        {BUS, DEVICE, "\"di.a\": {}", "/points/di.a: \"line\" is missing"},
        {BUS, DEVICE, "\"di.a\": {\"line\": -1}", "/points/di.a/line: must be a whole number"},
        {BUS, DEVICE, "\"di.a\": {\"line\": 1.5}", "/points/di.a/line: must be a whole number"},
        {BUS, DEVICE, "\"di.a\": {\"line\": 65536}", "/points/di.a/line: must be a whole number"},
        {BUS, DEVICE, "\"di.a\": {\"line\": true}", "/points/di.a/line: must be a number"},
        {BUS, DEVICE, "\"di.a\": {\"line\": \"\"}", "/points/di.a/line: the name of a line"},
        {BUS, DEVICE, "\"di.a\": {\"line\": \"" LONG "\"}",
         "/points/di.a/line: the name of a line"},
        {BUS, DEVICE, "\"di.a\": {\"line\": 1, \"bias\": \"up\"}", "/points/di.a/bias: "},
        {BUS, DEVICE, "\"di.a\": {\"line\": 1, \"debounce_ms\": 0}", "/points/di.a/debounce_ms: "},
        {BUS, DEVICE, "\"di.a\": {\"line\": 1, \"wiring\": \"open\"}", "/points/di.a/wiring: "},
        {BUS, DEVICE, "\"di.a\": {\"line\": 1, \"value\": 1}", "/points/di.a/value: unknown key"},
        {BUS, DEVICE, "\"di.a\": {\"line\": 1}, \"di.b\": {\"line\": 1}",
         "/points/di.b/line: di.a reads this line already"},
        {BUS, DEVICE ", \"dj\": {\"bus\": \"c\"}",
         "\"di.a\": {\"line\": \"x\"}, \"dj.b\": {\"line\": \"x\"}",
         "/points/dj.b/line: di.a reads this line already"},
        {BUS, DEVICE, "\"di.a_edges\": {\"line\": 1}, \"di.a\": {\"line\": 2, \"edges\": true}",
         "/points/di.a: point \"di.a_edges\" exists already"},
        {BUS, DEVICE, "\"di." LONG "a\": {\"line\": 2, \"edges\": true}", "is longer than 63"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sitefile f;
        sitefile_load(&f, rows[i].bus, rows[i].device, rows[i].point);
        assert_null(f.site);
        if (strstr(gw_issues_text(f.issues, 0), rows[i].issue) == NULL)
            fail_msg("row %zu: \"%s\" instead of \"%s\"", i, gw_issues_text(f.issues, 0),
                     rows[i].issue);
        assert_int_equal(gw_issues_count(f.issues), 1);
        sitefile_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_by_offset_has_defaults),
        cmocka_unit_test(a_line_by_name_with_all_keys),
        cmocka_unit_test(the_printed_file_means_the_same),
        cmocka_unit_test(every_mistake_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
