/* SPDX-License-Identifier: Apache-2.0
 *
 * The serial port over a pty, in front of a slave that behaves as told.
 */
#define _GNU_SOURCE /* TIOCGEXCL */
#include "modbus/rtu.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "modbus/serial.h"
#include "slave.h"
#include "util.h"

#define TIMEOUT_MS 150

static const struct gw_mb_request read_4 = {
    .unit = 7, .fc = GW_MB_READ_HOLDING, .address = 100, .count = 4};

enum mode {
    GOOD = 0,
    PIECES,
    FOREIGN_UNIT,
    BROADCAST_UNIT,
    BAD_CRC,
    OTHER_FUNCTION,
    OTHER_COUNT,
    WRONG_COUNT,
    TRUNCATED,
    JUNK_BEFORE,
    JUNK_BEHIND,
    DRIBBLE,
    SILENT,
    LATE,
    EXCEPTION,
    EXCEPTION_OF_OTHER,
    EXCEPTION_UNKNOWN,
    ECHO
};

/* Spoils the first answer; all others are good. */
static void serve(void *arg, const struct slave_call *call)
{
    const enum mode *mode = arg;
    uint8_t a[300];
    size_t n = slave_answer(call, (uint16_t)(1000 + call->nth), a);
    const enum mode m = call->nth == 0 ? *mode : GOOD;
    static const struct {
        enum mode mode;
        size_t at;
        uint8_t with;
    } flips[] = {
        {FOREIGN_UNIT, 0, 1}, {BROADCAST_UNIT, 0, 7}, {OTHER_FUNCTION, 1, 7}, {WRONG_COUNT, 2, 2}};
    for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++)
        a[flips[i].at] ^= flips[i].mode == m ? flips[i].with : 0;
    if (m == OTHER_COUNT) { /* right in itself, but three registers */
        a[2] = 6;
        n = 9;
    }
    if (m == EXCEPTION || m == EXCEPTION_OF_OTHER || m == EXCEPTION_UNKNOWN) {
        a[1] = m == EXCEPTION_OF_OTHER ? 0x84 : 0x83;
        a[2] = m == EXCEPTION_UNKNOWN ? 200 : 6;
        n = 3;
    }
    n = slave_seal(a, n);
    if (m == BAD_CRC)
        a[n - 1] ^= 0x10;
    if (m == TRUNCATED)
        n -= 3;
    if (m == JUNK_BEFORE)
        slave_send(call, (const uint8_t *)"\xA5\x5A", 2);
    if (m == JUNK_BEHIND) {
        memset(a + n, 0x55, 20);
        n += 20;
    }
    if (m == ECHO) {
        memcpy(a, call->req, call->len);
        n = call->len;
    }
    if (m == LATE)
        slave_pause(call, TIMEOUT_MS + 30);
    if (m == PIECES || m == DRIBBLE) {
        for (size_t i = 0; i < n; i++) {
            slave_send(call, a + i, 1);
            slave_pause(call, m == PIECES ? 3 : 60);
        }
        return;
    }
    if (m != SILENT)
        slave_send(call, a, n);
}

static struct gw_rtu *open_port(const char *path)
{
    const struct gw_rtu_conf conf = {
        .port = path, .baud = 115200, .stop_bits = 1, .timeout_ms = TIMEOUT_MS};
    struct gw_rtu *rtu = NULL;
    struct gw_err err = {.msg = ""};
    if (gw_rtu_open(&conf, &rtu, &err) != GW_OK)
        fail_msg("%s", err.msg);
    return rtu;
}

static int64_t now_ms(void)
{
    const struct gw_clock clock = gw_clock_system();
    return gw_clock_mono_ms(&clock);
}

