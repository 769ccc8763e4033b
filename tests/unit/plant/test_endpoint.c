/* SPDX-License-Identifier: Apache-2.0
 *
 * What an endpoint can do to all that stand behind it: over real sockets, with a raw client.
 */
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char plant[] =
    "{\"endpoints\": {\"e\": {\"units\": {\"1\": \"m\"}}},"
    " \"devices\": {\"m\": {\"kind\": \"map\", \"regs\": {\"16\": [258, 772]}}}}";

/* Reads both registers of unit 1 under transaction 7, and the good answer. */
#define ASK    "0007 0000 0006 01 03 0010 0002"
#define ANSWER "0007 0000 0007 01 03 04 0102 0304"

/* Begins to connect; the descriptor does not block. */
static int begin_connect(struct rig *r)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons(gw_server_port(r->server, 0))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), -1);
    assert_int_equal(errno, EINPROGRESS);
    return fd;
}

static int connect_error(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t len = sizeof error;
    if (poll(&p, 1, wait_ms) == 0)
        return EINPROGRESS;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
    return error;
}

static void test_black_hole(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_do(&r, "{\"device\": \"m\", \"fault\": \"dribble\", \"ms\": 10}");
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, "00");
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"black_hole\"}");
    for (int i = 0; i < 20; i++)
        rig_pass(&r, 10);
    rig_expect_nothing(&r, fd);
    /* Who comes now is neither let in nor sent away. */
    int late = begin_connect(&r);
    assert_int_equal(connect_error(late, 100), EINPROGRESS);
    close(late);

    rig_do(&r, "{\"endpoint\": \"e\", \"clear\": true}");
    rig_do(&r, "{\"device\": \"m\", \"clear\": true}");
    for (int i = 0; i < 20; i++)
        rig_pass(&r, 10);
    rig_expect(&r, fd, ANSWER + 2);
    int next = rig_connect(&r);
    rig_send(&r, next, ASK);
    rig_expect(&r, next, ANSWER);
    close(next);
    close(fd);
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"black_hole\"}");
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"refuse\"}");
    fd = begin_connect(&r);
    assert_int_equal(connect_error(fd, 5000), ECONNREFUSED);
    close(fd);
    rig_close(&r);
}

static void test_mute(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"mute\"}");
    rig_send(&r, fd, ASK);
    rig_pass(&r, 1000);
    rig_expect_nothing(&r, fd);
    int other = rig_connect(&r);
    rig_send(&r, other, ASK);
    rig_pass(&r, 1000);
    rig_expect_nothing(&r, other);
    /* What came meanwhile is forgotten. */
    rig_do(&r, "{\"endpoint\": \"e\", \"clear\": true}");
    rig_pass(&r, 1000);
    rig_expect_nothing(&r, fd);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    close(other);
    close(fd);
    rig_close(&r);
}

static void test_half_open(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"half_open\"}");
    rig_send(&r, fd, ASK);
    rig_pass(&r, 1000);
    rig_expect_nothing(&r, fd);
    int next = rig_connect(&r);
    rig_send(&r, next, ASK);
    rig_expect(&r, next, ANSWER);
    rig_do(&r, "{\"endpoint\": \"e\", \"clear\": true}");
    rig_pass(&r, 1000);
    rig_expect_nothing(&r, fd);
    rig_send(&r, next, ASK);
    rig_expect(&r, next, ANSWER);
    close(next);
    close(fd);
    rig_close(&r);
}

static void test_hang_up(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"hang_up\"}");
    rig_expect_closed(&r, fd);
    fd = rig_connect(&r);
    rig_pass(&r, 1);
    rig_expect_closed(&r, fd);
    rig_do(&r, "{\"endpoint\": \"e\", \"clear\": true}");
    fd = rig_connect(&r);
    rig_send(&r, fd, ASK);
    rig_expect(&r, fd, ANSWER);
    close(fd);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_black_hole),
        cmocka_unit_test(test_mute),
        cmocka_unit_test(test_half_open),
        cmocka_unit_test(test_hang_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
