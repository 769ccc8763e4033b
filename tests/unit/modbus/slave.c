/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* ptys */
#include "slave.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/wire.h"
#include "modbus/frame.h"
#include "util.h"

struct slave {
    slave_serve serve;
    void *arg;
    int fd;      /* the pty, or the listener */
    int other;   /* the other end of the pty, so that it outlives its readers; -1 */
    int stop[2]; /* a pipe; readable from the stop on */
    uint16_t port;
    char path[64];
    pthread_t thread;
    atomic_uint requests, connections;
};

/* True when fd is readable, false when the slave is to stop. */
static bool readable(struct slave *s, int fd)
{
    struct pollfd fds[] = {{.fd = s->stop[0], .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    int n;
    do {
        n = poll(fds, 2, -1);
    } while (n < 0 && errno == EINTR);
    return n > 0 && fds[0].revents == 0;
}

static void serve_line(struct slave *s, int fd)
{
    uint8_t req[8];
    size_t have = 0;
    while (readable(s, fd)) {
        const ssize_t n = read(fd, req + have, sizeof req - have);
        if (n <= 0)
            return;
        have += (size_t)n;
        if (have < (have > 1 && req[1] == 17 ? 4 : sizeof req))
            continue;
        const struct slave_call call = {.slave = s,
                                        .fd = fd,
                                        .req = req,
                                        .len = have,
                                        .nth = atomic_fetch_add(&s->requests, 1)};
        s->serve(s->arg, &call);
        have = 0;
    }
}

static void *run_line(void *arg)
{
    struct slave *s = arg;
    serve_line(s, s->fd);
    return NULL;
}

static void *run_tcp(void *arg)
{
    struct slave *s = arg;
    while (readable(s, s->fd)) {
        const int fd = accept(s->fd, NULL, NULL);
        if (fd < 0)
            continue;
        atomic_fetch_add(&s->connections, 1);
        serve_line(s, fd);
        (void)close(fd);
    }
    return NULL;
}

static struct slave *make(slave_serve serve, void *arg)
{
    struct slave *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->serve = serve;
    s->arg = arg;
    s->other = -1;
    assert_int_equal(pipe(s->stop), 0);
    return s;
}

struct slave *slave_start_pty(slave_serve serve, void *arg)
{
    struct slave *s = make(serve, arg);
    struct termios t;
    s->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(s->fd >= 0);
    assert_int_equal(grantpt(s->fd), 0);
    assert_int_equal(unlockpt(s->fd), 0);
    assert_int_equal(ptsname_r(s->fd, s->path, sizeof s->path), 0);
    s->other = open(s->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(s->other >= 0);
    assert_int_equal(tcgetattr(s->other, &t), 0);
    cfmakeraw(&t);
    assert_int_equal(tcsetattr(s->other, TCSANOW, &t), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, run_line, s), 0);
    return s;
}

struct slave *slave_start_tcp(slave_serve serve, void *arg)
{
    struct slave *s = make(serve, arg);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(s->fd, 16), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, run_tcp, s), 0);
    return s;
}

void slave_stop(struct slave *s)
{
    assert_int_equal(write(s->stop[1], "x", 1), 1);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->fd);
    if (s->other >= 0)
        (void)close(s->other);
    (void)close(s->stop[0]);
    (void)close(s->stop[1]);
    free(s);
}

const char *slave_path(const struct slave *s)
{
    return s->path;
}

uint16_t slave_port(const struct slave *s)
{
    return s->port;
}

unsigned slave_requests(struct slave *s)
{
    return atomic_load(&s->requests);
}

unsigned slave_connections(struct slave *s)
{
    return atomic_load(&s->connections);
}

void slave_send(const struct slave_call *call, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t sent = call->slave->other >= 0 ? write(call->fd, bytes, n)
                                                     : send(call->fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        n -= (size_t)sent;
    }
}

void slave_pause(const struct slave_call *call, int ms)
{
    struct pollfd stop = {.fd = call->slave->stop[0], .events = POLLIN};
    (void)poll(&stop, 1, ms);
}

size_t slave_seal(uint8_t *bytes, size_t n)
{
    const unsigned crc = gw_mb_crc(bytes, n);
    bytes[n] = (uint8_t)(crc & 0xFFu);
    bytes[n + 1] = (uint8_t)(crc >> 8);
    return n + 2;
}

size_t slave_answer(const struct slave_call *call, uint16_t first, uint8_t out[256])
{
    const uint8_t *req = call->req;
    out[0] = req[0];
    out[1] = req[1];
    if (req[1] == 17) {
        memcpy(out + 2, "\x04\x01\xFFOK", 5);
        return 7;
    }
    const unsigned count = (unsigned)req[4] << 8 | req[5];
    const bool bits = req[1] <= 2;
    const size_t bytes = bits ? (count + 7) / 8 : (size_t)count * 2;
    assert_in_range(req[1], 1, 4);
    assert_true(bytes <= 250);
    out[2] = (uint8_t)bytes;
    memset(out + 3, 0, bytes);
    for (unsigned i = 0; i < count; i++)
        if (bits && ((unsigned)first + i) % 2 == 1)
            out[3 + i / 8] = (uint8_t)(out[3 + i / 8] | 1u << i % 8);
        else if (!bits)
            gw_put_be16(out + 3 + (size_t)i * 2, (uint16_t)(first + i));
    return 3 + bytes;
}

void slave_serve_well(void *arg, const struct slave_call *call)
{
    (void)arg;
    uint8_t answer[256];
    const size_t n = slave_answer(call, (uint16_t)(1000 + call->nth), answer);
    slave_send(call, answer, slave_seal(answer, n));
}
