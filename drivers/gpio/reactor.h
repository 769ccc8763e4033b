/* SPDX-License-Identifier: Apache-2.0
 *
 * gpio/reactor: one thread's loop that watches every GPIO line of a site.
 *
 * An edge wakes it, is debounced, and leaves as a batch of its own once its level has settled. Each
 * group of lines (a device) is also read once per period, so that samples stay fresh and a lost
 * edge cannot hide for longer; these readings are the polls that are counted. A line that is
 * refused fails alone. When the chip goes away (ENODEV), its groups are down and all their points
 * BAD_COMM at once; it is looked for with back-off, by label where that was given, and all levels
 * are read anew when it is back.
 *
 * A line whose edges come faster than the queue is fetched is left alone for debounce_ms, so that
 * it costs the others nothing.
 *
 * Made and freed by one thread while it does not run; gw_gpio_reactor_run is the body of another.
 */
#ifndef GW_GPIO_REACTOR_H
#define GW_GPIO_REACTOR_H

#include "../driver.h"
#include "base/loop.h"
#include "base/pulse.h"
#include "base/status.h"
#include "gpio/chip.h"

struct gw_gpio_reactor;

/* For all buses of gw_gpio_conf in env->site. What env points at and ops outlive the reactor; the
 * sink is called from the reactor's thread. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_gpio_reactor_new(const struct gw_driver_env *env,
                                   const struct gw_gpio_chip_ops *ops, struct gw_gpio_reactor **out,
                                   struct gw_err *err) GW_MUST_CHECK;
/* The same, for the bus of that index alone. */
enum gw_status gw_gpio_reactor_of(const struct gw_driver_env *env, uint32_t bus,
                                  const struct gw_gpio_chip_ops *ops, struct gw_gpio_reactor **out,
                                  struct gw_err *err) GW_MUST_CHECK;
/* Goes over to another site and sink, in which all its buses go on (see driver.h). To be called
 * while it does not run, or while its loop is paused. */
void gw_gpio_reactor_reload(struct gw_gpio_reactor *r, const struct gw_driver_env *env,
                            const struct gw_driver_keep *keep);
/* What its thread turns: each round of its loop, and each line that it reads, since a chip at a slow
 * bus takes its time for each. To be called before it runs. Lent; NULL is fine. */
void gw_gpio_reactor_pulse(struct gw_gpio_reactor *r, struct gw_pulse *pulse);
/* Its loop, to pause it. Lent. */
struct gw_loop *gw_gpio_reactor_loop(struct gw_gpio_reactor *r);
/* NULL is fine. */
void gw_gpio_reactor_free(struct gw_gpio_reactor *r);

/* Watches until gw_gpio_reactor_stop. arg is the reactor. */
void gw_gpio_reactor_run(void *arg);
/* Makes gw_gpio_reactor_run return soon. Any thread. */
void gw_gpio_reactor_stop(struct gw_gpio_reactor *r);

/* Serves what is due and does not wait: for tests, which hold the clock. GW_E_IO. */
enum gw_status gw_gpio_reactor_round(struct gw_gpio_reactor *r) GW_MUST_CHECK;

#endif
