/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_chip: a GPIO chip in memory, with the kernel's queue of 16 edges that drops the newest.
 */
#ifndef GW_TESTS_GPIO_FAKE_CHIP_H
#define GW_TESTS_GPIO_FAKE_CHIP_H

#include <stdbool.h>

#include "gpio/chip.h"
#include "support/fake_clock.h"

#define FAKE_LINES 40

struct fake_line {
    const char *name;     /* or NULL */
    const char *consumer; /* who else holds it, or NULL */
    bool high;
    /* The request. */
    struct gw_gpio_request req;
    bool held;
    int fd;
    struct gw_gpio_edge queue[GW_GPIO_QUEUE];
    size_t queued;
    unsigned dropped;
};

struct fake_chip {
    struct gw_gpio_chip_ops ops; /* to hand to the code under test */
    struct gw_fake_clock *clock;
    const char *label;
    bool plugged;
    bool wall_stamps; /* as kernels before 5.7 */
    unsigned opens;   /* attempts */
    unsigned open_handles;
    unsigned fetches; /* calls of edges */
    struct fake_line lines[FAKE_LINES];
};

/* All lines low, plugged in; clock is lent. */
void fake_chip_init(struct fake_chip *f, const char *label, struct gw_fake_clock *clock);

/* The world outside drives the line; a change makes an edge, stamped now. */
void fake_chip_set(struct fake_chip *f, unsigned line, bool high);
/* The level changes and no edge tells. */
void fake_chip_sneak(struct fake_chip *f, unsigned line, bool high);
/* The chip goes away: handles stay, and everything fails with GW_E_CLOSED. */
void fake_chip_unplug(struct fake_chip *f);
void fake_chip_plug(struct fake_chip *f);

#endif
