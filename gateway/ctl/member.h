/* SPDX-License-Identifier: Apache-2.0
 *
 * member: members of a document of another program, which may be missing or of another type. Pure.
 */
#ifndef GW_CTL_MEMBER_H
#define GW_CTL_MEMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conf/json.h"

/* NULL when the object (which may be NULL) has no such member of that type. */
const struct gw_jnode *gw_member(const struct gw_jnode *n, const char *key, enum gw_jtype type);
/* "" when there is none; lent by the document. */
const char *gw_member_str(const struct gw_jnode *n, const char *key);
bool gw_member_has_int(const struct gw_jnode *n, const char *key);
/* 0 when there is none. */
int64_t gw_member_int(const struct gw_jnode *n, const char *key);
/* False when there is none. */
bool gw_member_true(const struct gw_jnode *n, const char *key);
/* First element of an array member; NULL when there is none. */
const struct gw_jnode *gw_member_first(const struct gw_jnode *n, const char *key);

/* The value as JSON on one line. */
void gw_member_dump(const struct gw_jnode *n, FILE *out);

#endif
