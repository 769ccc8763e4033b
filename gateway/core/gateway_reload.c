/* SPDX-License-Identifier: Apache-2.0
 *
 * A reload: the site file is read anew, checked whole, and takes the place of what runs.
 *
 * In this order: everything that can be wrong with the files; what cannot change while the daemon
 * runs; then no draft is taken until all that were given to the journal are committed, a moment as a
 * rule, so that the engine can be exchanged; then a second plant is made; up to here nothing has
 * changed and the reload can be refused. Then the drivers go over to the second plant, what the
 * first one still has in its mailbox is taken in, and the second one takes over. An error from
 * there on (memory, threads) ends the process: it is started again, with the new configuration.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "core/gateway_in.h"

#define TAG     "reload"
#define WAIT_MS 10000 /* for the journal; one that does not commit for so long is out of order */
#define TEXT    400

_Static_assert(GW_SITE_NEW == GW_DRIVER_NEW && GW_SITE_NEW == GW_TABLE_NEW, "one word for new");

static void tell(struct gw_gateway *g, const char *en, const char *zh)
{
    gw_gateway_event(g, &(struct gw_event){"reload", "", en, zh});
}

static void clear(struct gw_gateway *g)
{
    struct gw_reload *r = &g->reload;

    gw_config_drop(r->config);
    r->config = NULL;
    gw_site_diff_free(&r->diff);
    g->holding = false;
}

/* Nothing has changed. */
static void refuse(struct gw_gateway *g, const char *why)
{
    char en[TEXT], zh[TEXT];

    gw_text_line(en, sizeof en, "refused, the present configuration stays: %s", why);
    gw_text_line(zh, sizeof zh, "重新加载被拒绝，继续使用现行配置：%s", why);
    gw_text_line(g->config_state.fault, sizeof g->config_state.fault, "%s", why);
    clear(g);
    gw_config_trim();
    g->health_due_ms = 0; /* tell at the next tick */
    tell(g, en, zh);
    gw_service_reloaded(g->service, why);
}

/* ---- reading ---- */

static void log_issues(const struct gw_issues *issues)
{
    const size_t n = gw_issues_count(issues);

    for (size_t i = 0; i < n && i < 100; i++)
        gw_log(GW_LOG_ERR, TAG, "%s", gw_issues_text(issues, i));
    if (n > 100)
        gw_log(GW_LOG_ERR, TAG, "%zu issues, the first 100 are shown", n);
}

static struct gw_config *read_config(struct gw_gateway *g)
{
    struct gw_config *config = NULL;
    char why[TEXT];
    struct gw_issues *issues = gw_issues_new();

    if (!issues) {
        refuse(g, "out of memory");
        return NULL;
    }
    if (gw_config_load(g->path, g->conf_drivers, issues, &config) != GW_OK) {
        const size_t n = gw_issues_count(issues);
        log_issues(issues);
        const char *first = n > 0 ? gw_issues_text(issues, 0) : "it cannot be read";
        if (n > 1)
            gw_text_line(why, sizeof why, "%s (and %zu more)", first, n - 1);
        else
            gw_text_line(why, sizeof why, "%s", first);
        refuse(g, why);
    }
    gw_issues_free(issues);
    return config;
}

/* False, and refused: it changes what cannot change while the daemon runs. */
static bool may_change(struct gw_gateway *g, const struct gw_config *config)
{
    char mem[TEXT - 64], why[TEXT];
    struct gw_buf names;

    gw_buf_fixed(&names, mem, sizeof mem);
    mem[0] = '\0';
    gw_site_diff_fixed(g->plant->site, config->load.site, &names);
    if (names.len == 0 && !names.failed)
        return true;
    gw_text_line(why, sizeof why, "needs a restart: %s%s", mem, names.failed ? " ..." : "");
    gw_log(GW_LOG_ERR, TAG, "%s", why);
    refuse(g, why);
    return false;
}

static void put_changes(struct gw_buf *b, const char *what, const struct gw_site_changes *c)
{
    if (c->added + c->removed + c->changed == 0)
        return;
    gw_buf_printf(b, "%s%s: %zu added, %zu removed, %zu changed", b->len > 0 ? "; " : "", what,
                  c->added, c->removed, c->changed);
}

