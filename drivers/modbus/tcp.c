/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/tcp.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "modbus/frame.h"

/* An end of the connection that comes within this part of the time-out was not the request's doing. */
#define BLIND_SHARE 10

enum phase {
    PHASE_IDLE = 0,   /* no request; the connection may be open or not */
    PHASE_CONNECTING, /* a request waits for the connection */
    PHASE_SENDING,    /* the request is not wholly sent yet */
    PHASE_WAITING,    /* for the answer */
    PHASE_FAILED      /* the request failed in the caller's own call; told from the loop */
};

struct gw_mb_tcp {
    struct gw_loop *loop;
    struct gw_mb_tcp_conf conf;
    struct gw_watch watch; /* its fd is -1 while there is no socket */
    struct gw_timer timer;
    enum phase phase;
    bool connected;
    bool reached; /* the present or last request had a connection */
    bool handing; /* the callback has an answer: a request made now follows straight on it */
    bool blind;   /* the present request was sent without a look at the connection before */
    uint16_t tid;
    uint32_t opens;
    int64_t sent_ms; /* when the present request was sent; 0: not yet */
    int64_t took_ms; /* of the last request */
    struct gw_mb_request req;
    gw_mb_tcp_done done;
    void *arg;
    uint8_t out[12];
    size_t out_len, out_sent;
    uint8_t in[GW_MB_MAX_ADU + 1]; /* one byte more than any frame, to see junk behind it */
    size_t in_len;
    enum gw_status failed_status; /* of PHASE_FAILED */
    char text[sizeof(((struct gw_err *)NULL)->msg)];
};

static void on_ready(void *arg, unsigned events);
static void on_timer(void *arg);

enum gw_status gw_mb_tcp_new(struct gw_loop *loop, const struct gw_mb_tcp_conf *conf,
                             struct gw_mb_tcp **out, struct gw_err *err)
{
    struct gw_mb_tcp *c = calloc(1, sizeof *c);
    if (c == NULL)
        return gw_err_set(err, GW_E_NOMEM, "modbus connection: out of memory");
    c->loop = loop;
    c->conf = *conf;
    c->watch = (struct gw_watch){.fd = -1, .ready = on_ready, .arg = c};
    c->timer = (struct gw_timer){.fire = on_timer, .arg = c};
    *out = c;
    return GW_OK;
}

static void disconnect(struct gw_mb_tcp *c)
{
    if (c->watch.fd >= 0) {
        gw_loop_unwatch(c->loop, &c->watch);
        close(c->watch.fd);
        c->watch.fd = -1;
    }
    c->connected = false;
}

void gw_mb_tcp_free(struct gw_mb_tcp *c)
{
    if (c == NULL)
        return;
    disconnect(c);
    gw_loop_timer_clear(c->loop, &c->timer);
    free(c);
}

bool gw_mb_tcp_connected(const struct gw_mb_tcp *c)
{
    return c->connected;
}

bool gw_mb_tcp_reached(const struct gw_mb_tcp *c)
{
    return c->reached;
}

int64_t gw_mb_tcp_took_ms(const struct gw_mb_tcp *c)
{
    return c->took_ms;
}

uint32_t gw_mb_tcp_opens(const struct gw_mb_tcp *c)
{
    return c->opens;
}

void gw_mb_tcp_address(struct gw_mb_tcp *c, const struct sockaddr_storage *addr, socklen_t len)
{
    c->conf.addr = *addr;
    c->conf.addr_len = len;
}

void gw_mb_tcp_timeout(struct gw_mb_tcp *c, int64_t timeout_ms)
{
    assert(timeout_ms > 0 && c->phase == PHASE_IDLE);
    c->conf.timeout_ms = timeout_ms;
}

/* ---- the end of a request ---- */

/* The last thing that happens to a request: the callback may start the next one. */
static void finish(struct gw_mb_tcp *c, enum gw_status status, const struct gw_mb_reply *reply)
{
    gw_loop_timer_clear(c->loop, &c->timer);
    c->phase = PHASE_IDLE;
    c->took_ms = c->sent_ms != 0 ? gw_clock_mono_ms(gw_loop_clock(c->loop)) - c->sent_ms : 0;
    c->handing = status == GW_OK;
    c->done(c->arg, status, reply, c->text);
    c->handing = false;
}

