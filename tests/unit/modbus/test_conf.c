/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/conf.h"

#include <math.h>
#include <string.h>

#include "modbus/driver.h"
#include "modbus/point.h"
#include "sitefile.h"
#include "util.h"

#define BUS    "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}"
#define DEVICE "\"d\": {\"bus\": \"b\"}"

static void defaults_are_those_of_the_documentation(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS, DEVICE, "\"d.x\": {\"address\": 7}", NULL);
    assert_true(sitefile_good(&f));
    const struct gw_mb_bus *bus = f.site->buses[0].priv;
    assert_string_equal(bus->host, "127.0.0.1");
    assert_int_equal(bus->port, 502);
    assert_int_equal(bus->timeout_ms, 1000);
    assert_int_equal(bus->connect_timeout_ms, 3000);
    const struct gw_mb_device *device = f.site->devices[0].priv;
    assert_int_equal(device->unit, 1);
    assert_int_equal(device->max_regs, 125);
    assert_int_equal(device->max_bits, 2000);
    assert_int_equal(device->max_gap_regs, 10);
    assert_int_equal(device->max_gap_bits, 64);
    const struct gw_point *point = &f.site->points[0];
    assert_string_equal(point->id, "d.x");
    assert_int_equal(point->def->vtype, GW_V_NUM);
    assert_int_equal(point->def->period_ms, 1000);
    assert_int_equal(point->def->stale_ms, 3000);
    assert_true(isinf(point->def->sane_lo) && isinf(point->def->sane_hi));
    const struct gw_mb_point *p = f.site->point_priv[0];
    const struct gw_mb_span span = gw_mb_point_span(p);
    assert_int_equal(span.fc, GW_MB_READ_HOLDING);
    assert_int_equal(span.address, 7);
    assert_int_equal(span.count, 1);
    assert_true(p->def->format.scale == 1.0 && p->def->format.offset == 0.0);
    sitefile_free(&f);
}

static void function_type_and_kind_follow_from_each_other(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        enum gw_mb_fc fc;
        enum gw_mb_type type;
        enum gw_vtype vtype;
        int decimals;
    } rows[] = {
        {"\"fc\": 1", GW_MB_READ_COILS, GW_MB_BIT, GW_V_BOOL, 0},
        {"\"fc\": 2", GW_MB_READ_DISCRETE, GW_MB_BIT, GW_V_BOOL, 0},
        {"\"type\": \"bit\"", GW_MB_READ_DISCRETE, GW_MB_BIT, GW_V_BOOL, 0},
        {"\"fc\": 4", GW_MB_READ_INPUT, GW_MB_U16, GW_V_NUM, 0},
        {"\"bit\": 3", GW_MB_READ_HOLDING, GW_MB_U16, GW_V_BOOL, 0},
        {"\"type\": \"f32\"", GW_MB_READ_HOLDING, GW_MB_F32, GW_V_NUM, 2},
        {"\"scale\": 0.1", GW_MB_READ_HOLDING, GW_MB_U16, GW_V_NUM, 1},
        {"\"scale\": 0.01", GW_MB_READ_HOLDING, GW_MB_U16, GW_V_NUM, 2},
        {"\"scale\": 0.00125", GW_MB_READ_HOLDING, GW_MB_U16, GW_V_NUM, 5},
        {"\"scale\": 10, \"offset\": 0.5", GW_MB_READ_HOLDING, GW_MB_U16, GW_V_NUM, 1},
        {"\"scale\": 0.1, \"decimals\": 3", GW_MB_READ_HOLDING, GW_MB_U16, GW_V_NUM, 3},
        {"\"as\": \"int\", \"type\": \"u64\"", GW_MB_READ_HOLDING, GW_MB_U64, GW_V_INT, 0},
        {"\"as\": \"bool\"", GW_MB_READ_HOLDING, GW_MB_U16, GW_V_BOOL, 0},
        {"\"states\": [{\"equals\": 10, \"is\": \"NORMAL\"}]", GW_MB_READ_HOLDING, GW_MB_U16,
         GW_V_STATE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char points[256];
        (void)snprintf(points, sizeof points, "\"d.x\": {\"address\": 7, %s}", rows[i].keys);
        struct sitefile f;
        sitefile_load(&f, BUS, DEVICE, points, NULL);
        assert_true(sitefile_good(&f));
        const struct gw_mb_point *p = f.site->point_priv[0];
        const struct gw_mb_span span = gw_mb_point_span(p);
        assert_int_equal(span.fc, rows[i].fc);
        assert_int_equal(p->def->format.type, rows[i].type);
        assert_int_equal(span.count, gw_mb_type_regs(rows[i].type));
        assert_int_equal(f.site->points[0].def->vtype, rows[i].vtype);
        assert_int_equal(f.site->points[0].def->decimals, rows[i].decimals);
        sitefile_free(&f);
    }
}

