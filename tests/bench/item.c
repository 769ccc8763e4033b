/* SPDX-License-Identifier: Apache-2.0
 *
 * What one item costs in each of the gateway's stages: time and allocations. Called by
 * tests/bench/item, which makes what it needs.
 *
 *     bench_item [--json] [--rounds N] DIR
 *
 * DIR holds site.json and words, one line each: device, function code, address, word, swing (the
 * word moves by chance up to so much). The instruments answer from these words. One thread, no
 * sockets, no files, and a clock that is moved by hand: a round is a quarter of a second, in which
 * the devices that are due are read and the checks are looked at as by the daemon. Before the count
 * the plant runs for GRACE_ROUNDS coarse rounds, until what stands has been told.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/wire.h"
#include "core/load.h"
#include "core/pipeline.h"
#include "finding/engine.h"
#include "item_count.h"
#include "modbus/pass.h"
#include "publish/exception.h"
#include "publish/influx_line.h"
#include "publish/seal.h"
#include "publish/telemetry.h"
#include "registry.h"

#define ROUND_MS     250
#define GRACE_ROUNDS 240
#define GRACE_MS     4000 /* the engine takes five seconds without a look for time that nobody saw */
#define WALL_MS      INT64_C(1795305600000)
#define ROW_MAX      (1u << 20)
#define SIGN_ROUNDS  4 /* a record in so many rounds */
#define WAITING      256

/* The registers, or packed bits, of one function code of a device, from address 0 on. */
struct image {
    uint8_t *bytes;
    size_t size;
};

/* A word that moves. */
struct swing {
    uint8_t *at;
    uint16_t word, by;
};

struct device {
    struct gw_mb_pass *pass; /* NULL: nothing to ask */
    int64_t due_ms;
    struct image images[GW_MB_READ_INPUT + 1];
    struct swing *swings;
    size_t nswings;
    bool due;
    struct gw_batch *batches; /* of the last pass */
    size_t nbatches;
    struct gw_polls polls;
    struct gw_sample *samples; /* of the last pass that are to be sent */
    uint32_t *order;           /* scratch of the encoder */
    struct gw_buf row;
};

struct bench {
    struct gw_load load;
    const struct gw_site *site;
    struct device *devices;
    struct gw_table *table;
    struct gw_engine *engine;
    struct gw_exception *exception;
    uint32_t *rank;
    struct gw_influx_line *line;
    struct gw_buf text, wire;
    struct gw_seal *seal;
    char *body; /* of the first lead; NULL: none yet */
    size_t body_len;
    struct gw_stamp now;
    uint64_t rand, tokens[WAITING];
    size_t ntokens;
    int64_t seq, checkpoint_ms;
    unsigned round;
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_item: %s: %s\n", what, why);
    exit(1);
}

static void *need(void *p)
{
    if (!p)
        fail("memory", "there is none");
    return p;
}

/* ---- the plant ---- */

static struct device *device_of(struct bench *b, const char *id)
{
    for (size_t i = 0; i < b->site->ndevices; i++)
        if (strcmp(b->site->devices[i].id, id) == 0)
            return &b->devices[i];
    fail("words name no device of the site", id);
    return NULL;
}

static bool is_bits(unsigned fc)
{
    return fc == GW_MB_READ_COILS || fc == GW_MB_READ_DISCRETE;
}

static void add_word(struct device *d, unsigned fc, unsigned address, struct swing word)
{
    struct image *image = &d->images[fc];
    if (image->bytes == NULL) {
        image->size = is_bits(fc) ? 65536 / 8 : 65536 * 2;
        image->bytes = need(calloc(image->size, 1));
    }
    if (is_bits(fc)) {
        image->bytes[address / 8] |= (uint8_t)((word.word != 0 ? 1u : 0u) << address % 8);
        return;
    }
    word.at = image->bytes + (size_t)address * 2;
    gw_put_be16(word.at, word.word);
    if (word.by == 0)
        return;
    d->swings = need(realloc(d->swings, (d->nswings + 1) * sizeof *d->swings));
    d->swings[d->nswings++] = word;
}

