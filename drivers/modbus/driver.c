/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/driver.h"

#include <stdlib.h>

#include "base/log.h"
#include "modbus/conf.h"
#include "modbus/keeper.h"
#include "modbus/point.h"
#include "modbus/reactor.h"

#define TAG      "modbus"
#define JOIN_MS  3000
#define PAUSE_MS 1000 /* a reactor that does not stop working for so long hangs */

const struct gw_conf_driver gw_modbus_tcp_conf = {
    .name = "modbus-tcp",
    .kind = GW_BUS_TCP,
    .bus = gw_mb_conf_bus,
    .device = gw_mb_conf_device,
    .point = gw_mb_conf_point,
    .free_bus = free,
    .free_device = free,
    .free_point = gw_mb_conf_free_point,
    .print_bus = gw_mb_conf_print_bus,
    .print_device = gw_mb_conf_print_device,
    .print_point = gw_mb_conf_print_point,
};

struct gw_driver_instance {
    struct gw_driver_env env;
    struct gw_keeper *keeper;
};

static enum gw_status make_reactor(void *arg, const struct gw_keeper_post *post, void **out,
                                   struct gw_err *err)
{
    const struct gw_driver_instance *inst = arg;
    struct gw_driver_env env = inst->env;
    struct gw_mb_reactor *reactor = NULL;
    env.sink = post->sink;
    const enum gw_status status = gw_mb_reactor_new(&env, NULL, &reactor, err);
    if (status != GW_OK)
        return status;
    gw_mb_reactor_beat(reactor, post->beat);
    *out = reactor;
    return GW_OK;
}

static void stop_reactor(void *reactor)
{
    gw_mb_reactor_stop(reactor);
}

static void release_reactor(void *reactor)
{
    gw_mb_reactor_free(reactor);
}

static const struct gw_keeper_body body = {
    .name = "modbus-tcp",
    .make = make_reactor,
    .run = gw_mb_reactor_run,
    .stop = stop_reactor,
    .release = release_reactor,
};

static bool has_bus(const struct gw_site *site)
{
    bool any = false;
    for (size_t i = 0; i < site->nbuses; i++)
        any = any || site->buses[i].driver == &gw_modbus_tcp_conf;
    return any;
}

static enum gw_status modbus_open(const struct gw_driver_env *env, struct gw_driver_instance **out,
                                  struct gw_err *err)
{
    *out = NULL;
    if (!has_bus(env->site))
        return GW_OK;

    struct gw_driver_instance *inst = calloc(1, sizeof *inst);
    if (inst == NULL)
        return gw_err_set(err, GW_E_NOMEM, "modbus: out of memory");
    inst->env = *env;
    const enum gw_status status = gw_keeper_start(&body, inst, &env->sink, &inst->keeper, err);
    if (status != GW_OK) {
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
    gw_keeper_stop(inst->keeper);
    const bool ended = gw_keeper_free(inst->keeper, JOIN_MS);
    if (!ended)
        gw_log(GW_LOG_ERR, TAG, "the polling thread does not end and is left behind");
    free(inst);
    return ended;
}

/* A thread that hangs is left behind, and all of its buses begin anew. */
static enum gw_status modbus_reload(struct gw_driver_instance **inst,
                                    const struct gw_driver_env *env,
                                    const struct gw_driver_keep *keep, struct gw_err *err)
{
    struct gw_driver_instance *i = *inst;
    if (i == NULL)
        return modbus_open(env, inst, err);
    if (!has_bus(env->site)) {
        *inst = NULL;
        return modbus_close(i)
                   ? GW_OK
                   : gw_err_set(err, GW_E_IO, "modbus: the polling thread does not end");
    }
    struct gw_mb_reactor *reactor = gw_keeper_object(i->keeper);
    i->env = *env;
    if (reactor == NULL || gw_loop_pause(gw_mb_reactor_loop(reactor), PAUSE_MS) != GW_OK) {
        gw_keeper_sink(i->keeper, &env->sink);
        return gw_keeper_renew(i->keeper, err);
    }
    const enum gw_status status = gw_mb_reactor_reload(reactor, env, keep, err);
    if (status == GW_OK)
        gw_keeper_sink(i->keeper, &env->sink);
    gw_loop_resume(gw_mb_reactor_loop(reactor));
    return status;
}

static void modbus_tend(struct gw_driver_instance *inst, const struct gw_driver_report *report)
{
    if (inst != NULL)
        gw_keeper_tell(gw_keeper_look(inst->keeper), body.name, report);
}

const struct gw_driver gw_modbus_tcp_driver = {
    .conf = &gw_modbus_tcp_conf,
    .open = modbus_open,
    .reload = modbus_reload,
    .close = modbus_close,
    .tend = modbus_tend,
};
