/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/point: one point: where its registers are and what they mean.
 *
 * Read from the site file's "points" or from a profile. A point names others of its device by their
 * ids, since indexes are final only when the site is loaded. Owned by the loading thread, constant
 * afterwards.
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

struct gw_mb_point {
    struct gw_mb_point_keys keys; /* with what was derived filled in */
    struct gw_mb_span span;
    struct gw_mb_format format;
    double sane_lo, sane_hi;
    char state_from[GW_POINT_ID]; /* id of the point whose state decides about this value, or "" */
    char fault_if[GW_MB_FAULTS_MAX][GW_POINT_ID]; /* ids of points that declare it failed */
    size_t nfault_if;
    char valid_if[GW_MB_FAULTS_MAX][GW_POINT_ID]; /* ids of points that must be as expected */
    size_t nvalid_if;
    char decimals_from[GW_POINT_ID]; /* id of the point that says where the decimal point is, or ""
                                      */
    char count_from[GW_POINT_ID];    /* id of the point that counts the channels present, or "" */
    unsigned channel;                /* 1-based; 0: none */
    struct gw_mb_code codes[GW_MB_CODES_MAX];
    size_t ncodes;
    const struct gw_jnode *node; /* for issues while loading */
};

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

/* Reads and checks one point by one of the two tables: fills keys, span (of channel 1), format and
 * sane range. false when an issue was added, or when a file that it names could not be read. */
bool gw_mb_point_read(const struct gw_mb_reader *r, const struct gw_jnode *obj,
                      const struct gw_key *keys, struct gw_mb_point *out);

/* Adds a copy of p to the site as "<device>.<name>". In name and in the names that p refers to,
 * every "{n}" becomes the channel (1-based; 0: the point has none); the address moves by the
 * stride. false when an issue was added or memory is short. */
bool gw_mb_point_add(struct gw_site *site, uint32_t device, const struct gw_mb_point *p,
                     unsigned channel, struct gw_issues *issues);

/* Checks that the device's points from index `first` of the site on fit into a request of the
 * device (conf NULL: not checked), and that what they refer to exists, is of the right kind and is
 * read in the same passes. */
void gw_mb_point_check(const struct gw_site *site, uint32_t device, const struct gw_mb_device *conf,
                       size_t first, struct gw_issues *issues);

#endif
