/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/site.h"

#include "site_fixture.h"
#include "stub_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

/* Loads text, which must have no issue. */
static struct gw_site *load(const char *text)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    if (site_fixture_load(&fixture, text, strlen(text), issues, &site) != GW_OK)
        fail_msg("%s", gw_issues_text(issues, 0));
    assert_int_equal(gw_issues_count(issues), 0);
    gw_issues_free(issues);
    return site;
}

static struct gw_site *load_changed(const char *from, const char *to)
{
    char *text = site_replace(site_base, from, to);
    struct gw_site *site = load(text);
    free(text);
    return site;
}

static const char *path_in(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", fixture.dir, name);
    return path;
}

static void the_site_is_as_declared(void **state)
{
    (void)state;
    struct gw_site *site = load(site_base);
    assert_string_equal(site->gateway.id, "gw-test");
    assert_string_equal(site->gateway.state_dir, "/var/lib/nonsite-gateway");
    assert_string_equal(site->gateway.key_file, "");
    assert_string_equal(site->gateway.catalogue, path_in("findings.json"));
    assert_string_equal(site->gateway.profiles_dir, path_in("devices"));
    assert_int_equal(site->gateway.log_level, 2);
    assert_string_equal(site->enterprise.uscc, "91371311MAXX00015G");
    assert_string_equal(site->enterprise.name, "罗庄铸造");
    assert_string_equal(site->enterprise.code, "");
    assert_int_equal(site->enterprise.sector, GW_SECTOR_MACHINERY);

    assert_int_equal(site->nbuses, 2);
    assert_string_equal(site->buses[1].id, "gas");
    assert_ptr_equal(site->buses[1].driver, &stub_tcp);
    assert_int_equal(((const struct stub_bus *)site->buses[1].priv)->port, 1502);
    assert_int_equal(((const struct stub_bus *)site->buses[0].priv)->port, 502);

    assert_int_equal(site->ndevices, 3);
    assert_string_equal(site->devices[0].id, "ax");
    assert_int_equal(site->devices[0].bus, 1);
    assert_string_equal(site->devices[0].profile, "ax100");
    assert_string_equal(site->devices[0].cal_due, "2027-03-31");
    assert_int_equal(site->devices[0].period_ms, 1000);
    assert_int_equal(site->devices[2].period_ms, 5000);
    assert_string_equal(site->devices[2].profile, "");
    assert_int_equal(((const struct stub_device *)site->devices[1].priv)->unit, 2);

    assert_string_equal(site->mqtt.host, "127.0.0.1");
    assert_false(site->mqtt.tls);
    assert_false(site->mqtt.receipts);
    assert_true(site->mqtt.enabled);
    assert_int_equal(site->mqtt.version, 0);
    assert_int_equal(site->mqtt.keepalive_s, 30);
    assert_int_equal(site->journal.records_mb, 64);
    assert_int_equal(site->journal.window_before_s, 300);
    gw_site_free(site);
}

static void the_socket_is_where_it_was_said(void **state)
{
    (void)state;
    struct gw_site *site = load(site_base);
    assert_string_equal(site->local.socket, "/var/lib/nonsite-gateway/control.sock");
    assert_int_equal(gw_site_socket_mode(&site->local), 0660);
    gw_site_free(site);
    assert_int_equal(setenv("RUNTIME_DIRECTORY", "/run/nonsite-gateway:/run/other", 1), 0);
    site = load(site_base);
    unsetenv("RUNTIME_DIRECTORY");
    assert_string_equal(site->local.socket, "/run/nonsite-gateway/control.sock");
    gw_site_free(site);
    site = load_changed("64}", "64}, \"local\": {\"socket\": \"/run/g.sock\", "
                               "\"socket_mode\": \"0600\"}");
    assert_string_equal(site->local.socket, "/run/g.sock");
    assert_int_equal(gw_site_socket_mode(&site->local), 0600);
    gw_site_free(site);
}

