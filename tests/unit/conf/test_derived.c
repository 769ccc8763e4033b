/* SPDX-License-Identifier: Apache-2.0
 *
 * The "derived" section.
 */
#include "site_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECTION(text) "\"derived\": {" text "},\n  \"journal\": {"

static struct site_fixture fixture;

static int setup(void **state)
{
    (void)state;
    return site_fixture_make(&fixture);
}

static int teardown(void **state)
{
    (void)state;
    site_fixture_remove(&fixture);
    return 0;
}

static enum gw_status load(const char *section, struct gw_issues *issues, struct gw_site **site)
{
    char *text = site_replace(site_base, "\"journal\": {", section);
    const enum gw_status st = site_fixture_load(&fixture, text, strlen(text), issues, site);
    free(text);
    return st;
}

static void derived_points_are_points(void **state)
{
    (void)state;
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    assert_int_equal(load(SECTION("\"diff\": {\"kind\": \"difference\", \"of\": [\"qin.flow\", "
                                  "\"raw.run\"], \"unit\": \"m3/h\", \"decimals\": 1},"
                                  "\"fast\": {\"kind\": \"rate\", \"of\": [\"qin.total\"]},"
                                  "\"more\": {\"kind\": \"increase\", \"of\": [\"qin.total\"]}"),
                          issues, &site),
                     GW_OK);
    assert_int_equal(site->nderived, 3);
    assert_int_equal(site->derived[2].kind, GW_DERIVE_INCREASE);
    const struct gw_site_derived *d = &site->derived[0];
    const struct gw_point *p = &site->points[d->point];
    assert_string_equal(p->id, "derived.diff");
    assert_string_equal(p->def->unit, "m3/h");
    assert_int_equal(p->def->vtype, GW_V_NUM);
    assert_int_equal(p->def->decimals, 1);
    assert_string_equal(site->devices[p->device].id, "derived");
    assert_true(gw_site_is_derived(&site->buses[site->devices[p->device].bus]));
    assert_false(gw_site_is_derived(&site->buses[0]));
    assert_int_equal(d->kind, GW_DERIVE_DIFFERENCE);
    assert_int_equal(d->nof, 2);
    assert_string_equal(site->points[d->of[0]].id, "qin.flow");
    assert_string_equal(site->points[d->of[1]].id, "raw.run");
    assert_int_equal(d->pair_ms, 2000);
    assert_int_equal(p->def->period_ms, 5000); /* of the slower one */
    assert_true(p->def->stale_ms >= site->points[d->of[0]].def->stale_ms);
    assert_int_equal(site->derived[1].window_s, 60);
    /* Alike, so one definition; the slower source of the first did not make these slower. */
    assert_ptr_equal(site->points[site->derived[1].point].def,
                     site->points[site->derived[2].point].def);
    assert_int_equal(site->points[site->derived[1].point].def->period_ms, 1000);

    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    gw_site_print(site, &out);
    assert_non_null(strstr(out.data, "\"of\": [\"qin.flow\", \"raw.run\"]"));
    assert_null(strstr(out.data, "\"driver\": \"derived\""));
    struct gw_site *again = NULL;
    assert_int_equal(site_fixture_load(&fixture, out.data, out.len, issues, &again), GW_OK);
    assert_int_equal(again->nderived, 3);
    assert_memory_equal(again->derived[0].of, site->derived[0].of, sizeof d->of);
    gw_buf_free(&out);
    gw_site_free(again);
    gw_site_free(site);
    gw_issues_free(issues);
}

static void without_the_section_there_is_no_such_device(void **state)
{
    (void)state;
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    assert_int_equal(load(SECTION(""), issues, &site), GW_OK);
    assert_int_equal(site->nderived, 0);
    assert_int_equal(site->ndevices, 3);
    assert_int_equal(site->nbuses, 2);
    gw_site_free(site);
    gw_issues_free(issues);
}

static void slips_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *section, *issue;
    } rows[] = {
        {SECTION("\"a\": {\"of\": [\"qin.flow\", \"raw.run\"]}"), "\"kind\" is missing"},
        {SECTION("\"a\": {\"kind\": \"sum\", \"of\": [\"qin.flow\"]}"),
         "/derived/a/of: must be 2 to 8 points"},
        {SECTION("\"a\": {\"kind\": \"rate\", \"of\": [\"qin.flow\", \"raw.run\"]}"),
         "/derived/a/of: must be 1 to 1 points"},
        {SECTION("\"a\": {\"kind\": \"increase\", \"of\": [\"qin.flow\", \"raw.run\"]}"),
         "/derived/a/of: must be 1 to 1 points"},
        {SECTION("\"a\": {\"kind\": \"sum\", \"of\": [\"qin.flow\", \"qin.flwo\"]}"),
         "/derived/a/of/1: there is no point \"qin.flwo\""},
        {SECTION("\"a\": {\"kind\": \"sum\", \"of\": [\"qin.flow\", 3]}"),
         "/derived/a/of/1: must be the name of a point"},
        {SECTION("\"a\": {\"kind\": \"rate\", \"of\": [\"qin.flow\"]}, \"b\": {\"kind\": "
                 "\"rate\", \"of\": [\"derived.a\"]}"),
         "/derived/b/of/0: \"derived.a\" is derived itself"},
        {SECTION("\"a\": {\"kind\": \"n_of_m\", \"of\": [\"qin.flow\", \"raw.run\"]}"),
         "is no contact"},
        {SECTION("\"a b\": {\"kind\": \"rate\", \"of\": [\"qin.flow\"]}"),
         "a name here has 1 to 55 letters"},
        {SECTION("\"a\": {\"kind\": \"rate\", \"of\": [\"qin.flow\"], \"window_s\": 4}"),
         "/derived/a/window_s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_issues *issues = gw_issues_new();
        struct gw_site *site = NULL;
        char text[4096] = "";
        assert_int_equal(load(rows[i].section, issues, &site), GW_E_PARSE);
        FILE *f = fmemopen(text, sizeof text - 1, "w");
        assert_non_null(f);
        gw_issues_print(issues, f);
        assert_int_equal(fclose(f), 0);
        if (strstr(text, rows[i].issue) == NULL)
            fail_msg("no \"%s\" in:\n%s", rows[i].issue, text);
        gw_issues_free(issues);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derived_points_are_points),
        cmocka_unit_test(without_the_section_there_is_no_such_device),
        cmocka_unit_test(slips_are_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