static void read_words(struct bench *b, const char *path)
{
    char id[64];
    unsigned fc;
    unsigned address;
    unsigned word;
    unsigned by;
    FILE *f = fopen(path, "r");
    if (!f)
        fail(path, "cannot be read");
    int n;
    while ((n = fscanf(f, "%63s %u %u %u %u", id, &fc, &address, &word, &by)) == 5) {
        if (fc < 1 || fc > GW_MB_READ_INPUT || address > 65535 || word > 65535 || by > 65535)
            fail(path, "a number is out of its range");
        add_word(device_of(b, id), fc, address,
                 (struct swing){.word = (uint16_t)word, .by = (uint16_t)by});
    }
    if (n != EOF)
        fail(path, "a line is not \"device fc address word swing\"");
    fclose(f);
}

static uint32_t chance(struct bench *b)
{
    b->rand = b->rand * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(b->rand >> 33);
}

static void move(struct bench *b, struct device *d)
{
    for (size_t i = 0; i < d->nswings; i++) {
        const struct swing *s = &d->swings[i];
        gw_put_be16(s->at, (uint16_t)(s->word + chance(b) % (s->by + 1u)));
    }
}

static struct gw_mb_reply reply_to(const struct device *d, const struct gw_mb_request *req)
{
    if (req->fc == GW_MB_REPORT_ID)
        return (struct gw_mb_reply){.exception = GW_MB_EX_FUNCTION};
    const struct image *image = &d->images[req->fc];
    const size_t at = is_bits(req->fc) ? req->address / 8u : req->address * 2u;
    if (image->bytes == NULL || (is_bits(req->fc) && req->address % 8 != 0))
        return (struct gw_mb_reply){.exception = GW_MB_EX_ADDRESS};
    return (struct gw_mb_reply){.data = image->bytes + at, .data_len = gw_mb_reply_bytes(req)};
}

/* ---- what the journal would do ---- */

static enum gw_status emit(void *ctx, const struct gw_draft *d)
{
    struct bench *b = ctx;
    if (d->token != 0 && b->ntokens == WAITING)
        return GW_E_FULL;
    if (d->token != 0)
        b->tokens[b->ntokens++] = d->token;
    if (d->cls == GW_CLASS_LEAD && b->body == NULL) {
        b->body = need(malloc(d->body_len));
        memcpy(b->body, d->body, d->body_len);
        b->body_len = d->body_len;
    }
    return GW_OK;
}

static void commit(struct bench *b)
{
    for (size_t i = 0; i < b->ntokens; i++)
        gw_engine_committed(b->engine, b->tokens[i], ++b->seq);
    b->ntokens = 0;
}

/* ---- the stages; each returns how many items it had ---- */

/* Answers of the devices that are due into batches of samples. */
static size_t stage_decode(struct bench *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->site->ndevices; i++) {
        struct device *d = &b->devices[i];
        struct gw_mb_request req;
        d->nbatches = 0;
        if (!d->due)
            continue;
        gw_mb_pass_begin(d->pass, d->due_ms, false);
        while (gw_mb_pass_next(d->pass, &req)) {
            const struct gw_mb_reply reply = reply_to(d, &req);
            gw_mb_pass_answer(d->pass, &reply, &b->now);
        }
        d->polls.scheduled++;
        d->polls.read++;
        size_t from = 0;
        if (gw_mb_pass_end(d->pass, &b->now) != GW_MB_PASS_READ)
            fail(b->site->devices[i].id, "a pass failed");
        while (gw_mb_pass_batch(d->pass, &from, &d->batches[d->nbatches])) {
            struct gw_batch *batch = &d->batches[d->nbatches++];
            batch->link = GW_LINK_OK;
            batch->polls = d->polls;
            n += batch->n;
        }
    }
    return n;
}