static void points_of_a_device_stand_together(void **state)
{
    (void)state;
    struct gw_site *site = load_changed(
        "\"raw.run\": {", "\"ax.late\": {\"address\": 1}, \"raw.a\": {\"address\": 2},\n"
                          "\"ax.later\": {\"address\": 3}, \"raw.run\": {");
    /* 3 + 4 x 3 of the profile and 2 of "points"; 4 of the profile; 2 of "points". */
    assert_int_equal(site->devices[0].first_point, 0);
    assert_int_equal(site->devices[0].npoints, 17);
    assert_int_equal(site->devices[1].first_point, 17);
    assert_int_equal(site->devices[1].npoints, 4);
    assert_int_equal(site->devices[2].first_point, 21);
    assert_int_equal(site->devices[2].npoints, 2);
    assert_int_equal(site->npoints, 23);
    for (uint32_t i = 0; i < site->npoints; i++) {
        const struct gw_site_device *d = &site->devices[site->points[i].device];
        assert_true(i >= d->first_point && i < d->first_point + d->npoints);
        assert_memory_equal(site->points[i].id, d->id, strlen(d->id));
        uint32_t found = UINT32_MAX;
        assert_true(gw_site_find_point(site, site->points[i].id, &found));
        assert_int_equal(found, i);
    }
    assert_string_equal(site->points[15].id, "ax.late");
    assert_string_equal(site->points[16].id, "ax.later");
    assert_int_equal(((const struct stub_point *)site->point_priv[16])->address, 3);
    uint32_t none = 7;
    assert_false(gw_site_find_point(site, "ax.p5", &none));
    assert_false(gw_site_find_point(site, "", &none));
    assert_int_equal(none, 7);
    gw_site_free(site);
}

static void assets_know_their_points(void **state)
{
    (void)state;
    struct gw_site *site = load(site_base);
    assert_int_equal(site->nassets, 2);
    const struct gw_site_asset *a = &site->assets[0];
    assert_string_equal(a->id, "furnace-1");
    assert_string_equal(a->type, "if_furnace");
    assert_string_equal(a->name, "1号中频炉");
    assert_string_equal(a->location, "");
    assert_int_equal(a->nfacts, 3);
    assert_string_equal(a->facts[0].key, "loop");
    assert_string_equal(a->facts[0].value, "closed");
    assert_string_equal(a->facts[1].value, "750");
    assert_string_equal(a->facts[2].value, "true");
    assert_int_equal(a->nrated, 1);
    assert_true(a->rated[0].value == 12.5);
    assert_int_equal(a->nroles, 2);
    assert_string_equal(a->roles[0].role, "Q_IN");
    assert_int_equal(a->roles[0].npoints, 1);
    assert_string_equal(site->points[a->roles[0].points[0]].id, "qin.flow");
    assert_string_equal(site->points[a->roles[1].points[0]].id, "raw.run");
    assert_int_equal(a->noverrides, 1);
    assert_string_equal(a->overrides[0].code, "CW-FLT-01");
    assert_string_equal(a->overrides[0].param, "delay_s");
    assert_true(a->overrides[0].value == 60);
    assert_int_equal(gw_jnode_line(a->overrides[0].node), 25);
    assert_int_equal(gw_jnode_line(a->node), 20);
    const struct gw_site_asset *paint = &site->assets[1];
    assert_int_equal(paint->roles[0].npoints, 2);
    assert_string_equal(site->points[paint->roles[0].points[1]].id, "ax.p2");
    gw_site_free(site);
}

static void a_profile_is_read_once(void **state)
{
    (void)state;
    struct gw_site *site = load_changed(
        "\"qin\": {", "\"qout\": {\"bus\": \"plc\", \"profile\": \"mfe600h\"},\n\"qin\": {");
    assert_int_equal(site->ndocs, 3);
    assert_string_equal(gw_json_name(site->docs[1]), path_in("devices/ax100.json"));
    assert_string_equal(gw_json_name(site->docs[2]), path_in("devices/mfe600h.json"));
    assert_non_null(site->catalogue);
    gw_site_free(site);
}

/* As README.md says: the hash of the list of the files' hashes. */
static void the_hash_is_over_all_files(void **state)
{
    (void)state;
    struct gw_site *site = load(site_base);
    char list[4 * GW_SHA256_HEX + 1] = "";
    size_t at = 0;
    for (size_t i = 0; i < site->ndocs + 1; i++) {
        size_t len = 0;
        const char *text = gw_json_text(i < site->ndocs ? site->docs[i] : site->catalogue, &len);
        assert_int_equal(gw_sha256_hex(text, len, list + at), GW_OK);
        at += GW_SHA256_HEX - 1;
        list[at++] = '\n';
    }
    assert_int_equal(at, 4 * 65);
    char hex[GW_SHA256_HEX];
    assert_int_equal(gw_sha256_hex(list, at, hex), GW_OK);
    assert_string_equal(site->config_sha256, hex);
    gw_site_free(site);

    struct gw_site *changed = load_changed("a small plant", "a small  plant");
    assert_string_not_equal(changed->config_sha256, hex);
    gw_site_free(changed);
}

