/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/pass_in.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "modbus/decode.h"

/* Within the device. */
static const char *name_of(const struct gw_mb_pass *p, const struct gw_mb_entry *e)
{
    const char *id = p->points[e->sample.point].id;
    return id + strcspn(id, ".") + 1; /* every id has its dot */
}

bool gw_mb_pass_same(const struct gw_mb_pass *pass, const struct gw_mb_pass *other)
{
    bool same = pass->nentries == other->nentries && pass->ngroups == other->ngroups;
    for (size_t i = 0; same && i < pass->nentries; i++)
        same = strcmp(name_of(pass, &pass->entries[i]), name_of(other, &other->entries[i])) == 0;
    for (size_t i = 0; same && i < pass->ngroups; i++)
        same = pass->groups[i].cadence.period_ms == other->groups[i].cadence.period_ms &&
               pass->groups[i].n == other->groups[i].n;
    return same;
}

void gw_mb_pass_take(struct gw_mb_pass *pass, struct gw_mb_pass *other)
{
    assert(gw_mb_pass_same(pass, other));
    for (size_t i = 0; i < pass->nentries; i++) {
        struct gw_mb_entry *e = &pass->entries[i];
        e->conf = other->entries[i].conf;
        e->sample.point = other->entries[i].sample.point;
    }
    pass->device = other->device;
    pass->points = other->points;
    pass->conf = other->conf;
    pass->ident.conf = other->ident.conf;
    gw_mb_pass_free(other);
}

int64_t gw_mb_pass_period_ms(const struct gw_mb_pass *pass)
{
    return pass->groups[0].cadence.period_ms;
}

void gw_mb_pass_start(struct gw_mb_pass *pass, int64_t first_ms)
{
    for (size_t i = 0; i < pass->ngroups; i++)
        pass->groups[i].cadence.due_ms = first_ms;
}

/* ---- the pass ---- */

/* Moves on to the next block that is to be asked in the present pass, from the present one on. */
static void skip_to_due(struct gw_mb_pass *p)
{
    while (p->group < p->ngroups) {
        struct gw_mb_group *g = &p->groups[p->group];
        if (!g->due || p->block >= g->plan.nblocks) {
            p->group++;
            p->block = 0;
            continue;
        }
        struct gw_mb_block *b = &g->plan.blocks[p->block];
        b->skipped = b->retry_ms > p->tick_ms && !p->ask_all;
        if (!b->skipped)
            return;
        p->block++;
    }
}

static void find_first(struct gw_mb_pass *p, bool ask_all)
{
    p->ask_all = ask_all;
    p->group = 0;
    p->block = 0;
    skip_to_due(p);
}

static void set_bad(struct gw_mb_pass *p, size_t entry, const struct gw_stamp *stamp)
{
    struct gw_mb_entry *e = &p->entries[entry];
    e->sample = (struct gw_sample){
        .point = e->sample.point,
        .quality = GW_Q_BAD_COMM,
        .vtype = (uint8_t)e->conf->def->format.vtype,
        .mono_ms = stamp->mono_ms,
        .wall_ms = stamp->wall_ms,
    };
}

void gw_mb_pass_begin(struct gw_mb_pass *pass, int64_t tick_ms, bool probing)
{
    pass->tick_ms = tick_ms;
    pass->probing = probing;
    pass->doubt = false;
    pass->broken = false;
    pass->answered = pass->nread = pass->nrefused = pass->nbusy = 0;
    pass->divisions_left = GW_MB_DIVISIONS_A_PASS;
    pass->fault[0] = '\0';
    for (size_t i = 0; i < pass->ngroups; i++) {
        struct gw_mb_group *g = &pass->groups[i];
        g->due = gw_mb_cadence_due(&g->cadence, tick_ms);
        gw_mb_refusal_begin(&g->refusal, &g->plan, tick_ms);
    }
    find_first(pass, false);
    if (pass->group == pass->ngroups)
        find_first(pass, true);
    gw_mb_ident_begin(&pass->ident, tick_ms);
}

void gw_mb_pass_doubt(struct gw_mb_pass *pass)
{
    pass->doubt = true;
}

/* The least that can be asked of a block whose bytes are fewer than those of the whole. */
static uint16_t less_than(const struct gw_mb_block *b)
{
    const bool bits = b->fc == GW_MB_READ_COILS || b->fc == GW_MB_READ_DISCRETE;
    return !bits || b->count > 8 ? 1 : b->count;
}

