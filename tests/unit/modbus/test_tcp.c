/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/tcp.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <modbus.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wire.h"
#include "peer.h"
#include "util.h"

#define TIMEOUT_MS 200

/* A client with the result of its last request. */
struct bench {
    struct gw_clock clock;
    struct gw_loop *loop;
    struct gw_mb_tcp *tcp;
    unsigned done;
    enum gw_status status;
    uint8_t exception;
    uint8_t data[250];
    size_t data_len;
    char text[160];
    int64_t took_ms;
};

static const struct gw_mb_request read_4 = {
    .unit = 3, .fc = GW_MB_READ_HOLDING, .address = 257, .count = 4};

static struct sockaddr_storage loopback(uint16_t port, socklen_t *len)
{
    struct sockaddr_storage sa = {0};
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memcpy(&sa, &v4, sizeof v4);
    *len = sizeof v4;
    return sa;
}

static void bench_open(struct bench *b, uint16_t port)
{
    *b = (struct bench){.clock = gw_clock_system()};
    struct gw_err err;
    assert_int_equal(gw_loop_new(&b->clock, &b->loop, &err), GW_OK);
    struct gw_mb_tcp_conf conf = {.connect_timeout_ms = TIMEOUT_MS, .timeout_ms = TIMEOUT_MS};
    conf.addr = loopback(port, &conf.addr_len);
    assert_int_equal(gw_mb_tcp_new(b->loop, &conf, &b->tcp, &err), GW_OK);
}

static void bench_close(struct bench *b)
{
    gw_mb_tcp_free(b->tcp);
    gw_loop_free(b->loop);
}

static void on_done(void *arg, enum gw_status status, const struct gw_mb_reply *reply,
                    const char *text)
{
    struct bench *b = arg;
    b->done++;
    b->status = status;
    assert_int_equal(reply != NULL, status == GW_OK);
    assert_non_null(text);
    (void)snprintf(b->text, sizeof b->text, "%s", text);
    b->data_len = 0;
    if (reply != NULL) {
        b->exception = reply->exception;
        b->data_len = reply->data_len;
        if (reply->data_len > 0)
            memcpy(b->data, reply->data, reply->data_len);
    }
}

static void run_until_done(struct bench *b, unsigned done)
{
    const int64_t deadline = gw_clock_mono_ms(&b->clock) + 20000;
    while (b->done < done && gw_clock_mono_ms(&b->clock) < deadline)
        assert_int_equal(gw_loop_round(b->loop, 1000), GW_OK);
    assert_int_equal(b->done, done);
}

static enum gw_status request(struct bench *b, const struct gw_mb_request *req)
{
    const int64_t start = gw_clock_mono_ms(&b->clock);
    const unsigned done = b->done;
    assert_int_equal(gw_mb_tcp_request(b->tcp, req, on_done, b), GW_OK);
    assert_int_equal(b->done, done); /* never from within the call */
    run_until_done(b, done + 1);
    b->took_ms = gw_clock_mono_ms(&b->clock) - start;
    return b->status;
}

static void expect_words(const struct bench *b, uint16_t first)
{
    assert_int_equal(b->status, GW_OK);
    assert_int_equal(b->exception, 0);
    assert_int_equal(b->data_len, 8);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal((unsigned)b->data[i * 2] << 8 | b->data[i * 2 + 1], first + i);
}

/* ---- bad behaviour, once ---- */

enum mode {
    GOOD = 0,
    PIECES,
    FOREIGN_UNIT,
    WRONG_TID,
    OLD_TID,
    WRONG_PROTOCOL,
    SHORT_LENGTH,
    LONG_LENGTH,
    LENGTH_ZERO,
    LENGTH_HUGE,
    WRONG_FUNCTION,
    WRONG_COUNT,
    OTHER_COUNT,
    JUNK_TAIL,
    DRIBBLE,
    CLOSE_BEFORE,
    CLOSE_MIDDLE,
    RESET,
    SILENT,
    HALF_THEN_SILENT,
    LATE,
    ECHO,
    EXCEPTION,
    EXCEPTION_OTHER_FUNCTION
};

struct script {
    enum mode mode; /* of the first request; the others are answered well */
};

