/* SPDX-License-Identifier: Apache-2.0
 *
 * server: many Modbus TCP devices in one thread, fast enough that it is the client that is measured, and
 * the one that knows when each device was asked.
 *
 *   server [-u UNITS] [-l MS] [-s SILENT] [-x ADDRESS,COUNT]... [-j STEP] [-t] ENDPOINTS
 *
 *   -u  units behind each endpoint, from 1 on; default 1. Device d is unit d % UNITS + 1 of d / UNITS
 *   -l  every answer takes so many milliseconds
 *   -s  so many devices, spread evenly, never answer
 *   -x  what touches these registers is refused by exception 2
 *   -j  every value is so much higher in every second pass (1): what a plant measures never stands still
 *   -t  of each answer registers 0 to 3 are the microsecond (CLOCK_MONOTONIC) at which it was sent, 4 and
 *       5 the number of the device's pass; both with the high word first
 *
 * Prints the ports on one line, and then answers what comes on standard input, a line each:
 *
 *   set DEVICE REGISTER VALUE   "set US"; and "served US" once an answer with the new value was sent
 *   reset                       "reset": counts anew, and awaits no new value
 *   stats                       one JSON object: since the last reset, requests and registers answered,
 *                               and of each device its passes and the longest time between two (in us).
 *
 * A pass begins with a request for the lowest address that the device was ever asked for. Ends with its
 * standard input.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define REGISTERS   512
#define HOLES       8
#define FRAME       12 /* a request for registers */
#define LATER       8192
#define CONNECTIONS 4096
#define STAMP       4 /* registers of the time; two of the pass follow */

struct device {
    uint16_t regs[REGISTERS];
    bool silent;
    unsigned lowest; /* address of the first request of a pass */
    uint32_t serial;
    uint64_t passes;
    int64_t last_us, gap_us;
};

struct conn {
    int fd; /* -1: free */
    unsigned generation;
    size_t endpoint, have;
    uint8_t in[FRAME * 4];
};

/* An answer that is due later. All take equally long, so the ring is in order. */
struct later {
    int64_t due_us;
    size_t conn;
    unsigned generation;
    uint8_t request[FRAME];
};

struct server {
    size_t nendpoints, nunits, ndevices;
    int64_t latency_us;
    bool stamps;
    unsigned step;
    struct {
        unsigned from, to;
    } holes[HOLES];
    size_t nholes;
    struct device *devices;
    int *listeners;
    struct conn *conns;
    struct later *ring;
    size_t first, n;
    int epoll, timer;
    uint64_t requests, registers;
    long awaited_device; /* whose new value was not served yet, -1: none */
    unsigned awaited_register;
    char text[4096]; /* of standard input, up to the end of a line */
    size_t have;
};

/* What an event is of: a listener's index, a connection's, or one of these. */
#define OF_CONN  (UINT64_C(1) << 32)
#define OF_TIMER (UINT64_C(1) << 33)
#define OF_STDIN (UINT64_C(1) << 34)

static int64_t now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void drop(struct conn *c)
{
    (void)close(c->fd);
    c->fd = -1;
    c->generation++;
}

