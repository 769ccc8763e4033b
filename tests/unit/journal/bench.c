/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cmocka_all.h"

static void now(void *ctx, struct gw_stamp *out)
{
    struct bench *b = ctx;
    struct gw_clock system = gw_clock_system();
    int64_t ahead_ms = atomic_load(&b->ahead_ms);
    *out = gw_clock_now(&system);
    out->mono_ms += ahead_ms;
    out->boot_ms += ahead_ms;
    out->wall_ms += ahead_ms;
    out->sync = atomic_load(&b->sync);
}

static enum gw_status seal(void *ctx, const char *chain, int64_t seq, const char *prev,
                           const char *body, size_t body_len, struct gw_buf *wire,
                           char hash[GW_SHA256_HEX])
{
    struct bench *b = ctx;
    int status = atomic_load(&b->seal_status);
    if (status != 0)
        return (enum gw_status)status;
    if (memchr(body, '#', body_len) != NULL)
        return GW_E_PARSE;
    gw_buf_printf(wire, "%s|%lld|%s|", chain, (long long)seq, prev);
    gw_buf_put(wire, body, body_len);
    if (wire->failed)
        return GW_E_FULL;
    return gw_sha256_hex(wire->data, wire->len, hash);
}

void bench_init(struct bench *b)
{
    const char *tmp = getenv("TMPDIR");
    memset(b, 0, sizeof *b);
    snprintf(b->dir, sizeof b->dir, "%s/gw-journal-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(b->dir));
    b->clock = (struct gw_clock){.now = now, .ctx = b};
    b->readers[0] = (struct gw_reader_conf){"mqtt", true, true, false};
    b->conf = (struct gw_journal_conf){
        .dir = b->dir,
        .records_bytes = INT64_C(2) * 1024 * 1024,
        .telemetry_bytes = INT64_C(1024) * 1024,
        .sealer = {.seal = seal, .ctx = b},
        .clock = &b->clock,
        .readers = b->readers,
        .nreaders = 1,
        .post_capacity = 64,
        .state_rows = 4,
        .gateway = "gw-1",
    };
    b->next_token = 1;
    atomic_store(&b->sync, true);
}

static void each_file(const char *dir, void (*each)(void *ctx, const char *path, const char *name),
                      void *ctx)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (e->d_name[0] != '.')
            each(ctx, path, e->d_name);
    }
    closedir(d);
}

static void remove_file(void *ctx, const char *path, const char *name)
{
    (void)ctx;
    (void)name;
    (void)remove(path);
}

void bench_end(struct bench *b)
{
    bench_forget(b);
    each_file(b->dir, remove_file, NULL);
    rmdir(b->dir);
}

void bench_start(struct bench *b)
{
    struct gw_err err = {0};
    assert_int_equal(gw_journal_start(&b->conf, &b->j, &err), GW_OK);
}

void bench_stop(struct bench *b)
{
    assert_true(gw_journal_stop(b->j, BENCH_WAIT));
    b->j = NULL;
}

struct gw_notice bench_open(struct bench *b)
{
    bench_start(b);
    return bench_wait(b, GW_NOTICE_OPEN);
}

static void note(struct bench *b, struct gw_notice *n)
{
    if (n->kind == GW_NOTICE_STATE) {
        assert_true(b->nstates < BENCH_STATES);
        b->states[b->nstates++] = (struct bench_state){n->key, n->text, n->seq};
        n->key = NULL;
        n->text = NULL;
    } else if (n->text != NULL) {
        size_t used = strlen(b->events);
        snprintf(b->events + used, sizeof b->events - used, "%s\n", n->text);
    }
    b->failed += n->kind == GW_NOTICE_FAILED ? 1 : 0;
}

struct gw_notice bench_wait(struct bench *b, enum gw_notice_kind kind)
{
    struct gw_notice n;
    while (gw_mailbox_wait(gw_journal_notices(b->j), &n, BENCH_WAIT)) {
        note(b, &n);
        if (n.kind == kind)
            return n;
        gw_notice_clear(&n);
    }
    fail_msg("notice %d did not come; events:\n%s", (int)kind, b->events);
    return n;
}

void bench_wait_text(struct bench *b, const char *part)
{
    while (strstr(b->events, part) == NULL) {
        struct gw_notice n;
        if (!gw_mailbox_wait(gw_journal_notices(b->j), &n, BENCH_WAIT))
            fail_msg("'%s' did not come; events:\n%s", part, b->events);
        note(b, &n);
        gw_notice_clear(&n);
    }
}

uint64_t bench_post(struct bench *b, struct gw_draft draft)
{
    enum gw_status status;
    draft.token = b->next_token++;
    while ((status = gw_journal_post(b->j, &draft)) == GW_E_FULL) {
        struct gw_notice n = bench_wait(b, GW_NOTICE_COMMITTED);
        gw_notice_clear(&n);
    }
    assert_int_equal(status, GW_OK);
    return draft.token;
}

