/* SPDX-License-Identifier: Apache-2.0
 *
 * plan: what `nonsitectl init` was told of a plant, before it is a site file. One thread.
 */
#ifndef GW_CTL_PLAN_H
#define GW_CTL_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "conf/site.h"
#include "finding/catalogue.h"

#define GW_PLAN_ASSETS  64
#define GW_PLAN_DEVICES 256
#define GW_PLAN_PAIRS   8

enum gw_plan_line { GW_PLAN_TCP = 0, GW_PLAN_RTU_TCP, GW_PLAN_RTU };

/* A bus: host and port, or a serial port. */
struct gw_plan_bus {
    char id[GW_ID_SIZE];
    enum gw_plan_line line;
    char host[GW_NAME_SIZE];
    int64_t port;
};

struct gw_plan_device {
    char id[GW_ID_SIZE];
    char profile[GW_ID_SIZE];
    size_t bus;
    int64_t unit, channels; /* channels 0: as the profile has it */
    char asset[GW_ID_SIZE]; /* whose instrument it is; "": not said */
};

struct gw_plan_pair {
    char key[GW_ROLE_SIZE], value[GW_ID_SIZE];
};

/* A number of a finding that the site has otherwise than the catalogue. */
struct gw_plan_override {
    char code[GW_CODE_SIZE];
    struct gw_plan_pair pair;
};

struct gw_plan_asset {
    char id[GW_ID_SIZE], type[GW_ID_SIZE], name[GW_NAME_SIZE];
    struct gw_plan_pair facts[GW_PLAN_PAIRS], rated[GW_PLAN_PAIRS];
    size_t nfacts, nrated;
    struct gw_plan_override overrides[GW_PLAN_PAIRS];
    size_t noverrides;
};

/* A point in a role of an asset. */
struct gw_plan_role {
    size_t asset;
    char role[GW_ROLE_SIZE];
    char point[GW_POINT_ID];
};

struct gw_plan {
    int sector; /* -1: not said */
    char id[GW_ID_SIZE], uscc[19], name[GW_NAME_SIZE], county[7];
    char mqtt[GW_NAME_SIZE]; /* host of the broker; "": not said */
    int64_t mqtt_port;
    char platform_key[GW_PATH_SIZE], state_dir[GW_PATH_SIZE];
    char catalogue[GW_PATH_SIZE], profiles[GW_PATH_SIZE]; /* absolute; "": as installed */
    struct gw_plan_asset assets[GW_PLAN_ASSETS];
    size_t nassets;
    struct gw_plan_bus buses[GW_PLAN_DEVICES];
    size_t nbuses;
    struct gw_plan_device devices[GW_PLAN_DEVICES];
    size_t ndevices;
    struct gw_plan_role *roles; /* grows */
    size_t nroles, cap;
};

#define GW_PLAN_CATALOGUE "/usr/share/nonsite-gateway/findings.json"
#define GW_PLAN_PROFILES  "/usr/share/nonsite-gateway/devices"

void gw_plan_init(struct gw_plan *p);
void gw_plan_free(struct gw_plan *p);

/* Each takes one thing as it is written on the command line. GW_E_INVAL, err says why; cat is what
 * it is held against. */
enum gw_status gw_plan_sector(struct gw_plan *p, const char *text,
                              struct gw_err *err) GW_MUST_CHECK;
/* TYPE:ID[:NAME] */
enum gw_status gw_plan_asset(struct gw_plan *p, const struct gw_catalogue *cat, const char *text,
                             struct gw_err *err) GW_MUST_CHECK;
/* ID:PROFILE@ENDPOINT/UNIT[,channels=N][,asset=ASSET]; ENDPOINT is tcp:HOST[:PORT],
 * rtu-tcp:HOST[:PORT] or rtu:PORT */
enum gw_status gw_plan_device(struct gw_plan *p, const char *text,
                              struct gw_err *err) GW_MUST_CHECK;
/* ASSET:KEY=VALUE */
enum gw_status gw_plan_fact(struct gw_plan *p, const struct gw_catalogue *cat, const char *text,
                            struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_plan_rated(struct gw_plan *p, const struct gw_catalogue *cat, const char *text,
                             struct gw_err *err) GW_MUST_CHECK;
/* ASSET:FINDING.KEY=NUMBER */
enum gw_status gw_plan_override(struct gw_plan *p, const struct gw_catalogue *cat, const char *text,
                                struct gw_err *err) GW_MUST_CHECK;
/* HOST[:PORT] of the broker */
enum gw_status gw_plan_mqtt(struct gw_plan *p, const char *text, struct gw_err *err) GW_MUST_CHECK;
/* ASSET:ROLE=POINT[,POINT ...] */
enum gw_status gw_plan_role(struct gw_plan *p, const struct gw_catalogue *cat, const char *text,
                            struct gw_err *err) GW_MUST_CHECK;
/* The same for one point that is known to fit. GW_E_NOMEM. */
enum gw_status gw_plan_add_role(struct gw_plan *p, size_t asset, const char *role,
                                const char *point) GW_MUST_CHECK;

bool gw_plan_has_role(const struct gw_plan *p, size_t asset, const char *role);
/* Index of an asset or device; false: there is none of that name. */
bool gw_plan_find_asset(const struct gw_plan *p, const char *id, size_t *out);
/* What was declared; NULL: nothing. */
const char *gw_plan_fact_of(const struct gw_plan_asset *a, const char *key);

/* Whether the finding is for such an asset of that sector, as far as its facts are declared. */
enum gw_plan_fit {
    GW_PLAN_NOT = 0,
    GW_PLAN_FITS,
    GW_PLAN_MAY /* it depends on a fact that is not declared */
};
/* *alt: the alternative of "applies" that fits. */
enum gw_plan_fit gw_plan_applies(const struct gw_catalogue *cat, int sector,
                                 const struct gw_plan_asset *a, const struct gw_finding *f,
                                 const struct gw_applies **alt);

#endif
