/* SPDX-License-Identifier: Apache-2.0 */
#include "support/sim_net.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FD_BASE  100000 /* above what the system gives out */
#define IN_SIZE  4096
#define IN_ORDER "sim_net: "

enum what { CONNECTED, REFUSED, BYTES, CLOSED, RESET };

struct conn {
    bool used, open, eof;
    int error; /* of the connect, or of the next recv */
    unsigned generation;
    const struct sim_peer *peer;
    bool watched;
    struct epoll_event wanted;
    uint8_t in[IN_SIZE];
    size_t in_len;
};

struct event {
    int64_t due_ms;
    uint64_t seq;
    enum what what;
    int conn;
    unsigned generation;
    size_t len;
    uint8_t bytes[SIM_BYTES];
};

struct port {
    uint16_t port;
    struct sim_peer peer;
};

struct sim_net {
    struct gw_fake_clock *fake;
    struct conn conns[SIM_CONNS];
    int high; /* conns that were ever used */
    struct port ports[SIM_CONNS];
    size_t nports;
    struct event *events; /* slots */
    size_t nslots;
    size_t *spare; /* slots that are free */
    size_t nspare;
    size_t *heap; /* slots by time */
    size_t nheap;
    uint64_t seq;
    int64_t end_ms;
    void (*end)(void *arg);
    void *end_arg;
};

/* What stands in front of the system has no other way to its state. */
static struct sim_net *the_net;

int __real_close(int fd);
int __real_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int __wrap_getpeername(int fd, struct sockaddr *addr, socklen_t *len);
ssize_t __wrap_send(int fd, const void *bytes, size_t n, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t n, int flags);
int __wrap_close(int fd);
int __wrap_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev);
int __wrap_epoll_wait(int ep, struct epoll_event *out, int max, int timeout_ms);

static void *must(void *p)
{
    if (p == NULL) {
        fputs(IN_ORDER "out of memory\n", stderr);
        abort();
    }
    return p;
}

struct sim_net *sim_net_new(struct gw_fake_clock *fake)
{
    struct sim_net *net = must(calloc(1, sizeof *net));
    net->fake = fake;
    net->end_ms = INT64_MAX;
    the_net = net;
    return net;
}

void sim_net_free(struct sim_net *net)
{
    the_net = NULL;
    free(net->events);
    free(net->spare);
    free(net->heap);
    free(net);
}

void sim_net_listen(struct sim_net *net, uint16_t port, const struct sim_peer *peer)
{
    if (net->nports == SIM_CONNS)
        abort();
    net->ports[net->nports++] = (struct port){.port = port, .peer = *peer};
}

void sim_net_until(struct sim_net *net, int64_t end_ms, void (*fn)(void *arg), void *arg)
{
    net->end_ms = end_ms;
    net->end = fn;
    net->end_arg = arg;
}

size_t sim_net_open(const struct sim_net *net)
{
    size_t n = 0;
    for (int i = 0; i < net->high; i++)
        n += net->conns[i].used;
    return n;
}

/* ---- what will happen ---- */

static bool before(const struct sim_net *net, size_t a, size_t b)
{
    const struct event *x = &net->events[net->heap[a]];
    const struct event *y = &net->events[net->heap[b]];
    return x->due_ms != y->due_ms ? x->due_ms < y->due_ms : x->seq < y->seq;
}

static void swap(struct sim_net *net, size_t a, size_t b)
{
    const size_t slot = net->heap[a];
    net->heap[a] = net->heap[b];
    net->heap[b] = slot;
}

static size_t take_slot(struct sim_net *net)
{
    if (net->nspare == 0) {
        const size_t more = net->nslots == 0 ? 64 : net->nslots;
        const size_t n = net->nslots + more;
        net->events = must(realloc(net->events, n * sizeof *net->events));
        net->spare = must(realloc(net->spare, n * sizeof *net->spare));
        net->heap = must(realloc(net->heap, n * sizeof *net->heap));
        for (size_t i = 0; i < more; i++)
            net->spare[net->nspare++] = net->nslots + i;
        net->nslots = n;
    }
    return net->spare[--net->nspare];
}

