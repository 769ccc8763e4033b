/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/follow.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proof/wire.h"

static const char *const names[] = {
    [GW_FOLLOW_NONE] = "none",           [GW_FOLLOW_FORM] = "no record",
    [GW_FOLLOW_FOREIGN] = "foreign",     [GW_FOLLOW_BROKEN] = "broken",
    [GW_FOLLOW_MISSING] = "missing",     [GW_FOLLOW_REPEATED] = "repeated",
    [GW_FOLLOW_REORDERED] = "reordered",
};
_Static_assert(sizeof names / sizeof names[0] == GW_FOLLOW_COUNT, "a fault has no name");

const char *gw_follow_fault_name(enum gw_follow_fault f)
{
    return (size_t)f < GW_FOLLOW_COUNT ? names[f] : "?";
}

void gw_follow_start(struct gw_follow *f, const struct gw_keyring *keys, bool part)
{
    *f = (struct gw_follow){.keys = keys, .part = part};
}

GW_PRINTF(3, 4)
static void fault(struct gw_follow *f, enum gw_follow_fault what, const char *fmt, ...)
{
    va_list ap;
    f->fault = what;
    f->line = f->lines;
    va_start(ap, fmt);
    (void)vsnprintf(f->text, sizeof f->text, fmt, ap);
    va_end(ap);
}

static void place(struct gw_place *p, const struct gw_claim *c)
{
    memcpy(p->chain, c->chain, sizeof p->chain);
    memcpy(p->hash, c->hash, sizeof p->hash);
    p->seq = c->seq;
}

static bool same_chain(const struct gw_follow *f, const struct gw_claim *c)
{
    return strcmp(f->last.chain, c->chain) == 0;
}

/* Numbers were passed over. Whether they are missing or only come later is settled at the end. */
static void note_gap(struct gw_follow *f, const struct gw_claim *c)
{
    f->gap = f->last;
    f->gap.seq++;
    f->gap_line = f->lines;
    if (c->seq == f->gap.seq + 1)
        fault(f, GW_FOLLOW_MISSING, "%s-%" PRId64 ": missing before %s-%" PRId64, c->chain,
              f->gap.seq, c->chain, c->seq);
    else
        fault(f, GW_FOLLOW_MISSING, "%s-%" PRId64 " to %" PRId64 ": missing before %s-%" PRId64,
              c->chain, f->gap.seq, c->seq - 1, c->chain, c->seq);
}

/* The first record of the export, or of another chain in it. */
static void start_chain(struct gw_follow *f, const struct gw_claim *c)
{
    if (f->records > 0 && (strcmp(c->broken.chain, f->last.chain) != 0 || c->seq != 1)) {
        fault(f, GW_FOLLOW_FOREIGN,
              "%s-%" PRId64 ": of another chain, which does not say that it stands for %s",
              c->chain, c->seq, f->last.chain);
        return;
    }
    if (f->records > 0 && c->broken.seq > f->last.seq) {
        fault(f, GW_FOLLOW_MISSING,
              "%s-%" PRId64 " to %" PRId64 ": missing at the end of the chain", f->last.chain,
              f->last.seq + 1, c->broken.seq);
        return;
    }
    if (c->seq == 1 && strcmp(c->prev, gw_claim_origin) != 0) {
        fault(f, GW_FOLLOW_BROKEN, "%s-1: the first record follows something", c->chain);
        return;
    }
    if (f->unvouched) {
        fault(f, GW_FOLLOW_MISSING,
              "%s: no checkpoint vouches for what lies before record %" PRId64, f->first.chain,
              f->first.seq);
        return;
    }
    f->chains++;
    f->unvouched = c->seq > 1 && !f->part;
    memcpy(f->origin, c->prev, sizeof f->origin);
    place(&f->first, c);
}

