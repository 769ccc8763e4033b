/* SPDX-License-Identifier: Apache-2.0 */
#include "core/document.h"

#include <string.h>

#include "base/jcs.h"
#include "core/event.h"
#include "fixture.h"
#include "support/cmocka_all.h"
#include "support/fake_clock.h"

struct rig {
    struct fixture f;
    struct gw_fake_clock fake;
    struct gw_identity id;
    struct gw_buf out;
};

static int setup(void **state)
{
    static struct rig r;

    memset(&r, 0, sizeof r);
    fixture_init(&r.f);
    gw_fake_clock_init(&r.fake);
    r.id = (struct gw_identity){.gateway = "g1",
                                .config_sha256 = "cafe",
                                .boot = "boot-1",
                                .start = r.fake.now,
                                .challenge = "c0ffee"};
    gw_buf_init(&r.out, 1 << 20);
    *state = &r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    gw_buf_free(&r->out);
    fixture_free(&r->f);
    return 0;
}

static void assert_text(struct rig *r, const char *want)
{
    assert_false(r->out.failed);
    assert_true(gw_jcs_valid(r->out.data, r->out.len));
    assert_string_equal(r->out.data, want);
}

static void status_is_birth_and_will(void **state)
{
    struct rig *r = *state;

    gw_document_status(&r->id, true, &r->out);
    assert_text(r, "{\"boot\":\"boot-1\",\"challenge\":\"c0ffee\",\"class\":\"status\","
                   "\"config_sha256\":\"cafe\","
                   "\"gateway\":\"g1\",\"since\":\"2026-11-22T08:00:00.000+08:00\","
                   "\"state\":\"online\",\"sync\":true,\"v\":1,\"version\":\"" GW_VERSION "\"}");
    gw_buf_clear(&r->out);
    gw_document_status(&r->id, false, &r->out);
    assert_non_null(strstr(r->out.data, "\"state\":\"offline\""));
}

static void an_event_is_canonical(void **state)
{
    struct rig *r = *state;
    struct gw_event ev = {"device_down", "gas", "no \"answer\"", "设备无应答"};

    r->fake.now.sync = false;
    gw_event_write(&ev, &r->id, &r->fake.now, &r->out);
    assert_text(r, "{\"boot\":\"boot-1\",\"class\":\"event\",\"gateway\":\"g1\","
                   "\"kind\":\"device_down\",\"subject\":\"gas\",\"sync\":false,"
                   "\"t\":\"2026-11-22T08:00:00.000+08:00\",\"t_boot_ms\":1000000,"
                   "\"text\":{\"en\":\"no \\\"answer\\\"\",\"zh\":\"设备无应答\"},\"v\":1}");
}

static void health_tells_what_does_not_work(void **state)
{
    struct rig *r = *state;
    struct gw_journal_stats js = {.chain = "00000000000000aa",
                                  .seq = 7,
                                  .head = "ff",
                                  .receipts = 5,
                                  .receipts_refused = 1,
                                  .unreceipted = 2,
                                  .oldest_waiting_ms = 61000};
    struct gw_mqtt_stats ms = {.fault = "connection refused", .held = 2};
    struct gw_influx_stats is = {.fault = "HTTP 503", .posts = 5, .sent = 40, .held = 3};
    gw_influx_rejects_add(&is.rejects, "b", "field type conflict");
    struct gw_batch b = {.device = 1,
                         .link = GW_LINK_DOWN,
                         .last = 1,
                         .polls = {.scheduled = 9, .failed = 4, .skipped = 5},
                         .mono_ms = r->fake.now.mono_ms,
                         .fault = "no answer within 500 ms",
                         .identity = "AX100 sn 7"};
    gw_bus_stats_answer(&b.stats, 2500, 200);
    gw_bus_stats_failure(&b.stats, GW_E_PROTO);
    gw_bus_stats_failure(&b.stats, GW_E_REFUSED);
    (void)gw_table_apply(r->f.table, &b);
    gw_fake_clock_advance(&r->fake, 1500);
    struct gw_health health = {.site = &r->f.site,
                               .table = r->f.table,
                               .journal = &js,
                               .mqtt = &ms,
                               .influx = &is,
                               .journal_fault = "disk full",
                               .batches_lost = UINT64_MAX};
    gw_document_health(&r->id, &health, &r->fake.now, &r->out);
    assert_false(r->out.failed);
    assert_true(gw_jcs_valid(r->out.data, r->out.len));
    static const char *const wants[] = {
        "\"batches_lost\":9007199254740992,\"buses\":[{\"devices\":1,\"id\":\"bus0\",\"link\":"
        "\"unknown\",\"since_ms\":0},{\"comm\":{\"exceptions\":{\"other\":1},\"frame_errors\":1,"
        "\"lost\":1,\"opens\":0,\"refused\":0,\"splits\":0,\"time_sum_ms\":2500,\"timeouts\":0,"
        "\"times\":[0,0,0,0,0,0,0,0,1]},\"devices\":1,\"id\":\"bus1\",\"link\":\"down\","
        "\"since_ms\":1500}]",
        "\"fault\":\"no answer within 500 ms\",\"id\":\"b\",\"identity\":\"AX100 sn "
        "7\",\"link\":\"down\",\"polls\":"
        "{\"failed\":4,\"read\":0,\"scheduled\":9,\"skipped\":5},\"since_ms\":1500",
        "\"id\":\"a\",\"link\":\"unknown\"",
        "\"state\":\"waiting\"",
        "\"fault\":\"disk "
        "full\",\"head\":\"ff\",\"oldest_waiting_ms\":61000,\"receipts\":5,\"receipts_refused\":1,"
        "\"records_waiting\":0,\"seq\":7,\"state\":\"failed\",\"telemetry_lost\":0,"
        "\"telemetry_waiting\":0,\"unreceipted\":2",
        "\"connected\":false,\"connects\":0,\"fault\":\"connection refused\",\"held\":2",
        "\"influx\":{\"connected\":false,\"fault\":\"HTTP 503\",\"held\":3,\"posts\":5,"
        "\"rejected\":1,\"rejects\":[{\"count\":1,\"device\":\"b\",\"text\":\"field type "
        "conflict\"}],\"sent\":40}",
        "\"uptime_ms\":1500",
    };
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++)
        assert_non_null(strstr(r->out.data, wants[i]));

    /* A journal that works, but has hardly room left for what waits. */
    js.open = js.tight = true;
    assert_null(strstr(r->out.data, "\"config\":"));
    const struct gw_config_state config = {
        .last_good = true, .loaded_ms = 1795305540123, .fault = "site.json:3: bad"};
    health.config = &config;
    health.journal_fault = "";
    gw_buf_clear(&r->out);
    gw_document_health(&r->id, &health, &r->fake.now, &r->out);
    assert_non_null(
        strstr(r->out.data, "\"config\":{\"fault\":\"site.json:3: bad\",\"loaded\":\"2026-"));
    assert_non_null(strstr(r->out.data, "\"state\":\"last_good\"},\"config_sha256\""));
    assert_non_null(strstr(r->out.data, "\"state\":\"full\""));
    assert_non_null(strstr(r->out.data, "\"fault\":\"nine tenths of the space for records"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(status_is_birth_and_will, setup, teardown),
        cmocka_unit_test_setup_teardown(an_event_is_canonical, setup, teardown),
        cmocka_unit_test_setup_teardown(health_tells_what_does_not_work, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
