/* SPDX-License-Identifier: Apache-2.0
 *
 * Site file, catalogue and inventory together: what is wrong in any of them is told at once, and
 * nothing that only follows from it.
 *
 * usage: test_core_load [seed [rounds]]
 */
#include "core/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/file.h"
#include "modbus/driver.h"
#include "support/cmocka_all.h"

#define CHANGES_MAX 6
#define TEXT_SIZE   16384

static const struct gw_conf_driver *const drivers[] = {&gw_modbus_tcp_conf, NULL};

static char dir[128], site_path[160], cat_path[160];
static uint64_t seed = 20261122;
static unsigned long rounds = 1500;

/* Tests count its lines. */
static const char base[] =
    "{\n"
    "  \"gateway\": {\"id\": \"g1\", \"log_level\": \"info\",\n"
    "    \"catalogue\": \"findings.json\", \"profiles\": \"" GW_SOURCE_DIR "/config/devices\"},\n"
    "  \"enterprise\": {\"uscc\": \"91371311MAXX00015G\", \"name\": \"n\", \"county\": "
    "\"371311\",\n"
    "    \"sector\": \"machinery\"},\n"
    "  \"buses\": {\n"
    "    \"panel\": {\"driver\": \"modbus-tcp\", \"host\": \"192.0.2.1\"},\n"
    "    \"water\": {\"driver\": \"modbus-tcp\", \"host\": \"192.0.2.2\"}\n"
    "  },\n"
    "  \"devices\": {\n"
    "    \"gas\": {\"bus\": \"panel\", \"unit\": 1, \"profile\": \"ax100\", \"channels\": 2},\n"
    "    \"flow\": {\"bus\": \"water\", \"unit\": 1, \"profile\": \"mfe600h\"},\n"
    "    \"pt\": {\"bus\": \"water\", \"unit\": 2, \"profile\": \"dampt100\", \"channels\": 2},\n"
    "    \"di\": {\"bus\": \"water\", \"unit\": 3, \"profile\": \"di-module\", \"channels\": 8}\n"
    "  },\n"
    "  \"assets\": {\n"
    "    \"if-1\": {\n"
    "      \"type\": \"if_furnace\",\n"
    "      \"name\": \"f\",\n"
    "      \"facts\": {\"loop\": \"closed\"},\n"
    "      \"rated\": {\"Q_IN\": 40},\n"
    "      \"roles\": {\n"
    "        \"T_OUT\": \"pt.t1\",\n"
    "        \"Q_IN\": \"flow.flow\",\n"
    "        \"RUN\": \"di.di1\"\n"
    "      },\n"
    "      \"overrides\": {\"CW-ABS-02\": {\"delay_s\": 60}}\n"
    "    },\n"
    "    \"paint\": {\n"
    "      \"type\": \"paint_mix\",\n"
    "      \"name\": \"p\",\n"
    "      \"facts\": {\"paint\": \"solvent\"},\n"
    "      \"roles\": {\n"
    "        \"GAS\": [\"gas.p1\", \"gas.p2\"],\n"
    "        \"GAS_STATE\": [\"gas.p1_state\", \"gas.p2_state\"],\n"
    "        \"DI_FAN\": \"di.di2\"\n"
    "      },\n"
    "      \"overrides\": {\"GAS-FLT-01\": {\"delay_s\": 60}}\n"
    "    }\n"
    "  },\n"
    "  \"publish\": {\"mqtt\": {\"host\": \"127.0.0.1\", \"tls\": false, \"receipts\": false}}\n"
    "}\n";

struct change {
    const char *from, *to;
};

struct row {
    const char *what;
    struct change changes[CHANGES_MAX]; /* of the site file */
    struct change catalogue;
    const char *issues; /* as printed, without the folder */
};

