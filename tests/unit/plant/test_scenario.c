/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/scenario.h"

#include "base/backoff.h"
#include "base/buf.h"
#include "support/cmocka_all.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct gw_scenario *good(const char *text)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_scenario *sc = NULL;
    assert_non_null(issues);
    enum gw_status status = gw_scenario_parse(text, strlen(text), "s.json", issues, &sc);
    if (status != GW_OK)
        gw_issues_print(issues, stderr);
    assert_int_equal(status, GW_OK);
    assert_int_equal(gw_issues_count(issues), 0);
    gw_issues_free(issues);
    return sc;
}

/* The text has exactly one issue, which has all these words. */
static void one_issue(const char *text, const char *words)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_scenario *sc = NULL;
    assert_non_null(issues);
    enum gw_status status = gw_scenario_parse(text, strlen(text), "s.json", issues, &sc);
    if (gw_issues_count(issues) != 1)
        gw_issues_print(issues, stderr);
    if (status != GW_E_PARSE || gw_issues_count(issues) != 1 ||
        strstr(gw_issues_text(issues, 0), words) == NULL)
        fail_msg("%s\nhas %zu issues, not one with: %s\nbut: %s", text, gw_issues_count(issues),
                 words, gw_issues_count(issues) > 0 ? gw_issues_text(issues, 0) : "none");
    assert_null(sc);
    gw_issues_free(issues);
}

