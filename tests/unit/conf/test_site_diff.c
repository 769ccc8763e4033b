/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/site_diff.h"

#include "site_fixture.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static struct gw_site *load(const char *text)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    if (site_fixture_load(&fixture, text, strlen(text), issues, &site) != GW_OK)
        fail_msg("%s", gw_issues_text(issues, 0));
    gw_issues_free(issues);
    gw_site_drop_texts(site);
    return site;
}

/* The base against itself with a change. */
struct compared {
    struct gw_site *from, *to;
    struct gw_site_diff d;
    char fixed[512];
};

static struct compared compare(const char *from, const char *to)
{
    struct compared c;
    struct gw_buf b;
    char *text = site_replace(site_base, from, to);
    c.from = load(site_base);
    c.to = load(text);
    free(text);
    assert_int_equal(gw_site_diff_make(c.from, c.to, &c.d), GW_OK);
    c.fixed[0] = '\0';
    gw_buf_fixed(&b, c.fixed, sizeof c.fixed);
    gw_site_diff_fixed(c.from, c.to, &b);
    return c;
}

static void end(struct compared *c)
{
    gw_site_diff_free(&c->d);
    gw_site_free(c->from);
    gw_site_free(c->to);
}

static bool goes_on(const struct compared *c, const char *bus)
{
    for (size_t i = 0; i < c->to->nbuses; i++)
        if (strcmp(c->to->buses[i].id, bus) == 0)
            return c->d.buses[i] != GW_SITE_NEW;
    fail_msg("no bus %s", bus);
    return false;
}

/* What goes on is the same thing under another index. */
static void check_map(const struct compared *c)
{
    for (size_t i = 0; i < c->to->nbuses; i++)
        if (c->d.buses[i] != GW_SITE_NEW)
            assert_string_equal(c->to->buses[i].id, c->from->buses[c->d.buses[i]].id);
    for (size_t i = 0; i < c->to->ndevices; i++) {
        const struct gw_site_device *to = &c->to->devices[i];
        if (c->d.devices[i] == GW_SITE_NEW)
            continue;
        assert_string_equal(to->id, c->from->devices[c->d.devices[i]].id);
        assert_int_equal(c->d.buses[to->bus], c->from->devices[c->d.devices[i]].bus);
    }
    for (size_t i = 0; i < c->to->npoints; i++)
        if (c->d.points[i] != GW_SITE_NEW)
            assert_string_equal(c->to->points[i].id, c->from->points[c->d.points[i]].id);
}

static void what_means_the_same_changes_nothing(void **state)
{
    (void)state;
    struct compared c = compare("{", "{ // a comment\n");
    assert_true(gw_site_diff_empty(&c.d));
    assert_string_equal(c.fixed, "");
    for (size_t i = 0; i < c.to->npoints; i++)
        assert_int_equal(c.d.points[i], i);
    for (size_t i = 0; i < c.to->nbuses; i++)
        assert_int_equal(c.d.buses[i], i);
    end(&c);
}

/* Each change of a bus, a device, a point or a profile ends that bus and no other. */
static void each_change_ends_its_bus(void **state)
{
    (void)state;
    struct gw_site *base = load(site_base);
    assert_true(base->nbuses >= 2);
    gw_site_free(base);
    static const struct {
        const char *from, *to, *ends;
        size_t buses, devices, points;
    } changes[] = {
        {"192.0.2.10", "192.0.2.12", "plc", 1, 0, 0},
        {"1502", "1503", "gas", 1, 0, 0},
        {"\"unit\": 2", "\"unit\": 3", "plc", 1, 1, 0},
        {"2027-03-31", "2028-03-31", "gas", 1, 1, 0},
        {"\"channels\": 4", "\"channels\": 5", "gas", 1, 1, 0},
        {"5000", "4000", "plc", 1, 1, 1},
        {"\"address\": 7", "\"address\": 8", "plc", 1, 1, 1},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct compared c = compare(changes[i].from, changes[i].to);
        check_map(&c);
        for (size_t k = 0; k < c.to->nbuses; k++)
            if (!gw_site_is_derived(&c.to->buses[k]))
                assert_int_equal(goes_on(&c, c.to->buses[k].id),
                                 strcmp(c.to->buses[k].id, changes[i].ends) != 0);
        assert_int_equal(c.d.bus_changes.changed, changes[i].buses);
        assert_int_equal(c.d.device_changes.changed, changes[i].devices);
        assert_int_equal(c.d.point_changes.changed, changes[i].points);
        assert_false(gw_site_diff_empty(&c.d));
        assert_string_equal(c.fixed, "");
        end(&c);
    }
}

