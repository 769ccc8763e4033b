/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/keeper.h"

#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "journal/db.h"

#define RETRY_FIRST_MS 1000
#define RETRY_CAP_MS   30000
#define RETRY_JITTER   10
#define STEADY_MS      60000
#define ROOM_WAIT_MS   10
#define BLOCKED_MS     100
#define ROWS_ACKED_MS  1000 /* rows that are out: nobody wakes the thread for their acks */
#define ASIDES_AT_ONCE 3
#define ASIDE_PAUSE_MS 3600000
#define OPEN_MS        600000 /* a large journal after a power cut, on a slow card */

void gw_keeper_wake(struct gw_journal *j)
{
    uint64_t one = 1;
    ssize_t n = write(j->wake_fd, &one, sizeof one);
    (void)n; /* an event descriptor at its limit is readable, which is all that is wanted */
}

bool gw_acks_push(struct gw_acks *acks, struct gw_ack ack)
{
    if (acks->n == acks->cap) {
        size_t cap = acks->cap == 0 ? 64 : acks->cap * 2;
        struct gw_ack *at = cap > GW_ACKS_MAX ? NULL : realloc(acks->at, cap * sizeof *at);
        if (at == NULL)
            return false;
        acks->at = at;
        acks->cap = cap;
    }
    acks->at[acks->n++] = ack;
    return true;
}

int64_t gw_keeper_now(const struct gw_keeper *k)
{
    return gw_clock_mono_ms(k->j->conf.clock);
}

static bool is_stopping(struct gw_journal *j)
{
    pthread_mutex_lock(&j->lock);
    bool stop = j->stop;
    pthread_mutex_unlock(&j->lock);
    return stop;
}

void gw_keeper_notify(struct gw_keeper *k, struct gw_notice notice, const char *key,
                      const char *text)
{
    static const struct timespec pause = {.tv_nsec = ROOM_WAIT_MS * 1000000L};
    notice.key = key != NULL ? strdup(key) : NULL;
    notice.text = text != NULL ? strdup(text) : NULL;
    enum gw_status status = gw_mailbox_put(k->j->notices, &notice);
    /* Happens only when the core does not drain; then nothing else is worth doing. */
    while (status == GW_E_FULL && !is_stopping(k->j)) {
        nanosleep(&pause, NULL);
        status = gw_mailbox_put(k->j->notices, &notice);
    }
    if (status != GW_OK)
        gw_notice_clear(&notice);
}

void gw_keeper_event(struct gw_keeper *k, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(text, sizeof text, fmt, ap);
    va_end(ap);
    gw_keeper_notify(k, (struct gw_notice){.kind = GW_NOTICE_EVENT}, NULL, text);
}

void gw_keeper_failed(struct gw_keeper *k, struct gw_trouble *t, const struct gw_err *err)
{
    if (k->fatal)
        return;
    if (err->status == GW_E_CLOSED) {
        k->fatal = true;
        gw_keeper_notify(k, (struct gw_notice){.kind = GW_NOTICE_FATAL}, NULL, err->msg);
        return;
    }
    int64_t now_ms = gw_keeper_now(k);
    if (!t->failing)
        t->since_ms = now_ms;
    /* What fails again soon after has not recovered. */
    if (!t->failing && now_ms - t->fine_ms >= STEADY_MS)
        gw_backoff_reset(&t->backoff);
    bool told = t->failing && strcmp(t->told, err->msg) == 0;
    t->failing = true;
    t->status = err->status;
    t->retry_ms = now_ms + gw_backoff_next(&t->backoff);
    if (told)
        return;
    snprintf(t->told, sizeof t->told, "%s", err->msg);
    enum gw_notice_kind kind = t->vital ? GW_NOTICE_FAILED : GW_NOTICE_EVENT;
    gw_keeper_notify(k, (struct gw_notice){.kind = kind}, NULL, err->msg);
}

void gw_keeper_fine(struct gw_keeper *k, struct gw_trouble *t)
{
    if (!t->failing)
        return;
    t->failing = false;
    t->fine_ms = gw_keeper_now(k);
    char text[96];
    snprintf(text, sizeof text, "%s: works again after %lld s", t->name,
             (long long)((gw_keeper_now(k) - t->since_ms) / 1000));
    enum gw_notice_kind kind = t->vital ? GW_NOTICE_FINE : GW_NOTICE_EVENT;
    gw_keeper_notify(k, (struct gw_notice){.kind = kind}, NULL, text);
}

bool gw_keeper_may_try(const struct gw_keeper *k, const struct gw_trouble *t)
{
    return !k->fatal && (!t->failing || k->stopping || gw_keeper_now(k) >= t->retry_ms);
}

