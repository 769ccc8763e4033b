/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/server_in.h"

#include "base/wire.h"
#include "plant/rtu.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MBAP         7
#define NO_SUCH_UNIT 11 /* gateway target device failed to respond */
#define RTU_REQUEST  8  /* bytes of a usual request */
#define BROKEN_MS    100

static void serve(struct gw_conn *c);

static const struct gw_sc_endpoint *declared(const struct gw_conn *c)
{
    return &c->e->s->sc->endpoints[c->e->index];
}

static bool is_line(const struct gw_conn *c)
{
    return c->e->line.fd >= 0;
}

static ssize_t put_bytes(const struct gw_conn *c, const uint8_t *bytes, size_t n)
{
    return is_line(c) ? write(c->watch.fd, bytes, n) : send(c->watch.fd, bytes, n, MSG_NOSIGNAL);
}

void gw_conn_drop(struct gw_conn *c, bool reset)
{
    struct gw_endpoint *e = c->e;
    gw_loop_unwatch(e->s->loop, &c->watch);
    gw_loop_timer_clear(e->s->loop, &c->timer);
    if (reset) {
        const struct linger now = {.l_onoff = 1};
        (void)setsockopt(c->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    if (is_line(c))
        gw_line_close(declared(c), &e->line);
    else
        close(c->watch.fd);
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        e->conns = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    e->n_conns--;
    free(c);
}

/* Nothing gets through to it, or to the client. */
static bool cut_off(const struct gw_conn *c)
{
    return c->dead || c->e->hole;
}

/* Watches what is wanted next; false when the connection had to be dropped. */
static bool want(struct gw_conn *c, bool out)
{
    unsigned events = out ? GW_LOOP_OUT : 0;
    if (cut_off(c))
        events = 0;
    else if (!c->eof && c->in_len < sizeof c->in)
        events |= GW_LOOP_IN;
    if (c->watch.active && c->watch.events == events)
        return true;
    if (gw_loop_watch(c->e->s->loop, &c->watch, events) == GW_OK)
        return true;
    gw_conn_drop(c, false);
    return false;
}

static bool set_timer(struct gw_conn *c, int64_t in_ms)
{
    struct gw_loop *loop = c->e->s->loop;
    if (gw_loop_timer_set(loop, &c->timer, gw_loop_now_ms(loop) + in_ms) == GW_OK)
        return true;
    gw_conn_drop(c, false);
    return false;
}

/* Sends what may go now. false when the connection is gone. */
static bool send_some(struct gw_conn *c)
{
    if (cut_off(c))
        return want(c, false);
    if (c->e->mute) {
        c->sent = c->tx.len;
        c->n_of = 0;
    }
    while (c->sent < c->tx.len) {
        size_t n = c->tx.gap_ms > 0 ? 1 : c->tx.len - c->sent;
        ssize_t done = put_bytes(c, c->tx.bytes + c->sent, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return want(c, true);
        if (done < 0) {
            gw_conn_drop(c, false);
            return false;
        }
        c->sent += (size_t)done;
        if (c->tx.gap_ms > 0 && c->sent < c->tx.len)
            return want(c, false) && set_timer(c, c->tx.gap_ms);
    }
    for (size_t i = 0; i < c->n_of; i++)
        gw_counters_reply(c->e->s->counters, c->of[i].device, c->of[i].exception);
    c->n_of = 0;
    c->busy = false;
    if (c->tx.close && !is_line(c)) {
        gw_conn_drop(c, c->tx.reset);
        return false;
    }
    return want(c, false);
}

/* Sends and, when all is out, serves the requests that have waited. */
static void go_on(struct gw_conn *c)
{
    if (send_some(c) && !c->busy)
        serve(c);
}

static void on_conn_timer(void *arg)
{
    go_on(arg);
}

/* Puts the reply to the request before this one, kept by a "late" fault, in its place or before it.
 */
static void mix_late(struct gw_conn *c)
{
    struct gw_tx *tx = &c->tx;
    uint8_t kept[sizeof c->kept];
    size_t kept_len = c->kept_len;
    struct gw_reply kept_of = c->kept_of;
    memcpy(kept, c->kept, kept_len);

    c->kept_len = 0;
    if (tx->hold) {
        assert(tx->len <= sizeof c->kept);
        memcpy(c->kept, tx->bytes, tx->len);
        c->kept_len = tx->len;
        c->kept_of = c->of[0];
        tx->len = 0;
        c->n_of = 0;
    }
    if (kept_len > 0) {
        memmove(tx->bytes + kept_len, tx->bytes, tx->len);
        memcpy(tx->bytes, kept, kept_len);
        tx->len += kept_len;
        c->of[1] = c->of[0];
        c->of[0] = kept_of;
        c->n_of++;
    }
}

/* Starts the reply of a device (-1: of nobody): a good frame of `len` bytes. false when the
 * connection is gone. */
static bool reply(struct gw_conn *c, int device, const uint8_t *adu, size_t len)
{
    struct gw_server *s = c->e->s;
    struct gw_faults faults = {0};
    int64_t latency_ms = 0;
    if (device >= 0) {
        gw_plant_device_faults(s->plant, (size_t)device, &faults);
        latency_ms = s->sc->devices[device].latency_ms;
    }
    if (declared(c)->framing == GW_FRAMING_RTU)
        gw_fault_apply_rtu(&faults, adu, len, latency_ms, &c->tx);
    else
        gw_fault_apply(&faults, adu, len, latency_ms, &c->tx);
    c->sent = 0;
    c->n_of = 0;
    if (c->tx.len > 0) {
        c->of[c->n_of++] = (struct gw_reply){.device = device, .exception = c->tx.exception};
        mix_late(c);
    }
    if (c->tx.len == 0 && (!c->tx.close || is_line(c)))
        return true;
    if (is_line(c))
        c->tx.delay_ms += gw_line_time_ms(declared(c), RTU_REQUEST + c->tx.len);
    c->busy = true;
    if (c->tx.delay_ms > 0)
        return set_timer(c, c->tx.delay_ms) && want(c, false);
    return send_some(c);
}

/* Serves one frame of the connection. false when the connection is gone. */
static bool request(struct gw_conn *c, const uint8_t *frame, size_t len)
{
    struct gw_endpoint *e = c->e;
    struct gw_server *s = e->s;
    gw_server_touch(s);
    uint8_t adu[MBAP + GW_PDU_MAX];
    uint8_t unit = frame[MBAP - 1];
    const uint8_t *pdu = frame + MBAP;

    int device = s->sc->endpoints[e->index].unit[unit];
    gw_counters_request(s->counters, device, pdu[0]);
    size_t n = 0;
    if (device >= 0) {
        n = gw_plant_answer(s->plant, (size_t)device, unit, pdu, len - MBAP, adu + MBAP);
    } else {
        s->counters->endpoints[e->index].unknown_unit++;
        if (s->sc->endpoints[e->index].unknown_silent)
            return true;
        adu[MBAP] = pdu[0] | 0x80u;
        adu[MBAP + 1] = NO_SUCH_UNIT;
        n = 2;
    }
    memcpy(adu, frame, 4); /* transaction and protocol id */
    gw_put_be16(adu + 4, (uint16_t)(n + 1));
    adu[MBAP - 1] = unit;
    return reply(c, device, adu, MBAP + n);
}

/* Serves one RTU frame: its unit and PDU behind an MBAP header. */
static bool request_rtu(struct gw_conn *c, const uint8_t *frame, size_t len)
{
    uint8_t adu[GW_ADU_MAX] = {0};
    len -= GW_RTU_CRC;
    gw_put_be16(adu + 4, (uint16_t)len);
    memcpy(adu + MBAP - 1, frame, len);
    return request(c, adu, MBAP - 1 + len);
}

/* Length of the frame at the front; 0 when more bytes are needed, -1 when it is none. */
static int frame_len(const struct gw_conn *c)
{
    if (declared(c)->framing == GW_FRAMING_RTU)
        return gw_rtu_request_len(c->in, c->in_len);
    if (c->in_len < MBAP)
        return 0;
    struct gw_cursor cur;
    gw_cursor_init(&cur, c->in, c->in_len);
    (void)gw_cursor_be16(&cur);
    uint16_t protocol = gw_cursor_be16(&cur);
    uint16_t length = gw_cursor_be16(&cur);
    if (protocol != 0 || length < 2 || length > GW_PDU_MAX + 1)
        return -1;
    size_t len = MBAP - 1u + length;
    return c->in_len < len ? 0 : (int)len;
}

/* Serves the requests that have come, up to the first one whose reply takes time. */
static void serve(struct gw_conn *c)
{
    while (!c->busy) {
        int len = frame_len(c);
        const bool rtu = declared(c)->framing == GW_FRAMING_RTU;
        if (len < 0) {
            c->e->s->counters->endpoints[c->e->index].malformed++;
            if (!rtu) {
                gw_conn_drop(c, false);
                return;
            }
            c->in_len = 0;
            continue;
        }
        if (len == 0)
            break;
        uint8_t frame[GW_ADU_MAX];
        memcpy(frame, c->in, (size_t)len);
        c->in_len -= (size_t)len;
        memmove(c->in, c->in + len, c->in_len);
        if (!(rtu ? request_rtu : request)(c, frame, (size_t)len))
            return;
    }
    if (c->eof && !c->busy)
        gw_conn_drop(c, false);
    else if (!c->busy)
        (void)want(c, false);
}

/* What a slave has of a frame is nothing any more after a pause. */
static void forget_broken(struct gw_conn *c)
{
    const int64_t now = gw_loop_now_ms(c->e->s->loop);
    if (declared(c)->framing == GW_FRAMING_RTU && !c->busy && now - c->in_ms > BROKEN_MS)
        c->in_len = 0;
    c->in_ms = now;
}

static void receive(struct gw_conn *c)
{
    forget_broken(c);
    ssize_t n = read(c->watch.fd, c->in + c->in_len, sizeof c->in - c->in_len);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (n < 0) {
        gw_conn_drop(c, false);
        return;
    }
    if (n == 0)
        c->eof = true;
    c->in_len += (size_t)n;
    if (c->e->mute)
        c->in_len = 0;
    if (!c->busy)
        serve(c);
    else
        (void)want(c, (c->watch.events & GW_LOOP_OUT) != 0);
}

static void on_conn(void *arg, unsigned events)
{
    struct gw_conn *c = arg;
    if (events & GW_LOOP_ERR) {
        gw_conn_drop(c, false);
        return;
    }
    if (events & GW_LOOP_OUT) {
        go_on(c); /* what has come in meanwhile is still there in the next round */
        return;
    }
    if (events & GW_LOOP_IN)
        receive(c);
}

/* Makes a connection of a descriptor; false when memory is short. */
static bool adopt(struct gw_endpoint *e, int fd)
{
    struct gw_conn *c = calloc(1, sizeof *c);
    if (c == NULL)
        return false;
    c->e = e;
    c->watch = (struct gw_watch){.fd = fd, .ready = on_conn, .arg = c};
    c->timer = (struct gw_timer){.fire = on_conn_timer, .arg = c};
    c->next = e->conns;
    if (c->next != NULL)
        c->next->prev = c;
    e->conns = c;
    e->n_conns++;
    (void)want(c, false);
    return true;
}

void gw_conn_add(struct gw_endpoint *e, int fd)
{
    struct gw_server *s = e->s;
    s->counters->endpoints[e->index].connections++;
    const int on = 1;
    if (e->hanging_up || e->n_conns >= s->sc->endpoints[e->index].max_connections ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 || !adopt(e, fd))
        close(fd);
}

void gw_conn_add_line(struct gw_endpoint *e)
{
    if (!adopt(e, e->line.fd))
        gw_line_close(&e->s->sc->endpoints[e->index], &e->line);
}

void gw_conn_wake(struct gw_conn *c)
{
    (void)want(c, c->busy);
}

void gw_conn_kill(struct gw_conn *c)
{
    c->dead = true;
    (void)want(c, false);
}

void gw_conn_send_junk(struct gw_conn *c, const uint8_t *junk, size_t n)
{
    if (!cut_off(c) && (!c->busy || c->sent == 0))
        (void)!put_bytes(c, junk, n); /* whoever is gone is found out later */
}
