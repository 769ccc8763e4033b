/* SPDX-License-Identifier: Apache-2.0
 *
 * The RTU driver from end to end, in process, against slaves behind ptys. What is compared are
 * counts of polls, not seconds.
 */
#include <string.h>
#include <unistd.h>

#include "catcher.h"
#include "modbus/driver.h"
#include "modbus/rtu_conf.h"
#include "sitefile.h"
#include "slave.h"
#include "util.h"

/* A line with several units: 2 is silent, 3 refuses addresses from 100 on, 4 answers in the name of
 * another, the others answer. */
static void serve_units(void *arg, const struct slave_call *call)
{
    (void)arg;
    uint8_t a[256];
    size_t n = slave_answer(call, 1000, a);
    const unsigned address = (unsigned)call->req[2] << 8 | call->req[3];
    if (call->req[0] == 2)
        return;
    if (call->req[0] == 3 && address >= 100) {
        a[1] |= 0x80u;
        a[2] = 2;
        n = 3;
    }
    if (call->req[0] == 4)
        a[0] = 1;
    slave_send(call, a, slave_seal(a, n));
}

struct rig {
    struct sitefile f;
    struct catcher c;
    struct gw_clock clock;
    struct gw_driver_instance *inst;
};

static void rig_open(struct rig *r, const char *buses, const char *devices, const char *points)
{
    sitefile_load(&r->f, buses, devices, points, NULL);
    assert_true(sitefile_good(&r->f));
    catcher_init(&r->c);
    r->clock = gw_clock_system();
    r->inst = NULL;
    const struct gw_driver_env env = {
        .site = r->f.site, .clock = &r->clock, .sink = catcher_sink(&r->c), .seed = test_seed()};
    struct gw_err err = {.msg = ""};
    if (gw_modbus_rtu_driver.open(&env, &r->inst, &err) != GW_OK)
        fail_msg("%s", err.msg);
}

static void rig_close(struct rig *r)
{
    assert_true(gw_modbus_rtu_driver.close(r->inst));
    for (uint32_t d = 0; d < r->f.site->ndevices; d++)
        assert_int_equal(r->c.devices[d].sum_wrong, 0);
    sitefile_free(&r->f);
}

static const char *line(char out[200], const char *name, const char *port)
{
    (void)snprintf(out, 200,
                   "\"%s\": {\"driver\": \"modbus-rtu\", \"port\": \"%s\", \"baud\": 115200,"
                   " \"timeout_ms\": 100}",
                   name, port);
    return out;
}

static void units_of_a_line_and_lines_mind_their_own_business(void **state)
{
    (void)state;
    struct slave *many = slave_start_pty(serve_units, NULL);
    struct slave *other = slave_start_pty(slave_serve_well, NULL);
    char a[200];
    char b[200];
    char buses[420];
    (void)snprintf(buses, sizeof buses, "%s, %s", line(a, "a", slave_path(many)),
                   line(b, "b", slave_path(other)));
    struct rig r;
    rig_open(&r, buses,
             "\"good\": {\"bus\": \"a\", \"unit\": 1, \"period_ms\": 200},"
             "\"silent\": {\"bus\": \"a\", \"unit\": 2, \"period_ms\": 200},"
             "\"partly\": {\"bus\": \"a\", \"unit\": 3, \"period_ms\": 200},"
             "\"liar\": {\"bus\": \"a\", \"unit\": 4, \"period_ms\": 200},"
             "\"away\": {\"bus\": \"b\", \"unit\": 9, \"period_ms\": 200, \"fn17\": true}",
             "\"good.x\": {\"address\": 0}, \"good.y\": {\"fc\": 1, \"address\": 9},"
             "\"silent.x\": {\"address\": 0},"
             "\"partly.x\": {\"address\": 0}, \"partly.y\": {\"address\": 200},"
             "\"liar.x\": {\"address\": 0}, \"away.x\": {\"address\": 0}");
    catcher_wait_reads(&r.c, 0, 20);
    catcher_wait_reads(&r.c, 4, 20);
    catcher_wait_link(&r.c, 1, GW_LINK_DOWN);
    catcher_wait_link(&r.c, 3, GW_LINK_DOWN);
    const struct caught good = catcher_device(&r.c, 0);
    assert_int_equal(good.batch.polls.failed, 0);
    assert_true(good.batch.polls.skipped * 20 <= good.batch.polls.scheduled + 20);
    assert_true(catcher_point(&r.c, sitefile_point(&r.f, "good.x")).value.num == 1000);
    assert_int_equal(catcher_device(&r.c, 1).batch.polls.read, 0);
    assert_int_equal(catcher_device(&r.c, 2).batch.link, GW_LINK_OK);
    assert_non_null(strstr(catcher_device(&r.c, 2).batch.fault, "illegal data address"));
    assert_true(catcher_good(&r.c, sitefile_point(&r.f, "partly.x")) > 0);
    assert_int_equal(catcher_good(&r.c, sitefile_point(&r.f, "partly.y")), 0);
    assert_non_null(strstr(catcher_device(&r.c, 3).batch.fault, "answer of another unit"));
    assert_int_equal(catcher_good(&r.c, sitefile_point(&r.f, "liar.x")), 0);
    const struct caught away = catcher_device(&r.c, 4);
    assert_int_equal(away.batch.polls.read, away.batch.polls.scheduled);
    assert_string_equal(away.batch.identity, "id 01");
    rig_close(&r);
    slave_stop(many);
    slave_stop(other);
}