static void a_profile_ends_the_buses_that_use_it(void **state)
{
    (void)state;
    static const char text[] =
        "{\"points\": [\"flow\", \"empty_pipe\", \"system_alarm\", \"total\"] }\n";
    struct compared c = {.from = load(site_base)};
    site_fixture_write(&fixture, "devices/mfe600h.json", text, strlen(text));
    c.to = load(site_base);
    assert_int_equal(gw_site_diff_make(c.from, c.to, &c.d), GW_OK);
    assert_false(goes_on(&c, "plc"));
    assert_true(goes_on(&c, "gas"));
    end(&c);
}

static void what_comes_and_goes_is_counted(void **state)
{
    (void)state;
    struct compared c = compare("\"plc\": {", "\"new\": {\"driver\": \"modbus-tcp\", \"host\": "
                                              "\"192.0.2.9\"},\n    \"plc\": {");
    check_map(&c);
    assert_true(goes_on(&c, "plc") && goes_on(&c, "gas"));
    assert_int_equal(c.d.bus_changes.added, 1);
    end(&c);
    c = compare("\"raw\": {",
                "\"more\": {\"bus\": \"gas\", \"profile\": \"ax100\"},\n    \"raw\": {");
    check_map(&c);
    assert_true(goes_on(&c, "plc"));
    assert_false(goes_on(&c, "gas"));
    assert_int_equal(c.d.device_changes.added, 1);
    assert_int_equal(c.d.device_changes.changed, 0);
    assert_int_equal(c.d.point_changes.added, 6);
    end(&c);
    c = compare("\"channels\": 4", "\"channels\": 2");
    assert_int_equal(c.d.point_changes.removed, 6);
    end(&c);
    c = compare("\"delay_s\": 60", "\"delay_s\": 61");
    assert_true(goes_on(&c, "plc") && goes_on(&c, "gas"));
    assert_int_equal(c.d.asset_changes.changed, 1);
    assert_string_equal(c.fixed, "");
    end(&c);
    c = compare("\"paint\": {\"type\"", "\"paint-2\": {\"type\"");
    assert_int_equal(c.d.asset_changes.added, 1);
    assert_int_equal(c.d.asset_changes.removed, 1);
    end(&c);
}

static void what_cannot_change_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *fixed;
    } changes[] = {
        {"gw-test", "gw-other", "/gateway/id"},
        {"\"id\": \"gw-test\"", "\"id\": \"gw-test\", \"state_dir\": \"/x\"",
         "/gateway/state_dir, /local/socket"},
        {"1883", "1884", "/publish/mqtt/port"},
        {"\"tls\": false", "\"tls\": false, \"username\": \"u\", \"window\": 9",
         "/publish/mqtt/username, /publish/mqtt/window"},
        {"\"records_mb\": 64", "\"records_mb\": 65", "/journal/records_mb"},
        {"\"journal\": {", "\"local\": {\"socket_mode\": \"0600\"},\n  \"journal\": {",
         "/local/socket_mode"},
        {"\"id\": \"gw-test\"", "\"id\": \"gw-test\", \"log_level\": \"debug\"", ""},
        {"\"tls\": false", "\"tls\": false, \"health_s\": 9", ""},
        {"罗庄铸造", "罗庄精铸", ""},
        {"\"records_mb\": 64", "\"records_mb\": 64, \"window_after_s\": 60", ""},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct compared c = compare(changes[i].from, changes[i].to);
        assert_string_equal(c.fixed, changes[i].fixed);
        assert_true(c.d.other || strncmp(c.fixed, "/local", 6) == 0);
        assert_true(goes_on(&c, "plc") && goes_on(&c, "gas"));
        end(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_means_the_same_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(each_change_ends_its_bus, setup, teardown),
        cmocka_unit_test_setup_teardown(a_profile_ends_the_buses_that_use_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_comes_and_goes_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_change_is_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