static void send_slowly(const struct peer_call *call, const uint8_t *bytes, size_t n, int ms)
{
    for (size_t i = 0; i < n; i++) {
        peer_send(call, bytes + i, 1);
        peer_pause(call, ms);
    }
}

static void break_answer(enum mode mode, uint8_t *answer, size_t *n)
{
    switch (mode) {
    case FOREIGN_UNIT:
        answer[6]++;
        break;
    case WRONG_TID:
        answer[1]++;
        break;
    case OLD_TID:
        answer[1]--;
        break;
    case WRONG_PROTOCOL:
        answer[3] = 1;
        break;
    case SHORT_LENGTH:
        answer[5]--;
        break;
    case LONG_LENGTH:
        answer[5]++;
        break;
    case LENGTH_ZERO:
        answer[4] = answer[5] = 0;
        break;
    case LENGTH_HUGE:
        answer[4] = 0x40;
        break;
    case WRONG_FUNCTION:
        answer[7] = 4;
        break;
    case WRONG_COUNT:
        answer[8]--;
        break;
    case OTHER_COUNT: /* right in itself, but three registers instead of four */
        answer[5] = 9;
        answer[8] = 6;
        *n = 15;
        break;
    case JUNK_TAIL:
        memset(answer + *n, 0x55, 40);
        *n += 40;
        break;
    case EXCEPTION:
    case EXCEPTION_OTHER_FUNCTION:
        answer[5] = 3;
        answer[7] = mode == EXCEPTION ? 0x83 : 0x84;
        answer[8] = 6;
        *n = 9;
        break;
    default:
        break;
    }
}

