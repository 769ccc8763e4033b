/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pulse.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"

#define TAG       "watchdog"
#define NAME_SIZE 64

struct gw_pulse {
    struct gw_pulses *set;
    struct gw_pulse *next;
    char name[NAME_SIZE];
    /* Turns so far, and in the lower half how many ms the present one may take: one word, so that
     * whoever looks has both of the same moment. */
    _Atomic uint64_t word;
    /* Whoever looks: */
    bool seen;
    uint64_t last;    /* word when last seen */
    int64_t since_ms; /* when that was new */
    bool stuck;       /* and told */
};

struct gw_pulses {
    pthread_mutex_t mutex; /* for the list */
    struct gw_pulse *first;
};

enum gw_status gw_pulses_new(struct gw_pulses **out)
{
    struct gw_pulses *set = calloc(1, sizeof *set);

    if (set == NULL || pthread_mutex_init(&set->mutex, NULL) != 0) {
        free(set);
        return GW_E_NOMEM;
    }
    *out = set;
    return GW_OK;
}

void gw_pulses_free(struct gw_pulses *set)
{
    if (set == NULL)
        return;
    pthread_mutex_destroy(&set->mutex);
    free(set);
}

struct gw_pulse *gw_pulse_begin(struct gw_pulses *set, const char *name)
{
    struct gw_pulse *p = set != NULL ? calloc(1, sizeof *p) : NULL;

    if (p == NULL)
        return NULL;
    p->set = set;
    gw_text_line(p->name, sizeof p->name, "%s", name);
    pthread_mutex_lock(&set->mutex);
    p->next = set->first;
    set->first = p;
    pthread_mutex_unlock(&set->mutex);
    return p;
}

void gw_pulse_leave(struct gw_pulse *pulse)
{
    if (pulse == NULL)
        return;
    struct gw_pulses *set = pulse->set;
    pthread_mutex_lock(&set->mutex);
    struct gw_pulse **at = &set->first;
    while (*at != pulse)
        at = &(*at)->next;
    *at = pulse->next;
    pthread_mutex_unlock(&set->mutex);
}

void gw_pulse_end(struct gw_pulse *pulse)
{
    gw_pulse_leave(pulse);
    free(pulse);
}

void gw_pulse_turn(struct gw_pulse *pulse, int64_t block_ms)
{
    if (pulse == NULL)
        return;
    const uint64_t turns = (atomic_load(&pulse->word) >> 32) + 1;
    const uint64_t block = block_ms < 0            ? 0
                           : block_ms < UINT32_MAX ? (uint64_t)block_ms
                                                   : UINT32_MAX;
    atomic_store(&pulse->word, turns << 32 | block);
}

static bool turns(struct gw_pulse *p, int64_t now_ms, int64_t limit_ms)
{
    const uint64_t word = atomic_load(&p->word);
    const int64_t rest_ms = now_ms - p->since_ms;

    if (!p->seen || word != p->last) {
        if (p->stuck)
            gw_log(GW_LOG_WARN, TAG, "thread %s goes on after %lld ms", p->name,
                   (long long)rest_ms);
        p->seen = true;
        p->last = word;
        p->since_ms = now_ms;
        p->stuck = false;
    } else if (rest_ms > limit_ms + (int64_t)(word & UINT32_MAX) && !p->stuck) {
        p->stuck = true;
        gw_log(GW_LOG_ERR, TAG, "thread %s hangs: no turn for %lld ms; the watchdog is not fed",
               p->name, (long long)rest_ms);
    }
    return !p->stuck;
}

bool gw_pulses_look(struct gw_pulses *set, int64_t now_ms, int64_t limit_ms)
{
    bool all = true;

    pthread_mutex_lock(&set->mutex);
    for (struct gw_pulse *p = set->first; p != NULL; p = p->next)
        all = turns(p, now_ms, limit_ms) && all;
    pthread_mutex_unlock(&set->mutex);
    return all;
}
