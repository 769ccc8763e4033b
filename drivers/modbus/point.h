/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/point: one point: where its registers are and what they mean.
 *
 * Read from the site file's "points" or from a profile. A point names others of its device, since
 * indexes are final only when the site is loaded. Owned by the loading thread, constant afterwards.
 * Thousands of points of one profile differ in nothing but address and channel, so everything else
 * stands in one definition that they share.
 */
#ifndef GW_MODBUS_POINT_H
#define GW_MODBUS_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/keys.h"
#include "conf/site.h"
#include "modbus/conf.h"
#include "modbus/decode.h"
#include "modbus/plan.h"

/* A point as its keys say; unset ones are -1, NAN, NULL or "". */
struct gw_mb_point_keys {
    int64_t fc, address;
    int type, order, as;
    int64_t bit;
    bool invert;
    double scale, offset;
    char unit[GW_POINT_UNIT];
    int64_t decimals;
    char state_else[24];
    char state_from[GW_ID_SIZE]; /* "p{n}_state" in a profile */
    int64_t period_ms;           /* -1: the device's */
    char decimals_from[GW_ID_SIZE];
    char signal[GW_ID_SIZE];
    int64_t expect; /* INT64_MIN: nothing */
    bool restart_if_less;
    int64_t counter; /* of steps until it starts again at 0; 0: no counter */
    const struct gw_jnode *field, *sane, *states, *bad_raw, *fault_if;
    const struct gw_jnode *bands, *range, *clamped_raw, *codes, *valid_if;
    /* In the site file only. */
    char from[GW_ID_SIZE];
    /* In a profile only. */
    char name[GW_ID_SIZE];
    bool per_channel;
    int64_t stride;
    char count_from[GW_ID_SIZE];
    char role[GW_ROLE_SIZE]; /* for whoever writes a site file; polling does not look at it */
};

#define GW_MB_FAULTS_MAX 4
#define GW_MB_CODES_MAX  20
#define GW_MB_CODE_SIZE  12

/* What a number means: 1 is "kPa". */
struct gw_mb_code {
    int32_t code;
    char name[GW_MB_CODE_SIZE];
};

/* What an entry of a profile or a point of the site file says. Constant once the site is loaded, and
 * shared by all points that it makes: one for each channel, of each device with that profile. */
struct gw_mb_point_def {
    unsigned users;               /* points of the site that share it */
    struct gw_mb_point *points;   /* one for each channel that some device has; owned */
    struct gw_mb_point_keys keys; /* with what was derived filled in */
    struct gw_mb_format format;
    double sane_lo, sane_hi;
    char fault_if[GW_MB_FAULTS_MAX][GW_ID_SIZE]; /* points that declare it failed, as in keys */
    size_t nfault_if;
    char valid_if[GW_MB_FAULTS_MAX][GW_ID_SIZE]; /* points that must be as expected, as in keys */
    size_t nvalid_if;
    struct gw_mb_code codes[GW_MB_CODES_MAX];
    size_t ncodes;
    const struct gw_jnode *node; /* for issues, and to know it again, while loading */
};

/* One channel of a definition, the same for all devices with that profile. */
struct gw_mb_point {
    struct gw_mb_point_def *def;
    struct gw_mb_point *next; /* of this definition */
    uint16_t address;
    uint16_t channel; /* 1-based; 0: none */
};

/* Where its registers are. */
struct gw_mb_span gw_mb_point_span(const struct gw_mb_point *p);

/* The id of the point that p's definition calls `name`: of the same device, with the channel in
 * place of "{n}". false when it is longer than an id may be. */
bool gw_mb_point_ref(const struct gw_site *site, uint32_t device, const struct gw_mb_point *p,
                     const char *name, char id[GW_POINT_ID]);

/* The name of this code, or "". */
const char *gw_mb_point_code(const struct gw_mb_point *p, int64_t code);

/* Who reads a point: where it goes, and where issues go. */
struct gw_mb_reader {
    struct gw_site *site;
    uint32_t device;
    struct gw_issues *issues;
};

/* The tables, for the reader, the schema test and the documentation test. */
extern const struct gw_key gw_mb_point_keys[];         /* a member of "points" of the site file */
extern const struct gw_key gw_mb_profile_point_keys[]; /* an element of "points" of a profile */
extern const struct gw_key gw_mb_field_keys[];         /* "field" */
extern const struct gw_key gw_mb_state_keys[];         /* an element of "states" */

/* Hooks, see struct gw_conf_driver. */
void gw_mb_conf_point(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                      struct gw_issues *issues);
void gw_mb_conf_print_point(const void *point, int indent, struct gw_buf *out);
void gw_mb_conf_free_point(void *point);

/* Reads and checks one point by one of the two tables. NULL when an issue was added, or when a file
 * that it names could not be read. It has no users yet: those that gw_mb_point_add makes are
 * counted, and the last of them frees it; without any, gw_mb_point_drop does. */
struct gw_mb_point_def *gw_mb_point_read(const struct gw_mb_reader *r, const struct gw_jnode *obj,
                                         const struct gw_key *keys);

/* Frees a definition that no point uses; does nothing to another one. NULL is fine. */
void gw_mb_point_drop(struct gw_mb_point_def *def);

/* The definition that an earlier device with the same profile has of this entry; NULL: none yet. */
struct gw_mb_point_def *gw_mb_point_known(const struct gw_site *site, uint32_t device,
                                          const struct gw_jnode *entry);

/* Adds a point to the site as "<device>.<name>". In name, every "{n}" becomes the channel (1-based;
 * 0: the point has none); the address moves by the stride. false when an issue was added or memory
 * is short. */
bool gw_mb_point_add(struct gw_site *site, uint32_t device, struct gw_mb_point_def *def,
                     unsigned channel, struct gw_issues *issues);

/* Checks that the device's points from index `first` of the site on fit into a request of the
 * device (conf NULL: not checked), and that what they refer to exists, is of the right kind and is
 * read in the same passes. */
void gw_mb_point_check(const struct gw_site *site, uint32_t device, const struct gw_mb_device *conf,
                       size_t first, struct gw_issues *issues);

#endif
