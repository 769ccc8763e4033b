/* SPDX-License-Identifier: Apache-2.0
 *
 * The server over real sockets, on a clock that the test holds, with a raw client.
 */
#include "rig.h"

#include "base/backoff.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PLANT(endpoint, rest)                                                                      \
    "{\"endpoints\": {\"e\": {\"units\": {\"1\": \"m\", \"2\": \"di\", \"3\": \"slow\"}" endpoint  \
    "}}, \"devices\": {\"m\": {\"kind\": \"map\", \"id\": \"X1\", \"regs\": {\"16\": [258, 772]}," \
    "  \"bits\": {\"0\": [1, 0, 1]}},"                                                             \
    " \"di\": {\"kind\": \"di-module\", \"set\": {\"di8\": 1}},"                                   \
    " \"slow\": {\"kind\": \"qdy30a\", \"latency_ms\": 300}}" rest "}"

static const char plant[] = PLANT("", "");

/* Reads both registers of unit 1 under transaction 7, and the good answer. */
#define ASK    "0007 0000 0006 01 03 0010 0002"
#define ANSWER "0007 0000 0007 01 03 04 0102 0304"

static void test_reads_of_every_function(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    rig_send(&r, fd, "FFFF 0000 0006 01 04 0011 0001");
    rig_expect(&r, fd, "FFFF 0000 0005 01 04 02 0304");
    rig_send(&r, fd, "0001 0000 0006 01 01 0000 0003");
    rig_expect(&r, fd, "0001 0000 0004 01 01 01 05");
    rig_send(&r, fd, "0001 0000 0006 02 02 0000 0008");
    rig_expect(&r, fd, "0001 0000 0004 02 02 01 80");
    rig_send(&r, fd, "0002 0000 0002 01 11");
    rig_expect(&r, fd, "0002 0000 0007 01 11 04 01 FF 5831");
    assert_int_equal(r.counters->sum.requests, 5);
    assert_int_equal(r.counters->sum.replies, 5);
    assert_int_equal(r.counters->sum.exceptions, 0);
    assert_int_equal(r.counters->sum.forbidden, 0);
    close(fd);
    rig_close(&r);
}

static void test_exceptions_and_writes(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_send(&r, fd, "0001 0000 0006 01 06 0010 FFFF"); /* write a register */
    rig_expect(&r, fd, "0001 0000 0003 01 86 01");
    rig_send(&r, fd, "0001 0000 0006 01 03 0010 0003");
    rig_expect(&r, fd, "0001 0000 0003 01 83 02");
    rig_send(&r, fd, "0001 0000 0006 01 03 0010 0000");
    rig_expect(&r, fd, "0001 0000 0003 01 83 03");
    rig_send(&r, fd, "0001 0000 0006 09 03 0010 0001"); /* nobody there */
    rig_expect(&r, fd, "0001 0000 0003 09 83 0B");
    rig_send(&r, fd, ASK); /* nothing was written */
    rig_expect(&r, fd, ANSWER);
    assert_int_equal(r.counters->sum.requests, 5);
    assert_int_equal(r.counters->sum.exceptions, 4);
    assert_int_equal(r.counters->sum.forbidden, 1);
    assert_int_equal(r.counters->sum.fc[6], 1);
    assert_int_equal(r.counters->devices[0].forbidden, 1);
    assert_int_equal(r.counters->devices[0].requests, 4);
    assert_int_equal(r.counters->devices[1].requests, 0);
    assert_int_equal(r.counters->endpoints[0].unknown_unit, 1);
    close(fd);
    rig_close(&r);
}

static void test_unknown_unit_may_be_silent(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, PLANT(", \"unknown_unit\": \"silence\"", ""), false);
    int fd = rig_connect(&r);
    rig_send(&r, fd, "0001 0000 0006 09 03 0010 0001");
    rig_expect_nothing(&r, fd);
    assert_int_equal(r.counters->endpoints[0].unknown_unit, 1);
    close(fd);
    rig_close(&r);
}

