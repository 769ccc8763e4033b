/* SPDX-License-Identifier: Apache-2.0
 *
 * The chip seam on libgpiod 1.6, the only file that knows it. It uses version 1 of the kernel's
 * interface: one descriptor a line, no debounce, no sequence numbers.
 */
#include "gpio/chip.h"

#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONSUMER  "nonsited"
#define NS_PER_S  INT64_C(1000000000)
#define LINE_NAME 80

struct gw_gpio_chip {
    struct gpiod_chip *chip;
};

struct gw_gpio_line {
    struct gpiod_line *line; /* lent by its chip */
};

static enum gw_status from_errno(int error)
{
    switch (error) {
    case ENOMEM:
        return GW_E_NOMEM;
    case ENOENT:
        return GW_E_NOTFOUND;
    case EACCES:
    case EPERM:
    case EBUSY:
        return GW_E_REFUSED;
    case ENODEV:
    case ENXIO:
        return GW_E_CLOSED;
    default:
        return GW_E_IO;
    }
}

/* The one chip of that label. Two of them would make it a matter of luck which one is read. */
static struct gpiod_chip *open_label(const char *label, struct gw_err *err)
{
    struct gpiod_chip_iter *iter = gpiod_chip_iter_new();
    struct gpiod_chip *found = NULL;
    struct gpiod_chip *chip;
    unsigned n = 0;
    if (iter == NULL) {
        gw_err_set(err, from_errno(errno), "the chips cannot be listed: %s", strerror(errno));
        return NULL;
    }
    while ((chip = gpiod_chip_iter_next_noclose(iter)) != NULL) {
        const bool fits = strcmp(gpiod_chip_label(chip), label) == 0;
        n += fits;
        if (fits && found == NULL)
            found = chip;
        else
            gpiod_chip_close(chip);
    }
    gpiod_chip_iter_free_noclose(iter);
    if (n == 1)
        return found;
    if (n == 0) {
        gw_err_set(err, GW_E_NOTFOUND, "no chip has this label");
    } else {
        gpiod_chip_close(found);
        gw_err_set(err, GW_E_REFUSED, "%u chips have this label; give the path", n);
    }
    return NULL;
}

static enum gw_status v1_open(void *ctx, const char *name, struct gw_gpio_chip **out,
                              struct gw_err *err)
{
    (void)ctx;
    struct gw_err why = {0};
    struct gpiod_chip *chip = NULL;
    if (name[0] == '/') {
        chip = gpiod_chip_open(name);
        if (chip == NULL && errno == ENOTTY)
            gw_err_set(&why, GW_E_IO, "is no GPIO chip");
        else if (chip == NULL)
            gw_err_set(&why, from_errno(errno), "%s", strerror(errno));
    } else {
        chip = open_label(name, &why);
    }
    if (chip == NULL)
        return gw_err_set(err, why.status, "%s", why.msg);
    struct gw_gpio_chip *c = malloc(sizeof *c);
    if (c == NULL) {
        gpiod_chip_close(chip);
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    }
    c->chip = chip;
    *out = c;
    return GW_OK;
}

static void v1_close(struct gw_gpio_chip *c)
{
    if (c == NULL)
        return;
    gpiod_chip_close(c->chip);
    free(c);
}

/* Finds the line and writes what people call it. */
static struct gpiod_line *find_line(struct gw_gpio_chip *c, const struct gw_gpio_request *req,
                                    char text[LINE_NAME], struct gw_err *err)
{
    struct gpiod_line *line = NULL;
    if (req->name[0] != '\0') {
        line = gpiod_chip_find_line(c->chip, req->name);
        if (line == NULL && errno == ENOENT)
            gw_err_set(err, GW_E_NOTFOUND, "no line is called \"%s\"", req->name);
    } else if (req->offset >= gpiod_chip_num_lines(c->chip)) {
        gw_err_set(err, GW_E_NOTFOUND, "no line %u: the chip has %u, from 0", req->offset,
                   gpiod_chip_num_lines(c->chip));
        return NULL;
    } else {
        line = gpiod_chip_get_line(c->chip, req->offset);
    }
    if (line == NULL) {
        if (err->status == GW_OK)
            gw_err_set(err, from_errno(errno), "line %s%u: %s", req->name, req->offset,
                       strerror(errno));
        return NULL;
    }
    const char *name = gpiod_line_name(line);
    if (name != NULL)
        snprintf(text, LINE_NAME, "line %u (%s)", gpiod_line_offset(line), name);
    else
        snprintf(text, LINE_NAME, "line %u", gpiod_line_offset(line));
    return line;
}

