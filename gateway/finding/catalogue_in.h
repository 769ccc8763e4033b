/* SPDX-License-Identifier: Apache-2.0
 *
 * catalogue_in: what the parts of the catalogue's reader share, private to this folder.
 */
#ifndef GW_FINDING_CATALOGUE_IN_H
#define GW_FINDING_CATALOGUE_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finding/catalogue.h"

#define GW_CAT_TYPES_MAX 64 /* a clause keeps its asset types as a bit mask */

struct gw_catalogue {
    char version[GW_ID_SIZE];
    struct gw_alarm_system alarm_system;
    struct gw_type_def *types;
    size_t ntypes;
    struct gw_role_def *roles;
    size_t nroles;
    struct gw_fact_def *facts;
    size_t nfacts;
    struct gw_permit_def permits[GW_PERMIT_COUNT];
    struct gw_clause *clauses;
    struct gw_text *laws; /* obligation and penalty of each, in turn */
    struct gw_finding *findings;
    size_t nfindings;
};

/* Clauses, laws and documents are named once in the file; documents are copied. */
struct gw_cat_document {
    const char *name;
    char title[GW_NAME_SIZE];
    char edition[GW_ID_SIZE];
};

struct gw_cat_clause {
    const char *name;
    const struct gw_clause *clause;
};

struct gw_cat_law {
    const char *name;
    const struct gw_text *obligation, *penalty;
};

struct gw_cat_env {
    struct gw_catalogue *cat;
    struct gw_issues *issues;
    struct gw_cat_document *documents;
    size_t ndocuments;
    struct gw_cat_clause *clauses;
    size_t nclauses;
    struct gw_cat_law *laws;
    size_t nlaws;
    const struct gw_jnode *findings; /* the array, to look up causes in */
};

/* The keys of struct gw_text. */
extern const struct gw_key gw_cat_text_keys[];

/* Reads "types", "sectors" and the like: an array of names, each given once. add is called with
 * every string; it takes it, or adds an issue. */
typedef void gw_cat_add_fn(struct gw_cat_env *env, const struct gw_jnode *name, void *to);
void gw_cat_each_name(struct gw_cat_env *env, const struct gw_jnode *list, gw_cat_add_fn *add,
                      void *to);

/* Sets the bit of the sector in the uint32_t. */
void gw_cat_add_sector(struct gw_cat_env *env, const struct gw_jnode *name, void *mask);

/* A role that the catalogue defines, or NULL and an issue at the node. */
const struct gw_role_def *gw_cat_known_role(struct gw_cat_env *env, const struct gw_jnode *name);
/* True when the catalogue has this asset type; otherwise an issue is added. */
bool gw_cat_known_type(struct gw_cat_env *env, const struct gw_jnode *name);

/* Reads an object of facts with their values into facts[max]; returns how many. */
size_t gw_cat_read_facts(struct gw_cat_env *env, const struct gw_jnode *obj,
                         struct gw_site_fact facts[], size_t max);
/* The names of enum gw_kind, NULL-terminated. */
extern const char *const gw_cat_kinds[];

/* Copies a string whose length was checked before. */
void gw_cat_copy(char *to, size_t size, const char *from);

/* One member of "findings" into f. Types, roles, facts, clauses and laws are read already. */
void gw_cat_read_finding(struct gw_cat_env *env, const struct gw_jnode *n, struct gw_finding *f);
/* The "rules" of a finding. */
void gw_cat_read_rules(struct gw_cat_env *env, const struct gw_jnode *list, struct gw_finding *f);
/* The "params" of a finding, after its rules. */
void gw_cat_read_params(struct gw_cat_env *env, const struct gw_jnode *obj, struct gw_finding *f);

#endif
