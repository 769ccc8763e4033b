/* SPDX-License-Identifier: Apache-2.0
 *
 * A day of polling on a serial line in seconds: units that fail and come back, an adapter that is
 * unplugged at times, on a clock in the hand. The port is played; its owner is the daemon's.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "modbus/rtu.h"
#include "modbus/rtu_line.h"
#include "modbus/serial.h"
#include "sitefile.h"
#include "support/sim_net.h"
#include "tally.h"
#include "util.h"

#define DAY_MS     (24 * 3600 * INT64_C(1000))
#define TIMEOUT_MS 200
#define UNITS      10

enum mode { WELL = 0, SILENT, SLOW, SPOILT, EXCEPTIONS, MODES };

struct machine {
    unsigned mode;
    int64_t until_ms;
};

struct day {
    struct gw_fake_clock fake;
    struct gw_rtu_line *line;
    uint64_t rand;
    int64_t start_ms;
    struct machine port; /* anything but WELL: it is not there */
    struct machine units[UNITS];
    struct tally tally[UNITS];
    unsigned long requests, opened;
    bool open;
    int64_t timeout_ms;
    uint8_t data[256];
};

/* What stands in front of the port has no other way to the test. */
static struct day day;

static int64_t below(int64_t n)
{
    return (int64_t)gw_rand_below(&day.rand, (uint64_t)n);
}

static unsigned mode_now(struct machine *m, unsigned modes)
{
    while (day.fake.now.mono_ms >= m->until_ms) {
        const bool was_well = m->mode == WELL;
        m->mode = was_well ? 1 + (unsigned)below(modes - 1) : WELL;
        m->until_ms += 1 + below(was_well ? (below(3) == 0 ? 3000 : 600000) : 3600000);
    }
    return m->mode;
}

enum gw_status __wrap_gw_rtu_open(const struct gw_rtu_conf *conf, struct gw_rtu **out,
                                  struct gw_err *err);
void __wrap_gw_rtu_close(struct gw_rtu *rtu, bool unlock);
int __wrap_gw_rtu_fd(const struct gw_rtu *rtu);
enum gw_status __wrap_gw_rtu_request(struct gw_rtu *rtu, const struct gw_mb_request *req,
                                     struct gw_mb_reply *out, struct gw_err *err);
void __wrap_gw_rtu_timeout(struct gw_rtu *rtu, int64_t timeout_ms);
bool __wrap_gw_rtu_moved(const struct gw_rtu *rtu);
void __wrap_gw_serial_pause(int64_t ms);

enum gw_status __wrap_gw_rtu_open(const struct gw_rtu_conf *conf, struct gw_rtu **out,
                                  struct gw_err *err)
{
    assert_false(day.open);
    if (mode_now(&day.port, 2) != WELL)
        return gw_err_set(err, GW_E_IO, "%s is not there", conf->port);
    day.open = true;
    day.timeout_ms = TIMEOUT_MS;
    day.opened++;
    *out = (struct gw_rtu *)(void *)&day;
    return GW_OK;
}

void __wrap_gw_rtu_close(struct gw_rtu *rtu, bool unlock)
{
    assert_true(rtu == NULL || unlock);
    if (rtu != NULL)
        day.open = false;
}

int __wrap_gw_rtu_fd(const struct gw_rtu *rtu)
{
    assert_ptr_equal(rtu, &day);
    return 1000;
}

void __wrap_gw_rtu_timeout(struct gw_rtu *rtu, int64_t timeout_ms)
{
    assert_ptr_equal(rtu, &day);
    assert_in_range(timeout_ms, 1, TIMEOUT_MS);
    day.timeout_ms = timeout_ms;
}

bool __wrap_gw_rtu_moved(const struct gw_rtu *rtu)
{
    assert_ptr_equal(rtu, &day);
    return false;
}

void __wrap_gw_serial_pause(int64_t ms)
{
    gw_fake_clock_advance(&day.fake, ms);
}