static void test_requests_in_pieces_and_in_heaps(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    static const char *const pieces[] = {"00", "07 0000", "0006 01", "03 0010 00"};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        rig_send(&r, fd, pieces[i]);
        rig_expect_nothing(&r, fd);
    }
    rig_send(&r, fd, "02" ASK " 0008 0000 0002 01 11 0009");
    rig_expect(&r, fd, ANSWER ANSWER "0008 0000 0007 01 11 04 01 FF 5831");
    rig_send(&r, fd, "0000 0002 01 11");
    rig_expect(&r, fd, "0009 0000 0007 01 11 04 01 FF 5831");
    close(fd);
    rig_close(&r);
}

static void test_what_is_no_modbus_closes(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    static const char *const bad[] = {
        "0001 0001 0006 01 03 0010 0001",
        "0001 0000 0001 01",
        "0001 0000 0000 01",
        "0001 0000 00FF 01",
        "4745 5420 2F20 48",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int fd = rig_connect(&r);
        rig_send(&r, fd, bad[i]);
        rig_expect_closed(&r, fd);
    }
    assert_int_equal(r.counters->endpoints[0].malformed, 5);
    assert_int_equal(r.counters->sum.requests, 0);
    assert_int_equal(gw_server_open(r.server, 0), 0);
    rig_close(&r);
}

/* Anything may come; the next client is served all the same. */
static void test_random_bytes(void **state)
{
    (void)state;
    const char *env = getenv("GW_TEST_SEED");
    uint64_t rand = env != NULL ? strtoull(env, NULL, 0) : (uint64_t)time(NULL);
    printf("GW_TEST_SEED=%llu\n", (unsigned long long)rand);
    struct rig r;
    rig_serve(&r, plant, false);
    for (int i = 0; i < 300; i++) {
        uint8_t bytes[600] = {0};
        size_t n = gw_rand_below(&rand, sizeof bytes) + 1;
        for (size_t k = 0; k < n; k++)
            bytes[k] = (uint8_t)gw_rand_next(&rand);
        if (gw_rand_below(&rand, 2) == 0) /* a header that fits, so that the PDU is looked at */
            memcpy(bytes, (const uint8_t[]){0, 1, 0, 0, 0, 6, 1, bytes[7] & 0x1Fu}, 8);
        int fd = rig_connect(&r);
        (void)send(fd, bytes, n, MSG_NOSIGNAL);
        rig_pass(&r, 0);
        close(fd);
        rig_pass(&r, 0);
    }
    rig_pass(&r, 300); /* the slow device may have been asked */
    rig_pass(&r, 300);
    int fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    assert_int_equal(gw_server_open(r.server, 0), 1);
    close(fd);
    rig_close(&r);
}

static void test_longest_request(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    /* the header, function 16 and 252 bytes */
    char text[16 + 2 * 252 + 1];
    snprintf(text, sizeof text, "%s%0504d", "0001000000FE0110", 0);
    rig_send(&r, fd, text);
    rig_expect(&r, fd, "0001 0000 0003 01 90 01");
    close(fd);
    rig_close(&r);
}

static void test_many_connections(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fds[50];
    for (size_t i = 0; i < 50; i++)
        fds[i] = rig_connect(&r);
    assert_int_equal(gw_server_open(r.server, 0), 50);
    for (size_t i = 0; i < 50; i++)
        rig_send(&r, fds[i], ASK);
    for (size_t i = 50; i > 0; i--)
        rig_expect(&r, fds[i - 1], ANSWER);
    for (size_t i = 0; i < 50; i++)
        close(fds[i]);
    rig_pass(&r, 1);
    assert_int_equal(gw_server_open(r.server, 0), 0);
    assert_int_equal(r.counters->endpoints[0].connections, 50);
    rig_close(&r);
}

