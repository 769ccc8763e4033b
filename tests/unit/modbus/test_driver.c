/* SPDX-License-Identifier: Apache-2.0
 *
 * The driver from end to end, in process, against peers on the loopback. What is compared are
 * counts of polls, not seconds.
 */
#include "modbus/driver.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/worker.h"
#include "catcher.h"
#include "modbus/reactor.h"
#include "peer.h"
#include "sitefile.h"
#include "util.h"

/* ---- peers ---- */

static bool serve_silence(void *arg, const struct peer_call *call)
{
    (void)arg;
    if (call->req != NULL)
        (void)peer_wait_close(call, 60000);
    return call->req == NULL;
}

/* A gateway with several units: 1 answers, 2 is silent, 3 takes its time, 4 answers in the name of
 * another, 5 refuses addresses from 100 on. */
static bool serve_units(void *arg, const struct peer_call *call)
{
    (void)arg;
    if (call->req == NULL)
        return true;
    uint8_t answer[260];
    size_t n = peer_answer(call, 1000, answer);
    const unsigned address = (unsigned)call->req[8] << 8 | call->req[9];
    switch (call->req[6]) {
    case 2:
        return true;
    case 3:
        peer_pause(call, 60);
        break;
    case 4:
        answer[6] = 1;
        break;
    case 5:
        if (address >= 100) {
            answer[5] = 3;
            answer[7] = (uint8_t)(answer[7] | 0x80u);
            answer[8] = 2;
            n = 9;
        }
        break;
    default:
        break;
    }
    peer_send(call, answer, n);
    return true;
}

/* ---- a running driver ---- */

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
    struct gw_err err = {0};
    const enum gw_status status = gw_modbus_tcp_driver.open(&env, &r->inst, &err);
    if (status != GW_OK)
        fail_msg("%s", err.msg);
}

static void rig_close(struct rig *r)
{
    assert_true(gw_modbus_tcp_driver.close(r->inst));
    for (uint32_t d = 0; d < r->f.site->ndevices; d++)
        assert_int_equal(r->c.devices[d].sum_wrong, 0);
    sitefile_free(&r->f);
}

/* A bus called `name` at this port. */
static const char *bus(char out[128], const char *name, uint16_t port)
{
    (void)snprintf(out, 128,
                   "\"%s\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\", \"port\": %u,"
                   " \"timeout_ms\": 100}",
                   name, (unsigned)port);
    return out;
}

/* ---- tests ---- */

static void a_silent_endpoint_costs_the_other_nothing(void **state)
{
    (void)state;
    struct peer *good = peer_start(peer_serve_well, NULL);
    struct peer *silent = peer_start(serve_silence, NULL);
    char a[128];
    char b[128];
    char buses[300];
    (void)snprintf(buses, sizeof buses, "%s, %s", bus(a, "a", peer_port(good)),
                   bus(b, "b", peer_port(silent)));
    struct rig r;
    rig_open(&r, buses,
             "\"good\": {\"bus\": \"a\", \"period_ms\": 400},"
             "\"silent\": {\"bus\": \"b\", \"period_ms\": 400}",
             "\"good.x\": {\"address\": 0}, \"good.y\": {\"fc\": 4, \"address\": 9},"
             "\"silent.x\": {\"address\": 0}");
    catcher_wait_reads(&r.c, 0, 10);
    catcher_wait_link(&r.c, 1, GW_LINK_DOWN);
    const struct caught g = catcher_device(&r.c, 0);
    assert_int_equal(g.batch.link, GW_LINK_OK);
    assert_int_equal(g.batch.polls.read, g.batch.polls.scheduled);
    assert_int_equal(g.batch.polls.failed, 0);
    assert_int_equal(g.passes, g.batch.polls.read);
    assert_string_equal(g.batch.fault, "");
    assert_int_equal(peer_connections(good), 1);
    const struct caught s = catcher_device(&r.c, 1);
    assert_int_equal(s.batch.polls.read, 0);
    assert_in_range(s.batch.polls.failed, 3, 4);
    assert_true(s.batch.polls.skipped > 0);
    assert_int_equal(s.by_link[GW_LINK_SUSPECT], 2);
    assert_int_equal(s.batch.n, 1);
    assert_int_equal(s.batch.samples[0].quality, GW_Q_BAD_COMM);
    assert_int_equal(s.batch.samples[0].valued, 0);
    assert_int_equal(s.batch.samples[0].nraw, 0);
    char fault[80];
    (void)snprintf(fault, sizeof fault, "unit 1 at 127.0.0.1:%u: no answer within 100 ms",
                   (unsigned)peer_port(silent));
    assert_string_equal(s.batch.fault, fault);
    /* Each pass of the good device asked for its two blocks, and no more. */
    rig_close(&r);
    assert_true(peer_requests(good) >= 20);
    assert_in_range(peer_requests(good), g.batch.polls.read * 2, g.batch.polls.read * 2 + 12);
    peer_stop(good);
    peer_stop(silent);
}

