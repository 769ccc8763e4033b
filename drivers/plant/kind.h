/* SPDX-License-Identifier: Apache-2.0
 *
 * kind: the table of devices that a plant can play.
 *
 * A kind lists its signals and says which word or bit stands at an address, given the values of the
 * signals at one moment. Adding a device is one file and one line in kind.c. A kind is constant and
 * its functions are pure. scenario.h describes each kind for the author of a scenario.
 *
 * What makers do not publish is chosen here and named at the place where it is chosen.
 */
#ifndef GW_PLANT_KIND_H
#define GW_PLANT_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/json.h"
#include "conf/keys.h"

#define GW_KIND_SIGNALS 12 /* most lines in a kind's list of signals */
#define GW_KIND_RANGES  3
#define GW_KIND_CELLS   4096 /* most addresses of a "map" */

/* A line in a kind's list: one signal, or one for each channel ("p" and "_shielded" make
 * "p1_shielded", "p2_shielded" ...). */
struct gw_signal_def {
    const char *prefix; /* NULL ends the list */
    const char *suffix; /* NULL: one signal, named prefix */
    bool logic;
    bool real; /* may be NaN or infinite */
    double min, max, start;
};

/* Addresses that may be read, as on the wire. A request lies inside one range or is refused. */
struct gw_range {
    unsigned fcs; /* bit mask, 1u << function code */
    uint16_t first, last;
};

/* One address of a "map". */
struct gw_cell {
    uint16_t address;
    bool bit;
    double start;
};

/* What a scenario says of one device, by the keys of its kind. */
struct gw_kind_conf {
    int64_t channels; /* probes, channels; 1 where a kind has none */
    double low, high; /* gas controllers: set-points in the unit of the value */
    double dn_mm;     /* flow meters: bore of the pipe */
    int show;         /* ai-module: the range that it is set to */

    /* map; the nodes live only while the scenario is read */
    const struct gw_jnode *regs, *bits, *fc, *range, *bit_range;
    struct gw_cell *cells; /* owned; registers first, each part by rising address */
    size_t n_cells;

    struct gw_range ranges[GW_KIND_RANGES];
    size_t n_ranges;
    size_t at[GW_KIND_SIGNALS]; /* index of the first signal of each line of the list */
};

/* A device at one moment. */
struct gw_view {
    const struct gw_kind_conf *conf;
    const double *value; /* of every signal */
    double total;        /* what gw_kind.rate has added up, in units */
    uint8_t unit;        /* the unit id that is asked */
    uint8_t fc;          /* the function code that asks; 0: none */
};

struct gw_kind {
    const char *name;
    const char *id; /* text of the answer to function 17 */
    const struct gw_signal_def *signals;
    const char *const *outputs; /* names of what the device works out itself, NULL-ended; or NULL */
    const struct gw_key *keys;  /* of struct gw_kind_conf */

    /* Fills ranges and cells from what the keys gave; adds issues. GW_E_NOMEM only. */
    enum gw_status (*setup)(const struct gw_jnode *device, struct gw_kind_conf *conf,
                            struct gw_issues *issues);
    uint16_t (*word)(const struct gw_view *v, uint16_t address); /* NULL: no registers */
    bool (*bit)(const struct gw_view *v, uint16_t address);      /* NULL: no bits */
    double (*output)(const struct gw_view *v, size_t i);         /* of outputs[i] */
    double (*rate)(const struct gw_view *v);                     /* units an hour; or NULL */
};

/* The kind of this name, or NULL. */
const struct gw_kind *gw_kind_find(const char *name);
/* The i-th kind, NULL after the last. */
const struct gw_kind *gw_kind_nth(size_t i);

/* For kinds: the value of signal `line` of the list, channel 0.. (0 where there is one only). */
double gw_view_value(const struct gw_view *v, size_t line, size_t channel);
bool gw_view_on(const struct gw_view *v, size_t line, size_t channel);

/* For kinds: value as a register, rounded half away from zero and kept inside the type; a value
 * that is no number reads as the highest one, as with a broken sensor wire. */
uint16_t gw_word_u16(double value);
uint16_t gw_word_i16(double value);
/* The high (i = 0) or low (i = 1) word of a 32-bit float or unsigned integer. */
uint16_t gw_word_f32(double value, unsigned i);
uint16_t gw_word_u32(double value, unsigned i);

/* The kinds, each in a file of its own. */
extern const struct gw_kind gw_kind_ax100;
extern const struct gw_kind gw_kind_mfe600h;
extern const struct gw_kind gw_kind_dampt100;
extern const struct gw_kind gw_kind_di_module;
extern const struct gw_kind gw_kind_qdy30a;
extern const struct gw_kind gw_kind_map;
extern const struct gw_kind gw_kind_kb6000iii;
extern const struct gw_kind gw_kind_mk102;
extern const struct gw_kind gw_kind_mfe600c;
extern const struct gw_kind gw_kind_tuf_2000;
extern const struct gw_kind gw_kind_vortex;
extern const struct gw_kind gw_kind_ai_module;

#endif
