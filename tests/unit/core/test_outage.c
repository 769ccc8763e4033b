/* SPDX-License-Identifier: Apache-2.0 */
#include "core/outage.h"

#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"

/* Bus 0 has the devices 0..2 and a fourth without points, bus 1 has device 4. */
enum { ON_LINE = 3, MUTE = 3, ALONE = 4, NDEVICES = 5 };

static const uint32_t bus_of[NDEVICES] = {0, 0, 0, 0, 1};

struct rig {
    struct gw_point points[4];
    struct gw_table *table;
    struct gw_outage *outage;
    int64_t now;
    char told[400]; /* "D0 d1 B0 ": capital is down */
};

static int setup(void **state)
{
    static struct rig r;
    static const struct gw_point_def def = {.vtype = GW_V_NUM, .period_ms = 1000, .stale_ms = 5000};
    static const uint32_t device_of[] = {0, 1, 2, ALONE};
    static const char *const ids[] = {"d0.x", "d1.x", "d2.x", "d4.x"};
    memset(&r, 0, sizeof r);
    for (size_t i = 0; i < 4; i++)
        r.points[i] = (struct gw_point){.id = ids[i], .def = &def, .device = device_of[i]};
    const struct gw_table_conf conf = {.points = r.points,
                                       .npoints = 4,
                                       .bus_of = bus_of,
                                       .ndevices = NDEVICES,
                                       .window_ms = 10000};
    assert_int_equal(gw_table_new(&conf, &r.table, NULL), GW_OK);
    assert_int_equal(gw_outage_new(r.table, &r.outage, NULL), GW_OK);
    r.now = 1000;
    *state = &r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    gw_outage_free(r->outage);
    gw_table_free(r->table);
    return 0;
}

static void tell(void *arg, enum gw_outage_kind kind, uint32_t index)
{
    static const char letters[] = "DdBb";
    struct rig *r = arg;
    const size_t n = strlen(r->told);
    (void)snprintf(r->told + n, sizeof r->told - n, "%c%u ", letters[kind], (unsigned)index);
}

static void pass(struct rig *r, uint32_t device, enum gw_link link)
{
    r->now += 10;
    const struct gw_batch b = {
        .device = device, .link = (uint8_t)link, .last = 1, .mono_ms = r->now, .fault = "silent"};
    (void)gw_table_apply(r->table, &b);
    gw_outage_look(r->outage, r->now, tell, r);
}

static void told(struct rig *r, const char *what)
{
    assert_string_equal(r->told, what);
    r->told[0] = '\0';
}

static void all_answer(struct rig *r)
{
    for (uint32_t d = 0; d < ON_LINE; d++)
        pass(r, d, GW_LINK_OK);
    pass(r, ALONE, GW_LINK_OK);
    told(r, "d0 d1 d2 d4 ");
}

static void one_silence_is_told_once(void **state)
{
    struct rig *r = *state;
    all_answer(r);
    pass(r, 1, GW_LINK_SUSPECT);
    told(r, "");
    pass(r, 1, GW_LINK_DOWN);
    told(r, "D1 ");
    pass(r, 1, GW_LINK_DOWN);
    pass(r, 0, GW_LINK_OK);
    told(r, "");
    pass(r, 1, GW_LINK_OK);
    told(r, "d1 ");
    /* A hiccup is not worth telling. */
    pass(r, 2, GW_LINK_SUSPECT);
    pass(r, 2, GW_LINK_OK);
    told(r, "");
    assert_int_equal(gw_table_bus(r->table, 0)->link, GW_LINK_OK);
}

static void a_bus_is_told_instead_of_its_devices(void **state)
{
    struct rig *r = *state;
    all_answer(r);
    for (uint32_t d = 0; d < ON_LINE; d++)
        pass(r, d, GW_LINK_SUSPECT);
    assert_int_equal(gw_table_bus(r->table, 0)->link, GW_LINK_SUSPECT);
    for (uint32_t d = 0; d < ON_LINE; d++)
        pass(r, d, GW_LINK_DOWN);
    assert_int_equal(gw_table_bus(r->table, 0)->link, GW_LINK_DOWN);
    told(r, "B0 ");
    struct gw_site_bus buses[2] = {{.id = "line"}, {.id = "net"}};
    struct gw_site_device devices[NDEVICES] = {{.id = "a"}};
    const struct gw_site site = {
        .buses = buses, .nbuses = 2, .devices = devices, .ndevices = NDEVICES};
    struct gw_outage_words words;
    struct gw_event ev = gw_outage_event(r->outage, &site, GW_OUTAGE_BUS_DOWN, 0, &words);
    assert_string_equal(ev.kind, "bus_down");
    assert_string_equal(ev.subject, "line");
    assert_string_equal(ev.text_en, "none of its 3 devices answers: silent");
    ev = gw_outage_event(r->outage, &site, GW_OUTAGE_DEVICE_DOWN, 0, &words);
    assert_string_equal(ev.kind, "device_down");
    assert_string_equal(ev.subject, "a");
    /* It is back; so is one more; the last one is told when it stays silent. */
    pass(r, 1, GW_LINK_OK);
    told(r, "b0 ");
    pass(r, 0, GW_LINK_OK);
    told(r, "");
    pass(r, 2, GW_LINK_DOWN);
    told(r, "D2 ");
    pass(r, 2, GW_LINK_OK);
    told(r, "d2 ");
}

static void a_silence_does_not_wait_for_its_bus_for_ever(void **state)
{
    struct rig *r = *state;
    all_answer(r);
    for (uint32_t d = 0; d < ON_LINE; d++)
        pass(r, d, GW_LINK_SUSPECT);
    pass(r, 0, GW_LINK_DOWN);
    told(r, "");
    r->now += GW_OUTAGE_WAIT_MS - 20;
    gw_outage_look(r->outage, r->now, tell, r);
    told(r, "");
    r->now += 20;
    gw_outage_look(r->outage, r->now, tell, r);
    told(r, "D0 ");
    /* One of them answers: the other was told already, and the bus never was. */
    pass(r, 1, GW_LINK_OK);
    pass(r, 2, GW_LINK_OK);
    told(r, "");
    pass(r, 0, GW_LINK_OK);
    told(r, "d0 ");
}

static void a_device_alone_on_its_bus_is_told_as_a_device(void **state)
{
    struct rig *r = *state;
    pass(r, ALONE, GW_LINK_SUSPECT);
    pass(r, ALONE, GW_LINK_DOWN);
    told(r, "D4 ");
    assert_int_equal(gw_table_bus(r->table, 1)->link, GW_LINK_DOWN);
    assert_int_equal(gw_table_bus(r->table, 0)->link, GW_LINK_UNKNOWN);
    pass(r, ALONE, GW_LINK_OK);
    told(r, "d4 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_silence_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bus_is_told_instead_of_its_devices, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silence_does_not_wait_for_its_bus_for_ever, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_device_alone_on_its_bus_is_told_as_a_device, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
