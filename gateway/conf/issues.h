/* SPDX-License-Identifier: Apache-2.0
 *
 * issues: everything that is wrong with a configuration, collected so that all of it is told at
 * once, each with file, line and JSON pointer. Owned by one thread.
 */
#ifndef GW_CONF_ISSUES_H
#define GW_CONF_ISSUES_H

#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

struct gw_issues;

/* NULL when memory is short. */
struct gw_issues *gw_issues_new(void);
void gw_issues_free(struct gw_issues *is);

/* Adds "file:line: pointer: text" (pointer may be "" for the file as a whole, line 0 is left out).
 * After 100 issues only the count goes on. */
void gw_issues_add(struct gw_issues *is, const char *file, int line, const char *pointer,
                   const char *fmt, ...) GW_PRINTF(5, 6);

size_t gw_issues_count(const struct gw_issues *is);
/* The i-th text as printed, i < min(count, 100), in the order of adding; lent. */
const char *gw_issues_text(const struct gw_issues *is, size_t i);
/* One line each, sorted by file and line, and a last line with the number. */
void gw_issues_print(const struct gw_issues *is, FILE *to);

#endif