bool gw_mb_pass_next(const struct gw_mb_pass *pass, struct gw_mb_request *out)
{
    if (pass->group >= pass->ngroups)
        return !pass->broken && gw_mb_ident_next(&pass->ident, pass->unit, out);
    const struct gw_mb_block *b = &pass->groups[pass->group].plan.blocks[pass->block];
    *out = (struct gw_mb_request){
        .unit = pass->unit,
        .fc = b->fc,
        .address = b->address,
        .count = pass->doubt ? less_than(b) : b->count,
    };
    return true;
}

/* Puts the reason into p->fault with as much of the place in front as there is room for. */
static void set_fault(struct gw_mb_pass *p, const char *reason)
{
    if (p->fault[0] != '\0')
        return; /* the first one is told */
    struct gw_buf b;
    gw_buf_fixed(&b, p->fault, sizeof p->fault);
    gw_buf_printf(&b, "unit %u at %s: %s", (unsigned)p->unit, p->where, reason);
    if (b.failed) {
        gw_buf_clear(&b);
        gw_buf_printf(&b, "unit %u: %s", (unsigned)p->unit, reason);
    }
    if (b.failed) {
        gw_buf_clear(&b);
        gw_buf_str(&b, reason);
    }
    if (b.failed) {
        const int room = (int)sizeof p->fault - 4;
        snprintf(p->fault, sizeof p->fault, "%.*s...", room, reason);
    }
}

static void give_up(struct gw_mb_pass *p, const char *reason)
{
    p->broken = true;
    p->fault[0] = '\0';
    set_fault(p, reason);
    p->group = p->ngroups;
}

struct words {
    char text[120];
};

static struct words exception_text(const struct gw_mb_block *b, uint8_t code)
{
    struct words w;
    snprintf(w.text, sizeof w.text, "exception %u (%s), function %d, address %u..%u",
             (unsigned)code, gw_mb_exception_name(code), (int)b->fc, (unsigned)b->address,
             (unsigned)b->address + b->count - 1u);
    return w;
}

static void take_exception(struct gw_mb_pass *p, const struct gw_mb_block *b, uint8_t code)
{
    const bool gateway = code == GW_MB_EX_GATEWAY_PATH || code == GW_MB_EX_GATEWAY_TARGET;
    const struct words w = exception_text(b, code);
    const char *text = w.text;
    if (gateway && p->probing && p->answered == 1) {
        give_up(p, text);
        return;
    }
    set_fault(p, text);
    p->nrefused += !gateway;
    p->nbusy += gw_mb_refusal_busy(code);
}

/* Decodes the part of the answer that belongs to one point. */
static void take_value(struct gw_mb_entry *e, const struct gw_mb_block *b,
                       const struct gw_mb_reply *reply)
{
    const struct gw_mb_format *format = &e->conf->def->format;
    const size_t at = (size_t)e->conf->address - b->address;
    uint16_t regs[GW_RAW_MAX] = {0};
    if (b->fc == GW_MB_READ_COILS || b->fc == GW_MB_READ_DISCRETE) {
        assert(at / 8 < reply->data_len);
        regs[0] = reply->data[at / 8] >> (at % 8) & 1u;
    } else {
        const unsigned count = gw_mb_type_regs(format->type);
        assert((at + count) * 2 <= reply->data_len);
        for (size_t k = 0; k < count; k++) {
            const uint8_t *w = reply->data + (at + k) * 2;
            regs[k] = (uint16_t)((unsigned)w[0] << 8 | w[1]);
        }
    }
    gw_mb_decode(format, regs, &e->sample);
}

void gw_mb_pass_answer(struct gw_mb_pass *pass, const struct gw_mb_reply *reply,
                       const struct gw_stamp *stamp)
{
    if (pass->group >= pass->ngroups) {
        gw_mb_ident_answer(&pass->ident, reply, stamp->mono_ms);
        return;
    }
    struct gw_mb_group *g = &pass->groups[pass->group];
    if (pass->doubt) {
        pass->doubt = false;
        return; /* what it was, the request of the whole block will tell again */
    }
    pass->answered++;
    if (gw_mb_refusal_take(&g->refusal, &g->plan, pass->block, reply->exception,
                           &pass->divisions_left)) {
        pass->divisions++;
        pass->nrefused++;
        return;
    }
    const struct gw_mb_block *b = &g->plan.blocks[pass->block];
    for (size_t i = 0; i < b->nspans; i++) {
        const size_t entry = g->first + g->plan.order[b->first + i];
        set_bad(pass, entry, stamp);
        if (reply->exception == 0)
            take_value(&pass->entries[entry], b, reply);
    }
    pass->block++;
    skip_to_due(pass);
    if (reply->exception != 0)
        take_exception(pass, b, reply->exception);
    else
        pass->nread++;
}

