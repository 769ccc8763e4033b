/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shared.h"

#include <stddef.h>

void gw_shared_init(struct gw_shared *s, void (*free)(struct gw_shared *s))
{
    atomic_init(&s->users, 1);
    s->free = free;
}

struct gw_shared *gw_shared_hold(struct gw_shared *s)
{
    if (s != NULL)
        atomic_fetch_add(&s->users, 1);
    return s;
}

void gw_shared_drop(struct gw_shared *s)
{
    if (s != NULL && atomic_fetch_sub(&s->users, 1) == 1)
        s->free(s);
}
