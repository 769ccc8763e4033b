/* SPDX-License-Identifier: Apache-2.0
 *
 * What a unit that answers too late costs its neighbours, counted in polls from its first failure
 * on, on a line and a clock in the hand. The port is played; its owner is the daemon's. The line
 * carries one answer after the other, as a serial server's queue does: whoever is asked while a late
 * answer is outstanding waits behind it, and meets its bytes.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "modbus/rtu.h"
#include "modbus/rtu_line.h"
#include "modbus/serial.h"
#include "sitefile.h"
#include "support/sim_net.h"
#include "util.h"

#define UNITS_MAX 10
#define ANSWER_MS 5
#define SETTLE_MS 20
#define PERIOD_MS 1000
#define WELL_MS   60000  /* all are well */
#define BAD_MS    120000 /* that time is counted */

struct scene {
    struct gw_fake_clock fake;
    struct gw_rtu_line *line;
    int64_t start_ms, timeout_ms;
    int64_t late_ms; /* unit 1 answers so long after its request; 0: never */
    int64_t busy_ms; /* the line carries answers until then; bytes of the first come at junk_ms */
    int64_t junk_ms; /* 0: none */
    bool uneasy;
    uint8_t data[256];
    struct gw_polls polls[UNITS_MAX], before[UNITS_MAX];
};

/* What stands in front of the port has no other way to the test. */
static struct scene scene;

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
    (void)conf;
    (void)err;
    *out = (struct gw_rtu *)(void *)&scene;
    return GW_OK;
}

void __wrap_gw_rtu_close(struct gw_rtu *rtu, bool unlock)
{
    (void)rtu;
    (void)unlock;
}

int __wrap_gw_rtu_fd(const struct gw_rtu *rtu)
{
    (void)rtu;
    return 1000;
}

void __wrap_gw_rtu_timeout(struct gw_rtu *rtu, int64_t timeout_ms)
{
    (void)rtu;
    scene.timeout_ms = timeout_ms;
}

bool __wrap_gw_rtu_moved(const struct gw_rtu *rtu)
{
    (void)rtu;
    return false;
}

void __wrap_gw_serial_pause(int64_t ms)
{
    gw_fake_clock_advance(&scene.fake, ms);
}

static bool is_bad(const struct gw_mb_request *req)
{
    return req->unit == 1 && scene.fake.now.mono_ms >= scene.start_ms + WELL_MS;
}

enum gw_status __wrap_gw_rtu_request(struct gw_rtu *rtu, const struct gw_mb_request *req,
                                     struct gw_mb_reply *out, struct gw_err *err)
{
    struct scene *s = &scene;
    (void)rtu;
    if (s->uneasy)
        gw_fake_clock_advance(&s->fake, SETTLE_MS);
    const int64_t sent = s->fake.now.mono_ms;
    if (s->junk_ms != 0 && s->junk_ms <= sent)
        s->junk_ms = 0; /* thrown away before the request */
    const int64_t free_ms = s->busy_ms > sent ? s->busy_ms : sent;
    const int64_t took = is_bad(req) ? s->late_ms : ANSWER_MS;
    const int64_t there = took > 0 ? free_ms + took : INT64_MAX;
    if (took > 0)
        s->busy_ms = there;
    s->uneasy = true;
    if (s->junk_ms != 0 && s->junk_ms <= sent + s->timeout_ms) {
        gw_fake_clock_advance(&s->fake, s->junk_ms - sent);
        s->junk_ms = there < INT64_MAX ? there : 0;
        return gw_err_set(err, GW_E_PROTO, "answer of another unit");
    }
    if (there > sent + s->timeout_ms) {
        gw_fake_clock_advance(&s->fake, s->timeout_ms);
        if (s->junk_ms == 0 && there < INT64_MAX)
            s->junk_ms = there;
        return gw_err_set(err, GW_E_TIMEOUT, "no answer");
    }
    gw_fake_clock_advance(&s->fake, there - sent);
    s->uneasy = false;
    *out = (struct gw_mb_reply){.data = s->data, .data_len = gw_mb_reply_bytes(req)};
    return GW_OK;
}

