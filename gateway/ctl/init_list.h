/* SPDX-License-Identifier: Apache-2.0
 *
 * init_list: what `nonsitectl init` knows, for whoever must choose. One thread.
 */
#ifndef GW_CTL_INIT_LIST_H
#define GW_CTL_INIT_LIST_H

#include "finding/catalogue.h"

/* Prints sectors, asset types, facts, roles and the profiles of the folder. An exit code. */
int gw_init_list(const struct gw_catalogue *cat, const char *profiles);

#endif