static void test_a_whole_scenario(void **state)
{
    (void)state;
    struct gw_scenario *sc = good(
        "{ // comment\n"
        "  \"seed\": 5,\n"
        "  \"endpoints\": {\"a\": {\"units\": {\"1\": \"gas\", \"255\": \"di\"}},\n"
        "                \"b\": {\"units\": {\"0\": \"di\"}, \"port\": 1502, \"bind\": "
        "\"127.0.0.2\","
        "                        \"unknown_unit\": \"silence\", \"max_connections\": 3}},\n"
        "  \"devices\": {\"gas\": {\"kind\": \"ax100\", \"probes\": 2, \"latency_ms\": 7,\n"
        "                          \"set\": {\"p1\": 3}, \"noise\": {\"p1\": 0.2, \"p2\": "
        "{\"gauss\": 0.5}},\n"
        "                          \"wave\": {\"p2_shielded\": {\"shape\": \"square\", \"mean\": "
        "0.5,"
        "                             \"amplitude\": 0.5, \"period_s\": 2, \"duty\": 0.1}}},\n"
        "                \"di\": {\"kind\": \"di-module\", \"id\": \"ADAM\"}},\n"
        "  \"follow\": [{\"device\": \"di\", \"signal\": \"di3\", \"when\": \"gas.p1>=50\","
        "                \"after_s\": 2},\n"
        "               {\"device\": \"di\", \"signal\": \"di4\", \"any\": [\"gas.fan == 1\","
        "                \"gas.p2 <= -1.5e0\"], \"back_s\": 0.5, \"to\": 0, \"else\": 1}],\n"
        "  \"timeline\": [{\"at_s\": 20.5, \"device\": \"gas\", \"fault\": \"delay\", \"ms\": "
        "30},\n"
        "                 {\"at_s\": 3, \"endpoint\": \"b\", \"fault\": \"garbage\", \"for_s\": "
        "0.25},\n"
        "                 {\"at_s\": 3, \"device\": \"gas\", \"fault\": \"frozen\","
        "                  \"signals\": [\"p2\"], \"set\": {\"p1\": 9}, \"say\": \"x\"}]\n"
        "}");
    assert_int_equal(sc->seed, 5);
    assert_int_equal(sc->n_endpoints, 2);
    const struct gw_sc_endpoint *a = &sc->endpoints[0];
    const struct gw_sc_endpoint *b = &sc->endpoints[1];
    assert_string_equal(a->name, "a");
    assert_int_equal(a->port, 0);
    assert_int_equal(a->bind.s_addr, htonl(INADDR_LOOPBACK));
    assert_int_equal(a->unit[1], 0);
    assert_int_equal(a->unit[255], 1);
    assert_int_equal(a->unit[2], -1);
    assert_int_equal(a->max_connections, 256);
    assert_false(a->unknown_silent);
    assert_int_equal(b->port, 1502);
    assert_int_equal(b->bind.s_addr, htonl(0x7F000002));
    assert_true(b->unknown_silent);
    assert_int_equal(b->unit[0], 1);
    assert_int_equal(b->max_connections, 3);

    const struct gw_sc_device *gas = &sc->devices[0];
    assert_int_equal(gas->latency_ms, 7);
    assert_string_equal(gas->id, "JB-TB-AX100");
    assert_string_equal(sc->devices[1].id, "ADAM");
    assert_int_equal(gas->n_signals, 2 * 6 + 5);
    assert_int_equal(gw_scenario_signal(gas, "p1"), 0);
    assert_int_equal(gw_scenario_signal(gas, "p2_shielded"), 7);
    assert_int_equal(gw_scenario_signal(gas, "p3"), -1);
    assert_int_equal(gw_scenario_output(gas, "fan"), 2);
    assert_int_equal(gw_scenario_output(&sc->devices[1], "fan"), -1);
    assert_int_equal(gas->signals[0].noise.kind, GW_NOISE_UNIFORM);
    assert_true(gas->signals[0].noise.amount == 0.2);
    assert_int_equal(gas->signals[1].noise.kind, GW_NOISE_GAUSS);
    assert_int_equal(gas->signals[7].base.kind, GW_SHAPE_SQUARE);
    assert_int_equal(gas->signals[7].base.span_ms, 2000);
    assert_true(gas->signals[0].seed != gas->signals[1].seed);

    assert_int_equal(sc->n_follows, 2);
    assert_int_equal(sc->follows[0].after_ms, 2000);
    assert_int_equal(sc->follows[0].back_ms, 2000);
    assert_int_equal(sc->follows[0].n_conds, 1);
    assert_false(sc->follows[0].conds[0].output);
    assert_int_equal(sc->follows[1].after_ms, 0);
    assert_int_equal(sc->follows[1].back_ms, 500);
    assert_int_equal(sc->follows[1].n_conds, 2);
    assert_true(sc->follows[1].conds[0].output);
    assert_int_equal(sc->follows[1].conds[1].op, GW_COND_LE);
    assert_true(sc->follows[1].conds[1].number == -1.5);
    assert_true(sc->follows[1].to == 0 && sc->follows[1].otherwise == 1);

    /* sorted by time, equal times as written */
    assert_int_equal(sc->n_timeline, 3);
    assert_int_equal(sc->timeline[0].at_ms, 3000);
    assert_int_equal(sc->timeline[0].endpoint, 1);
    assert_int_equal(sc->timeline[0].fault, GW_FAULT_GARBAGE);
    assert_int_equal(sc->timeline[0].for_ms, 250);
    assert_int_equal(sc->timeline[0].param[0], 5);
    assert_int_equal(sc->timeline[0].param[1], 500);
    assert_int_equal(sc->timeline[1].fault, GW_FAULT_FROZEN);
    assert_int_equal(sc->timeline[1].n_signals, 1);
    assert_int_equal(sc->timeline[1].signals[0], 1);
    assert_int_equal(sc->timeline[1].n_changes, 1);
    assert_string_equal(sc->timeline[1].say, "x");
    assert_int_equal(sc->timeline[2].at_ms, 20500);
    assert_int_equal(sc->timeline[2].param[0], 30);
    gw_scenario_free(sc);
}

/* ---- what is wrong ---- */

