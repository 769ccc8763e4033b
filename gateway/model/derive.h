/* SPDX-License-Identifier: Apache-2.0
 *
 * derive: one value out of several: a difference, a ratio, a sum, how many of them, how fast.
 *
 * Pure. The result carries the worst quality of its sources and the stamps of the oldest one, so
 * that it can never look better or newer than what it is made from. Values that were not read
 * together give an UNCERTAIN result: it is shown, and proves nothing. Any thread.
 *
 * A counter that became smaller has either rolled over or was set back to zero with its device, and
 * nothing on the wire tells which. It counts as a roll-over only where the step over it is small for
 * the counter (modulus / 1024), or is one that its pace within the window makes likely, and no value
 * is missing in between; otherwise nobody knows how far it had got, and there is no value until that
 * moment has left the window.
 */
#ifndef GW_MODEL_DERIVE_H
#define GW_MODEL_DERIVE_H

#include <stddef.h>
#include <stdint.h>

#include "model/sample.h"

#define GW_DERIVE_MAX 8 /* sources of one value */

enum gw_derive_kind {
    GW_DERIVE_DIFFERENCE = 0, /* first minus second */
    GW_DERIVE_RATIO,          /* first by second; by zero: UNCERTAIN, no value */
    GW_DERIVE_SUM,
    GW_DERIVE_N_OF_M,   /* a contact: at least n of the contacts are on */
    GW_DERIVE_RATE,     /* change of one number per minute */
    GW_DERIVE_INCREASE, /* by how much one number grew */
    GW_DERIVE_COUNT
};

struct gw_derive {
    enum gw_derive_kind kind;
    int64_t pair_ms;   /* samples further apart than this do not belong together */
    int64_t n;         /* N_OF_M */
    int64_t window_ms; /* RATE, INCREASE */
    int64_t modulus;   /* RATE, INCREASE of a counter: it starts again at 0 behind modulus - 1 */
};

/* All kinds but RATE and INCREASE, from the sources' samples as of now; nof is at least 1, of DIFFERENCE and
 * RATIO 2. Fills all of *out but point. */
void gw_derive_eval(const struct gw_derive *d, const struct gw_sample *of, size_t nof,
                    struct gw_sample *out);

/* RATE and INCREASE, from the newest sample as of now and the past, oldest first, within window_ms
 * before it: from the oldest good one of these to the newest. UNCERTAIN without a value while they
 * span less than half of the window, and where a counter (or, for INCREASE, any number) became
 * smaller without having rolled over. Fills all of *out but point. */
void gw_derive_rate(const struct gw_derive *d, const struct gw_sample *newest,
                    const struct gw_sample *past, size_t npast, struct gw_sample *out);

#endif
