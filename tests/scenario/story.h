/* SPDX-License-Identifier: Apache-2.0
 *
 * story: what raises one code, and what is only near to it. test_codes.c tells them all.
 */
#ifndef GW_TESTS_SCENARIO_STORY_H
#define GW_TESTS_SCENARIO_STORY_H

#include "scene.h"

#define ROLES(type, facts, roles)                                                                  \
    "\"a\":{\"type\":\"" type "\",\"name\":\"x\",\"facts\":{" facts                                \
    "},\"rated\":{\"Q_IN\":40,\"P_GAS\":20,\"TOX_SET1\":20,\"T_OUT\":60},"                         \
    "\"roles\":{" roles "}}"

struct story {
    const char *code;
    const char *sector;
    const char *assets;
    void (*wrong)(struct scene *);  /* raises it */
    void (*nearly)(struct scene *); /* must not; NULL: see `without` */
    const char *without;            /* assets with which `wrong` must not raise it */
    int64_t settle_ms;              /* from `wrong` until its condition starts to hold */
    const char *subject;
};

/* What instruments say of themselves, told in the workshop; see integrity.c. */
extern const struct story integrity_stories[];
extern const size_t integrity_story_count;

/* Gas mains and dust: told in the workshop, which is the foundry and more; see workshop.c. */
extern const struct story workshop_stories[];
extern const size_t workshop_story_count;
/* Orders, permits and the gateway itself: told in the foundry; see governed.c. */
extern const struct story governed_stories[];
extern const size_t governed_story_count;
/* The workshop, well and running. */
struct scene *workshop_conf(const struct scene_conf *conf);

#endif
