/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/profile.h"

#include <string.h>

#include "modbus/ident_conf.h"
#include "modbus/pdu.h"
#include "modbus/point.h"
#include "modbus/signal.h"

static const char *const confirmed_names[] = {"memory", "published", "device", NULL};

struct title {
    char zh[GW_NAME_SIZE], en[GW_NAME_SIZE];
};

struct limits {
    struct gw_mb_device device;
    int64_t channels_max;
};

#define PROFILE(m) .offset = offsetof(struct gw_mb_profile, m)
#define LIMIT(m)   .offset = offsetof(struct limits, m)
#define TITLE(m)   .offset = offsetof(struct title, m), .size = sizeof(((struct title *)NULL)->m)
#define END                                                                                        \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

/* clang-format off */
const struct gw_key gw_mb_profile_keys[] = {
    {"profile", GW_KEY_ID, PROFILE(name), .size = GW_ID_SIZE, .required = true,
     .doc = "Name of the profile, as the file is called without \".json\"."},
    {"title", GW_KEY_NODE, PROFILE(title), .jtype = GW_J_OBJ, .required = true,
     .doc = "What device it is for, in Chinese and English."},
    {"source", GW_KEY_STR, PROFILE(source), .size = sizeof(((struct gw_mb_profile *)NULL)->source),
     .min = 1, .required = true,
     .doc = "Where the register map is from."},
    {"confirmed", GW_KEY_ENUM, PROFILE(confirmed), .names = confirmed_names, .required = true,
     .doc = "How sure the map is: memory, published (a document), device (checked on a real one)."},
    {"device", GW_KEY_NODE, PROFILE(device), .jtype = GW_J_OBJ,
     .doc = "Channels and limits of the device."},
    {"identity", GW_KEY_NODE, PROFILE(identity), .jtype = GW_J_OBJ,
     .doc = "How the device can be asked who it is; default not at all."},
    {"points", GW_KEY_NODE, PROFILE(points), .jtype = GW_J_ARR,
     .doc = "Of a Modbus device: what can be read from it."},
    {"bands", GW_KEY_NODE, PROFILE(bands), .jtype = GW_J_ARR,
     .doc = "Of a 4-20 mA instrument in place of points: what its currents mean."},
    END,
};

const struct gw_key gw_mb_title_keys[] = {
    {"zh", GW_KEY_STR, TITLE(zh), .min = 1, .required = true,
     .doc = "In Chinese."},
    {"en", GW_KEY_STR, TITLE(en), .min = 1, .required = true,
     .doc = "In English."},
    END,
};

const struct gw_key gw_mb_profile_device_keys[] = {
    {"channels", GW_KEY_INT, LIMIT(device.channels), .min = 1, .max = 512,
     .doc = "Channels when the site file does not say; default 1."},
    {"channels_max", GW_KEY_INT, LIMIT(channels_max), .min = 1, .max = 512,
     .doc = "Most channels that the device can have; default 512."},
    {"max_regs", GW_KEY_INT, LIMIT(device.max_regs), .min = 1, .max = GW_MB_MAX_REGS,
     .doc = "Most registers in one request; default 125."},
    {"max_bits", GW_KEY_INT, LIMIT(device.max_bits), .min = 1, .max = GW_MB_MAX_BITS,
     .doc = "Most bits in one request; default 2000."},
    {"max_gap_regs", GW_KEY_INT, LIMIT(device.max_gap_regs), .max = GW_MB_MAX_REGS,
     .doc = "Unwanted registers that may be read to save a request; default 10."},
    {"max_gap_bits", GW_KEY_INT, LIMIT(device.max_gap_bits), .max = GW_MB_MAX_BITS,
     .doc = "Unwanted bits that may be read to save a request; default 64."},
    {"search_s", GW_KEY_INT, LIMIT(device.search_s), .max = 3600,
     .doc = "How long the device looks for its detectors after it came up, in seconds; default 0."},
    {"warmup_s", GW_KEY_INT, LIMIT(device.warmup_s), .max = 7200,
     .doc = "How long its values are not to be relied on after it came up, in seconds; default 0."},
    {"identity_s", GW_KEY_INT, LIMIT(device.identity_s), .max = 86400,
     .doc = "How often it is asked who it is, in seconds; 0: never; default 600."},
    END,
};
/* clang-format on */