static int request_flags(const struct gw_gpio_request *req)
{
    static const int bias[] = {
        [GW_GPIO_AS_IS] = 0,
        [GW_GPIO_NO_BIAS] = GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE,
        [GW_GPIO_PULL_UP] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP,
        [GW_GPIO_PULL_DOWN] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN,
    };
    return bias[req->bias] | (req->active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0);
}

static enum gw_status say_busy(struct gpiod_line *line, const char *text, struct gw_err *err)
{
    const char *consumer = gpiod_line_consumer(line);
    return gw_err_set(err, GW_E_REFUSED, "%s: held by \"%s\"", text,
                      consumer != NULL ? consumer : "the kernel");
}

static enum gw_status v1_request(struct gw_gpio_chip *c, const struct gw_gpio_request *req,
                                 struct gw_gpio_line **out, struct gw_err *err)
{
    char text[LINE_NAME];
    struct gw_err why = {0};
    struct gpiod_line *line = find_line(c, req, text, &why);
    if (line == NULL)
        return gw_err_set(err, why.status, "%s", why.msg);
    /* The handle is cached by the library from the last attempt. */
    if (gpiod_line_update(line) != 0)
        return gw_err_set(err, from_errno(errno), "%s: %s", text, strerror(errno));
    if (gpiod_line_is_used(line))
        return say_busy(line, text, err);
    /* Whatever made it an output drives something with it; to read it would let go of that. */
    if (gpiod_line_direction(line) == GPIOD_LINE_DIRECTION_OUTPUT)
        return gw_err_set(err, GW_E_REFUSED, "%s: is an output; left alone", text);
    struct gw_gpio_line *l = malloc(sizeof *l);
    if (l == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", text);
    l->line = line;
    if (gpiod_line_request_both_edges_events_flags(line, CONSUMER, request_flags(req)) != 0) {
        const int error = errno;
        free(l);
        if (error == EBUSY && gpiod_line_update(line) == 0)
            return say_busy(line, text, err);
        /* The same error says that the chip is gone and that the line has no interrupt. */
        if (from_errno(error) == GW_E_CLOSED && gpiod_line_update(line) == 0)
            return gw_err_set(err, GW_E_UNSUPPORTED, "%s: has no interrupt, so no edges", text);
        return gw_err_set(err, from_errno(error), "%s: %s", text, strerror(error));
    }
    const int fd = gpiod_line_event_get_fd(line);
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        const int error = errno;
        gpiod_line_release(line);
        free(l);
        return gw_err_set(err, GW_E_IO, "%s: %s", text, strerror(error));
    }
    *out = l;
    return GW_OK;
}

static void v1_release(struct gw_gpio_line *l)
{
    if (l == NULL)
        return;
    gpiod_line_release(l->line);
    free(l);
}

static int v1_fd(const struct gw_gpio_line *l)
{
    return gpiod_line_event_get_fd(l->line);
}

static enum gw_status v1_level(struct gw_gpio_line *l, bool *out)
{
    const int value = gpiod_line_get_value(l->line);
    if (value < 0)
        return from_errno(errno);
    *out = value != 0;
    return GW_OK;
}

static enum gw_status v1_edges(struct gw_gpio_line *l, struct gw_gpio_edge out[GW_GPIO_QUEUE],
                               size_t *n)
{
    struct gpiod_line_event events[GW_GPIO_QUEUE];
    const int got = gpiod_line_event_read_multiple(l->line, events, GW_GPIO_QUEUE);
    if (got < 0 && errno != EAGAIN)
        return from_errno(errno);
    *n = got > 0 ? (size_t)got : 0;
    for (size_t i = 0; i < *n; i++) {
        out[i] = (struct gw_gpio_edge){
            .level = events[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE,
            .stamp_ns = (int64_t)events[i].ts.tv_sec * NS_PER_S + events[i].ts.tv_nsec,
        };
    }
    return GW_OK;
}

const struct gw_gpio_chip_ops gw_gpio_chip_v1 = {
    .open = v1_open,
    .close = v1_close,
    .request = v1_request,
    .release = v1_release,
    .fd = v1_fd,
    .level = v1_level,
    .edges = v1_edges,
};
