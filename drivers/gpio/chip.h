/* SPDX-License-Identifier: Apache-2.0
 *
 * gpio/chip: the seam to the GPIO library: a table of functions that read input lines.
 *
 * chip_v1.c stands on libgpiod 1.6; another file may stand on 2.x, and tests bring their own. There
 * is no function that drives a line: requests are inputs, and a line that is an output is refused.
 * All calls for a chip and its lines come from one thread.
 */
#ifndef GW_GPIO_CHIP_H
#define GW_GPIO_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Edges that the kernel keeps for a line. When they are not fetched in time it throws away the
 * newest without a word, so a reading that returns this many may have missed some. */
#define GW_GPIO_QUEUE 16

enum gw_gpio_bias { GW_GPIO_AS_IS = 0, GW_GPIO_NO_BIAS, GW_GPIO_PULL_UP, GW_GPIO_PULL_DOWN };

struct gw_gpio_request {
    const char *name; /* of the line; "" = by offset */
    unsigned offset;
    bool active_low;
    enum gw_gpio_bias bias;
};

struct gw_gpio_edge {
    bool level;       /* after the edge; true = active */
    int64_t stamp_ns; /* of the kernel, see gpio/stamp.h */
};

struct gw_gpio_chip; /* private to the implementation */
struct gw_gpio_line;

struct gw_gpio_chip_ops {
    void *ctx; /* for open */
    /* name is a path when it starts with '/', a label otherwise. GW_E_NOTFOUND, GW_E_REFUSED (no
     * permission), GW_E_IO, GW_E_NOMEM; err says why, without the name of the chip. */
    enum gw_status (*open)(void *ctx, const char *name, struct gw_gpio_chip **out,
                           struct gw_err *err);
    /* Its lines are released before. */
    void (*close)(struct gw_gpio_chip *chip);
    /* Requests a line as an input with both edges. GW_E_NOTFOUND (no such line), GW_E_REFUSED (held
     * by another, or an output), GW_E_UNSUPPORTED (no interrupt), GW_E_CLOSED (the chip is gone),
     * GW_E_IO, GW_E_NOMEM; err names the line and why, without the name of the chip. */
    enum gw_status (*request)(struct gw_gpio_chip *chip, const struct gw_gpio_request *req,
                              struct gw_gpio_line **out, struct gw_err *err);
    void (*release)(struct gw_gpio_line *line);
    /* Polls readable while edges wait, or when the chip is gone. */
    int (*fd)(const struct gw_gpio_line *line);
    /* The level, true = active. GW_E_CLOSED: the chip is gone. GW_E_IO. */
    enum gw_status (*level)(struct gw_gpio_line *line, bool *out);
    /* The edges that wait, oldest first, without blocking; *n may be 0. Errors as level. */
    enum gw_status (*edges)(struct gw_gpio_line *line, struct gw_gpio_edge out[GW_GPIO_QUEUE],
                            size_t *n);
};

extern const struct gw_gpio_chip_ops gw_gpio_chip_v1;

#endif
