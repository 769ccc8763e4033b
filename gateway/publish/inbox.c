/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/inbox.h"

#include "base/mailbox.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANE_LETTERS 32          /* 2 MiB a lane at most */
#define COST_MS      INT64_C(10) /* 100 a second ... */
#define CREDIT_MS    (200 * COST_MS)

struct lane {
    struct gw_mailbox *letters;
    int64_t credit_ms, since_ms; /* the MQTT worker's own */
    bool begun;
};

struct gw_inbox {
    struct lane lanes[GW_INBOX_LANES];
    pthread_mutex_t mutex;
    struct gw_inbox_counts counts; /* guarded */
};

enum gw_status gw_inbox_new(struct gw_inbox **out, struct gw_err *err)
{
    struct gw_inbox *in = calloc(1, sizeof *in);
    if (in == NULL || pthread_mutex_init(&in->mutex, NULL) != 0) {
        free(in);
        return gw_err_set(err, GW_E_NOMEM, "inbox: out of memory");
    }
    for (int i = 0; i < GW_INBOX_LANES; i++) {
        const enum gw_status status =
            gw_mailbox_new(sizeof(struct gw_letter), LANE_LETTERS, &in->lanes[i].letters, err);
        if (status != GW_OK) {
            gw_inbox_free(in);
            return status;
        }
    }
    *out = in;
    return GW_OK;
}

void gw_inbox_free(struct gw_inbox *in)
{
    struct gw_letter letter;

    if (in == NULL)
        return;
    for (unsigned i = 0; i < GW_INBOX_LANES; i++) {
        while (in->lanes[i].letters != NULL && gw_inbox_get(in, i, &letter))
            free(letter.data);
        gw_mailbox_free(in->lanes[i].letters);
    }
    pthread_mutex_destroy(&in->mutex);
    free(in);
}

static void count(struct gw_inbox *in, uint64_t *counter)
{
    pthread_mutex_lock(&in->mutex);
    ++*counter;
    pthread_mutex_unlock(&in->mutex);
}

static bool spend(struct lane *l, int64_t now_ms)
{
    if (!l->begun) {
        l->begun = true;
        l->credit_ms = CREDIT_MS;
        l->since_ms = now_ms;
    }
    l->credit_ms += now_ms - l->since_ms;
    l->since_ms = now_ms;
    if (l->credit_ms > CREDIT_MS)
        l->credit_ms = CREDIT_MS;
    if (l->credit_ms < COST_MS)
        return false;
    l->credit_ms -= COST_MS;
    return true;
}

void gw_inbox_put(struct gw_inbox *in, const char *topic, const char *data, size_t len,
                  bool retained, int64_t now_ms)
{
    const char *slash = strrchr(topic, '/');
    const char *name = slash != NULL ? slash + 1 : topic;
    struct lane *lane = &in->lanes[strcmp(name, "receipt") == 0 ? 0 : 1];
    struct gw_letter letter = {.retained = retained, .len = len};

    if (!spend(lane, now_ms)) {
        count(in, &in->counts.flood);
        return;
    }
    if (len > GW_INBOX_BYTES) {
        count(in, &in->counts.size);
        return;
    }
    if (strlen(name) >= sizeof letter.name) {
        count(in, &in->counts.topic);
        return;
    }
    memcpy(letter.name, name, strlen(name) + 1);
    letter.data = gw_mailbox_room(lane->letters) > 0 ? malloc(len + 1) : NULL;
    if (letter.data != NULL) {
        if (len > 0)
            memcpy(letter.data, data, len);
        letter.data[len] = '\0';
        if (gw_mailbox_put(lane->letters, &letter) == GW_OK)
            return;
    }
    free(letter.data);
    count(in, &in->counts.flood);
}

bool gw_inbox_get(struct gw_inbox *in, unsigned lane, struct gw_letter *out)
{
    return gw_mailbox_get(in->lanes[lane].letters, out);
}

int gw_inbox_fd(const struct gw_inbox *in, unsigned lane)
{
    return gw_mailbox_fd(in->lanes[lane].letters);
}

void gw_inbox_counts(struct gw_inbox *in, struct gw_inbox_counts *out)
{
    pthread_mutex_lock(&in->mutex);
    *out = in->counts;
    pthread_mutex_unlock(&in->mutex);
}
