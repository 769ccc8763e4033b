/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wire.h"
#include "util.h"

struct peer {
    peer_serve serve;
    void *arg;
    int listener;
    int stop[2]; /* a pipe; readable from the stop on */
    uint16_t port;
    pthread_t thread;
    atomic_uint connections, requests;
};

/* True when fd is readable, false when the peer is to stop or ms have passed. */
static bool readable(struct peer *p, int fd, int ms)
{
    struct pollfd fds[] = {{.fd = p->stop[0], .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    int n;
    do {
        n = poll(fds, 2, ms);
    } while (n < 0 && errno == EINTR);
    return n > 0 && fds[0].revents == 0 && fds[1].revents != 0;
}

/* Reads one request: MBAP header and what its length field says. 0: the connection has ended. */
static size_t read_request(struct peer *p, int fd, uint8_t req[260])
{
    size_t have = 0;
    size_t want = 6;
    while (have < want) {
        if (!readable(p, fd, -1))
            return 0;
        const ssize_t n = recv(fd, req + have, want - have, 0);
        if (n <= 0)
            return 0;
        have += (size_t)n;
        if (have == 6)
            want = 6 + ((size_t)req[4] << 8 | req[5]);
        if (want > 260)
            return 0;
    }
    return have;
}

static void serve_connection(struct peer *p, int fd)
{
    struct peer_call call = {.peer = p, .fd = fd, .nth = atomic_load(&p->requests)};
    if (!p->serve(p->arg, &call))
        return;
    for (;;) {
        uint8_t req[260];
        call.len = read_request(p, fd, req);
        call.req = req;
        if (call.len == 0)
            return;
        call.nth = atomic_fetch_add(&p->requests, 1);
        if (!p->serve(p->arg, &call))
            return;
    }
}

static void *run(void *arg)
{
    struct peer *p = arg;
    while (readable(p, p->listener, -1)) {
        const int fd = accept(p->listener, NULL, NULL);
        if (fd < 0)
            continue;
        atomic_fetch_add(&p->connections, 1);
        serve_connection(p, fd);
        (void)close(fd);
    }
    return NULL;
}

struct peer *peer_start(peer_serve serve, void *arg)
{
    return peer_start_at(0, serve, arg);
}

struct peer *peer_start_at(uint16_t port, peer_serve serve, void *arg)
{
    struct peer *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->serve = serve;
    p->arg = arg;
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(p->listener >= 0);
    const int on = 1;
    assert_int_equal(setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    assert_int_equal(bind(p->listener, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(p->listener, 16), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)&a, &len), 0);
    p->port = ntohs(a.sin_port);
    assert_int_equal(pipe(p->stop), 0);
    assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
    return p;
}

void peer_stop(struct peer *p)
{
    assert_int_equal(write(p->stop[1], "x", 1), 1);
    assert_int_equal(pthread_join(p->thread, NULL), 0);
    (void)close(p->listener);
    (void)close(p->stop[0]);
    (void)close(p->stop[1]);
    free(p);
}

uint16_t peer_port(const struct peer *p)
{
    return p->port;
}

unsigned peer_connections(struct peer *p)
{
    return atomic_load(&p->connections);
}

unsigned peer_requests(struct peer *p)
{
    return atomic_load(&p->requests);
}

bool peer_wait_close(const struct peer_call *call, int ms)
{
    uint8_t byte;
    return readable(call->peer, call->fd, ms) && recv(call->fd, &byte, 1, 0) <= 0;
}

void peer_pause(const struct peer_call *call, int ms)
{
    struct pollfd stop = {.fd = call->peer->stop[0], .events = POLLIN};
    (void)poll(&stop, 1, ms);
}

void peer_send(const struct peer_call *call, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t sent = send(call->fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        n -= (size_t)sent;
    }
}

/* To function 17 it says "PEER". */
static size_t report_id(const uint8_t *req, uint8_t out[260])
{
    static const uint8_t id[] = {6, 0x01, 0xFF, 'P', 'E', 'E', 'R'};
    memcpy(out, req, 8);
    gw_put_be16(out + 4, 2 + sizeof id);
    memcpy(out + 8, id, sizeof id);
    return 8 + sizeof id;
}

size_t peer_answer(const struct peer_call *call, uint16_t first, uint8_t out[260])
{
    const uint8_t *req = call->req;
    if (req[7] == 17)
        return report_id(req, out);
    const unsigned count = (unsigned)req[10] << 8 | req[11];
    const bool bits = req[7] <= 2;
    const size_t bytes = bits ? (count + 7) / 8 : (size_t)count * 2;
    assert_in_range(req[7], 1, 4);
    assert_true(bytes <= 250);
    memcpy(out, req, 8);
    gw_put_be16(out + 4, (uint16_t)(3 + bytes));
    out[8] = (uint8_t)bytes;
    memset(out + 9, 0, bytes);
    for (unsigned i = 0; i < count; i++)
        if (bits && ((unsigned)first + i) % 2 == 1)
            out[9 + i / 8] = (uint8_t)(out[9 + i / 8] | 1u << i % 8);
        else if (!bits)
            gw_put_be16(out + 9 + (size_t)i * 2, (uint16_t)(first + i));
    return 9 + bytes;
}

bool peer_serve_well(void *arg, const struct peer_call *call)
{
    (void)arg;
    if (call->req == NULL)
        return true;
    uint8_t answer[260];
    const size_t n = peer_answer(call, (uint16_t)(1000 + call->nth), answer);
    peer_send(call, answer, n);
    return true;
}
