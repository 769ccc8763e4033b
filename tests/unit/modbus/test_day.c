/* SPDX-License-Identifier: Apache-2.0
 *
 * A day of polling in seconds: 40 devices that fail in every way and come back, on a net and a clock
 * made of memory, under the reactor that the daemon runs. Every poll that was due is counted once:
 * as read, failed or skipped.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "modbus/reactor.h"
#include "sitefile.h"
#include "support/reply_oracle.h"
#include "support/sim_net.h"
#include "tally.h"
#include "util.h"

#define DAY_MS     (24 * 3600 * INT64_C(1000))
#define TIMEOUT_MS 300
#define LONE       24 /* endpoints of one device */
#define SHARED     4  /* endpoints of four devices; the last two speak RTU */
#define UNITS      4
#define ENDPOINTS  (LONE + SHARED)
#define DEVICES    (LONE + SHARED * UNITS)
#define PORT       1000
#define FIRST_WORD 7

enum mode {
    WELL = 0,
    SILENT,
    SLOW, /* now in time, now too late */
    EXCEPTIONS,
    SPOILT,
    HALF,
    TWICE,
    DRIBBLE,
    CLOSES,
    RESETS,
    MODES
};

struct machine {
    enum mode mode;
    int64_t until_ms;
    unsigned modes;
};

struct day {
    struct gw_fake_clock fake;
    struct sim_net *net;
    struct gw_mb_reactor *reactor;
    uint64_t rand;
    int64_t start_ms;
    struct endpoint {
        struct day *day;
        size_t index;
        struct machine way; /* SILENT: nothing gets there; CLOSES: it refuses */
        struct machine units[UNITS];
    } endpoints[ENDPOINTS];
    struct tally tally[DEVICES];
    unsigned long requests;
};

static int64_t below(struct day *d, int64_t n)
{
    return (int64_t)gw_rand_below(&d->rand, (uint64_t)n);
}

/* Mostly well, for half an hour or so; else something, for seconds or minutes. */
static enum mode mode_now(struct day *d, struct machine *m, bool way)
{
    while (d->fake.now.mono_ms >= m->until_ms) {
        const bool was_well = m->mode == WELL;
        m->mode = !was_well ? WELL
                  : way     ? (below(d, 2) == 0 ? SILENT : CLOSES)
                            : (enum mode)(1 + below(d, MODES - 1));
        m->until_ms +=
            was_well ? 1 + below(d, below(d, 3) == 0 ? 5000 : 600000) : 1 + below(d, 3600000);
        m->modes |= 1u << m->mode;
    }
    return m->mode;
}

static bool is_rtu(const struct endpoint *e)
{
    return e->index >= ENDPOINTS - 2;
}

static int64_t on_connect(void *arg)
{
    struct endpoint *e = arg;
    switch (mode_now(e->day, &e->way, true)) {
    case SILENT:
        return SIM_NEVER;
    case CLOSES:
        return SIM_REFUSED;
    default:
        return below(e->day, 4);
    }
}

static size_t make_reply(struct endpoint *e, const uint8_t *req, size_t len, unsigned exception,
                         uint8_t out[SIM_BYTES])
{
    const uint8_t *pdu = is_rtu(e) ? req : req + 6; /* with the unit in front */
    uint8_t body[64] = {pdu[0], pdu[1], (uint8_t)(2 * pdu[5])};
    size_t n = 3u + body[2];
    assert_true(len >= 8 && n < sizeof body);
    for (size_t i = 3; i < n; i += 2)
        body[i + 1] = FIRST_WORD;
    if (exception != 0) {
        body[1] |= 0x80;
        body[2] = (uint8_t)exception;
        n = 3;
    }
    if (!is_rtu(e)) {
        const uint8_t head[] = {req[0], req[1], 0, 0, 0, (uint8_t)n};
        memcpy(out, head, sizeof head);
        memcpy(out + sizeof head, body, n);
        return sizeof head + n;
    }
    const uint16_t crc = oracle_crc(body, n);
    body[n++] = (uint8_t)(crc >> 8);
    body[n++] = (uint8_t)(crc & 0xFF);
    memcpy(out, body, n);
    return n;
}

static void on_bytes(void *arg, int conn, const uint8_t *req, size_t len)
{
    struct endpoint *e = arg;
    struct day *d = e->day;
    d->requests++;
    if (mode_now(d, &e->way, true) != WELL)
        return;
    const uint8_t unit = is_rtu(e) ? req[0] : req[6];
    assert_in_range(unit, 1, UNITS);
    const enum mode mode = mode_now(d, &e->units[unit - 1], false);
    static const uint8_t codes[] = {1, 2, 4, 6, 10, 11};
    const unsigned exception = mode == EXCEPTIONS ? codes[below(d, sizeof codes)] : 0;
    uint8_t reply[SIM_BYTES];
    size_t n = make_reply(e, req, len, exception, reply);
    int64_t in_ms = 1 + below(d, 20);
    switch (mode) {
    case SILENT:
        return;
    case CLOSES:
    case RESETS:
        sim_net_close(d->net, conn, in_ms, mode == RESETS);
        return;
    case SLOW:
        in_ms += below(d, 2 * TIMEOUT_MS);
        break;
    case SPOILT:
        reply[below(d, (int64_t)n)] ^= (uint8_t)(1 + below(d, 255));
        break;
    case HALF:
        n /= 2;
        break;
    case TWICE:
        sim_net_send(d->net, conn, in_ms + below(d, 50), reply, n);
        break;
    case DRIBBLE:
        for (size_t i = 0; i < n; i++)
            sim_net_send(d->net, conn, in_ms += 40, reply + i, 1);
        return;
    default:
        break;
    }
    sim_net_send(d->net, conn, in_ms, reply, n);
}