#define UNITS          "\"endpoints\": {\"e\": {\"units\": {\"1\": \"g\"}}}"
#define GAS            "\"g\": {\"kind\": \"ax100\"}"
#define DEVICES        "\"devices\": {" GAS ", \"f\": {\"kind\": \"mfe600h\"}}"
#define DEVICE(body)   "{" UNITS ", \"devices\": {\"g\": {" body "}}}"
#define ENDPOINT(body) "{\"endpoints\": {\"e\": {" body "}}, " DEVICES "}"
#define ENTRY(body)    "{" UNITS ", " DEVICES ", \"timeline\": [{" body "}]}"
#define FOLLOW(body)   "{" UNITS ", " DEVICES ", \"follow\": [{" body "}]}"
#define COND(text)     FOLLOW("\"device\": \"g\", \"signal\": \"mains_fault\", \"when\": \"" text "\"")

static const struct {
    const char *text, *words;
} issues_table[] = {
    {"", "s.json"},
    {"[]", "object"},
    {"{" UNITS "}", "devices"},
    {"{" DEVICES "}", "endpoints"},
    {"{" DEVICES ", \"endpoints\": {}}", "/endpoints: a scenario needs at least one endpoint"},
    {"{" UNITS ", " DEVICES ", \"sed\": 1}", "/sed"},
    {"{" UNITS ", " DEVICES ", \"seed\": -1}", "/seed"},
    {"{" UNITS ", " DEVICES ", \"seed\": 1.5}", "/seed"},
    {"{" UNITS ", " DEVICES ", \"timeline\": {}}", "/timeline"},
    {"{" UNITS ", " DEVICES ", \"timeline\": [3]}", "/timeline/0"},
    {"{" UNITS ", " DEVICES ", \"follow\": [[]]}", "/follow/0"},

    {ENDPOINT("\"port\": 1"), "units"},
    {ENDPOINT("\"units\": {}"), "/endpoints/e/units: an endpoint needs at least one unit"},
    {ENDPOINT("\"units\": {\"256\": \"g\"}"), "/endpoints/e/units/256: the key must be a unit id"},
    {ENDPOINT("\"units\": {\"01\": \"g\"}"), "the key must be a unit id"},
    {ENDPOINT("\"units\": {\"\": \"g\"}"), "the key must be a unit id"},
    {ENDPOINT("\"units\": {\"1x\": \"g\"}"), "the key must be a unit id"},
    {ENDPOINT("\"units\": {\"1\": 1}"), "must be the name of a device, not a number"},
    {ENDPOINT("\"units\": {\"1\": \"h\"}"), "/endpoints/e/units/1: there is no device 'h'"},
    {ENDPOINT("\"units\": {\"1\": \"g\"}, \"port\": 65536"), "/endpoints/e/port"},
    {ENDPOINT("\"units\": {\"1\": \"g\"}, \"bind\": \"0.0.0.0\""), "not a loopback address"},
    {ENDPOINT("\"units\": {\"1\": \"g\"}, \"bind\": \"192.168.0.1\""), "/endpoints/e/bind"},
    {ENDPOINT("\"units\": {\"1\": \"g\"}, \"bind\": \"localhost\""), "not a loopback address"},
    {ENDPOINT("\"units\": {\"1\": \"g\"}, \"bind\": \"::1\""), "not a loopback address"},
    {ENDPOINT("\"units\": {\"1\": \"g\"}, \"unknown_unit\": \"sulk\""), "unknown_unit"},
    {ENDPOINT("\"units\": {\"1\": \"g\"}, \"max_connections\": 0"), "max_connections"},
    {"{\"endpoints\": {\"a b\": {\"units\": {\"1\": \"g\"}}}, " DEVICES "}", "a name has"},

    {DEVICE("\"probes\": 4"), "kind"},
    {DEVICE("\"kind\": \"toaster\""), "there is no kind 'toaster'; there are ax100, mfe600h"},
    {DEVICE("\"kind\": 7"), "/devices/g/kind"},
    {DEVICE("\"kind\": \"ax100\", \"channels\": 4"), "/devices/g/channels"},
    {DEVICE("\"kind\": \"ax100\", \"probes\": 193"), "/devices/g/probes"},
    {DEVICE("\"kind\": \"ax100\", \"low\": 60"), "is above \"high\" (50)"},
    {DEVICE("\"kind\": \"dampt100\", \"channels\": 17"), "/devices/g/channels"},
    {DEVICE("\"kind\": \"di-module\", \"channels\": 0"), "/devices/g/channels"},
    {DEVICE("\"kind\": \"mfe600h\", \"dn_mm\": 0"), "/devices/g/dn_mm"},
    {DEVICE("\"kind\": \"ax100\", \"latency_ms\": -1"), "/devices/g/latency_ms"},
    {DEVICE("\"kind\": \"ax100\", \"set\": 3"), "/devices/g/set"},
    {DEVICE("\"kind\": \"ax100\", \"set\": {\"p5\": 3}"), "has no signal 'p5'"},
    {DEVICE("\"kind\": \"ax100\", \"set\": {\"p1\": \"3\"}"), "must be a number, not a string"},
    {DEVICE("\"kind\": \"ax100\", \"set\": {\"p1\": true}"), "must be a number, not"},
    {DEVICE("\"kind\": \"ax100\", \"set\": {\"p1\": 101}"), "101 is not in 0..100"},
    {DEVICE("\"kind\": \"ax100\", \"set\": {\"fan\": 1}"), "has no signal 'fan'"},
    {DEVICE("\"kind\": \"ax100\", \"set\": {\"p1_absent\": 0.5}"), "is 0 or 1, not 0.5"},
    {DEVICE("\"kind\": \"ax100\", \"noise\": {\"p1\": -1}"), "must not be negative"},
    {DEVICE("\"kind\": \"ax100\", \"noise\": {\"p1\": {}}"), "needs one of"},
    {DEVICE("\"kind\": \"ax100\", \"noise\": {\"p1\": {\"gauss\": 1, \"uniform\": 1}}"),
     "needs one of"},
    {DEVICE("\"kind\": \"ax100\", \"noise\": {\"p1\": {\"pink\": 1}}"), "/devices/g/noise/p1/pink"},
    {DEVICE("\"kind\": \"ax100\", \"noise\": {\"p1\": []}"), "must be a number or an object"},
    {DEVICE("\"kind\": \"ax100\", \"noise\": {\"p1_absent\": 1}"), "has no noise"},
    {DEVICE("\"kind\": \"ax100\", \"ramp\": {\"p1\": 5}"), "must be an object"},
    {DEVICE("\"kind\": \"ax100\", \"wave\": {\"p1\": 5}"), "must be an object, not a number"},
    {DEVICE("\"kind\": \"ax100\", \"ramp\": {\"p1\": {\"to\": 5}}"), "over_s"},
    {DEVICE("\"kind\": \"ax100\", \"ramp\": {\"p1\": {\"to\": 500, \"over_s\": 1}}"),
     "500 is not in 0..100"},
    {DEVICE("\"kind\": \"ax100\", \"wave\": {\"p1\": {\"shape\": \"saw\", \"mean\": 1,"
            "\"amplitude\": 1, \"period_s\": 1}}"),
     "/devices/g/wave/p1/shape"},
    {DEVICE("\"kind\": \"ax100\", \"wave\": {\"p1\": {\"shape\": \"sine\", \"mean\": 1,"
            "\"amplitude\": 1, \"period_s\": 0}}"),
     "/devices/g/wave/p1/period_s"},

    {DEVICE("\"kind\": \"map\""), "nothing of this map can be read"},
    {DEVICE("\"kind\": \"map\", \"regs\": {\"70000\": [1]}, \"range\": [0, 1]"),
     "the key must be an address"},
    {DEVICE("\"kind\": \"map\", \"regs\": {\"-1\": [1]}, \"range\": [0, 1]"),
     "the key must be an address"},
    {DEVICE("\"kind\": \"map\", \"regs\": {\"1\": 1}, \"range\": [0, 1]"), "must be an array"},
    {DEVICE("\"kind\": \"map\", \"regs\": {\"0\": [0, 65536]}"), "must be a whole number"},
    {DEVICE("\"kind\": \"map\", \"regs\": {\"65535\": [0, 1]}"), "behind the last address"},
    {DEVICE("\"kind\": \"map\", \"bits\": {\"0\": [0, 2]}"), "must be a whole number in 0..1"},
    {DEVICE("\"kind\": \"map\", \"regs\": {\"0\": [1, 2], \"1\": [3]}"),
     "register 1 is declared twice"},
    {DEVICE("\"kind\": \"map\", \"regs\": {\"9\": [1]}, \"range\": [0, 8]"),
     "leaves out declared addresses"},
    {DEVICE("\"kind\": \"map\", \"regs\": {\"9\": [1]}, \"range\": [9]"), "must be [first, last]"},
    {DEVICE("\"kind\": \"map\", \"regs\": {\"9\": [1]}, \"fc\": [6]"),
     "must be a whole number in 1..4"},
    {DEVICE("\"kind\": \"map\", \"regs\": {\"9\": [1]}, \"fc\": [1]"), "nothing of this map"},

    {ENTRY("\"device\": \"g\", \"clear\": true"), "at_s"},
    {ENTRY("\"at_s\": -1, \"device\": \"g\", \"clear\": true"), "/timeline/0/at_s"},
    {ENTRY("\"at_s\": 1, \"clear\": true"), "needs one of \"device\" and \"endpoint\""},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"endpoint\": \"e\", \"clear\": true"),
     "needs one of \"device\" and \"endpoint\""},
    {ENTRY("\"at_s\": 1, \"device\": \"x\", \"clear\": true"), "there is no device 'x'"},
    {ENTRY("\"at_s\": 1, \"endpoint\": \"g\", \"clear\": true"), "there is no endpoint 'g'"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\""), "nothing happens"},
    {ENTRY("\"at_s\": 1, \"endpoint\": \"e\", \"set\": {\"p1\": 1}"), "an endpoint has no signals"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"set\": {\"flow\": 1}"), "has no signal 'flow'"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"fault\": \"fire\""), "there is no fault 'fire'"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"fault\": \"refuse\""), "is a fault of an endpoint"},
    {ENTRY("\"at_s\": 1, \"endpoint\": \"e\", \"fault\": \"silence\""), "is a fault of a device"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"fault\": \"silence\", \"ms\": 1"),
     "fault silence takes no such number"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"clear\": true, \"code\": 1"),
     "goes with a fault only"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"fault\": \"exception\", \"code\": 0"),
     "fault exception: 0 is not in 1..255"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"fault\": \"junk_tail\", \"bytes\": 257"),
     "257 is not in 1..256"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"fault\": \"silence\", \"for_s\": 0"),
     "/timeline/0/for_s"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"fault\": \"silence\", \"signals\": [\"p1\"]"),
     "only frozen, nan, inf and neg_inf take signals"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"fault\": \"frozen\", \"signals\": []"),
     "names no signal"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"fault\": \"frozen\", \"signals\": [\"q\"]"),
     "must be the name of a signal of device 'g'"},
    {ENTRY("\"at_s\": 1, \"device\": \"g\", \"fault\": \"frozen\", \"signals\": [1]"),
     "must be the name of a signal"},
    {ENTRY("\"at_s\": 1, \"device\": \"f\", \"fault\": \"nan\", \"signals\": [\"t_in\"]"),
     "is shown as a whole number and cannot be nan"},

    {FOLLOW("\"signal\": \"p1\", \"when\": \"g.p1 >= 1\""), "device"},
    {FOLLOW("\"device\": \"x\", \"signal\": \"p1\", \"when\": \"g.p1 >= 1\""),
     "there is no device 'x'"},
    {FOLLOW("\"device\": \"g\", \"signal\": \"p9\", \"when\": \"g.p1 >= 1\""),
     "has no signal 'p9'"},
    {FOLLOW("\"device\": \"g\", \"signal\": \"p1\""), "needs one of \"when\" and \"any\""},
    {FOLLOW("\"device\": \"g\", \"signal\": \"p1\", \"any\": []"), "at least one condition"},
    {FOLLOW("\"device\": \"g\", \"signal\": \"mains_fault\", \"to\": 2, \"when\": \"g.p1 >= 1\""),
     "to: 'mains_fault' cannot be 2"},
    {FOLLOW("\"device\": \"g\", \"signal\": \"p1\", \"else\": -2, \"when\": \"g.p2 >= 1\""),
     "else: 'p1' cannot be -2"},
    {COND("g.p1"), "must be a condition such as"},
    {COND("g.p1 > 1"), "must be a condition such as"},
    {COND("p1 >= 1"), "must be a condition such as"},
    {COND(".p1 >= 1"), "must be a condition such as"},
    {COND("g. >= 1"), "must be a condition such as"},
    {COND("g.p1 >= "), "must be a condition such as"},
    {COND("g.p1 >= x"), "must be a condition such as"},
    {COND("g.p1 >= nan"), "must be a condition such as"},
    {COND("g.p1 >= 1e999"), "must be a condition such as"},
    {COND("g.p1 >= 1 and g.p2 >= 1"), "must be a condition such as"},
    {COND("h.p1 >= 1"), "there is no device 'h'"},
    {COND("g.q >= 1"), "has no signal or output 'q'"},
};