enum gw_status gw_keeper_aside(struct gw_keeper *k, struct gw_trouble *t, const char *path,
                               char *name, size_t size, struct gw_err *err)
{
    char full[4096];
    struct gw_stamp now = gw_clock_now(k->j->conf.clock);
    if (t->asides >= ASIDES_AT_ONCE && now.mono_ms - t->aside_ms < ASIDE_PAUSE_MS)
        return gw_err_set(err, GW_E_IO,
                          "%s: damaged %u times since the start: is the disk worn out?", t->name,
                          t->asides + 1);
    enum gw_status status = gw_db_set_aside(path, now.wall_ms, full, sizeof full, err);
    if (status != GW_OK)
        return status;
    t->asides++;
    t->aside_ms = now.mono_ms;
    const char *slash = strrchr(full, '/');
    snprintf(name, size, "%s", slash != NULL ? slash + 1 : full);
    return GW_OK;
}

void gw_keeper_timed(struct gw_keeper *k, int64_t start_ms)
{
    int64_t took_ms = gw_keeper_now(k) - start_ms;
    k->commits++;
    if (took_ms > k->commit_max_ms)
        k->commit_max_ms = took_ms;
}

/* After the chain was replaced while running, acks of the old one still come in: their numbers must
 * not be taken for those of new records that nobody has seen. */
static bool is_of_this_chain(const struct gw_keeper *k, unsigned reader, struct gw_ack ack)
{
    return k->j->conf.readers[reader].records &&
           (!k->another || gw_handout_was_out(k, ack.kind, ack.key));
}

/* false: it could not be kept. */
static bool take_ack(struct gw_keeper *k, unsigned reader, struct gw_ack ack)
{
    if (!k->j->conf.readers[reader].receipts)
        return gw_acks_push(&k->acks, ack);
    gw_receipts_sent(k, ack.kind, ack.key);
    return ack.kind != GW_PARCEL_WINDOW || gw_acks_push(&k->acks, ack);
}

/* What one reader has left. */
static void take_port(struct gw_keeper *k, unsigned reader)
{
    struct gw_journal *j = k->j;
    struct gw_port *port = &j->ports[reader];
    struct gw_acks acks = {0};

    pthread_mutex_lock(&j->lock);
    uint64_t rewinds = port->rewinds;
    uint64_t lives = port->lives;
    bool lost = port->acks_lost;
    if (k->acks.n < GW_ACKS_MAX / 2) {
        acks = port->acks;
        port->acks = k->spare;
        k->spare = (struct gw_acks){0};
        port->acks_lost = false;
    } else {
        lost = false;
    }
    pthread_mutex_unlock(&j->lock);

    for (size_t i = 0; i < acks.n; i++) {
        struct gw_ack ack = acks.at[i];
        if (ack.kind == GW_PARCEL_EVENT || ack.kind == GW_PARCEL_TELEMETRY)
            gw_rows_ack(k->rows, reader, ack.kind, ack.key);
        else if (is_of_this_chain(k, reader, ack) && !take_ack(k, reader, ack))
            lost = true;
    }
    if (acks.at != NULL) {
        free(k->spare.at);
        k->spare = (struct gw_acks){.at = acks.at, .cap = acks.cap};
    }
    /* What lies between was handed out before the call, so acks come first. */
    if (lost || rewinds != k->rewinds[reader])
        gw_handout_rewind(k, reader);
    k->rewinds[reader] = rewinds;
    if (lives != k->lives[reader])
        gw_handout_live(k, reader);
    k->lives[reader] = lives;
}

static void take_refused(struct gw_keeper *k)
{
    static const enum gw_parcel_kind kinds[] = {GW_PARCEL_TELEMETRY, GW_PARCEL_EVENT};
    struct gw_journal *j = k->j;
    struct gw_refused refused[2];

    pthread_mutex_lock(&j->lock);
    memcpy(refused, j->refused, sizeof refused);
    memset(j->refused, 0, sizeof j->refused);
    pthread_mutex_unlock(&j->lock);
    for (size_t i = 0; i < 2; i++) {
        struct gw_loss loss = {.kind = kinds[i],
                               .why = GW_LOSS_REFUSED,
                               .count = refused[i].count,
                               .from_ms = refused[i].from_ms,
                               .to_ms = refused[i].to_ms};
        if (loss.count > 0)
            gw_losses_add(gw_rows_losses(k->rows), &loss, gw_keeper_now(k));
    }
}

