/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/telemetry.h"

#include "base/decimal.h"
#include "base/jcs.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

_Static_assert(GW_VALUE_TEXT >= GW_DECIMAL_SIZE, "a decimal must fit");
_Static_assert(GW_JCS_KEY >= GW_POINT_ID, "a point's id must serve as a key");

void gw_value_text(const struct gw_point *point, const struct gw_sample *s, char out[GW_VALUE_TEXT])
{
    out[0] = '\0';
    if (!s->valued)
        return;
    switch ((enum gw_vtype)s->vtype) {
    case GW_V_NUM:
        gw_decimal(s->value.num, point->decimals, out);
        break;
    case GW_V_INT:
        snprintf(out, GW_VALUE_TEXT, "%" PRId64, s->value.i);
        break;
    case GW_V_BOOL:
        snprintf(out, GW_VALUE_TEXT, "%s", s->value.i != 0 ? "true" : "false");
        break;
    case GW_V_STATE:
        if (s->value.i >= 0 && s->value.i < GW_S_COUNT)
            snprintf(out, GW_VALUE_TEXT, "%s", gw_state_name((enum gw_state)s->value.i));
        break;
    }
}

static const char *id_of(const struct gw_telemetry_pass *pass, uint32_t index)
{
    return pass->points[pass->samples[index].point].id;
}

/* Lets order[root] sink to its place in the heap of the first n entries, greatest id on top. */
static void sift(const struct gw_telemetry_pass *pass, size_t root, size_t n)
{
    uint32_t *order = pass->order;
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n)
            return;
        if (child + 1 < n && strcmp(id_of(pass, order[child]), id_of(pass, order[child + 1])) < 0)
            child++;
        if (strcmp(id_of(pass, order[root]), id_of(pass, order[child])) >= 0)
            return;
        uint32_t held = order[root];
        order[root] = order[child];
        order[child] = held;
        root = child;
    }
}

/* Heap sort, since qsort cannot see the ids without file-scope state. */
static void sort_by_id(const struct gw_telemetry_pass *pass)
{
    uint32_t *order = pass->order;
    assert(pass->n <= UINT32_MAX);
    for (size_t i = 0; i < pass->n; i++)
        order[i] = (uint32_t)i;
    for (size_t i = pass->n / 2; i > 0; i--)
        sift(pass, i - 1, pass->n);
    for (size_t n = pass->n; n > 1; n--) {
        uint32_t held = order[0];
        order[0] = order[n - 1];
        order[n - 1] = held;
        sift(pass, 0, n - 1);
    }
}

void gw_telemetry_encode(const struct gw_telemetry_pass *pass, struct gw_buf *out)
{
    struct gw_jcs j;
    char text[GW_VALUE_TEXT];

    sort_by_id(pass);
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "device", pass->device);
    gw_jcs_str(&j, "gateway", pass->gateway);
    if (pass->heartbeat_s > 0)
        gw_jcs_int(&j, "heartbeat_s", pass->heartbeat_s);
    gw_jcs_obj(&j, "points");
    for (size_t i = 0; i < pass->n; i++) {
        const struct gw_sample *s = &pass->samples[pass->order[i]];
        const struct gw_point *point = &pass->points[s->point];
        gw_jcs_obj(&j, point->id);
        gw_jcs_str(&j, "q", gw_quality_name((enum gw_quality)s->quality));
        gw_jcs_int(&j, "t", s->wall_ms);
        gw_value_text(point, s, text);
        if (text[0] != '\0')
            gw_jcs_str(&j, "v", text);
        gw_jcs_end(&j);
    }
    gw_jcs_end(&j);
    gw_jcs_bool(&j, "sync", pass->end.sync);
    gw_jcs_int(&j, "t", pass->end.wall_ms);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}
