/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "journal/keeper.h"

#define PAGE_BYTES   ((size_t)256 * 1024)
#define PAGE_RECORDS 256

static enum gw_status write_page(struct gw_keeper *k, int64_t from, struct gw_buf *out,
                                 struct gw_err *err)
{
    enum gw_status status = GW_OK;
    if (k->records == NULL)
        return gw_err_set(err, GW_E_CLOSED, "the journal is not open");
    /* Damaged ones are left out, which shows as a gap; a page of nothing else would be the end. */
    for (int n = 0; status == GW_OK && (n < PAGE_RECORDS || out->len == 0); n++) {
        int64_t seq = 0;
        if (out->len >= PAGE_BYTES)
            break;
        status = gw_records_read(k->records, from, &seq, out, err);
        if (status != GW_OK || seq == 0)
            break;
        from = seq + 1;
    }
    return status;
}

static enum gw_status write_window(struct gw_keeper *k, const char *record, struct gw_buf *out,
                                   enum gw_window_found *found, struct gw_err *err)
{
    struct gw_kept_window w;
    *found = GW_WINDOW_NONE;
    if (k->records == NULL)
        return gw_err_set(err, GW_E_CLOSED, "the journal is not open");
    enum gw_status status = gw_records_window(k->records, record, &w, err);
    if (status != GW_OK || w.seq == 0)
        return status;
    if (w.kept)
        status = gw_records_window_text(k->records, w.seq, out, err);
    *found = out->len > 0 ? GW_WINDOW_QUEUED : GW_WINDOW_GONE;
    return status;
}

void gw_export_serve(struct gw_keeper *k)
{
    struct gw_journal *j = k->j;
    struct gw_export *x = &j->page;
    struct gw_buf page;
    struct gw_err err = {0};

    pthread_mutex_lock(&j->lock);
    bool asked = x->state == GW_EXPORT_ASKED;
    char record[GW_RECORD_ID_SIZE];
    memcpy(record, x->record, sizeof record);
    int64_t from = x->from;
    pthread_mutex_unlock(&j->lock);
    if (!asked)
        return;
    enum gw_window_found found = GW_WINDOW_NONE;
    bool window = record[0] != '\0';
    gw_buf_init(&page, window ? GW_EXPORT_WINDOW_MAX : GW_EXPORT_PAGE_MAX);
    enum gw_status status =
        window ? write_window(k, record, &page, &found, &err) : write_page(k, from, &page, &err);
    if (status != GW_OK && status != GW_E_CLOSED)
        gw_chain_failed(k, &err);

    pthread_mutex_lock(&j->lock);
    gw_buf_free(&x->page);
    x->page = page;
    x->found = found;
    x->status = status;
    x->err = err;
    x->state = GW_EXPORT_DONE;
    pthread_cond_signal(&x->done);
    pthread_mutex_unlock(&j->lock);
}

/* Under the lock. */
static enum gw_status await(struct gw_journal *j, int64_t timeout_ms, struct gw_err *err)
{
    struct timespec end;
    int code = 0;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(timeout_ms / 1000);
    end.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (end.tv_nsec >= 1000000000L) {
        end.tv_nsec -= 1000000000L;
        end.tv_sec++;
    }
    while (j->page.state != GW_EXPORT_DONE && code == 0)
        code = pthread_cond_timedwait(&j->page.done, &j->lock, &end);
    if (j->page.state != GW_EXPORT_DONE)
        return gw_err_set(err, GW_E_TIMEOUT, "the journal does not answer");
    return GW_OK;
}

static enum gw_status ask(struct gw_journal *j, const char *record, int64_t from,
                          int64_t timeout_ms, struct gw_buf *out, struct gw_err *err)
{
    struct gw_export *x = &j->page;
    pthread_mutex_lock(&j->lock);
    enum gw_status status = GW_OK;
    /* An earlier caller has given up on it, and it is still to come. */
    if (x->state == GW_EXPORT_ASKED)
        status = gw_err_set(err, GW_E_TIMEOUT, "the journal does not answer");
    if (status == GW_OK) {
        x->from = from;
        memcpy(x->record, record, strlen(record) + 1);
        x->state = GW_EXPORT_ASKED;
        gw_keeper_wake(j);
        status = await(j, timeout_ms, err);
    }
    if (status == GW_OK) {
        status = x->status;
        if (status == GW_OK)
            gw_buf_put(out, x->page.data, x->page.len);
        else if (err != NULL)
            *err = x->err;
        gw_buf_free(&x->page);
        x->state = GW_EXPORT_IDLE;
    }
    pthread_mutex_unlock(&j->lock);
    return status == GW_OK && out->failed ? gw_err_set(err, GW_E_NOMEM, "out of memory") : status;
}

enum gw_status gw_journal_export(struct gw_journal *j, int64_t from, int64_t timeout_ms,
                                 struct gw_buf *out, struct gw_err *err)
{
    return ask(j, "", from, timeout_ms, out, err);
}

enum gw_status gw_journal_window(struct gw_journal *j, const char *record, int64_t timeout_ms,
                                 struct gw_buf *out, struct gw_err *err)
{
    if (record[0] == '\0' || strlen(record) >= GW_RECORD_ID_SIZE)
        return gw_err_set(err, GW_E_INVAL, "that is no record id");
    enum gw_status status = ask(j, record, 0, timeout_ms, out, err);
    if (status == GW_OK && j->page.found != GW_WINDOW_QUEUED)
        return j->page.found == GW_WINDOW_GONE
                   ? gw_err_set(err, GW_E_RANGE, "its window is no longer kept")
                   : gw_err_set(err, GW_E_NOTFOUND, "it has no window");
    return status;
}