static size_t stage_table(struct bench *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->site->ndevices; i++) {
        const struct device *d = &b->devices[i];
        for (size_t k = 0; k < d->nbatches; k++) {
            (void)gw_table_apply(b->table, &d->batches[k]);
            n += d->batches[k].n;
        }
    }
    return n;
}

/* The checks that look at the devices that were read. */
static size_t stage_alarm(struct bench *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->site->ndevices; i++) {
        const struct device *d = &b->devices[i];
        if (d->nbatches > 0)
            gw_engine_device(b->engine, (uint32_t)i, &b->now);
        for (size_t k = 0; k < d->nbatches; k++)
            n += d->batches[k].n;
    }
    return n;
}

/* All checks, as several times a second. */
static size_t stage_tick(struct bench *b)
{
    gw_engine_all(b->engine, &b->now);
    if (b->now.mono_ms - b->checkpoint_ms >= 1000) {
        b->checkpoint_ms = b->now.mono_ms;
        gw_engine_checkpoint(b->engine, &b->now, false);
    }
    return gw_inventory_count(b->load.inventory);
}

/* What is worth sending of a pass, from the table. */
static size_t sift(struct bench *b, struct device *d)
{
    size_t n = 0;
    for (size_t k = 0; k < d->nbatches; k++) {
        for (size_t s = 0; s < d->batches[k].n; s++) {
            d->samples[n] = gw_table_get(b->table, d->batches[k].samples[s].point, 0);
            n += gw_exception_due(b->exception, &d->samples[n], b->now.mono_ms);
        }
    }
    return n;
}

static size_t stage_encode(struct bench *b)
{
    size_t total = 0;
    for (size_t i = 0; i < b->site->ndevices; i++) {
        struct device *d = &b->devices[i];
        const size_t n = sift(b, d);
        gw_buf_clear(&d->row);
        if (n == 0)
            continue;
        gw_telemetry_encode(
            &(struct gw_telemetry_pass){
                .gateway = b->site->gateway.id,
                .device = b->site->devices[i].id,
                .points = b->site->points,
                .samples = d->samples,
                .n = n,
                .rank = b->rank,
                .order = d->order,
                .norder = b->site->devices[i].npoints,
                .heartbeat_s = b->site->telemetry.heartbeat_s,
                .end = b->now,
            },
            &d->row);
        for (size_t s = 0; s < n; s++)
            gw_exception_sent(b->exception, &d->samples[s], b->now.mono_ms);
        total += n;
    }
    return total;
}

/* The rows as lines for InfluxDB, as its worker makes them. Counted are lines. */
static size_t stage_line(struct bench *b)
{
    char id[GW_ID_SIZE];
    size_t n = 0;
    for (size_t i = 0; i < b->site->ndevices; i++) {
        const struct device *d = &b->devices[i];
        if (d->row.len == 0)
            continue;
        if (gw_influx_line_encode(b->line, d->row.data, d->row.len, id, &b->text) != GW_OK)
            fail(b->site->devices[i].id, "its row is no line");
        n++;
    }
    return n;
}

