/* SPDX-License-Identifier: Apache-2.0
 *
 * month: a plant that is run well for thirty days, minute by minute as plants are run: shifts,
 * nights, Sundays, warm-ups, meters within their class, noise, a calibration day, a bus that breaks
 * for an hour, alarms that people and interlocks answer. It starts on a Sunday at 08:00.
 *
 *   if-1      induction furnace, closed loop (CW)     paint-1   paint mixing room, 2 detectors (GAS)
 *   burner-1  drying burner (GM)                      dust-1    dry collector of sanders (DC)
 *   dust-2    wet collector of magnesium dust (DC)
 *
 * What is normal is set at every step; what a test plants is set after it.
 */
#ifndef GW_TESTS_SCENARIO_MONTH_H
#define GW_TESTS_SCENARIO_MONTH_H

#include "scene.h"

#define MONTH_STEP_MS (5 * SECOND)
#define MONTH_MS      (30 * DAY)

struct month {
    struct scene *scene;
    uint64_t rand;
    int64_t at_ms;      /* since the start of the story */
    int64_t melting_ms; /* how long the furnace has been on; 0: it is off */
    int64_t cooling_ms; /* how long the cooling pump has been on */
    double t_out, t_in, t_hopper, dp, level, gas[2];
    bool topping_up;
    bool permitted; /* the platform's permit of the calibration day was given */
    bool was_out;   /* something was not normal at the last step and is to be put back */
};

/* more: further assets as JSON members, or "". */
struct month *month_new(uint64_t seed, const char *more);
void month_free(struct month *m);
/* The next step: the plant goes on, then `also` (or NULL) has its hand in it, then the gateway
 * looks. */
void month_step(struct month *m, void (*also)(void *ctx, struct month *m), void *ctx);
/* The gateway is stopped and started: the plant does not wait. down_ms: whole steps. */
void month_restart(struct month *m, enum scene_end how, int64_t down_ms, bool reboot);
/* Whether production runs at this time of the story: Monday to Saturday, 07:00 to 19:00. */
bool month_works(int64_t at_ms);

#endif
