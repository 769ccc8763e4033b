/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/log.h"
#include "base/worker.h"
#include "modbus/conf.h"
#include "modbus/driver.h"
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
    struct gw_rtu_line *line;
    struct gw_worker *worker;
};

struct gw_driver_instance {
    struct gw_clock clock;
    struct line lines[GW_SITE_SERIAL_MAX];
    size_t n;
};

static bool rtu_close(struct gw_driver_instance *inst)
{
    if (inst == NULL)
        return true;
    for (size_t i = 0; i < inst->n; i++)
        gw_rtu_line_stop(inst->lines[i].line);
    const int64_t end = gw_clock_mono_ms(&inst->clock) + JOIN_MS;
    bool ended = true;
    for (size_t i = 0; i < inst->n; i++) {
        const int64_t left = end - gw_clock_mono_ms(&inst->clock);
        if (gw_worker_join(inst->lines[i].worker, left > 0 ? left : 0)) {
            gw_rtu_line_free(inst->lines[i].line);
        } else {
            ended = false;
            gw_log(GW_LOG_ERR, TAG, "the thread of a serial line does not end and is left behind");
        }
    }
    free(inst);
    return ended;
}

static enum gw_status start_line(struct gw_driver_instance *inst, const struct gw_driver_env *env,
                                 uint32_t bus, struct gw_err *err)
{
    struct line *l = &inst->lines[inst->n];
    struct gw_driver_env own = *env;
    own.seed += bus; /* lines do not wait in step */
    enum gw_status status = gw_rtu_line_new(&own, bus, &l->line, err);
    if (status != GW_OK)
        return status;
    status = gw_worker_start("modbus-rtu", gw_rtu_line_run, l->line, &l->worker, err);
    if (status != GW_OK) {
        gw_rtu_line_free(l->line);
        return status;
    }
    inst->n++;
    return GW_OK;
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
};
