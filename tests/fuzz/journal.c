/* SPDX-License-Identifier: Apache-2.0
 *
 * A journal that finds its files as somebody else left them. The files are those of a journal that was
 * killed; the input is what was done to them: six bytes each, file, deed, place (24 bits) and value.
 * After a first byte of 255 and the file's number, the rest is the whole of that file. The journal must
 * open or say that it cannot, and hand out only what it was given or has chained itself.
 */
#include "journal/journal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "fuzz/scratch.h"
#include "journal/export_file.h"

enum { FILES = 4, RECORDS = 12, ROWS = 6, PATCH = 6, WHOLE = 255, WAIT_MS = 30000 };

static const char *const names[FILES] = {"records.db", "records.db-wal", "telemetry.db",
                                         "telemetry.db-wal"};

struct image {
    unsigned char *bytes;
    size_t n;
};

struct stage {
    struct gw_clock clock;
    struct gw_reader_conf reader;
    struct gw_journal_conf conf;
    struct image left[FILES]; /* as the kill left them */
};

static enum gw_status seal(void *ctx, const char *chain, int64_t seq, const char *prev,
                           const char *body, size_t body_len, struct gw_buf *wire,
                           char hash[GW_SHA256_HEX])
{
    (void)ctx;
    gw_buf_printf(wire, "%s|%lld|%s|", chain, (long long)seq, prev);
    gw_buf_put(wire, body, body_len);
    return wire->failed ? GW_E_FULL : gw_sha256_hex(wire->data, wire->len, hash);
}

/* Waits for OPEN; false: it failed, or ends. */
static bool is_open(struct gw_journal *j)
{
    struct gw_notice n;
    for (;;) {
        FUZZ_HOLDS(gw_mailbox_wait(gw_journal_notices(j), &n, WAIT_MS));
        const enum gw_notice_kind kind = n.kind;
        gw_notice_clear(&n);
        if (kind == GW_NOTICE_OPEN)
            return true;
        if (kind == GW_NOTICE_FAILED || kind == GW_NOTICE_FATAL)
            return false;
    }
}

static void keep_file(struct image *im, const char *name)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/%s", scratch_dir(), name);
    FILE *f = fopen(path, "rb");
    FUZZ_HOLDS(f != NULL && fseek(f, 0, SEEK_END) == 0);
    im->n = (size_t)ftell(f);
    im->bytes = malloc(im->n + 1);
    rewind(f);
    FUZZ_HOLDS(im->bytes != NULL && fread(im->bytes, 1, im->n, f) == im->n && fclose(f) == 0);
}

static void post(struct gw_journal *j, int i)
{
    char body[64], key[16], window[200];
    const bool evidence = i % 4 == 0;
    (void)snprintf(body, sizeof body, "{\"n\":%d}", i);
    (void)snprintf(key, sizeof key, "case/%d", i % 5);
    memset(window, 'w', sizeof window);
    const struct gw_draft d = {.cls = evidence ? GW_CLASS_EVIDENCE : GW_CLASS_LEAD,
                               .priority = 2,
                               .body = body,
                               .body_len = strlen(body),
                               .state_key = key,
                               .state = body,
                               .token = (uint64_t)i,
                               .window_id = evidence ? key : NULL,
                               .window = evidence ? window : NULL,
                               .window_len = evidence ? sizeof window : 0};
    struct gw_notice n;
    FUZZ_HOLDS(gw_journal_post(j, &d) == GW_OK);
    do {
        FUZZ_HOLDS(gw_mailbox_wait(gw_journal_notices(j), &n, WAIT_MS));
        gw_notice_clear(&n);
    } while (n.kind != GW_NOTICE_COMMITTED);
}

