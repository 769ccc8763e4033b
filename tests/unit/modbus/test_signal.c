/* SPDX-License-Identifier: Apache-2.0
 *
 * What currents mean, by the shipped profiles of 4-20 mA instruments, behind modules that show them
 * in full or stop at 4 mA.
 */
#include "modbus/signal.h"

#include <math.h>
#include <string.h>

#include "modbus/point.h"
#include "sitefile.h"
#include "util.h"

#define BUS "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}"

/* The number that a module with +-20 mA shows. Beyond the range its own stop is seen. */
static uint16_t wide(double ma)
{
    return ma >= 20 ? 65535 : (uint16_t)lround((ma + 20) / 40 * 65535);
}

static struct gw_sample decode(const struct sitefile *f, const char *id, uint16_t raw)
{
    const struct gw_mb_point *p = f->site->point_priv[sitefile_point(f, id)];
    struct gw_sample s = {0};
    gw_mb_decode(&p->def->format, &raw, &s);
    return s;
}

static void open_input(struct sitefile *f, const char *device, const char *signal)
{
    char points[400];
    (void)snprintf(points, sizeof points,
                   "\"d.v\": {\"from\": \"i1\", \"signal\": \"%s\", \"range\": [0, 100]},"
                   "\"d.s\": {\"from\": \"i1\", \"as\": \"state\", \"signal\": \"%s\"}",
                   signal, signal);
    sitefile_load(f, BUS, device, points, NULL);
    assert_true(sitefile_good(f));
}

/* A module that shows microamperes, so that currents above 20 mA are seen, too. */
static void open_micro(struct sitefile *f, const char *signal)
{
    char points[500];
    (void)snprintf(points, sizeof points,
                   "\"d.i1\": {\"address\": 0, \"scale\": 0.001, \"unit\": \"mA\"},"
                   "\"d.v\": {\"from\": \"i1\", \"signal\": \"%s\", \"range\": [0, 100],"
                   " \"sane\": [-10, 120]},"
                   "\"d.s\": {\"from\": \"i1\", \"as\": \"state\", \"signal\": \"%s\"}",
                   signal, signal);
    sitefile_load(f, BUS, "\"d\": {\"bus\": \"b\"}", points, NULL);
    assert_true(sitefile_good(f));
}