static const struct row rows[] = {
    {"all stages",
     {{"\"log_level\"", "\"log_levle\""},
      {"\"pt.t1\"", "\"pt.nope\""},
      {"\"delay_s\": 60", "\"delay_s\": 999999"}},
     {NULL, NULL},
     "site.json:2: /gateway/log_levle: unknown key; is \"log_level\" meant?\n"
     "site.json:23: /assets/if-1/roles/T_OUT: device \"pt\" has no point \"nope\"\n"
     "site.json:27: /assets/if-1/overrides/CW-ABS-02/delay_s: delay_s of CW-ABS-02 may be 0 to "
     "259200, is 999999\n"
     "3 issues\n"},
    {"a device that failed",
     {{"\"gas\": {\"bus\": \"panel\", \"unit\": 1", "\"gas\": {\"bus\": \"panel\", \"unit\": 300"},
      {"\"di.di2\"", "\"flow.flow\""},
      {"\"GAS_STATE\": [", "\"GAS_FOO\": \"gas.p1\", \"GAS_STATE\": ["}},
     {NULL, NULL},
     "site.json:11: /devices/gas/unit: must be 0 to 255, is 300\n"
     "site.json:35: /assets/paint/roles/GAS_FOO: the catalogue knows no role \"GAS_FOO\"\n"
     "site.json:36: /assets/paint/roles/DI_FAN: point \"flow.flow\" is a number, the role takes a "
     "contact\n"
     "3 issues\n"},
    {"wrong kind and unknown role beside a bad key elsewhere",
     {{"\"pt\": {\"bus\": \"water\", \"unit\": 2", "\"pt\": {\"bus\": \"water\", \"unit\": 300"},
      {"\"di.di2\"", "\"gas.p1\""},
      {"\"GAS_STATE\": [", "\"GAS_FOO\": \"gas.p1\", \"GAS_STATE\": ["}},
     {NULL, NULL},
     "site.json:13: /devices/pt/unit: must be 0 to 255, is 300\n"
     "site.json:35: /assets/paint/roles/GAS_FOO: the catalogue knows no role \"GAS_FOO\"\n"
     "site.json:36: /assets/paint/roles/DI_FAN: point \"gas.p1\" is a number, the role takes a "
     "contact\n"
     "3 issues\n"},
    {"the type is missing, the rest of the asset is looked at",
     {{"\"type\": \"if_furnace\"", "\"tpye\": \"if_furnace\""},
      {"\"closed\"", "\"clsoed\""},
      {"\"pt.t1\"", "\"di.di1\""},
      {"\"RUN\":", "\"RUNS\":"},
      {"\"delay_s\": 60", "\"delay\": 60"}},
     {NULL, NULL},
     "site.json:17: /assets/if-1: \"type\" is missing\n"
     "site.json:18: /assets/if-1/tpye: unknown key; is \"type\" meant?\n"
     "site.json:20: /assets/if-1/facts/loop: must be closed or open, is \"clsoed\"\n"
     "site.json:23: /assets/if-1/roles/T_OUT: point \"di.di1\" is a contact, the role takes a "
     "number\n"
     "site.json:25: /assets/if-1/roles/RUNS: the catalogue knows no role \"RUNS\"\n"
     "site.json:27: /assets/if-1/overrides/CW-ABS-02/delay: CW-ABS-02 has delay_s or clear_s, not "
     "\"delay\"\n"
     "6 issues\n"},
    {"an unknown type is told once",
     {{"\"type\": \"if_furnace\"", "\"type\": \"furnace\""}, {"\"pt.t1\"", "\"pt.t9\""}},
     {NULL, NULL},
     "site.json:18: /assets/if-1/type: the catalogue knows no asset type \"furnace\"\n"
     "site.json:23: /assets/if-1/roles/T_OUT: device \"pt\" has no point \"t9\"\n"
     "2 issues\n"},
    {"a rated value that could not be read is not missing",
     {{"\"Q_IN\": 40", "\"Q_IN\": \"40\""}},
     {NULL, NULL},
     "site.json:21: /assets/if-1/rated/Q_IN: must be a number, is a string\n"
     "1 issue\n"},
    {"a list that lacks a point is not too short, its other points are looked at",
     {{"\"gas.p1\", \"gas.p2\"", "\"gas.p9\", \"di.di1\""}},
     {NULL, NULL},
     "site.json:34: /assets/paint/roles/GAS/0: device \"gas\" has no point \"p9\"\n"
     "site.json:34: /assets/paint/roles/GAS: point \"di.di1\" is a contact, the role takes a "
     "number\n"
     "2 issues\n"},
    {"lists of a device that failed are not too short",
     {{"\"gas\": {\"bus\": \"panel\", \"unit\": 1", "\"gas\": {\"bus\": \"panel\", \"unit\": 300"},
      {"\"gas.p1\", \"gas.p2\"", "\"gas.p1\", \"di.di1\""}},
     {NULL, NULL},
     "site.json:11: /devices/gas/unit: must be 0 to 255, is 300\n"
     "site.json:34: /assets/paint/roles/GAS: point \"di.di1\" is a contact, the role takes a "
     "number\n"
     "2 issues\n"},
    {"no bus, no device, and the assets all the same",
     {{"\"water\": {\"driver\": \"modbus-tcp\"", "\"water\": {\"driver\": \"modbus\""},
      {"\"delay_s\": 60", "\"delay_s\": -1"}},
     {NULL, NULL},
     "site.json:8: /buses/water/driver: there is no driver \"modbus\"; this version has "
     "\"modbus-tcp\"\n"
     "site.json:27: /assets/if-1/overrides/CW-ABS-02/delay_s: delay_s of CW-ABS-02 may be 0 to "
     "259200, is -1\n"
     "2 issues\n"},
    {"the sector is unknown",
     {{"\"machinery\"", "\"machines\""}, {"\"rated\": {\"Q_IN\": 40}", "\"rated\": {}"}},
     {NULL, NULL},
     "site.json:5: /enterprise/sector: must be one of \"metallurgy\", \"nonferrous\", "
     "\"building\", \"machinery\", \"light\", \"textile\", \"tobacco\", \"commerce\", is "
     "\"machines\"\n"
     "site.json:21: /assets/if-1/rated: CW-EV-LOWQ needs the rated value \"Q_IN\" of this asset: "
     "add \"rated\": {\"Q_IN\": ...}\n"
     "2 issues\n"},
    {"what lies between intact parts is told beside another asset's issue",
     {{"\"gas.p1_state\", \"gas.p2_state\"", "\"gas.p1_state\""}, {"\"pt.t1\"", "\"pt.t9\""}},
     {NULL, NULL},
     "site.json:23: /assets/if-1/roles/T_OUT: device \"pt\" has no point \"t9\"\n"
     "site.json:34: /assets/paint/roles/GAS: GAS_STATE has 1 points and GAS 2: an instrument "
     "stands at the same place of both, so they must be as many\n"
     "2 issues\n"},
    {"duplicate keys hide nothing",
     {{"\"id\": \"g1\",", "\"id\": \"g1\", \"id\": 7,"},
      {"\"log_level\": \"info\"", "\"log_level\": \"loud\""},
      {"\"pt.t1\"", "\"pt.t9\""},
      {"\"name\": \"p\"", "\"name\": \"p\",\n\"name\": \"q\""},
      {"\"delay_s\": 60", "\"delay_s\": 999999"}},
     {NULL, NULL},
     "site.json:2: /gateway/id: duplicate key; it was given on line 2 already\n"
     "site.json:2: /gateway/log_level: must be one of \"err\", \"warn\", \"info\", \"debug\", is "
     "\"loud\"\n"
     "site.json:23: /assets/if-1/roles/T_OUT: device \"pt\" has no point \"t9\"\n"
     "site.json:27: /assets/if-1/overrides/CW-ABS-02/delay_s: delay_s of CW-ABS-02 may be 0 to "
     "259200, is 999999\n"
     "site.json:32: /assets/paint/name: duplicate key; it was given on line 31 already\n"
     "5 issues\n"},
    {"a device given twice may have meant the one that is missing",
     {{"\"pt\": {", "\"flow\": {"}, {"\"di.di2\"", "\"di.di9\""}},
     {NULL, NULL},
     "site.json:13: /devices/flow: duplicate key; it was given on line 12 already\n"
     "site.json:36: /assets/paint/roles/DI_FAN: device \"di\" has no point \"di9\"\n"
     "2 issues\n"},
    {"a section given twice",
     {{"\"rated\": {\"Q_IN\": 40}", "\"rated\": {}, \"rated\": {\"Q_IN\": 40}"},
      {"\"di.di2\"", "\"gas.p1\""}},
     {NULL, NULL},
     "site.json:21: /assets/if-1/rated: duplicate key; it was given on line 21 already\n"
     "site.json:36: /assets/paint/roles/DI_FAN: point \"gas.p1\" is a number, the role takes a "
     "contact\n"
     "2 issues\n"},
    {"site and catalogue",
     {{"\"log_level\"", "\"log_levle\""}, {"\"delay_s\": 60", "\"delay_s\": 999999"}},
     {"\"strength\": \"", "\"strenght\": \""},
     "findings.json:: /findings/0/strenght: unknown key; is \"strength\" meant?\n"
     "findings.json:: /findings/0: \"strength\" is missing\n"
     "site.json:2: /gateway/log_levle: unknown key; is \"log_level\" meant?\n"
     "3 issues\n"},
    {"a duplicate key in the catalogue",
     {{"\"log_level\"", "\"log_levle\""}, {"\"delay_s\": 60", "\"delay_s\": 999999"}},
     {"\"strength\": \"", "\"strength\": \"A\", \"strength\": \""},
     "findings.json:: /findings/0/strength: duplicate key; it was given on line  already\n"
     "site.json:2: /gateway/log_levle: unknown key; is \"log_level\" meant?\n"
     "site.json:27: /assets/if-1/overrides/CW-ABS-02/delay_s: delay_s of CW-ABS-02 may be 0 to "
     "259200, is 999999\n"
     "3 issues\n"},
    {"derived points of a device that failed, and of a section with issues",
     {{"\"gas\": {\"bus\": \"panel\", \"unit\": 1", "\"gas\": {\"bus\": \"panel\", \"unit\": 300"},
      {"  \"assets\": {",
       "  \"derived\": {\"d\": {\"kind\": \"difference\", \"of\": [\"gas.p1\", \"pt.t9\"], "
       "\"unit\": \"x\"}, \"e\": {\"knd\": \"sum\"}},\n  \"assets\": {"},
      {"\"pt.t1\"", "\"derived.e\""}},
     {NULL, NULL},
     "site.json:11: /devices/gas/unit: must be 0 to 255, is 300\n"
     "site.json:16: /derived/e/knd: unknown key; is \"kind\" meant?\n"
     "site.json:16: /derived/e: \"kind\" is missing\n"
     "site.json:16: /derived/e: \"of\" is missing\n"
     "site.json:16: /derived/d/of/1: there is no point \"pt.t9\"\n"
     "5 issues\n"},
    {"broken syntax ends the reading of the file",
     {{"\"log_level\"", "\"log_levle\""}, {"\"name\": \"f\",", "\"name\": \"f\""}},
     {NULL, NULL},
     "site.json:20: /assets/if-1: expected ',' or '}', found '\"' (is a comma missing at the end "
     "of line 19?)\n"
     "1 issue\n"},
};