/* A client that asks and does not listen holds nobody but itself, and loses nothing. */
static void test_client_that_reads_late(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    int other = rig_connect(&r);
    uint8_t ask[12];
    uint8_t answer[13];
    assert_int_equal(rig_bytes(ASK, ask, sizeof ask), sizeof ask);
    assert_int_equal(rig_bytes(ANSWER, answer, sizeof answer), sizeof answer);

    static uint8_t heap[12 * 1000];
    for (size_t i = 0; i < sizeof heap; i += sizeof ask)
        memcpy(heap + i, ask, sizeof ask);
    size_t sent = 0; /* until both sides are full */
    for (int stuck = 0; stuck < 3;) {
        size_t at = sent % sizeof ask;
        ssize_t n = send(fd, heap + at, sizeof heap - at, MSG_NOSIGNAL);
        stuck = n < 0 ? stuck + 1 : 0;
        sent += n > 0 ? (size_t)n : 0;
        for (int i = 0; i < 200; i++)
            rig_pass(&r, 0);
    }
    assert_true(r.counters->sum.replies < sent / sizeof ask);
    rig_send(&r, other, ASK);
    rig_expect(&r, other, ANSWER);

    uint64_t wanted = sent / sizeof ask * sizeof answer;
    for (uint64_t got = 0; got < wanted;) {
        static uint8_t bytes[65536];
        rig_pass(&r, 0);
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        assert_true(n > 0 || errno == EAGAIN);
        for (ssize_t i = 0; i < n; i++, got++)
            assert_int_equal(bytes[i], answer[got % sizeof answer]);
    }
    assert_int_equal(r.counters->sum.replies, sent / sizeof ask + 1);
    close(fd);
    close(other);
    rig_close(&r);
}

/* Without descriptors the client waits in the queue; the others are served. */
static void test_descriptors_run_out(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int first = rig_connect(&r);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(gw_server_port(r.server, 0)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    rig_pass(&r, 0);
    int open_then = (int)gw_server_open(r.server, 0);
    rig_pass(&r, 100);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(open_then, 1);
    rig_send(&r, first, ASK);
    rig_expect(&r, first, ANSWER);
    rig_pass(&r, 100);
    assert_int_equal(gw_server_open(r.server, 0), 2);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    close(fd);
    close(first);
    rig_close(&r);
}

static void test_connections_are_limited(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, PLANT(", \"max_connections\": 2", ""), false);
    int a = rig_connect(&r);
    int b = rig_connect(&r);
    int c = rig_connect(&r);
    rig_expect_closed(&r, c);
    rig_send(&r, a, ASK);
    rig_expect(&r, a, ANSWER);
    close(a);
    rig_pass(&r, 1);
    c = rig_connect(&r);
    rig_send(&r, c, ASK);
    rig_expect(&r, c, ANSWER);
    close(b);
    close(c);
    rig_close(&r);
}

static void test_half_closed_client_gets_its_answer(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_send(&r, fd, "0001 0000 0006 03 03 0002 0002");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    rig_expect_nothing(&r, fd);
    rig_pass(&r, 300);
    rig_expect(&r, fd, "0001 0000 0007 03 03 04 0001 0001");
    rig_expect_closed(&r, fd);
    rig_close(&r);
}

static void test_latency_holds_only_its_own_connection(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int slow = rig_connect(&r);
    int fast = rig_connect(&r);
    rig_send(&r, slow, "0001 0000 0006 03 03 0002 0001" ASK);
    rig_expect_nothing(&r, slow);
    rig_send(&r, fast, ASK);
    rig_expect(&r, fast, ANSWER);
    rig_pass(&r, 299);
    rig_expect_nothing(&r, slow);
    rig_pass(&r, 1);
    rig_expect(&r, slow, "0001 0000 0005 03 03 02 0001" ANSWER);
    close(slow);
    close(fast);
    rig_close(&r);
}

/* ---- faults ---- */

