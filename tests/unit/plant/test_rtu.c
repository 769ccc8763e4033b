/* SPDX-License-Identifier: Apache-2.0
 *
 * The plant on a line: frames, faults, a pty, RTU over TCP.
 */
#include "plant/rtu.h"

#include "plant/line.h"
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Frames of makers' manuals: an independent source. */
#define ASK       "01 03 0002 0003 A40B"
#define ASK_WORDS "01 04 1010 0002 74CE"

#define DEVICES                                                                                    \
    "\"devices\": {\"p\": {\"kind\": \"map\", \"id\": \"X1\", \"regs\": {\"2\": [1, 1, 186]}},"    \
    " \"q\": {\"kind\": \"map\", \"regs\": {\"2\": [7]}}}"
#define UNITS "\"units\": {\"1\": \"p\", \"2\": \"q\"}"
#define REPLY "01 03 06 0001 0001 00BA CCC6"

/* ---- frames ---- */

static void test_requests_are_known_by_their_function(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int len;
    } rows[] = {
        {ASK, 8},
        {ASK_WORDS, 8},
        {ASK "01 03", 8},
        {"", 0},
        {"01", 0},
        {"01 03 0002 0003 A4", 0},
        {"01 03 0002 0003 A40C", -1},
        {"01 03 0002 0003 0BA4", -1},
        {"A5 5A", -1},
        {"01 83", -1},
        {"01 11 C02C", 4},
        {"01 10 0000", 0},
        {"01 10 0000 0001 02 00FF E610", 11}, /* a write is known: it is counted and refused */
        {"01 10 0000 0001 FF", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[300];
        const size_t n = rig_bytes(rows[i].bytes, bytes, sizeof bytes);
        const int len = gw_rtu_request_len(bytes, n);
        if (len != rows[i].len)
            fail_msg("%s: %d instead of %d", rows[i].bytes, len, rows[i].len);
    }
}

/* ---- faults ---- */

static void test_faults_of_a_frame(void **state)
{
    (void)state;
    static const struct {
        enum gw_fault_kind kind;
        int64_t param;
        const char *out;
    } rows[] = {
        {GW_FAULT_NONE, 0, REPLY},
        {GW_FAULT_BAD_CRC, 0, "01 03 06 0001 0001 00BA CCC7"},
        {GW_FAULT_JUNK_HEAD, 3, "A55AA5" REPLY},
        {GW_FAULT_JUNK_TAIL, 2, REPLY "A55A"},
        {GW_FAULT_TRUNCATE, 4, "01 03 06 00"},
        {GW_FAULT_EXCEPTION, 2, "01 83 02 C0F1"},
        {GW_FAULT_WRONG_TID, 1, REPLY}, /* there is none */
        {GW_FAULT_WRONG_LENGTH, 1, REPLY},
        {GW_FAULT_WRONG_PROTOCOL, 1, REPLY},
        {GW_FAULT_SILENCE, 0, ""},
        {GW_FAULT_CLOSE, 0, ""},
    };
    uint8_t adu[64];
    const size_t n = rig_bytes("0000 0000 0009 01 03 06 0001 0001 00BA", adu, sizeof adu);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_faults f = {0};
        struct gw_tx tx;
        uint8_t want[64];
        f.of[rows[i].kind].on = true;
        f.of[rows[i].kind].param[0] = rows[i].param;
        gw_fault_apply_rtu(&f, adu, n, 5, &tx);
        const size_t want_n = rig_bytes(rows[i].out, want, sizeof want);
        assert_int_equal(tx.len, want_n);
        assert_memory_equal(tx.bytes, want, want_n);
        assert_int_equal(tx.exception, rows[i].kind == GW_FAULT_EXCEPTION);
        assert_int_equal(tx.delay_ms, 5);
    }
    /* The CRC is right where only the content is wrong. */
    struct gw_faults f = {0};
    struct gw_tx tx;
    f.of[GW_FAULT_FEWER].on = true;
    gw_fault_apply_rtu(&f, adu, n, 0, &tx);
    assert_int_equal(tx.len, 9);
    assert_int_equal(gw_rtu_seal(tx.bytes, 7), 9);
    f = (struct gw_faults){0};
    f.of[GW_FAULT_FOREIGN_UNIT] = (struct gw_fault_on){.on = true, .param = {9}};
    gw_fault_apply_rtu(&f, adu, n, 0, &tx);
    assert_int_equal(tx.bytes[0], 9);
    uint8_t sealed[GW_TX_MAX];
    memcpy(sealed, tx.bytes, tx.len);
    (void)gw_rtu_seal(sealed, tx.len - GW_RTU_CRC);
    assert_memory_equal(sealed, tx.bytes, tx.len);
}