/* ---- what the core would see ---- */

static enum gw_status on_batch(void *ctx, const struct gw_batch *b)
{
    struct day *d = ctx;
    tally_take(&d->tally[b->device], b);
    return GW_OK;
}

static void load_site(struct sitefile *f)
{
    static char buses[8192];
    static char devices[8192];
    static char points[16384];
    size_t nb = 0;
    size_t nd = 0;
    size_t np = 0;
    for (int e = 0; e < ENDPOINTS; e++) {
        nb += (size_t)snprintf(
            buses + nb, sizeof buses - nb,
            "%s\"e%d\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\", \"port\": %d,"
            " \"timeout_ms\": %d, \"connect_timeout_ms\": 1000%s}",
            e > 0 ? ", " : "", e, PORT + e, TIMEOUT_MS,
            e >= ENDPOINTS - 2 ? ", \"framing\": \"rtu\"" : "");
        for (int u = 1; u <= (e < LONE ? 1 : UNITS); u++) {
            static const int periods[] = {1000, 2000, 5000, 10000};
            nd += (size_t)snprintf(devices + nd, sizeof devices - nd,
                                   "%s\"d%d-%d\": {\"bus\": \"e%d\", \"unit\": %d,"
                                   " \"period_ms\": %d}",
                                   nd > 0 ? ", " : "", e, u, e, u, periods[(e + u) % 4]);
            np += (size_t)snprintf(points + np, sizeof points - np,
                                   "%s\"d%d-%d.a\": {\"address\": 10}, \"d%d-%d.b\": {\"address\":"
                                   " 200, \"type\": \"u32\"}, \"d%d-%d.c\": {\"address\": 11,"
                                   " \"period_ms\": 60000}",
                                   np > 0 ? ", " : "", e, u, e, u, e, u);
        }
    }
    assert_true(nb < sizeof buses && nd < sizeof devices && np < sizeof points);
    sitefile_load(f, buses, devices, points, NULL);
    assert_true(sitefile_good(f));
    assert_int_equal(f->site->ndevices, DEVICES);
}

static void stop(void *arg)
{
    gw_mb_reactor_stop(((struct day *)arg)->reactor);
}

static void begin(struct day *d)
{
    gw_fake_clock_init(&d->fake);
    d->start_ms = d->fake.now.mono_ms;
    d->net = sim_net_new(&d->fake);
    d->rand = test_seed();
    for (size_t i = 0; i < ENDPOINTS; i++) {
        struct endpoint *e = &d->endpoints[i];
        *e = (struct endpoint){.day = d, .index = i};
        e->way.until_ms = d->start_ms + below(d, 3600000);
        for (size_t u = 0; u < UNITS; u++)
            e->units[u].until_ms = d->start_ms + below(d, 3600000);
        const struct sim_peer peer = {.connect = on_connect, .bytes = on_bytes, .arg = e};
        sim_net_listen(d->net, (uint16_t)(PORT + i), &peer);
    }
    sim_net_until(d->net, d->start_ms + DAY_MS, stop, d);
}

static void every_poll_of_a_day_is_counted_once(void **state)
{
    (void)state;
    static struct day d;
    struct sitefile f;
    load_site(&f);
    begin(&d);
    const struct gw_clock clock = gw_fake_clock_clock(&d.fake);
    const struct gw_driver_env env = {
        .site = f.site, .clock = &clock, .sink = {.put = on_batch, .ctx = &d}, .seed = d.rand};
    assert_int_equal(gw_mb_reactor_new(&env, NULL, &d.reactor, NULL), GW_OK);
    gw_mb_reactor_run(d.reactor);
    assert_int_equal(d.fake.now.mono_ms, d.start_ms + DAY_MS);
    gw_mb_reactor_free(d.reactor);
    assert_int_equal(sim_net_open(d.net), 0);
    sim_net_free(d.net);

    struct gw_polls sum = {0};
    for (size_t i = 0; i < DEVICES; i++) {
        const struct tally *t = &d.tally[i];
        const int64_t period = f.site->devices[i].period_ms;
        const int64_t went = t->last_ms - d.start_ms;
        tally_check(t, period, went, 5000);
        assert_true(went > DAY_MS - 60000);
        tally_add(t, &sum);
    }
    sitefile_free(&f);
    assert_int_equal(sum.scheduled, sum.read + sum.failed + sum.skipped);
    printf("%lu requests; of %llu polls %llu read, %llu failed, %llu skipped\n", d.requests,
           (unsigned long long)sum.scheduled, (unsigned long long)sum.read,
           (unsigned long long)sum.failed, (unsigned long long)sum.skipped);
    unsigned modes = 0;
    for (size_t i = 0; i < ENDPOINTS; i++)
        for (size_t u = 0; u < UNITS; u++)
            modes |= d.endpoints[i].units[u].modes;
    assert_int_equal(modes | 1u, (1u << MODES) - 1u); /* all of them were seen */
}

int main(void)
{
    gw_log_set_level(GW_LOG_ERR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_poll_of_a_day_is_counted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
