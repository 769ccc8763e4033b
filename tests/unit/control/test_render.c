/* SPDX-License-Identifier: Apache-2.0 */
#include "control/render.h"

#include <string.h>

#include "base/jcs.h"
#include "site.h"
#include "support/cmocka_all.h"

#define NOW INT64_C(1000000)

struct rig {
    struct small_site site;
    struct gw_board *board;
    struct gw_snapshot *snapshot;
    struct gw_render r;
    struct gw_buf out;
};

static int setup(void **state)
{
    static struct rig rig;
    small_site_init(&rig.site, NULL);
    assert_int_equal(gw_board_new(&(struct gw_board_size){3, 2, 1}, &rig.board, NULL), GW_OK);
    rig.snapshot = gw_board_begin(rig.board, GW_PART_POINTS | GW_PART_STANDING | GW_PART_EVENTS |
                                                 GW_PART_GOVERN);
    small_site_fill(rig.snapshot, NOW);
    rig.r = (struct gw_render){.site = &rig.site.site,
                               .boot = "b",
                               .start = {.mono_ms = NOW - 60000, .wall_ms = 1795305540123},
                               .snapshot = rig.snapshot,
                               .device = GW_RENDER_ALL};
    gw_buf_init(&rig.out, 1 << 20);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    gw_buf_free(&rig->out);
    gw_board_free(rig->board);
    return 0;
}

static void has(const struct rig *rig, const char *text)
{
    if (!strstr(rig->out.data, text))
        fail_msg("no %s in %s", text, rig->out.data);
}

static void has_not(const struct rig *rig, const char *text)
{
    if (strstr(rig->out.data, text))
        fail_msg("%s in %s", text, rig->out.data);
}

static void write(struct rig *rig, void (*render)(const struct gw_render *, struct gw_buf *))
{
    gw_buf_clear(&rig->out);
    render(&rig->r, &rig->out);
    assert_false(rig->out.failed);
    assert_true(gw_jcs_valid(rig->out.data, rig->out.len));
}

static void points_tell_value_quality_and_age(void **state)
{
    struct rig *rig = *state;
    write(rig, gw_render_points);
    has(rig,
        "{\"age_ms\":40,\"device\":\"gas\",\"id\":\"gas.p1\",\"link\":\"ok\",\"quality\":\"GOOD\","
        "\"raw\":[125],\"t\":1795305600083,\"type\":\"num\",\"unit\":\"%LEL\",\"value\":\"12.5\"}");
    has(rig, "\"value\":\"LOW\"");
    has(rig,
        "{\"device\":\"di\",\"id\":\"di.run\",\"link\":\"down\",\"quality\":\"NOT_YET\",\"raw\":[],"
        "\"type\":\"bool\",\"unit\":\"\"}");
    rig->r.device = 1;
    write(rig, gw_render_points);
    has(rig, "di.run");
    has_not(rig, "gas.p1");
}

static void devices_tell_their_link(void **state)
{
    struct rig *rig = *state;
    write(rig, gw_render_devices);
    has(rig, "\"id\":\"gas\",\"identity\":\"\",\"link\":\"ok\",\"location\":\"调漆间外墙\"");
    has(rig, "\"polls\":{\"failed\":1,\"read\":9,\"scheduled\":10,\"skipped\":0}");
    has(rig, "\"since_ms\":5000");
    has(rig, "\"fault\":\"no \\\"answer\\\"\",\"id\":\"di\",\"identity\":\"DI-8 sn "
             "7\",\"link\":\"down\"");
}

static void buses_tell_what_became_of_their_requests(void **state)
{
    struct rig *rig = *state;
    struct gw_bus_stats *a = &rig->snapshot->devices[0].stats;
    struct gw_bus_stats *b = &rig->snapshot->devices[1].stats;
    gw_bus_stats_answer(a, 7, 0);
    gw_bus_stats_answer(b, 30, 11);
    gw_bus_stats_failure(b, GW_E_TIMEOUT);
    b->hold_ms = 4000;
    b->tries = 3;
    a->opens = b->opens = 2;
    rig->snapshot->buses[0] = (struct gw_bus_life){.link = GW_LINK_OK, .since_ms = NOW - 2000};
    write(rig, gw_render_buses);
    has(rig, "{\"buses\":[{\"comm\":{\"exceptions\":{\"11\":1},\"frame_errors\":0,\"lost\":0,"
             "\"opens\":2,\"refused\":0,\"splits\":0,\"time_sum_ms\":37,\"timeouts\":1,"
             "\"times\":[0,1,0,1,0,0,0,0,0]},\"devices\":2,\"driver\":\"modbus-tcp\","
             "\"id\":\"panel\",\"link\":\"ok\",\"since_ms\":2000}]");
    write(rig, gw_render_devices);
    has(rig, "\"comm\":{\"exceptions\":{},\"frame_errors\":0,\"hold_ms\":0,");
    has(rig, "\"frame_errors\":0,\"hold_ms\":4000,\"lost\":0,\"refused\":0,\"splits\":0,"
             "\"time_sum_ms\":30,\"timeouts\":1,\"times\":[0,0,0,1,0,0,0,0,0],\"tries\":3}");
}

static void alarms_and_cases_are_apart(void **state)
{
    struct rig *rig = *state;
    write(rig, gw_render_alarms);
    has(rig, "GAS-EV-LOW");
    has(rig, "\"priority\":1");
    has(rig, "气体浓度低限报警");
    has_not(rig, "CW-ABS-02");
    write(rig, gw_render_cases);
    has(rig, "\"case\":\"if-1:CW-ABS-02#2\",\"declared\":false");
    has_not(rig, "GAS-EV-LOW");
}

static void status_says_what_is_wrong(void **state)
{
    struct rig *rig = *state;
    write(rig, gw_render_status);
    has(rig, "\"healthy\":false");
    has(rig, "\"troubles\":[{\"part\":\"devices\",\"text\":\"1 of 2 do not answer\"}]");
    has(rig, "\"uptime_ms\":60000");

    rig->snapshot->devices[1].link = GW_LINK_OK;
    write(rig, gw_render_status);
    has(rig, "\"healthy\":true");
    has(rig, "\"troubles\":[]");

    rig->snapshot->mqtt.held = 2;
    write(rig, gw_render_status);
    has(rig, "\"healthy\":false");
    has(rig, "\"part\":\"mqtt\",\"text\":\"2 not taken\"");

    rig->snapshot->mqtt = (struct gw_snapshot_mqtt){.enabled = true};
    write(rig, gw_render_status);
    has(rig, "\"state\":\"away\"");
    has(rig, "not connected yet");

    rig->snapshot->mqtt = (struct gw_snapshot_mqtt){.enabled = false};
    rig->snapshot->deciding = false;
    rig->snapshot->journal =
        (struct gw_snapshot_journal){.ok = false, .fault = "records.db: disk is full"};
    write(rig, gw_render_status);
    has(rig, "\"state\":\"failed\"");
    has(rig, "failed: records.db: disk is full; no alarm or lead leaves until it is back");
    has(rig, "\"mqtt\":{\"acked\":0,\"fault\":\"\",\"held\":0,\"published\":0,\"state\":\"off\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_tell_value_quality_and_age, setup, teardown),
        cmocka_unit_test_setup_teardown(devices_tell_their_link, setup, teardown),
        cmocka_unit_test_setup_teardown(buses_tell_what_became_of_their_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(alarms_and_cases_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(status_says_what_is_wrong, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