static bool misbehave(enum mode mode, const struct peer_call *call, uint8_t *answer, size_t n)
{
    switch (mode) {
    case PIECES:
        send_slowly(call, answer, n, 1);
        return true;
    case DRIBBLE:
        send_slowly(call, answer, n, TIMEOUT_MS / 5);
        return true;
    case CLOSE_BEFORE:
        return false;
    case CLOSE_MIDDLE:
        peer_send(call, answer, 10);
        return false;
    case RESET: {
        const struct linger now = {.l_onoff = 1};
        (void)setsockopt(call->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return false;
    }
    case SILENT:
        (void)peer_wait_close(call, 10000);
        return false;
    case HALF_THEN_SILENT:
        peer_send(call, answer, 10);
        (void)peer_wait_close(call, 10000);
        return false;
    case LATE:
        /* Not before the client has given up; should it still listen, it would get this. */
        peer_pause(call, TIMEOUT_MS * 2);
        peer_send(call, answer, n);
        return true;
    case ECHO:
        peer_send(call, call->req, call->len);
        return true;
    default:
        break_answer(mode, answer, &n);
        peer_send(call, answer, n);
        return true;
    }
}

static bool serve_script(void *arg, const struct peer_call *call)
{
    const struct script *s = arg;
    if (call->req == NULL)
        return true;
    uint8_t answer[300];
    const size_t n = peer_answer(call, (uint16_t)(1000 + call->nth), answer);
    return misbehave(call->nth == 0 ? s->mode : GOOD, call, answer, n);
}

static void each_misfit_ends_the_connection_and_the_next_request_is_right(void **state)
{
    (void)state;
    static const struct {
        enum mode mode;
        enum gw_status status;
        const char *text;
        unsigned connections; /* after the second request */
    } rows[] = {
        {GOOD, GW_OK, "", 1},
        {PIECES, GW_OK, "", 1},
        {FOREIGN_UNIT, GW_E_PROTO, "answer of unit 4 instead of 3", 2},
        {WRONG_TID, GW_E_PROTO, "transaction id 2 instead of 1", 2},
        {OLD_TID, GW_E_PROTO, "transaction id 0 instead of 1", 2},
        {WRONG_PROTOCOL, GW_E_PROTO, "protocol id 1 instead of 0", 2},
        {SHORT_LENGTH, GW_E_PROTO, "more bytes than the answer has", 2},
        {LONG_LENGTH, GW_E_TIMEOUT, "no whole answer within 200 ms", 2},
        {LENGTH_ZERO, GW_E_PROTO, "impossible length field 0", 2},
        {LENGTH_HUGE, GW_E_PROTO, "impossible length field 16395", 2},
        {WRONG_FUNCTION, GW_E_PROTO, "function 4 instead of 3", 2},
        {WRONG_COUNT, GW_E_PROTO, "byte count 7, but 8 bytes follow", 2},
        {OTHER_COUNT, GW_E_PROTO, "byte count 6 instead of 8", 2},
        {JUNK_TAIL, GW_E_PROTO, "more bytes than the answer has", 2},
        {DRIBBLE, GW_E_TIMEOUT, "no whole answer within 200 ms", 2},
        {CLOSE_BEFORE, GW_E_CLOSED, "connection closed by the peer", 2},
        {CLOSE_MIDDLE, GW_E_CLOSED, "connection closed in the middle of the answer", 2},
        {RESET, GW_E_CLOSED, "connection reset by the peer", 2},
        {SILENT, GW_E_TIMEOUT, "no answer within 200 ms", 2},
        {HALF_THEN_SILENT, GW_E_TIMEOUT, "no whole answer within 200 ms", 2},
        {LATE, GW_E_TIMEOUT, "no answer within 200 ms", 2},
        {ECHO, GW_E_PROTO, "byte count 1, but 3 bytes follow", 2},
        {EXCEPTION, GW_OK, "", 1},
        {EXCEPTION_OTHER_FUNCTION, GW_E_PROTO, "function 132 instead of 3", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct script script = {.mode = rows[i].mode};
        struct peer *peer = peer_start(serve_script, &script);
        struct bench b;
        bench_open(&b, peer_port(peer));
        const enum gw_status status = request(&b, &read_4);
        if (status != rows[i].status || strcmp(b.text, rows[i].text) != 0)
            fail_msg("mode %d: %s: %s", (int)rows[i].mode, gw_status_name(status), b.text);
        assert_true(gw_mb_tcp_reached(b.tcp));
        assert_int_equal(gw_mb_tcp_connected(b.tcp), status == GW_OK);
        if (status == GW_E_TIMEOUT)
            assert_in_range(b.took_ms, TIMEOUT_MS, TIMEOUT_MS * 3);
        if (rows[i].mode == EXCEPTION)
            assert_int_equal(b.exception, GW_MB_EX_BUSY);
        else if (status == GW_OK)
            expect_words(&b, 1000);
        /* The answer to this request, and not what is left of the last one. A server that is
         * still busy with the last connection may make it wait for its own time-out. */
        for (unsigned n = 1; request(&b, &read_4) == GW_E_TIMEOUT && n < 20; n++)
            continue;
        assert_int_equal(b.status, GW_OK);
        assert_int_equal(b.data_len, 8);
        assert_true((b.data[0] << 8 | b.data[1]) >= 1001);
        assert_int_equal(b.data[0] << 8 | b.data[1], 999 + (int)peer_requests(peer));
        if (rows[i].mode != DRIBBLE && rows[i].mode != LATE)
            assert_int_equal(peer_connections(peer), rows[i].connections);
        bench_close(&b);
        peer_stop(peer);
    }
}

/* ---- the connection between requests ---- */

struct idle {
    atomic_int go;   /* set when the client has its answer */
    atomic_int sent; /* set when the junk, or the end, is on its way */
    bool junk;       /* junk comes then, or else the end */
};

static bool serve_idle(void *arg, const struct peer_call *call)
{
    struct idle *s = arg;
    if (call->req == NULL || call->nth > 0)
        return peer_serve_well(NULL, call);
    (void)peer_serve_well(NULL, call);
    for (int i = 0; i < 10000 && atomic_load(&s->go) == 0; i++)
        peer_pause(call, 1);
    static const uint8_t junk[] = {0, 2, 0, 0, 0, 11, 3, 3, 8, 9, 9, 9, 9, 9, 9, 9, 9};
    if (s->junk)
        peer_send(call, junk, sizeof junk);
    else
        (void)shutdown(call->fd, SHUT_WR);
    atomic_store(&s->sent, 1);
    (void)peer_wait_close(call, 10000);
    return false;
}

/* What comes when nothing was asked closes the connection; the next request makes a new one. The
 * junk here is a perfect answer to it, sent too early. */
static void nothing_may_come_unasked(void **state)
{
    (void)state;
    for (int junk = 0; junk < 2; junk++) {
        for (int noticed = 0; noticed < 2; noticed++) {
            struct idle s = {.junk = junk != 0};
            struct peer *peer = peer_start(serve_idle, &s);
            struct bench b;
            bench_open(&b, peer_port(peer));
            assert_int_equal(request(&b, &read_4), GW_OK);
            expect_words(&b, 1000);
            atomic_store(&s.go, 1);
            const int64_t deadline = gw_clock_mono_ms(&b.clock) + 10000;
            while (atomic_load(&s.sent) == 0 && gw_clock_mono_ms(&b.clock) < deadline)
                (void)sched_yield();
            /* Either the loop sees it first, or the next request does. */
            while (noticed == 1 && gw_mb_tcp_connected(b.tcp) &&
                   gw_clock_mono_ms(&b.clock) < deadline)
                assert_int_equal(gw_loop_round(b.loop, 100), GW_OK);
            assert_int_equal(gw_mb_tcp_connected(b.tcp), noticed == 0);
            assert_int_equal(request(&b, &read_4), GW_OK);
            expect_words(&b, 1001);
            assert_int_equal(peer_connections(peer), 2);
            bench_close(&b);
            peer_stop(peer);
        }
    }
}

static bool serve_greeting(void *arg, const struct peer_call *call)
{
    (void)arg;
    if (call->req != NULL)
        return peer_serve_well(NULL, call);
    static const uint8_t hello[] = {0, 1, 0, 0, 0, 11, 3, 3, 8, 9, 9, 9, 9, 9, 9, 9};
    peer_send(call, hello, sizeof hello);
    return true;
}

/* A peer that talks first. What it says is a whole answer but for one byte, so that it can never be
 * taken, whether it comes before the request is sent or after. */
static void a_greeting_is_no_answer(void **state)
{
    (void)state;
    struct peer *peer = peer_start(serve_greeting, NULL);
    struct bench b;
    bench_open(&b, peer_port(peer));
    assert_int_equal(request(&b, &read_4), GW_E_PROTO);
    assert_false(gw_mb_tcp_connected(b.tcp));
    bench_close(&b);
    peer_stop(peer);
}

/* ---- connecting ---- */

/* A port on which nobody listens. */
static uint16_t free_port(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    (void)close(fd);
    return ntohs(a.sin_port);
}

static void refused_and_then_there(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, free_port());
    assert_int_equal(request(&b, &read_4), GW_E_REFUSED);
    assert_string_equal(b.text, "connection refused");
    assert_false(gw_mb_tcp_reached(b.tcp));
    struct peer *peer = peer_start(peer_serve_well, NULL);
    socklen_t len;
    const struct sockaddr_storage sa = loopback(peer_port(peer), &len);
    gw_mb_tcp_address(b.tcp, &sa, len);
    assert_int_equal(request(&b, &read_4), GW_OK);
    expect_words(&b, 1000);
    assert_true(gw_mb_tcp_reached(b.tcp));
    bench_close(&b);
    peer_stop(peer);
}

static void an_address_that_cannot_be_is_told_later(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 0);
    /* Broadcast is no address for TCP: the connect call itself fails. */
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons(502), .sin_addr.s_addr = htonl(INADDR_BROADCAST)};
    struct sockaddr_storage sa = {0};
    memcpy(&sa, &v4, sizeof v4);
    gw_mb_tcp_address(b.tcp, &sa, sizeof v4);
    assert_true(request(&b, &read_4) != GW_OK);
    assert_true(b.text[0] != '\0');
    assert_false(gw_mb_tcp_reached(b.tcp));
    bench_close(&b);
}