static void test_each_mistake_is_one_issue(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof issues_table / sizeof issues_table[0]; i++)
        one_issue(issues_table[i].text, issues_table[i].words);
}

static void test_all_mistakes_at_once_with_their_lines(void **state)
{
    (void)state;
    const char *text = "{\n"
                       "\"endpoints\": {\"e\": {\"units\": {\"1\": \"nobody\"}}},\n"
                       "\"devices\": {\"g\": {\"kind\": \"ax100\",\n"
                       "  \"set\": {\"p9\": 1,\n"
                       "  \"p1\": 500}}},\n"
                       "\"timeline\": [\n"
                       "  {\"at_s\": 1, \"device\": \"g\", \"fault\": \"fire\"}]\n"
                       "}";
    struct gw_issues *issues = gw_issues_new();
    struct gw_scenario *sc = NULL;
    assert_int_equal(gw_scenario_parse(text, strlen(text), "s.json", issues, &sc), GW_E_PARSE);
    assert_int_equal(gw_issues_count(issues), 4);
    char all[2048] = "";
    for (size_t i = 0; i < 4; i++) {
        strncat(all, gw_issues_text(issues, i), sizeof all - strlen(all) - 1);
        strncat(all, "\n", sizeof all - strlen(all) - 1);
    }
    assert_non_null(strstr(all, "s.json:2: /endpoints/e/units/1:"));
    assert_non_null(strstr(all, "s.json:4: /devices/g/set/p9:"));
    assert_non_null(strstr(all, "s.json:5: /devices/g/set/p1:"));
    assert_non_null(strstr(all, "s.json:7: /timeline/0/fault:"));
    gw_issues_free(issues);
}

