/* SPDX-License-Identifier: Apache-2.0
 *
 * ledger: the journal of a scene, in memory. It checks what it is given.
 */
#ifndef GW_TESTS_SCENARIO_LEDGER_H
#define GW_TESTS_SCENARIO_LEDGER_H

#include "scene.h"

#define LEDGER_CHAIN "00112233445566ff"

struct ledger_row {
    char key[160];
    char *text;
    int64_t seq;
};

/* A draft that was taken and waits for its commit. */
struct ledger_draft {
    struct scene_record record; /* without seq */
    bool is_record;
    char *state;
    bool opens;
    uint64_t token;
    uint64_t due; /* step at which it is committed */
};

struct ledger {
    struct scene_record *records;
    size_t nrecords;
    struct ledger_row *rows;
    size_t nrows;
    struct ledger_draft *waiting;
    size_t nwaiting;
    size_t rows_written;
    unsigned refuse_percent;
    uint64_t rand;
    unsigned lag;
    uint64_t step;
};

void ledger_free(struct ledger *l);
/* The emit hook; ctx is the ledger. */
enum gw_status ledger_emit(void *ctx, const struct gw_draft *draft);
/* Commits what is due (or all) and tells the engine. */
void ledger_commit(struct ledger *l, struct gw_engine *engine, bool all);
/* Forgets what was not committed. */
void ledger_crash(struct ledger *l);
void ledger_restore(const struct ledger *l, struct gw_engine *engine);

#endif
