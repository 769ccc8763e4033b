/* SPDX-License-Identifier: Apache-2.0
 *
 * parcel: something that waits to leave the box, on its way from the journal to a sink.
 */
#ifndef GW_MODEL_PARCEL_H
#define GW_MODEL_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gw_parcel_kind {
    GW_PARCEL_RECORD = 0, /* key = seq */
    GW_PARCEL_WINDOW,     /* key = seq of the evidence record that names it */
    GW_PARCEL_EVENT,      /* key = row id */
    GW_PARCEL_TELEMETRY   /* key = row id */
};

#define GW_PARCEL_TOPIC 80

struct gw_pool;

struct gw_parcel {
    enum gw_parcel_kind kind;
    int64_t key;
    char topic[GW_PARCEL_TOPIC]; /* below nonsite/v1/<gateway>/: "lead", "alarm", "record" ... */
    char *data; /* owned by whoever holds the parcel, who ends with gw_parcel_clear */
    size_t len;
    struct gw_pool *pool; /* that data goes back to, lent; NULL: it is freed */
    size_t cap;           /* of data, for the pool */
    bool historical;      /* written before the present start, or before the sink's connection */
};
/* Gives its data back. */
void gw_parcel_clear(struct gw_parcel *p);

#endif