void gw_mb_pass_break(struct gw_mb_pass *pass, const char *reason)
{
    struct gw_mb_request req;
    if (pass->group < pass->ngroups || !gw_mb_pass_next(pass, &req)) {
        give_up(pass, reason);
        return;
    }
    /* All values were read: that it does not say who it is makes none of them bad. */
    char text[120];
    snprintf(text, sizeof text, "identity (function %d): %s", (int)req.fc, reason);
    set_fault(pass, text);
    gw_mb_ident_silent(&pass->ident, pass->tick_ms);
}

/* ---- the end ---- */

/* What the device's answers teach for the passes to come, and what was not asked for that. */
static void settle_blocks(struct gw_mb_pass *p, struct gw_mb_group *g)
{
    for (size_t i = 0; i < g->plan.nblocks; i++) {
        const struct gw_mb_block *b = &g->plan.blocks[i];
        if (!b->skipped)
            continue;
        for (size_t k = 0; k < b->nspans; k++)
            set_bad(p, g->first + g->plan.order[b->first + k], &p->ended);
        const struct words w = exception_text(b, b->exception);
        set_fault(p, w.text);
    }
    gw_mb_refusal_end(&g->refusal, &g->plan, p->tick_ms, p->nread > 0);
}

static bool within(const struct gw_mb_pass *p, int64_t window_s)
{
    return p->up && p->ended.mono_ms - p->up_ms < window_s * 1000;
}

/* The register beside it says where the decimal point of the value is. */
static void apply_decimals(const struct gw_mb_pass *p, struct gw_mb_entry *e)
{
    if (e->extra == NULL || e->extra->decimals_from == GW_MB_NONE)
        return;
    const struct gw_sample *d = &p->entries[e->extra->decimals_from].sample;
    if (d->valued && d->quality == GW_Q_GOOD && d->value.i >= -GW_MB_EXPONENT &&
        d->value.i <= GW_MB_EXPONENT) {
        uint16_t regs[GW_RAW_MAX];
        memcpy(regs, e->sample.raw, sizeof regs);
        gw_mb_decode_point(&e->conf->def->format, regs, (int)d->value.i, &e->sample);
        return;
    }
    e->sample.valued = 0;
    e->sample.value.i = 0;
    e->sample.quality = d->valued ? GW_Q_BAD_RANGE : d->quality;
}

/* A channel above the number of channels that the device has found is absent, unless it still looks
 * for them. */
static void apply_presence(const struct gw_mb_pass *p, struct gw_mb_entry *e)
{
    if (e->sample.vtype != GW_V_STATE || !e->sample.valued)
        return;
    if (e->extra != NULL && e->extra->count_from != GW_MB_NONE) {
        const struct gw_sample *count = &p->entries[e->extra->count_from].sample;
        if (count->valued && count->quality == GW_Q_GOOD &&
            (int64_t)e->conf->channel > count->value.i)
            e->sample.value.i = GW_S_ABSENT;
    }
    if (e->sample.value.i == GW_S_ABSENT && within(p, p->conf->search_s)) {
        e->sample.value.i = GW_S_UNKNOWN;
        e->sample.quality = GW_Q_UNCERTAIN;
    }
}

/* The device has just come up: what is read seldom, and who it is, may be different now. */
static void begin_anew(struct gw_mb_pass *p)
{
    p->up_ms = p->ended.mono_ms;
    for (size_t i = 0; i < p->ngroups; i++)
        if (p->groups[i].cadence.due_ms > p->tick_ms)
            p->groups[i].cadence.due_ms = p->tick_ms;
    gw_mb_ident_restart(&p->ident, p->ended.mono_ms);
}

/* Notes what was read of the setup of the device. */
static void note_device(struct gw_mb_pass *p, struct gw_mb_entry *e)
{
    const struct gw_mb_point_keys *k = &e->conf->def->keys;
    if (e->extra == NULL || !e->sample.valued || e->sample.vtype != GW_V_INT)
        return;
    const int64_t now = e->sample.value.i;
    if (k->restart_if_less) {
        if (e->extra->counted && now < e->extra->last)
            begin_anew(p);
        e->extra->counted = true;
        e->extra->last = now;
    }
    if (k->expect != INT64_MIN)
        e->extra->fits = now == k->expect;
}

/* The first setting of the device that differs is told in every pass, whether it was read in this
 * one or not. */
