/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that follow straight on an answer, from its callback: they are sent without a look at the
 * connection, and what comes in between must still never be their answer.
 */
#include "modbus/tcp.h"

#include <netinet/in.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "peer.h"
#include "slave.h"
#include "util.h"

#define TIMEOUT_MS 20000 /* so that no busy machine makes an end look late */
#define WAIT_MS    60000

static const struct gw_mb_request read_4 = {
    .unit = 3, .fc = GW_MB_READ_HOLDING, .address = 257, .count = 4};

/* What the peer does between the first answer and the second request. */
enum between { NOTHING = 0, OLD_ANSWER, EARLY_ANSWER, END, RESET };

/* A client that asks `want` times in a row, each time from the callback of the one before. */
struct chain {
    struct gw_clock clock;
    struct gw_loop *loop;
    struct gw_mb_tcp *tcp;
    unsigned done, want;
    enum gw_status status;
    uint16_t first; /* word of the last answer */
    char text[160];
    /* With the peer's thread: */
    enum between between;
    atomic_int go;   /* the client has its first answer */
    atomic_int sent; /* what comes in between is there */
};

static void chain_open(struct chain *c, uint16_t port, enum gw_mb_framing framing)
{
    c->clock = gw_clock_system();
    struct gw_mb_tcp_conf conf = {
        .framing = framing, .connect_timeout_ms = TIMEOUT_MS, .timeout_ms = TIMEOUT_MS};
    const struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memcpy(&conf.addr, &v4, sizeof v4);
    conf.addr_len = sizeof v4;
    assert_int_equal(gw_loop_new(&c->clock, &c->loop, NULL), GW_OK);
    assert_int_equal(gw_mb_tcp_new(c->loop, &conf, &c->tcp, NULL), GW_OK);
}

static void chain_close(struct chain *c)
{
    gw_mb_tcp_free(c->tcp);
    gw_loop_free(c->loop);
}

static void on_done(void *arg, enum gw_status status, const struct gw_mb_reply *reply,
                    const char *text)
{
    struct chain *c = arg;
    c->done++;
    c->status = status;
    (void)snprintf(c->text, sizeof c->text, "%s", text);
    c->first = 0;
    if (status != GW_OK)
        return;
    assert_int_equal(reply->exception, 0);
    assert_int_equal(reply->data_len, 8);
    c->first = (uint16_t)((unsigned)reply->data[0] << 8 | reply->data[1]);
    if (c->done >= c->want)
        return;
    const int64_t deadline = gw_clock_mono_ms(&c->clock) + WAIT_MS;
    atomic_store(&c->go, 1);
    while (c->between != NOTHING && atomic_load(&c->sent) == 0 &&
           gw_clock_mono_ms(&c->clock) < deadline)
        (void)sched_yield();
    assert_int_equal(gw_mb_tcp_request(c->tcp, &read_4, on_done, c), GW_OK);
}

/* Asks `more` times in a row, or until one fails. */
static void ask(struct chain *c, unsigned more)
{
    const int64_t deadline = gw_clock_mono_ms(&c->clock) + WAIT_MS;
    c->want = c->done + more;
    c->status = GW_OK;
    assert_int_equal(gw_mb_tcp_request(c->tcp, &read_4, on_done, c), GW_OK);
    while (c->done < c->want && c->status == GW_OK && gw_clock_mono_ms(&c->clock) < deadline)
        assert_int_equal(gw_loop_round(c->loop, 1000), GW_OK);
}

static bool serve_and_close(void *arg, const struct peer_call *call)
{
    (void)arg;
    (void)peer_serve_well(NULL, call);
    return call->req == NULL;
}

/* Each answer has the connection of its own that such a peer wants, and no request fails. */
static void a_peer_that_closes_behind_each_answer_is_asked_anew(void **state)
{
    (void)state;
    struct peer *peer = peer_start(serve_and_close, NULL);
    struct chain c = {0};
    chain_open(&c, peer_port(peer), GW_MB_FRAMING_TCP);
    ask(&c, 200);
    assert_int_equal(c.status, GW_OK);
    assert_int_equal(c.done, 200);
    assert_int_equal(c.first, 1199);
    assert_int_equal(peer_connections(peer), 200);
    assert_int_equal(gw_mb_tcp_opens(c.tcp), 200);
    chain_close(&c);
    peer_stop(peer);
}

static bool serve_once(void *arg, const struct peer_call *call)
{
    (void)arg;
    if (call->req == NULL)
        return true;
    if (call->nth == 0)
        (void)peer_serve_well(NULL, call);
    return false;
}

static void it_is_asked_anew_once(void **state)
{
    (void)state;
    struct peer *peer = peer_start(serve_once, NULL);
    struct chain c = {0};
    chain_open(&c, peer_port(peer), GW_MB_FRAMING_TCP);
    ask(&c, 2);
    assert_int_equal(c.done, 2);
    assert_int_equal(c.status, GW_E_CLOSED);
    assert_true(gw_mb_tcp_reached(c.tcp));
    assert_int_equal(peer_connections(peer), 2);
    assert_int_equal(peer_requests(peer), 2);
    chain_close(&c);
    peer_stop(peer);
}

