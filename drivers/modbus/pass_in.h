/* SPDX-License-Identifier: Apache-2.0
 *
 * pass_in: what a pass is made of; private to the files that make it and run it.
 */
#ifndef GW_MODBUS_PASS_IN_H
#define GW_MODBUS_PASS_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modbus/conf.h"
#include "modbus/ident.h"
#include "modbus/pass.h"
#include "modbus/plan.h"
#include "modbus/point.h"
#include "modbus/poll.h"
#include "modbus/refusal.h"

#define GW_MB_NONE       UINT32_MAX
#define GW_MB_FAULT_SIZE sizeof(((struct gw_batch *)NULL)->fault)

/* What few points have: others of the device that they need (entries), and what they tell of its
 * setup. */
struct gw_mb_extra {
    uint32_t state_from, decimals_from, count_from; /* or GW_MB_NONE */
    uint32_t faults[GW_MB_FAULTS_MAX];
    size_t nfaults;
    uint32_t valid[GW_MB_FAULTS_MAX];
    size_t nvalid;
    int64_t last; /* with "restart_if_less" and counted */
    bool counted;
    bool fits; /* with "expect": it was read and is as expected */
};

/* A point of the device. There may be many thousands. */
struct gw_mb_entry {
    const struct gw_mb_point *conf;
    struct gw_mb_extra *extra; /* NULL: nothing */
    struct gw_sample sample;   /* .point: index into the site's points */
};

/* The points of one period: entries first .. first + n - 1. */
struct gw_mb_group {
    struct gw_mb_cadence cadence;
    struct gw_mb_plan plan;
    struct gw_mb_refusal refusal;
    size_t first, n;
    bool due; /* in the present pass */
};

struct gw_mb_pass {
    uint32_t device;
    const struct gw_point *points; /* the site's */
    uint8_t unit;
    const char *where;
    const struct gw_mb_device *conf;
    struct gw_mb_entry *entries; /* by period, then in the order of the site */
    size_t nentries;
    struct gw_mb_extra *extras; /* of the entries that have some */
    struct gw_mb_group *groups; /* shortest period first */
    size_t ngroups;
    /* The device. */
    bool up;         /* it answered, and has not been down since */
    unsigned silent; /* broken passes in a row */
    int64_t up_ms;   /* when it came up */
    struct gw_mb_ident ident;
    /* The pass. */
    int64_t tick_ms;
    bool probing;
    bool doubt; /* the next answer only tells that the unit is in step */
    bool broken;
    size_t group, block;                /* the request that is next; group == ngroups: none */
    unsigned answered, nread, nrefused; /* requests; nrefused: by the device itself */
    unsigned nbusy;                     /* of those */
    bool ask_all;                       /* there is nothing but what should wait */
    unsigned divisions_left;
    uint32_t divisions; /* since the start */
    struct gw_stamp ended;
    char fault[GW_MB_FAULT_SIZE];
};

#endif
