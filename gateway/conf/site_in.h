/* SPDX-License-Identifier: Apache-2.0
 *
 * site_in: what the parts of the site reader share, private to conf.
 *
 * The structs are the objects of the site file as their key tables read them, before names are
 * resolved. A struct of site.h that a table fills stands first, so that offsets agree.
 */
#ifndef GW_CONF_SITE_IN_H
#define GW_CONF_SITE_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/site.h"

struct gw_site_root_in {
    const struct gw_jnode *gateway, *enterprise, *buses, *devices, *points, *derived, *assets,
        *publish, *platform, *journal, *local;
};

struct gw_site_local_in {
    struct gw_site_local local;
    const struct gw_jnode *http;
};

struct gw_site_platform_in {
    const struct gw_jnode *keys;
};

struct gw_site_trust_in {
    struct gw_site_trust trust;
    const struct gw_jnode *may;
};

struct gw_site_publish_in {
    const struct gw_jnode *mqtt, *influx, *telemetry;
};

struct gw_site_telemetry_in {
    struct gw_site_telemetry telemetry;
    const struct gw_jnode *deadbands;
};

struct gw_site_influx_in {
    struct gw_site_influx influx;
    const struct gw_jnode *tags;
};

struct gw_site_bus_in {
    char driver[GW_ID_SIZE];
};

struct gw_site_device_in {
    struct gw_site_device device;
    char bus[GW_ID_SIZE];
};

struct gw_site_asset_in {
    struct gw_site_asset asset;
    const struct gw_jnode *facts, *rated, *roles, *due, *overrides;
};

extern const struct gw_key gw_site_root_keys[];
extern const struct gw_key gw_site_gateway_keys[];
extern const struct gw_key gw_site_enterprise_keys[];
extern const struct gw_key gw_site_derived_keys[];
extern const struct gw_key gw_site_asset_keys[];
extern const struct gw_key gw_site_publish_keys[];
extern const struct gw_key gw_site_mqtt_keys[];
extern const struct gw_key gw_site_influx_keys[];
extern const struct gw_key gw_site_platform_keys[];
extern const struct gw_key gw_site_trust_keys[];
extern const struct gw_key gw_site_telemetry_keys[];
extern const struct gw_key gw_site_journal_keys[];
extern const struct gw_key gw_site_local_keys[];
extern const struct gw_key gw_site_http_keys[];

/* Parts of --print-config, to compare two sites by: of a bus or device its own keys and the driver's,
 * of a point all that is known of it. */
void gw_site_print_bus(const struct gw_site *site, uint32_t bus, struct gw_buf *out);
void gw_site_print_device(const struct gw_site *site, uint32_t device, struct gw_buf *out);
void gw_site_print_point(const struct gw_site *site, uint32_t point, struct gw_buf *out);
void gw_site_print_asset(const struct gw_site *site, size_t asset, struct gw_buf *out);
void gw_site_print_derived(const struct gw_site *site, size_t derived, struct gw_buf *out);
void gw_site_print_influx(const struct gw_site *site, struct gw_buf *out);
void gw_site_print_platform(const struct gw_site *site, struct gw_buf *out);
void gw_site_print_telemetry(const struct gw_site *site, struct gw_buf *out);

/* Adds an issue where the text is neither "" nor a date such as "2027-03-31". */
void gw_site_check_date(const struct gw_jnode *n, struct gw_issues *issues);

/* What is wrong between the keys of publish.mqtt: each is fine for itself. */
void gw_site_check_mqtt(const struct gw_site_mqtt *mqtt, const struct gw_jnode *obj,
                        struct gw_issues *issues);

/* Reads "platform" (NULL: nobody is trusted). */
void gw_site_read_platform(struct gw_site_platform *platform, const struct gw_jnode *obj,
                           struct gw_issues *issues);
/* Records that wait for receipts need a key that may give them. mqtt: its object. */
void gw_site_check_receipts(const struct gw_site *site, const struct gw_jnode *mqtt,
                            const struct gw_jnode *platform, struct gw_issues *issues);

/* Reads "local" (NULL: only the defaults); the default of local.socket needs gateway.state_dir. root:
 * where to complain when there is no such object. */
void gw_site_read_local(struct gw_site *site, const struct gw_jnode *obj,
                        const struct gw_jnode *root, struct gw_issues *issues);

/* Reads "publish.influx" (NULL: only the defaults) into site->influx. Points must be read. */
void gw_site_read_influx(struct gw_site *site, const struct gw_jnode *obj,
                         struct gw_issues *issues);

/* Reads "publish.telemetry" (NULL: only the defaults). Points must be read and grouped. Points that
 * device_bad (per device) or names_unsure explain are not complained about. false: no memory. */
bool gw_site_read_telemetry(struct gw_site *site, const struct gw_jnode *obj,
                            const bool *device_bad, bool names_unsure,
                            struct gw_issues *issues) GW_MUST_CHECK;

/* Ids one behind the other, since a plant may have a hundred thousand. */
struct gw_site_names {
    struct gw_site_names *next;
    size_t used;
    char text[4064]; /* a page with the rest */
};

/* Points by id, and how each came into the site. */
struct gw_site_index {
    uint32_t *slots;             /* open addressing: index + 1, 0 = free */
    size_t nslots;               /* a power of two */
    size_t cap;                  /* of site->points, site->point_priv and declared */
    bool *declared;              /* by the "points" section, not by a profile */
    bool declaring;              /* what is added now is */
    struct gw_site_names *names; /* the ids of all points */
    struct gw_point_def **defs;  /* of all points, each once; open addressing, NULL = free */
    size_t ndefs, ndefslots;     /* a power of two, more than twice ndefs; 0 at first */
};

/* NULL is fine. */
void gw_site_index_free(struct gw_site_index *ix);

/* Gives a point another definition, which is copied. false: no memory. */
bool gw_site_redefine(struct gw_site *site, uint32_t point,
                      const struct gw_point_def *def) GW_MUST_CHECK;

/* Brings the points of each device together and sets first_point and npoints. false: no memory. */
bool gw_site_group_points(struct gw_site *site) GW_MUST_CHECK;

struct gw_site_derived_env {
    struct gw_site *site;
    struct gw_issues *issues;
    bool names_unsure;      /* as of gw_site_asset_env */
    const bool *device_bad; /* as of gw_site_asset_env */
};

/* True when the issues of its device, or of a device given twice, explain that there is no such
 * point. device_bad is per device. */
bool gw_site_lack_explained(const struct gw_site *site, const bool *device_bad, bool names_unsure,
                            const char *id);

/* Reads the "derived" object, before the points are grouped. false: no memory. */
bool gw_site_read_derived(const struct gw_site_derived_env *env,
                          const struct gw_jnode *obj) GW_MUST_CHECK;
/* Finds what they are made of, after the points are grouped. false: no memory. */
bool gw_site_resolve_derived(const struct gw_site_derived_env *env) GW_MUST_CHECK;

struct gw_site_asset_env {
    struct gw_site *site;
    struct gw_issues *issues;
    bool names_unsure;      /* names of devices: one was given twice, and may have meant another */
    const bool *device_bad; /* has issues: roles that name points of it are not complained about */
};

/* Reads the "assets" object. false: no memory. */
bool gw_site_read_assets(const struct gw_site_asset_env *env,
                         const struct gw_jnode *obj) GW_MUST_CHECK;
void gw_site_free_assets(struct gw_site *site);

#endif