static void test_sizes_are_bounded(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 1u << 20);
    gw_buf_str(&b, "{" UNITS ", \"devices\": {\"g\": {\"kind\": \"map\", \"regs\": {\"0\": [0");
    for (int i = 0; i < GW_KIND_CELLS; i++)
        gw_buf_str(&b, ",0");
    gw_buf_str(&b, "]}}}}");
    assert_false(b.failed);
    one_issue(b.data, "at most 4096 registers and bits, not 4097");

    gw_buf_clear(&b);
    gw_buf_str(&b, "{" UNITS ", " DEVICES ", \"timeline\": [0");
    for (int i = 0; i < 5000; i++)
        gw_buf_str(&b, ",0");
    gw_buf_str(&b, "]}");
    assert_false(b.failed);
    one_issue(b.data, "/timeline: has 5001 entries; at most 5000 are taken");
    gw_buf_free(&b);
}

static void test_every_fault_can_be_written(void **state)
{
    (void)state;
    for (int k = GW_FAULT_NONE + 1; k < GW_FAULT_KINDS; k++) {
        const struct gw_fault_def *def = gw_fault_def((enum gw_fault_kind)k);
        assert_non_null(def->name);
        assert_int_equal(gw_fault_find(def->name), k);
        bool endpoint = def->scope == GW_SCOPE_ENDPOINT;
        char text[512];
        char params[128] = "";
        for (size_t p = 0; p < GW_FAULT_PARAMS && def->param[p].key != NULL; p++)
            snprintf(params + strlen(params), sizeof params - strlen(params), ", \"%s\": %lld",
                     def->param[p].key, (long long)def->param[p].max);
        snprintf(text, sizeof text,
                 "{" UNITS ", " DEVICES
                 ", \"timeline\": [{\"at_s\": 0, \"%s\": \"%s\", \"fault\": \"%s\"%s}]}",
                 endpoint ? "endpoint" : "device", endpoint ? "e" : "f", def->name, params);
        struct gw_scenario *sc = good(text);
        assert_int_equal(sc->timeline[0].fault, k);
        for (size_t p = 0; p < GW_FAULT_PARAMS && def->param[p].key != NULL; p++)
            assert_int_equal(sc->timeline[0].param[p], def->param[p].max);
        gw_scenario_free(sc);
    }
}