static size_t stage_sign(struct bench *b)
{
    static const char prev[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char hash[GW_SHA256_HEX];
    if (b->body == NULL || b->round % SIGN_ROUNDS != 0)
        return 0;
    gw_buf_clear(&b->wire);
    if (gw_seal_record(b->seal, "0123456789abcdef", b->round + 1, prev, b->body, b->body_len,
                       &b->wire, hash) != GW_OK)
        fail("a record", "cannot be signed");
    return 1;
}

/* Called by pointer, so that each stays a function that a profiler can name. */
static const struct stage {
    const char *name, *item;
    size_t (*run)(struct bench *b);
} stages[] = {
    {"decode", "sample", stage_decode}, {"table", "sample", stage_table},
    {"alarm", "sample", stage_alarm},   {"tick", "check", stage_tick},
    {"encode", "sample", stage_encode}, {"line", "line", stage_line},
    {"sign", "record", stage_sign},
};
#define NSTAGES (sizeof stages / sizeof stages[0])

struct cost {
    uint64_t items;
    int64_t ns;
    struct item_count count;
};

/* ---- coming up ---- */

static bool vtype_of(const void *ctx, const char *id, enum gw_vtype *out)
{
    const struct gw_site *site = ctx;
    uint32_t at = 0;
    if (!gw_site_find_point(site, id, &at))
        return false;
    *out = site->points[at].def->vtype;
    return true;
}

static void make_devices(struct bench *b)
{
    const struct gw_site *site = b->site;
    struct gw_err err;
    b->devices = need(calloc(site->ndevices + 1, sizeof *b->devices));
    for (size_t i = 0; i < site->ndevices; i++) {
        struct device *d = &b->devices[i];
        const size_t points = site->devices[i].npoints + 1;
        if (gw_mb_pass_new(site, (uint32_t)i, "bench", &d->pass, &err) != GW_OK)
            fail(site->devices[i].id, err.msg);
        gw_mb_pass_start(d->pass, b->now.mono_ms);
        d->due_ms = b->now.mono_ms;
        d->batches = need(calloc(points / GW_BATCH_MAX + 1, sizeof *d->batches));
        d->samples = need(calloc(points, sizeof *d->samples));
        d->order = need(calloc(points, sizeof *d->order));
        gw_buf_init(&d->row, ROW_MAX);
    }
}

static void make_parts(struct bench *b, const char *dir)
{
    struct gw_err err;
    struct gw_key *key = NULL;
    char path[1024];
    const struct gw_influx_tag tags[] = {{.key = "county", .value = b->site->enterprise.county},
                                         {.key = "enterprise", .value = b->site->enterprise.uscc}};
    const struct gw_influx_line_conf lc = {
        .tags = tags, .ntags = 2, .vtype = vtype_of, .ctx = b->site};
    if (gw_pipeline_table(b->site, &b->table, &err) != GW_OK)
        fail("table", err.msg);
    const struct gw_engine_conf ec = {.inventory = b->load.inventory,
                                      .table = b->table,
                                      .boot_id = "5f0c0000-0000-4000-8000-000000000001",
                                      .inventory_sha256 = b->site->config_sha256,
                                      .emit = emit,
                                      .emit_ctx = b};
    if (gw_engine_new(&ec, &b->engine, &err) != GW_OK ||
        gw_influx_line_new(&lc, &b->line, &err) != GW_OK)
        fail("parts", err.msg);
    gw_engine_chain(b->engine, "0123456789abcdef");
    b->rank = need(calloc(b->site->npoints + 1, sizeof *b->rank));
    if (gw_exception_new(b->site, &b->exception) != GW_OK ||
        gw_telemetry_rank(b->site->points, b->site->npoints, b->rank) != GW_OK)
        fail("parts", "out of memory");
    (void)snprintf(path, sizeof path, "%s/key.pem", dir);
    (void)unlink(path);
    if (gw_key_create(path, &key, &err) != GW_OK || gw_seal_new(key, &b->seal, &err) != GW_OK)
        fail("key", err.msg);
    gw_buf_init(&b->text, ROW_MAX);
    gw_buf_init(&b->wire, ROW_MAX);
}

static void start(struct bench *b, const char *dir)
{
    char path[1024];
    struct gw_issues *issues = need(gw_issues_new());
    b->now =
        (struct gw_stamp){.mono_ms = 1000000, .boot_ms = 1000000, .wall_ms = WALL_MS, .sync = true};
    (void)snprintf(path, sizeof path, "%s/site.json", dir);
    if (gw_load(path, gw_conf_drivers, issues, &b->load) != GW_OK) {
        gw_issues_print(issues, stderr);
        exit(1);
    }
    gw_issues_free(issues);
    b->site = b->load.site;
    make_devices(b);
    make_parts(b, dir);
    (void)snprintf(path, sizeof path, "%s/words", dir);
    read_words(b, path);
}

static void stop(struct bench *b)
{
    for (size_t i = 0; i < b->site->ndevices; i++) {
        struct device *d = &b->devices[i];
        gw_mb_pass_free(d->pass);
        for (size_t k = 0; k < sizeof d->images / sizeof d->images[0]; k++)
            free(d->images[k].bytes);
        free(d->swings);
        free(d->batches);
        free(d->samples);
        free(d->order);
        gw_buf_free(&d->row);
    }
    free(b->devices);
    gw_seal_free(b->seal);
    gw_influx_line_free(b->line);
    gw_exception_free(b->exception);
    gw_engine_free(b->engine);
    gw_table_free(b->table);
    gw_buf_free(&b->text);
    gw_buf_free(&b->wire);
    free(b->rank);
    free(b->body);
    gw_load_free(&b->load);
}

/* ---- running ---- */

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void one_round(struct bench *b, int64_t ms, struct cost costs[NSTAGES])
{
    b->now.mono_ms += ms;
    b->now.boot_ms += ms;
    b->now.wall_ms += ms;
    b->round++;
    for (size_t i = 0; i < b->site->ndevices; i++) {
        struct device *d = &b->devices[i];
        d->due = b->now.mono_ms - d->due_ms >= gw_mb_pass_period_ms(d->pass);
        if (d->due) {
            d->due_ms = b->now.mono_ms;
            move(b, d);
        }
    }
    for (size_t s = 0; s < NSTAGES; s++) {
        const struct item_count before = item_count_now();
        const int64_t start_ns = clock_ns();
        costs[s].items += stages[s].run(b);
        costs[s].ns += clock_ns() - start_ns;
        const struct item_count after = item_count_now();
        costs[s].count.own += after.own - before.own;
        costs[s].count.all += after.all - before.all;
    }
    commit(b);
}

static void tell(const struct bench *b, const struct cost costs[NSTAGES], bool json)
{
    struct gw_engine_counts c;
    gw_engine_counts(b->engine, &c);
    if (!json)
        printf("%zu devices, %zu points, %zu checks (%zu alarms and %zu leads stand, %zu unknown)\n"
               "%-8s %-8s %12s %10s %12s %12s\n",
               b->site->ndevices, b->site->npoints, c.checks, c.alarms, c.leads, c.unknown, "stage",
               "item", "items", "ns", "allocations", "with libraries'");
    for (size_t s = 0; s < NSTAGES; s++) {
        const struct cost *cost = &costs[s];
        const double n = cost->items > 0 ? (double)cost->items : 1.0;
        printf(json ? "{\"stage\":\"%s\",\"item\":\"%s\",\"items\":%" PRIu64
                      ",\"ns\":%.1f,\"allocations\":%.4f,\"allocations_all\":%.4f}\n"
                    : "%-8s %-8s %12" PRIu64 " %10.1f %12.4f %12.4f\n",
               stages[s].name, stages[s].item, cost->items, (double)cost->ns / n,
               (double)cost->count.own / n, (double)cost->count.all / n);
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct cost grace[NSTAGES] = {0};
    struct cost costs[NSTAGES] = {0};
    bool json = false;
    long rounds = 2000;
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++)
        if (strcmp(argv[at], "--json") == 0)
            json = true;
        else if (strcmp(argv[at], "--rounds") == 0 && at + 1 < argc)
            rounds = strtol(argv[++at], NULL, 10);
        else
            fail(argv[at], "is no option");
    if (at + 1 != argc || rounds < 1)
        fail("usage", "bench_item [--json] [--rounds N] DIR");
    start(&b, argv[at]);
    for (int i = 0; i < GRACE_ROUNDS; i++)
        one_round(&b, GRACE_MS, grace);
    for (long i = 0; i < rounds; i++)
        one_round(&b, ROUND_MS, costs);
    tell(&b, costs, json);
    stop(&b);
    return 0;
}
