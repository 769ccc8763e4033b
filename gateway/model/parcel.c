/* SPDX-License-Identifier: Apache-2.0 */
#include "model/parcel.h"

#include "base/pool.h"

void gw_parcel_clear(struct gw_parcel *p)
{
    gw_pool_give(p->pool, p->data, p->cap);
    p->data = NULL;
}