enum gw_status __wrap_gw_rtu_request(struct gw_rtu *rtu, const struct gw_mb_request *req,
                                     struct gw_mb_reply *out, struct gw_err *err)
{
    assert_ptr_equal(rtu, &day);
    assert_true(day.open && gw_mb_request_valid(req));
    day.requests++;
    if (mode_now(&day.port, 2) != WELL)
        return gw_err_set(err, GW_E_CLOSED, "the serial port is gone");
    const unsigned mode = mode_now(&day.units[req->unit - 1], MODES);
    const int64_t took = 10 + below(mode == SLOW ? 2 * TIMEOUT_MS : 20);
    const bool late = mode == SILENT || took > day.timeout_ms;
    gw_fake_clock_advance(&day.fake, late ? day.timeout_ms : took);
    if (late)
        return gw_err_set(err, GW_E_TIMEOUT, "no answer within %lld ms", (long long)day.timeout_ms);
    if (mode == SPOILT && below(2) == 0)
        return gw_err_set(err, GW_E_PROTO, "wrong CRC");
    *out = (struct gw_mb_reply){.data = day.data, .data_len = gw_mb_reply_bytes(req)};
    if (mode == EXCEPTIONS)
        *out = (struct gw_mb_reply){.exception = (uint8_t)(1 + below(11))};
    return GW_OK;
}

static enum gw_status on_batch(void *ctx, const struct gw_batch *b)
{
    (void)ctx;
    tally_take(&day.tally[b->device], b);
    return GW_OK;
}

static void stop(void *arg)
{
    (void)arg;
    gw_rtu_line_stop(day.line);
}

static void load_site(struct sitefile *f)
{
    static char devices[4096];
    static char points[4096];
    size_t nd = 0;
    size_t np = 0;
    for (int u = 1; u <= UNITS; u++) {
        static const int periods[] = {1000, 2000, 5000};
        nd += (size_t)snprintf(devices + nd, sizeof devices - nd,
                               "%s\"d%d\": {\"bus\": \"line\", \"unit\": %d, \"period_ms\": %d}",
                               u > 1 ? ", " : "", u, u, periods[u % 3]);
        np += (size_t)snprintf(points + np, sizeof points - np,
                               "%s\"d%d.a\": {\"address\": 10}, \"d%d.b\": {\"address\": 200}",
                               u > 1 ? ", " : "", u, u);
    }
    assert_true(nd < sizeof devices && np < sizeof points);
    char bus[160];
    (void)snprintf(bus, sizeof bus,
                   "\"line\": {\"driver\": \"modbus-rtu\", \"port\": \"/dev/ttyS0\", \"baud\":"
                   " 115200, \"timeout_ms\": %d}",
                   TIMEOUT_MS);
    sitefile_load(f, bus, devices, points, NULL);
    assert_true(sitefile_good(f));
}

static void every_poll_of_a_day_is_counted_once(void **state)
{
    (void)state;
    struct sitefile f;
    load_site(&f);
    gw_fake_clock_init(&day.fake);
    day.rand = test_seed();
    day.start_ms = day.fake.now.mono_ms;
    day.port.until_ms = day.start_ms + below(3600000);
    for (size_t i = 0; i < UNITS; i++)
        day.units[i].until_ms = day.start_ms + below(3600000);
    const struct gw_clock clock = gw_fake_clock_clock(&day.fake);
    const struct gw_driver_env env = {
        .site = f.site, .clock = &clock, .sink = {.put = on_batch}, .seed = day.rand};
    struct sim_net *net = sim_net_new(&day.fake);
    sim_net_until(net, day.start_ms + DAY_MS, stop, NULL);
    assert_int_equal(gw_rtu_line_new(&env, 0, &day.line, NULL), GW_OK);
    gw_rtu_line_run(day.line);
    gw_rtu_line_free(day.line);
    sim_net_free(net);
    assert_false(day.open);

    struct gw_polls sum = {0};
    for (size_t i = 0; i < UNITS; i++) {
        const int64_t went = day.tally[i].last_ms - day.start_ms;
        tally_check(&day.tally[i], f.site->devices[i].period_ms, went, 5000);
        assert_true(went > DAY_MS - 120000);
        tally_add(&day.tally[i], &sum);
    }
    sitefile_free(&f);
    assert_int_equal(sum.scheduled, sum.read + sum.failed + sum.skipped);
    assert_true(day.opened > 2);
    printf("%lu requests, %lu times opened; of %llu polls %llu read, %llu failed, %llu skipped\n",
           day.requests, day.opened, (unsigned long long)sum.scheduled,
           (unsigned long long)sum.read, (unsigned long long)sum.failed,
           (unsigned long long)sum.skipped);
}

int main(void)
{
    gw_log_set_level(GW_LOG_ERR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_poll_of_a_day_is_counted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
