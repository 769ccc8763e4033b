/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/sheet: the evidence sheet (证据单) of a case: what, where, since when, which clause, the
 * window plotted, raw registers, what was verified, what to do next, how rectification stands. One
 * HTML page in Chinese with English titles, without anything from outside. One thread.
 */
#ifndef GW_DESK_SHEET_H
#define GW_DESK_SHEET_H

#include "base/buf.h"
#include "base/status.h"
#include "desk/store.h"

#define GW_DESK_SHEET_MAX ((size_t)16 << 20)
#define GW_DESK_LINK      256

extern const char gw_desk_style[]; /* of all sheets: CSS */

/* Appends the page of the case. GW_E_NOTFOUND: the store has no record of it. Else errors of the
 * store. */
enum gw_status gw_desk_sheet(struct gw_desk_store *store, const char *gateway, const char *case_id,
                             struct gw_buf *out, struct gw_err *err) GW_MUST_CHECK;

/* The page's place below the folder of pages: "<county>/<gateway>/<case>-<hash>.html", made of characters
 * that every file system and URL takes. */
void gw_desk_sheet_link(const char *county, const char *gateway, const char *case_id,
                        char out[GW_DESK_LINK]);
/* That of the sheet of proof tests: "<county>/<gateway>/proofs.html", which no case has. */
void gw_desk_proofs_link(const char *county, const char *gateway, char out[GW_DESK_LINK]);

#endif
