/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/documents.h"

#include "base/backoff.h"
#include "publish/hold.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What everybody may set. */
struct text {
    char *data; /* NULL: never set, or let go */
    size_t len;
    uint64_t version; /* 0: never set */
    bool wanted;
};

/* What became of it; the worker's own. */
struct state {
    uint64_t had;    /* version that the broker has */
    uint64_t flying; /* version that is or was last in flight */
    bool in_flight;
    int64_t sent_ms;
    int mid;
    bool refused; /* and not accepted since; not to be sent before due_ms */
    int64_t due_ms;
    struct gw_backoff wait;
};

struct gw_documents {
    pthread_mutex_t mutex; /* guards texts */
    struct text texts[GW_DOC_COUNT];
    struct state states[GW_DOC_COUNT];
};

enum gw_status gw_documents_new(uint64_t seed, struct gw_documents **out)
{
    struct gw_documents *d = calloc(1, sizeof *d);
    if (d == NULL || pthread_mutex_init(&d->mutex, NULL) != 0) {
        free(d);
        return GW_E_NOMEM;
    }
    for (unsigned i = 0; i < GW_DOC_COUNT; i++)
        d->states[i].wait = (struct gw_backoff){.first_ms = GW_HOLD_FIRST_MS,
                                                .cap_ms = GW_HOLD_CAP_MS,
                                                .jitter_pct = 20,
                                                .rand = seed + i};
    *out = d;
    return GW_OK;
}

void gw_documents_free(struct gw_documents *d)
{
    if (d == NULL)
        return;
    for (int i = 0; i < GW_DOC_COUNT; i++)
        free(d->texts[i].data);
    pthread_mutex_destroy(&d->mutex);
    free(d);
}

static bool known(enum gw_document doc)
{
    return (unsigned)doc < GW_DOC_COUNT;
}

static char *copy_of(const char *data, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy != NULL) {
        memcpy(copy, data, len);
        copy[len] = '\0';
    }
    return copy;
}

enum gw_status gw_documents_set(struct gw_documents *d, enum gw_document doc, const char *data,
                                size_t len)
{
    if (!known(doc) || data == NULL || len == 0)
        return GW_E_INVAL;
    char *copy = copy_of(data, len);
    if (copy == NULL)
        return GW_E_NOMEM;

    pthread_mutex_lock(&d->mutex);
    struct text *t = &d->texts[doc];
    char *old = t->data;
    t->data = copy;
    t->len = len;
    t->version++;
    t->wanted = false;
    pthread_mutex_unlock(&d->mutex);
    free(old);
    return GW_OK;
}

bool gw_documents_ready(struct gw_documents *d)
{
    pthread_mutex_lock(&d->mutex);
    bool ready = d->texts[GW_DOC_ONLINE].version > 0 && d->texts[GW_DOC_OFFLINE].version > 0;
    pthread_mutex_unlock(&d->mutex);
    return ready;
}

unsigned gw_documents_wanted(struct gw_documents *d)
{
    unsigned wanted = 0;

    pthread_mutex_lock(&d->mutex);
    for (unsigned i = 0; i < GW_DOC_COUNT; i++)
        wanted |= d->texts[i].wanted ? 1u << i : 0;
    pthread_mutex_unlock(&d->mutex);
    return wanted;
}

/* With the version of what was copied. One that was let go is wanted from now on. */
static enum gw_status copy_text(struct gw_documents *d, enum gw_document doc, char **data,
                                size_t *len, uint64_t *version)
{
    enum gw_status status = GW_E_NOTFOUND;

    pthread_mutex_lock(&d->mutex);
    struct text *t = &d->texts[doc];
    if (t->version > 0 && t->data == NULL)
        t->wanted = true;
    if (t->data != NULL) {
        char *copy = copy_of(t->data, t->len);
        status = copy != NULL ? GW_OK : GW_E_NOMEM;
        if (copy != NULL) {
            *data = copy;
            *len = t->len;
            *version = t->version;
        }
    }
    pthread_mutex_unlock(&d->mutex);
    return status;
}