/* malloc'd. */
static char *print(const struct gw_site *site)
{
    struct gw_buf b;
    size_t len = 0;
    gw_buf_init(&b, 1 << 20);
    gw_site_print(site, &b);
    char *text = gw_buf_take(&b, &len);
    assert_non_null(text);
    return text;
}

static void check_print(const char *text)
{
    struct gw_site *first = load(text);
    char *printed = print(first);
    struct gw_site *second = load(printed);
    char *again = print(second);
    assert_string_equal(printed, again);
    assert_int_equal(first->npoints, second->npoints);
    assert_memory_equal(&first->gateway, &second->gateway, sizeof first->gateway);
    assert_memory_equal(&first->enterprise, &second->enterprise, sizeof first->enterprise);
    assert_memory_equal(&first->journal, &second->journal, sizeof first->journal);
    assert_memory_equal(&first->local, &second->local, sizeof first->local);
    free(again);
    gw_site_free(second);
    free(printed);
    gw_site_free(first);
}

static void what_is_printed_reads_the_same(void **state)
{
    (void)state;
    check_print(site_base);
    char *text = site_replace(
        site_base, "{\"delay_s\": 60}",
        "{\"delay_s\": 0.1, \"b\": 1e21}, \"A\": {}, \"B\": {\"x\": -1}, \"C\": {\"x\": 2}");
    check_print(text);
    free(text);
    text =
        site_replace(site_base, "\"host\": \"127.0.0.1\"",
                     "\"host\": \"a.b\", \"allow_plaintext\": true, \"username\": \"a\\\"\\\\b\", "
                     "\"password_file\": \"pw\", \"version\": \"3.1.1\"");
    check_print(text);
    free(text);
    check_print("{\"gateway\": {\"id\": \"g\", \"catalogue\": \"findings.json\"}, \"enterprise\": "
                "{\"uscc\": \"91371311MAXX00015G\", \"name\": \"n\", \"county\": \"371311\", "
                "\"sector\": \"light\"}, \"publish\": {\"mqtt\": {\"enabled\": false}}}");
}

