/* SPDX-License-Identifier: Apache-2.0
 *
 * influx_line: a telemetry row as one line of InfluxDB's line protocol. Owned by one thread.
 *
 *     nonsite,county=371311,device=gas,enterprise=91371311MAXX00015G,gateway=g1
 *     p1=3.2,p1_q="GOOD",p1_state=1i,p1_state_q="GOOD",clock_sync=1i 1795305600130
 *
 * (one line). A point "<device>.<name>" has the field <name> with its value, when it has one, and
 * <name>_q with its quality. A field keeps one type for ever, or the database refuses it: a num is
 * always a float; int, bool (0i, 1i) and state (the number of enum gw_state, see
 * config/interface) are always integers; the quality is a string. clock_sync tells whether the wall
 * clock was synchronised. The stamp is that of the pass, in ms.
 */
#ifndef GW_PUBLISH_INFLUX_LINE_H
#define GW_PUBLISH_INFLUX_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/status.h"
#include "conf/site.h"
#include "model/value.h"

#define GW_INFLUX_MEASUREMENT "nonsite"

struct gw_influx_tag {
    const char *key, *value;
};

struct gw_influx_line_conf {
    const struct gw_influx_tag *tags; /* beside device and gateway, which the row has */
    size_t ntags;
    /* What the point id is declared as; false when it is not (any more). */
    bool (*vtype)(const void *ctx, const char *id, enum gw_vtype *out);
    const void *ctx;
};

struct gw_influx_line;

/* Tags with an empty value are left out; what conf points at is copied, but for ctx, which is lent.
 * GW_E_INVAL: a tag that the line protocol cannot carry (see gw_influx_tag_valid) or that is given
 * twice; GW_E_NOMEM. */
enum gw_status gw_influx_line_new(const struct gw_influx_line_conf *conf,
                                  struct gw_influx_line **out, struct gw_err *err) GW_MUST_CHECK;
void gw_influx_line_free(struct gw_influx_line *l);

/* True when text can be a tag's key or value: UTF-8 without control characters, no '\' before a
 * comma, a space or an '=', nor at the end, where it would be taken for an escape. */
bool gw_influx_tag_valid(const char *text);

/* Overwrites out with the line of the row (as gw_telemetry_encode writes it) and its newline, and
 * device with the row's device ("" when there is none). A value that does not fit the declared type
 * was written before the declaration changed: its text decides then. GW_E_PARSE: not such a row;
 * GW_E_NOTFOUND: a row without points, which makes no line; GW_E_FULL: out cannot hold it. */
enum gw_status gw_influx_line_encode(const struct gw_influx_line *l, const char *row, size_t len,
                                     char device[GW_ID_SIZE], struct gw_buf *out) GW_MUST_CHECK;

#endif