/* Unit 2 does as it is told, in the order of the requests, as a serial server would; 1 and 3 are
 * well. */
enum manner { LATE = 0, DRIBBLE, BEHIND };

struct crowd {
    enum manner manner;
    uint8_t kept[256];
    size_t n;
};

static void serve_crowd(void *arg, const struct slave_call *call)
{
    struct crowd *c = arg;
    uint8_t a[256];
    const size_t n = slave_seal(a, slave_answer(call, 1000, a));
    if (call->req[0] == 2 && c->manner == LATE) {
        slave_pause(call, 250);
    } else if (call->req[0] == 2 && c->manner == DRIBBLE) {
        for (size_t i = 0; i + 1 < n; i++) {
            slave_send(call, a + i, 1);
            slave_pause(call, 30);
        }
        slave_send(call, a + n - 1, 1);
        return;
    } else if (call->req[0] == 2) {
        memcpy(c->kept, a, n);
        c->n = n;
        return;
    }
    slave_send(call, c->kept, c->n);
    c->n = 0;
    slave_send(call, a, n);
}

/* Counted from the first failure on; every one of the others' polls is done in its period. */
static void a_late_unit_costs_its_neighbours_nothing(void **state)
{
    (void)state;
    for (enum manner m = LATE; m <= BEHIND; m++) {
        struct crowd crowd = {.manner = m};
        struct slave *s = slave_start_pty(serve_crowd, &crowd);
        char a[200];
        struct rig r;
        rig_open(
            &r, line(a, "a", slave_path(s)),
            "\"one\": {\"bus\": \"a\", \"unit\": 1, \"period_ms\": 600},"
            "\"bad\": {\"bus\": \"a\", \"unit\": 2, \"period_ms\": 600},"
            "\"two\": {\"bus\": \"a\", \"unit\": 3, \"period_ms\": 600}",
            "\"one.x\": {\"address\": 0}, \"bad.x\": {\"address\": 0}, \"bad.y\": {\"address\": 1},"
            "\"two.x\": {\"address\": 0}");
        catcher_wait_reads(&r.c, 0, 20);
        catcher_wait_reads(&r.c, 2, 20);
        const struct caught bad = catcher_device(&r.c, 1);
        assert_int_equal(bad.batch.link, GW_LINK_DOWN);
        assert_int_equal(bad.batch.polls.read, 0);
        assert_true(bad.batch.polls.failed >= 3);
        for (uint32_t d = 0; d <= 2; d += 2) {
            const struct gw_polls p = catcher_device(&r.c, d).batch.polls;
            printf("manner %d: %llu of %llu read, %llu failed\n", (int)m,
                   (unsigned long long)p.read, (unsigned long long)p.scheduled,
                   (unsigned long long)p.failed);
            assert_true((p.failed + p.skipped) * 20 <= p.scheduled);
        }
        rig_close(&r);
        slave_stop(s);
    }
}

/* Gives the answer to a request when the next one comes: one too late, always. */
struct behind {
    uint8_t kept[256];
    size_t n;
};

static void serve_behind(void *arg, const struct slave_call *call)
{
    struct behind *b = arg;
    if (b->n > 0)
        slave_send(call, b->kept, b->n);
    b->n = slave_seal(b->kept, slave_answer(call, (uint16_t)(1000 + call->nth), b->kept));
}

