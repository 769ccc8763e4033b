/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/log.h"
#include "modbus/conf.h"
#include "modbus/driver.h"
#include "modbus/keeper.h"
#include "modbus/point.h"
#include "modbus/rtu_conf.h"
#include "modbus/rtu_line.h"

#define TAG     "modbus"
#define JOIN_MS 4800 /* all lines; a request in flight takes up to 4000 and its silences */

const struct gw_conf_driver gw_modbus_rtu_conf = {
    .name = "modbus-rtu",
    .kind = GW_BUS_SERIAL,
    .bus = gw_rtu_conf_bus,
    .device = gw_rtu_conf_device,
    .point = gw_mb_conf_point,
    .free_bus = free,
    .free_device = free,
    .free_point = gw_mb_conf_free_point,
    .print_bus = gw_rtu_conf_print_bus,
    .print_device = gw_mb_conf_print_device,
    .print_point = gw_mb_conf_print_point,
};

struct line {
    struct gw_driver_env env;
    uint32_t bus;
    struct gw_keeper *keeper;
    struct line *next;
};

struct gw_driver_instance {
    struct gw_clock clock;
    struct line *lines;
    struct line *left;  /* by a reload, and perhaps still at their last request */
    int64_t reloads_ms; /* since when the present reload is under way */
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

/* false: its thread was left behind. */
static bool free_line(struct line *l, int64_t timeout_ms)
{
    const bool ended = gw_keeper_free(l->keeper, timeout_ms);
    if (!ended)
        gw_log(GW_LOG_ERR, TAG, "the thread of a serial line does not end and is left behind");
    free(l);
    return ended;
}

static bool free_lines(struct gw_driver_instance *inst, struct line *list, int64_t end_ms)
{
    bool ended = true;
    while (list != NULL) {
        struct line *next = list->next;
        const int64_t left = end_ms - gw_clock_mono_ms(&inst->clock);
        ended = free_line(list, left > 0 ? left : 0) && ended;
        list = next;
    }
    return ended;
}

static bool rtu_close(struct gw_driver_instance *inst)
{
    if (inst == NULL)
        return true;
    for (struct line *l = inst->lines; l != NULL; l = l->next)
        gw_keeper_stop(l->keeper);
    const int64_t end = gw_clock_mono_ms(&inst->clock) + JOIN_MS;
    bool ended = free_lines(inst, inst->lines, end);
    ended = free_lines(inst, inst->left, end) && ended;
    free(inst);
    return ended;
}

static enum gw_status start_line(struct gw_driver_instance *inst, const struct gw_driver_env *env,
                                 uint32_t bus, struct gw_err *err)
{
    struct line *l = calloc(1, sizeof *l);
    if (l == NULL)
        return gw_err_set(err, GW_E_NOMEM, "modbus: out of memory");
    l->env = *env;
    l->env.seed += bus; /* lines do not wait in step */
    l->bus = bus;
    const enum gw_status status = gw_keeper_start(&body, l, &env->sink, &l->keeper, err);
    if (status != GW_OK) {
        free(l);
        return status;
    }
    l->next = inst->lines;
    inst->lines = l;
    return GW_OK;
}

static void rtu_tend(struct gw_driver_instance *inst, const struct gw_driver_report *report)
{
    if (inst == NULL)
        return;
    for (struct line *l = inst->lines; l != NULL; l = l->next)
        gw_keeper_tell(gw_keeper_look(l->keeper), l->env.site->buses[l->bus].id, report);
    for (struct line **at = &inst->left; *at != NULL;) {
        struct line *l = *at;
        if (!gw_keeper_gone(l->keeper)) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        (void)free_line(l, 0);
    }
}

static struct line *line_of(const struct gw_driver_instance *inst, uint32_t bus)
{
    for (struct line *l = inst->lines; l != NULL; l = l->next)
        if (l->bus == bus)
            return l;
    return NULL;
}

/* The line goes on; if its thread hangs, with another one. */
static enum gw_status keep_line(const struct gw_driver_instance *inst, struct line *l,
                                const struct gw_driver_env *env, uint32_t bus, struct gw_err *err)
{
    struct gw_rtu_line *line = gw_keeper_object(l->keeper);
    const int64_t wait_ms = gw_keeper_patience(inst->reloads_ms, gw_clock_mono_ms(&inst->clock));
    l->env = *env;
    l->env.seed += bus;
    l->bus = bus;
    if (line == NULL || gw_loop_pause(gw_rtu_line_loop(line), wait_ms) != GW_OK) {
        gw_keeper_sink(l->keeper, &env->sink);
        return gw_keeper_renew(l->keeper, err);
    }
    const enum gw_status status = gw_rtu_line_reload(line, env, bus, err);
    if (status == GW_OK)
        gw_keeper_sink(l->keeper, &env->sink);
    gw_loop_resume(gw_rtu_line_loop(line));
    return status;
}

/* Takes the lines of `before` that go on, and starts the others. */
static enum gw_status set_lines(struct gw_driver_instance *inst, struct gw_driver_instance *before,
                                const struct gw_driver_env *env, const struct gw_driver_keep *keep,
                                struct gw_err *err)
{
    enum gw_status status = GW_OK;
    for (uint32_t i = 0; status == GW_OK && i < env->site->nbuses; i++) {
        if (env->site->buses[i].driver != &gw_modbus_rtu_conf)
            continue;
        struct line *l = NULL;
        if (keep != NULL && keep->buses[i] != GW_DRIVER_NEW)
            l = line_of(before, keep->buses[i]);
        if (l == NULL) {
            status = start_line(inst, env, i, err);
            continue;
        }
        for (struct line **at = &before->lines; *at != NULL; at = &(*at)->next) {
            if (*at == l) {
                *at = l->next;
                break;
            }
        }
        l->next = inst->lines;
        inst->lines = l;
        status = keep_line(inst, l, env, i, err);
    }
    return status;
}

/* What goes is left first: what comes may want the same port. */
static void leave_lines(struct gw_driver_instance *inst, const struct gw_driver_env *env,
                        const struct gw_driver_keep *keep)
{
    for (struct line **at = &inst->lines; *at != NULL;) {
        struct line *l = *at;
        bool goes_on = false;
        for (size_t i = 0; i < env->site->nbuses && !goes_on; i++)
            goes_on = keep->buses[i] == l->bus;
        if (goes_on) {
            at = &l->next;
            continue;
        }
        gw_keeper_leave(l->keeper);
        *at = l->next;
        l->next = inst->left;
        inst->left = l;
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
    const enum gw_status status = set_lines(inst, NULL, env, NULL, err);
    if (status != GW_OK || inst->lines == NULL) {
        (void)rtu_close(inst); /* what was abandoned keeps what it needs */
        return status;
    }
    *out = inst;
    return GW_OK;
}

/* An instance without lines stays, until it is closed. */
static enum gw_status rtu_reload(struct gw_driver_instance **inst, const struct gw_driver_env *env,
                                 const struct gw_driver_keep *keep, struct gw_err *err)
{
    struct gw_driver_instance *i = *inst;
    if (i == NULL)
        return rtu_open(env, inst, err);
    i->reloads_ms = gw_clock_mono_ms(&i->clock);
    leave_lines(i, env, keep);
    struct gw_driver_instance before = {.lines = i->lines};
    i->lines = NULL;
    const enum gw_status status = set_lines(i, &before, env, keep, err);
    while (before.lines != NULL) { /* only after an error */
        struct line *l = before.lines;
        before.lines = l->next;
        l->next = i->lines;
        i->lines = l;
    }
    return status;
}

const struct gw_driver gw_modbus_rtu_driver = {
    .conf = &gw_modbus_rtu_conf,
    .open = rtu_open,
    .reload = rtu_reload,
    .close = rtu_close,
    .tend = rtu_tend,
};
