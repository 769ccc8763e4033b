/* SPDX-License-Identifier: Apache-2.0
 *
 * init_ask: the questions of `nonsitectl init` on a terminal. One thread.
 */
#ifndef GW_CTL_INIT_ASK_H
#define GW_CTL_INIT_ASK_H

#include <stdio.h>

#include "ctl/plan.h"

/* Asks until the plan is told; an empty answer leaves a blank, or ends a list. -1: go on; otherwise an
 * exit code: the input ended. */
int gw_init_ask(struct gw_plan *p, const struct gw_catalogue *cat, FILE *in, FILE *out);

#endif