/* ---- RTU over TCP ---- */

static void test_rtu_over_tcp(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, "{\"endpoints\": {\"e\": {\"framing\": \"rtu\", " UNITS "}}, " DEVICES "}",
              false);
    assert_null(gw_server_path(r.server, 0));
    int fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, REPLY);
    rig_send(&r, fd, "01 11 C02C");
    rig_expect(&r, fd, "01 11 04 01FF 5831 3299");
    /* Nobody there, a broken frame, noise: as on a line there is no answer. */
    rig_send(&r, fd, "09 03 0000 0001 8542");
    rig_expect_nothing(&r, fd);
    assert_int_equal(r.counters->endpoints[0].unknown_unit, 1);
    rig_send(&r, fd, "01 03 0002 0003 A40C");
    rig_expect_nothing(&r, fd);
    rig_send(&r, fd, "FF FF FF");
    rig_expect_nothing(&r, fd);
    assert_int_equal(r.counters->endpoints[0].malformed, 2);
    /* The beginning of a frame is nothing after a pause. */
    rig_send(&r, fd, "01 03 00");
    rig_expect_nothing(&r, fd);
    rig_pass(&r, 200);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, REPLY);
    rig_send(&r, fd, "01 06 0002 00FF 684A"); /* a write */
    rig_expect(&r, fd, "01 86 01 83A0");
    assert_int_equal(r.counters->sum.forbidden, 1);
    close(fd);
    rig_close(&r);
}

/* ---- a pty ---- */

static int open_line(const struct rig *r)
{
    int fd = open(gw_server_path(r->server, 0), O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(fd >= 0);
    return fd;
}

static void send_line(struct rig *r, int fd, const char *hex)
{
    uint8_t bytes[300];
    const size_t n = rig_bytes(hex, bytes, sizeof bytes);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    for (int i = 0; i < 5; i++)
        assert_int_equal(gw_loop_round(r->loop, i == 0 ? 1000 : 0), GW_OK);
}

static void expect_line(struct rig *r, int fd, const char *hex)
{
    uint8_t want[300];
    uint8_t got[300];
    size_t n = 0;
    const size_t want_n = rig_bytes(hex, want, sizeof want);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (n < want_n) {
        assert_int_equal(gw_loop_round(r->loop, 0), GW_OK);
        assert_int_equal(poll(&p, 1, 10000), 1);
        const ssize_t more = read(fd, got + n, sizeof got - n);
        assert_true(more > 0);
        n += (size_t)more;
    }
    assert_int_equal(n, want_n);
    assert_memory_equal(got, want, n);
}

static void expect_silence(struct rig *r, int fd)
{
    uint8_t byte;
    for (int i = 0; i < 5; i++)
        assert_int_equal(gw_loop_round(r->loop, 0), GW_OK);
    assert_int_equal(read(fd, &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
}

static void test_a_pty_takes_the_time_of_its_line(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, "{\"endpoints\": {\"e\": {\"serial\": \"pty\", " UNITS "}}, " DEVICES "}", false);
    assert_int_equal(gw_server_port(r.server, 0), 0);
    int fd = open_line(&r);
    send_line(&r, fd, ASK);
    /* 8 + 11 characters of 10 bits at 9600 baud. */
    rig_pass(&r, 19);
    expect_silence(&r, fd);
    rig_pass(&r, 1);
    expect_line(&r, fd, REPLY);
    send_line(&r, fd, "09 03 0000 0001 8542");
    rig_pass(&r, 1000);
    expect_silence(&r, fd);
    rig_do(&r, "{\"device\": \"p\", \"fault\": \"close\"}");
    send_line(&r, fd, ASK);
    rig_pass(&r, 1000);
    expect_silence(&r, fd);
    rig_do(&r, "{\"device\": \"p\", \"clear\": true}");
    send_line(&r, fd, ASK);
    rig_pass(&r, 20);
    expect_line(&r, fd, REPLY);
    /* Readers come and go. */
    close(fd);
    fd = open_line(&r);
    send_line(&r, fd, ASK);
    rig_pass(&r, 20);
    expect_line(&r, fd, REPLY);
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"garbage\", \"bytes\": 4, \"ms\": 100}");
    rig_pass(&r, 0);
    expect_line(&r, fd, "A55AA55A");
    close(fd);
    rig_close(&r);
}

static void test_a_line_that_vanishes_and_comes_back(void **state)
{
    (void)state;
    char dir[] = "/tmp/plant-rtu-XXXXXX";
    char text[600];
    char link[64];
    struct stat st;
    assert_non_null(mkdtemp(dir));
    snprintf(link, sizeof link, "%s/tty", dir);
    snprintf(text, sizeof text,
             "{\"endpoints\": {\"e\": {\"serial\": \"pty\", \"baud\": 115200, \"link\": \"%s\","
             " " UNITS "}}, " DEVICES "}",
             link);
    struct rig r;
    rig_serve(&r, text, false);
    assert_string_equal(gw_server_path(r.server, 0), link);
    int fd = open_line(&r);
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"refuse\"}");
    assert_int_equal(lstat(link, &st), -1);
    uint8_t byte;
    assert_true(read(fd, &byte, 1) <= 0);
    assert_int_equal(write(fd, "x", 1), -1);
    close(fd);
    rig_do(&r, "{\"endpoint\": \"e\", \"clear\": true}");
    fd = open_line(&r);
    send_line(&r, fd, ASK);
    rig_pass(&r, 2);
    expect_line(&r, fd, REPLY);
    close(fd);
    rig_close(&r);
    assert_int_equal(lstat(link, &st), -1);
    assert_int_equal(rmdir(dir), 0);
}

