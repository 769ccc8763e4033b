/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#include <stdio.h>
#include <string.h>

void small_site_init(struct small_site *s, const char *socket)
{
    static const struct gw_point_def gas = {.vtype = GW_V_NUM, .unit = "%LEL", .decimals = 1};
    static const struct gw_point_def state = {.vtype = GW_V_STATE};
    static const struct gw_point_def contact = {.vtype = GW_V_BOOL};
    memset(s, 0, sizeof *s);
    s->driver.name = "modbus-tcp";
    (void)snprintf(s->bus.id, sizeof s->bus.id, "panel");
    s->bus.driver = &s->driver;
    (void)snprintf(s->devices[0].id, sizeof s->devices[0].id, "gas");
    (void)snprintf(s->devices[0].location, sizeof s->devices[0].location, "调漆间外墙");
    (void)snprintf(s->devices[1].id, sizeof s->devices[1].id, "di");
    s->points[0] = (struct gw_point){.id = "gas.p1", .def = &gas, .device = 0};
    s->points[1] = (struct gw_point){.id = "gas.p1_state", .def = &state, .device = 0};
    s->points[2] = (struct gw_point){.id = "di.run", .def = &contact, .device = 1};
    s->site.buses = &s->bus;
    s->site.nbuses = 1;
    s->site.devices = s->devices;
    s->site.ndevices = 2;
    s->site.points = s->points;
    s->site.npoints = 3;
    (void)snprintf(s->site.gateway.id, sizeof s->site.gateway.id, "gw-test");
    (void)snprintf(s->site.enterprise.name, sizeof s->site.enterprise.name, "测试铸造");
    (void)snprintf(s->site.local.socket_mode, sizeof s->site.local.socket_mode, "0600");
    if (socket)
        (void)snprintf(s->site.local.socket, sizeof s->site.local.socket, "%s", socket);
}

void small_site_fill(struct gw_snapshot *s, int64_t mono_ms)
{
    s->now = (struct gw_stamp){.mono_ms = mono_ms, .wall_ms = 1795305600123, .sync = true};
    s->deciding = true;
    s->checks = 9;
    s->alarms = 1;
    s->leads = 1;
    s->journal = (struct gw_snapshot_journal){.ok = true, .seq = 17};
    s->mqtt = (struct gw_snapshot_mqtt){.enabled = true, .connected = true, .acked = 3};
    s->points[0] = (struct gw_sample){.point = 0,
                                      .quality = GW_Q_GOOD,
                                      .vtype = GW_V_NUM,
                                      .nraw = 1,
                                      .valued = 1,
                                      .value.num = 12.5,
                                      .mono_ms = mono_ms - 40,
                                      .wall_ms = 1795305600083,
                                      .raw = {125}};
    s->points[1] = (struct gw_sample){.point = 1,
                                      .quality = GW_Q_GOOD,
                                      .vtype = GW_V_STATE,
                                      .nraw = 1,
                                      .valued = 1,
                                      .value.i = GW_S_LOW,
                                      .mono_ms = mono_ms - 40,
                                      .wall_ms = 1795305600083,
                                      .raw = {0x200}};
    s->points[2] = (struct gw_sample){.point = 2, .quality = GW_Q_NOT_YET};
    s->devices[0] = (struct gw_device_life){.link = GW_LINK_OK, .since_ms = mono_ms - 5000};
    s->devices[0].polls = (struct gw_polls){.scheduled = 10, .read = 9, .failed = 1};
    s->devices[1] = (struct gw_device_life){
        .link = GW_LINK_DOWN, .fault = "no \"answer\"", .identity = "DI-8 sn 7"};

    struct gw_standing *alarm = gw_snapshot_add(s);
    *alarm = (struct gw_standing){.alarm = true,
                                  .declared = true,
                                  .priority = 1,
                                  .since_ms = 1795305600000,
                                  .id = "paint-1:GAS-EV-LOW:gas.p1#1",
                                  .asset = "paint-1",
                                  .finding = "GAS-EV-LOW",
                                  .kind = "EV",
                                  .state = "unacked",
                                  .title_zh = "气体浓度低限报警",
                                  .title_en = "low alarm"};
    struct gw_standing *lead = gw_snapshot_add(s);
    *lead = (struct gw_standing){.since_ms = 1795305600000,
                                 .id = "if-1:CW-ABS-02#2",
                                 .asset = "if-1",
                                 .finding = "CW-ABS-02",
                                 .kind = "ABS",
                                 .state = "open",
                                 .title_zh = "",
                                 .title_en = ""};
}
