/* SPDX-License-Identifier: Apache-2.0
 *
 * show: copies what the core knows into a snapshot for the local API. Core thread; allocates only
 * when more cases stand than ever before.
 */
#ifndef GW_CORE_SHOW_H
#define GW_CORE_SHOW_H

#include "control/snapshot.h"
#include "core/document.h"

/* h->engine NULL: it does not decide yet. now is the moment that the copy shows. */
void gw_show(const struct gw_health *h, const struct gw_stamp *now, struct gw_snapshot *out);

#endif