static void put16(uint8_t *at, unsigned v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static bool in_hole(const struct server *s, unsigned address, unsigned count)
{
    for (size_t i = 0; i < s->nholes; i++)
        if (address < s->holes[i].to && address + count > s->holes[i].from)
            return true;
    return address + count > REGISTERS;
}

static struct device *asked(struct server *s, const struct conn *c, const uint8_t *request)
{
    const size_t unit = request[6];
    if (unit < 1 || unit > s->nunits)
        return NULL;
    return &s->devices[c->endpoint * s->nunits + unit - 1];
}

static void write_stamp(struct device *d, int64_t at_us)
{
    for (unsigned i = 0; i < STAMP; i++)
        d->regs[i] = (uint16_t)((uint64_t)at_us >> (16 * (STAMP - 1 - i)));
    d->regs[STAMP] = (uint16_t)(d->serial >> 16);
    d->regs[STAMP + 1] = (uint16_t)d->serial;
}

static unsigned shown(const struct server *s, const struct device *d, unsigned at)
{
    return s->stamps && at < STAMP + 2 ? d->regs[at] : d->regs[at] + (d->serial & 1) * s->step;
}

static void answer(struct server *s, struct conn *c, const uint8_t *request)
{
    struct device *d = asked(s, c, request);
    const unsigned fc = request[7], address = get16(request + 8), count = get16(request + 10);
    uint8_t out[9 + 250];
    size_t len = 9;
    bool told = false;

    if (!d || d->silent)
        return;
    memcpy(out, request, 8);
    if ((fc != 3 && fc != 4) || count < 1 || count > 125 || in_hole(s, address, count)) {
        out[7] |= 0x80;
        out[8] = fc == 3 || fc == 4 ? 2 : 1;
    } else {
        if (s->stamps)
            write_stamp(d, now_us());
        out[8] = (uint8_t)(2 * count);
        for (unsigned i = 0; i < count; i++)
            put16(out + 9 + 2 * i, shown(s, d, address + i));
        len += 2 * (size_t)count;
        s->requests++;
        s->registers += count;
        told = s->awaited_device == d - s->devices && address <= s->awaited_register &&
               s->awaited_register < address + count;
    }
    put16(out + 4, (unsigned)(len - 6));
    if (write(c->fd, out, len) != (ssize_t)len) {
        drop(c);
        return;
    }
    if (told) {
        s->awaited_device = -1;
        printf("served %" PRId64 "\n", now_us());
        (void)fflush(stdout);
    }
}

static void arm(struct server *s)
{
    struct itimerspec when = {0};
    if (s->n > 0) {
        const int64_t due = s->ring[s->first].due_us;
        when.it_value.tv_sec = (time_t)(due / 1000000);
        when.it_value.tv_nsec = (long)(due % 1000000 * 1000);
    }
    (void)timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void take(struct server *s, struct conn *c, const uint8_t *request)
{
    struct device *d = asked(s, c, request);
    const unsigned address = get16(request + 8);
    const int64_t at = now_us();

    if (d && address <= d->lowest) {
        d->lowest = address;
        if (d->last_us > 0 && at - d->last_us > d->gap_us)
            d->gap_us = at - d->last_us;
        d->last_us = at;
        d->passes++;
        d->serial++;
    }
    if (s->latency_us == 0) {
        answer(s, c, request);
        return;
    }
    if (s->n == LATER)
        return;
    struct later *l = &s->ring[(s->first + s->n++) % LATER];
    *l = (struct later){
        .due_us = at + s->latency_us, .conn = (size_t)(c - s->conns), .generation = c->generation};
    memcpy(l->request, request, FRAME);
    if (s->n == 1)
        arm(s);
}

static void answer_due(struct server *s)
{
    uint64_t count;
    (void)!read(s->timer, &count, sizeof count);
    while (s->n > 0 && s->ring[s->first].due_us <= now_us()) {
        const struct later *l = &s->ring[s->first];
        struct conn *c = &s->conns[l->conn];
        if (c->fd >= 0 && c->generation == l->generation)
            answer(s, c, l->request);
        s->first = (s->first + 1) % LATER;
        s->n--;
    }
    arm(s);
}

static void receive(struct server *s, struct conn *c)
{
    const ssize_t n = read(c->fd, c->in + c->have, sizeof c->in - c->have);
    size_t used = 0;

    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            drop(c);
        return;
    }
    c->have += (size_t)n;
    /* Only requests of one length are understood; that is all that the benchmarks send. */
    for (; c->fd >= 0 && c->have - used >= FRAME; used += FRAME) {
        if (get16(c->in + used + 4) != FRAME - 6) {
            drop(c);
            return;
        }
        take(s, c, c->in + used);
    }
    c->have -= used;
    memmove(c->in, c->in + used, c->have);
}

static void take_connection(struct server *s, size_t endpoint)
{
    const int fd = accept(s->listeners[endpoint], NULL, NULL);
    const int on = 1;
    size_t i = 0;

    if (fd < 0)
        return;
    while (i < CONNECTIONS && s->conns[i].fd >= 0)
        i++;
    if (i == CONNECTIONS || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        (void)close(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = OF_CONN | i};
    s->conns[i].fd = fd;
    s->conns[i].endpoint = endpoint;
    s->conns[i].have = 0;
    (void)epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* ---- what is asked on standard input ---- */

static void tell_stats(const struct server *s)
{
    printf("{\"requests\":%" PRIu64 ",\"registers\":%" PRIu64 ",\"passes\":[", s->requests,
           s->registers);
    for (size_t i = 0; i < s->ndevices; i++)
        printf("%s%" PRIu64, i ? "," : "", s->devices[i].passes);
    printf("],\"gap_us\":[");
    for (size_t i = 0; i < s->ndevices; i++)
        printf("%s%" PRId64, i ? "," : "", s->devices[i].gap_us);
    printf("]}\n");
}

static void command(struct server *s, const char *line)
{
    size_t device = 0;
    unsigned reg = 0, value = 0;

    if (strncmp(line, "stats", 5) == 0) {
        tell_stats(s);
    } else if (strncmp(line, "reset", 5) == 0) {
        for (size_t i = 0; i < s->ndevices; i++)
            s->devices[i].passes = 0, s->devices[i].gap_us = 0;
        s->requests = s->registers = 0;
        s->awaited_device = -1;
        printf("reset\n");
    } else if (sscanf(line, "set %zu %u %u", &device, &reg, &value) == 3 && device < s->ndevices &&
               reg < REGISTERS) {
        s->devices[device].regs[reg] = (uint16_t)value;
        s->awaited_device = (long)device;
        s->awaited_register = reg;
        printf("set %" PRId64 "\n", now_us());
    }
    (void)fflush(stdout);
}

/* false: the end. */
static bool listen_to(struct server *s)
{
    const ssize_t n = read(STDIN_FILENO, s->text + s->have, sizeof s->text - 1 - s->have);

    if (n <= 0)
        return false;
    s->have += (size_t)n;
    s->text[s->have] = '\0';
    char *at = s->text;
    for (char *end; (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        command(s, at);
    }
    s->have -= (size_t)(at - s->text);
    memmove(s->text, at, s->have);
    return true;
}

/* ---- the beginning ---- */

static bool open_endpoint(struct server *s, size_t i)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = i};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    s->listeners[i] = fd;
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0 ||
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
        return false;
    printf("%s%u", i ? " " : "", (unsigned)ntohs(at.sin_port));
    return true;
}

static bool set_up(struct server *s, size_t silent)
{
    struct rlimit files;
    struct epoll_event timer = {.events = EPOLLIN, .data.u64 = OF_TIMER};
    struct epoll_event input = {.events = EPOLLIN, .data.u64 = OF_STDIN};

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    s->ndevices = s->nendpoints * s->nunits;
    s->devices = calloc(s->ndevices, sizeof *s->devices);
    s->listeners = calloc(s->nendpoints, sizeof *s->listeners);
    s->conns = calloc(CONNECTIONS, sizeof *s->conns);
    s->ring = calloc(LATER, sizeof *s->ring);
    s->epoll = epoll_create1(0);
    s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    if (!s->devices || !s->listeners || !s->conns || !s->ring || s->epoll < 0 || s->timer < 0)
        return false;
    for (size_t i = 0; i < CONNECTIONS; i++)
        s->conns[i].fd = -1;
    for (size_t d = 0; d < s->ndevices; d++) {
        s->devices[d].lowest = UINT16_MAX;
        for (unsigned r = 0; r < REGISTERS; r++)
            s->devices[d].regs[r] = (uint16_t)(r * 7 % 1000);
    }
    for (size_t i = 0; i < silent; i++)
        s->devices[i * s->ndevices / silent].silent = true;
    s->awaited_device = -1;
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->timer, &timer) != 0 ||
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) != 0)
        return false;
    for (size_t i = 0; i < s->nendpoints; i++)
        if (!open_endpoint(s, i))
            return false;
    printf("\n");
    return fflush(stdout) == 0;
}

