/* SPDX-License-Identifier: Apache-2.0
 *
 * The TCP client with RTU framing, as in front of a transparent serial server.
 */
#include "modbus/tcp.h"

#include <netinet/in.h>
#include <string.h>

#include "slave.h"
#include "util.h"

#define TIMEOUT_MS 200

static const struct gw_mb_request read_4 = {
    .unit = 7, .fc = GW_MB_READ_HOLDING, .address = 100, .count = 4};

struct bench {
    struct gw_clock clock;
    struct gw_loop *loop;
    struct gw_mb_tcp *tcp;
    unsigned done;
    enum gw_status status;
    uint8_t exception;
    uint8_t data[256];
    size_t data_len;
    char text[160];
};

static void bench_open(struct bench *b, uint16_t port)
{
    *b = (struct bench){.clock = gw_clock_system()};
    struct gw_mb_tcp_conf conf = {
        .framing = GW_MB_FRAMING_RTU, .connect_timeout_ms = TIMEOUT_MS, .timeout_ms = TIMEOUT_MS};
    const struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memcpy(&conf.addr, &v4, sizeof v4);
    conf.addr_len = sizeof v4;
    assert_int_equal(gw_loop_new(&b->clock, &b->loop, NULL), GW_OK);
    assert_int_equal(gw_mb_tcp_new(b->loop, &conf, &b->tcp, NULL), GW_OK);
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
    (void)snprintf(b->text, sizeof b->text, "%s", text);
    b->data_len = 0;
    if (reply != NULL) {
        b->exception = reply->exception;
        b->data_len = reply->data_len;
        if (b->data_len > 0)
            memcpy(b->data, reply->data, b->data_len);
    }
}

static enum gw_status request(struct bench *b, const struct gw_mb_request *req)
{
    const unsigned done = b->done;
    assert_int_equal(gw_mb_tcp_request(b->tcp, req, on_done, b), GW_OK);
    for (int rounds = 0; b->done == done; rounds++) {
        assert_true(rounds < 1000);
        assert_int_equal(gw_loop_round(b->loop, 1000), GW_OK);
    }
    return b->status;
}

enum mode {
    GOOD = 0,
    PIECES,
    FOREIGN_UNIT,
    BAD_CRC,
    OTHER_FUNCTION,
    WRONG_COUNT,
    TRUNCATED,
    JUNK_BEFORE,
    JUNK_BEHIND,
    DRIBBLE,
    SILENT,
    EXCEPTION,
    ECHO
};

static void serve(void *arg, const struct slave_call *call)
{
    const enum mode m = call->nth == 0 ? *(const enum mode *)arg : GOOD;
    uint8_t a[300];
    size_t n = slave_answer(call, (uint16_t)(1000 + call->nth), a);
    if (m == FOREIGN_UNIT)
        a[0]++;
    if (m == OTHER_FUNCTION)
        a[1] = 4;
    if (m == WRONG_COUNT)
        a[2] = 6;
    if (m == EXCEPTION) {
        a[1] = 0x83;
        a[2] = 200;
        n = 3;
    }
    n = slave_seal(a, n);
    if (m == BAD_CRC)
        a[n - 1] ^= 0x10;
    if (m == TRUNCATED)
        n -= 3;
    if (m == JUNK_BEFORE) {
        memmove(a + 1, a, n);
        a[0] = 0xA5;
        n++;
    }
    if (m == JUNK_BEHIND)
        a[n++] = 0x55;
    if (m == ECHO) {
        memcpy(a, call->req, call->len);
        n = call->len;
    }
    if (m == PIECES || m == DRIBBLE) {
        for (size_t i = 0; i < n; i++) {
            slave_send(call, a + i, 1);
            slave_pause(call, m == PIECES ? 1 : TIMEOUT_MS / 5);
        }
        return;
    }
    if (m != SILENT)
        slave_send(call, a, n);
}

static void each_misfit_ends_the_connection_and_the_next_request_is_right(void **state)
{
    (void)state;
    static const struct {
        enum mode mode;
        enum gw_status status;
        const char *text;
    } rows[] = {
        {GOOD, GW_OK, ""},
        {PIECES, GW_OK, ""},
        {FOREIGN_UNIT, GW_E_PROTO, "answer of unit 8 instead of 7"},
        {BAD_CRC, GW_E_PROTO, "wrong CRC"},
        {OTHER_FUNCTION, GW_E_PROTO, "function 4 instead of 3"},
        {WRONG_COUNT, GW_E_PROTO, "byte count 6 instead of 8"},
        {TRUNCATED, GW_E_TIMEOUT, "no whole answer within 200 ms"},
        {JUNK_BEFORE, GW_E_PROTO, "answer of unit 165 instead of 7"},
        {JUNK_BEHIND, GW_E_PROTO, "more bytes than the answer has"},
        {DRIBBLE, GW_E_TIMEOUT, "no whole answer within 200 ms"},
        {SILENT, GW_E_TIMEOUT, "no answer within 200 ms"},
        {EXCEPTION, GW_OK, ""},
        {ECHO, GW_E_PROTO, "byte count 0 instead of 8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum mode mode = rows[i].mode;
        struct slave *s = slave_start_tcp(serve, &mode);
        struct bench b;
        bench_open(&b, slave_port(s));
        const enum gw_status status = request(&b, &read_4);
        if (status != rows[i].status || strstr(b.text, rows[i].text) == NULL)
            fail_msg("mode %d: %s: %s", (int)mode, gw_status_name(status), b.text);
        assert_int_equal(gw_mb_tcp_connected(b.tcp), status == GW_OK);
        assert_int_equal(b.exception, mode == EXCEPTION ? 200 : 0);
        for (int k = 0; k < 20 && request(&b, &read_4) != GW_OK; k++)
            assert_int_equal(b.status, GW_E_TIMEOUT); /* the slave is still busy dribbling */
        assert_int_equal(b.data_len, 8);
        assert_int_equal(b.data[0] << 8 | b.data[1], 999 + (int)slave_requests(s));
        if (mode != DRIBBLE)
            assert_int_equal(slave_connections(s), status == GW_OK ? 1 : 2);
        bench_close(&b);
        slave_stop(s);
    }
}

static void all_functions_are_read(void **state)
{
    (void)state;
    struct slave *s = slave_start_tcp(slave_serve_well, NULL);
    struct bench b;
    bench_open(&b, slave_port(s));
    const struct gw_mb_request longest = {.unit = 255, .fc = GW_MB_READ_INPUT, .count = 125};
    assert_int_equal(request(&b, &longest), GW_OK);
    assert_int_equal(b.data_len, 250);
    const struct gw_mb_request bits = {.unit = 1, .fc = GW_MB_READ_COILS, .count = 2000};
    assert_int_equal(request(&b, &bits), GW_OK);
    assert_int_equal(b.data_len, 250);
    const struct gw_mb_request id = {.unit = 1, .fc = GW_MB_REPORT_ID};
    assert_int_equal(request(&b, &id), GW_OK);
    assert_int_equal(b.data_len, 4);
    assert_memory_equal(b.data, "\x01\xFFOK", 4);
    assert_int_equal(slave_connections(s), 1);
    bench_close(&b);
    slave_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_misfit_ends_the_connection_and_the_next_request_is_right),
        cmocka_unit_test(all_functions_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
