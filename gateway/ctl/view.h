/* SPDX-License-Identifier: Apache-2.0
 *
 * view: the documents of the local API as text for people. A member that is missing or of another
 * type, as of a daemon of another version, shows as empty. One thread.
 */
#ifndef GW_CTL_VIEW_H
#define GW_CTL_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "conf/json.h"

/* Each prints the document whose root is given. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_view_status(const struct gw_jnode *root, FILE *out) GW_MUST_CHECK;
enum gw_status gw_view_buses(const struct gw_jnode *root, FILE *out) GW_MUST_CHECK;
enum gw_status gw_view_devices(const struct gw_jnode *root, FILE *out) GW_MUST_CHECK;
enum gw_status gw_view_points(const struct gw_jnode *root, FILE *out) GW_MUST_CHECK;
enum gw_status gw_view_cases(const struct gw_jnode *root, FILE *out) GW_MUST_CHECK;
enum gw_status gw_view_alarms(const struct gw_jnode *root, FILE *out) GW_MUST_CHECK;

/* Whether a status document says that the gateway does its work. */
bool gw_view_healthy(const struct gw_jnode *root);
/* What an error document says; "" when it says nothing. */
const char *gw_view_error(const struct gw_jnode *root);

/* "0.3 s", "12 s", "5 min", "3 h", "2 d"; a negative duration is "0.0 s". */
#define GW_VIEW_SPAN 32
void gw_view_span(int64_t ms, char out[GW_VIEW_SPAN]);

#endif
