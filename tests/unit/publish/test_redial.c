/* SPDX-License-Identifier: Apache-2.0
 *
 * When the broker is tried again, and that a connection over a dead line ends soon enough for it.
 */
#include "publish/redial.h"

#include "fake_broker.h"
#include "publish/session.h"
#include "rig.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define BACK_MS 30000 /* the target after a line's return */
#define SOON_MS                                                                                    \
    1900 /* and for a broker that was gone for SOON_S at most; the connection takes some */
#define SOON_S 45

/* Waits lie within +-20 % of these. */
static void expect_waits(struct gw_redial *r, enum gw_status why, const int *s, int n)
{
    for (int i = 0; i < n; i++)
        assert_in_range(gw_redial_wait_ms(r, why, 0), s[i] * 800, s[i] * 1200);
}

static void test_a_broker_that_restarts_is_found_soon(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct gw_redial r = gw_redial_new(seed);
        int64_t waited_ms = 0;
        while (waited_ms < SOON_S * 1000) {
            const int64_t wait_ms = gw_redial_wait_ms(&r, GW_E_IO, 0);
            assert_in_range(wait_ms, 800, SOON_MS);
            waited_ms += wait_ms;
        }
    }
}

static void test_a_line_that_is_away_is_tried_often(void **state)
{
    const int waits[] = {1, 2, 4, 8, 15, 15, 15};
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct gw_redial r = gw_redial_new(seed);
        for (int i = 0; i < 40; i++)
            assert_true(gw_redial_wait_ms(&r, GW_E_TIMEOUT, 0) <= SOON_MS);
        expect_waits(&r, GW_E_TIMEOUT, waits, sizeof waits / sizeof waits[0]);
        for (int i = 0; i < 1000; i++)
            assert_true(gw_redial_wait_ms(&r, GW_E_IO, 0) <= BACK_MS * 2 / 3);
        gw_redial_reset(&r);
        assert_true(gw_redial_wait_ms(&r, GW_E_IO, 0) <= SOON_MS);
    }
}

static void test_a_broker_that_refuses_is_left_alone(void **state)
{
    const int waits[] = {1, 2, 4, 8, 16, 32, 60, 60};
    const int away[] = {1};
    (void)state;
    struct gw_redial r = gw_redial_new(7);
    expect_waits(&r, GW_E_REFUSED, waits, sizeof waits / sizeof waits[0]);
    expect_waits(&r, GW_E_IO, away, 1); /* and then it went away */
    expect_waits(&r, GW_E_REFUSED, waits + 7, 1);
    assert_int_equal(gw_redial_wait_ms(&r, GW_E_REFUSED, GW_REASON_TAKEN_OVER), 60000);
}

static void nothing_connected(void *ctx, unsigned receive_max)
{
    (void)ctx;
    (void)receive_max;
}

static void nothing_acked(void *ctx, int mid, unsigned reason)
{
    (void)ctx;
    (void)mid;
    (void)reason;
}

/* A session whose broker has not answered yet. */
static struct gw_session *open_session(const struct gw_site_mqtt *site)
{
    struct gw_session *session = NULL;
    struct gw_err err;
    const struct gw_session_conf conf = {
        .site = site,
        .client_id = "g1",
        .address = "127.0.0.1",
        .send_max = 20,
        .will = {.topic = "nonsite/v1/g1/status", .data = "{}", .len = 2, .retain = true},
        .events = {.connected = nothing_connected, .acked = nothing_acked},
    };
    assert_int_equal(gw_session_library(&err), GW_OK);
    assert_int_equal(gw_session_open(&conf, &session, &err), GW_OK);
    return session;
}

static unsigned option(const struct gw_session *session, int name)
{
    unsigned value = 0;
    socklen_t size = sizeof value;
    assert_int_equal(getsockopt(gw_session_fd(session), IPPROTO_TCP, name, &value, &size), 0);
    return value;
}

static void test_a_dead_line_ends_the_connection(void **state)
{
    struct fake_broker broker;
    (void)state;

    fake_open(&broker);
    const struct gw_site_mqtt site = rig_site(broker.port);
    struct gw_session *session = open_session(&site);
    assert_in_range(option(session, TCP_USER_TIMEOUT), 1000, BACK_MS * 2 / 3);
    gw_session_close(session);
    fake_close(&broker);
}

/* The kernel lets gathered bytes lie for 200 ms, which is why the switch itself is looked at. */
static void test_what_is_gathered_is_sent_in_the_end(void **state)
{
    struct fake_broker broker;
    struct fake_publish p;
    struct gw_err err;
    int mids[3];
    (void)state;

    fake_open(&broker);
    const struct gw_site_mqtt site = rig_site(broker.port);
    struct gw_session *session = open_session(&site);
    fake_accept(&broker);
    fake_connack(&broker, 0, 0);
    assert_int_equal(gw_session_step(session, true, false, &err), GW_OK);
    gw_session_gather(session, true);
    assert_int_equal(option(session, TCP_CORK), 1);
    const struct gw_message msg = {.topic = "nonsite/v1/g1/telemetry", .data = "{}", .len = 2};
    for (int i = 0; i < 3; i++)
        assert_int_equal(gw_session_publish(session, &msg, &mids[i], &err), GW_OK);
    gw_session_gather(session, false);
    assert_int_equal(option(session, TCP_CORK), 0);
    for (int i = 0; i < 3; i++) {
        fake_expect(&broker, "telemetry", &p);
        assert_int_equal(p.mid, mids[i]);
    }
    gw_session_close(session);
    fake_close(&broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_broker_that_restarts_is_found_soon),
        cmocka_unit_test(test_a_line_that_is_away_is_tried_often),
        cmocka_unit_test(test_a_broker_that_refuses_is_left_alone),
        cmocka_unit_test(test_a_dead_line_ends_the_connection),
        cmocka_unit_test(test_what_is_gathered_is_sent_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
