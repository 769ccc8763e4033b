/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/proofs: the sheet of proof tests (功能试验记录单) of a gateway: which signals were seen to move
 * and which interlocks were seen to act, when, from what to what, as told by which role. One HTML
 * page in the form of the evidence sheets, asset by asset, the newest test first. One thread.
 */
#ifndef GW_DESK_PROOFS_H
#define GW_DESK_PROOFS_H

#include "base/buf.h"
#include "base/status.h"
#include "desk/sheet.h"
#include "desk/store.h"

#define GW_DESK_PROOFS 2000 /* the newest so many stand on the sheet */

/* Appends the page. GW_E_NOTFOUND: the store has no proof of this gateway. Else errors of the
 * store. */
enum gw_status gw_desk_proofs(struct gw_desk_store *store, const char *gateway, struct gw_buf *out,
                              struct gw_err *err) GW_MUST_CHECK;

#endif
