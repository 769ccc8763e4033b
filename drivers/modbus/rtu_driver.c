/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/log.h"
#include "modbus/conf.h"
#include "modbus/driver.h"
#include "modbus/keeper.h"
#include "modbus/point.h"
#include "modbus/rtu_conf.h"
#include "modbus/rtu_line.h"

#define TAG "modbus"
#define JOIN_MS                                                                                    \
    4800 /* all lines together; a request in flight takes up to 4000 and its silences  \
                      */

const struct gw_conf_driver gw_modbus_rtu_conf = {
    .name = "modbus-rtu",
    .kind = GW_BUS_SERIAL,
    .bus = gw_rtu_conf_bus,
    .device = gw_rtu_conf_device,
    .point = gw_mb_conf_point,
    .free_bus = free,
    .free_device = free,
    .free_point = free,
    .print_bus = gw_rtu_conf_print_bus,
    .print_device = gw_mb_conf_print_device,
    .print_point = gw_mb_conf_print_point,
};

struct line {
    struct gw_driver_env env;
    uint32_t bus;
    struct gw_keeper *keeper;
};

struct gw_driver_instance {
    struct gw_clock clock;
    struct line lines[GW_SITE_SERIAL_MAX];
    size_t n;
};

static enum gw_status make_line(void *arg, const struct gw_keeper_post *post, void **out,
                                struct gw_err *err)
{
    const struct line *l = arg;
    struct gw_driver_env env = l->env;
    struct gw_rtu_line *line = NULL;
    env.sink = post->sink;
    enum gw_status status = gw_rtu_line_new(&env, l->bus, &line, err);
    if (status != GW_OK)
        return status;
    status = gw_rtu_line_beat(line, post->beat);
    if (status != GW_OK) {
        gw_rtu_line_free(line);
        return gw_err_set(err, status, "modbus: out of memory");
    }
    *out = line;
    return GW_OK;
}

static void stop_line(void *line)
{
    gw_rtu_line_stop(line);
}

static void leave_line(void *line)
{
    gw_rtu_line_leave(line);
}

static void release_line(void *line)
{
    gw_rtu_line_free(line);
}

static const struct gw_keeper_body body = {
    .name = "modbus-rtu",
    .make = make_line,
    .run = gw_rtu_line_run,
    .stop = stop_line,
    .leave = leave_line,
    .release = release_line,
};

static bool rtu_close(struct gw_driver_instance *inst)
{
    if (inst == NULL)
        return true;
    for (size_t i = 0; i < inst->n; i++)
        gw_keeper_stop(inst->lines[i].keeper);
    const int64_t end = gw_clock_mono_ms(&inst->clock) + JOIN_MS;
    bool ended = true;
    for (size_t i = 0; i < inst->n; i++) {
        const int64_t left = end - gw_clock_mono_ms(&inst->clock);
        if (gw_keeper_free(inst->lines[i].keeper, left > 0 ? left : 0))
            continue;
        ended = false;
        gw_log(GW_LOG_ERR, TAG, "the thread of a serial line does not end and is left behind");
    }
    free(inst);
    return ended;
}

static enum gw_status start_line(struct gw_driver_instance *inst, const struct gw_driver_env *env,
                                 uint32_t bus, struct gw_err *err)
{
    struct line *l = &inst->lines[inst->n];
    l->env = *env;
    l->env.seed += bus; /* lines do not wait in step */
    l->bus = bus;
    const enum gw_status status = gw_keeper_start(&body, l, &env->sink, &l->keeper, err);
    if (status == GW_OK)
        inst->n++;
    return status;
}

static void rtu_tend(struct gw_driver_instance *inst, const struct gw_driver_report *report)
{
    for (size_t i = 0; inst != NULL && i < inst->n; i++) {
        const struct line *l = &inst->lines[i];
        gw_keeper_tell(gw_keeper_look(l->keeper), l->env.site->buses[l->bus].id, report);
    }
}

static enum gw_status rtu_open(const struct gw_driver_env *env, struct gw_driver_instance **out,
                               struct gw_err *err)
{
    *out = NULL;
    struct gw_driver_instance *inst = calloc(1, sizeof *inst);
    if (inst == NULL)
        return gw_err_set(err, GW_E_NOMEM, "modbus: out of memory");
    inst->clock = *env->clock;
    enum gw_status status = GW_OK;
    for (size_t i = 0; status == GW_OK && i < env->site->nbuses; i++) {
        if (env->site->buses[i].driver != &gw_modbus_rtu_conf)
            continue;
        status = inst->n < GW_SITE_SERIAL_MAX
                     ? start_line(inst, env, (uint32_t)i, err)
                     : gw_err_set(err, GW_E_RANGE, "more than %d serial lines", GW_SITE_SERIAL_MAX);
    }
    if (status != GW_OK || inst->n == 0) {
        (void)rtu_close(inst); /* what was abandoned keeps what it needs */
        return status;
    }
    *out = inst;
    return GW_OK;
}

const struct gw_driver gw_modbus_rtu_driver = {
    .conf = &gw_modbus_rtu_conf,
    .open = rtu_open,
    .close = rtu_close,
    .tend = rtu_tend,
};
