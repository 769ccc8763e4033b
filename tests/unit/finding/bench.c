/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_init(struct bench *b, enum gw_rule rule)
{
    memset(b, 0, sizeof *b);
    b->ndevices = 3;
    b->bus_of[2] = 1;
    b->now_ms = 1000000;
    b->finding.rules = b->rules;
    b->rule = &b->finding.rules[0];
    b->rule->rule = rule;
    b->finding.nrules = 1;
    b->finding.cls = GW_CLASS_ALARM;
    b->finding.strength = 'A';
    b->finding.priority = 2;
    snprintf(b->finding.code, sizeof b->finding.code, "T-01");
    snprintf(b->asset.id, sizeof b->asset.id, "a1");
    snprintf(b->asset.type, sizeof b->asset.type, "if_furnace");
    b->asset.roles = b->roles;
    b->check.asset = &b->asset;
    b->check.finding = &b->finding;
    b->check.rule = b->rule;
    b->check.index = GW_NO_INDEX;
    b->check.cause = GW_NO_INDEX;
    b->check.run = GW_NO_INDEX;
    b->check.rated = NAN;
    snprintf(b->check.key, sizeof b->check.key, "a1:T-01");
}

void bench_free(struct bench *b)
{
    gw_table_free(b->table);
    b->table = NULL;
}

uint32_t bench_point(struct bench *b, const char *id, uint32_t device, enum gw_vtype vtype)
{
    assert(b->npoints < BENCH_POINTS && b->table == NULL);
    struct gw_point *p = &b->points[b->npoints];
    snprintf(b->ids[b->npoints], sizeof b->ids[0], "%s", id);
    p->id = b->ids[b->npoints];
    p->device = device;
    p->def = &b->defs[b->npoints];
    b->defs[b->npoints] = (struct gw_point_def){.vtype = vtype,
                                                .decimals = 2,
                                                .sane_lo = -INFINITY,
                                                .sane_hi = INFINITY,
                                                .period_ms = 1000,
                                                .stale_ms = 5000};
    return (uint32_t)b->npoints++;
}

void bench_role(struct bench *b, const char *role, uint32_t point)
{
    size_t i = 0;
    while (i < b->asset.nroles && strcmp(b->roles[i].role, role) != 0)
        i++;
    assert(i < sizeof b->roles / sizeof b->roles[0]);
    if (i == b->asset.nroles) {
        snprintf(b->roles[i].role, sizeof(b->roles[i].role), "%s", role);
        b->roles[i].points = b->role_points[i];
        b->asset.nroles++;
    }
    assert(b->roles[i].npoints < 8);
    b->role_points[i][b->roles[i].npoints++] = point;
    if (strcmp(role, "RUN") == 0)
        b->check.run = point;
    if (b->check.npoints < GW_CHECK_POINTS) {
        b->check.points[b->check.npoints++] =
            (struct gw_role_point){.role = b->roles[i].role, .point = point};
    }
}

uint32_t bench_play(struct bench *b, const char *role, const char *id, uint32_t device,
                    enum gw_vtype vtype)
{
    const uint32_t point = bench_point(b, id, device, vtype);
    bench_role(b, role, point);
    return point;
}

void bench_param(struct bench *b, const char *name, double value)
{
    enum gw_param id = GW_PARAM_COUNT;
    const bool known = gw_param_parse(name, &id);
    assert(known);
    (void)known;
    if ((b->check.given >> id & 1u) == 0)
        b->finding.params[b->finding.nparams++] =
            (struct gw_param_def){.id = id, .name = gw_param_name(id), .def = value};
    b->check.given |= 1u << id;
    b->check.params[id] = value;
}

void bench_need(struct bench *b, size_t i, const char *role)
{
    struct gw_role_need *n = &b->rule->needs[i];
    snprintf(n->alt[n->nalt++], GW_ROLE_SIZE, "%s", role);
    if (b->rule->nneeds <= i)
        b->rule->nneeds = i + 1;
}

