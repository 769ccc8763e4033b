/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/client.h"

#include <netinet/in.h>
#include <string.h>

#include "support/reply_oracle.h"
#include "support/sim_net.h"

#define REQUEST    7
#define PORT       502
#define TIMEOUT_MS 50

struct exchange {
    struct sim_net *net;
    struct oracle_request asked;
    enum gw_mb_framing framing;
    const uint8_t *answer;
    size_t len, piece;
    bool closes;
    uint8_t heard[4096];
    size_t heard_len;
    bool done;
};

static int64_t on_connect(void *arg)
{
    (void)arg;
    return 0;
}

static void on_bytes(void *arg, int conn, const uint8_t *bytes, size_t n)
{
    struct exchange *x = arg;
    (void)bytes;
    (void)n;
    int64_t in_ms = 0;
    for (size_t at = 0; at < x->len; at += x->piece, in_ms++)
        sim_net_send(x->net, conn, in_ms, x->answer + at,
                     x->len - at < x->piece ? x->len - at : x->piece);
    if (x->closes)
        sim_net_close(x->net, conn, in_ms, false);
}

static void on_arrived(void *arg, const uint8_t *bytes, size_t n)
{
    struct exchange *x = arg;
    FUZZ_HOLDS(x->heard_len + n <= sizeof x->heard);
    memcpy(x->heard + x->heard_len, bytes, n);
    x->heard_len += n;
}

static void on_done(void *arg, enum gw_status status, const struct gw_mb_reply *reply,
                    const char *text)
{
    struct exchange *x = arg;
    x->done = true;
    if (status != GW_OK) {
        FUZZ_HOLDS(reply == NULL && text[0] != '\0');
        return;
    }
    struct oracle_reply want;
    FUZZ_HOLDS(x->framing == GW_MB_FRAMING_TCP
                   ? oracle_tcp(&x->asked, x->heard, x->heard_len, &want)
                   : oracle_rtu(&x->asked, x->heard, x->heard_len, &want));
    FUZZ_HOLDS(reply->exception == want.exception && reply->data_len == want.len);
    FUZZ_HOLDS(want.len == 0 || memcmp(reply->data, want.data, want.len) == 0);
}

/* What all inputs share; made by the first one. */
static struct {
    struct gw_fake_clock fake;
    struct gw_clock clock;
    struct sim_net *net;
    struct gw_loop *loop;
    struct exchange now;
} bench;

static void make_bench(void)
{
    const struct sim_peer peer = {
        .connect = on_connect, .bytes = on_bytes, .arrived = on_arrived, .arg = &bench.now};
    gw_fake_clock_init(&bench.fake);
    bench.clock = gw_fake_clock_clock(&bench.fake);
    bench.net = sim_net_new(&bench.fake);
    sim_net_listen(bench.net, PORT, &peer);
    FUZZ_HOLDS(gw_loop_new(&bench.clock, &bench.loop, NULL) == GW_OK);
}

static void run(const struct exchange *x, const struct gw_mb_request *req)
{
    if (bench.net == NULL)
        make_bench();
    struct gw_mb_tcp_conf conf = {.framing = x->framing,
                                  .addr_len = sizeof(struct sockaddr_in),
                                  .connect_timeout_ms = TIMEOUT_MS,
                                  .timeout_ms = TIMEOUT_MS};
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    memcpy(&conf.addr, &to, sizeof to);
    struct gw_mb_tcp *client = NULL;
    bench.now = *x;
    bench.now.net = bench.net;
    FUZZ_HOLDS(gw_mb_tcp_new(bench.loop, &conf, &client, NULL) == GW_OK);
    FUZZ_HOLDS(gw_mb_tcp_request(client, req, on_done, &bench.now) == GW_OK);
    while (!bench.now.done)
        FUZZ_HOLDS(gw_loop_round(bench.loop, -1) == GW_OK);
    gw_mb_tcp_free(client);
    FUZZ_HOLDS(sim_net_open(bench.net) == 0);
}

int fuzz_client(enum gw_mb_framing framing, const uint8_t *data, size_t size)
{
    if (size < REQUEST || size > 1000)
        return -1;
    const struct gw_mb_request req = {
        .unit = data[0],
        .fc = (enum gw_mb_fc)data[1],
        .address = (uint16_t)(data[2] << 8 | data[3]),
        .count = (uint16_t)(data[4] << 8 | data[5]),
    };
    if (!gw_mb_request_valid(&req))
        return -1;
    struct exchange x = {
        .asked = {.tid = 1, .unit = req.unit, .function = data[1], .count = req.count},
        .framing = framing,
        .answer = data + REQUEST,
        .len = size - REQUEST,
        .piece = data[6] & 0x7F,
        .closes = (data[6] & 0x80) != 0,
    };
    if (x.piece == 0)
        x.piece = SIM_BYTES;
    run(&x, &req);
    return 0;
}