/* A listener whose queue is full swallows what comes, as a black hole does. */
static void a_black_hole_costs_the_connect_timeout(void **state)
{
    (void)state;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
    int fill[4];
    for (size_t i = 0; i < 4; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fill[i], (struct sockaddr *)&a, len);
    }
    struct bench b;
    bench_open(&b, ntohs(a.sin_port));
    assert_int_equal(request(&b, &read_4), GW_E_TIMEOUT);
    assert_string_equal(b.text, "no connection within 200 ms");
    assert_in_range(b.took_ms, TIMEOUT_MS, TIMEOUT_MS * 3);
    assert_false(gw_mb_tcp_reached(b.tcp));
    bench_close(&b);
    for (size_t i = 0; i < 4; i++)
        (void)close(fill[i]);
    (void)close(listener);
}

/* ---- use ---- */

static void one_request_at_a_time(void **state)
{
    (void)state;
    struct script script = {.mode = SILENT};
    struct peer *peer = peer_start(serve_script, &script);
    struct bench b;
    bench_open(&b, peer_port(peer));
    assert_int_equal(gw_mb_tcp_request(b.tcp, &read_4, on_done, &b), GW_OK);
    assert_int_equal(gw_mb_tcp_request(b.tcp, &read_4, on_done, &b), GW_E_FULL);
    run_until_done(&b, 1);
    struct gw_mb_request bad = read_4;
    bad.count = 0;
    assert_int_equal(gw_mb_tcp_request(b.tcp, &bad, on_done, &b), GW_E_INVAL);
    /* Freed in flight: no callback. */
    assert_int_equal(gw_mb_tcp_request(b.tcp, &read_4, on_done, &b), GW_OK);
    gw_mb_tcp_free(b.tcp);
    gw_mb_tcp_free(NULL);
    assert_int_equal(gw_loop_round(b.loop, TIMEOUT_MS + 100), GW_OK);
    assert_int_equal(b.done, 1);
    gw_loop_free(b.loop);
    peer_stop(peer);
}