static void write_text(const char *path, const char *text, size_t len)
{
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    assert_int_equal(fwrite(text, 1, len, to), len);
    assert_int_equal(fclose(to), 0);
}

/* text with the first `from` replaced; takes text over. */
static char *change(char *text, const struct change *c)
{
    const char *at = strstr(text, c->from);
    if (at == NULL) {
        fail_msg("the text has no <%s>", c->from);
        return text;
    }
    const size_t size = strlen(text) + strlen(c->to) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    (void)snprintf(out, size, "%.*s%s%s", (int)(at - text), text, c->to, at + strlen(c->from));
    free(text);
    return out;
}

static char *catalogue_text(void)
{
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(
        gw_file_read(GW_SOURCE_DIR "/config/findings.json", 1 << 20, &text, &len, NULL), GW_OK);
    return text;
}

static int setup(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(dir, sizeof dir, "%s/gw-load-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(site_path, sizeof site_path, "%s/site.json", dir);
    (void)snprintf(cat_path, sizeof cat_path, "%s/findings.json", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(site_path);
    (void)unlink(cat_path);
    return rmdir(dir);
}

/* Takes the digits behind every mark out. */
static void drop_numbers(char *text, const char *mark)
{
    for (char *at = strstr(text, mark); at != NULL; at = strstr(at, mark)) {
        at += strlen(mark);
        const size_t digits = strspn(at, "0123456789");
        memmove(at, at + digits, strlen(at + digits) + 1);
    }
}

/* The issues as printed, without the folder, and without lines of the catalogue, which grows;
 * malloc'd. */
static char *printed(const struct gw_issues *issues)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    gw_issues_print(issues, to);
    assert_int_equal(fclose(to), 0);
    const size_t n = strlen(dir) + 1;
    for (char *at = strstr(text, dir); at != NULL; at = strstr(at, dir))
        memmove(at, at + n, strlen(at + n) + 1);
    drop_numbers(text, "findings.json:");
    drop_numbers(text, "/strength: duplicate key; it was given on line ");
    return text;
}

static bool check_row(const struct row *row)
{
    char *text = strdup(base);
    char *cat = catalogue_text();
    for (size_t i = 0; i < CHANGES_MAX && row->changes[i].from != NULL; i++)
        text = change(text, &row->changes[i]);
    if (row->catalogue.from != NULL)
        cat = change(cat, &row->catalogue);
    write_text(site_path, text, strlen(text));
    write_text(cat_path, cat, strlen(cat));
    struct gw_issues *issues = gw_issues_new();
    struct gw_load load = {0};
    assert_int_equal(gw_load(site_path, drivers, issues, &load), GW_E_PARSE);
    assert_null(load.site);
    assert_null(load.inventory);
    char *is = printed(issues);
    const bool same = strcmp(is, row->issues) == 0;
    if (!same)
        print_error("%s:\n%swanted\n%s", row->what, is, row->issues);
    free(is);
    gw_issues_free(issues);
    free(cat);
    free(text);
    return same;
}

static void everything_is_told_at_once(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        wrong += !check_row(&rows[i]);
    assert_int_equal(wrong, 0);
}

static void what_is_right_is_loaded(void **state)
{
    (void)state;
    char *cat = catalogue_text();
    write_text(site_path, base, strlen(base));
    write_text(cat_path, cat, strlen(cat));
    free(cat);
    struct gw_issues *issues = gw_issues_new();
    struct gw_load load = {0};
    if (gw_load(site_path, drivers, issues, &load) != GW_OK)
        fail_msg("%s", gw_issues_text(issues, 0));
    assert_true(gw_inventory_count(load.inventory) > 0);
    assert_ptr_equal(gw_inventory_site(load.inventory), load.site);
    for (size_t i = 0; i < load.site->nassets; i++)
        assert_false(load.site->assets[i].partial);
    gw_load_free(&load);
    assert_null(load.site);
    gw_issues_free(issues);
}

/* Cuts a piece out, or doubles one, at a random place. */
static size_t damage(char text[TEXT_SIZE], size_t len, uint64_t *rand)
{
    const size_t at = (size_t)gw_rand_below(rand, len);
    const size_t want = 1 + (size_t)gw_rand_below(rand, 30);
    const size_t n = want < len - at ? want : len - at;
    if (gw_rand_below(rand, 2) == 0) {
        memmove(text + at, text + at + n, len - at - n);
        return len - n;
    }
    text[at] = (char)('0' + gw_rand_below(rand, 74));
    return len;
}

/* Whatever was read of a damaged file is safe to be held against the catalogue. */
static void damage_is_refused_or_loaded(void **state)
{
    (void)state;
    static char text[TEXT_SIZE];
    char *cat = catalogue_text();
    write_text(cat_path, cat, strlen(cat));
    free(cat);
    uint64_t rand = seed;
    size_t several = 0;
    print_message("seed %llu, %lu rounds\n", (unsigned long long)seed, rounds);
    for (unsigned long i = 0; i < rounds; i++) {
        memcpy(text, base, sizeof base);
        size_t len = sizeof base - 1;
        for (uint64_t k = gw_rand_below(&rand, 3) + 1; k > 0; k--)
            len = damage(text, len, &rand);
        write_text(site_path, text, len);
        struct gw_issues *issues = gw_issues_new();
        struct gw_load load = {0};
        const enum gw_status status = gw_load(site_path, drivers, issues, &load);
        assert_int_equal(status, gw_issues_count(issues) == 0 ? GW_OK : GW_E_PARSE);
        several += gw_issues_count(issues) > 1;
        gw_load_free(&load);
        gw_issues_free(issues);
    }
    assert_true(rounds < 1000 || several > rounds / 50);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        rounds = strtoul(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_is_loaded),
        cmocka_unit_test(everything_is_told_at_once),
        cmocka_unit_test(damage_is_refused_or_loaded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
