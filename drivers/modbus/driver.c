/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/driver.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/worker.h"
#include "modbus/conf.h"
#include "modbus/point.h"
#include "modbus/reactor.h"

#define TAG     "modbus"
#define JOIN_MS 3000

const struct gw_conf_driver gw_modbus_tcp_conf = {
    .name = "modbus-tcp",
    .kind = GW_BUS_TCP,
    .bus = gw_mb_conf_bus,
    .device = gw_mb_conf_device,
    .point = gw_mb_conf_point,
    .free_bus = free,
    .free_device = free,
    .free_point = free,
    .print_bus = gw_mb_conf_print_bus,
    .print_device = gw_mb_conf_print_device,
    .print_point = gw_mb_conf_print_point,
};

struct gw_driver_instance {
    struct gw_mb_reactor *reactor;
    struct gw_worker *worker;
};

static enum gw_status modbus_open(const struct gw_driver_env *env, struct gw_driver_instance **out,
                                  struct gw_err *err)
{
    bool any = false;
    for (size_t i = 0; i < env->site->nbuses; i++)
        any = any || env->site->buses[i].driver == &gw_modbus_tcp_conf;
    *out = NULL;
    if (!any)
        return GW_OK;

    struct gw_driver_instance *inst = calloc(1, sizeof *inst);
    if (inst == NULL)
        return gw_err_set(err, GW_E_NOMEM, "modbus: out of memory");
    enum gw_status status = gw_mb_reactor_new(env, NULL, &inst->reactor, err);
    if (status == GW_OK)
        status =
            gw_worker_start("modbus-tcp", gw_mb_reactor_run, inst->reactor, &inst->worker, err);
    if (status != GW_OK) {
        gw_mb_reactor_free(inst->reactor);
        free(inst);
        return status;
    }
    *out = inst;
    return GW_OK;
}

static bool modbus_close(struct gw_driver_instance *inst)
{
    if (inst == NULL)
        return true;
    gw_mb_reactor_stop(inst->reactor);
    bool ended = gw_worker_join(inst->worker, JOIN_MS);
    if (ended)
        gw_mb_reactor_free(inst->reactor);
    else
        gw_log(GW_LOG_ERR, TAG, "the polling thread does not end and is left behind");
    free(inst);
    return ended;
}

const struct gw_driver gw_modbus_tcp_driver = {
    .conf = &gw_modbus_tcp_conf,
    .open = modbus_open,
    .close = modbus_close,
};