/* Whatever went wrong, the connection cannot be trusted with another request. */
static void fail(struct gw_mb_tcp *c, enum gw_status status)
{
    disconnect(c);
    finish(c, status, NULL);
}

static void fail_text(struct gw_mb_tcp *c, enum gw_status status, const char *text)
{
    snprintf(c->text, sizeof c->text, "%s", text);
    fail(c, status);
}

/* Translates an errno value into a status and c->text. */
static enum gw_status from_errno(struct gw_mb_tcp *c, int error, const char *doing)
{
    static const struct {
        int error;
        enum gw_status status;
        const char *text;
    } known[] = {
        {ECONNREFUSED, GW_E_REFUSED, "connection refused"},
        {EHOSTUNREACH, GW_E_REFUSED, "no route to the host"},
        {ENETUNREACH, GW_E_REFUSED, "network is unreachable"},
        {ENETDOWN, GW_E_REFUSED, "network is down"},
        {EADDRNOTAVAIL, GW_E_REFUSED, "address is not available"},
        {ETIMEDOUT, GW_E_TIMEOUT, "connection timed out"},
        {ECONNRESET, GW_E_CLOSED, "connection reset by the peer"},
        {EPIPE, GW_E_CLOSED, "connection closed by the peer"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].error == error) {
            snprintf(c->text, sizeof c->text, "%s", known[i].text);
            return known[i].status;
        }
    }
    char reason[80] = "";
    if (strerror_r(error, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "error %d", error);
    snprintf(c->text, sizeof c->text, "%s: %s", doing, reason);
    return GW_E_IO;
}

/* ---- sending ---- */

static enum gw_status send_request(struct gw_mb_tcp *c)
{
    while (c->out_sent < c->out_len) {
        const ssize_t n =
            send(c->watch.fd, c->out + c->out_sent, c->out_len - c->out_sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0)
            return from_errno(c, errno, "cannot send");
        c->out_sent += (size_t)n;
    }
    const bool all = c->out_sent == c->out_len;
    c->phase = all ? PHASE_WAITING : PHASE_SENDING;
    const unsigned wanted = all ? GW_LOOP_IN : GW_LOOP_IN | GW_LOOP_OUT;
    if (c->watch.events != wanted && gw_loop_watch(c->loop, &c->watch, wanted) != GW_OK) {
        snprintf(c->text, sizeof c->text, "cannot watch the connection");
        return GW_E_IO;
    }
    return GW_OK;
}

/* Encodes and sends over the open connection, and starts the clock of the transaction. */
static enum gw_status start_transaction(struct gw_mb_tcp *c)
{
    c->reached = true;
    c->in_len = 0;
    c->tid++;
    c->out_len = c->conf.framing == GW_MB_FRAMING_RTU ? gw_mb_encode_rtu(&c->req, c->out)
                                                      : gw_mb_encode_tcp(&c->req, c->tid, c->out);
    c->out_sent = 0;
    const int64_t now = gw_clock_mono_ms(gw_loop_clock(c->loop));
    c->sent_ms = now;
    const enum gw_status status = gw_loop_timer_set(c->loop, &c->timer, now + c->conf.timeout_ms);
    if (status != GW_OK) {
        snprintf(c->text, sizeof c->text, "out of memory");
        return status;
    }
    return send_request(c);
}

/* ---- connecting ---- */