static void a_bad_unit_does_not_starve_its_neighbours(void **state)
{
    (void)state;
    struct peer *gateway = peer_start(serve_units, NULL);
    char a[128];
    struct rig r;
    rig_open(&r, bus(a, "a", peer_port(gateway)),
             "\"u1\": {\"bus\": \"a\", \"unit\": 1, \"period_ms\": 500},"
             "\"u2\": {\"bus\": \"a\", \"unit\": 2, \"period_ms\": 500},"
             "\"u3\": {\"bus\": \"a\", \"unit\": 3, \"period_ms\": 500},"
             "\"u4\": {\"bus\": \"a\", \"unit\": 4, \"period_ms\": 500}",
             "\"u1.x\": {\"address\": 0}, \"u1.y\": {\"address\": 100},"
             "\"u2.x\": {\"address\": 0}, \"u2.y\": {\"address\": 100},"
             "\"u3.x\": {\"address\": 0}, \"u3.y\": {\"address\": 100},"
             "\"u3.z\": {\"address\": 200},"
             "\"u4.x\": {\"address\": 0}");
    catcher_wait_reads(&r.c, 0, 10);
    catcher_wait_reads(&r.c, 2, 10);
    for (uint32_t d = 0; d <= 2; d += 2) {
        const struct caught g = catcher_device(&r.c, d);
        assert_int_equal(g.batch.polls.read, g.batch.polls.scheduled);
        assert_int_equal(g.by_link[GW_LINK_OK], g.passes);
    }
    catcher_wait_link(&r.c, 1, GW_LINK_DOWN);
    catcher_wait_link(&r.c, 3, GW_LINK_DOWN);
    /* The answer in another's name never became a value. */
    assert_int_equal(catcher_good(&r.c, sitefile_point(&r.f, "u4.x")), 0);
    assert_non_null(strstr(catcher_device(&r.c, 3).batch.fault, "answer of unit 1 instead of 4"));
    assert_true(catcher_point(&r.c, sitefile_point(&r.f, "u3.z")).value.num == 1000);
    rig_close(&r);
    peer_stop(gateway);
}

/* A unit whose pass is longer than the period gets one request in turn, not the whole connection.
 */
/* Units 1 and 2 behind one connection; 2 falls silent. holds_ms: so long nobody else is served when
 * 2 was asked. */
struct gate {
    atomic_bool silent;
    int holds_ms;
};

static bool serve_gate(void *arg, const struct peer_call *call)
{
    struct gate *g = arg;
    uint8_t answer[260];
    if (call->req == NULL)
        return true;
    if (call->req[6] == 2 && atomic_load(&g->silent)) {
        if (g->holds_ms > 0)
            peer_pause(call, g->holds_ms);
        return true;
    }
    peer_send(call, answer, peer_answer(call, 1000, answer));
    return true;
}

/* Its tries become short where that spares the others time, so that it need not wait for long until
 * the next one; where a gateway waits by itself, they do not, and the others lose nothing by it. */