static void next_one(void *arg, enum gw_status status, const struct gw_mb_reply *reply,
                     const char *text)
{
    struct bench *b = arg;
    on_done(arg, status, reply, text);
    expect_words(b, (uint16_t)(1000 + b->done - 1));
    if (b->done < 2000)
        assert_int_equal(gw_mb_tcp_request(b->tcp, &read_4, next_one, b), GW_OK);
}

static void the_callback_starts_the_next_request(void **state)
{
    (void)state;
    struct peer *peer = peer_start(peer_serve_well, NULL);
    struct bench b;
    bench_open(&b, peer_port(peer));
    assert_int_equal(gw_mb_tcp_request(b.tcp, &read_4, next_one, &b), GW_OK);
    run_until_done(&b, 2000);
    assert_int_equal(peer_connections(peer), 1);
    bench_close(&b);
    peer_stop(peer);
}

static unsigned count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    unsigned n = 0;
    while (readdir(dir) != NULL)
        n++;
    (void)closedir(dir);
    return n;
}

static bool serve_then_reset(void *arg, const struct peer_call *call)
{
    (void)arg;
    if (call->req == NULL)
        return true;
    const struct linger now = {.l_onoff = 1};
    (void)setsockopt(call->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    if (call->nth % 3 == 0)
        (void)peer_serve_well(NULL, call);
    return false;
}

/* SIGPIPE is not ignored here: it would end this program. */
static void a_thousand_resets_leak_nothing(void **state)
{
    (void)state;
    struct peer *peer = peer_start(serve_then_reset, NULL);
    struct bench b;
    bench_open(&b, peer_port(peer));
    (void)request(&b, &read_4);
    const unsigned before = count_fds();
    for (int i = 0; i < 1000; i++) {
        const enum gw_status status = request(&b, &read_4);
        assert_true(status == GW_OK || status == GW_E_CLOSED);
    }
    assert_in_range(count_fds(), before - 2, before + 2);
    bench_close(&b);
    peer_stop(peer);
}

/* ---- against another implementation ---- */

struct library {
    modbus_t *ctx;
    modbus_mapping_t *map;
    int listener;
    uint16_t port;
    pthread_t thread;
};

static void *run_library(void *arg)
{
    struct library *l = arg;
    int listener = l->listener;
    if (modbus_tcp_accept(l->ctx, &listener) < 0)
        return NULL;
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int n;
    while ((n = modbus_receive(l->ctx, query)) >= 0)
        if (n > 0)
            (void)modbus_reply(l->ctx, query, n, l->map);
    return NULL;
}

static void library_start(struct library *l)
{
    uint64_t rand = test_seed();
    l->ctx = modbus_new_tcp("127.0.0.1", 0);
    assert_non_null(l->ctx);
    l->map = modbus_mapping_new(3000, 3000, 300, 300);
    assert_non_null(l->map);
    for (int i = 0; i < 3000; i++) {
        l->map->tab_bits[i] = (uint8_t)gw_rand_below(&rand, 2);
        l->map->tab_input_bits[i] = (uint8_t)gw_rand_below(&rand, 2);
    }
    for (int i = 0; i < 300; i++) {
        l->map->tab_registers[i] = (uint16_t)gw_rand_next(&rand);
        l->map->tab_input_registers[i] = (uint16_t)gw_rand_next(&rand);
    }
    l->listener = modbus_tcp_listen(l->ctx, 1);
    assert_true(l->listener >= 0);
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    assert_int_equal(getsockname(l->listener, (struct sockaddr *)&a, &len), 0);
    l->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&l->thread, NULL, run_library, l), 0);
}

