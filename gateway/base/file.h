/* SPDX-License-Identifier: Apache-2.0
 *
 * file: whole files, small ones.
 */
#ifndef GW_BASE_FILE_H
#define GW_BASE_FILE_H

#include <stddef.h>

#include "base/status.h"

/* Reads at most max bytes; *out is malloc'd, NUL-terminated, freed by the caller. GW_E_NOTFOUND,
 * GW_E_REFUSED (permission), GW_E_RANGE (larger than max), GW_E_IO, GW_E_NOMEM; err names the path.
 */
enum gw_status gw_file_read(const char *path, size_t max, char **out, size_t *len,
                            struct gw_err *err) GW_MUST_CHECK;

/* Makes the folder (mode 0700) and its missing parents; fine when it is there. GW_E_INVAL (empty
 * name), GW_E_REFUSED (permission), GW_E_NOTFOUND, GW_E_IO, GW_E_NOMEM; err names the path. */
enum gw_status gw_dir_make(const char *path, struct gw_err *err) GW_MUST_CHECK;

#endif