static const struct {
    const char *fault; /* and its numbers */
    const char *answer;
} answers[] = {
    {"\"exception\", \"code\": 6", "0007 0000 0003 01 83 06"},
    {"\"fewer\"", "0007 0000 0005 01 03 02 0102"},
    {"\"short_count\"", "0007 0000 0007 01 03 02 0102 0304"},
    {"\"long_count\"", "0007 0000 0007 01 03 06 0102 0304"},
    {"\"wrong_fc\"", "0007 0000 0007 01 04 04 0102 0304"},
    {"\"foreign_unit\"", "0007 0000 0007 02 03 04 0102 0304"},
    {"\"foreign_unit\", \"unit\": 77", "0007 0000 0007 4D 03 04 0102 0304"},
    {"\"wrong_tid\"", "0008 0000 0007 01 03 04 0102 0304"},
    {"\"wrong_protocol\"", "0007 0001 0007 01 03 04 0102 0304"},
    {"\"wrong_length\", \"by\": -2", "0007 0000 0005 01 03 04 0102 0304"},
    {"\"wrong_length\"", "0007 0000 0008 01 03 04 0102 0304"},
    {"\"junk_tail\", \"bytes\": 4", ANSWER "A55AA55A"},
    {"\"exception_storm\", \"times\": 2", "0007 0000 0003 01 83 06 0007 0000 0003 01 83 06"},
    {"\"swap_words\"", "0007 0000 0007 01 03 04 0304 0102"},
};

static void test_faults_of_the_bytes(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        char entry[200];
        snprintf(entry, sizeof entry, "{\"device\": \"m\", \"fault\": %s, \"for_s\": 1}",
                 answers[i].fault);
        rig_do(&r, entry);
        rig_send(&r, fd, ASK);
        rig_expect(&r, fd, answers[i].answer);
        rig_pass(&r, 1000);
        rig_send(&r, fd, ASK);
        rig_expect(&r, fd, ANSWER);
    }
    close(fd);
    rig_close(&r);
}

static void test_silence_is_only_that_device(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_do(&r, "{\"device\": \"m\", \"fault\": \"silence\", \"for_s\": 20}");
    rig_send(&r, fd, ASK);
    rig_pass(&r, 19999);
    rig_expect_nothing(&r, fd);
    rig_send(&r, fd, "0001 0000 0006 02 02 0000 0008");
    rig_expect(&r, fd, "0001 0000 0004 02 02 01 80");
    rig_pass(&r, 1);
    rig_expect_nothing(&r, fd); /* what was not answered is not made up for */
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    assert_int_equal(r.counters->devices[0].requests, 2);
    assert_int_equal(r.counters->devices[0].replies, 1);
    close(fd);
    rig_close(&r);
}

static void test_close_reset_and_truncate(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_do(&r, "{\"device\": \"m\", \"fault\": \"close\"}");
    rig_send(&r, fd, ASK);
    rig_expect_closed(&r, fd);

    rig_do(&r, "{\"device\": \"m\", \"clear\": true, \"fault\": \"reset\"}");
    fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);

    rig_do(&r, "{\"device\": \"m\", \"clear\": true, \"fault\": \"truncate\"}");
    fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, "0007 0000 0007");
    rig_expect_closed(&r, fd);

    rig_do(&r, "{\"device\": \"m\", \"clear\": true}");
    fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    assert_int_equal(r.counters->sum.requests, 4);
    assert_int_equal(r.counters->sum.replies, 2);
    close(fd);
    rig_close(&r);
}

static void test_delay(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_do(&r, "{\"device\": \"m\", \"fault\": \"delay\", \"ms\": 700}");
    rig_send(&r, fd, ASK);
    rig_pass(&r, 699);
    rig_expect_nothing(&r, fd);
    rig_pass(&r, 1);
    rig_expect(&r, fd, ANSWER);

    /* The client gives up and asks again: the late answer comes, then the next one. */
    rig_send(&r, fd, ASK);
    rig_pass(&r, 500);
    rig_send(&r, fd, "0008 0000 0006 01 03 0010 0001");
    rig_pass(&r, 200);
    rig_expect(&r, fd, ANSWER);
    rig_pass(&r, 700);
    rig_expect(&r, fd, "0008 0000 0005 01 03 02 0102");

    /* The client goes away while the answer waits. */
    rig_send(&r, fd, ASK);
    close(fd);
    rig_pass(&r, 700);
    rig_pass(&r, 1);
    assert_int_equal(gw_server_open(r.server, 0), 0);
    rig_close(&r);
}

