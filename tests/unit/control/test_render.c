/* SPDX-License-Identifier: Apache-2.0 */
#include "control/render.h"

#include <stdio.h>
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
    const struct gw_board_of of = {.site = &rig.site.site};
    assert_int_equal(gw_board_new(&of, &rig.board, NULL), GW_OK);
    rig.snapshot = gw_board_begin(rig.board, GW_PART_POINTS | GW_PART_STANDING | GW_PART_EVENTS |
                                                 GW_PART_GOVERN);
    small_site_fill(rig.snapshot, NOW);
    rig.r = (struct gw_render){.site = &rig.site.site,
                               .boot = "b",
                               .kid = "eb938a103f89a3c4",
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

static void the_status_names_the_signing_key(void **state)
{
    struct rig *rig = *state;
    write(rig, gw_render_status);
    has(rig, "\"kid\":\"eb938a103f89a3c4\",\"seq\":");
    rig->r.kid = NULL;
    write(rig, gw_render_status);
    has_not(rig, "\"kid\"");
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

static void a_refused_configuration_is_a_trouble(void **state)
{
    struct rig *rig = *state;
    write(rig, gw_render_status);
    has_not(rig, "\"part\":\"config\"");
    memcpy(rig->snapshot->config_fault, "s.json:3: no", 13);
    write(rig, gw_render_status);
    has(rig, "\"healthy\":false");
    has(rig, "{\"part\":\"config\",\"text\":\"the site file was changed and is not in use: "
             "s.json:3: no\"}");
    rig->snapshot->last_good = true;
    write(rig, gw_render_status);
    has(rig, "the site file cannot be used, what ran last is: s.json:3: no");
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

static void status_says_where_things_are_on_their_way(void **state)
{
    struct rig *rig = *state;
    struct gw_snapshot *s = rig->snapshot;
    (void)snprintf(s->chain, sizeof s->chain, "0123456789abcdef");
    write(rig, gw_render_status);
    has(rig, "\"accepted\":{\"present\":false}");
    has(rig, "\"chain\":{\"head\":\"\",\"id\":\"0123456789abcdef\",\"kid\":\"eb938a103f89a3c4\","
             "\"seq\":17}");
    has(rig, "\"delivery\":{\"mqtt\":{\"acked\":3,\"connected\":true,\"enabled\":true,");
    has(rig, "\"write\":{\"allowed\":false,\"how\":\"none\"}");
    rig->r.may_write = true;
    rig->r.how = "group";
    s->influx = (struct gw_snapshot_influx){.enabled = true, .sent = 9};
    s->accepted = (struct gw_snapshot_accepted){
        .present = true, .hash = "ab", .who = "k", .at_ms = 1795305600000};
    write(rig, gw_render_status);
    has(rig, "\"write\":{\"allowed\":true,\"how\":\"group\"}");
    has(rig, "\"influx\":{\"connected\":false,");
    has(rig, "\"accepted\":{\"at\":\"2026-11-22T08:00:00.000+08:00\",\"inventory_sha256\":\"ab\","
             "\"present\":true,\"who\":\"k\"}");
}

static void a_shelved_alarm_says_until_when(void **state)
{
    struct rig *rig = *state;
    struct gw_standing *alarm = &rig->snapshot->standing[0];
    alarm->shelved_until_ms = 1795305900000;
    (void)snprintf(alarm->shelved_by, sizeof alarm->shelved_by, "shift/uid 7");
    (void)snprintf(alarm->shelved_why, sizeof alarm->shelved_why, "chatters");
    write(rig, gw_render_alarms);
    has(rig, "\"shelved\":{\"reason\":\"chatters\",\"until\":\"2026-11-22T08:05:00.000+08:00\","
             "\"who\":\"shift/uid 7\"}");
}

static void events_from_a_number_on(void **state)
{
    struct rig *rig = *state;
    struct gw_snapshot_event *e = gw_snapshot_events(rig->snapshot);
    assert_non_null(e);
    write(rig, gw_render_events);
    has(rig, "{\"events\":[],\"first\":0,");
    for (int i = 0; i < 3; i++)
        e[i] = (struct gw_snapshot_event){.n = 5 + i,
                                          .t_ms = 1000 + i,
                                          .kind = "device_up",
                                          .place = "gas",
                                          .en = "e",
                                          .zh = "z"};
    rig->snapshot->nevents = 3;
    rig->r.from = 6;
    write(rig, gw_render_events);
    has(rig, "{\"events\":[{\"kind\":\"device_up\",\"n\":6,\"place\":\"gas\",\"t\":1001,\"text\":"
             "{\"en\":\"e\",\"zh\":\"z\"}},{\"kind\":\"device_up\",\"n\":7,");
    has(rig, "\"first\":5,\"gateway\":\"gw-test\",\"last\":7,");
    has_not(rig, "\"n\":5");
}

static void what_the_core_did_not_write_is_empty(void **state)
{
    struct rig *rig = *state;
    write(rig, gw_render_permits);
    has(rig, "\"permits\":[]");
    gw_buf_str(&rig->snapshot->texts[GW_TEXT_SHELVES], "[{\"check\":\"a:B\"}]");
    write(rig, gw_render_shelves);
    has(rig, "\"shelves\":[{\"check\":\"a:B\"}]");
    write(rig, gw_render_orders);
    has(rig, "\"orders\":[]");
    write(rig, gw_render_health);
    assert_string_equal(rig->out.data, "{}");
}

#define SAMPLES 1000

/* A history with one peak and one gap among many values: both are still there, in their order. */
static void a_long_history_keeps_its_extremes(void **state)
{
    struct rig *rig = *state;
    static struct gw_sample samples[SAMPLES];
    struct gw_call_answer a = {.samples = samples, .n = SAMPLES, .whole = true};
    a.now = (struct gw_stamp){.mono_ms = SAMPLES, .wall_ms = SAMPLES};
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = (struct gw_sample){.point = 0,
                                        .quality = GW_Q_GOOD,
                                        .vtype = GW_V_NUM,
                                        .valued = 1,
                                        .value.num = 10.0 + i % 3,
                                        .mono_ms = i,
                                        .wall_ms = i};
    samples[501].value.num = 99.5;
    samples[502].value.num = -7.5;
    samples[777].quality = GW_Q_BAD_COMM;
    samples[777].valued = 0;
    gw_buf_clear(&rig->out);
    gw_render_trend(&rig->r, 0, &a, &rig->out);
    assert_true(gw_jcs_valid(rig->out.data, rig->out.len));
    has(rig, "[501,\"99.5\",\"GOOD\"],[502,\"-7.5\",\"GOOD\"]");
    has(rig, "[777,\"\",\"BAD_COMM\"]");
    has(rig, "\"kept_ms\":1000");
    size_t n = 0;
    for (const char *p = rig->out.data; (p = strstr(p, "\"],[")) != NULL; p++)
        n++;
    assert_true(n + 1 <= GW_TREND_MAX && n > GW_TREND_MAX / 3);

    a.n = 2;
    gw_buf_clear(&rig->out);
    gw_render_trend(&rig->r, 0, &a, &rig->out);
    has(rig, "\"samples\":[[0,\"10.0\",\"GOOD\"],[1,\"11.0\",\"GOOD\"]]");
    a.n = 0;
    gw_buf_clear(&rig->out);
    gw_render_trend(&rig->r, 0, &a, &rig->out);
    has(rig, "\"samples\":[]");
    has_not(rig, "\"from\"");
}

static void metrics_escape_their_labels(void **state)
{
    struct rig *rig = *state;
    (void)snprintf(rig->site.devices[0].id, sizeof rig->site.devices[0].id, "a\"b\\c\nd");
    rig->snapshot->devices[0].stats.times[3] = 4;
    gw_buf_clear(&rig->out);
    gw_render_metrics(&rig->r, &rig->out);
    assert_false(rig->out.failed);
    has(rig, "nonsite_device_up{bus=\"panel\",device=\"a\\\"b\\\\c\\nd\"} 1\n");
    has(rig, "nonsite_bus_answer_seconds_bucket{bus=\"panel\",le=\"0.020\"} 0\n");
    has(rig, "nonsite_bus_answer_seconds_bucket{bus=\"panel\",le=\"+Inf\"} 4\n");
    has_not(rig, "nonsite_point_");
    rig->r.points = true;
    gw_buf_clear(&rig->out);
    gw_render_metrics(&rig->r, &rig->out);
    has(rig, "nonsite_point_value{point=\"gas.p1\",unit=\"%LEL\"} 12.5\n");
    has(rig, "nonsite_point_good{point=\"di.run\"} 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_tell_value_quality_and_age, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_configuration_is_a_trouble, setup, teardown),
        cmocka_unit_test_setup_teardown(the_status_names_the_signing_key, setup, teardown),
        cmocka_unit_test_setup_teardown(devices_tell_their_link, setup, teardown),
        cmocka_unit_test_setup_teardown(buses_tell_what_became_of_their_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(alarms_and_cases_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(status_says_what_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(status_says_where_things_are_on_their_way, setup, teardown),
        cmocka_unit_test_setup_teardown(a_shelved_alarm_says_until_when, setup, teardown),
        cmocka_unit_test_setup_teardown(events_from_a_number_on, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_core_did_not_write_is_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_history_keeps_its_extremes, setup, teardown),
        cmocka_unit_test_setup_teardown(metrics_escape_their_labels, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
