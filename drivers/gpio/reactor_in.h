/* SPDX-License-Identifier: Apache-2.0
 *
 * gpio/reactor_in: what the reactor keeps, and what it reports; private to this folder.
 */
#ifndef GW_GPIO_REACTOR_IN_H
#define GW_GPIO_REACTOR_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../driver.h"
#include "base/backoff.h"
#include "base/loop.h"
#include "base/pulse.h"
#include "base/ratelog.h"
#include "gpio/chip.h"
#include "gpio/conf.h"
#include "gpio/debounce.h"

#define GW_GPIO_TAG        "gpio" /* of log lines */
#define GW_GPIO_FAULT_SIZE sizeof(((struct gw_batch *)NULL)->fault)
#define GW_GPIO_NO_POINT   UINT32_MAX

struct gw_gpio_reactor;
struct group;

/* A point, and the point that counts its edges. */
struct line {
    struct group *group;
    const struct gw_gpio_point *conf;
    uint32_t point;
    uint32_t edges_point; /* GW_GPIO_NO_POINT: no companion */
    struct gw_gpio_line *handle;
    struct gw_watch watch;
    struct gw_timer timer; /* when its level may have settled */
    struct gw_debounce debounce;
    bool paused;      /* not watched until the timer fires: its edges come too fast */
    int64_t stamp_ms; /* of its latest sample; stamps of a point never decrease */
    int64_t hold_ms;  /* refused: not requested again before */
    struct gw_backoff backoff;
    struct gw_ratelog chatter;
    char fault[GW_GPIO_FAULT_SIZE]; /* why it was refused */
};

/* A bus. */
struct chip {
    struct gw_gpio_reactor *r;
    const struct gw_gpio_bus *conf;
    uint32_t bus;
    struct gw_gpio_chip *handle; /* NULL: not there */
    int64_t hold_ms;
    struct gw_backoff backoff;
};

/* A device. */
struct group {
    struct chip *chip;
    uint32_t device;
    char name[GW_ID_SIZE + 16]; /* for messages: "devices.cabinet" */
    int64_t period_ms;
    int64_t due_ms;
    struct gw_timer timer;
    enum gw_link link;
    struct gw_polls polls;
    struct line *lines;
    size_t nlines;
    int64_t ended_ms; /* of its latest batch */
    char fault[GW_GPIO_FAULT_SIZE];
    struct gw_ratelog log;
};

struct gw_gpio_reactor {
    struct gw_driver_env env;
    const struct gw_gpio_chip_ops *ops;
    struct gw_loop *loop;
    struct gw_pulse *pulse; /* NULL: nobody looks */
    struct chip *chips;
    size_t nchips;
    struct group *groups;
    size_t ngroups;
    struct line *lines;
    size_t nlines;
    struct gw_ratelog sink_log;
};

/* Begins a batch of the group. Who receives telemetry tells rows of a device apart by their times,
 * so no two batches of a group end in the same millisecond. */
void gw_gpio_batch_start(struct group *g, const struct gw_stamp *now, struct gw_batch *b);
/* Hands it over, and empties it; last: the pass ends with it. */
void gw_gpio_batch_send(struct group *g, struct gw_batch *b, bool last);
/* Adds BAD_COMM for all points of the line; sends the batch first when it is full. */
void gw_gpio_batch_bad(struct line *l, struct gw_batch *b, const struct gw_stamp *now);
/* Adds the line's settled level, begun or read at at_ms, and the number of its edges. */
void gw_gpio_batch_level(struct line *l, struct gw_batch *b, const struct gw_stamp *now,
                         int64_t at_ms, bool level, enum gw_quality quality);

#endif