static void a_silent_unit_is_asked_as_briefly_as_its_gateway_permits(void **state)
{
    (void)state;
    static const int holds[] = {0, 600};
    for (size_t i = 0; i < 2; i++) {
        struct gate gate = {.holds_ms = holds[i]};
        struct peer *p = peer_start(serve_gate, &gate);
        char b[200];
        (void)snprintf(b, sizeof b,
                       "\"g\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\", \"port\": %u,"
                       " \"timeout_ms\": 1000}",
                       (unsigned)peer_port(p));
        struct rig r;
        rig_open(&r, b,
                 "\"well\": {\"bus\": \"g\", \"unit\": 1, \"period_ms\": 1500},"
                 "\"dead\": {\"bus\": \"g\", \"unit\": 2, \"period_ms\": 1500}",
                 "\"well.x\": {\"address\": 0}, \"dead.x\": {\"address\": 0}");
        catcher_wait_reads(&r.c, 1, 2);
        atomic_store(&gate.silent, true);
        catcher_wait_link(&r.c, 1, GW_LINK_DOWN);
        const struct caught dead = catcher_device(&r.c, 1);
        printf("held for %d ms: the next try comes after %d ms\n", holds[i],
               (int)dead.batch.stats.hold_ms);
        assert_in_range(dead.batch.stats.hold_ms, 1000, holds[i] == 0 ? 30000 : 82000);
        catcher_wait_reads(&r.c, 0, catcher_device(&r.c, 0).batch.polls.read + 2);
        const struct gw_polls well = catcher_device(&r.c, 0).batch.polls;
        assert_int_equal(well.failed, 0);
        assert_int_equal(well.skipped, 0);
        rig_close(&r);
        peer_stop(p);
    }
}

static void a_slow_unit_takes_turns(void **state)
{
    (void)state;
    struct peer *gateway = peer_start(serve_units, NULL);
    char a[200]; /* with room before the time-out, on a busy machine, too */
    (void)snprintf(a, sizeof a,
                   "\"a\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\", \"port\": %u,"
                   " \"timeout_ms\": 1000}",
                   (unsigned)peer_port(gateway));
    char points[1024] = "\"u1.x\": {\"address\": 0}";
    for (unsigned i = 0; i < 16; i++) {
        const size_t n = strlen(points);
        (void)snprintf(points + n, sizeof points - n, ", \"u3.x%u\": {\"address\": %u}", i,
                       i * 100);
    }
    struct rig r;
    rig_open(&r, a,
             "\"u3\": {\"bus\": \"a\", \"unit\": 3, \"period_ms\": 400},"
             "\"u1\": {\"bus\": \"a\", \"unit\": 1, \"period_ms\": 400}",
             points);
    catcher_wait_reads(&r.c, 1, 10);
    catcher_wait_reads(&r.c, 0, 3);
    const struct caught fast = catcher_device(&r.c, 1);
    assert_int_equal(fast.batch.polls.read, fast.batch.polls.scheduled);
    const struct caught slow = catcher_device(&r.c, 0);
    assert_int_equal(slow.batch.polls.failed, 0);
    assert_true(slow.batch.polls.skipped > 0);
    rig_close(&r);
    peer_stop(gateway);
}

static void an_exception_keeps_connection_and_other_blocks(void **state)
{
    (void)state;
    struct peer *gateway = peer_start(serve_units, NULL);
    char a[128];
    struct rig r;
    rig_open(&r, bus(a, "a", peer_port(gateway)),
             "\"u5\": {\"bus\": \"a\", \"unit\": 5, \"period_ms\": 100},"
             "\"no\": {\"bus\": \"a\", \"unit\": 5, \"period_ms\": 100}",
             "\"u5.x\": {\"address\": 0}, \"u5.y\": {\"address\": 100},"
             "\"u5.z\": {\"address\": 50}, \"no.y\": {\"address\": 100}");
    catcher_wait_passes(&r.c, 0, 10);
    catcher_wait_passes(&r.c, 1, 10);
    const struct caught d = catcher_device(&r.c, 0);
    assert_int_equal(d.batch.link, GW_LINK_OK);
    assert_int_equal(d.batch.polls.failed, 0);
    assert_int_equal(catcher_point(&r.c, sitefile_point(&r.f, "u5.x")).quality, GW_Q_GOOD);
    assert_int_equal(catcher_point(&r.c, sitefile_point(&r.f, "u5.y")).quality, GW_Q_BAD_COMM);
    assert_int_equal(catcher_point(&r.c, sitefile_point(&r.f, "u5.z")).quality, GW_Q_GOOD);
    assert_string_equal(d.batch.fault,
                        "unit 5: exception 2 (illegal data address), function 3, address 100..100");
    /* Nothing but exceptions: failed, but the device is there, and it is asked each period. */
    const struct caught n = catcher_device(&r.c, 1);
    assert_int_equal(n.batch.link, GW_LINK_OK);
    assert_int_equal(n.batch.polls.read, 0);
    assert_int_equal(n.batch.polls.failed, n.passes);
    assert_int_equal(peer_connections(gateway), 1);
    rig_close(&r);
    peer_stop(gateway);
}