static void set_up(struct stage *d)
{
    struct gw_err err = {0};
    struct gw_journal *j = NULL;
    struct gw_journal_stats stats = {.telemetry_waiting = 0};
    d->clock = gw_clock_system();
    d->reader = (struct gw_reader_conf){"mqtt", true, true, false};
    d->conf = (struct gw_journal_conf){.dir = scratch_dir(),
                                       .records_bytes = GW_JOURNAL_MIN,
                                       .telemetry_bytes = GW_JOURNAL_MIN,
                                       .sealer = {.seal = seal},
                                       .clock = &d->clock,
                                       .readers = &d->reader,
                                       .nreaders = 1,
                                       .post_capacity = 16,
                                       .state_rows = 8,
                                       .gateway = "g1"};
    FUZZ_HOLDS(gw_journal_start(&d->conf, &j, &err) == GW_OK);
    FUZZ_HOLDS(is_open(j));
    for (int i = 1; i <= RECORDS; i++)
        post(j, i);
    for (int i = 0; i < ROWS; i++)
        FUZZ_HOLDS(gw_journal_row(j, GW_PARCEL_TELEMETRY, "telemetry", "{\"v\":1}", 7) == GW_OK);
    while (stats.telemetry_waiting < ROWS) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        gw_journal_stats(j, &stats);
    }
    for (size_t i = 0; i < FILES; i++)
        keep_file(&d->left[i], names[i]);
    FUZZ_HOLDS(gw_journal_stop(j, WAIT_MS));
}

static void clean(void)
{
    char path[600];
    DIR *dir = opendir(scratch_dir());
    FUZZ_HOLDS(dir != NULL);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        (void)snprintf(path, sizeof path, "%s/%s", scratch_dir(), e->d_name);
        if (e->d_name[0] != '.')
            (void)unlink(path);
    }
    (void)closedir(dir);
}

static void spoil(struct image *im, const uint8_t *patch)
{
    const size_t place = (size_t)patch[2] << 16 | (size_t)patch[3] << 8 | patch[4];
    if (im->n == 0)
        return;
    /* The first pages are those that matter; the rest is mostly reserve. */
    const size_t at = patch[1] & 0x80 ? place % im->n : place % (im->n < 65536 ? im->n : 65536);
    switch (patch[1] & 3) {
    case 0:
        im->bytes[at] = patch[5];
        break;
    case 1:
        im->bytes[at] = (unsigned char)(im->bytes[at] ^ (1U << (patch[5] & 7)));
        break;
    case 2:
        im->n = at;
        break;
    default:
        for (size_t i = at; i < im->n && i < at + patch[5]; i++)
            im->bytes[i] = (unsigned char)(i * 7);
        break;
    }
}

static void write_files(const struct stage *d, const uint8_t *data, size_t size)
{
    clean();
    for (size_t f = 0; f < FILES; f++) {
        struct image im = {malloc(d->left[f].n + 1), d->left[f].n};
        FUZZ_HOLDS(im.bytes != NULL);
        memcpy(im.bytes, d->left[f].bytes, im.n);
        const bool whole = size >= 2 && data[0] == WHOLE;
        for (size_t i = 0; !whole && i + PATCH <= size; i += PATCH)
            if (data[i] % FILES == f)
                spoil(&im, data + i);
        if (whole && data[1] % FILES == f)
            (void)scratch_write(names[f], data + 2, size - 2);
        else
            (void)scratch_write(names[f], im.bytes, im.n);
        free(im.bytes);
    }
}

static bool counted(void *ctx, const char *wire, size_t len)
{
    FUZZ_HOLDS(wire != NULL && len > 0);
    ++*(size_t *)ctx;
    return true;
}

static void judge(const struct stage *d)
{
    struct gw_err err = {0};
    struct gw_journal *j = NULL;
    struct gw_parcel p;
    struct gw_journal_stats stats;
    char path[300];
    uint64_t damaged = 0;
    size_t written = 0;
    (void)snprintf(path, sizeof path, "%s/records.db", scratch_dir());
    FUZZ_HOLDS(gw_journal_start(&d->conf, &j, &err) == GW_OK);
    if (is_open(j)) {
        post(j, RECORDS + 1);
        gw_journal_grant(j, 0, 100);
        while (gw_mailbox_wait(gw_journal_parcels(j, 0), &p, 20)) {
            FUZZ_HOLDS(p.data != NULL && p.len > 0);
            free(p.data);
        }
        gw_journal_stats(j, &stats);
        /* Damage that shows while records are handed out makes it start a file anew. */
        FUZZ_HOLDS(!stats.open || strlen(stats.chain) == 16);
    }
    FUZZ_HOLDS(gw_journal_stop(j, WAIT_MS));
    const enum gw_status st = gw_export_file(path, counted, &written, &damaged, &err);
    FUZZ_HOLDS(st != GW_OK || written > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stage d;
    if (!d.left[0].bytes)
        set_up(&d);
    write_files(&d, data, size);
    judge(&d);
    return 0;
}
