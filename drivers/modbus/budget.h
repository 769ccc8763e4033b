/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/budget: how much of its line's time a silent device may cost its neighbours.
 *
 * What a device spends by not answering is a debt that is paid off at a twentieth of the time that
 * goes by. The passes that make it suspect may run into debt, so that a failure is seen soon; from
 * then on, and for one that fails again and again, the next try waits until it is paid for: over
 * any sixty time-outs of its bus from the first failure on, a twentieth is not exceeded. What its
 * late answers cost others is charged to it, too. Where
 * it is known how fast the device used to answer, most tries do not wait longer than that would
 * explain. Pure; plain values, owned by one thread.
 */
#ifndef GW_MODBUS_BUDGET_H
#define GW_MODBUS_BUDGET_H

#include <stdint.h>

#define GW_MB_SHARE      20  /* a silent device costs at most one part in this */
#define GW_MB_FULL_EVERY 4   /* of the tries at a silent device, each such one waits in full */
#define GW_MB_SHORT_MS   100 /* on top of three times the slowest answer */

struct gw_mb_budget {
    int64_t slow;    /* the slowest of the latest answers, in 1/256 ms; 0: none yet */
    int64_t debt_ms; /* below 0: saved up for the next try */
    int64_t at_ms;   /* when debt_ms was that */
};

/* The device answered after took_ms. A slow answer is forgotten over some hundred faster ones. */
void gw_mb_budget_answer(struct gw_mb_budget *b, int64_t took_ms);

/* How long to wait for the first answer of the next pass, at most full_ms; silent: the broken
 * passes in a row before it. */
int64_t gw_mb_budget_timeout(const struct gw_mb_budget *b, int64_t full_ms, unsigned silent);

/* A silent pass is over. */
struct gw_mb_cost {
    int64_t now_ms;
    int64_t spent_ms; /* on the line */
    int64_t next_ms;  /* what the next try will cost if it fails, too */
    int64_t full_ms;  /* the time-out of the bus */
    unsigned silent;  /* broken passes in a row, with this one */
};
/* The earliest time for the next try. */
int64_t gw_mb_budget_spend(struct gw_mb_budget *b, const struct gw_mb_cost *cost);

#endif