static void every_mistake_in_a_point_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        const char *issue;
    } rows[] = {
        {"\"fc\": 3", "\"address\" is missing"},
        {"\"address\": 70000", "must be 0 to 65535"},
        {"\"address\": 1.5", "must be a whole number"},
        {"\"address\": 1, \"fc\": 5", "must be 1 to 4"},
        {"\"address\": 1, \"adress\": 2", "unknown key; is \"address\" meant?"},
        {"\"address\": 1, \"type\": \"u17\"", "must be one of"},
        {"\"address\": 65535, \"type\": \"f32\"", "2 registers from 65535 on end behind 65535"},
        {"\"address\": 1, \"fc\": 2, \"type\": \"u16\"", "function 2 reads bits, not u16"},
        {"\"address\": 1, \"fc\": 3, \"type\": \"bit\"", "function 3 reads registers"},
        {"\"address\": 1, \"type\": \"i16\", \"bit\": 3", "only a u16 has bits"},
        {"\"address\": 1, \"type\": \"u32\", \"field\": {\"shift\": 0, \"bits\": 4}",
         "only a u16 has a field"},
        {"\"address\": 1, \"bit\": 3, \"field\": {\"shift\": 0, \"bits\": 4}",
         "give \"bit\" or \"field\", not both"},
        {"\"address\": 1, \"field\": {\"shift\": 10, \"bits\": 7}", "shift + bits"},
        {"\"address\": 1, \"field\": {\"shift\": 10}", "\"bits\" is missing"},
        {"\"address\": 1, \"bit\": 3, \"as\": \"num\"", "a bit is a bool, not num"},
        {"\"address\": 1, \"type\": \"f32\", \"as\": \"int\"", "f32 is a num, not int"},
        {"\"address\": 1, \"as\": \"state\"", "a state needs type u16 and \"states\""},
        {"\"address\": 1, \"bit\": 1, \"scale\": 2", "has no meaning for a point as bool"},
        {"\"address\": 1, \"bit\": 1, \"unit\": \"m\"", "has no meaning for a point as bool"},
        {"\"address\": 1, \"as\": \"int\", \"decimals\": 2", "has no meaning for a point as int"},
        {"\"address\": 1, \"invert\": true", "has no meaning for a point as num"},
        {"\"address\": 1, \"else\": \"NORMAL\"", "has no meaning for a point as num"},
        {"\"address\": 1, \"order\": \"CDAB\"", "has no meaning for u16"},
        {"\"address\": 1, \"scale\": 0", "must not be 0"},
        {"\"address\": 1, \"sane\": [3, 1]", "must be [lowest, highest]"},
        {"\"address\": 1, \"sane\": [3]", "must be [lowest, highest]"},
        {"\"address\": 1, \"sane\": [\"a\", 1]", "must be [lowest, highest]"},
        {"\"address\": 1, \"states\": []", "must have 1 to 24 rows, has 0"},
        {"\"address\": 1, \"states\": [{\"equals\": 1, \"is\": \"FINE\"}]", "\"FINE\" is no state"},
        {"\"address\": 1, \"states\": [{\"mask\": 1, \"equals\": 2, \"is\": \"LOW\"}]",
         "2 has bits that mask 1 takes away"},
        {"\"address\": 1, \"states\": [{\"equals\": 1, \"is\": \"LOW\"}], \"else\": \"BAD\"",
         "\"BAD\" is no state"},
        {"\"address\": 1, \"type\": \"i16\", \"bad_raw\": [40000]",
         "40000 can never be read as i16"},
        {"\"address\": 1, \"bad_raw\": [-1]", "-1 can never be read as u16"},
        {"\"address\": 1, \"type\": \"f32\", \"bad_raw\": [1]", "1 can never be read as f32"},
        {"\"address\": 1, \"bad_raw\": [1.5]", "must be a whole number"},
        {"\"address\": 1, \"bad_raw\": [1, 2, 3, 4, 5, 6, 7, 8, 9]", "at most 8 numbers"},
        {"\"address\": 1, \"state_from\": \"y\"", "\"d.y\" is no point of this device"},
        {"\"address\": 1, \"fault_if\": [\"y\"]", "\"d.y\" is no point of this device"},
        {"\"address\": 1, \"fault_if\": []", "must name 1 to 4 points"},
        {"\"address\": 1, \"fault_if\": [3]", "must be the name of a point"},
        {"\"address\": 1, \"state_from\": \"x\"", "must be a point as state, is num"},
        {"\"address\": 1, \"fault_if\": [\"x\"]", "must be a point as bool, is num"},
        {"\"address\": 1, \"period_ms\": 5", "must be 100 to 3600000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char points[256];
        (void)snprintf(points, sizeof points, "\"d.x\": {%s}", rows[i].keys);
        struct sitefile f;
        sitefile_load(&f, BUS, DEVICE, points, NULL);
        assert_null(f.site);
        assert_true(sitefile_has_issue(&f, rows[i].issue));
        assert_true(sitefile_has_issue(&f, "/points/d.x"));
        sitefile_free(&f);
    }
}