static void tell_stats(struct gw_keeper *k)
{
    struct gw_journal *j = k->j;
    pthread_mutex_lock(&j->lock);
    struct gw_journal_stats *s = &j->stats;
    s->open = k->records != NULL;
    memcpy(s->chain, k->known.chain, sizeof s->chain);
    memcpy(s->head, k->known.hash, sizeof s->head);
    s->seq = k->known.seq;
    if (k->records != NULL) {
        int64_t oldest = 0;
        gw_records_oldest(k->records, &oldest, &j->oldest_ms);
        if (oldest == 0)
            j->oldest_ms = 0;
        s->records_waiting = gw_records_waiting(k->records);
    }
    s->receipts = k->receipted;
    s->receipts_refused = k->receipts_refused;
    s->unreceipted = gw_again_count(&k->sent[0]);
    s->tight = k->tight;
    s->telemetry_waiting = gw_rows_waiting(k->rows);
    s->telemetry_lost = j->refused_rows + gw_rows_gone(k->rows);
    s->commits = k->commits;
    s->commit_max_ms = k->commit_max_ms;
    pthread_mutex_unlock(&j->lock);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The next moment at which something is due without being asked for. */
static int64_t next_due(const struct gw_keeper *k, int64_t now_ms)
{
    int64_t due_ms = INT64_MAX;
    if (k->fatal)
        return due_ms;
    if (k->records_trouble.failing || k->records == NULL)
        due_ms = earlier(due_ms, k->records_trouble.retry_ms);
    else
        due_ms = earlier(due_ms, k->acks.n + k->nreceipts > 0 ? now_ms : gw_chain_losses_due(k));
    if (gw_chain_ready(k))
        due_ms = earlier(due_ms, gw_prune_due(k));
    due_ms = earlier(due_ms, k->unfinished ? now_ms : k->again_due_ms);
    if (k->rows_trouble.failing || !gw_rows_is_open(k->rows))
        due_ms = earlier(due_ms, k->rows_trouble.retry_ms);
    else
        due_ms = earlier(due_ms, gw_bulk_due(k));
    if (gw_rows_waiting(k->rows) > 0)
        due_ms = earlier(due_ms, now_ms + ROWS_ACKED_MS);
    if (k->blocked)
        due_ms = earlier(due_ms, now_ms + BLOCKED_MS);
    return due_ms;
}

/* A mailbox is watched only while something can be done about what is in it. */
static void sleep_until_needed(struct gw_keeper *k)
{
    struct gw_journal *j = k->j;
    bool posts = gw_chain_ready(k) && !k->fatal;
    bool receipts = k->records != NULL && k->nreceipts < GW_RECEIPTS_AT_ONCE && !k->fatal;
    bool rows = gw_rows_room(k->rows) && !k->fatal;
    struct pollfd fds[] = {
        {.fd = j->wake_fd, .events = POLLIN},
        {.fd = posts ? gw_mailbox_fd(j->posts) : -1, .events = POLLIN},
        {.fd = rows ? gw_mailbox_fd(j->rows) : -1, .events = POLLIN},
        {.fd = receipts ? gw_mailbox_fd(j->receipts) : -1, .events = POLLIN},
        {.fd = k->fatal ? -1 : gw_mailbox_fd(j->resends), .events = POLLIN},
    };
    int64_t now_ms = gw_keeper_now(k);
    int64_t due_ms = next_due(k, now_ms);
    int wait_ms = -1;
    if (due_ms <= now_ms)
        wait_ms = 0;
    else if (due_ms != INT64_MAX)
        wait_ms = due_ms - now_ms < INT_MAX ? (int)(due_ms - now_ms) : INT_MAX;
    if (j->pulse != NULL && (wait_ms < 0 || wait_ms > GW_PULSE_MS))
        wait_ms = GW_PULSE_MS;

    if (poll(fds, sizeof fds / sizeof fds[0], wait_ms) > 0 && fds[0].revents != 0) {
        uint64_t count;
        ssize_t n = read(j->wake_fd, &count, sizeof count);
        (void)n;
    }
}

static void open_these(struct gw_keeper *k, bool rows, bool records)
{
    struct gw_err err;
    if (gw_dir_make(k->j->conf.dir, &err) != GW_OK) {
        if (rows)
            gw_keeper_failed(k, &k->rows_trouble, &err);
        if (records)
            gw_keeper_failed(k, &k->records_trouble, &err);
        return;
    }
    /* telemetry.db first, since it witnesses what records.db held. */
    if (rows)
        gw_bulk_open(k);
    if (records)
        gw_chain_open(k);
}

static void open_files(struct gw_keeper *k)
{
    bool rows = !gw_rows_is_open(k->rows) && gw_keeper_may_try(k, &k->rows_trouble);
    bool records = k->records == NULL && gw_keeper_may_try(k, &k->records_trouble);
    if (!rows && !records)
        return;
    gw_pulse_turn(k->j->pulse, OPEN_MS);
    open_these(k, rows, records);
    gw_pulse_turn(k->j->pulse, 0);
}

static void do_round(struct gw_keeper *k)
{
    gw_pulse_turn(k->j->pulse, 0);
    for (unsigned i = 0; i < k->j->conf.nreaders; i++)
        take_port(k, i);
    take_refused(k);
    if (k->fatal)
        return;
    open_files(k);
    gw_receipts_take(k);
    gw_chain_commit(k);
    gw_bulk_take(k);
    gw_bulk_commit(k);
    gw_chain_losses(k);
    if (gw_chain_ready(k) && gw_keeper_now(k) >= gw_prune_due(k))
        gw_prune(k);
    gw_resend_serve(k);
    tell_stats(k);
    gw_handout(k);
    gw_export_serve(k);

    struct gw_err err;
    if (gw_chain_ready(k) && gw_records_checkpoint(k->records, &err) != GW_OK)
        gw_chain_failed(k, &err);
    if (gw_bulk_ready(k) && gw_rows_checkpoint(k->rows, &err) != GW_OK)
        gw_bulk_failed(k, &err);
}

/* Everything that was posted is committed if that is possible now. */
static void finish(struct gw_keeper *k)
{
    size_t before = SIZE_MAX;
    k->stopping = true;
    for (;;) {
        do_round(k);
        size_t left = k->nbatch + gw_rows_fresh(k->rows) + k->acks.n + k->nreceipts;
        left += GW_RECEIPTS_CAPACITY - gw_mailbox_room(k->j->receipts);
        left += k->j->conf.post_capacity - gw_mailbox_room(k->j->posts);
        left += GW_ROWS_CAPACITY - gw_mailbox_room(k->j->rows);
        if (left == 0 || left >= before || k->fatal)
            break;
        before = left;
    }
    if (!k->fatal)
        do_round(k); /* the losses just chained leave telemetry.db */
    gw_records_close(k->records, !k->fatal && !k->records_trouble.failing);
    k->records = NULL;
    gw_rows_close(k->rows, !k->fatal && !k->rows_trouble.failing);
    tell_stats(k);
}

static char *join_path(const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s/%s", dir, name);
    return path;
}

static bool set_up(struct gw_keeper *k, struct gw_journal *j)
{
    uint64_t seed = (uint64_t)gw_clock_now(j->conf.clock).wall_ms;
    struct gw_backoff backoff = {.first_ms = RETRY_FIRST_MS,
                                 .cap_ms = RETRY_CAP_MS,
                                 .jitter_pct = RETRY_JITTER,
                                 .rand = seed};
    k->j = j;
    gw_handout_look(k);
    k->env.clock = j->conf.clock;
    k->env.gateway = j->conf.gateway;
    gw_clock_boot_id(k->env.boot);
    k->records_trouble =
        (struct gw_trouble){.name = "records.db", .vital = true, .backoff = backoff};
    k->rows_trouble = (struct gw_trouble){.name = "telemetry.db", .backoff = backoff};
    k->records_path = join_path(j->conf.dir, "records.db");
    k->rows_path = join_path(j->conf.dir, "telemetry.db");
    if (k->records_path == NULL || k->rows_path == NULL)
        return false;
    struct gw_rows_conf conf = {.path = k->rows_path,
                                .max_bytes = j->conf.telemetry_bytes,
                                .readers = j->conf.readers,
                                .nreaders = j->conf.nreaders,
                                .pool = j->pool,
                                .clock = j->conf.clock};
    return gw_rows_new(&conf, &k->rows, NULL) == GW_OK;
}

static void tear_down(struct gw_keeper *k)
{
    for (size_t i = 0; i < k->nbatch; i++)
        free(k->batch[i]);
    free(k->acks.at);
    free(k->spare.at);
    gw_receipts_forget(k);
    gw_rows_free(k->rows);
    free(k->records_path);
    free(k->rows_path);
    free(k);
}

void gw_keeper_run(void *arg)
{
    struct gw_journal *j = arg;
    struct gw_keeper *k = calloc(1, sizeof *k);
    if (k == NULL || !set_up(k, j)) {
        struct gw_keeper last = {.j = j};
        gw_keeper_notify(&last, (struct gw_notice){.kind = GW_NOTICE_FATAL}, NULL,
                         "journal: out of memory at the start");
        if (k != NULL)
            tear_down(k);
        return;
    }
    while (!is_stopping(j)) {
        do_round(k);
        sleep_until_needed(k);
    }
    finish(k);
    tear_down(k);
}