static void put_changes_zh(struct gw_buf *b, const char *what, const struct gw_site_changes *c)
{
    if (c->added + c->removed + c->changed == 0)
        return;
    gw_buf_printf(b, "%s%s：新增 %zu，删除 %zu，变更 %zu", b->len > 0 ? "；" : "", what, c->added,
                  c->removed, c->changed);
}

static void tell_done(struct gw_gateway *g, const struct gw_site_diff *d)
{
    char en[TEXT], zh[TEXT];
    struct gw_buf b, z;

    gw_buf_fixed(&b, en, sizeof en);
    gw_buf_fixed(&z, zh, sizeof zh);
    put_changes(&b, "buses", &d->bus_changes);
    put_changes(&b, "devices", &d->device_changes);
    put_changes(&b, "points", &d->point_changes);
    put_changes(&b, "assets", &d->asset_changes);
    put_changes_zh(&z, "总线", &d->bus_changes);
    put_changes_zh(&z, "设备", &d->device_changes);
    put_changes_zh(&z, "测点", &d->point_changes);
    put_changes_zh(&z, "场所设施", &d->asset_changes);
    if (b.len == 0) {
        const bool other = d->other;
        gw_buf_str(&b, other ? "other settings changed" : "nothing changed in what is polled");
        gw_buf_str(&z, other ? "其他设置已变更" : "采集内容无变更");
    }
    gw_buf_printf(&b, "; configuration %.12s", g->plant->site->config_sha256);
    gw_buf_printf(&z, "；配置 %.12s", g->plant->site->config_sha256);
    tell(g, en, zh);
}

/* ---- carrying it out ---- */

static enum gw_status reload_drivers(struct gw_gateway *g, struct gw_plant *next,
                                     struct gw_err *err)
{
    const struct gw_driver_env env = gw_gateway_env(g, next);
    const struct gw_driver_keep keep = {.buses = g->reload.diff.buses,
                                        .devices = g->reload.diff.devices};
    enum gw_status st = GW_OK;

    for (size_t i = 0; i < GW_DRIVERS_MAX && g->drivers[i] && st == GW_OK; i++)
        st = g->drivers[i]->reload(&g->instances[i], &env, &keep, err);
    return st;
}

static void on_lost(void *ctx, const char *key)
{
    struct gw_gateway *g = ctx;

    gw_gateway_event(g, &(struct gw_event){"restore", key,
                                           "stored state does not fit, the check starts afresh",
                                           "已存状态与现行定义不符，该检查重新开始"});
}

/* From here on there is no way back. */
static enum gw_status go_over(struct gw_gateway *g, struct gw_plant *next, struct gw_err *err)
{
    struct gw_plant *before = g->plant;
    enum gw_status st = reload_drivers(g, next, err);

    if (st != GW_OK)
        return st;
    gw_loop_unwatch(g->loop, &g->batches_watch);
    gw_gateway_drain(g);
    g->batches_lost_before += gw_mailbox_refused(before->batches);
    st = gw_plant_inherit(next, before, &g->reload.diff, on_lost, g);
    if (st != GW_OK)
        return gw_err_set(err, st, "out of memory");
    g->plant = next;
    g->identity.config_sha256 = next->site->config_sha256;
    gw_api_plant(g->api, next);
    gw_commands_site(g->commands, next->site, next->engine);
    if (g->influx)
        gw_influx_site(g->influx, next->site, &next->config->shared);
    gw_plant_free(before);
    gw_log_set_level((enum gw_log_level)next->site->gateway.log_level);
    return gw_gateway_watch(g);
}

static void tell_all(struct gw_gateway *g)
{
    const struct gw_stamp now = gw_clock_now(g->clock);

    gw_gateway_tell_status(g);
    gw_gateway_tell_inventory(g, &now);
    gw_gateway_tell_cases(g, &now);
    gw_gateway_tell_health(g, &now);
}

static void fail(struct gw_gateway *g, const struct gw_err *err)
{
    gw_log(GW_LOG_ERR, TAG, "cannot be carried out: %s; the process ends to be started anew",
           err->msg);
    g->fatal = true;
    gw_loop_stop(g->loop);
}

