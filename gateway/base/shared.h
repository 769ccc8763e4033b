/* SPDX-License-Identifier: Apache-2.0
 *
 * shared: something constant with several users, which is freed when the last of them lets go.
 *
 * To be the first member of what is shared. Any thread.
 */
#ifndef GW_BASE_SHARED_H
#define GW_BASE_SHARED_H

#include <stdatomic.h>

struct gw_shared {
    atomic_uint users;
    void (*free)(struct gw_shared *s);
};

/* With one user, who makes it. */
void gw_shared_init(struct gw_shared *s, void (*free)(struct gw_shared *s));
/* One user more, who is given s; NULL is fine. */
struct gw_shared *gw_shared_hold(struct gw_shared *s);
/* One user less; NULL is fine. */
void gw_shared_drop(struct gw_shared *s);

#endif
