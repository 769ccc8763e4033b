/* SPDX-License-Identifier: Apache-2.0
 *
 * influx_request: where a write goes, and with which credentials, for each generation of InfluxDB.
 * Pure, but for the reading of the secret's file.
 *
 *     1  POST <url>/write?db=&rp=&precision=ms                   Basic or Token
 *     2  POST <url>/api/v2/write?org=&bucket=&precision=ms       Token
 *     3  POST <url>/api/v3/write_lp?db=&precision=millisecond    Bearer
 */
#ifndef GW_PUBLISH_INFLUX_REQUEST_H
#define GW_PUBLISH_INFLUX_REQUEST_H

#include "base/buf.h"
#include "base/status.h"
#include "conf/site.h"

/* Appends the URL, with its parameters percent-encoded. */
void gw_influx_url(const struct gw_site_influx *site, struct gw_buf *out);

/* The "Authorization: ..." header, malloc'd, NULL where the site has no credentials; to be given to
 * gw_influx_secret_free. The file is read anew each time, so that a changed secret needs no
 * restart. GW_E_REFUSED: it cannot be read, or is not one line of text; GW_E_NOMEM. */
enum gw_status gw_influx_authorization(const struct gw_site_influx *site, char **out,
                                       struct gw_err *err) GW_MUST_CHECK;
/* Wipes and frees; text may be NULL. */
void gw_influx_secret_free(char *text);

#endif
