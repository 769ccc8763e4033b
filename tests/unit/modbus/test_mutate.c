/* SPDX-License-Identifier: Apache-2.0
 *
 * Mutated replies through client, pass and decode. An oracle that shares no code with the gateway
 * judges every reply by the bytes that reached the client: what it refuses must not become a value,
 * and every value must be made of the registers that it sees there.
 *
 * GW_TEST_MUTATIONS=<n> replies (100000 unless told), GW_TEST_SEED=<seed>.
 */
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "modbus/pass.h"
#include "modbus/point.h"
#include "modbus/tcp.h"
#include "sitefile.h"
#include "support/reply_oracle.h"
#include "support/sim_net.h"
#include "util.h"

#define PORT       502
#define TIMEOUT_MS 200
#define BUS                                                                                        \
    "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"},"                                \
    "\"r\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\", \"port\": 503,"                  \
    " \"framing\": \"rtu\"}"
#define DEVICES                                                                                    \
    "\"gas\": {\"bus\": \"b\", \"profile\": \"ax100\", \"channels\": 4},"                          \
    "\"kb\": {\"bus\": \"b\", \"unit\": 2, \"profile\": \"kb6000iii\", \"channels\": 4},"          \
    "\"mk\": {\"bus\": \"b\", \"unit\": 3, \"profile\": \"mk102\"},"                               \
    "\"flow\": {\"bus\": \"b\", \"unit\": 247, \"profile\": \"mfe600h\"},"                         \
    "\"tuf\": {\"bus\": \"r\", \"unit\": 1, \"profile\": \"tuf-2000\"},"                           \
    "\"press\": {\"bus\": \"r\", \"unit\": 9, \"profile\": \"qdy30a\"},"                           \
    "\"pt\": {\"bus\": \"r\", \"unit\": 2, \"profile\": \"dampt100\", \"channels\": 8},"           \
    "\"raw\": {\"bus\": \"r\", \"unit\": 255}"
#define POINTS                                                                                     \
    "\"raw.w\": {\"address\": 65535, \"type\": \"u16\"},"                                          \
    "\"raw.d\": {\"address\": 0, \"type\": \"f64\", \"order\": \"DCBA\", \"sane\": [-1, 1]},"      \
    "\"raw.q\": {\"address\": 4, \"type\": \"u64\"}, \"raw.c\": {\"fc\": 1, \"address\": 7},"      \
    "\"raw.i\": {\"fc\": 2, \"address\": 30}, \"raw.b\": {\"address\": 9, \"type\": \"bcd\"}"
#define DEVICES_N 8

struct bench {
    struct gw_fake_clock fake;
    struct gw_clock clock;
    struct gw_loop *loop;
    struct sim_net *net;
    uint64_t rand;
    struct sitefile f;
    struct gw_mb_pass *pass[DEVICES_N];
    struct gw_mb_tcp *client[2]; /* by framing */
    /* The exchange under way. */
    enum gw_mb_framing framing;
    struct gw_mb_request req;
    struct oracle_request asked;
    uint8_t reply[SIM_BYTES * 3];
    size_t reply_len;
    bool whole;          /* the reply is left as it was, in one piece, and nothing else can come */
    uint8_t heard[4096]; /* what has reached the client since it asked */
    size_t heard_len;
    bool dirty[2]; /* by framing: something may still come on the connection */
    bool done, accepted;
    enum gw_status status;
    struct gw_mb_reply got;
    uint8_t data[256];
    unsigned counts[3]; /* whole, accepted, all */
};

static uint64_t below(struct bench *b, uint64_t n)
{
    return gw_rand_below(&b->rand, n);
}

/* ---- the peer ---- */

static int64_t on_connect(void *arg)
{
    struct bench *b = arg;
    b->dirty[b->framing] = false;
    return 0;
}