static void run(struct server *s)
{
    struct epoll_event events[256];
    for (;;) {
        const int n = epoll_wait(s->epoll, events, 256, -1);
        for (int i = 0; i < n; i++) {
            const uint64_t of = events[i].data.u64;
            if (of == OF_STDIN) {
                if (!listen_to(s))
                    return;
            } else if (of == OF_TIMER) {
                answer_due(s);
            } else if (of & OF_CONN) {
                if (s->conns[of & ~OF_CONN].fd >= 0)
                    receive(s, &s->conns[of & ~OF_CONN]);
            } else {
                take_connection(s, (size_t)of);
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct server s = {.nunits = 1, .step = 1};
    size_t silent = 0;
    int option;

    while ((option = getopt(argc, argv, "u:l:s:x:j:t")) != -1)
        if (option == 'u')
            s.nunits = strtoul(optarg, NULL, 10);
        else if (option == 'l')
            s.latency_us = strtol(optarg, NULL, 10) * 1000;
        else if (option == 's')
            silent = strtoul(optarg, NULL, 10);
        else if (option == 'j')
            s.step = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 't')
            s.stamps = true;
        else if (option == 'x' && s.nholes < HOLES &&
                 sscanf(optarg, "%u,%u", &s.holes[s.nholes].from, &s.holes[s.nholes].to) == 2)
            s.holes[s.nholes].to += s.holes[s.nholes].from, s.nholes++;
        else
            return 64;
    s.nendpoints = optind < argc ? strtoul(argv[optind], NULL, 10) : 0;
    if (s.nendpoints < 1 || s.nunits < 1 || s.nunits > 247 || !set_up(&s, silent)) {
        (void)fprintf(stderr, "server: cannot start: %s\n", strerror(errno));
        return 1;
    }
    run(&s);
    return 0;
}