static void test_dribble(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_do(&r, "{\"device\": \"m\", \"fault\": \"dribble\", \"ms\": 400}");
    rig_send(&r, fd, ASK);
    static const char *const bytes[] = {"00", "07", "00", "00", "00", "07", "01",
                                        "03", "04", "01", "02", "03", "04"};
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        if (i > 0) {
            rig_pass(&r, 399);
            rig_expect_nothing(&r, fd);
            assert_int_equal(r.counters->sum.replies, 0);
            rig_pass(&r, 1);
        }
        rig_expect(&r, fd, bytes[i]);
    }
    assert_int_equal(r.counters->sum.replies, 1);
    close(fd);
    rig_close(&r);
}

static void test_late(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_do(&r, "{\"device\": \"m\", \"fault\": \"late\"}");
    rig_send(&r, fd, "0001 0000 0006 01 03 0010 0001");
    rig_pass(&r, 60000);
    rig_expect_nothing(&r, fd);
    rig_send(&r, fd, "0002 0000 0006 01 03 0011 0001");
    rig_expect(&r, fd, "0001 0000 0005 01 03 02 0102"); /* the answer to the first one */
    rig_send(&r, fd, "0003 0000 0006 01 03 0010 0002");
    rig_expect(&r, fd, "0002 0000 0005 01 03 02 0304");
    assert_int_equal(r.counters->sum.replies, 2);
    rig_do(&r, "{\"device\": \"m\", \"clear\": true}");
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, "0003 0000 0007 01 03 04 0102 0304" ANSWER);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    assert_int_equal(r.counters->sum.replies, 5);

    /* A connection made anew knows nothing of what was kept. */
    rig_do(&r, "{\"device\": \"m\", \"fault\": \"late\"}");
    rig_send(&r, fd, ASK);
    close(fd);
    rig_do(&r, "{\"device\": \"m\", \"clear\": true}");
    fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    close(fd);
    rig_close(&r);
}

static void test_garbage(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int a = rig_connect(&r);
    int b = rig_connect(&r);
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"garbage\", \"bytes\": 3, \"ms\": 200,"
               " \"for_s\": 0.5}");
    rig_pass(&r, 0);
    rig_expect(&r, a, "A55AA5");
    rig_pass(&r, 200);
    rig_expect(&r, a, "A55AA5");
    rig_expect(&r, b, "A55AA5 A55AA5");
    rig_send(&r, a, ASK);
    rig_expect(&r, a, ANSWER);
    rig_pass(&r, 200);
    rig_pass(&r, 200);
    rig_pass(&r, 2000);
    rig_expect(&r, a, "A55AA5");
    close(a);
    close(b);
    rig_close(&r);
}

static void connect_refused(struct rig *r)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(gw_server_port(r->server, 0)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
}

static void test_refuse(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r,
              PLANT("", ", \"timeline\": [{\"at_s\": 3, \"endpoint\": \"e\","
                        " \"fault\": \"refuse\", \"for_s\": 4}]"),
              false);
    uint16_t port = gw_server_port(r.server, 0);
    int fd = rig_connect(&r);
    rig_pass(&r, 2999);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    rig_pass(&r, 1); /* by the story's own timer, without a request */
    rig_expect_closed(&r, fd);
    connect_refused(&r);
    rig_pass(&r, 1000);
    rig_pass(&r, 1000);
    rig_pass(&r, 1000);
    connect_refused(&r);
    rig_pass(&r, 1000);
    assert_int_equal(gw_server_port(r.server, 0), port);
    fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    close(fd);
    rig_close(&r);
}

static void test_refuse_in_the_middle_of_a_reply(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_do(&r, "{\"device\": \"m\", \"fault\": \"dribble\", \"ms\": 10}");
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, "00");
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"refuse\"}");
    rig_expect_closed(&r, fd);
    rig_pass(&r, 1000); /* its timers are gone with it */
    rig_do(&r, "{\"endpoint\": \"e\", \"clear\": true}");
    fd = rig_connect(&r);
    close(fd);
    rig_close(&r);
}