enum gw_status gw_documents_copy(struct gw_documents *d, enum gw_document doc, char **data,
                                 size_t *len)
{
    uint64_t version;
    return known(doc) ? copy_text(d, doc, data, len, &version) : GW_E_NOTFOUND;
}

const char *gw_document_topic(enum gw_document doc)
{
    static const char *const topics[GW_DOC_COUNT] = {"status", "status", "inventory", "cases",
                                                     "health"};
    return topics[doc];
}

void gw_documents_restart(struct gw_documents *d)
{
    for (int i = 0; i < GW_DOC_COUNT; i++) {
        struct state *s = &d->states[i];
        s->had = 0;
        s->in_flight = false;
        s->refused = false;
        gw_backoff_reset(&s->wait);
    }
}

static uint64_t newest(struct gw_documents *d, enum gw_document doc)
{
    pthread_mutex_lock(&d->mutex);
    uint64_t version = d->texts[doc].version;
    pthread_mutex_unlock(&d->mutex);
    return version;
}

enum gw_status gw_documents_next(struct gw_documents *d, int64_t now_ms, enum gw_document *doc,
                                 char **data, size_t *len)
{
    for (int i = 0; i < GW_DOC_COUNT; i++) {
        struct state *s = &d->states[i];
        enum gw_document candidate = (enum gw_document)i;
        if (candidate == GW_DOC_OFFLINE || s->in_flight || (s->refused && s->due_ms > now_ms))
            continue;
        const bool stale = s->had > 0 && now_ms - s->sent_ms >= GW_DOC_REPEAT_MS;
        if (newest(d, candidate) <= s->had && !stale)
            continue;
        uint64_t version = 0;
        enum gw_status status = copy_text(d, candidate, data, len, &version);
        if (status == GW_E_NOTFOUND)
            continue;
        if (status != GW_OK)
            return status;
        s->flying = version;
        *doc = candidate;
        return GW_OK;
    }
    return GW_E_NOTFOUND;
}

void gw_documents_sent(struct gw_documents *d, enum gw_document doc, int mid, int64_t now_ms)
{
    struct state *s = &d->states[doc];
    s->in_flight = true;
    s->mid = mid;
    s->sent_ms = now_ms;
    s->had = s->flying; /* unless a refusal says otherwise */
}

void gw_documents_refused(struct gw_documents *d, enum gw_document doc, int64_t now_ms)
{
    struct state *s = &d->states[doc];
    s->in_flight = false;
    s->had = 0;
    s->refused = true;
    s->due_ms = now_ms + gw_backoff_next(&s->wait);
}

/* The broker has this version of it. */
static void let_go(struct gw_documents *d, enum gw_document doc, uint64_t version)
{
    char *old = NULL;

    if (doc == GW_DOC_ONLINE || doc == GW_DOC_OFFLINE)
        return;
    pthread_mutex_lock(&d->mutex);
    struct text *t = &d->texts[doc];
    if (t->version == version) {
        old = t->data;
        t->data = NULL;
    }
    pthread_mutex_unlock(&d->mutex);
    free(old);
}

bool gw_documents_acked(struct gw_documents *d, int mid, bool refused, int64_t now_ms,
                        enum gw_document *doc)
{
    for (int i = 0; i < GW_DOC_COUNT; i++) {
        struct state *s = &d->states[i];
        if (!s->in_flight || s->mid != mid)
            continue;
        *doc = (enum gw_document)i;
        s->in_flight = false;
        s->refused = false;
        if (refused) {
            gw_documents_refused(d, *doc, now_ms);
        } else {
            gw_backoff_reset(&s->wait);
            let_go(d, *doc, s->flying);
        }
        return true;
    }
    return false;
}

unsigned gw_documents_waiting(const struct gw_documents *d, int64_t *due_ms)
{
    unsigned n = 0;
    *due_ms = INT64_MAX;
    for (int i = 0; i < GW_DOC_COUNT; i++) {
        const struct state *s = &d->states[i];
        if (!s->refused)
            continue;
        n++;
        if (!s->in_flight && s->due_ms < *due_ms)
            *due_ms = s->due_ms;
    }
    return n;
}