static void follow_on(struct gw_follow *f, const struct gw_claim *c)
{
    if (c->seq > f->last.seq + 1)
        note_gap(f, c);
    else if (c->seq == f->last.seq && strcmp(c->hash, f->last.hash) != 0)
        fault(f, GW_FOLLOW_REPEATED,
              "%s-%" PRId64 ": this number again, with other content: forked", c->chain, c->seq);
    else if (c->seq <= f->last.seq && c->seq >= f->first.seq)
        fault(f, GW_FOLLOW_REPEATED, "%s-%" PRId64 ": repeated behind %s-%" PRId64, c->chain,
              c->seq, c->chain, f->last.seq);
    else if (c->seq < f->first.seq)
        fault(f, GW_FOLLOW_REORDERED, "%s-%" PRId64 ": stands behind %s-%" PRId64, c->chain, c->seq,
              c->chain, f->last.seq);
    else if (!gw_claim_follows(c, &f->last))
        fault(f, GW_FOLLOW_BROKEN,
              "%s-%" PRId64 ": does not follow %s-%" PRId64 " as it stands here", c->chain, c->seq,
              c->chain, f->last.seq);
}

/* Signature and key of a record whose form is right. */
static bool is_signed(struct gw_follow *f, const struct gw_wire *w, const struct gw_claim *c)
{
    const struct gw_key *key = gw_keyring_find(f->keys, c->kid);
    if (!key) {
        fault(f, GW_FOLLOW_FOREIGN, "%s-%" PRId64 ": signed by the key %s, which is not trusted",
              c->chain, c->seq, c->kid);
        return false;
    }
    if (!gw_wire_signed(w, key)) {
        fault(f, GW_FOLLOW_BROKEN, "%s-%" PRId64 ": the signature is wrong", c->chain, c->seq);
        return false;
    }
    return true;
}

/* Behind a gap, only what was missing is of interest. */
static void look_for_gap(struct gw_follow *f, const char *text, size_t len)
{
    struct gw_wire w;
    struct gw_claim c;
    struct gw_err err;
    if (f->fault != GW_FOLLOW_MISSING || f->gap.chain[0] == '\0' ||
        gw_wire_split(text, len, &w, &err) != GW_OK || w.kind != GW_WIRE_RECORD ||
        gw_claim_read(w.bytes, w.len, &c, NULL, &err) != GW_OK ||
        strcmp(c.chain, f->gap.chain) != 0 || c.seq != f->gap.seq)
        return;
    fault(f, GW_FOLLOW_REORDERED,
          "%s-%" PRId64 ": stands in line %" PRIu64 ", behind records that follow it", c.chain,
          c.seq, f->lines);
    f->line = f->gap_line;
}

enum gw_status gw_follow_line(struct gw_follow *f, const char *text, size_t len, struct gw_err *err)
{
    struct gw_wire w = {0};
    struct gw_claim c = {0};
    struct gw_err why = {0};

    f->lines++;
    if (f->fault != GW_FOLLOW_NONE) {
        look_for_gap(f, text, len);
        return GW_OK;
    }
    enum gw_status st = len <= GW_FOLLOW_LINE_MAX
                            ? gw_wire_split(text, len, &w, &why)
                            : gw_err_set(&why, GW_E_PARSE, "a line too long for a record");
    if (st == GW_OK && w.kind != GW_WIRE_RECORD)
        st = gw_err_set(&why, GW_E_PARSE, "a signed %s, not a record", gw_wire_name(w.kind));
    if (st == GW_OK)
        st = gw_claim_read(w.bytes, w.len, &c, NULL, &why);
    if (st == GW_E_PARSE) {
        if (f->records == 0)
            fault(f, GW_FOLLOW_FORM, "%s", why.msg);
        else
            fault(f, GW_FOLLOW_FORM, "behind %s-%" PRId64 ": %s", f->last.chain, f->last.seq,
                  why.msg);
        return GW_OK;
    }
    if (st != GW_OK) {
        *err = why;
        return st;
    }
    if (!is_signed(f, &w, &c))
        return GW_OK;
    if (f->records == 0 || !same_chain(f, &c))
        start_chain(f, &c);
    else
        follow_on(f, &c);
    if (f->fault != GW_FOLLOW_NONE)
        return GW_OK;
    if (f->unvouched && c.pruned.seq == f->first.seq - 1 && strcmp(c.pruned.hash, f->origin) == 0)
        f->unvouched = false;
    place(&f->last, &c);
    f->records++;
    return GW_OK;
}

void gw_follow_end(struct gw_follow *f)
{
    if (f->fault != GW_FOLLOW_NONE || !f->unvouched)
        return;
    fault(f, GW_FOLLOW_MISSING, "%s-1 to %" PRId64 ": missing, and no checkpoint vouches for them",
          f->first.chain, f->first.seq - 1);
}