static void down_and_back(void **state)
{
    (void)state;
    struct peer *peer = peer_start(peer_serve_well, NULL);
    const uint16_t port = peer_port(peer);
    char a[128];
    struct rig r;
    rig_open(&r, bus(a, "a", port),
             "\"d\": {\"bus\": \"a\", \"period_ms\": 200},"
             "\"e\": {\"bus\": \"a\", \"unit\": 2, \"period_ms\": 200}",
             "\"d.x\": {\"address\": 0}, \"d.y\": {\"address\": 100}, \"e.x\": {\"address\": 0}");
    catcher_wait_reads(&r.c, 0, 2);
    catcher_wait_reads(&r.c, 1, 2);
    peer_stop(peer);
    catcher_wait_link(&r.c, 0, GW_LINK_SUSPECT);
    catcher_wait_link(&r.c, 0, GW_LINK_DOWN);
    catcher_wait_link(&r.c, 1, GW_LINK_DOWN);
    const struct caught down = catcher_device(&r.c, 0);
    assert_non_null(strstr(down.batch.fault, "connection refused"));
    assert_int_equal(down.batch.n, 2);
    assert_int_equal(catcher_point(&r.c, sitefile_point(&r.f, "d.y")).quality, GW_Q_BAD_COMM);
    peer = peer_start_at(port, peer_serve_well, NULL);
    catcher_wait_link(&r.c, 0, GW_LINK_OK);
    catcher_wait_link(&r.c, 1, GW_LINK_OK);
    assert_int_equal(catcher_point(&r.c, sitefile_point(&r.f, "d.y")).quality, GW_Q_GOOD);
    const struct caught back = catcher_device(&r.c, 0);
    catcher_wait_reads(&r.c, 0, back.batch.polls.read + 3);
    rig_close(&r);
    peer_stop(peer);
}

static void stamps_are_those_of_the_answers(void **state)
{
    (void)state;
    struct peer *gateway = peer_start(serve_units, NULL);
    char a[128];
    struct rig r;
    rig_open(&r, bus(a, "a", peer_port(gateway)),
             "\"u3\": {\"bus\": \"a\", \"unit\": 3, \"period_ms\": 500}",
             "\"u3.x\": {\"address\": 0}, \"u3.y\": {\"address\": 100}");
    catcher_wait_reads(&r.c, 0, 2);
    const struct gw_batch b = catcher_device(&r.c, 0).batch;
    const struct gw_stamp now = gw_clock_now(&r.clock);
    assert_int_equal(b.n, 2);
    /* Each answer of this unit takes 60 ms. */
    assert_true(b.samples[1].mono_ms - b.samples[0].mono_ms >= 59);
    assert_true(b.samples[1].mono_ms <= b.mono_ms && b.mono_ms <= now.mono_ms);
    assert_true(b.samples[0].wall_ms <= b.samples[1].wall_ms);
    assert_true(now.wall_ms - b.wall_ms < 60000);
    rig_close(&r);
    peer_stop(gateway);
}

static void a_core_that_is_behind_loses_batches_not_polls(void **state)
{
    (void)state;
    struct peer *peer = peer_start(peer_serve_well, NULL);
    char a[128];
    struct rig r;
    rig_open(&r, bus(a, "a", peer_port(peer)), "\"d\": {\"bus\": \"a\", \"period_ms\": 100}",
             "\"d.x\": {\"address\": 0}");
    catcher_wait_passes(&r.c, 0, 3);
    catcher_refuse(&r.c, true);
    catcher_wait_refused(&r.c, 5);
    catcher_refuse(&r.c, false);
    const unsigned before = catcher_device(&r.c, 0).passes;
    catcher_wait_passes(&r.c, 0, before + 3);
    const struct caught d = catcher_device(&r.c, 0);
    assert_int_equal(d.batch.polls.failed, 0);
    assert_true(d.batch.polls.read >= d.passes + 5);
    rig_close(&r);
    peer_stop(peer);
}

static void a_site_without_such_a_bus_needs_no_instance(void **state)
{
    (void)state;
    struct rig r;
    rig_open(&r, "", "", "");
    assert_null(r.inst);
    rig_close(&r);
    /* A bus without devices is fine, and so is a device without points. */
    rig_open(&r, "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}",
             "\"d\": {\"bus\": \"b\"}", "");
    assert_non_null(r.inst);
    rig_close(&r);
}