static const struct {
    enum mode mode;
    enum gw_status status;
    const char *text;
} rows[] = {
    {GOOD, GW_OK, ""},
    {PIECES, GW_OK, ""},
    {FOREIGN_UNIT, GW_E_PROTO, "another unit"},
    {BROADCAST_UNIT, GW_E_PROTO, "another unit"},
    {BAD_CRC, GW_E_PROTO, "wrong CRC"},
    {OTHER_FUNCTION, GW_E_PROTO, "function or length"},
    {OTHER_COUNT, GW_E_PROTO, "function or length"},
    {WRONG_COUNT, GW_E_PROTO, "wrong CRC"},
    {TRUNCATED, GW_E_TIMEOUT, "no whole answer within 150 ms"},
    {JUNK_BEFORE, GW_E_PROTO, ""},
    {JUNK_BEHIND, GW_E_PROTO, "more bytes than the answer has"},
    {DRIBBLE, GW_E_TIMEOUT, "no whole answer"},
    {SILENT, GW_E_TIMEOUT, "no whole answer"},
    {LATE, GW_E_TIMEOUT, "no whole answer"},
    {EXCEPTION_OF_OTHER, GW_E_PROTO, ""},
    {EXCEPTION_UNKNOWN, GW_E_PROTO, "exception without a known code"},
    {ECHO, GW_E_PROTO, ""},
};

/* Whatever the first answer was, it takes the time-out at most, and a later one is taken: the line
 * is in step again. */
static void a_spoilt_answer_is_refused_and_the_line_recovers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum mode mode = rows[i].mode;
        struct slave *s = slave_start_pty(serve, &mode);
        struct gw_rtu *rtu = open_port(slave_path(s));
        struct gw_mb_reply reply = {0};
        struct gw_err err = {.msg = ""};
        const int64_t start = now_ms();
        const enum gw_status status = gw_rtu_request(rtu, &read_4, &reply, &err);
        print_message("mode %d: %s\n", (int)mode, err.msg);
        if (rows[i].status == GW_E_PROTO) /* a longer claim ends by the clock */
            assert_true(status == GW_E_PROTO || (status == GW_E_TIMEOUT && mode != BAD_CRC));
        else
            assert_int_equal(status, rows[i].status);
        if (status == rows[i].status)
            assert_non_null(strstr(err.msg, rows[i].text));
        assert_in_range(now_ms() - start, 0, TIMEOUT_MS * 5);
        /* One that dribbles needs a while to run dry. */
        for (int k = 0; k < 10 && gw_rtu_request(rtu, &read_4, &reply, NULL) != GW_OK; k++)
            assert_true(k < 9);
        const unsigned first = (unsigned)reply.data[0] << 8 | reply.data[1];
        assert_int_equal(first, 1000 + slave_requests(s) - 1);
        gw_rtu_close(rtu, true);
        slave_stop(s);
    }
}

static void an_exception_is_an_answer(void **state)
{
    (void)state;
    enum mode mode = EXCEPTION;
    struct slave *s = slave_start_pty(serve, &mode);
    struct gw_rtu *rtu = open_port(slave_path(s));
    struct gw_mb_reply reply = {0};
    assert_int_equal(gw_rtu_request(rtu, &read_4, &reply, NULL), GW_OK);
    assert_int_equal(reply.exception, 6);
    assert_int_equal(gw_rtu_request(rtu, &read_4, &reply, NULL), GW_OK);
    assert_int_equal(reply.exception, 0);
    gw_rtu_close(rtu, true);
    slave_stop(s);
}

