/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/exception.h"

#include "publish/telemetry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct last {
    struct gw_sample sample; /* as it was sent */
    int64_t sent_ms;
    double band; /* 0: none */
    bool percent;
    bool sent;
};

struct gw_exception {
    const struct gw_site *site;
    int64_t heartbeat_ms;
    struct last *points; /* NULL without a heartbeat: then there is nothing to compare with */
};

enum gw_status gw_exception_new(const struct gw_site *site, struct gw_exception **out)
{
    const struct gw_site_telemetry *conf = &site->telemetry;
    struct gw_exception *e = calloc(1, sizeof *e);
    if (e == NULL)
        return GW_E_NOMEM;
    e->site = site;
    e->heartbeat_ms = conf->heartbeat_s * 1000;
    *out = e;
    if (e->heartbeat_ms == 0)
        return GW_OK;
    e->points = calloc(site->npoints + 1, sizeof *e->points);
    if (e->points == NULL) {
        free(e);
        return GW_E_NOMEM;
    }
    for (size_t i = 0; i < conf->ndeadbands; i++) {
        struct last *p = &e->points[conf->deadbands[i].point];
        p->band = conf->deadbands[i].value;
        p->percent = conf->deadbands[i].percent;
    }
    return GW_OK;
}

void gw_exception_free(struct gw_exception *e)
{
    if (e == NULL)
        return;
    free(e->points);
    free(e);
}

static double number_of(const struct gw_sample *s)
{
    return s->vtype == GW_V_NUM ? s->value.num : (double)s->value.i;
}

static bool moved(const struct gw_exception *e, const struct last *p, const struct gw_sample *s)
{
    char before[GW_VALUE_TEXT], now[GW_VALUE_TEXT];

    if (s->vtype != p->sample.vtype)
        return true;
    if (p->band > 0.0) {
        const double was = number_of(&p->sample);
        const double band = p->percent ? fabs(was) * p->band / 100.0 : p->band;
        return !(fabs(number_of(s) - was) <= band); /* not a number is news, too */
    }
    if (s->vtype != GW_V_NUM)
        return s->value.i != p->sample.value.i;
    if (s->value.num == p->sample.value.num)
        return false;
    gw_value_text(&e->site->points[s->point], s, now);
    gw_value_text(&e->site->points[s->point], &p->sample, before);
    return strcmp(now, before) != 0;
}

bool gw_exception_due(const struct gw_exception *e, const struct gw_sample *s, int64_t now_ms)
{
    if (e->points == NULL)
        return true;
    const struct last *p = &e->points[s->point];
    if (!p->sent || now_ms - p->sent_ms >= e->heartbeat_ms)
        return true;
    if (s->quality != p->sample.quality || s->valued != p->sample.valued)
        return true;
    return s->valued && moved(e, p, s);
}

void gw_exception_sent(struct gw_exception *e, const struct gw_sample *s, int64_t now_ms)
{
    if (e->points == NULL)
        return;
    struct last *p = &e->points[s->point];
    p->sample = *s;
    p->sent_ms = now_ms;
    p->sent = true;
}