static void add(struct sim_net *net, int conn, int64_t in_ms, enum what what, const uint8_t *bytes,
                size_t n)
{
    if (n > SIM_BYTES || !net->conns[conn].used)
        abort();
    const size_t slot = take_slot(net);
    struct event *e = &net->events[slot];
    e->due_ms = net->fake->now.mono_ms + in_ms;
    e->seq = net->seq++;
    e->what = what;
    e->conn = conn;
    e->generation = net->conns[conn].generation;
    e->len = n;
    if (n > 0)
        memcpy(e->bytes, bytes, n);
    size_t at = net->nheap++;
    net->heap[at] = slot;
    for (; at > 0 && before(net, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(net, at, (at - 1) / 2);
}

static void pop(struct sim_net *net)
{
    net->spare[net->nspare++] = net->heap[0];
    net->heap[0] = net->heap[--net->nheap];
    size_t at = 0;
    for (;;) {
        size_t least = at;
        for (size_t k = 2 * at + 1; k <= 2 * at + 2; k++)
            if (k < net->nheap && before(net, k, least))
                least = k;
        if (least == at)
            return;
        swap(net, at, least);
        at = least;
    }
}

static void happen(struct sim_net *net, const struct event *e)
{
    struct conn *c = &net->conns[e->conn];
    if (!c->used || c->generation != e->generation)
        return;
    switch (e->what) {
    case CONNECTED:
        c->open = true;
        break;
    case REFUSED:
        c->open = true;
        c->error = ECONNREFUSED;
        break;
    case BYTES:
        if (c->in_len + e->len > sizeof c->in || c->eof)
            return; /* as a window that is closed; no test reads so late */
        memcpy(c->in + c->in_len, e->bytes, e->len);
        c->in_len += e->len;
        if (c->peer->arrived != NULL)
            c->peer->arrived(c->peer->arg, e->bytes, e->len);
        break;
    case CLOSED:
        c->eof = true;
        break;
    case RESET:
        c->error = ECONNRESET;
        c->in_len = 0;
        break;
    }
}

void sim_net_send(struct sim_net *net, int conn, int64_t in_ms, const uint8_t *bytes, size_t n)
{
    add(net, conn, in_ms, BYTES, bytes, n);
}

void sim_net_close(struct sim_net *net, int conn, int64_t in_ms, bool reset)
{
    add(net, conn, in_ms, reset ? RESET : CLOSED, NULL, 0);
}

/* ---- in place of the system ---- */

static struct conn *conn_of(int fd)
{
    if (the_net == NULL || fd < FD_BASE)
        return NULL;
    if (fd >= FD_BASE + SIM_CONNS || !the_net->conns[fd - FD_BASE].used)
        abort(); /* a descriptor is used that is not open */
    return &the_net->conns[fd - FD_BASE];
}

int __wrap_socket(int domain, int type, int protocol)
{
    (void)type;
    (void)protocol;
    if (domain != AF_INET)
        abort();
    for (int i = 0; i < SIM_CONNS; i++) {
        struct conn *c = &the_net->conns[i];
        if (c->used)
            continue;
        *c = (struct conn){.used = true, .generation = c->generation + 1};
        the_net->high = i >= the_net->high ? i + 1 : the_net->high;
        return FD_BASE + i;
    }
    errno = EMFILE;
    return -1;
}

int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct sockaddr_in to;
    memcpy(&to, addr, len < sizeof to ? len : sizeof to);
    struct conn *c = conn_of(fd);
    int64_t in_ms = SIM_REFUSED;
    for (size_t i = 0; i < the_net->nports; i++) {
        if (the_net->ports[i].port != ntohs(to.sin_port))
            continue;
        c->peer = &the_net->ports[i].peer;
        in_ms = c->peer->connect(c->peer->arg);
    }
    if (in_ms == SIM_REFUSED)
        add(the_net, fd - FD_BASE, 0, REFUSED, NULL, 0);
    else if (in_ms >= 0)
        add(the_net, fd - FD_BASE, in_ms, CONNECTED, NULL, 0);
    errno = EINPROGRESS;
    return -1;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    (void)conn_of(fd);
    (void)level;
    (void)name;
    (void)value;
    (void)len;
    return 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    struct conn *c = conn_of(fd);
    if (level != SOL_SOCKET || name != SO_ERROR || *len != sizeof c->error)
        abort();
    memcpy(value, &c->error, sizeof c->error);
    c->error = 0;
    return 0;
}

static int put_address(struct sockaddr *addr, socklen_t *len, uint16_t port)
{
    const struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(addr, &in, *len < sizeof in ? *len : sizeof in);
    *len = sizeof in;
    return 0;
}

int __wrap_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    (void)conn_of(fd);
    return put_address(addr, len, 1);
}

