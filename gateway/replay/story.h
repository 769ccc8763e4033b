/* SPDX-License-Identifier: Apache-2.0
 *
 * story: what a replay raised, and how two replays of the same recording differ. One thread.
 */
#ifndef GW_REPLAY_STORY_H
#define GW_REPLAY_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "model/draft.h"

/* One alarm or lead record. */
struct gw_told {
    int64_t wall_ms;
    enum gw_class cls;
    char *key;   /* "<asset>:<code>[:<subject>]" */
    char *state; /* "raised" ... */
    char *code, *asset, *subject;
    char *why[2]; /* English, Chinese */
    bool opens;   /* raised, reopened */
};

struct gw_story;

struct gw_story *gw_story_new(void); /* NULL: out of memory */
void gw_story_free(struct gw_story *s);

/* GW_E_PARSE when the body is no record, which would be our own bug; GW_E_NOMEM. */
enum gw_status gw_story_add(struct gw_story *s, const struct gw_draft *draft,
                            int64_t wall_ms) GW_MUST_CHECK;
size_t gw_story_count(const struct gw_story *s);
const struct gw_told *gw_story_at(const struct gw_story *s, size_t i);

/* All records, a line each: time, state, code, asset, why. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_story_print(const struct gw_story *s, bool zh, FILE *out) GW_MUST_CHECK;

/* From a raise to the end of it. */
struct gw_spell {
    const struct gw_told *raised;
    const struct gw_told *ended; /* NULL: it stands at the end of the recording */
};
/* The same check in both: spells that overlap are one and the same, and each belongs to one pair at
 * most, the first in time. */
struct gw_pair {
    struct gw_spell a, b; /* raised NULL: not in this one */
    bool same;            /* both, at the same times */
};
struct gw_pairs {
    struct gw_pair *list; /* in order of time */
    size_t n;
    size_t only_a, only_b, moved, same;
};
enum gw_status gw_story_compare(const struct gw_story *a, const struct gw_story *b,
                                struct gw_pairs *out) GW_MUST_CHECK;
void gw_pairs_free(struct gw_pairs *p);
/* All pairs but those that are the same. As a table, or as JSON lines. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_pairs_print(const struct gw_pairs *p, bool zh, FILE *out) GW_MUST_CHECK;
enum gw_status gw_pairs_json(const struct gw_pairs *p, FILE *out) GW_MUST_CHECK;

#endif