/* The right answer, of registers that are as wild as they come. */
static void make_reply(struct bench *b, const uint8_t *sent)
{
    uint8_t pdu[256];
    size_t n = 0;
    pdu[n++] = (uint8_t)b->req.fc;
    if (below(b, 12) == 0) {
        pdu[0] |= 0x80;
        pdu[n++] = (uint8_t)(1 + below(b, 12));
    } else {
        const int bytes = oracle_bytes(&b->asked);
        pdu[n++] = (uint8_t)bytes;
        const uint64_t kind = below(b, 4);
        for (int i = 0; i < bytes; i++)
            pdu[n++] = kind == 0 ? 0 : kind == 1 ? 0xFF : (uint8_t)below(b, kind == 2 ? 4 : 256);
    }
    uint8_t *r = b->reply;
    size_t at = 0;
    if (b->framing == GW_MB_FRAMING_TCP) {
        const uint8_t head[] = {sent[0], sent[1], 0, 0, (uint8_t)((n + 1) >> 8), (uint8_t)(n + 1)};
        memcpy(r, head, sizeof head);
        at = sizeof head;
    }
    r[at++] = b->req.unit;
    memcpy(r + at, pdu, n);
    at += n;
    if (b->framing == GW_MB_FRAMING_RTU) {
        const uint16_t crc = oracle_crc(r, at);
        r[at++] = (uint8_t)(crc >> 8);
        r[at++] = (uint8_t)(crc & 0xFF);
    }
    b->reply_len = at;
}

static void make_crc(struct bench *b)
{
    if (b->framing != GW_MB_FRAMING_RTU || b->reply_len < 4)
        return;
    const uint16_t crc = oracle_crc(b->reply, b->reply_len - 2);
    b->reply[b->reply_len - 2] = (uint8_t)(crc >> 8);
    b->reply[b->reply_len - 1] = (uint8_t)(crc & 0xFF);
}

static void flip(struct bench *b, size_t within)
{
    const size_t n = within < b->reply_len ? within : b->reply_len;
    if (n > 0)
        b->reply[below(b, n)] ^= (uint8_t)(1u << below(b, 8));
}

static void cut_out(struct bench *b)
{
    const size_t at = below(b, b->reply_len);
    const size_t n = 1 + below(b, b->reply_len - at);
    memmove(b->reply + at, b->reply + at + n, b->reply_len - at - n);
    b->reply_len -= n;
}

static void put_in(struct bench *b)
{
    const size_t at = below(b, b->reply_len + 1);
    const size_t n = 1 + below(b, 20);
    memmove(b->reply + at + n, b->reply + at, b->reply_len - at);
    for (size_t i = 0; i < n; i++)
        b->reply[at + i] = (uint8_t)below(b, 256);
    b->reply_len += n;
}

/* Changes the reply; the header is hit more often than chance would have it. */
static void mutate(struct bench *b)
{
    switch (below(b, 9)) {
    case 0:
        flip(b, 9);
        break;
    case 1:
        b->reply[below(b, 9)] = (uint8_t)below(b, 256);
        break;
    case 2:
        flip(b, b->reply_len);
        break;
    case 3:
        b->reply_len = below(b, b->reply_len);
        break;
    case 4:
        cut_out(b);
        break;
    case 5:
        put_in(b);
        break;
    case 6: /* one after the other */
        if (b->reply_len <= SIM_BYTES) {
            memcpy(b->reply + b->reply_len, b->reply, b->reply_len);
            b->reply_len *= 2;
        }
        break;
    case 7:
        for (size_t i = 0; i < b->reply_len; i++)
            b->reply[i] = (uint8_t)below(b, 256);
        break;
    default:
        b->reply[below(b, b->reply_len)] = (uint8_t[]){0, 1, 0x7F, 0x80, 0xFF}[below(b, 5)];
        break;
    }
    if (below(b, 2) == 0)
        make_crc(b);
}

/* In pieces, some of them late, maybe with an end of the connection behind. */
static void send_reply(struct bench *b, int conn)
{
    int64_t in_ms = 0;
    size_t at = 0;
    const bool pieces = below(b, 4) == 0;
    while (at < b->reply_len) {
        size_t n = b->reply_len - at;
        if (pieces)
            n = 1 + below(b, n);
        n = n < SIM_BYTES ? n : SIM_BYTES;
        sim_net_send(b->net, conn, in_ms, b->reply + at, n);
        at += n;
        in_ms += pieces ? (int64_t)below(b, 3) * (int64_t)below(b, 40) : 0;
    }
    const bool ends = below(b, 50) == 0;
    if (ends)
        sim_net_close(b->net, conn, in_ms, below(b, 2) == 0);
    b->whole = b->whole && !pieces && !ends && !b->dirty[b->framing];
    b->dirty[b->framing] = !b->whole;
}