static void check_kind(const struct gw_jnode *root, const struct gw_mb_profile *p,
                       struct gw_issues *issues)
{
    const bool points = gw_jnode_get(root, "points") != NULL;
    const bool bands = gw_jnode_get(root, "bands") != NULL;
    if (!points && !bands) {
        gw_jnode_issue(root, issues,
                       "\"points\" is missing (or \"bands\", of a 4-20 mA instrument)");
    } else if (points && bands) {
        gw_jnode_issue(gw_jnode_get(root, "bands"), issues,
                       "give \"points\" or \"bands\", not both");
    } else if (p->bands != NULL) {
        struct gw_mb_format format = {0};
        (void)gw_mb_bands_read(p->bands, &format, issues);
        if (p->device != NULL)
            gw_jnode_issue(p->device, issues, "has no meaning beside \"bands\"");
        if (p->identity != NULL)
            gw_jnode_issue(p->identity, issues, "has no meaning beside \"bands\"");
    }
}

bool gw_mb_profile_read(const struct gw_jnode *root, const char *name, struct gw_mb_profile *out,
                        struct gw_mb_device *limits, struct gw_issues *issues)
{
    const size_t before = gw_issues_count(issues);
    *out = (struct gw_mb_profile){0};
    if (gw_keys_read(root, gw_mb_profile_keys, out, issues) && strcmp(out->name, name) != 0)
        gw_jnode_issue(gw_jnode_get(root, "profile"), issues,
                       "\"%s\" stands in a file that is called \"%s\"", out->name, name);
    check_kind(root, out, issues);
    struct title title = {0};
    if (out->title != NULL)
        (void)gw_keys_read(out->title, gw_mb_title_keys, &title, issues);
    struct limits read = {.device = *limits, .channels_max = 512};
    if (out->device != NULL && gw_keys_read(out->device, gw_mb_profile_device_keys, &read, issues))
        *limits = read.device;
    if (out->identity != NULL)
        (void)gw_mb_ident_read(out->identity, &limits->identity, issues);
    out->channels_max = read.channels_max;
    return gw_issues_count(issues) == before;
}

/* "{n}" and "per_channel" belong together. */
static bool check_channels(const struct gw_mb_point_def *p, const struct gw_jnode *n,
                           struct gw_issues *issues)
{
    const bool numbered = strstr(p->keys.name, "{n}") != NULL;
    if (!p->keys.per_channel && p->keys.count_from[0] != '\0')
        gw_jnode_issue(gw_jnode_get(n, "count_from"), issues,
                       "has a meaning only for a point per channel");
    if (numbered == p->keys.per_channel)
        return true;
    gw_jnode_issue(n, issues,
                   numbered ? "a name with {n} needs \"per_channel\": true"
                            : "a point per channel needs {n} in its name");
    return false;
}

static void expand_point(const struct gw_jnode *n, struct gw_site *site, uint32_t device,
                         const struct gw_mb_device *conf, struct gw_issues *issues)
{
    const struct gw_mb_reader r = {.site = site, .device = device, .issues = issues};
    struct gw_mb_point_def *def = gw_mb_point_known(site, device, n);
    if (def == NULL)
        def = gw_mb_point_read(&r, n, gw_mb_profile_point_keys);
    if (def != NULL && check_channels(def, n, issues)) {
        const unsigned last = def->keys.per_channel ? (unsigned)conf->channels : 0;
        bool ok = true;
        for (unsigned channel = last > 0 ? 1 : 0; ok && channel <= last; channel++)
            ok = gw_mb_point_add(site, device, def, channel, issues);
    }
    gw_mb_point_drop(def);
}

bool gw_mb_profile_expand(const struct gw_mb_profile *p, struct gw_site *site, uint32_t device,
                          const struct gw_mb_device *conf, struct gw_issues *issues)
{
    const size_t before = gw_issues_count(issues);
    const size_t first = site->npoints;
    for (const struct gw_jnode *n = gw_jnode_first(p->points); n != NULL; n = gw_jnode_next(n))
        expand_point(n, site, device, conf, issues);
    /* What refers to a point that could not be added would only repeat the first issue. */
    if (gw_issues_count(issues) == before)
        gw_mb_point_check(site, device, conf, first, issues);
    return gw_issues_count(issues) == before;
}