/* RTU has no transaction id: unit, function and CRC of a late answer are right. */
static void an_answer_that_is_one_behind_is_never_good(void **state)
{
    (void)state;
    struct behind behind = {.n = 0};
    struct slave *s = slave_start_pty(serve_behind, &behind);
    char a[200];
    struct rig r;
    rig_open(&r, line(a, "a", slave_path(s)), "\"d\": {\"bus\": \"a\", \"period_ms\": 100}",
             "\"d.x\": {\"address\": 0}, \"d.y\": {\"address\": 2}");
    catcher_wait_link(&r.c, 0, GW_LINK_DOWN);
    catcher_wait_passes(&r.c, 0, 4);
    assert_int_equal(catcher_good(&r.c, sitefile_point(&r.f, "d.x")), 0);
    rig_close(&r);
    slave_stop(s);
}

static void a_port_is_found_when_it_comes(void **state)
{
    (void)state;
    char path[] = "/tmp/gw-rtu-XXXXXX";
    assert_non_null(mkdtemp(path));
    char port[64];
    (void)snprintf(port, sizeof port, "%s/tty", path);
    char a[200];
    struct rig r;
    rig_open(&r, line(a, "a", port), "\"d\": {\"bus\": \"a\", \"period_ms\": 100}",
             "\"d.x\": {\"address\": 0}");
    for (int turn = 0; turn < 2; turn++) {
        catcher_wait_link(&r.c, 0, GW_LINK_DOWN);
        assert_non_null(strstr(catcher_device(&r.c, 0).batch.fault, "No such file"));
        struct slave *s = slave_start_pty(slave_serve_well, NULL);
        assert_int_equal(symlink(slave_path(s), port), 0);
        catcher_wait_link(&r.c, 0, GW_LINK_OK);
        assert_true(catcher_good(&r.c, 0) > 0);
        assert_int_equal(unlink(port), 0);
        slave_stop(s);
    }
    rig_close(&r);
    assert_int_equal(rmdir(path), 0);
}

static void serve_never(void *arg, const struct slave_call *call)
{
    (void)arg;
    (void)call;
}

/* An adapter hangs without a hang-up, another one has got its name meanwhile. */
static void a_name_that_leads_to_another_port_is_followed(void **state)
{
    (void)state;
    char path[] = "/tmp/gw-rtu-XXXXXX";
    assert_non_null(mkdtemp(path));
    char port[64];
    char next[64];
    (void)snprintf(port, sizeof port, "%s/tty", path);
    (void)snprintf(next, sizeof next, "%s/next", path);
    struct slave *mute = slave_start_pty(serve_never, NULL);
    struct slave *well = slave_start_pty(slave_serve_well, NULL);
    assert_int_equal(symlink(slave_path(mute), port), 0);
    char a[200];
    struct rig r;
    rig_open(&r, line(a, "a", port), "\"d\": {\"bus\": \"a\", \"period_ms\": 100}",
             "\"d.x\": {\"address\": 0}");
    catcher_wait_link(&r.c, 0, GW_LINK_DOWN);
    assert_int_equal(symlink(slave_path(well), next), 0);
    assert_int_equal(rename(next, port), 0);
    catcher_wait_link(&r.c, 0, GW_LINK_OK);
    assert_true(catcher_good(&r.c, 0) > 0);
    const struct gw_bus_stats stats = catcher_device(&r.c, 0).batch.stats;
    assert_int_equal(stats.opens, 2);
    assert_int_equal(stats.tries, 0);
    assert_true(stats.timeouts >= 3);
    assert_true(gw_bus_stats_answers(&stats) >= 1);
    rig_close(&r);
    slave_stop(mute);
    slave_stop(well);
    assert_int_equal(unlink(port), 0);
    assert_int_equal(rmdir(path), 0);
}

static void a_site_without_lines_has_no_instance(void **state)
{
    (void)state;
    struct rig r;
    rig_open(&r, "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}", "", "");
    assert_null(r.inst);
    rig_close(&r);
}

/* ---- configuration ---- */