static struct gw_notice await_token(struct bench *b, uint64_t token)
{
    for (;;) {
        struct gw_notice n = bench_wait(b, GW_NOTICE_COMMITTED);
        gw_notice_clear(&n);
        if (n.token == token)
            return n;
    }
}

void bench_sync(struct bench *b)
{
    /* COMMITTED is told before parcels are handed out, so the second one tells that the first one's
     * round is over. */
    for (int i = 0; i < 2; i++) {
        struct gw_draft d = {.state_key = "sync", .state = NULL};
        await_token(b, bench_post(b, d));
    }
}

void bench_forget(struct bench *b)
{
    for (size_t i = 0; i < b->nstates; i++) {
        free(b->states[i].key);
        free(b->states[i].value);
    }
    b->nstates = 0;
    b->events[0] = '\0';
    b->failed = 0;
}

void bench_advance(struct bench *b, int64_t ms)
{
    atomic_fetch_add(&b->ahead_ms, ms);
    gw_journal_grant(b->j, 0, 0);
}

uint64_t bench_record_post(struct bench *b, enum gw_class cls, int priority, int n, const char *key)
{
    char body[96];
    char state[32];
    snprintf(body, sizeof body, "{\"class\":\"%s\",\"n\":%d}", gw_class_name(cls), n);
    snprintf(state, sizeof state, "{\"n\":%d}", n);
    struct gw_draft d = {.cls = cls,
                         .priority = priority,
                         .body = body,
                         .body_len = strlen(body),
                         .state_key = key,
                         .state = key != NULL ? state : NULL,
                         .opens = true};
    return bench_post(b, d);
}

int64_t bench_record(struct bench *b, enum gw_class cls, int priority, int n, const char *key)
{
    return await_token(b, bench_record_post(b, cls, priority, n, key)).seq;
}

void bench_row(struct bench *b, enum gw_parcel_kind kind, int n)
{
    char data[64];
    snprintf(data, sizeof data, "{\"n\":%d}", n);
    const char *topic = kind == GW_PARCEL_EVENT ? "event" : "telemetry";
    assert_int_equal(gw_journal_row(b->j, kind, topic, data, strlen(data)), GW_OK);
}

bool bench_take(struct bench *b, unsigned reader, struct gw_parcel *out, int64_t ms)
{
    return gw_mailbox_wait(gw_journal_parcels(b->j, reader), out, ms);
}

struct gw_parcel bench_next(struct bench *b, unsigned reader)
{
    struct gw_parcel p = {0};
    if (!bench_take(b, reader, &p, BENCH_WAIT))
        fail_msg("no parcel came; events:\n%s", b->events);
    return p;
}

/* Copies up to the next '|' to out, of exactly size - 1 characters; what follows, or NULL. */
static const char *field(const char *from, char *out, size_t size)
{
    const char *end = strchr(from, '|');
    if (end == NULL || (size_t)(end - from) != size - 1)
        return NULL;
    memcpy(out, from, size - 1);
    out[size - 1] = '\0';
    return end + 1;
}

bool bench_parse(const struct gw_parcel *parcel, struct bench_wire *out)
{
    const char *at = field(parcel->data, out->chain, sizeof out->chain);
    char *end = NULL;
    if (at == NULL)
        return false;
    out->seq = strtoll(at, &end, 10);
    if (end == at || *end != '|')
        return false;
    out->body = field(end + 1, out->prev, sizeof out->prev);
    return out->body != NULL && gw_sha256_hex(parcel->data, parcel->len, out->hash) == GW_OK;
}

const char *bench_path(const struct bench *b, const char *name)
{
    static char path[BENCH_DIR + 64];
    snprintf(path, sizeof path, "%s/%s", b->dir, name);
    return path;
}

struct search {
    const char *prefix;
    char *name;
    size_t size;
    bool found;
};

static void match(void *ctx, const char *path, const char *name)
{
    struct search *s = ctx;
    (void)path;
    if (strncmp(name, s->prefix, strlen(s->prefix)) != 0)
        return;
    s->found = true;
    if (s->name != NULL)
        snprintf(s->name, s->size, "%s", name);
}

bool bench_has(const struct bench *b, const char *prefix, char *name, size_t size)
{
    struct search s = {prefix, name, size, false};
    each_file(b->dir, match, &s);
    return s.found;
}

static void copy_file(void *ctx, const char *path, const char *name)
{
    static char data[65536];
    char to[512];
    snprintf(to, sizeof to, "%s/%s", (const char *)ctx, name);
    FILE *in = fopen(path, "rb");
    FILE *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (size_t n = fread(data, 1, sizeof data, in); n > 0; n = fread(data, 1, sizeof data, in))
        assert_int_equal(fwrite(data, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

void bench_copy(const struct bench *b, const char *to)
{
    char folder[BENCH_DIR];
    snprintf(folder, sizeof folder, "%s", to);
    each_file(b->dir, copy_file, folder);
}