/* The header is the documentation: what a reader of it does not find does not exist for him. */
static void test_header_names_everything(void **state)
{
    (void)state;
    FILE *f = fopen(GW_SOURCE_DIR "/drivers/plant/scenario.h", "r");
    assert_non_null(f);
    static char text[65536];
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    for (int k = GW_FAULT_NONE + 1; k < GW_FAULT_KINDS; k++)
        assert_non_null(strstr(text, gw_fault_def((enum gw_fault_kind)k)->name));
    const struct gw_kind *kind = NULL;
    for (size_t i = 0; (kind = gw_kind_nth(i)) != NULL; i++) {
        assert_non_null(strstr(text, kind->name));
        for (const struct gw_key *key = kind->keys; key->type != GW_KEY_END; key++)
            assert_non_null(strstr(text, key->name));
        for (const struct gw_signal_def *s = kind->signals; s->prefix != NULL; s++) {
            char name[64];
            snprintf(name, sizeof name, "%s%s%s", s->prefix, s->suffix ? "<n>" : "",
                     s->suffix ? s->suffix : "");
            if (strstr(text, name) == NULL)
                fail_msg("scenario.h does not name '%s'", name);
        }
        for (size_t o = 0; kind->outputs != NULL && kind->outputs[o] != NULL; o++)
            assert_non_null(strstr(text, kind->outputs[o]));
    }
}