static const char printed_form[] = "{\n"
                                   "  \"gateway\": {\n"
                                   "    \"id\": \"g\",\n"
                                   "    \"state_dir\": \"/var/lib/nonsite-gateway\",\n"
                                   "    \"key_file\": \"\",\n"
                                   "    \"catalogue\": \"findings.json\",\n"
                                   "    \"profiles\": \"devices\",\n"
                                   "    \"log_level\": \"info\"\n"
                                   "  },\n"
                                   "  \"enterprise\": {\n"
                                   "    \"uscc\": \"91371311MAXX00015G\",\n"
                                   "    \"code\": \"\",\n"
                                   "    \"name\": \"n\",\n"
                                   "    \"county\": \"371311\",\n"
                                   "    \"sector\": \"light\"\n"
                                   "  },\n"
                                   "  \"buses\": {\n"
                                   "    \"b\": {\n"
                                   "      \"driver\": \"stub-serial\",\n"
                                   "      \"host\": \"h\",\n"
                                   "      \"port\": 502,\n"
                                   "      \"timeout_ms\": 1000\n"
                                   "    }\n"
                                   "  },\n"
                                   "  \"devices\": {\n"
                                   "    \"d\": {\n"
                                   "      \"bus\": \"b\",\n"
                                   "      \"make\": \"\",\n"
                                   "      \"model\": \"\",\n"
                                   "      \"serial\": \"\",\n"
                                   "      \"location\": \"\",\n"
                                   "      \"cert_no\": \"\",\n"
                                   "      \"cal_due\": \"\",\n"
                                   "      \"period_ms\": 1000,\n"
                                   "      \"unit\": 1,\n"
                                   "      \"channels\": 1\n"
                                   "    }\n"
                                   "  },\n"
                                   "  \"points\": {\n"
                                   "    \"d.x\": {\n"
                                   "      \"address\": 1,\n"
                                   "      \"fc\": 3,\n"
                                   "      \"invert\": false,\n"
                                   "      \"scale\": 1\n"
                                   "    }\n"
                                   "  },\n"
                                   "  \"assets\": {\n"
                                   "    \"a\": {\n"
                                   "      \"type\": \"t\",\n"
                                   "      \"name\": \"n\",\n"
                                   "      \"location\": \"\",\n"
                                   "      \"facts\": {},\n"
                                   "      \"rated\": {},\n"
                                   "      \"roles\": {\n"
                                   "        \"R\": \"d.x\"\n"
                                   "      },\n"
                                   "      \"due\": {},\n"
                                   "      \"overrides\": {}\n"
                                   "    }\n"
                                   "  },\n"
                                   "  \"publish\": {\n"
                                   "    \"mqtt\": {\n"
                                   "      \"enabled\": true,\n"
                                   "      \"host\": \"h\",\n"
                                   "      \"port\": 8883,\n"
                                   "      \"client_id\": \"\",\n"
                                   "      \"version\": \"5\",\n"
                                   "      \"username\": \"\",\n"
                                   "      \"password_file\": \"***\",\n"
                                   "      \"tls\": true,\n"
                                   "      \"allow_plaintext\": false,\n"
                                   "      \"ca_file\": \"\",\n"
                                   "      \"cert_file\": \"\",\n"
                                   "      \"private_key_file\": \"\",\n"
                                   "      \"keepalive_s\": 30,\n"
                                   "      \"session_s\": 86400,\n"
                                   "      \"window\": 20,\n"
                                   "      \"receipts\": false,\n"
                                   "      \"telemetry\": true,\n"
                                   "      \"health_s\": 30\n"
                                   "    },\n"
                                   "    \"influx\": {\n"
                                   "      \"enabled\": false,\n"
                                   "      \"url\": \"\",\n"
                                   "      \"db\": \"\",\n"
                                   "      \"rp\": \"\",\n"
                                   "      \"org\": \"\",\n"
                                   "      \"bucket\": \"\",\n"
                                   "      \"token_file\": \"\",\n"
                                   "      \"username\": \"\",\n"
                                   "      \"password_file\": \"\",\n"
                                   "      \"ca_file\": \"\",\n"
                                   "      \"allow_plaintext\": false,\n"
                                   "      \"batch_lines\": 1000,\n"
                                   "      \"batch_s\": 10,\n"
                                   "      \"timeout_ms\": 10000,\n"
                                   "      \"gzip\": true,\n"
                                   "      \"tags\": {}\n"
                                   "    },\n"
                                   "    \"telemetry\": {\n"
                                   "      \"heartbeat_s\": 0,\n"
                                   "      \"deadbands\": {}\n"
                                   "    }\n"
                                   "  },\n"
                                   "  \"journal\": {\n"
                                   "    \"records_mb\": 256,\n"
                                   "    \"telemetry_mb\": 512,\n"
                                   "    \"keep_days\": 90,\n"
                                   "    \"window_before_s\": 300,\n"
                                   "    \"window_after_s\": 120\n"
                                   "  },\n"
                                   "  \"local\": {\n"
                                   "    \"socket\": \"/var/lib/nonsite-gateway/control.sock\",\n"
                                   "    \"socket_mode\": \"0660\",\n"
                                   "    \"operator_group\": \"nonsite-operator\"\n"
                                   "  }\n"
                                   "}\n";

static void the_printed_form_is_this(void **state)
{
    (void)state;
    struct gw_site *site = load(
        "{\"gateway\": {\"id\": \"g\", \"catalogue\": \"findings.json\", \"profiles\": "
        "\"devices\"},"
        "\"enterprise\": {\"uscc\": \"91371311MAXX00015G\", \"name\": \"n\", \"county\": "
        "\"371311\", "
        "\"sector\": \"light\"},"
        "\"buses\": {\"b\": {\"driver\": \"stub-serial\", \"host\": \"h\"}},"
        "\"devices\": {\"d\": {\"bus\": \"b\"}}, \"points\": {\"d.x\": {\"address\": 1}},"
        "\"assets\": {\"a\": {\"type\": \"t\", \"name\": \"n\", \"roles\": {\"R\": [\"d.x\"]}}},"
        "\"publish\": {\"mqtt\": {\"host\": \"h\", \"password_file\": \"pw\", \"receipts\": "
        "false}}}");
    char *printed = print(site);
    char *cut = site_without_dir(&fixture, printed);
    assert_string_equal(cut, printed_form);
    free(cut);
    free(printed);
    gw_site_free(site);
}