static void every_mistake_in_a_bus_or_device_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *bus, *device, *issue;
    } rows[] = {
        {"\"port\": 502", "", "\"host\" is missing"},
        {"\"host\": \"\"", "", "must not be empty"},
        {"\"host\": \"tcp://10.0.0.1\"", "", "must be a host name or an address alone"},
        {"\"host\": \"10.0.0.1:502\"", "", "must be a host name or an address alone"},
        {"\"host\": \"10.0.0.256\"", "", "\"10.0.0.256\" is no address"},
        {"\"host\": \"plc\", \"port\": 0", "", "must be 1 to 65535"},
        {"\"host\": \"plc\", \"timeout_ms\": 19", "", "must be 20 to 60000"},
        {"\"host\": \"plc\", \"timeout_ms\": 60001", "", "must be 20 to 60000"},
        {"\"host\": \"plc\", \"baud\": 9600", "", "unknown key"},
        {"\"host\": \"plc\"", ", \"unit\": 256", "must be 0 to 255"},
        {"\"host\": \"plc\"", ", \"max_regs\": 126", "must be 1 to 125"},
        {"\"host\": \"plc\"", ", \"max_regs\": 0", "must be 1 to 125"},
        {"\"host\": \"plc\"", ", \"max_bits\": 2001", "must be 1 to 2000"},
        {"\"host\": \"plc\"", ", \"units\": 1", "unknown key; is \"unit\" meant?"},
        {"\"host\": \"plc\"", ", \"profile\": \"ax100\", \"channels\": 193",
         "profile ax100 has at most 192 channels, not 193"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bus[256];
        char device[256];
        (void)snprintf(bus, sizeof bus, "\"b\": {\"driver\": \"modbus-tcp\", %s}", rows[i].bus);
        (void)snprintf(device, sizeof device, "\"d\": {\"bus\": \"b\"%s}", rows[i].device);
        struct sitefile f;
        sitefile_load(&f, bus, device, "", NULL);
        assert_null(f.site);
        assert_true(sitefile_has_issue(&f, rows[i].issue));
        sitefile_free(&f);
    }
}

static void host_names_and_addresses_are_taken(void **state)
{
    (void)state;
    static const char *const hosts[] = {"10.0.0.7", "::1", "fe80::1", "plc-3.plant.local", "plc_3"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char bus[256];
        (void)snprintf(bus, sizeof bus, "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"%s\"}",
                       hosts[i]);
        struct sitefile f;
        sitefile_load(&f, bus, "", "", NULL);
        assert_true(sitefile_good(&f));
        sitefile_free(&f);
    }
}

static void a_point_wider_than_a_request_is_an_issue(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\", \"max_regs\": 1}",
                  "\"d.x\": {\"address\": 1, \"type\": \"f32\"}", NULL);
    assert_null(f.site);
    assert_true(sitefile_has_issue(&f, "f32 needs 2 registers, but max_regs of this device is 1"));
    sitefile_free(&f);
}

static void points_that_belong_together_must_be_read_together(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS, DEVICE,
                  "\"d.bad\": {\"address\": 1, \"bit\": 0, \"period_ms\": 5000},"
                  "\"d.x\": {\"address\": 2, \"fault_if\": [\"bad\"]}",
                  NULL);
    assert_null(f.site);
    assert_true(sitefile_has_issue(&f, "is read every 5000 ms and this point every 1000 ms"));
    sitefile_free(&f);
}

static void another_device_cannot_be_referred_to(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\"}, \"e\": {\"bus\": \"b\"}",
                  "\"e.bad\": {\"address\": 1, \"bit\": 0},"
                  "\"d.x\": {\"address\": 2, \"fault_if\": [\"bad\"]}",
                  NULL);
    assert_null(f.site);
    assert_true(sitefile_has_issue(&f, "\"d.bad\" is no point of this device"));
    sitefile_free(&f);
}