static void all_functions_give_bytes_as_on_the_wire(void **state)
{
    (void)state;
    struct slave *s = slave_start_pty(slave_serve_well, NULL);
    struct gw_rtu *rtu = open_port(slave_path(s));
    struct gw_mb_reply r = {0};
    const struct gw_mb_request regs = {.unit = 1, .fc = GW_MB_READ_INPUT, .count = 125};
    assert_int_equal(gw_rtu_request(rtu, &regs, &r, NULL), GW_OK);
    assert_int_equal(r.data_len, 250);
    for (unsigned i = 0; i < 125; i++)
        assert_int_equal((unsigned)r.data[2 * i] << 8 | r.data[2 * i + 1], 1000 + i);
    static const enum gw_mb_fc bit_codes[] = {GW_MB_READ_COILS, GW_MB_READ_DISCRETE};
    for (unsigned k = 0; k < 2; k++) {
        const struct gw_mb_request bits = {.unit = 247, .fc = bit_codes[k], .count = 19};
        assert_int_equal(gw_rtu_request(rtu, &bits, &r, NULL), GW_OK);
        assert_int_equal(r.data_len, 3);
        assert_memory_equal(r.data, k == 0 ? "\x55\x55\x05" : "\xAA\xAA\x02", 3);
    }
    const struct gw_mb_request id = {.unit = 1, .fc = GW_MB_REPORT_ID};
    assert_int_equal(gw_rtu_request(rtu, &id, &r, NULL), GW_OK);
    assert_int_equal(r.data_len, 4);
    assert_memory_equal(r.data, "\x01\xFFOK", 4);
    const struct gw_mb_request beyond = {.unit = 248, .fc = GW_MB_READ_COILS, .count = 1};
    assert_int_equal(gw_rtu_request(rtu, &beyond, &r, NULL), GW_E_INVAL);
    const struct gw_mb_request all = {.unit = 0, .fc = GW_MB_READ_COILS, .count = 1};
    assert_int_equal(gw_rtu_request(rtu, &all, &r, NULL), GW_E_INVAL);
    assert_int_equal(slave_requests(s), 4);
    gw_rtu_close(rtu, true);
    slave_stop(s);
}

static void a_port_that_vanishes_is_told(void **state)
{
    (void)state;
    struct slave *s = slave_start_pty(slave_serve_well, NULL);
    struct gw_rtu *rtu = open_port(slave_path(s));
    struct gw_mb_reply r = {0};
    struct gw_err err;
    assert_int_equal(gw_rtu_request(rtu, &read_4, &r, NULL), GW_OK);
    slave_stop(s);
    assert_int_equal(gw_rtu_request(rtu, &read_4, &r, &err), GW_E_CLOSED);
    assert_string_equal(err.msg, "the serial port is gone");
    gw_rtu_close(rtu, true);
}

/* What hangs in a port must not keep others out. The flag itself is read, since root may open any
 * port. */
static void a_port_that_is_held_can_be_shared(void **state)
{
    (void)state;
    struct slave *s = slave_start_pty(slave_serve_well, NULL);
    const int other = open(slave_path(s), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(other >= 0);
    struct gw_rtu *hangs = open_port(slave_path(s));
    int alone = 0;
    if (ioctl(other, TIOCGEXCL, &alone) != 0 && errno == ENOSYS) {
        /* QEMU's emulation of a user program does not know the question. */
        gw_rtu_close(hangs, true);
        (void)close(other);
        slave_stop(s);
        skip();
        return;
    }
    assert_int_equal(ioctl(other, TIOCGEXCL, &alone), 0);
    assert_int_equal(alone, 1);
    gw_rtu_unlock(gw_rtu_fd(hangs));
    assert_int_equal(ioctl(other, TIOCGEXCL, &alone), 0);
    assert_int_equal(alone, 0);
    /* It is the next one's from now on, whenever the first one lets go. */
    struct gw_rtu *next = open_port(slave_path(s));
    gw_rtu_close(hangs, false);
    assert_int_equal(ioctl(other, TIOCGEXCL, &alone), 0);
    assert_int_equal(alone, 1);
    gw_rtu_close(next, true);
    assert_int_equal(ioctl(other, TIOCGEXCL, &alone), 0);
    assert_int_equal(alone, 0);
    (void)close(other);
    slave_stop(s);
}

static void what_is_no_port_cannot_be_opened(void **state)
{
    (void)state;
    static const struct {
        const char *path, *text;
    } ports[] = {
        {"/dev/no-such-port", "cannot open /dev/no-such-port: No such file or directory"},
        {"/dev/null", "cannot open /dev/null: Inappropriate ioctl for device"},
        {GW_SOURCE_DIR, "cannot open " GW_SOURCE_DIR ": Is a directory"},
    };
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        const struct gw_rtu_conf conf = {
            .port = ports[i].path, .baud = 9600, .stop_bits = 1, .timeout_ms = 100};
        struct gw_rtu *rtu = NULL;
        struct gw_err err = {.msg = ""};
        assert_int_equal(gw_rtu_open(&conf, &rtu, &err), GW_E_IO);
        assert_null(rtu);
        assert_string_equal(err.msg, ports[i].text);
    }
    struct slave *s = slave_start_pty(slave_serve_well, NULL);
    const struct gw_rtu_conf conf = {.port = slave_path(s),
                                     .baud = 9600,
                                     .parity = GW_RTU_EVEN,
                                     .stop_bits = 2,
                                     .rs485 = true,
                                     .timeout_ms = 100};
    struct gw_rtu *rtu = NULL;
    struct gw_err err = {.msg = ""};
    assert_int_equal(gw_rtu_open(&conf, &rtu, &err), GW_E_IO);
    assert_non_null(strstr(err.msg, "cannot switch an RS-485 transmitter"));
    slave_stop(s);
}