/* The client has closed, which ends the thread. */
static void library_stop(struct library *l)
{
    assert_int_equal(pthread_join(l->thread, NULL), 0);
    modbus_close(l->ctx);
    (void)close(l->listener);
    modbus_mapping_free(l->map);
    modbus_free(l->ctx);
}

static void compare(const struct library *l, const struct bench *b, const struct gw_mb_request *req)
{
    const uint8_t *bits = req->fc == GW_MB_READ_COILS ? l->map->tab_bits : l->map->tab_input_bits;
    const uint16_t *words =
        req->fc == GW_MB_READ_HOLDING ? l->map->tab_registers : l->map->tab_input_registers;
    for (size_t i = 0; i < req->count; i++) {
        if (req->fc == GW_MB_READ_COILS || req->fc == GW_MB_READ_DISCRETE) {
            const unsigned byte = b->data[i / 8];
            assert_int_equal((byte >> i % 8) & 1u, bits[req->address + i]);
        } else {
            const unsigned word = (unsigned)b->data[i * 2] << 8 | b->data[i * 2 + 1];
            assert_int_equal(word, words[req->address + i]);
        }
    }
}

static void libmodbus_answers_all_functions(void **state)
{
    (void)state;
    struct library l;
    library_start(&l);
    struct bench b;
    bench_open(&b, l.port);
    static const struct {
        uint16_t address, count;
    } spans[] = {{0, 1}, {7, 9}, {0, 125}, {175, 125}, {13, 16}};
    for (int fc = 1; fc <= 4; fc++) {
        for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
            const struct gw_mb_request req = {1, (enum gw_mb_fc)fc, spans[i].address,
                                              spans[i].count};
            assert_int_equal(request(&b, &req), GW_OK);
            assert_int_equal(b.exception, 0);
            compare(&l, &b, &req);
        }
    }
    const struct gw_mb_request many = {1, GW_MB_READ_DISCRETE, 1000, 2000};
    assert_int_equal(request(&b, &many), GW_OK);
    assert_int_equal(b.data_len, 250);
    compare(&l, &b, &many);
    /* Beyond its map: an exception, and the connection stays. */
    const struct gw_mb_request beyond = {1, GW_MB_READ_HOLDING, 299, 2};
    assert_int_equal(request(&b, &beyond), GW_OK);
    assert_int_equal(b.exception, GW_MB_EX_ADDRESS);
    assert_true(gw_mb_tcp_connected(b.tcp));
    const struct gw_mb_request id = {1, GW_MB_REPORT_ID, 0, 0};
    assert_int_equal(request(&b, &id), GW_OK);
    assert_true(b.data_len > 2);
    bench_close(&b);
    library_stop(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_misfit_ends_the_connection_and_the_next_request_is_right),
        cmocka_unit_test(nothing_may_come_unasked),
        cmocka_unit_test(a_greeting_is_no_answer),
        cmocka_unit_test(refused_and_then_there),
        cmocka_unit_test(an_address_that_cannot_be_is_told_later),
        cmocka_unit_test(a_black_hole_costs_the_connect_timeout),
        cmocka_unit_test(one_request_at_a_time),
        cmocka_unit_test(the_callback_starts_the_next_request),
        cmocka_unit_test(a_thousand_resets_leak_nothing),
        cmocka_unit_test(libmodbus_answers_all_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
