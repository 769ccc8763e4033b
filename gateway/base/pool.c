/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* Texts of one kind differ by some digits; so their blocks serve one another. */
#define STEP ((size_t)256)

struct block {
    void *at;
    size_t cap;
};

struct gw_pool {
    pthread_mutex_t lock;
    size_t blocks, bytes; /* bounds */
    size_t n, held;
    struct block kept[GW_POOL_BLOCKS_MAX];
};

enum gw_status gw_pool_new(size_t blocks, size_t bytes, struct gw_pool **out)
{
    if (blocks < 1 || blocks > GW_POOL_BLOCKS_MAX)
        return GW_E_INVAL;
    struct gw_pool *p = calloc(1, sizeof *p);
    if (p == NULL || pthread_mutex_init(&p->lock, NULL) != 0) {
        free(p);
        return GW_E_NOMEM;
    }
    p->blocks = blocks;
    p->bytes = bytes;
    *out = p;
    return GW_OK;
}

void gw_pool_free(struct gw_pool *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->n; i++)
        free(p->kept[i].at);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* Takes the i-th out of what is kept. */
static struct block pull(struct gw_pool *p, size_t i)
{
    struct block b = p->kept[i];
    p->kept[i] = p->kept[--p->n];
    p->held -= b.cap;
    return b;
}

void *gw_pool_take(struct gw_pool *p, size_t size, size_t *cap)
{
    struct block b = {0};
    if (p != NULL) {
        pthread_mutex_lock(&p->lock);
        for (size_t i = p->n; i > 0 && b.at == NULL; i--)
            if (p->kept[i - 1].cap >= size)
                b = pull(p, i - 1);
        pthread_mutex_unlock(&p->lock);
    }
    if (b.at == NULL && size <= SIZE_MAX - STEP) {
        b.cap = (size / STEP + 1) * STEP;
        b.at = malloc(b.cap);
    }
    *cap = b.cap;
    return b.at;
}

void gw_pool_give(struct gw_pool *p, void *block, size_t cap)
{
    struct block spare = {block, cap};
    if (p != NULL && block != NULL) {
        pthread_mutex_lock(&p->lock);
        if (p->n == p->blocks) {
            size_t least = 0;
            for (size_t i = 1; i < p->n; i++)
                if (p->kept[i].cap < p->kept[least].cap)
                    least = i;
            if (p->kept[least].cap < cap && p->held - p->kept[least].cap + cap <= p->bytes) {
                spare = pull(p, least);
                p->kept[p->n++] = (struct block){block, cap};
                p->held += cap;
            }
        } else if (p->held + cap <= p->bytes) {
            p->kept[p->n++] = spare;
            p->held += cap;
            spare.at = NULL;
        }
        pthread_mutex_unlock(&p->lock);
    }
    free(spare.at);
}