void bench_test_state(struct bench *b, const char *role, uint32_t states)
{
    struct gw_role_test *t = &b->rule->tests[b->rule->ntests++];
    snprintf(t->role, sizeof t->role, "%s", role);
    t->states = states;
}

void bench_test_contact(struct bench *b, const char *role, bool on)
{
    struct gw_role_test *t = &b->rule->tests[b->rule->ntests++];
    snprintf(t->role, sizeof t->role, "%s", role);
    t->on = on;
}

void bench_each(struct bench *b, const char *role, uint32_t index)
{
    snprintf(b->finding.each[0], GW_ROLE_SIZE, "%s", role);
    b->finding.neach = 1;
    snprintf(b->check.role, sizeof b->check.role, "%s", role);
    b->check.index = index;
}

static struct gw_peer peer(const void *ctx, uint32_t check)
{
    const struct bench *b = ctx;
    return b->peers[check];
}

void bench_ready(struct bench *b)
{
    const struct gw_table_conf conf = {
        .points = b->points,
        .npoints = b->npoints,
        .bus_of = b->bus_of,
        .ndevices = b->ndevices,
        .window_ms = 420000,
    };
    struct gw_err err;
    if (gw_table_new(&conf, &b->table, &err) != GW_OK) {
        fprintf(stderr, "bench: %s\n", err.msg);
        abort();
    }
    b->ctx = (struct gw_rule_ctx){.check = &b->check,
                                  .table = b->table,
                                  .peer = peer,
                                  .peer_ctx = b,
                                  .explain = true,
                                  .memory = &b->memory};
}

static void apply(struct bench *b, const struct gw_sample *s, enum gw_link link)
{
    struct gw_batch batch = {
        .device = b->points[s->point].device,
        .link = (uint8_t)link,
        .last = 1,
        .n = 1,
        .mono_ms = b->now_ms,
        .wall_ms = 1795305600000 + b->now_ms,
    };
    batch.samples[0] = *s;
    batch.samples[0].mono_ms = batch.mono_ms;
    batch.samples[0].wall_ms = batch.wall_ms;
    gw_table_apply(b->table, &batch);
}

void bench_num(struct bench *b, uint32_t point, double value)
{
    const struct gw_sample s = {.point = point,
                                .quality = GW_Q_GOOD,
                                .vtype = GW_V_NUM,
                                .valued = 1,
                                .nraw = 1,
                                .raw = {(uint16_t)1},
                                .value.num = value};
    apply(b, &s, GW_LINK_OK);
}

static void whole(struct bench *b, uint32_t point, enum gw_vtype vtype, int64_t value)
{
    const struct gw_sample s = {.point = point,
                                .quality = GW_Q_GOOD,
                                .vtype = (uint8_t)vtype,
                                .valued = 1,
                                .nraw = 1,
                                .raw = {(uint16_t)value},
                                .value.i = value};
    apply(b, &s, GW_LINK_OK);
}

void bench_contact(struct bench *b, uint32_t point, bool on)
{
    whole(b, point, GW_V_BOOL, on ? 1 : 0);
}

void bench_state(struct bench *b, uint32_t point, enum gw_state state)
{
    whole(b, point, GW_V_STATE, (int64_t)state);
}

void bench_quality(struct bench *b, uint32_t point, enum gw_quality quality)
{
    const struct gw_sample s = {
        .point = point, .quality = (uint8_t)quality, .vtype = (uint8_t)b->points[point].def->vtype};
    apply(b, &s, gw_table_device(b->table, b->points[point].device)->link);
}

void bench_link(struct bench *b, uint32_t device, enum gw_link link)
{
    const struct gw_batch batch = {
        .device = device, .link = (uint8_t)link, .last = 1, .mono_ms = b->now_ms};
    gw_table_apply(b->table, &batch);
}

enum gw_tri bench_eval(struct bench *b)
{
    b->ctx.now_ms = b->now_ms;
    gw_check_bind(&b->check, b->points, b->npoints);
    const enum gw_tri t = gw_rule_eval(&b->ctx);
    if (t != GW_UNKNOWN)
        b->ctx.was = t == GW_TRUE;
    return t;
}
