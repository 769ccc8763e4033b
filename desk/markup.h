/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/markup: text for HTML, XML and JSON pages, escaped; and files that appear whole.
 * Owned by one thread.
 */
#ifndef GW_DESK_MARKUP_H
#define GW_DESK_MARKUP_H

#include "base/buf.h"
#include "base/status.h"

/* Appends fmt, in which %s stands for a text that is escaped for HTML and XML (as content or in
 * double quotes), %r for markup that is put as it is, %% for a per cent sign. Characters that XML
 * does not know become U+FFFD. */
void gw_markup(struct gw_buf *out, const char *fmt, ...);

/* Appends text as a JSON string with its quotes. */
void gw_markup_json(struct gw_buf *out, const char *text);

/* Writes the file under another name and renames it, so that a reader sees the old or the new one
 * whole; missing folders are made (mode 0755: pages are for reading). GW_E_INVAL: out failed. */
enum gw_status gw_markup_save(const char *path, const struct gw_buf *out,
                              struct gw_err *err) GW_MUST_CHECK;

#endif