static void printing_into_too_little_room_fails_whole(void **state)
{
    (void)state;
    struct gw_site *site = load(site_base);
    struct gw_buf b;
    gw_buf_init(&b, 1000);
    gw_site_print(site, &b);
    assert_true(b.failed);
    gw_buf_free(&b);
    gw_site_free(site);
}

static void plaintext_is_for_this_machine_or_by_name(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1", "127.255.0.9", "::1", "localhost",
                                        "0:0:0:0:0:0:0:1"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct gw_site *site = load_changed("127.0.0.1", hosts[i]);
        assert_string_equal(site->mqtt.host, hosts[i]);
        gw_site_free(site);
    }
    struct gw_site *by_name =
        load_changed("\"127.0.0.1\"", "\"b.example\", \"allow_plaintext\": true");
    assert_true(by_name->mqtt.allow_plaintext);
    gw_site_free(by_name);
    struct gw_site *tls =
        load_changed("\"127.0.0.1\", \"port\": 1883, \"tls\": false", "\"b.example\"");
    assert_true(tls->mqtt.tls);
    assert_int_equal(tls->mqtt.port, 8883);
    gw_site_free(tls);
}

static void influx_is_off_unless_asked_for(void **state)
{
    (void)state;
    struct gw_site *off = load(site_base);
    assert_false(off->influx.enabled);
    assert_int_equal(off->influx.batch_lines, 1000);
    gw_site_free(off);

    /* Its keys may be in any state while it is off, but for their types. */
    struct gw_site *half = load_changed("\"mqtt\": {", "\"influx\": {\"version\": 2}, \"mqtt\": {");
    assert_int_equal(half->influx.version, 2);
    gw_site_free(half);

    struct gw_site *on = load_changed(
        "\"mqtt\": {", "\"influx\": {\"enabled\": true, \"url\": \"http://127.0.0.1:8086\", "
                       "\"version\": 1, \"db\": \"d\", \"tags\": {\"车间\": \"东 跨\", \"a\": "
                       "\"b\"}}, \"mqtt\": {");
    assert_true(on->influx.enabled);
    assert_true(on->influx.gzip);
    assert_int_equal(on->influx.ntags, 2);
    assert_string_equal(on->influx.tags[0].key, "车间");
    assert_string_equal(on->influx.tags[0].value, "东 跨");
    char *printed = print(on);
    assert_non_null(strstr(printed, "\"车间\": \"东 跨\""));
    free(printed);
    gw_site_free(on);
}

static void mqtt_may_be_off(void **state)
{
    (void)state;
    struct gw_site *site = load_changed(
        "{\"host\": \"127.0.0.1\", \"port\": 1883, \"tls\": false, \"receipts\": false}",
        "{\"enabled\": false}");
    assert_false(site->mqtt.enabled);
    gw_site_free(site);
}

static void dates_know_leap_years(void **state)
{
    (void)state;
    static const char *const dates[] = {"2028-02-29", "2000-02-29", "2027-12-31", "2027-02-28", ""};
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        struct gw_site *site = load_changed("2027-03-31", dates[i]);
        assert_string_equal(site->devices[0].cal_due, dates[i]);
        gw_site_free(site);
    }
}

static void many_points_are_found(void **state)
{
    (void)state;
    struct gw_buf points;
    gw_buf_init(&points, 1 << 20);
    for (int i = 0; i < 5000; i++)
        gw_buf_printf(&points, "\"raw.p%d\": {\"address\": %d},\n", i, i);
    gw_buf_str(&points, "\"raw.run\": {");
    struct gw_site *site = load_changed("\"raw.run\": {", points.data);
    uint32_t at = 0;
    assert_true(gw_site_find_point(site, "raw.p4999", &at));
    assert_int_equal(((const struct stub_point *)site->point_priv[at])->address, 4999);
    gw_site_free(site);
    gw_buf_free(&points);
}