static enum gw_status start_connect(struct gw_mb_tcp *c)
{
    c->reached = false;
    c->blind = false;
    c->sent_ms = 0;
    const int fd = socket(c->conf.addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return from_errno(c, errno, "no socket");
    c->watch.fd = fd;
    const int on = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        return from_errno(c, errno, "TCP_NODELAY");
    /* Even a connect that succeeds at once is reported by the loop, as writable. */
    if (connect(fd, (const struct sockaddr *)&c->conf.addr, c->conf.addr_len) != 0 &&
        errno != EINPROGRESS && errno != EINTR)
        return from_errno(c, errno, "cannot connect");
    const int64_t now = gw_clock_mono_ms(gw_loop_clock(c->loop));
    if (gw_loop_watch(c->loop, &c->watch, GW_LOOP_OUT) != GW_OK ||
        gw_loop_timer_set(c->loop, &c->timer, now + c->conf.connect_timeout_ms) != GW_OK) {
        snprintf(c->text, sizeof c->text, "cannot watch the connection");
        return GW_E_IO;
    }
    c->phase = PHASE_CONNECTING;
    return GW_OK;
}

/* Looks at the open connection between two requests. True when it is still fit for one: neither
 * closed by the peer nor with bytes that nobody asked for. */
static bool still_clean(struct gw_mb_tcp *c)
{
    uint8_t byte;
    ssize_t n;
    do {
        n = recv(c->watch.fd, &byte, 1, MSG_PEEK);
    } while (n < 0 && errno == EINTR);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* On one machine, a connect to a free port of the ephemeral range can be given that very port as
 * its own end and so meet itself; its requests would come back as answers. */
static bool is_self(int fd)
{
    struct sockaddr_storage here = {0};
    struct sockaddr_storage there = {0};
    socklen_t here_len = sizeof here;
    socklen_t there_len = sizeof there;
    return getsockname(fd, (struct sockaddr *)&here, &here_len) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &there_len) == 0 && here_len == there_len &&
           memcmp(&here, &there, here_len) == 0;
}

static void on_connected(struct gw_mb_tcp *c)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(c->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error != 0) {
        fail(c, from_errno(c, error, "cannot connect"));
        return;
    }
    if (is_self(c->watch.fd)) {
        fail_text(c, GW_E_REFUSED, "connection refused");
        return;
    }
    c->connected = true;
    c->reached = true;
    c->opens++;
    if (!still_clean(c)) {
        fail_text(c, GW_E_PROTO, "bytes or an end of the connection before any request");
        return;
    }
    const enum gw_status status = start_transaction(c);
    if (status != GW_OK)
        fail(c, status);
}

/* ---- receiving ---- */

/* Length of the answer that has begun, 0 while it cannot be told; c->text says what is wrong with
 * it. */
static enum gw_status answer_len(struct gw_mb_tcp *c, size_t *len)
{
    if (c->conf.framing == GW_MB_FRAMING_RTU) {
        struct gw_err err;
        const enum gw_status status = gw_mb_rtu_len(&c->req, c->in, c->in_len, len, &err);
        if (status != GW_OK)
            snprintf(c->text, sizeof c->text, "%s", err.msg);
        return status;
    }
    const enum gw_status status = gw_mb_frame_len(c->in, c->in_len, len);
    if (status != GW_OK)
        snprintf(c->text, sizeof c->text, "impossible length field %u",
                 (unsigned)c->in[4] << 8 | c->in[5]);
    return status;
}

static enum gw_status check_answer(const struct gw_mb_tcp *c, size_t len, struct gw_mb_reply *reply,
                                   struct gw_err *err)
{
    if (c->conf.framing == GW_MB_FRAMING_RTU)
        return gw_mb_check_rtu(&c->req, c->in, len, reply, err);
    return gw_mb_check_tcp(&c->req, c->tid, c->in, len, reply, err);
}

/* Looks at what has arrived of the answer. */
static void take_bytes(struct gw_mb_tcp *c)
{
    size_t len = 0;
    enum gw_status status = answer_len(c, &len);
    if (status != GW_OK) {
        fail(c, status);
        return;
    }
    if (len == 0 || c->in_len < len)
        return;
    if (c->in_len > len) {
        fail_text(c, GW_E_PROTO, "more bytes than the answer has");
        return;
    }
    struct gw_mb_reply reply;
    struct gw_err err;
    status = check_answer(c, len, &reply, &err);
    if (status != GW_OK) {
        fail_text(c, status, err.msg);
        return;
    }
    c->text[0] = '\0';
    finish(c, GW_OK, &reply);
}

/* Some peers close the connection behind each answer. Where that end is what meets a request that was
 * sent without a look, it most likely came before the request, which is sent once more: asking twice
 * for a reading does no harm. An end that comes later is the request's own. */
static bool ended_before(const struct gw_mb_tcp *c, ssize_t n, int error)
{
    const int64_t waited = gw_clock_mono_ms(gw_loop_clock(c->loop)) - c->sent_ms;
    return c->blind && c->in_len == 0 && waited <= c->conf.timeout_ms / BLIND_SHARE &&
           (n == 0 || (n < 0 && error == ECONNRESET));
}