static void test_actions_from_the_control_input(void **state)
{
    (void)state;
    struct gw_scenario *sc = good("{" UNITS ", " DEVICES "}");
    struct gw_issues *issues = gw_issues_new();
    struct gw_action a;
    const char *line = "{\"device\": \"f\", \"set\": {\"flow\": 3}, \"for_s\": 2}";
    assert_int_equal(gw_scenario_action(sc, line, strlen(line), issues, &a), GW_OK);
    assert_int_equal(a.device, 1);
    assert_int_equal(a.for_ms, 2000);
    assert_int_equal(a.n_changes, 1);
    gw_action_clean(&a);
    assert_int_equal(gw_issues_count(issues), 0);

    line = "{\"at_s\": 1, \"device\": \"f\", \"clear\": true}";
    assert_int_equal(gw_scenario_action(sc, line, strlen(line), issues, &a), GW_E_PARSE);
    line = "{\"device\": \"f\"";
    assert_int_equal(gw_scenario_action(sc, line, strlen(line), issues, &a), GW_E_PARSE);
    line = "7";
    assert_int_equal(gw_scenario_action(sc, line, strlen(line), issues, &a), GW_E_PARSE);
    assert_true(gw_issues_count(issues) >= 3);
    gw_issues_free(issues);
    gw_scenario_free(sc);
}