static void every_mistake_in_a_line_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *bus, *device, *issue;
    } rows[] = {
        {"\"baud\": 9600", "", "\"port\" is missing"},
        {"\"port\": \"\"", "", "must not be empty"},
        {"\"port\": \"/dev/ttyS0\", \"baud\": 9601", "", "must be 1200, 2400, 4800"},
        {"\"port\": \"/dev/ttyS0\", \"baud\": 600", "", "must be 1200 to 115200"},
        {"\"port\": \"/dev/ttyS0\", \"parity\": \"mark\"", "", "parity"},
        {"\"port\": \"/dev/ttyS0\", \"stop_bits\": 3", "", "must be 1 to 2"},
        {"\"port\": \"/dev/ttyS0\", \"timeout_ms\": 4001", "", "must be 20 to 4000"},
        {"\"port\": \"/dev/ttyS0\", \"turnaround_ms\": 1001", "", "must be 0 to 1000"},
        {"\"port\": \"/dev/ttyS0\", \"host\": \"plc\"", "", "unknown key"},
        {"\"port\": \"/dev/ttyS0\", \"timeout_ms\": 200", "",
         "timeout_ms of buses.b is 200, but the longest exchange with this device takes 274 ms at "
         "9600 baud; raise it, or lower max_regs and max_bits"},
        {"\"port\": \"/dev/ttyS0\", \"baud\": 2400", "", "takes 1096 ms at 2400 baud"},
        {"\"port\": \"/dev/ttyS0\"", ", \"unit\": 254", "a unit on a serial line is 1 to 247"},
        {"\"port\": \"/dev/ttyS0\"", ", \"unit\": 0", "a unit on a serial line is 1 to 247"},
        {"\"port\": \"/dev/ttyS0\"}, \"c\": {\"driver\": \"modbus-rtu\", \"port\": \"/dev/ttyS0\"",
         "", "/dev/ttyS0 is the port of buses.b already"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bus[300];
        char device[200];
        (void)snprintf(bus, sizeof bus, "\"b\": {\"driver\": \"modbus-rtu\", %s}", rows[i].bus);
        (void)snprintf(device, sizeof device, "\"d\": {\"bus\": \"b\"%s}", rows[i].device);
        struct sitefile f;
        sitefile_load(&f, bus, device, "", NULL);
        assert_null(f.site);
        assert_true(sitefile_has_issue(&f, rows[i].issue));
        sitefile_free(&f);
    }
}

static void a_line_is_read_and_printed(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f,
                  "\"b\": {\"driver\": \"modbus-rtu\", \"port\": \"/dev/ttyS1\", \"baud\": 2400,"
                  " \"parity\": \"odd\", \"stop_bits\": 2, \"rs485\": true, \"timeout_ms\": 300}",
                  "\"d\": {\"bus\": \"b\", \"max_regs\": 8, \"max_bits\": 64}", "", NULL);
    assert_true(sitefile_good(&f));
    const struct gw_rtu_bus *bus = f.site->buses[0].priv;
    assert_string_equal(bus->port, "/dev/ttyS1");
    assert_int_equal(bus->baud, 2400);
    assert_int_equal(bus->parity, 2);
    assert_int_equal(bus->stop_bits, 2);
    assert_true(bus->rs485);
    assert_int_equal(bus->turnaround_ms, 5);
    struct gw_buf first;
    struct gw_buf second;
    gw_buf_init(&first, 1 << 20);
    gw_buf_init(&second, 1 << 20);
    gw_site_print(f.site, &first);
    struct sitefile again;
    sitefile_load_text(&again, first.data);
    assert_true(sitefile_good(&again));
    gw_site_print(again.site, &second);
    assert_string_equal(first.data, second.data);
    gw_buf_free(&first);
    gw_buf_free(&second);
    sitefile_free(&f);
    sitefile_free(&again);
}

static void every_key_is_documented(void **state)
{
    (void)state;
    for (const struct gw_key *k = gw_rtu_bus_keys; k->type != GW_KEY_END; k++) {
        assert_non_null(k->doc);
        assert_true(k->doc[strlen(k->doc) - 1] == '.');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_of_a_line_and_lines_mind_their_own_business),
        cmocka_unit_test(a_late_unit_costs_its_neighbours_nothing),
        cmocka_unit_test(an_answer_that_is_one_behind_is_never_good),
        cmocka_unit_test(a_port_is_found_when_it_comes),
        cmocka_unit_test(a_name_that_leads_to_another_port_is_followed),
        cmocka_unit_test(a_site_without_lines_has_no_instance),
        cmocka_unit_test(every_mistake_in_a_line_is_told),
        cmocka_unit_test(a_line_is_read_and_printed),
        cmocka_unit_test(every_key_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
