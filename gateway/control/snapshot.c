/* SPDX-License-Identifier: Apache-2.0 */
#include "control/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FIRST_STANDING 16u

struct gw_board {
    struct gw_board_of of; /* the next snapshots; the core's thread alone */
    struct gw_snapshot slots[3];
    unsigned back;  /* the core's; its thread alone */
    unsigned front; /* the reader's; its thread alone */
    int fd;

    pthread_mutex_t mutex; /* for what follows */
    unsigned middle;
    bool fresh;     /* the middle is newer than the front */
    unsigned asked; /* parts */
    bool shown;     /* something was published at all */
};

struct gw_standing *gw_snapshot_add(struct gw_snapshot *s)
{
    if (s->nstanding == s->standing_cap) {
        const size_t cap = s->standing_cap > 0 ? 2 * s->standing_cap : FIRST_STANDING;
        struct gw_standing *more = realloc(s->standing, cap * sizeof *more);
        if (!more) {
            s->incomplete = true;
            return NULL;
        }
        s->standing = more;
        s->standing_cap = cap;
    }
    struct gw_standing *one = &s->standing[s->nstanding++];
    *one = (struct gw_standing){
        .kind = "", .state = "", .title_zh = "", .title_en = "", .check = UINT32_MAX};
    return one;
}

/* Gives up what was made for a site. Texts and room for events stay. */
static void release(struct gw_snapshot *s)
{
    free(s->points);
    free(s->devices);
    free(s->buses);
    free(s->standing);
    gw_shared_drop(s->owner);
    s->points = NULL;
    s->devices = NULL;
    s->buses = NULL;
    s->standing = NULL;
    s->nstanding = s->standing_cap = 0;
    s->site = NULL;
    s->inventory = NULL;
    s->owner = NULL;
}

/* Makes the snapshot one of the board's site. */
static bool fit(const struct gw_board *b, struct gw_snapshot *s)
{
    const struct gw_site *site = b->of.site;
    if (s->site == site)
        return true;
    release(s);
    s->points = calloc(site->npoints + 1, sizeof *s->points);
    s->devices = calloc(site->ndevices + 1, sizeof *s->devices);
    s->buses = calloc(site->nbuses + 1, sizeof *s->buses);
    if (!s->points || !s->devices || !s->buses) {
        release(s);
        return false;
    }
    s->site = site;
    s->inventory = b->of.inventory;
    s->owner = gw_shared_hold(b->of.owner);
    s->npoints = site->npoints;
    s->ndevices = site->ndevices;
    s->nbuses = site->nbuses;
    return true;
}

struct gw_snapshot_event *gw_snapshot_events(struct gw_snapshot *s)
{
    if (!s->events)
        s->events = calloc(GW_EVENTS_KEPT, sizeof *s->events);
    if (!s->events)
        s->incomplete = true;
    return s->events;
}

enum gw_status gw_board_new(const struct gw_board_of *of, struct gw_board **out, struct gw_err *err)
{
    struct gw_board *b = calloc(1, sizeof *b);
    if (!b)
        return gw_err_set(err, GW_E_NOMEM, "snapshot: out of memory");
    if (pthread_mutex_init(&b->mutex, NULL) != 0) {
        free(b);
        return gw_err_set(err, GW_E_NOMEM, "snapshot: no mutex");
    }
    b->back = 0;
    b->middle = 1;
    b->front = 2;
    gw_board_turn(b, of);
    b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->fd < 0) {
        const int error = errno;
        gw_board_free(b);
        return gw_err_set(err, GW_E_IO, "snapshot: no event descriptor: %s", strerror(error));
    }
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < GW_TEXT_COUNT; k++)
            gw_buf_init(&b->slots[i].texts[k], GW_SNAPSHOT_TEXT_MAX);
        if (!fit(b, &b->slots[i])) {
            gw_board_free(b);
            return gw_err_set(err, GW_E_NOMEM, "snapshot: out of memory");
        }
    }
    *out = b;
    return GW_OK;
}

void gw_board_free(struct gw_board *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < 3; i++) {
        release(&b->slots[i]);
        free(b->slots[i].events);
        gw_proofs_free(&b->slots[i].proofs);
        for (size_t k = 0; k < GW_TEXT_COUNT; k++)
            gw_buf_free(&b->slots[i].texts[k]);
    }
    gw_shared_drop(b->of.owner);
    if (b->fd >= 0)
        close(b->fd);
    pthread_mutex_destroy(&b->mutex);
    free(b);
}

void gw_board_turn(struct gw_board *b, const struct gw_board_of *of)
{
    struct gw_shared *before = b->of.owner;
    b->of = *of;
    (void)gw_shared_hold(of->owner);
    gw_shared_drop(before);
}

unsigned gw_board_wanted(struct gw_board *b)
{
    pthread_mutex_lock(&b->mutex);
    const unsigned asked = b->asked;
    pthread_mutex_unlock(&b->mutex);
    return asked;
}

struct gw_snapshot *gw_board_begin(struct gw_board *b, unsigned parts)
{
    struct gw_snapshot *s = &b->slots[b->back];
    struct gw_buf texts[GW_TEXT_COUNT];
    if (!fit(b, s))
        return NULL;
    memcpy(texts, s->texts, sizeof texts);
    *s = (struct gw_snapshot){
        .site = s->site,
        .inventory = s->inventory,
        .owner = s->owner,
        .parts = parts,
        .points = s->points,
        .npoints = s->npoints,
        .devices = s->devices,
        .ndevices = s->ndevices,
        .buses = s->buses,
        .nbuses = s->nbuses,
        .standing = s->standing,
        .standing_cap = s->standing_cap,
        .events = s->events,
        .proofs = {s->proofs.list, 0, s->proofs.cap},
    };
    memcpy(s->texts, texts, sizeof texts);
    for (size_t t = 0; t < GW_TEXT_COUNT; t++)
        gw_buf_clear(&s->texts[t]);
    return s;
}

void gw_board_publish(struct gw_board *b)
{
    const uint64_t one = 1;

    if (b->slots[b->back].incomplete)
        return;
    pthread_mutex_lock(&b->mutex);
    const unsigned filled = b->back;
    b->asked &= ~b->slots[filled].parts; /* others may have come since */
    b->back = b->middle;
    b->middle = filled;
    b->fresh = true;
    b->shown = true;
    pthread_mutex_unlock(&b->mutex);
    (void)!write(b->fd, &one, sizeof one); /* full means that it is readable already */
}

void gw_board_ask(struct gw_board *b, unsigned parts)
{
    pthread_mutex_lock(&b->mutex);
    b->asked |= parts;
    pthread_mutex_unlock(&b->mutex);
}

const struct gw_snapshot *gw_board_read(struct gw_board *b)
{
    pthread_mutex_lock(&b->mutex);
    if (b->fresh) {
        const unsigned newest = b->middle;
        b->middle = b->front;
        b->front = newest;
        b->fresh = false;
    }
    const bool shown = b->shown;
    pthread_mutex_unlock(&b->mutex);
    return shown ? &b->slots[b->front] : NULL;
}

int gw_board_fd(const struct gw_board *b)
{
    return b->fd;
}

void gw_board_seen(struct gw_board *b)
{
    uint64_t count;
    (void)!read(b->fd, &count, sizeof count);
}