static void opened_and_closed_again_and_again(void **state)
{
    (void)state;
    struct peer *silent = peer_start(serve_silence, NULL);
    char a[128];
    for (int i = 0; i < 20; i++) {
        struct rig r;
        rig_open(&r, bus(a, "a", peer_port(silent)), "\"d\": {\"bus\": \"a\", \"period_ms\": 100}",
                 "\"d.x\": {\"address\": 0}");
        if (i % 2 == 0)
            catcher_wait_passes(&r.c, 0, 1);
        rig_close(&r);
    }
    peer_stop(silent);
}

/* ---- names ---- */

/* A name service of a test's own. */
struct service {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool released;
    unsigned asked;
};

/* "two": two addresses, of which only the second has a server. "dead": no answer until released.
 * "gone": not there. */
static enum gw_status lookup(void *ctx, const char *host, uint16_t port, struct gw_mb_addrs *out,
                             struct gw_err *err)
{
    struct service *s = ctx;
    (void)pthread_mutex_lock(&s->mutex);
    s->asked++;
    while (strcmp(host, "dead") == 0 && !s->released)
        (void)pthread_cond_wait(&s->cond, &s->mutex);
    (void)pthread_mutex_unlock(&s->mutex);
    if (strcmp(host, "gone") == 0)
        return gw_err_set(err, GW_E_NOTFOUND, "no such host");
    struct gw_mb_addrs second;
    assert_true(gw_mb_numeric("127.0.0.2", port, out));
    assert_true(gw_mb_numeric("127.0.0.1", port, &second));
    if (strcmp(host, "two") == 0)
        out->at[out->n++] = second.at[0];
    else
        *out = second;
    return GW_OK;
}

struct named {
    struct sitefile f;
    struct catcher c;
    struct gw_clock clock;
    struct gw_mb_reactor *reactor;
    struct gw_worker *worker;
};

static void named_open(struct named *n, struct service *s, const char *buses, const char *devices,
                       const char *points)
{
    *s = (struct service){0};
    assert_int_equal(pthread_mutex_init(&s->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&s->cond, NULL), 0);
    sitefile_load(&n->f, buses, devices, points, NULL);
    assert_true(sitefile_good(&n->f));
    catcher_init(&n->c);
    n->clock = gw_clock_system();
    const struct gw_driver_env env = {
        .site = n->f.site, .clock = &n->clock, .sink = catcher_sink(&n->c), .seed = test_seed()};
    const struct gw_mb_lookup l = {lookup, s};
    assert_int_equal(gw_mb_reactor_new(&env, &l, &n->reactor, NULL), GW_OK);
    assert_int_equal(gw_worker_start("reactor", gw_mb_reactor_run, n->reactor, &n->worker, NULL),
                     GW_OK);
}

static void named_close(struct named *n)
{
    gw_mb_reactor_stop(n->reactor);
    assert_true(gw_worker_join(n->worker, 5000));
    gw_mb_reactor_free(n->reactor);
    sitefile_free(&n->f);
}

static void release(struct service *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->released = true;
    (void)pthread_cond_broadcast(&s->cond);
    (void)pthread_mutex_unlock(&s->mutex);
}

static unsigned times_asked(struct service *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    const unsigned n = s->asked;
    (void)pthread_mutex_unlock(&s->mutex);
    return n;
}

#define NAMED(id, host)                                                                            \
    "\"" id "\": {\"driver\": \"modbus-tcp\", \"host\": \"" host "\", \"port\": %u,"               \
    " \"timeout_ms\": 100, \"connect_timeout_ms\": 150}"

static void a_dead_name_server_delays_nobody_else(void **state)
{
    (void)state;
    struct peer *peer = peer_start(peer_serve_well, NULL);
    struct peer *other = peer_start(peer_serve_well, NULL);
    char buses[400];
    (void)snprintf(buses, sizeof buses, NAMED("a", "127.0.0.1") "," NAMED("b", "dead"),
                   (unsigned)peer_port(peer), (unsigned)peer_port(other));
    struct service s;
    struct named n;
    named_open(&n, &s, buses,
               "\"d\": {\"bus\": \"a\", \"period_ms\": 400},"
               "\"e\": {\"bus\": \"b\", \"period_ms\": 400}",
               "\"d.x\": {\"address\": 0}, \"e.x\": {\"address\": 0}");
    catcher_wait_reads(&n.c, 0, 8);
    catcher_wait_passes(&n.c, 1, 2);
    const struct caught d = catcher_device(&n.c, 0);
    assert_int_equal(d.batch.polls.read, d.batch.polls.scheduled);
    const struct caught e = catcher_device(&n.c, 1);
    assert_int_equal(e.batch.polls.read, 0);
    assert_non_null(strstr(e.batch.fault, "the host name is not resolved yet"));
    /* Asked once, however often it was needed. */
    assert_int_equal(times_asked(&s), 1);
    release(&s);
    catcher_wait_link(&n.c, 1, GW_LINK_OK);
    named_close(&n);
    peer_stop(peer);
    peer_stop(other);
}