static void ask_anew(struct gw_mb_tcp *c)
{
    disconnect(c);
    const enum gw_status status = start_connect(c);
    if (status != GW_OK)
        fail(c, status);
}

static void receive(struct gw_mb_tcp *c)
{
    ssize_t n;
    do {
        n = recv(c->watch.fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    if (n <= 0 && ended_before(c, n, errno)) {
        ask_anew(c);
        return;
    }
    if (n < 0) {
        fail(c, from_errno(c, errno, "cannot receive"));
        return;
    }
    if (n == 0) {
        fail_text(c, GW_E_CLOSED,
                  c->in_len == 0 ? "connection closed by the peer"
                                 : "connection closed in the middle of the answer");
        return;
    }
    c->in_len += (size_t)n;
    if (c->phase == PHASE_SENDING) {
        fail_text(c, GW_E_PROTO, "bytes before the request was sent");
        return;
    }
    take_bytes(c);
}

static void on_ready(void *arg, unsigned events)
{
    struct gw_mb_tcp *c = arg;
    switch (c->phase) {
    case PHASE_CONNECTING:
        on_connected(c);
        break;
    case PHASE_SENDING:
        if (events & (GW_LOOP_IN | GW_LOOP_ERR)) {
            receive(c);
        } else {
            const enum gw_status status = send_request(c);
            if (status != GW_OK)
                fail(c, status);
        }
        break;
    case PHASE_WAITING:
        receive(c);
        break;
    case PHASE_IDLE:
    case PHASE_FAILED:
        /* Closed by the peer, or bytes that nobody asked for: the next request starts anew. */
        disconnect(c);
        break;
    }
}

static void on_timer(void *arg)
{
    struct gw_mb_tcp *c = arg;
    switch (c->phase) {
    case PHASE_CONNECTING:
        snprintf(c->text, sizeof c->text, "no connection within %lld ms",
                 (long long)c->conf.connect_timeout_ms);
        fail(c, GW_E_TIMEOUT);
        break;
    case PHASE_SENDING:
    case PHASE_WAITING:
        snprintf(c->text, sizeof c->text,
                 c->in_len == 0 ? "no answer within %lld ms" : "no whole answer within %lld ms",
                 (long long)c->conf.timeout_ms);
        fail(c, GW_E_TIMEOUT);
        break;
    case PHASE_FAILED:
        fail(c, c->failed_status);
        break;
    case PHASE_IDLE:
        break;
    }
}

/* ---- the request ---- */

enum gw_status gw_mb_tcp_request(struct gw_mb_tcp *c, const struct gw_mb_request *req,
                                 gw_mb_tcp_done done, void *arg)
{
    if (c->phase != PHASE_IDLE)
        return GW_E_FULL;
    if (!gw_mb_request_valid(req))
        return GW_E_INVAL;
    /* Set first: from here on the timer only moves, so that every end can be told. */
    enum gw_status status = gw_loop_timer_set(c->loop, &c->timer, gw_loop_now_ms(c->loop));
    if (status != GW_OK)
        return status;
    c->req = *req;
    c->done = done;
    c->arg = arg;
    c->in_len = 0;
    c->sent_ms = 0;
    c->text[0] = '\0';

    /* Straight behind an answer there was no time for anything to come, and if something does, before
     * or behind a look, its transaction id tells. */
    c->blind = c->handing && c->conf.framing == GW_MB_FRAMING_TCP;
    if (c->connected && !c->blind && !still_clean(c))
        disconnect(c);
    if (c->connected) {
        status = start_transaction(c);
        /* The peer had gone, nothing was asked yet: a new connection is no second attempt. */
        if (status != GW_OK)
            disconnect(c);
    }
    if (!c->connected)
        status = start_connect(c);
    if (status != GW_OK) {
        disconnect(c);
        c->phase = PHASE_FAILED;
        c->failed_status = status;
        /* Moving a timer that is set cannot fail. */
        (void)!gw_loop_timer_set(c->loop, &c->timer, gw_loop_now_ms(c->loop));
    }
    return GW_OK;
}