/* A text with bytes changed, cut out or doubled is refused or read, and no more. */
static void test_damaged_texts(void **state)
{
    (void)state;
    const char *env = getenv("GW_TEST_SEED");
    uint64_t rand = env != NULL ? strtoull(env, NULL, 0) : (uint64_t)time(NULL);
    printf("GW_TEST_SEED=%llu\n", (unsigned long long)rand);
    static const char whole[] =
        "{" UNITS ", \"devices\": {\"g\": {\"kind\": \"map\", \"regs\": {\"1\": [1, 2]},"
        " \"bits\": {\"1\": [1]}, \"range\": [0, 9], \"noise\": {\"r1\": {\"gauss\": 1}}},"
        " \"f\": {\"kind\": \"mfe600h\", \"wave\": {\"flow\": {\"shape\": \"sine\", \"mean\": 1,"
        " \"amplitude\": 1, \"period_s\": 1}}}}, \"follow\": [{\"device\": \"g\", \"signal\": "
        "\"b1\","
        " \"any\": [\"f.flow >= 1\", \"f.total_now <= 2\"]}], \"timeline\": [{\"at_s\": 1,"
        " \"device\": \"f\", \"ramp\": {\"flow\": {\"to\": 1, \"over_s\": 1}}, \"fault\":"
        " \"delay\", \"ms\": 5, \"for_s\": 1}, {\"at_s\": 2, \"endpoint\": \"e\", \"fault\":"
        " \"refuse\"}]}";
    int read = 0;
    for (int i = 0; i < 3000; i++) {
        char text[sizeof whole];
        memcpy(text, whole, sizeof whole);
        size_t len = sizeof whole - 1;
        for (uint64_t n = gw_rand_below(&rand, 3) + 1; n > 0; n--) {
            size_t at = gw_rand_below(&rand, len);
            if (gw_rand_below(&rand, 3) == 0) {
                memmove(text + at, text + at + 1, len - at);
                len--;
            } else {
                text[at] = whole[gw_rand_below(&rand, sizeof whole - 1)];
            }
        }
        struct gw_issues *issues = gw_issues_new();
        struct gw_scenario *sc = NULL;
        enum gw_status status = gw_scenario_parse(text, len, "s.json", issues, &sc);
        assert_true(status == GW_OK || gw_issues_count(issues) > 0);
        read += status == GW_OK;
        gw_scenario_free(sc);
        gw_issues_free(issues);
    }
    assert_true(read > 0 && read < 3000);
}

static void test_files(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    char dir[200];
    char path[256];
    snprintf(dir, sizeof dir, "%s/plant.XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s.json", dir);

    struct gw_issues *issues = gw_issues_new();
    struct gw_scenario *sc = NULL;
    assert_int_not_equal(gw_scenario_load(path, issues, &sc), GW_OK);
    assert_int_equal(gw_issues_count(issues), 1);
    assert_non_null(strstr(gw_issues_text(issues, 0), "s.json"));
    gw_issues_free(issues);

    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("{" UNITS ", " DEVICES "}", f);
    assert_int_equal(fclose(f), 0);
    issues = gw_issues_new();
    assert_int_equal(gw_scenario_load(path, issues, &sc), GW_OK);
    assert_int_equal(sc->n_devices, 2);
    gw_scenario_free(sc);
    gw_issues_free(issues);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_scenario),
        cmocka_unit_test(test_each_mistake_is_one_issue),
        cmocka_unit_test(test_all_mistakes_at_once_with_their_lines),
        cmocka_unit_test(test_sizes_are_bounded),
        cmocka_unit_test(test_every_fault_can_be_written),
        cmocka_unit_test(test_header_names_everything),
        cmocka_unit_test(test_actions_from_the_control_input),
        cmocka_unit_test(test_damaged_texts),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