static void carry_out(struct gw_gateway *g)
{
    struct gw_reload *r = &g->reload;
    struct gw_plant *next = NULL;
    struct gw_err err = {.msg = ""};

    gw_gateway_write_config(g, r->config);
    if (gw_gateway_plant(g, r->config, &next, &err) != GW_OK) {
        gw_gateway_keep_config(g, false);
        refuse(g, err.msg);
        return;
    }
    if (go_over(g, next, &err) != GW_OK) {
        fail(g, &err);
        return;
    }
    gw_gateway_keep_config(g, true);
    g->holding = false;
    gw_config_state_start(&g->config_state, NULL, gw_clock_now(g->clock).wall_ms);
    tell_all(g);
    tell_done(g, &r->diff);
    clear(g);
    gw_config_trim();
    gw_service_reloaded(g->service, "");
}

void gw_gateway_reload_step(struct gw_gateway *g)
{
    struct gw_reload *r = &g->reload;

    if (!r->config || g->fatal)
        return;
    if (g->running && !gw_engine_waits(g->plant->engine))
        carry_out(g);
    else if (gw_clock_mono_ms(g->clock) >= r->until_ms)
        refuse(g, g->running ? "the journal does not commit" : "the journal is not open");
    if (!r->config && r->again) {
        r->again = false;
        gw_gateway_reload(g);
    }
}

static void begin(struct gw_gateway *g)
{
    struct gw_reload *r = &g->reload;

    if (r->config) {
        r->again = true;
        return;
    }
    gw_service_reloading(g->service);
    gw_log(GW_LOG_INFO, TAG, "reading %s", g->path);
    struct gw_config *config = read_config(g);
    if (!config)
        return;
    if (!may_change(g, config)) {
        gw_config_drop(config);
        return;
    }
    if (gw_site_diff_make(g->plant->site, config->load.site, &r->diff) != GW_OK) {
        gw_config_drop(config);
        refuse(g, "out of memory");
        return;
    }
    r->config = config;
    r->until_ms = gw_clock_mono_ms(g->clock) + WAIT_MS;
    g->holding = true;
    gw_gateway_reload_step(g);
}

/* ---- being asked ---- */

static void on_asked(void *arg, unsigned events)
{
    struct gw_gateway *g = arg;
    uint64_t count;

    (void)events;
    (void)!read(g->reload.fd, &count, sizeof count);
    begin(g);
}

enum gw_status gw_gateway_reload_open(struct gw_gateway *g, struct gw_err *err)
{
    struct gw_reload *r = &g->reload;

    r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->fd < 0)
        return gw_err_set(err, GW_E_IO, "reload: no event descriptor: %s", strerror(errno));
    r->watch = (struct gw_watch){.fd = r->fd, .ready = on_asked, .arg = g};
    const enum gw_status st = gw_loop_watch(g->loop, &r->watch, GW_LOOP_IN);
    return st == GW_OK ? GW_OK : gw_err_set(err, st, "reload: cannot be watched");
}

void gw_gateway_reload_close(struct gw_gateway *g)
{
    struct gw_reload *r = &g->reload;

    clear(g);
    if (r->fd < 0)
        return;
    if (g->loop)
        gw_loop_unwatch(g->loop, &r->watch);
    close(r->fd);
    r->fd = -1;
}

void gw_gateway_reload(struct gw_gateway *g)
{
    const int saved_errno = errno;
    const uint64_t one = 1;

    (void)!write(g->reload.fd, &one, sizeof one);
    errno = saved_errno;
}

void gw_gateway_reload_degraded(struct gw_gateway *g)
{
    char en[TEXT], zh[TEXT];

    gw_text_line(en, sizeof en,
                 "the site file cannot be used, the configuration that ran last is used: %s",
                 g->config_state.fault);
    gw_text_line(zh, sizeof zh, "站点配置文件无法使用，现使用最近一次有效配置：%s",
                 g->config_state.fault);
    gw_log(GW_LOG_ERR, TAG, "%s", en);
    tell(g, en, zh);
}
