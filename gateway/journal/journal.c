/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "journal/keeper.h"

#define SPARE_NOTICES 64
#define ROW_MAX       ((size_t)1024 * 1024)
#define WINDOW_PREFIX sizeof("evidence/")

void gw_notice_clear(struct gw_notice *n)
{
    free(n->key);
    free(n->text);
    n->key = NULL;
    n->text = NULL;
}

static enum gw_status check_conf(const struct gw_journal_conf *conf, struct gw_err *err)
{
    size_t takers = 0;
    if (conf->nreaders > GW_READERS_MAX)
        return gw_err_set(err, GW_E_INVAL, "journal: more than %d readers", GW_READERS_MAX);
    for (size_t i = 0; i < conf->nreaders; i++)
        takers += conf->readers[i].records ? 1 : 0;
    if (takers > 1)
        return gw_err_set(err, GW_E_INVAL, "journal: more than one reader wants records");
    if (conf->records_bytes < GW_JOURNAL_MIN || conf->telemetry_bytes < GW_JOURNAL_MIN)
        return gw_err_set(err, GW_E_INVAL, "journal: a quota is smaller than %lld KiB",
                          (long long)(GW_JOURNAL_MIN / 1024));
    if (conf->dir == NULL || conf->dir[0] == '\0' || conf->post_capacity == 0 ||
        conf->sealer.seal == NULL || conf->clock == NULL)
        return gw_err_set(err, GW_E_INVAL, "journal: folder, capacity, sealer or clock is missing");
    return GW_OK;
}

static void drain(struct gw_journal *j)
{
    struct gw_post *post;
    struct gw_row *row;
    struct gw_notice notice;
    struct gw_parcel parcel;
    while (j->posts != NULL && gw_mailbox_get(j->posts, &post))
        free(post);
    while (j->rows != NULL && gw_mailbox_get(j->rows, &row))
        gw_pool_give(j->pool, row, row->cap);
    while (j->notices != NULL && gw_mailbox_get(j->notices, &notice))
        gw_notice_clear(&notice);
    for (size_t i = 0; i < GW_READERS_MAX; i++)
        while (j->ports[i].parcels != NULL && gw_mailbox_get(j->ports[i].parcels, &parcel))
            gw_parcel_clear(&parcel);
}