static void print_is_read_back_as_the_same(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(
        &f,
        "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\", \"port\": 1502,"
        " \"timeout_ms\": 250}",
        "\"d\": {\"bus\": \"b\", \"unit\": 0, \"max_regs\": 8, \"fn17\": true,"
        " \"identity_s\": 60},"
        "\"gas\": {\"bus\": \"b\", \"profile\": \"ax100\", \"channels\": 2}",
        "\"d.st\": {\"address\": 1, \"states\": [{\"mask\": 7, \"equals\": 1, \"is\": \"LOW\"},"
        " {\"equals\": 0, \"is\": \"NORMAL\"}], \"else\": \"WARMUP\"},"
        "\"d.bad\": {\"address\": 2, \"bit\": 5, \"invert\": true},"
        "\"d.coil\": {\"fc\": 1, \"address\": 9},"
        "\"d.x\": {\"fc\": 4, \"address\": 3, \"type\": \"i32\", \"order\": \"DCBA\","
        " \"scale\": 0.001, \"offset\": -2.5, \"unit\": \"°C\", \"sane\": [-50, 320.5],"
        " \"bad_raw\": [-2147483648, 7], \"state_from\": \"st\", \"fault_if\": [\"bad\"]},"
        "\"d.f\": {\"address\": 5, \"field\": {\"shift\": 4, \"bits\": 3}, \"period_ms\": 5000},"
        "\"d.c\": {\"address\": 10, \"type\": \"bcd32\", \"order\": \"CDAB\", \"counter\": "
        "1000000},"
        "\"d.n\": {\"address\": 6, \"type\": \"u64\", \"as\": \"int\"}",
        NULL);
    assert_true(sitefile_good(&f));
    struct gw_buf first;
    gw_buf_init(&first, 1 << 20);
    gw_site_print(f.site, &first);
    assert_false(first.failed);

    struct sitefile again;
    sitefile_load_text(&again, first.data);
    assert_true(sitefile_good(&again));
    struct gw_buf second;
    gw_buf_init(&second, 1 << 20);
    gw_site_print(again.site, &second);
    assert_string_equal(first.data, second.data);
    assert_int_equal(f.site->npoints, again.site->npoints);
    for (size_t i = 0; i < f.site->npoints; i++) {
        const struct gw_mb_point *one = f.site->point_priv[i];
        const struct gw_mb_point *two = again.site->point_priv[i];
        const struct gw_mb_point_def *a = one->def;
        const struct gw_mb_point_def *b = two->def;
        assert_int_equal(one->address, two->address);
        assert_int_equal(a->keys.fc, b->keys.fc);
        assert_int_equal(a->format.type, b->format.type);
        assert_int_equal(a->format.vtype, b->format.vtype);
        assert_int_equal(a->format.nstates, b->format.nstates);
        assert_int_equal(a->format.nbad, b->format.nbad);
        assert_memory_equal(a->format.bad_raw, b->format.bad_raw, sizeof a->format.bad_raw);
        assert_true(a->format.scale == b->format.scale && a->format.offset == b->format.offset);
        assert_string_equal(a->keys.state_from, b->keys.state_from);
        assert_int_equal(a->nfault_if, b->nfault_if);
        assert_string_equal(a->fault_if[0], b->fault_if[0]);
        assert_true(f.site->points[i].def->sane_lo == again.site->points[i].def->sane_lo);
        assert_int_equal(f.site->points[i].def->modulus, again.site->points[i].def->modulus);
        assert_int_equal(f.site->points[i].def->period_ms, again.site->points[i].def->period_ms);
        assert_int_equal(f.site->points[i].def->decimals, again.site->points[i].def->decimals);
    }
    gw_buf_free(&first);
    gw_buf_free(&second);
    sitefile_free(&f);
    sitefile_free(&again);
}

static void every_key_is_documented(void **state)
{
    (void)state;
    const struct gw_key *const tables[] = {gw_mb_bus_keys,   gw_mb_device_keys,
                                           gw_mb_point_keys, gw_mb_profile_point_keys,
                                           gw_mb_field_keys, gw_mb_state_keys};
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        for (const struct gw_key *k = tables[t]; k->type != GW_KEY_END; k++) {
            assert_non_null(k->doc);
            assert_true(k->doc[strlen(k->doc) - 1] == '.');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_documentation),
        cmocka_unit_test(function_type_and_kind_follow_from_each_other),
        cmocka_unit_test(every_mistake_in_a_point_is_told),
        cmocka_unit_test(every_mistake_in_a_bus_or_device_is_told),
        cmocka_unit_test(host_names_and_addresses_are_taken),
        cmocka_unit_test(a_point_wider_than_a_request_is_an_issue),
        cmocka_unit_test(points_that_belong_together_must_be_read_together),
        cmocka_unit_test(another_device_cannot_be_referred_to),
        cmocka_unit_test(print_is_read_back_as_the_same),
        cmocka_unit_test(every_key_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