/* 300 devices of 150 periods: the site keeps a definition for each period, and both of its points
 * have that. */
static void points_of_a_kind_have_one_definition(void **state)
{
    (void)state;
    enum { KINDS = 150 };
    struct gw_buf devices;
    gw_buf_init(&devices, 1 << 20);
    for (int i = 0; i < 2 * KINDS; i++)
        gw_buf_printf(&devices,
                      "\"k%d\": {\"bus\": \"plc\", \"unit\": %d, \"period_ms\": %d, \"profile\": "
                      "\"dampt100\"},\n",
                      i, 10 + i % 200, 1000 + 10 * (i % KINDS));
    gw_buf_str(&devices, "\"ax\": {");
    struct gw_site *site = load_changed("\"ax\": {", devices.data);
    const struct gw_point_def *of[KINDS];
    for (int i = 0; i < 2 * KINDS; i++) {
        char id[GW_POINT_ID];
        uint32_t at = 0;
        (void)snprintf(id, sizeof id, "k%d.t1", i);
        assert_true(gw_site_find_point(site, id, &at));
        const struct gw_point_def *def = site->points[at].def;
        assert_int_equal(def->period_ms, 1000 + 10 * (i % KINDS));
        if (i < KINDS)
            of[i] = def;
        else
            assert_ptr_equal(def, of[i - KINDS]);
    }
    gw_site_free(site);
    gw_buf_free(&devices);
}

static void a_missing_site_file_is_an_issue(void **state)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    (void)state;
    assert_int_equal(gw_site_load("/nonexistent/site.json",
                                  (const struct gw_conf_driver *const[]){NULL}, issues, &site),
                     GW_E_PARSE);
    assert_int_equal(gw_issues_count(issues), 1);
    assert_string_equal(gw_issues_text(issues, 0),
                        "/nonexistent/site.json: No such file or directory");
    gw_issues_free(issues);
}

/* Buses of one driver until there are too many. */
static void check_limit(const struct site_fixture *f, const char *driver, size_t limit,
                        const char *words)
{
    struct gw_buf buses;
    gw_buf_init(&buses, 200000);
    for (size_t i = 0; i < limit + 2; i++)
        gw_buf_printf(&buses, "\"b%zu\": {\"driver\": \"%s\", \"host\": \"h\"},\n", i, driver);
    gw_buf_str(&buses, "\"plc\": {");
    char *whole = site_replace(site_base, "\"plc\": {", buses.data);
    gw_buf_free(&buses);
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    assert_int_equal(site_fixture_load(f, whole, strlen(whole), issues, &site), GW_E_PARSE);
    assert_int_equal(gw_issues_count(issues), 1);
    char *is = site_without_dir(f, gw_issues_text(issues, 0));
    assert_string_equal(is, words);
    free(is);
    gw_issues_free(issues);
    free(whole);
}

static void the_number_of_endpoints_and_lines_is_limited(void **state)
{
    (void)state;
    check_limit(&fixture, "modbus-tcp", GW_SITE_TCP_MAX,
                "site.json:520: /buses/b512: more than 512 TCP endpoints; use a second gateway");
    check_limit(&fixture, "stub-serial", GW_SITE_SERIAL_MAX,
                "site.json:40: /buses/b32: more than 32 serial lines; use a second gateway");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_site_is_as_declared),
        cmocka_unit_test(the_socket_is_where_it_was_said),
        cmocka_unit_test(points_of_a_device_stand_together),
        cmocka_unit_test(assets_know_their_points),
        cmocka_unit_test(a_profile_is_read_once),
        cmocka_unit_test(the_hash_is_over_all_files),
        cmocka_unit_test(what_is_printed_reads_the_same),
        cmocka_unit_test(the_printed_form_is_this),
        cmocka_unit_test(printing_into_too_little_room_fails_whole),
        cmocka_unit_test(plaintext_is_for_this_machine_or_by_name),
        cmocka_unit_test(influx_is_off_unless_asked_for),
        cmocka_unit_test(mqtt_may_be_off),
        cmocka_unit_test(dates_know_leap_years),
        cmocka_unit_test(many_points_are_found),
        cmocka_unit_test(points_of_a_kind_have_one_definition),
        cmocka_unit_test(a_missing_site_file_is_an_issue),
        cmocka_unit_test(the_number_of_endpoints_and_lines_is_limited),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
