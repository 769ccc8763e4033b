/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_broker.h"

#include "base/wire.h"
#include "rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 20000

void fake_open(struct fake_broker *b)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    *b = (struct fake_broker){.fd = -1};
    b->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(b->listen_fd >= 0);
    assert_int_equal(bind(b->listen_fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(b->listen_fd, 8), 0);
    assert_int_equal(getsockname(b->listen_fd, (struct sockaddr *)&a, &len), 0);
    b->port = ntohs(a.sin_port);
}

void fake_close(struct fake_broker *b)
{
    fake_hang_up(b);
    close(b->listen_fd);
}

void fake_hang_up(struct fake_broker *b)
{
    if (b->fd >= 0)
        close(b->fd);
    b->fd = -1;
}

static bool readable(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, ms) > 0;
}

bool fake_knock(struct fake_broker *b, int ms)
{
    return readable(b->listen_fd, ms);
}

/* false: the peer has closed. */
static bool read_full(int fd, uint8_t *out, size_t n)
{
    for (size_t got = 0; got < n;) {
        assert_true(readable(fd, PATIENCE_MS));
        ssize_t r = read(fd, out + got, n - got);
        if (r <= 0)
            return false;
        got += (size_t)r;
    }
    return true;
}

/* The first byte and the rest of a packet; false when the peer closed. */
static bool read_packet(int fd, uint8_t *head, uint8_t *body, size_t size, size_t *len)
{
    uint8_t byte;
    size_t shift = 0;
    *len = 0;
    if (!read_full(fd, head, 1))
        return false;
    do {
        if (!read_full(fd, &byte, 1))
            return false;
        *len |= (size_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    assert_true(*len <= size);
    return read_full(fd, body, *len);
}

void fake_accept(struct fake_broker *b)
{
    uint8_t body[4096];
    uint8_t head;
    size_t len;
    int64_t deadline_ms = rig_now_ms() + PATIENCE_MS;
    fake_hang_up(b);
    /* The probe comes first, and says nothing. */
    for (;;) {
        assert_true(rig_now_ms() < deadline_ms);
        assert_true(readable(b->listen_fd, PATIENCE_MS));
        b->fd = accept(b->listen_fd, NULL, NULL);
        assert_true(b->fd >= 0);
        if (read_packet(b->fd, &head, body, sizeof body, &len))
            break;
        fake_hang_up(b);
    }
    struct gw_cursor c;
    assert_int_equal(head >> 4, FAKE_CONNECT);
    gw_cursor_init(&c, body, len);
    const uint8_t *name = gw_cursor_bytes(&c, gw_cursor_be16(&c));
    assert_non_null(name);
    assert_memory_equal(name, "MQTT", 4);
    b->v5 = gw_cursor_u8(&c) == 5;
    b->connect_flags = gw_cursor_u8(&c);
    b->keepalive_s = gw_cursor_be16(&c);
    assert_false(c.failed);
}

static void send_all(struct fake_broker *b, const uint8_t *bytes, size_t n)
{
    assert_int_equal(send(b->fd, bytes, n, MSG_NOSIGNAL), n);
}

void fake_connack(struct fake_broker *b, uint8_t reason, uint16_t receive_max)
{
    uint8_t p[8] = {0x20, 2, 0, reason};
    size_t n = 4;
    if (b->v5) {
        p[1] = receive_max > 0 ? 6 : 3;
        p[4] = receive_max > 0 ? 3 : 0;
        p[5] = 0x21;
        gw_put_be16(p + 6, receive_max);
        n = receive_max > 0 ? 8 : 5;
    }
    send_all(b, p, n);
}

void fake_puback(struct fake_broker *b, uint16_t mid, uint8_t reason)
{
    uint8_t p[5] = {0x40, b->v5 ? 3 : 2, 0, 0, reason};
    gw_put_be16(p + 2, mid);
    send_all(b, p, b->v5 ? 5 : 4);
}

void fake_disconnect(struct fake_broker *b, uint8_t reason)
{
    const uint8_t p[4] = {0xe0, 2, reason, 0};
    send_all(b, p, sizeof p);
}

static void parse_publish(const struct fake_broker *b, uint8_t head, struct gw_cursor *c,
                          struct fake_publish *out)
{
    *out = (struct fake_publish){.qos = (head >> 1) & 3, .retain = (head & 1) != 0};
    size_t topic_len = gw_cursor_be16(c);
    const uint8_t *topic = gw_cursor_bytes(c, topic_len);
    assert_non_null(topic);
    snprintf(out->topic, sizeof out->topic, "%.*s", (int)topic_len, (const char *)topic);
    if (out->qos > 0)
        out->mid = gw_cursor_be16(c);
    if (b->v5)
        gw_cursor_bytes(c, gw_cursor_u8(c)); /* ours are shorter than 128 bytes */
    assert_false(c->failed);
    snprintf(out->payload, sizeof out->payload, "%.*s", (int)c->left, (const char *)c->p);
}

int fake_next(struct fake_broker *b, int ms, struct fake_publish *out)
{
    static const uint8_t pong[] = {0xd0, 0};
    uint8_t body[65536];
    uint8_t head;
    size_t len;
    for (;;) {
        if (!readable(b->fd, ms) || !read_packet(b->fd, &head, body, sizeof body, &len))
            return FAKE_NOTHING;
        int type = head >> 4;
        struct gw_cursor c;
        gw_cursor_init(&c, body, len);
        if (type == FAKE_PUBLISH)
            parse_publish(b, head, &c, out);
        else if (type == FAKE_DISCONNECT)
            out->mid = len > 0 ? gw_cursor_u8(&c) : 0;
        if (type != 12)
            return type;
        send_all(b, pong, sizeof pong);
    }
}

void fake_expect(struct fake_broker *b, const char *below, struct fake_publish *out)
{
    char topic[96];
    assert_int_equal(fake_next(b, PATIENCE_MS, out), FAKE_PUBLISH);
    snprintf(topic, sizeof topic, "nonsite/v1/g1/%s", below);
    assert_string_equal(out->topic, topic);
    assert_int_equal(out->qos, 1);
}