static void on_bytes(void *arg, int conn, const uint8_t *bytes, size_t n)
{
    struct bench *b = arg;
    assert_in_range(n, 4, 12);
    b->asked = (struct oracle_request){
        .tid = (uint16_t)(bytes[0] * 256u + bytes[1]),
        .unit = b->req.unit,
        .function = (uint8_t)b->req.fc,
        .count = b->req.count,
    };
    b->heard_len = 0;
    make_reply(b, bytes);
    b->whole = below(b, 4) == 0;
    if (!b->whole) {
        const uint64_t times = 1 + below(b, 3);
        for (uint64_t i = 0; i < times && b->reply_len > 0 && b->reply_len <= SIM_BYTES; i++)
            mutate(b);
    }
    send_reply(b, conn);
}

static void on_arrived(void *arg, const uint8_t *bytes, size_t n)
{
    struct bench *b = arg;
    assert_true(b->heard_len + n <= sizeof b->heard);
    memcpy(b->heard + b->heard_len, bytes, n);
    b->heard_len += n;
}

/* ---- the client ---- */

static void on_done(void *arg, enum gw_status status, const struct gw_mb_reply *reply,
                    const char *text)
{
    struct bench *b = arg;
    (void)text;
    b->done = true;
    b->status = status;
    b->accepted = status == GW_OK;
    if (!b->accepted)
        return;
    b->got = *reply;
    assert_in_range(reply->data_len, 0, sizeof b->data);
    memcpy(b->data, reply->data != NULL ? reply->data : b->data, reply->data_len);
    b->got.data = b->data;
}

static bool ask(struct bench *b, const struct gw_mb_request *req)
{
    b->req = *req;
    b->done = false;
    assert_int_equal(gw_mb_tcp_request(b->client[b->framing], req, on_done, b), GW_OK);
    while (!b->done)
        assert_int_equal(gw_loop_round(b->loop, -1), GW_OK);
    b->counts[0] += b->whole;
    b->counts[1] += b->accepted;
    b->counts[2]++;
    struct oracle_reply want;
    const bool good = b->framing == GW_MB_FRAMING_TCP
                          ? oracle_tcp(&b->asked, b->heard, b->heard_len, &want)
                          : oracle_rtu(&b->asked, b->heard, b->heard_len, &want);
    if (b->whole)
        assert_true(good && b->accepted);
    if (!b->accepted)
        return false;
    assert_true(good);
    assert_int_equal(b->got.exception, want.exception);
    assert_int_equal(b->got.data_len, want.len);
    assert_memory_equal(b->got.data, want.data, want.len);
    return true;
}

/* ---- the values ---- */

struct block {
    struct gw_mb_request req;
    uint8_t data[256];
    size_t len;
};

/* The word of an address, from the answers of this pass, the latest one (before it, a doubt may have
 * asked for the same); -1: none has it. */
static int word_at(const struct block *blocks, size_t n, unsigned fc, unsigned address)
{
    for (size_t i = n; i-- > 0;) {
        const unsigned at = address - blocks[i].req.address;
        if ((unsigned)blocks[i].req.fc != fc || address < blocks[i].req.address ||
            at >= blocks[i].req.count || blocks[i].len == 0)
            continue;
        if (fc <= 2)
            return blocks[i].data[at / 8] >> at % 8 & 1;
        return blocks[i].data[2 * at] * 256 + blocks[i].data[2 * at + 1];
    }
    return -1;
}

static void check_sample(const struct bench *b, const struct gw_sample *s,
                         const struct block *blocks, size_t n)
{
    const struct gw_mb_point *p = b->f.site->point_priv[s->point];
    if (s->quality == GW_Q_GOOD) {
        assert_true(s->valued && s->nraw > 0);
        if (s->vtype == GW_V_NUM) {
            assert_true(isfinite(s->value.num));
            assert_true(s->value.num >= p->def->format.sane_lo &&
                        s->value.num <= p->def->format.sane_hi);
        }
    }
    if (s->nraw == 0)
        assert_false(s->valued);
    for (unsigned i = 0; i < s->nraw; i++)
        assert_int_equal(s->raw[i], word_at(blocks, n, (unsigned)p->def->keys.fc, p->address + i));
}

