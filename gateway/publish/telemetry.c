/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/telemetry.h"

#include "base/decimal.h"
#include "base/jcs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(GW_VALUE_TEXT >= GW_DECIMAL_SIZE, "a decimal must fit");
_Static_assert(GW_JCS_KEY >= GW_POINT_ID, "a point's id must serve as a key");

static void put_int(int64_t n, char out[GW_VALUE_TEXT])
{
    struct gw_buf text;
    gw_buf_fixed(&text, out, GW_VALUE_TEXT);
    gw_buf_int(&text, n);
}

static void put_name(const char *name, char out[GW_VALUE_TEXT])
{
    struct gw_buf text;
    gw_buf_fixed(&text, out, GW_VALUE_TEXT);
    gw_buf_str(&text, name);
}

void gw_value_text(const struct gw_point *point, const struct gw_sample *s, char out[GW_VALUE_TEXT])
{
    out[0] = '\0';
    if (!s->valued)
        return;
    switch ((enum gw_vtype)s->vtype) {
    case GW_V_NUM:
        gw_decimal(s->value.num, point->def->decimals, out);
        break;
    case GW_V_INT:
        put_int(s->value.i, out);
        break;
    case GW_V_BOOL:
        put_name(s->value.i != 0 ? "true" : "false", out);
        break;
    case GW_V_STATE:
        if (s->value.i >= 0 && s->value.i < GW_S_COUNT)
            put_name(gw_state_name((enum gw_state)s->value.i), out);
        break;
    }
}

struct named {
    const struct gw_point *point;
    uint32_t index;
};

static int by_device_and_id(const void *a, const void *b)
{
    const struct gw_point *x = ((const struct named *)a)->point;
    const struct gw_point *y = ((const struct named *)b)->point;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return strcmp(x->id, y->id);
}

enum gw_status gw_telemetry_rank(const struct gw_point *points, size_t n, uint32_t *rank)
{
    struct named *all = calloc(n + 1, sizeof *all);
    if (all == NULL)
        return GW_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        all[i] = (struct named){&points[i], (uint32_t)i};
    qsort(all, n, sizeof *all, by_device_and_id);
    for (size_t i = 0; i < n; i++) {
        const bool first = i == 0 || all[i].point->device != all[i - 1].point->device;
        rank[all[i].index] = first ? 0 : rank[all[i - 1].index] + 1;
    }
    free(all);
    return GW_OK;
}

#define NOBODY UINT32_MAX

/* Puts the samples' indexes into order. false: two samples are of one point. */
static bool sort_by_id(const struct gw_telemetry_pass *pass)
{
    for (size_t i = 0; i < pass->norder; i++)
        pass->order[i] = NOBODY;
    for (size_t i = 0; i < pass->n; i++) {
        const uint32_t rank = pass->rank[pass->samples[i].point];
        assert(rank < pass->norder);
        if (pass->order[rank] != NOBODY)
            return false;
        pass->order[rank] = (uint32_t)i;
    }
    return true;
}

/* A time as text; most samples of a pass share one. */
struct moment {
    int64_t t_ms;
    char text[24];
};

static void put_moment(struct gw_buf *out, struct moment *m, int64_t t_ms)
{
    if (m->text[0] == '\0' || m->t_ms != t_ms) {
        struct gw_buf text;
        gw_buf_fixed(&text, m->text, sizeof m->text);
        gw_buf_int(&text, t_ms);
        m->t_ms = t_ms;
    }
    gw_buf_str(out, m->text);
}

/* {"q":"GOOD","t":1795305600123,"v":"3.2"}: qualities, numbers and states need no escape. */
static void put_sample(struct gw_buf *out, const struct gw_point *point, const struct gw_sample *s,
                       struct moment *m)
{
    char value[GW_VALUE_TEXT];
    gw_buf_clear(out);
    gw_buf_put(out, "{\"q\":\"", 6);
    gw_buf_str(out, gw_quality_name((enum gw_quality)s->quality));
    gw_buf_put(out, "\",\"t\":", 6);
    put_moment(out, m, s->wall_ms);
    gw_value_text(point, s, value);
    if (value[0] != '\0') {
        gw_buf_put(out, ",\"v\":\"", 6);
        gw_buf_str(out, value);
        gw_buf_char(out, '"');
    }
    gw_buf_char(out, '}');
}

void gw_telemetry_encode(const struct gw_telemetry_pass *pass, struct gw_buf *out)
{
    struct gw_jcs j;
    struct moment moment = {.text = ""};
    struct gw_buf text;
    char mem[GW_VALUE_TEXT + 80];

    if (!sort_by_id(pass)) {
        out->failed = true;
        return;
    }
    gw_buf_fixed(&text, mem, sizeof mem);
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "device", pass->device);
    gw_jcs_str(&j, "gateway", pass->gateway);
    if (pass->heartbeat_s > 0)
        gw_jcs_int(&j, "heartbeat_s", pass->heartbeat_s);
    gw_jcs_obj(&j, "points");
    for (size_t i = 0; i < pass->norder; i++) {
        if (pass->order[i] == NOBODY)
            continue;
        const struct gw_sample *s = &pass->samples[pass->order[i]];
        const struct gw_point *point = &pass->points[s->point];
        put_sample(&text, point, s, &moment);
        out->failed = out->failed || text.failed;
        gw_jcs_made(&j, point->id, text.data, text.len);
    }
    gw_jcs_end(&j);
    gw_jcs_bool(&j, "sync", pass->end.sync);
    gw_jcs_int(&j, "t", pass->end.wall_ms);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}