static void each_address_of_a_name_is_tried(void **state)
{
    (void)state;
    struct peer *peer = peer_start(peer_serve_well, NULL);
    const uint16_t port = peer_port(peer);
    char buses[400];
    (void)snprintf(buses, sizeof buses, NAMED("a", "two") "," NAMED("b", "gone"), (unsigned)port,
                   (unsigned)port);
    struct service s;
    struct named n;
    named_open(&n, &s, buses,
               "\"d\": {\"bus\": \"a\", \"period_ms\": 200},"
               "\"e\": {\"bus\": \"b\", \"period_ms\": 200}",
               "\"d.x\": {\"address\": 0}, \"e.x\": {\"address\": 0}");
    catcher_wait_reads(&n.c, 0, 3);
    catcher_wait_passes(&n.c, 1, 2);
    assert_int_equal(catcher_device(&n.c, 0).batch.polls.failed, 0);
    char fault[80];
    (void)snprintf(fault, sizeof fault,
                   "unit 1 at gone:%u: the host name is not resolved: no such "
                   "host",
                   (unsigned)port);
    assert_string_equal(catcher_device(&n.c, 1).batch.fault, fault);
    /* The server goes: the name is asked for again, and the pass fails once both are refused. */
    peer_stop(peer);
    catcher_wait_link(&n.c, 0, GW_LINK_SUSPECT);
    assert_non_null(strstr(catcher_device(&n.c, 0).batch.fault, "connection refused"));
    peer = peer_start_at(port, peer_serve_well, NULL);
    catcher_wait_link(&n.c, 0, GW_LINK_OK);
    named_close(&n);
    assert_true(times_asked(&s) >= 3);
    peer_stop(peer);
}

static void closing_is_bounded_whatever_hangs(void **state)
{
    (void)state;
    static struct service s; /* the thread that hangs in it outlives the test */
    struct peer *silent = peer_start(serve_silence, NULL);
    char buses[400];
    (void)snprintf(buses, sizeof buses, NAMED("a", "127.0.0.1") "," NAMED("b", "dead"),
                   (unsigned)peer_port(silent), 502u);
    struct named n;
    named_open(&n, &s, buses,
               "\"d\": {\"bus\": \"a\", \"period_ms\": 200},"
               "\"e\": {\"bus\": \"b\", \"period_ms\": 200}",
               "\"d.x\": {\"address\": 0}, \"e.x\": {\"address\": 0}");
    catcher_wait_passes(&n.c, 0, 1);
    catcher_wait_passes(&n.c, 1, 1);
    const int64_t start = gw_clock_mono_ms(&n.clock);
    named_close(&n);
    assert_true(gw_clock_mono_ms(&n.clock) - start < 5000);
    peer_stop(silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_endpoint_costs_the_other_nothing),
        cmocka_unit_test(a_bad_unit_does_not_starve_its_neighbours),
        cmocka_unit_test(a_silent_unit_is_asked_as_briefly_as_its_gateway_permits),
        cmocka_unit_test(a_slow_unit_takes_turns),
        cmocka_unit_test(an_exception_keeps_connection_and_other_blocks),
        cmocka_unit_test(down_and_back),
        cmocka_unit_test(stamps_are_those_of_the_answers),
        cmocka_unit_test(a_core_that_is_behind_loses_batches_not_polls),
        cmocka_unit_test(a_site_without_such_a_bus_needs_no_instance),
        cmocka_unit_test(opened_and_closed_again_and_again),
        cmocka_unit_test(a_dead_name_server_delays_nobody_else),
        cmocka_unit_test(each_address_of_a_name_is_tried),
        cmocka_unit_test(closing_is_bounded_whatever_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
