/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/vote.h"

#include <assert.h>

enum gw_tri gw_vote_step(struct gw_vote *v, enum gw_tri condition, int64_t stamp_ms, unsigned n,
                         unsigned m)
{
    assert(n >= 1 && n <= m && m <= GW_VOTE_MAX);
    if (condition == GW_UNKNOWN)
        return GW_UNKNOWN;
    if (stamp_ms != v->stamp_ms || stamp_ms == 0)
        v->bits <<= 1;
    v->stamp_ms = stamp_ms;
    v->bits = (v->bits & ~UINT32_C(1)) | (condition == GW_TRUE ? 1u : 0u);
    unsigned count = 0;
    for (unsigned i = 0; i < m; i++)
        count += v->bits >> i & 1u;
    return count >= n ? GW_TRUE : GW_FALSE;
}
