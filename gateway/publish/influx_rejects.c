/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/influx_rejects.h"

#include <stdio.h>
#include <string.h>

void gw_influx_rejects_add(struct gw_influx_rejects *r, const char *device, const char *text)
{
    size_t at = 0;
    while (at < r->n && strcmp(r->rows[at].device, device) != 0)
        at++;
    uint64_t count = 0;
    if (at < r->n)
        count = r->rows[at].count;
    else if (r->n < GW_INFLUX_REJECTS)
        r->n++;
    else
        at = GW_INFLUX_REJECTS - 1;
    memmove(&r->rows[1], &r->rows[0], at * sizeof r->rows[0]);
    struct gw_influx_reject *row = &r->rows[0];
    row->count = count + 1;
    (void)snprintf(row->device, sizeof row->device, "%s", device);
    (void)snprintf(row->text, sizeof row->text, "%s", text);
    r->total++;
}
