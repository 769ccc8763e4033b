/* SPDX-License-Identifier: Apache-2.0
 *
 * influx_gzip: one gzip member in memory. The only file that includes zlib. Owned by one thread.
 */
#ifndef GW_PUBLISH_INFLUX_GZIP_H
#define GW_PUBLISH_INFLUX_GZIP_H

#include <stddef.h>

#include "base/status.h"

struct gw_influx_gzip;

/* Takes the compressor's memory (about 270 KB) once. GW_E_NOMEM. */
enum gw_status gw_influx_gzip_new(struct gw_influx_gzip **out) GW_MUST_CHECK;
void gw_influx_gzip_free(struct gw_influx_gzip *z);

/* *packed is lent until the next call. GW_E_NOMEM; GW_E_RANGE: more than 1 GiB. */
enum gw_status gw_influx_gzip_pack(struct gw_influx_gzip *z, const char *data, size_t len,
                                   const char **packed, size_t *packed_len) GW_MUST_CHECK;

#endif
