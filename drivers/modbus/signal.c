/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/signal.h"

#include <math.h>
#include <string.h>

#include "modbus/conf.h"
#include "modbus/point.h"
#include "modbus/profile.h"

struct band_in {
    double lo, hi;
    char is[24];
};

#define LARGEST_MA 1000

/* clang-format off */
const struct gw_key gw_mb_band_keys[] = {
    {"lo", GW_KEY_NUM, .offset = offsetof(struct band_in, lo), .min = -LARGEST_MA,
     .max = LARGEST_MA,
     .doc = "From this current on, in mA; default without end downwards."},
    {"hi", GW_KEY_NUM, .offset = offsetof(struct band_in, hi), .min = -LARGEST_MA,
     .max = LARGEST_MA,
     .doc = "Below this current, in mA; default without end upwards."},
    {"is", GW_KEY_STR, .offset = offsetof(struct band_in, is),
     .size = sizeof(((struct band_in *)NULL)->is), .min = 1, .required = true,
     .doc = "What it means, a state (NORMAL, INHIBIT, OVER_RANGE, SENSOR_FAULT ...) or a quality "
            "(GOOD, UNCERTAIN, BAD_FAULT)."},
    {.type = GW_KEY_END},
};
/* clang-format on */

/* A state has a quality for the value; a quality has a state for who asks for one. */
static bool parse_meaning(const char *is, struct gw_mb_band *band)
{
    static const struct {
        enum gw_quality quality;
        enum gw_state state;
    } rows[] = {
        {GW_Q_GOOD, GW_S_NORMAL},
        {GW_Q_UNCERTAIN, GW_S_UNKNOWN},
        {GW_Q_BAD_FAULT, GW_S_SENSOR_FAULT},
    };
    if (gw_state_parse(is, &band->state)) {
        band->quality = gw_state_quality(band->state);
        return true;
    }
    if (!gw_quality_parse(is, &band->quality))
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].quality == band->quality) {
            band->state = rows[i].state;
            return true;
        }
    }
    return false;
}

static void read_band(const struct gw_jnode *n, struct gw_mb_format *f, struct gw_issues *issues)
{
    struct band_in in = {.lo = -(double)INFINITY, .hi = (double)INFINITY};
    if (!gw_keys_read(n, gw_mb_band_keys, &in, issues))
        return;
    struct gw_mb_band band = {.lo = in.lo, .hi = in.hi};
    if (in.lo >= in.hi)
        gw_jnode_issue(n, issues, "\"lo\" (%.15g) must be less than \"hi\" (%.15g)", in.lo, in.hi);
    else if (!parse_meaning(in.is, &band))
        gw_jnode_issue(gw_jnode_get(n, "is"), issues,
                       "\"%s\" is no state, nor one of GOOD, UNCERTAIN, BAD_FAULT", in.is);
    else
        f->bands[f->nbands++] = band;
}

bool gw_mb_bands_read(const struct gw_jnode *list, struct gw_mb_format *f, struct gw_issues *issues)
{
    const size_t before = gw_issues_count(issues);
    const size_t n = gw_jnode_count(list);
    f->nbands = 0;
    if (n < 1 || n > GW_MB_BANDS_MAX) {
        gw_jnode_issue(list, issues, "must have 1 to %d bands, has %zu", GW_MB_BANDS_MAX, n);
        return false;
    }
    for (const struct gw_jnode *band = gw_jnode_first(list); band != NULL;
         band = gw_jnode_next(band))
        read_band(band, f, issues);
    return gw_issues_count(issues) == before;
}

/* The bands of the profile that "signal" names; NULL when an issue says why. */
static const struct gw_jnode *load_bands(struct gw_site *site, const char *name,
                                         const struct gw_jnode *node, struct gw_issues *issues)
{
    const struct gw_jnode *root = gw_site_profile(site, name, node);
    if (root == NULL)
        return NULL;
    struct gw_mb_profile profile;
    struct gw_mb_device limits = gw_mb_device_default();
    if (!gw_mb_profile_read(root, name, &profile, &limits, issues))
        return NULL;
    if (profile.bands == NULL)
        gw_jnode_issue(node, issues,
                       "\"%s\" is the profile of a Modbus device; it goes into \"profile\" of the "
                       "device",
                       name);
    return profile.bands;
}

static void read_range(const struct gw_mb_point_keys *k, struct gw_mb_format *f,
                       struct gw_issues *issues)
{
    const struct gw_jnode *lo = gw_jnode_first(k->range);
    const struct gw_jnode *hi = lo != NULL ? gw_jnode_next(lo) : NULL;
    if (gw_jnode_count(k->range) != 2 || gw_jnode_type(lo) != GW_J_NUM ||
        gw_jnode_type(hi) != GW_J_NUM || gw_jnode_num(lo) == gw_jnode_num(hi)) {
        gw_jnode_issue(k->range, issues, "must be [value at 4 mA, value at 20 mA]");
        return;
    }
    f->ranged = 1;
    f->range_lo = gw_jnode_num(lo);
    f->range_hi = gw_jnode_num(hi);
}

bool gw_mb_signal_read(struct gw_site *site, struct gw_mb_point_def *p, struct gw_issues *issues)
{
    const size_t before = gw_issues_count(issues);
    const struct gw_mb_point_keys *k = &p->keys;
    const struct gw_jnode *bands = k->bands;
    if (k->signal[0] != '\0') {
        bands = load_bands(site, k->signal, gw_jnode_get(p->node, "signal"), issues);
        if (bands == NULL)
            return false;
    }
    if (bands != NULL)
        (void)gw_mb_bands_read(bands, &p->format, issues);
    if (k->range != NULL)
        read_range(k, &p->format, issues);
    return gw_issues_count(issues) == before;
}