static void journal_free(struct gw_journal *j)
{
    drain(j);
    gw_mailbox_free(j->posts);
    gw_mailbox_free(j->rows);
    gw_mailbox_free(j->notices);
    gw_mailbox_free(j->receipts);
    gw_mailbox_free(j->resends);
    for (size_t i = 0; i < GW_READERS_MAX; i++) {
        gw_mailbox_free(j->ports[i].parcels);
        free(j->ports[i].acks.at);
    }
    gw_pool_free(j->pool);
    if (j->wake_fd >= 0)
        close(j->wake_fd);
    gw_pulse_end(j->pulse);
    gw_buf_free(&j->page.page);
    pthread_cond_destroy(&j->page.done);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

static enum gw_status make_mailboxes(struct gw_journal *j, struct gw_err *err)
{
    /* Those waiting to be committed, and those committed but not drained yet. */
    size_t notices = 2 * j->conf.post_capacity + GW_BATCH_POSTS + j->conf.state_rows;
    notices += SPARE_NOTICES + GW_RESENDS_MAX;
    enum gw_status status =
        gw_mailbox_new(sizeof(struct gw_post *), j->conf.post_capacity, &j->posts, err);
    if (status == GW_OK)
        status = gw_mailbox_new(sizeof(struct gw_row *), GW_ROWS_CAPACITY, &j->rows, err);
    if (status == GW_OK)
        status = gw_mailbox_new(sizeof(struct gw_notice), notices, &j->notices, err);
    if (status == GW_OK)
        status = gw_mailbox_new(sizeof(struct gw_receipt), GW_RECEIPTS_CAPACITY, &j->receipts, err);
    if (status == GW_OK)
        status = gw_mailbox_new(sizeof(struct gw_resend), GW_RESENDS_MAX, &j->resends, err);
    for (size_t i = 0; i < j->conf.nreaders && status == GW_OK; i++)
        status = gw_mailbox_new(sizeof(struct gw_parcel), GW_PARCELS_CAPACITY, &j->ports[i].parcels,
                                err);
    return status;
}

static bool make_lock(struct gw_journal *j)
{
    pthread_condattr_t attr;
    if (pthread_mutex_init(&j->lock, NULL) != 0)
        return false;
    bool ok = pthread_condattr_init(&attr) == 0;
    if (ok) {
        ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
             pthread_cond_init(&j->page.done, &attr) == 0;
        pthread_condattr_destroy(&attr);
    }
    if (!ok)
        pthread_mutex_destroy(&j->lock);
    return ok;
}

enum gw_status gw_journal_start(const struct gw_journal_conf *conf, struct gw_journal **out,
                                struct gw_err *err)
{
    enum gw_status status = check_conf(conf, err);
    if (status != GW_OK)
        return status;
    struct gw_journal *j = calloc(1, sizeof *j);
    if (j == NULL || !make_lock(j)) {
        free(j);
        return gw_err_set(err, GW_E_NOMEM, "journal: out of memory");
    }
    j->conf = *conf;
    j->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (j->wake_fd < 0)
        status = gw_err_set(err, GW_E_IO, "journal: cannot make an event descriptor: %s",
                            strerror(errno));
    if (status == GW_OK && gw_pool_new(GW_ROWS_SPARE, GW_ROWS_SPARE_BYTES, &j->pool) != GW_OK)
        status = gw_err_set(err, GW_E_NOMEM, "journal: out of memory");
    if (status == GW_OK)
        status = make_mailboxes(j, err);
    j->pulse = gw_pulse_begin(conf->pulses, "journal");
    if (status == GW_OK)
        status = gw_worker_start("journal", gw_keeper_run, j, &j->worker, err);
    if (status != GW_OK) {
        journal_free(j);
        return status;
    }
    *out = j;
    return GW_OK;
}

bool gw_journal_stop(struct gw_journal *j, int64_t timeout_ms)
{
    pthread_mutex_lock(&j->lock);
    j->stop = true;
    pthread_mutex_unlock(&j->lock);
    gw_keeper_wake(j);
    if (!gw_worker_join(j->worker, timeout_ms))
        return false;
    journal_free(j);
    return true;
}

static bool is_draft(const struct gw_draft *d)
{
    bool record = d->cls > GW_CLASS_NONE && d->cls < GW_CLASS_COUNT;
    if (!record && (d->cls != GW_CLASS_NONE || d->state_key == NULL))
        return false;
    if (record && (d->body == NULL || d->body_len == 0))
        return false;
    if (d->window_id == NULL)
        return true;
    return d->cls == GW_CLASS_EVIDENCE && d->window != NULL &&
           strlen(d->window_id) + WINDOW_PREFIX <= GW_PARCEL_TOPIC;
}

/* Copies n bytes and a NUL to *at, and moves it on. NULL stays NULL. */
static const char *put(char **at, const char *from, size_t n)
{
    if (from == NULL)
        return NULL;
    char *to = *at;
    memcpy(to, from, n);
    to[n] = '\0';
    *at += n + 1;
    return to;
}

static size_t length(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

static struct gw_post *copy_draft(const struct gw_draft *d)
{
    bool record = d->cls != GW_CLASS_NONE;
    size_t body = record ? d->body_len : 0;
    size_t key = length(d->state_key);
    size_t state = length(d->state);
    size_t id = length(d->window_id);
    size_t window = d->window_id != NULL ? d->window_len : 0;
    size_t bytes = body + key + state + id + window + 5;
    struct gw_post *post = malloc(sizeof *post + bytes);
    if (post == NULL)
        return NULL;
    char *at = post->text;
    *post = (struct gw_post){.draft = *d, .bytes = bytes};
    post->draft.body = record ? put(&at, d->body, body) : NULL;
    post->draft.body_len = body;
    post->draft.state_key = put(&at, d->state_key, key);
    post->draft.state = put(&at, d->state, state);
    post->draft.window_id = put(&at, d->window_id, id);
    post->draft.window = d->window_id != NULL ? put(&at, d->window, window) : NULL;
    post->draft.window_len = window;
    return post;
}

enum gw_status gw_journal_post(struct gw_journal *j, const struct gw_draft *draft)
{
    if (!is_draft(draft))
        return GW_E_INVAL;
    struct gw_post *post = copy_draft(draft);
    if (post == NULL)
        return GW_E_NOMEM;
    enum gw_status status = gw_mailbox_put(j->posts, &post);
    if (status != GW_OK)
        free(post);
    return status;
}

size_t gw_journal_room(struct gw_journal *j)
{
    return gw_mailbox_room(j->posts);
}

static bool is_wanted(const struct gw_journal *j, enum gw_parcel_kind kind)
{
    for (size_t i = 0; i < j->conf.nreaders; i++)
        if (kind == GW_PARCEL_TELEMETRY ? j->conf.readers[i].telemetry : j->conf.readers[i].records)
            return true;
    return false;
}

static void count_refused(struct gw_journal *j, enum gw_parcel_kind kind, int64_t t_ms)
{
    pthread_mutex_lock(&j->lock);
    struct gw_refused *refused = &j->refused[kind == GW_PARCEL_TELEMETRY ? 0 : 1];
    if (refused->count == 0 || t_ms < refused->from_ms)
        refused->from_ms = t_ms;
    if (refused->count == 0 || t_ms > refused->to_ms)
        refused->to_ms = t_ms;
    refused->count++;
    j->refused_rows++;
    pthread_mutex_unlock(&j->lock);
    gw_keeper_wake(j);
}

/* Takes len bytes of the mailbox's share of memory. */
static bool reserve(struct gw_journal *j, size_t len)
{
    pthread_mutex_lock(&j->lock);
    bool fits = j->row_bytes + len <= GW_ROWS_BYTES;
    if (fits)
        j->row_bytes += len;
    pthread_mutex_unlock(&j->lock);
    return fits;
}

static void release(struct gw_journal *j, size_t len)
{
    pthread_mutex_lock(&j->lock);
    j->row_bytes -= len;
    pthread_mutex_unlock(&j->lock);
}

enum gw_status gw_journal_row(struct gw_journal *j, enum gw_parcel_kind kind, const char *topic,
                              const char *data, size_t len)
{
    size_t topic_len = strlen(topic);
    if ((kind != GW_PARCEL_TELEMETRY && kind != GW_PARCEL_EVENT) || topic_len == 0 ||
        topic_len >= GW_PARCEL_TOPIC)
        return GW_E_INVAL;
    if (!is_wanted(j, kind))
        return GW_OK;
    int64_t now_ms = gw_clock_now(j->conf.clock).wall_ms;
    if (len > ROW_MAX || (int64_t)len > j->conf.telemetry_bytes / 4) {
        count_refused(j, kind, now_ms);
        return GW_E_RANGE;
    }
    enum gw_status status = GW_E_NOMEM;
    size_t cap;
    struct gw_row *row = gw_pool_take(j->pool, sizeof *row + len, &cap);
    if (row != NULL) {
        *row = (struct gw_row){.cap = cap, .kind = kind, .t_ms = now_ms, .len = len};
        memcpy(row->topic, topic, topic_len + 1);
        memcpy(row->data, data, len);
        status = reserve(j, len) ? GW_OK : GW_E_FULL;
        if (status == GW_OK) {
            status = gw_mailbox_put(j->rows, &row);
            if (status != GW_OK)
                release(j, len);
        }
    }
    if (status != GW_OK) {
        gw_pool_give(j->pool, row, cap);
        count_refused(j, kind, now_ms);
    }
    return status;
}

struct gw_mailbox *gw_journal_notices(struct gw_journal *j)
{
    return j->notices;
}

void gw_journal_grant(struct gw_journal *j, unsigned reader, unsigned n)
{
    assert(reader < j->conf.nreaders);
    pthread_mutex_lock(&j->lock);
    struct gw_port *port = &j->ports[reader];
    const bool waited = port->grants == 0; /* otherwise nothing waits for a grant */
    port->grants = n < UINT_MAX - port->grants ? port->grants + n : UINT_MAX;
    pthread_mutex_unlock(&j->lock);
    if (waited)
        gw_keeper_wake(j);
}

void gw_journal_ack(struct gw_journal *j, unsigned reader, enum gw_parcel_kind kind, int64_t key)
{
    assert(reader < j->conf.nreaders);
    pthread_mutex_lock(&j->lock);
    struct gw_port *port = &j->ports[reader];
    if (!gw_acks_push(&port->acks, (struct gw_ack){kind, key}))
        port->acks_lost = true;
    /* That of a row is early enough when the next row comes, or before it would be written. */
    const bool urgent =
        (kind != GW_PARCEL_TELEMETRY && kind != GW_PARCEL_EVENT) || port->acks.n >= GW_ACKS_MAX / 8;
    pthread_mutex_unlock(&j->lock);
    if (urgent)
        gw_keeper_wake(j);
}

void gw_journal_live(struct gw_journal *j, unsigned reader)
{
    assert(reader < j->conf.nreaders);
    pthread_mutex_lock(&j->lock);
    j->ports[reader].lives++;
    pthread_mutex_unlock(&j->lock);
    gw_keeper_wake(j);
}

void gw_journal_rewind(struct gw_journal *j, unsigned reader)
{
    assert(reader < j->conf.nreaders);
    pthread_mutex_lock(&j->lock);
    j->ports[reader].rewinds++;
    j->ports[reader].grants = 0;
    pthread_mutex_unlock(&j->lock);
    gw_keeper_wake(j);
}

static bool is_hex(const char *text, size_t n)
{
    return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

enum gw_status gw_journal_receipt(struct gw_journal *j, const char *chain, int64_t seq,
                                  const char *hash)
{
    struct gw_receipt receipt = {.seq = seq};
    if (seq < 1 || !is_hex(chain, sizeof receipt.chain - 1) ||
        !is_hex(hash, sizeof receipt.hash - 1))
        return GW_E_INVAL;
    memcpy(receipt.chain, chain, sizeof receipt.chain);
    memcpy(receipt.hash, hash, sizeof receipt.hash);
    return gw_mailbox_put(j->receipts, &receipt);
}

struct gw_mailbox *gw_journal_parcels(struct gw_journal *j, unsigned reader)
{
    assert(reader < j->conf.nreaders);
    return j->ports[reader].parcels;
}

bool gw_journal_tight(struct gw_journal *j)
{
    pthread_mutex_lock(&j->lock);
    const bool tight = j->stats.tight;
    pthread_mutex_unlock(&j->lock);
    return tight;
}

void gw_journal_stats(struct gw_journal *j, struct gw_journal_stats *out)
{
    pthread_mutex_lock(&j->lock);
    *out = j->stats;
    int64_t oldest_ms = j->oldest_ms;
    pthread_mutex_unlock(&j->lock);
    int64_t age_ms = gw_clock_now(j->conf.clock).wall_ms - oldest_ms;
    out->oldest_waiting_ms = oldest_ms != 0 && age_ms > 0 ? age_ms : 0;
}