static void interfere(struct chain *c, const struct peer_call *call)
{
    static const uint8_t old[] = {0, 1, 0, 0, 0, 11, 3, 3, 8, 9, 9, 9, 9, 9, 9, 9, 9};
    for (int i = 0; i < WAIT_MS && atomic_load(&c->go) == 0; i++)
        peer_pause(call, 1);
    if (c->between == OLD_ANSWER)
        peer_send(call, old, sizeof old);
    else
        (void)shutdown(call->fd, SHUT_WR);
    atomic_store(&c->sent, 1);
    (void)peer_wait_close(call, WAIT_MS);
}

static bool serve_between(void *arg, const struct peer_call *call)
{
    (void)peer_serve_well(NULL, call);
    if (call->req == NULL || call->nth > 0)
        return true;
    interfere(arg, call);
    return false;
}

static void an_old_answer_in_between_is_not_taken(void **state)
{
    (void)state;
    struct chain c = {.between = OLD_ANSWER};
    struct peer *peer = peer_start(serve_between, &c);
    chain_open(&c, peer_port(peer), GW_MB_FRAMING_TCP);
    ask(&c, 2);
    assert_int_equal(c.done, 2);
    assert_int_equal(c.status, GW_E_PROTO);
    assert_non_null(strstr(c.text, "transaction"));
    assert_false(gw_mb_tcp_connected(c.tcp));
    ask(&c, 1);
    assert_int_equal(c.status, GW_OK);
    assert_int_equal(c.first, 1001);
    assert_int_equal(peer_connections(peer), 2);
    chain_close(&c);
    peer_stop(peer);
}

static void an_end_in_between_costs_nothing(void **state)
{
    (void)state;
    struct chain c = {.between = END};
    struct peer *peer = peer_start(serve_between, &c);
    chain_open(&c, peer_port(peer), GW_MB_FRAMING_TCP);
    ask(&c, 3);
    assert_int_equal(c.status, GW_OK);
    assert_int_equal(c.done, 3);
    assert_int_equal(c.first, 1002);
    assert_int_equal(peer_connections(peer), 2);
    chain_close(&c);
    peer_stop(peer);
}

static bool serve_reset(void *arg, const struct peer_call *call)
{
    struct chain *c = arg;
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (call->req == NULL)
        return true;
    if (call->nth > 0)
        return false;
    (void)peer_serve_well(NULL, call);
    for (int i = 0; i < WAIT_MS && atomic_load(&c->go) == 0; i++)
        peer_pause(call, 1);
    (void)connect(call->fd, &nobody, sizeof nobody); /* which resets the connection */
    atomic_store(&c->sent, 1);
    return false;
}

/* Not even the sending goes well then: the new connection is the one more that there is. */
static void behind_a_reset_it_is_asked_anew_once(void **state)
{
    (void)state;
    struct chain c = {.between = RESET};
    struct peer *peer = peer_start(serve_reset, &c);
    chain_open(&c, peer_port(peer), GW_MB_FRAMING_TCP);
    ask(&c, 2);
    assert_int_equal(c.done, 2);
    assert_int_equal(c.status, GW_E_CLOSED);
    assert_int_equal(peer_connections(peer), 2);
    assert_int_equal(peer_requests(peer), 2);
    chain_close(&c);
    peer_stop(peer);
}

/* Without a transaction id nothing but the look before the request can tell. */
static void serve_early(void *arg, const struct slave_call *call)
{
    struct chain *c = arg;
    uint8_t early[256];
    slave_serve_well(NULL, call);
    if (call->nth > 0)
        return;
    for (int i = 0; i < WAIT_MS && atomic_load(&c->go) == 0; i++)
        slave_pause(call, 1);
    slave_send(call, early, slave_seal(early, slave_answer(call, 9999, early)));
    atomic_store(&c->sent, 1);
}

static void rtu_frames_are_never_asked_for_without_a_look(void **state)
{
    (void)state;
    struct chain c = {.between = EARLY_ANSWER};
    struct slave *slave = slave_start_tcp(serve_early, &c);
    chain_open(&c, slave_port(slave), GW_MB_FRAMING_RTU);
    ask(&c, 3);
    assert_int_equal(c.status, GW_OK);
    assert_int_equal(c.done, 3);
    assert_int_equal(c.first, 1002);
    assert_int_equal(slave_connections(slave), 2);
    chain_close(&c);
    slave_stop(slave);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_closes_behind_each_answer_is_asked_anew),
        cmocka_unit_test(it_is_asked_anew_once),
        cmocka_unit_test(an_old_answer_in_between_is_not_taken),
        cmocka_unit_test(an_end_in_between_costs_nothing),
        cmocka_unit_test(behind_a_reset_it_is_asked_anew_once),
        cmocka_unit_test(rtu_frames_are_never_asked_for_without_a_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