static void test_a_port_that_is_not_there(void **state)
{
    (void)state;
    static const char text[] =
        "{\"endpoints\": {\"e\": {\"serial\": \"/dev/no-such-port\", " UNITS "}}, " DEVICES "}";
    struct gw_issues *issues = gw_issues_new();
    struct gw_scenario *sc = NULL;
    struct gw_line line;
    struct gw_err err = {.msg = ""};
    assert_int_equal(gw_scenario_parse(text, strlen(text), "test", issues, &sc), GW_OK);
    assert_int_equal(gw_line_open(&sc->endpoints[0], &line, &err), GW_E_IO);
    assert_string_equal(err.msg,
                        "endpoint e: cannot open /dev/no-such-port: No such file or directory");
    gw_scenario_free(sc);
    gw_issues_free(issues);
}

static void test_what_a_line_cannot_have(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *issue;
    } rows[] = {
        {"\"serial\": \"pty\", \"port\": 502", "a serial line has no port"},
        {"\"serial\": \"pty\", \"bind\": \"127.0.0.1\"", "a serial line has no bind"},
        {"\"serial\": \"pty\", \"framing\": \"tcp\"", "a serial line has no framing"},
        {"\"serial\": \"pty\", \"max_connections\": 2", "a serial line has no max_connections"},
        {"\"serial\": \"pty\", \"baud\": 9601", "9601 is none of the usual rates"},
        {"\"serial\": \"/dev/ttyS0\", \"link\": \"x\"", "only a pty has a link"},
        {"\"link\": \"x\"", "only a pty has a link"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[600];
        struct gw_scenario *sc = NULL;
        struct gw_issues *issues = gw_issues_new();
        snprintf(text, sizeof text, "{\"endpoints\": {\"e\": {%s, " UNITS "}}, " DEVICES "}",
                 rows[i].keys);
        assert_int_equal(gw_scenario_parse(text, strlen(text), "test", issues, &sc), GW_E_PARSE);
        assert_int_equal(gw_issues_count(issues), 1);
        assert_non_null(strstr(gw_issues_text(issues, 0), rows[i].issue));
        gw_issues_free(issues);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_are_known_by_their_function),
        cmocka_unit_test(test_faults_of_a_frame),
        cmocka_unit_test(test_rtu_over_tcp),
        cmocka_unit_test(test_a_pty_takes_the_time_of_its_line),
        cmocka_unit_test(test_a_line_that_vanishes_and_comes_back),
        cmocka_unit_test(test_a_port_that_is_not_there),
        cmocka_unit_test(test_what_a_line_cannot_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