int __wrap_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
    (void)conn_of(fd);
    return put_address(addr, len, 2);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t n, int flags)
{
    (void)flags;
    struct conn *c = conn_of(fd);
    if (c->error != 0) {
        errno = c->error;
        return -1;
    }
    c->peer->bytes(c->peer->arg, fd - FD_BASE, bytes, n);
    return (ssize_t)n;
}

/* What is due has happened, whether anybody waited for it or not. */
static void catch_up(struct sim_net *net)
{
    while (net->nheap > 0 && net->events[net->heap[0]].due_ms <= net->fake->now.mono_ms) {
        const struct event e = net->events[net->heap[0]];
        pop(net);
        happen(net, &e);
    }
}

ssize_t __wrap_recv(int fd, void *bytes, size_t n, int flags)
{
    catch_up(the_net);
    struct conn *c = conn_of(fd);
    if (c->error != 0) {
        errno = c->error;
        return -1;
    }
    const size_t take = n < c->in_len ? n : c->in_len;
    if (take == 0 && !c->eof) {
        errno = EAGAIN;
        return -1;
    }
    memcpy(bytes, c->in, take);
    if ((flags & MSG_PEEK) == 0) {
        c->in_len -= take;
        memmove(c->in, c->in + take, c->in_len);
    }
    return (ssize_t)take;
}

int __wrap_close(int fd)
{
    struct conn *c = conn_of(fd);
    if (c == NULL)
        return __real_close(fd);
    if (c->watched)
        abort(); /* closed while it is watched */
    c->used = false;
    return 0;
}

int __wrap_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
    struct conn *c = conn_of(fd);
    if (c == NULL)
        return __real_epoll_ctl(ep, op, fd, ev);
    c->watched = op != EPOLL_CTL_DEL;
    if (c->watched)
        c->wanted = *ev;
    return 0;
}

static uint32_t readiness(const struct conn *c)
{
    uint32_t events = 0;
    if (!c->used || !c->watched || !c->open)
        return 0;
    if (c->in_len > 0 || c->eof)
        events |= c->wanted.events & EPOLLIN;
    if (c->error == 0)
        events |= c->wanted.events & EPOLLOUT;
    else
        events |= EPOLLERR | (c->wanted.events & (EPOLLIN | EPOLLOUT));
    return events;
}

static int report(struct sim_net *net, struct epoll_event *out, int max)
{
    int n = 0;
    for (int i = 0; i < net->high && n < max; i++) {
        const uint32_t events = readiness(&net->conns[i]);
        if (events == 0)
            continue;
        out[n] = net->conns[i].wanted;
        out[n++].events = events;
    }
    return n;
}

int __wrap_epoll_wait(int ep, struct epoll_event *out, int max, int timeout_ms)
{
    (void)ep;
    struct sim_net *net = the_net;
    const int64_t now = net->fake->now.mono_ms;
    int64_t until = timeout_ms < 0 ? INT64_MAX : now + timeout_ms;
    for (;;) {
        const int n = report(net, out, max);
        if (n > 0)
            return n;
        const int64_t next = net->nheap > 0 ? net->events[net->heap[0]].due_ms : INT64_MAX;
        int64_t to = next < until ? next : until;
        to = net->end_ms < to ? net->end_ms : to;
        if (to == INT64_MAX)
            abort(); /* nothing will ever happen any more */
        if (to > net->fake->now.mono_ms)
            gw_fake_clock_advance(net->fake, to - net->fake->now.mono_ms);
        if (net->end_ms <= to) {
            net->end_ms = INT64_MAX;
            net->end(net->end_arg);
            out[0] = (struct epoll_event){.events = EPOLLIN}; /* the loop's own descriptor */
            return 1;
        }
        if (next > to)
            return 0;
        catch_up(net);
    }
}
