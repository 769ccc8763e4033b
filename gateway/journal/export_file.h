/* SPDX-License-Identifier: Apache-2.0
 *
 * export_file: the records of a records.db that no gateway has open: of one that is stopped, or of
 * a damaged file that was set aside. Any thread; no state.
 */
#ifndef GW_JOURNAL_EXPORT_FILE_H
#define GW_JOURNAL_EXPORT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Hands each record's wire form, in the order of their numbers, to put, which returns false to end
 * it (GW_E_IO). Records whose bytes are damaged are left out and counted in *damaged. What can be
 * read of a damaged file is handed over before GW_E_PARSE tells of the damage. GW_E_NOTFOUND: there
 * is no such file; GW_E_REFUSED: a gateway has it open; others as in db.h. */
enum gw_status gw_export_file(const char *path,
                              bool (*put)(void *ctx, const char *wire, size_t len), void *ctx,
                              uint64_t *damaged, struct gw_err *err) GW_MUST_CHECK;

#endif
