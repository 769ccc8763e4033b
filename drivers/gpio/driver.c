/* SPDX-License-Identifier: Apache-2.0 */
#include "gpio/driver.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/worker.h"
#include "gpio/chip.h"
#include "gpio/conf.h"
#include "gpio/reactor.h"

#define TAG      "gpio"
#define JOIN_MS  3000
#define PAUSE_MS 1000

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

/* A chip has a thread of its own, which the others need not know of. */
struct chip {
    uint32_t bus;
    struct gw_gpio_reactor *reactor;
    struct gw_worker *worker;
    struct gw_pulse *pulse;
    struct chip *next;
};

struct gw_driver_instance {
    struct chip *chips;
    bool left; /* a thread was left behind */
};

/* false: its thread was left behind. */
static bool end_chip(struct chip *c)
{
    gw_gpio_reactor_stop(c->reactor);
    const bool ended = gw_worker_join(c->worker, JOIN_MS);
    if (ended) {
        gw_gpio_reactor_free(c->reactor);
        gw_pulse_end(c->pulse);
    } else {
        gw_log(GW_LOG_ERR, TAG, "the polling thread does not end and is left behind");
        gw_pulse_leave(c->pulse);
    }
    free(c);
    return ended;
}

static bool gpio_close(struct gw_driver_instance *inst)
{
    if (inst == NULL)
        return true;
    bool ended = !inst->left;
    for (struct chip *c = inst->chips; c != NULL; c = c->next)
        gw_gpio_reactor_stop(c->reactor);
    while (inst->chips != NULL) {
        struct chip *c = inst->chips;
        inst->chips = c->next;
        ended = end_chip(c) && ended;
    }
    free(inst);
    return ended;
}

static enum gw_status start_chip(struct gw_driver_instance *inst, const struct gw_driver_env *env,
                                 uint32_t bus, struct gw_err *err)
{
    char name[GW_ID_SIZE + 16];
    struct chip *c = calloc(1, sizeof *c);
    if (c == NULL)
        return gw_err_set(err, GW_E_NOMEM, "gpio: out of memory");
    c->bus = bus;
    enum gw_status status = gw_gpio_reactor_of(env, bus, &gw_gpio_chip_v1, &c->reactor, err);
    if (status == GW_OK) {
        (void)snprintf(name, sizeof name, "gpio of buses.%s", env->site->buses[bus].id);
        c->pulse = gw_pulse_begin(env->pulses, name);
        gw_gpio_reactor_pulse(c->reactor, c->pulse);
        status = gw_worker_start("gpio", gw_gpio_reactor_run, c->reactor, &c->worker, err);
    }
    if (status != GW_OK) {
        gw_gpio_reactor_free(c->reactor);
        gw_pulse_end(c->pulse);
        free(c);
        return status;
    }
    c->next = inst->chips;
    inst->chips = c;
    return GW_OK;
}

static enum gw_status gpio_open(const struct gw_driver_env *env, struct gw_driver_instance **out,
                                struct gw_err *err)
{
    enum gw_status status = GW_OK;
    *out = NULL;
    struct gw_driver_instance *inst = calloc(1, sizeof *inst);
    if (inst == NULL)
        return gw_err_set(err, GW_E_NOMEM, "gpio: out of memory");
    for (uint32_t i = 0; status == GW_OK && i < env->site->nbuses; i++)
        if (env->site->buses[i].driver == &gw_gpio_conf)
            status = start_chip(inst, env, i, err);
    if (status != GW_OK || inst->chips == NULL) {
        (void)gpio_close(inst);
        return status;
    }
    *out = inst;
    return GW_OK;
}

/* What goes is closed before what comes is opened: it may be the same chip. */
static enum gw_status keep_chips(struct gw_driver_instance *inst, const struct gw_driver_env *env,
                                 const struct gw_driver_keep *keep, struct gw_err *err)
{
    for (struct chip **at = &inst->chips; *at != NULL;) {
        struct chip *c = *at;
        uint32_t bus = GW_DRIVER_NEW;
        for (uint32_t i = 0; i < env->site->nbuses; i++)
            if (keep->buses[i] == c->bus)
                bus = i;
        if (bus == GW_DRIVER_NEW) {
            *at = c->next;
            if (!end_chip(c)) {
                inst->left = true;
                return gw_err_set(err, GW_E_IO, "gpio: the polling thread does not end");
            }
            continue;
        }
        if (gw_loop_pause(gw_gpio_reactor_loop(c->reactor), PAUSE_MS) != GW_OK)
            return gw_err_set(err, GW_E_IO, "gpio: the polling thread hangs");
        gw_gpio_reactor_reload(c->reactor, env, keep);
        gw_loop_resume(gw_gpio_reactor_loop(c->reactor));
        at = &c->next;
    }
    return GW_OK;
}

/* An instance without chips stays, until it is closed. */
static enum gw_status gpio_reload(struct gw_driver_instance **inst, const struct gw_driver_env *env,
                                  const struct gw_driver_keep *keep, struct gw_err *err)
{
    if (*inst == NULL)
        return gpio_open(env, inst, err);
    enum gw_status status = keep_chips(*inst, env, keep, err);
    for (struct chip *c = (*inst)->chips; status == GW_OK && c != NULL; c = c->next)
        for (uint32_t i = 0; i < env->site->nbuses; i++)
            if (keep->buses[i] == c->bus) {
                c->bus = i;
                break;
            }
    for (uint32_t i = 0; status == GW_OK && i < env->site->nbuses; i++)
        if (env->site->buses[i].driver == &gw_gpio_conf && keep->buses[i] == GW_DRIVER_NEW)
            status = start_chip(*inst, env, i, err);
    return status;
}

const struct gw_driver gw_gpio_driver = {
    .conf = &gw_gpio_conf,
    .open = gpio_open,
    .reload = gpio_reload,
    .close = gpio_close,
};