static void tell_difference(struct gw_mb_pass *p)
{
    for (size_t i = 0; i < p->nentries; i++) {
        const struct gw_mb_entry *e = &p->entries[i];
        const int64_t expect = e->conf->def->keys.expect;
        if (expect == INT64_MIN || e->extra->fits || !e->sample.valued)
            continue;
        const char *is = gw_mb_point_code(e->conf, e->sample.value.i);
        const char *want = gw_mb_point_code(e->conf, expect);
        char text[160];
        snprintf(text, sizeof text, "%s is %lld%s%s%s, expected %lld%s%s%s", name_of(p, e),
                 (long long)e->sample.value.i, is[0] != '\0' ? " (" : "", is,
                 is[0] != '\0' ? ")" : "", (long long)expect, want[0] != '\0' ? " (" : "", want,
                 want[0] != '\0' ? ")" : "");
        set_fault(p, text);
        return;
    }
}

/* What the device says of its probe decides about the probe's value. */
static void apply_state(struct gw_mb_pass *p, struct gw_mb_entry *e)
{
    if (e->extra->state_from == GW_MB_NONE)
        return;
    const struct gw_sample *state = &p->entries[e->extra->state_from].sample;
    const enum gw_quality q = state->valued ? gw_state_quality((enum gw_state)state->value.i)
                                            : (enum gw_quality)state->quality;
    /* An unknown state says nothing that would replace what is known of a bad value. */
    const bool keep = q == GW_Q_GOOD || (q == GW_Q_UNCERTAIN && e->sample.quality != GW_Q_GOOD);
    if (!keep)
        e->sample.quality = (uint8_t)q;
}

static void apply_faults(struct gw_mb_pass *p, struct gw_mb_entry *e)
{
    for (size_t k = 0; k < e->extra->nfaults; k++) {
        const struct gw_sample *flag = &p->entries[e->extra->faults[k]].sample;
        if (flag->valued && flag->value.i != 0) {
            e->sample.quality = GW_Q_BAD_FAULT;
            return;
        }
        if (!flag->valued && e->sample.quality == GW_Q_GOOD)
            e->sample.quality = GW_Q_UNCERTAIN;
    }
}

/* A value of a device that is set up in another way, or that has just come up, is shown only. */
static void apply_setup(struct gw_mb_pass *p, struct gw_mb_entry *e)
{
    bool fits = true;
    for (size_t k = 0; e->extra != NULL && k < e->extra->nvalid; k++)
        fits = fits && p->entries[e->extra->valid[k]].extra->fits; /* it has "expect" */
    if (!fits && e->sample.quality == GW_Q_GOOD)
        e->sample.quality = GW_Q_UNCERTAIN;
    if (e->sample.vtype == GW_V_NUM && e->sample.quality == GW_Q_GOOD &&
        within(p, p->conf->warmup_s))
        e->sample.quality = GW_Q_WARMUP;
}

/* First what each value is, then what others say about it. */
static void settle_values(struct gw_mb_pass *p, const struct gw_mb_group *g)
{
    for (size_t i = g->first; i < g->first + g->n; i++)
        if (p->entries[i].sample.nraw > 0)
            note_device(p, &p->entries[i]);
    for (size_t i = g->first; i < g->first + g->n; i++) {
        if (p->entries[i].sample.nraw > 0) {
            apply_decimals(p, &p->entries[i]);
            apply_presence(p, &p->entries[i]);
        }
    }
}

static void settle_group(struct gw_mb_pass *p, struct gw_mb_group *g)
{
    for (size_t i = g->first; i < g->first + g->n; i++) {
        struct gw_mb_entry *e = &p->entries[i];
        if (p->broken) {
            set_bad(p, i, &p->ended);
        } else if (e->sample.nraw > 0) {
            if (e->extra != NULL) {
                apply_state(p, e);
                apply_faults(p, e);
            }
            apply_setup(p, e);
        }
    }
    /* After a broken pass the group stays due, and what was not to be had just now is asked for
     * soon, so that a slow group does not wait a whole period. */
    if (p->broken)
        return;
    gw_mb_cadence_done(&g->cadence, p->tick_ms);
    const int64_t again = gw_mb_refusal_again(&g->plan, p->tick_ms);
    if (g->cadence.due_ms > again)
        g->cadence.due_ms = again;
}