static void each_make_says_it_by_other_currents(void **state)
{
    (void)state;
    static const struct {
        const char *signal;
        double ma;
        enum gw_state state;
        enum gw_quality quality;
    } rows[] = {
        {"ne43", 0, GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {"ne43", 2.0, GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {"ne43", 3.55, GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {"ne43", 3.6, GW_S_UNKNOWN, GW_Q_UNCERTAIN},
        {"ne43", 3.7, GW_S_UNKNOWN, GW_Q_UNCERTAIN},
        {"ne43", 3.8, GW_S_NORMAL, GW_Q_GOOD},
        {"ne43", 12, GW_S_NORMAL, GW_Q_GOOD},
        {"ne43", 20.3, GW_S_NORMAL, GW_Q_GOOD},
        {"ne43", 20.5, GW_S_UNKNOWN, GW_Q_UNCERTAIN},
        {"ne43", 20.7, GW_S_UNKNOWN, GW_Q_UNCERTAIN},
        {"ne43", 22, GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {"honeywell-xcd", 0, GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {"honeywell-xcd", 1, GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {"honeywell-xcd", 2, GW_S_INHIBIT, GW_Q_INHIBIT},
        {"honeywell-xcd", 3.5, GW_S_UNKNOWN, GW_Q_UNCERTAIN},
        {"honeywell-xcd", 3.9, GW_S_NORMAL, GW_Q_GOOD},
        {"honeywell-xcd", 20.3, GW_S_NORMAL, GW_Q_GOOD},
        {"honeywell-xcd", 22, GW_S_OVER_RANGE, GW_Q_GOOD},
        {"honeywell-xcd", 24, GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {"msa-ultima-x", 3, GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {"msa-ultima-x", 3.75, GW_S_INHIBIT, GW_Q_INHIBIT},
        {"msa-ultima-x", 4, GW_S_NORMAL, GW_Q_GOOD},
        {"msa-ultima-x", 21, GW_S_OVER_RANGE, GW_Q_GOOD},
        {"oldham-ctx300", 1, GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {"oldham-ctx300", 2, GW_S_INHIBIT, GW_Q_INHIBIT},
        {"oldham-ctx300", 4, GW_S_NORMAL, GW_Q_GOOD},
        {"oldham-ctx300", 20.1, GW_S_OVER_RANGE, GW_Q_GOOD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sitefile f;
        open_micro(&f, rows[i].signal);
        const uint16_t raw = (uint16_t)lround(rows[i].ma * 1000);
        const struct gw_sample v = decode(&f, "d.v", raw);
        const struct gw_sample s = decode(&f, "d.s", raw);
        if (v.quality != rows[i].quality || s.value.i != rows[i].state)
            fail_msg("%s at %g mA: %s, %s", rows[i].signal, rows[i].ma,
                     gw_quality_name((enum gw_quality)v.quality),
                     gw_state_name((enum gw_state)s.value.i));
        assert_int_equal(s.quality, rows[i].state == GW_S_UNKNOWN ? GW_Q_UNCERTAIN : GW_Q_GOOD);
        assert_true(v.valued && s.valued);
        assert_true(fabs(v.value.num - (rows[i].ma - 4) / 16 * 100) < 1e-9);
        sitefile_free(&f);
    }
}

static void a_wide_module_keeps_a_broken_wire_apart(void **state)
{
    (void)state;
    struct sitefile f;
    open_input(&f, "\"d\": {\"bus\": \"b\", \"profile\": \"adam-4117\"}", "honeywell-xcd");
    assert_int_equal(decode(&f, "d.v", wide(0)).quality, GW_Q_BAD_FAULT);
    assert_int_equal(decode(&f, "d.v", wide(2)).quality, GW_Q_INHIBIT);
    assert_int_equal(decode(&f, "d.s", wide(2)).value.i, GW_S_INHIBIT);
    assert_int_equal(decode(&f, "d.v", wide(4)).quality, GW_Q_GOOD);
    assert_true(fabs(decode(&f, "d.v", wide(12)).value.num - 50) < 0.01);
    /* Full scale or more: an alarm must not be lost. */
    assert_int_equal(decode(&f, "d.v", 65535).quality, GW_Q_GOOD);
    assert_true(fabs(decode(&f, "d.v", 65535).value.num - 100) < 0.01);
    assert_true(fabs(decode(&f, "d.i1", wide(8)).value.num - 8) < 0.001);
    sitefile_free(&f);
}

static void where_the_module_stops_nothing_is_sure(void **state)
{
    (void)state;
    struct sitefile f;
    open_input(&f, "\"d\": {\"bus\": \"b\", \"profile\": \"adam-4117-4to20\"}", "ne43");
    assert_int_equal(decode(&f, "d.v", 0).quality, GW_Q_UNCERTAIN);
    assert_int_equal(decode(&f, "d.s", 0).value.i, GW_S_UNKNOWN);
    assert_int_equal(decode(&f, "d.v", 1).quality, GW_Q_GOOD);
    assert_int_equal(decode(&f, "d.s", 1).value.i, GW_S_NORMAL);
    assert_true(fabs(decode(&f, "d.v", 32768).value.num - 50) < 0.01);
    sitefile_free(&f);
}

static void floats_and_inline_bands(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(
        &f, BUS, "\"d\": {\"bus\": \"b\", \"profile\": \"tuf-2000\"}",
        "\"d.p\": {\"from\": \"ai3\", \"range\": [0, 1.6], \"unit\": \"MPa\", \"bands\": ["
        "{\"lo\": 3.8, \"hi\": 20.5, \"is\": \"GOOD\"}, {\"hi\": 1, \"is\": \"BAD_FAULT\"}]},"
        "\"d.ps\": {\"from\": \"ai3\", \"as\": \"state\", \"bands\": ["
        "{\"lo\": 3.8, \"is\": \"NORMAL\"}]}",
        NULL);
    assert_true(sitefile_good(&f));
    static const struct {
        uint16_t regs[2]; /* low word first */
        enum gw_quality quality;
        enum gw_state state;
    } rows[] = {
        {{0, 0x4140}, GW_Q_GOOD, GW_S_NORMAL},       /* 12 */
        {{0, 0x4000}, GW_Q_UNCERTAIN, GW_S_UNKNOWN}, /* 2: no band has it */
        {{0, 0}, GW_Q_BAD_FAULT, GW_S_UNKNOWN},
        {{0, 0x7FC0}, GW_Q_BAD_RANGE, GW_S_UNKNOWN}, /* no number */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_sample s = {0};
        const struct gw_mb_point *p = f.site->point_priv[sitefile_point(&f, "d.p")];
        gw_mb_decode(&p->def->format, rows[i].regs, &s);
        if (i == 3)
            assert_false(s.valued);
        else
            assert_int_equal(s.quality, rows[i].quality);
        p = f.site->point_priv[sitefile_point(&f, "d.ps")];
        gw_mb_decode(&p->def->format, rows[i].regs, &s);
        assert_int_equal(s.value.i, rows[i].state);
    }
    sitefile_free(&f);
}

static void a_point_takes_over_where_another_one_is_read(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS,
                  "\"d\": {\"bus\": \"b\", \"profile\": \"adam-4117-4to20\"},"
                  "\"e\": {\"bus\": \"b\", \"unit\": 2, \"profile\": \"adam-4051\"}",
                  "\"d.ma\": {\"from\": \"i3\"},"
                  "\"d.raw\": {\"from\": \"i3\", \"as\": \"int\"},"
                  "\"d.top\": {\"from\": \"i3\", \"bit\": 15},"
                  "\"d.is\": {\"from\": \"i3\", \"states\": [{\"equals\": 0, \"is\": \"NORMAL\"}]},"
                  "\"d.half\": {\"from\": \"i3\", \"scale\": 0.5, \"offset\": 1},"
                  "\"e.tripped\": {\"from\": \"di3\", \"invert\": true}",
                  NULL);
    assert_true(sitefile_good(&f));
    assert_true(fabs(decode(&f, "d.ma", 32768).value.num - 12) < 0.001);
    assert_int_equal(decode(&f, "d.ma", 0).quality, GW_Q_UNCERTAIN);
    assert_int_equal(decode(&f, "d.raw", 32768).value.i, 32768);
    assert_int_equal(decode(&f, "d.top", 32768).value.i, 1);
    assert_int_equal(decode(&f, "d.is", 0).value.i, GW_S_NORMAL);
    assert_true(decode(&f, "d.half", 8).value.num == 5);
    assert_int_equal(decode(&f, "e.tripped", 0).value.i, 1);
    const struct gw_mb_point *p = f.site->point_priv[sitefile_point(&f, "e.tripped")];
    assert_int_equal(p->def->keys.fc, GW_MB_READ_COILS);
    assert_int_equal(p->address, 2);
    sitefile_free(&f);
}

/* What was read is what is printed, and is read again as the same. */
static void what_is_printed_is_read_as_the_same(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\", \"search_s\": 60}",
                  "\"d.i\": {\"address\": 7, \"type\": \"i16\", \"scale\": 0.001, \"bands\": ["
                  "{\"hi\": 3.6, \"is\": \"BAD_FAULT\"}, {\"lo\": 3.6, \"is\": \"OVER_RANGE\"}],"
                  "\"range\": [-5, 5], \"clamped_raw\": [0], \"valid_if\": [\"u\"],"
                  "\"decimals_from\": \"p\"},"
                  "\"d.u\": {\"address\": 8, \"expect\": -1, \"codes\": {\"-1\": \"kPa\"}},"
                  "\"d.p\": {\"address\": 9, \"as\": \"int\"},"
                  "\"d.j\": {\"from\": \"i\", \"signal\": \"ne43\"}",
                  NULL);
    /* A point may name only what stands before it. */
    assert_null(f.site);
    assert_true(sitefile_has_issue(&f, "\"d.u\" is no point of this device declared so far"));
    sitefile_free(&f);

    sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\", \"search_s\": 60}",
                  "\"d.u\": {\"address\": 8, \"expect\": -1, \"codes\": {\"-1\": \"kPa\"}},"
                  "\"d.p\": {\"address\": 9, \"as\": \"int\"},"
                  "\"d.i\": {\"address\": 7, \"type\": \"i16\", \"scale\": 0.001, \"bands\": ["
                  "{\"hi\": 3.6, \"is\": \"BAD_FAULT\"}, {\"lo\": 3.6, \"is\": \"OVER_RANGE\"}],"
                  "\"range\": [-5, 5], \"clamped_raw\": [0], \"valid_if\": [\"u\"],"
                  "\"decimals_from\": \"p\"},"
                  "\"d.j\": {\"from\": \"i\", \"signal\": \"ne43\"}",
                  NULL);
    assert_true(sitefile_good(&f));
    struct gw_buf once;
    struct gw_buf twice;
    gw_buf_init(&once, 100000);
    gw_buf_init(&twice, 100000);
    gw_site_print(f.site, &once);
    struct sitefile g;
    sitefile_load_text(&g, once.data);
    assert_true(sitefile_good(&g));
    gw_site_print(g.site, &twice);
    assert_string_equal(once.data, twice.data);
    static const char *const parts[] = {
        ("\"bands\": [{\"hi\": 3.6, \"is\": \"SENSOR_FAULT\"},"
         " {\"lo\": 3.6, \"is\": \"OVER_RANGE\"}]"),
        "\"range\": [-5, 5]",
        "\"clamped_raw\": [0]",
        "\"valid_if\": [\"u\"]",
        "\"codes\": {\"-1\": \"kPa\"}",
        "\"expect\": -1",
        "\"search_s\": 60",
        "\"signal\": \"ne43\"",
        "\"decimals_from\": \"p\"",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(once.data, parts[i]) == NULL)
            fail_msg("%s is missing in:\n%s", parts[i], once.data);
    gw_buf_free(&once);
    gw_buf_free(&twice);
    sitefile_free(&f);
    sitefile_free(&g);
}

static void every_mistake_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *point, *issue;
    } rows[] = {
        {"\"address\": 1, \"range\": [0, 100]", "a broken wire would be a value"},
        {"\"address\": 1, \"signal\": \"ne43\", \"range\": [5]", "[value at 4 mA, value at 20 mA]"},
        {"\"address\": 1, \"signal\": \"ne43\", \"range\": [5, 5]", "value at 20 mA]"},
        {"\"address\": 1, \"signal\": \"nobody\"", "nobody.json"},
        {"\"address\": 1, \"signal\": \"ax100\"", "is the profile of a Modbus device"},
        {"\"address\": 1, \"signal\": \"ne43\", \"bands\": [{\"is\": \"GOOD\"}]", "not both"},
        {"\"address\": 1, \"bands\": []", "must have 1 to 12 bands, has 0"},
        {"\"address\": 1, \"bands\": [{\"lo\": 3, \"hi\": 2, \"is\": \"GOOD\"}]",
         "\"lo\" (3) must be less than \"hi\" (2)"},
        {"\"address\": 1, \"bands\": [{\"is\": \"FINE\"}]", "\"FINE\" is no state"},
        {"\"address\": 1, \"bands\": [{\"is\": \"BAD_COMM\"}]", "\"BAD_COMM\" is no state"},
        {"\"address\": 1, \"bands\": [{\"lo\": 3}]", "\"is\" is missing"},
        {"\"address\": 1, \"as\": \"int\", \"signal\": \"ne43\"",
         "has no meaning for a point as int"},
        {"\"address\": 1, \"signal\": \"ne43\", \"states\": [{\"equals\": 0, \"is\": \"LOW\"}]",
         "has no meaning beside"},
        {"\"address\": 1, \"as\": \"state\"", "\"states\", or \"signal\" or \"bands\""},
        {"\"address\": 1, \"clamped_raw\": [70000]", "can never be read as u16"},
        {"\"address\": 1, \"as\": \"bool\", \"clamped_raw\": [0]", "has no meaning for"},
        {"\"signal\": \"ne43\"", "\"address\" is missing"},
        {"\"from\": \"other\"", "\"other\" is no point of this device declared so far"},
        {"\"address\": 1, \"as\": \"num\", \"expect\": 1", "has no meaning for a point as num"},
        {"\"address\": 1, \"codes\": {\"x\": \"kPa\"}", "the key must be a whole number"},
        {"\"address\": 1, \"codes\": {\"1\": 3}", "must be a text of 1 to 11 bytes"},
        {"\"address\": 1, \"valid_if\": [\"plain\"]", "\"d.plain\" has no \"expect\""},
        {"\"address\": 1, \"valid_if\": [\"value\"]", "must be a point as int, is num"},
        {"\"address\": 1, \"decimals_from\": \"value\"", "must be a point as int, is num"},
        {"\"address\": 1, \"decimals_from\": \"slow\"", "give both the same period_ms"},
        {"\"address\": 1, \"type\": \"bcd\", \"bad_raw\": [10000]", "can never be read as bcd"},
        {"\"address\": 1, \"type\": \"mk102\", \"as\": \"int\"", "mk102 is a num, not int"},
        {"\"address\": 1, \"as\": \"num\", \"counter\": 100", "has no meaning for a point as num"},
        {"\"address\": 1, \"counter\": 65537", "u16 never counts to 65536"},
        {"\"address\": 1, \"type\": \"bcd\", \"counter\": 65536", "bcd never counts to 65535"},
        {"\"address\": 1, \"type\": \"f32\", \"counter\": 100", "f32 is a num, not int"},
        {"\"address\": 1, \"counter\": 1", "must be 2 to"},
        {"\"address\": 1, \"counter\": 100, \"restart_if_less\": true",
         "has no meaning for a counter that starts again at 0 by itself"},
        {"\"address\": 1, \"restart_if_less\": true", "has no meaning for a point as num"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char points[600];
        (void)snprintf(points, sizeof points,
                       "\"d.plain\": {\"address\": 0, \"as\": \"int\"},"
                       "\"d.value\": {\"address\": 0},"
                       "\"d.slow\": {\"address\": 0, \"as\": \"int\", \"period_ms\": 60000},"
                       "\"d.x\": {%s}",
                       rows[i].point);
        struct sitefile f;
        sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\"}", points, NULL);
        if (f.site != NULL)
            fail_msg("no issue: %s", rows[i].point);
        assert_true(sitefile_has_issue(&f, rows[i].issue));
        assert_true(sitefile_has_issue(&f, "site.json"));
        sitefile_free(&f);
    }
}

#define HEAD                                                                                       \
    "{\"profile\": \"test\", \"title\": {\"zh\": \"z\", \"en\": \"e\"}, \"source\": \"s\","        \
    "\"confirmed\": \"memory\", "

static void a_profile_is_of_a_device_or_of_a_signal(void **state)
{
    (void)state;
    static const struct {
        const char *profile, *issue;
    } rows[] = {
        {HEAD "\"bands\": [{\"is\": \"GOOD\"}]}", "is the profile of a 4-20 mA instrument"},
        {HEAD "\"bands\": [{\"is\": \"GOOD\"}], \"points\": []}", "not both"},
        {HEAD "\"bands\": [{\"is\": \"GOOD\"}], \"device\": {}}",
         "has no meaning beside \"bands\""},
        {HEAD "\"bands\": [{\"is\": \"SO\"}]}", "\"SO\" is no state"},
        {HEAD "\"points\": [{\"name\": \"x\", \"address\": 1, \"count_from\": \"y\"}]}",
         "has no meaning for a point as num"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sitefile f;
        sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\", \"profile\": \"test\"}", "",
                      rows[i].profile);
        assert_null(f.site);
        assert_true(sitefile_has_issue(&f, rows[i].issue));
        sitefile_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_make_says_it_by_other_currents),
        cmocka_unit_test(a_wide_module_keeps_a_broken_wire_apart),
        cmocka_unit_test(where_the_module_stops_nothing_is_sure),
        cmocka_unit_test(floats_and_inline_bands),
        cmocka_unit_test(a_point_takes_over_where_another_one_is_read),
        cmocka_unit_test(what_is_printed_is_read_as_the_same),
        cmocka_unit_test(every_mistake_is_told),
        cmocka_unit_test(a_profile_is_of_a_device_or_of_a_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
