/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tap.h"

static void grant(void *ctx, unsigned n)
{
    const struct gw_tap *tap = ctx;
    gw_journal_grant(tap->journal, tap->reader, n);
}

static void ack(void *ctx, enum gw_parcel_kind kind, int64_t key)
{
    const struct gw_tap *tap = ctx;
    gw_journal_ack(tap->journal, tap->reader, kind, key);
}

static void rewind_all(void *ctx)
{
    const struct gw_tap *tap = ctx;
    gw_journal_rewind(tap->journal, tap->reader);
}

static void live(void *ctx)
{
    const struct gw_tap *tap = ctx;
    gw_journal_live(tap->journal, tap->reader);
}

struct gw_backlog gw_tap_backlog(struct gw_tap *tap, struct gw_journal *journal, unsigned reader)
{
    *tap = (struct gw_tap){.journal = journal, .reader = reader};
    return (struct gw_backlog){
        .grant = grant,
        .ack = ack,
        .rewind = rewind_all,
        .live = live,
        .ctx = tap,
        .parcels = gw_journal_parcels(journal, reader),
    };
}
