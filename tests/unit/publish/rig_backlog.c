/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For the hooks, which run on the worker's thread, where cmocka cannot fail a test. */
static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "backlog: %s\n", what);
    abort();
}

/* It follows the journal's contract: never more parcels than were granted, forgetful on rewind. */
struct rig_backlog {
    pthread_mutex_t mutex;
    struct rig_parcel all[RIG_PARCELS];
    int count;
    int granted, out, most_out, rewinds;
    struct gw_mailbox *parcels;
};

struct rig_backlog *rig_backlog_new(void)
{
    struct rig_backlog *b = calloc(1, sizeof *b);
    assert_non_null(b);
    pthread_mutex_init(&b->mutex, NULL);
    struct gw_err err;
    assert_int_equal(gw_mailbox_new(sizeof(struct gw_parcel), 1024, &b->parcels, &err), GW_OK);
    return b;
}

void rig_backlog_free(struct rig_backlog *b)
{
    struct gw_parcel p;
    if (b == NULL)
        return;
    while (gw_mailbox_get(b->parcels, &p))
        free(p.data);
    gw_mailbox_free(b->parcels);
    pthread_mutex_destroy(&b->mutex);
    free(b);
}

/* Hands out what is granted, records first; with the mutex held. */
static void pump(struct rig_backlog *b)
{
    for (int at = 0; at < 2 * b->count && b->granted > 0; at++) {
        const int i = at % b->count;
        struct rig_parcel *from = &b->all[i];
        const bool turn = (from->kind == GW_PARCEL_RECORD) == (at < b->count);
        if (!turn || from->out || from->acks > 0)
            continue;
        struct gw_parcel p = {.kind = from->kind, .key = i, .historical = from->historical};
        snprintf(p.topic, sizeof p.topic, "%s", from->topic);
        p.data = malloc(from->pad + 32);
        must(p.data != NULL, "memory");
        int n = snprintf(p.data, 32, "{\"n\":%d,\"pad\":\"", i);
        memset(p.data + n, 'x', from->pad);
        memcpy(p.data + n + from->pad, "\"}", 3);
        p.len = (size_t)n + from->pad + 2;
        must(gw_mailbox_put(b->parcels, &p) == GW_OK, "more was granted than fits");
        from->out = true;
        b->granted--;
        b->out++;
    }
}

static void grant(void *ctx, unsigned n)
{
    struct rig_backlog *b = ctx;
    pthread_mutex_lock(&b->mutex);
    b->granted += (int)n;
    if (b->out + b->granted > b->most_out)
        b->most_out = b->out + b->granted;
    pump(b);
    pthread_mutex_unlock(&b->mutex);
}

static void ack(void *ctx, enum gw_parcel_kind kind, int64_t key)
{
    struct rig_backlog *b = ctx;
    pthread_mutex_lock(&b->mutex);
    must(key >= 0 && key < b->count && b->all[key].kind == kind, "ack of what never was");
    b->all[key].acks++;
    if (b->all[key].out)
        b->out--;
    b->all[key].out = false;
    pthread_mutex_unlock(&b->mutex);
}

static void rewind_all(void *ctx)
{
    struct rig_backlog *b = ctx;
    pthread_mutex_lock(&b->mutex);
    for (int i = 0; i < b->count; i++)
        b->all[i].out = false;
    b->granted = 0;
    b->out = 0;
    b->rewinds++;
    pthread_mutex_unlock(&b->mutex);
}

struct gw_backlog rig_backlog_hooks(struct rig_backlog *b)
{
    return (struct gw_backlog){
        .grant = grant, .ack = ack, .rewind = rewind_all, .ctx = b, .parcels = b->parcels};
}

void rig_backlog_add(struct rig_backlog *b, int n, struct rig_parcel like)
{
    pthread_mutex_lock(&b->mutex);
    assert_true(b->count + n <= RIG_PARCELS);
    for (int i = 0; i < n; i++)
        b->all[b->count++] = like;
    pump(b);
    pthread_mutex_unlock(&b->mutex);
}

int rig_backlog_acked(struct rig_backlog *b, int from, int to)
{
    int n = 0;
    pthread_mutex_lock(&b->mutex);
    for (int i = from; i < to && i < b->count; i++)
        n += b->all[i].acks > 0;
    pthread_mutex_unlock(&b->mutex);
    return n;
}

static int get(struct rig_backlog *b, const int *value)
{
    pthread_mutex_lock(&b->mutex);
    int v = *value;
    pthread_mutex_unlock(&b->mutex);
    return v;
}

int rig_backlog_out(struct rig_backlog *b)
{
    return get(b, &b->out);
}

int rig_backlog_granted(struct rig_backlog *b)
{
    return get(b, &b->granted);
}

int rig_backlog_most_out(struct rig_backlog *b)
{
    return get(b, &b->most_out);
}

int rig_backlog_rewinds(struct rig_backlog *b)
{
    return get(b, &b->rewinds);
}

/* ---- the worker under test ---- */

struct gw_site_mqtt rig_site(int port)
{
    return (struct gw_site_mqtt){.enabled = true,
                                 .host = "127.0.0.1",
                                 .port = port,
                                 .client_id = "",
                                 .keepalive_s = 10,
                                 .window = 20,
                                 .telemetry = true,
                                 .health_s = 60};
}

struct gw_mqtt *rig_start(const struct gw_site_mqtt *site, struct rig_backlog *b,
                          const struct gw_clock *clock)
{
    struct gw_mqtt_conf conf = {
        .gateway = "g1", .site = site, .clock = clock, .backlog = rig_backlog_hooks(b), .seed = 7};
    struct gw_mqtt *m = NULL;
    struct gw_err err = {0};
    if (gw_mqtt_start(&conf, &m, &err) != GW_OK)
        fail_msg("start: %s", err.msg);
    rig_document(m, GW_DOC_OFFLINE, "{\"online\":false}");
    rig_document(m, GW_DOC_ONLINE, "{\"online\":true}");
    return m;
}

void rig_document(struct gw_mqtt *m, enum gw_document doc, const char *text)
{
    assert_int_equal(gw_mqtt_document(m, doc, text, strlen(text)), GW_OK);
}

struct gw_mqtt_stats rig_stats(struct gw_mqtt *m)
{
    struct gw_mqtt_stats stats;
    gw_mqtt_stats(m, &stats);
    return stats;
}

bool rig_fault_has(struct gw_mqtt *m, const char *text)
{
    struct gw_mqtt_stats stats = rig_stats(m);
    return strstr(stats.fault, text) != NULL;
}
