/* SPDX-License-Identifier: Apache-2.0
 *
 * bench: one check on one asset, built by hand, for tests of rules and records. The test fills in
 * finding, rule and parameters; the bench owns points, roles and the table. Not for threads.
 */
#ifndef GW_TESTS_UNIT_FINDING_BENCH_H
#define GW_TESTS_UNIT_FINDING_BENCH_H

#include <stdint.h>

#include "finding/rule.h"
#include "model/table.h"

#define BENCH_POINTS  32
#define BENCH_DEVICES 8

struct bench {
    struct gw_point points[BENCH_POINTS];
    struct gw_point_def defs[BENCH_POINTS]; /* of each point its own */
    char ids[BENCH_POINTS][GW_POINT_ID];
    size_t npoints;
    uint32_t bus_of[BENCH_DEVICES];
    size_t ndevices;
    struct gw_site_role roles[12];
    uint32_t role_points[12][8];
    struct gw_site_asset asset;
    struct gw_finding finding;
    struct gw_rule_def rules[GW_RULES_MAX];
    struct gw_rule_def *rule; /* finding.rules[0] */
    struct gw_check_def check;
    struct gw_table *table;
    int64_t now_ms;
    struct gw_peer peers[4];      /* what ctx.peer answers */
    struct gw_rule_memory memory; /* of ctx */
    struct gw_rule_ctx ctx;
};

/* An alarm-class finding with an empty rule of this kind; three devices, 0 and 1 on one bus, 2 on
 * another. */
void bench_init(struct bench *b, enum gw_rule rule);
void bench_free(struct bench *b);

/* Declares a point ("d0.x" on device 0) that plays a role; both may be declared more than once. */
uint32_t bench_point(struct bench *b, const char *id, uint32_t device, enum gw_vtype vtype);
void bench_role(struct bench *b, const char *role, uint32_t point);
/* The same in one step. */
uint32_t bench_play(struct bench *b, const char *role, const char *id, uint32_t device,
                    enum gw_vtype vtype);
void bench_param(struct bench *b, const char *name, double value);
void bench_need(struct bench *b, size_t i, const char *role);
void bench_test_state(struct bench *b, const char *role, uint32_t states);
void bench_test_contact(struct bench *b, const char *role, bool on);
/* Makes the check one of `each`: this role's point of this index. */
void bench_each(struct bench *b, const char *role, uint32_t index);
/* Makes the table; links are UNKNOWN. To be called after all points are declared. */
void bench_ready(struct bench *b);

/* Samples at now_ms. A GOOD one makes its device's link OK. */
void bench_num(struct bench *b, uint32_t point, double value);
void bench_contact(struct bench *b, uint32_t point, bool on);
void bench_state(struct bench *b, uint32_t point, enum gw_state state);
/* A sample without a value. Leaves the link alone. */
void bench_quality(struct bench *b, uint32_t point, enum gw_quality quality);
void bench_link(struct bench *b, uint32_t device, enum gw_link link);

/* Evaluates at now_ms; ctx.was follows as the engine does it. */
enum gw_tri bench_eval(struct bench *b);

#endif
