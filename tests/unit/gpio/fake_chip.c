/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_chip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "support/cmocka_all.h"

struct gw_gpio_chip {
    struct fake_chip *f;
    bool gone;
};

struct gw_gpio_line {
    struct gw_gpio_chip *chip;
    struct fake_line *line;
};

static void wake(struct fake_line *l)
{
    const uint64_t one = 1;
    if (l->held)
        assert_int_equal(write(l->fd, &one, sizeof one), sizeof one);
}

static enum gw_status fake_open(void *ctx, const char *name, struct gw_gpio_chip **out,
                                struct gw_err *err)
{
    struct fake_chip *f = ctx;
    f->opens++;
    if (!f->plugged || strcmp(name, f->label) != 0)
        return gw_err_set(err, GW_E_NOTFOUND, "no chip has this label");
    struct gw_gpio_chip *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->f = f;
    f->open_handles++;
    *out = c;
    return GW_OK;
}

static void fake_close(struct gw_gpio_chip *c)
{
    c->f->open_handles--;
    free(c);
}

static enum gw_status fake_request(struct gw_gpio_chip *c, const struct gw_gpio_request *req,
                                   struct gw_gpio_line **out, struct gw_err *err)
{
    unsigned at = req->offset;
    if (!c->f->plugged)
        return gw_err_set(err, GW_E_CLOSED, "line %u: gone", at);
    for (unsigned i = 0; req->name[0] != '\0' && i < FAKE_LINES; i++)
        if (c->f->lines[i].name != NULL && strcmp(c->f->lines[i].name, req->name) == 0)
            at = i;
    if (at >= FAKE_LINES)
        return gw_err_set(err, GW_E_NOTFOUND, "no line %u: the chip has %d, from 0", at,
                          FAKE_LINES);
    struct fake_line *line = &c->f->lines[at];
    assert_false(line->held);
    if (line->consumer != NULL)
        return gw_err_set(err, GW_E_REFUSED, "line %u (%s): held by \"%s\"", at,
                          line->name != NULL ? line->name : "-", line->consumer);
    struct gw_gpio_line *l = calloc(1, sizeof *l);
    assert_non_null(l);
    *l = (struct gw_gpio_line){.chip = c, .line = line};
    line->req = *req;
    line->held = true;
    line->queued = 0;
    line->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true(line->fd >= 0);
    *out = l;
    return GW_OK;
}

static void fake_release(struct gw_gpio_line *l)
{
    if (l == NULL)
        return;
    l->line->held = false;
    assert_int_equal(close(l->line->fd), 0);
    free(l);
}

static int fake_fd(const struct gw_gpio_line *l)
{
    return l->line->fd;
}

static enum gw_status fake_level(struct gw_gpio_line *l, bool *out)
{
    if (l->chip->gone || !l->chip->f->plugged)
        return GW_E_CLOSED;
    *out = l->line->high != l->line->req.active_low;
    return GW_OK;
}

static enum gw_status fake_edges(struct gw_gpio_line *l, struct gw_gpio_edge out[GW_GPIO_QUEUE],
                                 size_t *n)
{
    uint64_t count;
    l->chip->f->fetches++;
    if (l->chip->gone || !l->chip->f->plugged)
        return GW_E_CLOSED;
    (void)!read(l->line->fd, &count, sizeof count);
    memcpy(out, l->line->queue, l->line->queued * sizeof *out);
    *n = l->line->queued;
    l->line->queued = 0;
    return GW_OK;
}

void fake_chip_init(struct fake_chip *f, const char *label, struct gw_fake_clock *clock)
{
    *f = (struct fake_chip){
        .ops = {.ctx = f,
                .open = fake_open,
                .close = fake_close,
                .request = fake_request,
                .release = fake_release,
                .fd = fake_fd,
                .level = fake_level,
                .edges = fake_edges},
        .clock = clock,
        .label = label,
        .plugged = true,
    };
}

void fake_chip_set(struct fake_chip *f, unsigned line, bool high)
{
    struct fake_line *l = &f->lines[line];
    if (l->high == high)
        return;
    l->high = high;
    if (!l->held)
        return;
    if (l->queued == GW_GPIO_QUEUE) {
        l->dropped++;
        return;
    }
    const struct gw_stamp *now = &f->clock->now;
    l->queue[l->queued++] = (struct gw_gpio_edge){
        .level = high != l->req.active_low,
        .stamp_ns = (f->wall_stamps ? now->wall_ms : now->mono_ms) * 1000000,
    };
    wake(l);
}

void fake_chip_sneak(struct fake_chip *f, unsigned line, bool high)
{
    f->lines[line].high = high;
}

void fake_chip_unplug(struct fake_chip *f)
{
    f->plugged = false;
    for (unsigned i = 0; i < FAKE_LINES; i++)
        wake(&f->lines[i]);
}

void fake_chip_plug(struct fake_chip *f)
{
    f->plugged = true;
}