static void one_pass(struct bench *b, size_t device)
{
    static struct block blocks[64];
    size_t n = 0;
    struct gw_mb_request req;
    struct gw_mb_pass *pass = b->pass[device];
    b->framing = device >= 4 ? GW_MB_FRAMING_RTU : GW_MB_FRAMING_TCP;
    gw_mb_pass_begin(pass, b->fake.now.mono_ms, below(b, 8) == 0);
    if (below(b, 8) == 0)
        gw_mb_pass_doubt(pass);
    while (gw_mb_pass_next(pass, &req)) {
        const struct gw_stamp now = gw_clock_now(&b->clock);
        if (!ask(b, &req)) {
            gw_mb_pass_break(pass, gw_status_name(b->status));
            /* What was read stands when only the identity was not to be had. */
            n = gw_mb_pass_broken(pass) ? 0 : n;
            break;
        }
        assert_true(n < 64);
        blocks[n] = (struct block){.req = req, .len = b->got.exception == 0 ? b->got.data_len : 0};
        memcpy(blocks[n].data, b->data, blocks[n].len);
        n++;
        gw_mb_pass_answer(pass, &b->got, &now);
    }
    const struct gw_stamp now = gw_clock_now(&b->clock);
    (void)gw_mb_pass_end(pass, &now);
    struct gw_batch batch;
    size_t from = 0;
    while (gw_mb_pass_batch(pass, &from, &batch))
        for (size_t i = 0; i < batch.n; i++)
            check_sample(b, &batch.samples[i], blocks, n);
    gw_fake_clock_advance(&b->fake, 1000);
}

static void bench_open(struct bench *b)
{
    *b = (struct bench){.rand = test_seed()};
    gw_fake_clock_init(&b->fake);
    b->clock = gw_fake_clock_clock(&b->fake);
    b->net = sim_net_new(&b->fake);
    assert_int_equal(gw_loop_new(&b->clock, &b->loop, NULL), GW_OK);
    const struct sim_peer peer = {
        .connect = on_connect, .bytes = on_bytes, .arrived = on_arrived, .arg = b};
    sim_net_listen(b->net, PORT, &peer);
    for (int i = 0; i < 2; i++) {
        struct gw_mb_tcp_conf conf = {.framing = (enum gw_mb_framing)i,
                                      .addr_len = sizeof(struct sockaddr_in),
                                      .connect_timeout_ms = TIMEOUT_MS,
                                      .timeout_ms = TIMEOUT_MS};
        const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
        memcpy(&conf.addr, &to, sizeof to);
        assert_int_equal(gw_mb_tcp_new(b->loop, &conf, &b->client[i], NULL), GW_OK);
    }
    sitefile_load(&b->f, BUS, DEVICES, POINTS, NULL);
    assert_true(sitefile_good(&b->f));
    assert_int_equal(b->f.site->ndevices, DEVICES_N);
    for (uint32_t i = 0; i < DEVICES_N; i++) {
        assert_int_equal(gw_mb_pass_new(b->f.site, i, "x", &b->pass[i], NULL), GW_OK);
        gw_mb_pass_start(b->pass[i], 0);
    }
}

static void bench_close(struct bench *b)
{
    for (size_t i = 0; i < DEVICES_N; i++)
        gw_mb_pass_free(b->pass[i]);
    for (int i = 0; i < 2; i++)
        gw_mb_tcp_free(b->client[i]);
    assert_int_equal(sim_net_open(b->net), 0);
    gw_loop_free(b->loop);
    sim_net_free(b->net);
    sitefile_free(&b->f);
}

static void nothing_wrong_becomes_a_value(void **state)
{
    (void)state;
    const char *text = getenv("GW_TEST_MUTATIONS");
    const unsigned long n = text != NULL ? strtoul(text, NULL, 0) : 100000;
    static struct bench b;
    bench_open(&b);
    for (size_t device = 0; b.counts[2] < n; device++)
        one_pass(&b, device % DEVICES_N);
    printf("%u replies, %u of them right, %u accepted\n", b.counts[2], b.counts[0], b.counts[1]);
    assert_true(b.counts[0] > n / 10 && b.counts[1] < b.counts[2]);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_wrong_becomes_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