/* libmodbus would write beyond its set of descriptors. */
static void a_descriptor_beyond_select_is_refused(void **state)
{
    (void)state;
    enum { MANY = 1100 };
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < MANY + 100)
        skip();
    const struct rlimit wide = {.rlim_cur = MANY + 100, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &wide), 0);
    struct slave *s = slave_start_pty(slave_serve_well, NULL);
    static int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = dup(0);
        assert_true(fds[i] >= 0);
    }
    const struct gw_rtu_conf conf = {
        .port = slave_path(s), .baud = 9600, .stop_bits = 1, .timeout_ms = 100};
    struct gw_rtu *rtu = NULL;
    struct gw_err err = {.msg = ""};
    assert_int_equal(gw_rtu_open(&conf, &rtu, &err), GW_E_IO);
    assert_non_null(strstr(err.msg, "too many open files (descriptor 1"));
    for (int i = 0; i < MANY; i++)
        (void)close(fds[i]);
    slave_stop(s);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void silences_follow_from_the_rate(void **state)
{
    (void)state;
    assert_int_equal(gw_serial_char_bits(GW_RTU_NONE, 1), 10);
    assert_int_equal(gw_serial_char_bits(GW_RTU_EVEN, 2), 12);
    assert_int_equal(gw_serial_gap_ms(1200, 11), 33);
    assert_int_equal(gw_serial_gap_ms(9600, 10), 4);
    assert_int_equal(gw_serial_gap_ms(115200, 10), 2);
}

static void settling_waits_for_silence_and_not_for_ever(void **state)
{
    (void)state;
    int fds[2];
    uint64_t dropped = 99;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(gw_serial_settle(fds[0], 5, 100, &dropped), GW_OK);
    assert_int_equal(dropped, 0);
    assert_int_equal(write(fds[1], "abc", 3), 3);
    assert_int_equal(gw_serial_settle(fds[0], 5, 100, &dropped), GW_OK);
    assert_int_equal(dropped, 3);
    assert_int_equal(write(fds[1], "abc", 3), 3);
    assert_int_equal(gw_serial_settle(fds[0], 5, 0, &dropped), GW_E_TIMEOUT);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(gw_serial_settle(fds[0], 5, 100, NULL), GW_E_CLOSED);
    assert_int_equal(close(fds[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spoilt_answer_is_refused_and_the_line_recovers),
        cmocka_unit_test(an_exception_is_an_answer),
        cmocka_unit_test(all_functions_give_bytes_as_on_the_wire),
        cmocka_unit_test(a_port_that_vanishes_is_told),
        cmocka_unit_test(a_port_that_is_held_can_be_shared),
        cmocka_unit_test(what_is_no_port_cannot_be_opened),
        cmocka_unit_test(a_descriptor_beyond_select_is_refused),
        cmocka_unit_test(silences_follow_from_the_rate),
        cmocka_unit_test(settling_waits_for_silence_and_not_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