/* What was known of the device's setup may be another device's from now on. */
static void forget_setup(struct gw_mb_pass *p)
{
    for (size_t i = 0; i < p->ngroups; i++) {
        struct gw_mb_group *g = &p->groups[i];
        for (size_t k = g->first; k < g->first + g->n; k++) {
            if (p->entries[k].conf->def->keys.expect == INT64_MIN)
                continue;
            p->entries[k].extra->fits = false;
            if (g->cadence.due_ms > p->tick_ms)
                g->cadence.due_ms = p->tick_ms;
        }
    }
}

static void note_link(struct gw_mb_pass *p)
{
    /* Where a gateway answers in its place, the device is as silent as behind a dead line. */
    if (p->broken || (p->nread == 0 && p->nrefused == 0)) {
        p->silent++;
        p->up = p->up && p->silent < GW_MB_DOWN_AFTER;
        forget_setup(p);
        for (size_t i = 0; i < p->ngroups; i++)
            gw_mb_refusal_forget(&p->groups[i].plan);
        return;
    }
    p->silent = 0;
    if (!p->up && p->nread > 0) {
        p->up = true;
        begin_anew(p);
    }
}

enum gw_mb_outcome gw_mb_pass_end(struct gw_mb_pass *pass, const struct gw_stamp *stamp)
{
    assert(pass->group >= pass->ngroups);
    pass->ended = *stamp;
    note_link(pass);
    gw_mb_ident_link(&pass->ident, pass->up, stamp->mono_ms);
    for (size_t i = 0; i < pass->ngroups; i++)
        if (pass->groups[i].due && !pass->broken)
            settle_blocks(pass, &pass->groups[i]);
    for (size_t i = 0; i < pass->ngroups; i++)
        if (pass->groups[i].due && !pass->broken)
            settle_values(pass, &pass->groups[i]);
    for (size_t i = 0; i < pass->ngroups; i++)
        if (pass->groups[i].due)
            settle_group(pass, &pass->groups[i]);
    if (pass->broken)
        return GW_MB_PASS_SILENT;
    tell_difference(pass);
    if (pass->nread > 0)
        return GW_MB_PASS_READ;
    if (pass->nbusy > 0)
        return GW_MB_PASS_BUSY;
    return pass->nrefused > 0 ? GW_MB_PASS_REFUSED : GW_MB_PASS_SILENT;
}

bool gw_mb_pass_answered(const struct gw_mb_pass *pass)
{
    return pass->answered > 0;
}

bool gw_mb_pass_broken(const struct gw_mb_pass *pass)
{
    return pass->broken;
}

static unsigned count_refused(const struct gw_mb_pass *pass)
{
    unsigned n = 0;
    for (size_t i = 0; i < pass->ngroups; i++)
        n += gw_mb_refusal_count(&pass->groups[i].plan);
    return n;
}

void gw_mb_note(const struct gw_mb_poll *poll, const struct gw_mb_pass *pass, int64_t now_ms,
                struct gw_bus_stats *stats)
{
    const int64_t hold = poll->hold_ms - now_ms;
    stats->splits = pass->divisions;
    stats->refused = (uint16_t)count_refused(pass);
    stats->tries = (uint16_t)(poll->silent < UINT16_MAX ? poll->silent : UINT16_MAX);
    stats->hold_ms = hold > 0 ? (int32_t)(hold < INT32_MAX ? hold : INT32_MAX) : 0;
}

const char *gw_mb_pass_fault(const struct gw_mb_pass *pass)
{
    return pass->fault;
}

/* The first due entry from i on; nentries when there is none. */
static size_t next_due(const struct gw_mb_pass *p, size_t i)
{
    for (size_t k = 0; k < p->ngroups; k++) {
        const struct gw_mb_group *g = &p->groups[k];
        if (g->due && i < g->first + g->n)
            return i > g->first ? i : g->first;
    }
    return p->nentries;
}

bool gw_mb_pass_batch(const struct gw_mb_pass *pass, size_t *from, struct gw_batch *out)
{
    size_t i = next_due(pass, *from);
    if (i == pass->nentries)
        return false;
    *out = (struct gw_batch){
        .device = pass->device,
        .mono_ms = pass->ended.mono_ms,
        .wall_ms = pass->ended.wall_ms,
    };
    memcpy(out->fault, pass->fault, sizeof out->fault);
    snprintf(out->identity, sizeof out->identity, "%s", gw_mb_ident_text(&pass->ident));
    while (i < pass->nentries && out->n < GW_BATCH_MAX) {
        out->samples[out->n++] = pass->entries[i].sample;
        i = next_due(pass, i + 1);
    }
    out->last = i == pass->nentries;
    *from = i;
    return true;
}