static enum gw_status on_batch(void *ctx, const struct gw_batch *b)
{
    (void)ctx;
    scene.polls[b->device] = b->polls;
    if (b->mono_ms < scene.start_ms + WELL_MS)
        scene.before[b->device] = b->polls;
    return GW_OK;
}

static void stop(void *arg)
{
    (void)arg;
    gw_rtu_line_stop(scene.line);
}

static void load_site(struct sitefile *f, int units, int timeout_ms)
{
    char devices[2048];
    char points[2048];
    char bus[160];
    size_t nd = 0;
    size_t np = 0;
    for (int u = 1; u <= units; u++) {
        nd += (size_t)snprintf(devices + nd, sizeof devices - nd,
                               "%s\"d%d\": {\"bus\": \"line\", \"unit\": %d, \"period_ms\": %d}",
                               u > 1 ? ", " : "", u, u, PERIOD_MS);
        np += (size_t)snprintf(points + np, sizeof points - np,
                               "%s\"d%d.a\": {\"address\": 10}, \"d%d.b\": {\"address\": 11}",
                               u > 1 ? ", " : "", u, u);
    }
    assert_true(nd < sizeof devices && np < sizeof points);
    (void)snprintf(bus, sizeof bus,
                   "\"line\": {\"driver\": \"modbus-rtu\", \"port\": \"/dev/ttyS0\", \"baud\":"
                   " 115200, \"timeout_ms\": %d}",
                   timeout_ms);
    sitefile_load(f, bus, devices, points, NULL);
    assert_true(sitefile_good(f));
}

/* The least share of its polls that a neighbour kept, in thousandths. */
static int play(int units, int timeout_ms, int late_ms)
{
    struct sitefile f;
    load_site(&f, units, timeout_ms);
    memset(&scene, 0, sizeof scene);
    gw_fake_clock_init(&scene.fake);
    scene.start_ms = scene.fake.now.mono_ms;
    scene.late_ms = late_ms;
    const struct gw_clock clock = gw_fake_clock_clock(&scene.fake);
    const struct gw_driver_env env = {
        .site = f.site, .clock = &clock, .sink = {.put = on_batch}, .seed = test_seed()};
    struct sim_net *net = sim_net_new(&scene.fake);
    sim_net_until(net, scene.start_ms + WELL_MS + BAD_MS, stop, NULL);
    assert_int_equal(gw_rtu_line_new(&env, 0, &scene.line, NULL), GW_OK);
    gw_rtu_line_run(scene.line);
    gw_rtu_line_free(scene.line);
    sim_net_free(net);
    sitefile_free(&f);
    int least = 1000;
    for (int u = 1; u < units; u++) {
        const struct gw_polls *a = &scene.before[u];
        const struct gw_polls *b = &scene.polls[u];
        const int share = (int)((b->read - a->read) * 1000 / (b->scheduled - a->scheduled));
        least = share < least ? share : least;
    }
    assert_int_equal(scene.polls[0].read, scene.before[0].read);
    assert_true(scene.polls[0].failed - scene.before[0].failed >= 2); /* it is still asked */
    return least;
}

static void a_late_unit_costs_a_twentieth_from_its_first_failure_on(void **state)
{
    (void)state;
    static const int timeouts[] = {100, 300, 500, 1000};
    static const int lates[] = {0, 120, 450, 700, 950, 1500, 3000};
    static const int units[] = {2, 3, 10};
    for (size_t t = 0; t < 4; t++)
        for (size_t k = 0; k < 7; k++)
            for (size_t n = 0; n < 3; n++) {
                if (lates[k] != 0 && lates[k] <= timeouts[t])
                    continue;
                const int share = play(units[n], timeouts[t], lates[k]);
                printf("time-out %4d ms, late by %4d ms, %2d units: %d.%d %%\n", timeouts[t],
                       lates[k], units[n], share / 10, share % 10);
                /* One that holds the line for three of their periods at once is paid off later. */
                assert_true(share >= (lates[k] < 2 * PERIOD_MS ? 950 : 900));
            }
}

int main(void)
{
    gw_log_set_level(GW_LOG_ERR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_unit_costs_a_twentieth_from_its_first_failure_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
