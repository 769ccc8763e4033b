/* SPDX-License-Identifier: Apache-2.0 */
#include "gpio/driver.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/worker.h"
#include "gpio/chip.h"
#include "gpio/conf.h"
#include "gpio/reactor.h"

#define TAG     "gpio"
#define JOIN_MS 3000

const struct gw_conf_driver gw_gpio_conf = {
    .name = "gpio",
    .kind = GW_BUS_LOCAL,
    .bus = gw_gpio_conf_bus,
    .device = gw_gpio_conf_device,
    .point = gw_gpio_conf_point,
    .free_bus = free,
    .free_device = free,
    .free_point = free,
    .print_bus = gw_gpio_conf_print_bus,
    .print_device = gw_gpio_conf_print_device,
    .print_point = gw_gpio_conf_print_point,
};

struct gw_driver_instance {
    struct gw_gpio_reactor *reactor;
    struct gw_worker *worker;
};

static enum gw_status gpio_open(const struct gw_driver_env *env, struct gw_driver_instance **out,
                                struct gw_err *err)
{
    bool any = false;
    for (size_t i = 0; i < env->site->nbuses; i++)
        any = any || env->site->buses[i].driver == &gw_gpio_conf;
    *out = NULL;
    if (!any)
        return GW_OK;

    struct gw_driver_instance *inst = calloc(1, sizeof *inst);
    if (inst == NULL)
        return gw_err_set(err, GW_E_NOMEM, "gpio: out of memory");
    enum gw_status status = gw_gpio_reactor_new(env, &gw_gpio_chip_v1, &inst->reactor, err);
    if (status == GW_OK)
        status = gw_worker_start("gpio", gw_gpio_reactor_run, inst->reactor, &inst->worker, err);
    if (status != GW_OK) {
        gw_gpio_reactor_free(inst->reactor);
        free(inst);
        return status;
    }
    *out = inst;
    return GW_OK;
}

static bool gpio_close(struct gw_driver_instance *inst)
{
    if (inst == NULL)
        return true;
    gw_gpio_reactor_stop(inst->reactor);
    bool ended = gw_worker_join(inst->worker, JOIN_MS);
    if (ended)
        gw_gpio_reactor_free(inst->reactor);
    else
        gw_log(GW_LOG_ERR, TAG, "the polling thread does not end and is left behind");
    free(inst);
    return ended;
}

const struct gw_driver gw_gpio_driver = {
    .conf = &gw_gpio_conf,
    .open = gpio_open,
    .close = gpio_close,
};
