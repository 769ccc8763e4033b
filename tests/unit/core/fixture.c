/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"

static void add_point(struct fixture *f, uint32_t i, uint32_t device, const char *id)
{
    static const struct gw_point_def def = {
        .vtype = GW_V_NUM,
        .unit = "kPa",
        .decimals = 1,
        .sane_lo = -(double)INFINITY,
        .sane_hi = (double)INFINITY,
        .period_ms = 1000,
        .stale_ms = 5000,
    };

    f->points[i] = (struct gw_point){.id = id, .def = &def, .device = device};
}

void fixture_init(struct fixture *f)
{
    static const uint32_t bus_of[] = {0, 1};
    struct gw_err err;

    memset(f, 0, sizeof *f);
    f->driver.name = "stub";
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(f->buses[i].id, sizeof f->buses[i].id, "bus%zu", i);
        f->buses[i].driver = &f->driver;
        f->devices[i].bus = (uint32_t)i;
    }
    (void)snprintf(f->devices[0].id, sizeof f->devices[0].id, "a");
    (void)snprintf(f->devices[1].id, sizeof f->devices[1].id, "b");
    add_point(f, 0, 0, "a.x");
    add_point(f, 1, 0, "a.y");
    add_point(f, 2, 1, "b.z");
    add_point(f, 3, 0, "a.late");
    (void)snprintf(f->site.gateway.id, sizeof f->site.gateway.id, "g1");
    f->site.buses = f->buses;
    f->site.nbuses = 2;
    f->site.devices = f->devices;
    f->site.ndevices = 2;
    f->site.points = f->points;
    f->site.npoints = 4;
    struct gw_table_conf conf = {
        .points = f->points, .npoints = 4, .bus_of = bus_of, .ndevices = 2, .window_ms = 10000};
    assert_int_equal(gw_table_new(&conf, &f->table, &err), GW_OK);
}

void fixture_free(struct fixture *f)
{
    gw_table_free(f->table);
}

struct gw_sample fixture_sample(uint32_t point, double value, int64_t mono_ms)
{
    return (struct gw_sample){
        .point = point,
        .quality = GW_Q_GOOD,
        .vtype = GW_V_NUM,
        .nraw = 1,
        .valued = 1,
        .value = {.num = value},
        .mono_ms = mono_ms,
        .wall_ms = 1795305600000 + mono_ms,
        .raw = {(uint16_t)value},
    };
}