/* ---- the story and the server ---- */

#define STORY                                                                                      \
    PLANT("", ", \"timeline\": [{\"at_s\": 0, \"device\": \"m\", \"set\": {\"r16\": 1}},"          \
              " {\"at_s\": 10, \"device\": \"m\", \"set\": {\"r16\": 2}},"                         \
              " {\"at_s\": 11, \"endpoint\": \"e\", \"fault\": \"refuse\"}]")

static void test_story_begins_when_ready(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, STORY, false);
    rig_pass(&r, 10000);
    int fd = rig_connect(&r);
    rig_send(&r, fd, "0001 0000 0006 01 03 0010 0001");
    rig_expect(&r, fd, "0001 0000 0005 01 03 02 0002");
    close(fd);
    rig_close(&r);
}

static void test_held_story_begins_with_the_first_request(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, STORY, true);
    rig_pass(&r, 3600000);
    int fd = rig_connect(&r); /* a connection is no request */
    rig_pass(&r, 3600000);
    rig_send(&r, fd, "0001 0000 0006 01 03 0010 0001");
    rig_expect(&r, fd, "0001 0000 0005 01 03 02 0001");
    rig_pass(&r, 9999);
    rig_send(&r, fd, "0001 0000 0006 01 03 0010 0001");
    rig_expect(&r, fd, "0001 0000 0005 01 03 02 0001");
    rig_pass(&r, 1);
    rig_send(&r, fd, "0001 0000 0006 01 03 0010 0001");
    rig_expect(&r, fd, "0001 0000 0005 01 03 02 0002");
    rig_pass(&r, 1000);
    rig_expect_closed(&r, fd);
    rig_close(&r);
}

static void test_taken_port_is_told(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    char text[1024];
    snprintf(text, sizeof text,
             "{\"endpoints\": {\"a\": {\"units\": {\"1\": \"d\"}}, \"b\": {\"port\": %u,"
             " \"units\": {\"1\": \"d\"}}}, \"devices\": {\"d\": {\"kind\": \"di-module\"}}}",
             (unsigned)gw_server_port(r.server, 0));
    struct rig other;
    rig_plant(&other, text);
    struct gw_err err;
    assert_int_equal(gw_loop_new(&other.clock, &other.loop, &err), GW_OK);
    assert_int_equal(gw_counters_new(other.sc, &other.counters), GW_OK);
    assert_int_equal(gw_server_start(other.loop, other.sc, other.plant, other.counters, false,
                                     &other.server, &err),
                     GW_E_IO);
    assert_non_null(strstr(err.msg, "endpoint b: cannot listen on port"));
    rig_close(&other);
    rig_close(&r);
}

static void test_other_loopback_address(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, PLANT(", \"bind\": \"127.0.0.9\"", ""), false);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(gw_server_port(r.server, 0)),
                               .sin_addr.s_addr = htonl(0x7F000009)};
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    close(fd);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_of_every_function),
        cmocka_unit_test(test_exceptions_and_writes),
        cmocka_unit_test(test_unknown_unit_may_be_silent),
        cmocka_unit_test(test_requests_in_pieces_and_in_heaps),
        cmocka_unit_test(test_what_is_no_modbus_closes),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_longest_request),
        cmocka_unit_test(test_many_connections),
        cmocka_unit_test(test_client_that_reads_late),
        cmocka_unit_test(test_descriptors_run_out),
        cmocka_unit_test(test_connections_are_limited),
        cmocka_unit_test(test_half_closed_client_gets_its_answer),
        cmocka_unit_test(test_latency_holds_only_its_own_connection),
        cmocka_unit_test(test_faults_of_the_bytes),
        cmocka_unit_test(test_silence_is_only_that_device),
        cmocka_unit_test(test_close_reset_and_truncate),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_dribble),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_refuse_in_the_middle_of_a_reply),
        cmocka_unit_test(test_story_begins_when_ready),
        cmocka_unit_test(test_held_story_begins_with_the_first_request),
        cmocka_unit_test(test_taken_port_is_told),
        cmocka_unit_test(test_other_loopback_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
