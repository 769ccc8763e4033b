/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/fault.h"

#include "base/wire.h"
#include "plant/rtu.h"

#include <assert.h>
#include <string.h>

#define PARAM(k, d, lo, hi)                                                                        \
    {                                                                                              \
        .key = (k), .def = (d), .min = (lo), .max = (hi)                                           \
    }
#define MS_MAX 3600000

static const struct gw_fault_def defs[GW_FAULT_KINDS] = {
    [GW_FAULT_SILENCE] = {.name = "silence"},
    [GW_FAULT_CLOSE] = {.name = "close"},
    [GW_FAULT_RESET] = {.name = "reset"},
    [GW_FAULT_EXCEPTION] = {.name = "exception", .param = {PARAM("code", 4, 1, 255)}},
    [GW_FAULT_STORM] = {.name = "exception_storm",
                        .param = {PARAM("code", 6, 1, 255), PARAM("times", 20, 1, GW_STORM_MAX)}},
    [GW_FAULT_SWAP_WORDS] = {.name = "swap_words"},
    [GW_FAULT_FEWER] = {.name = "fewer"},
    [GW_FAULT_SHORT_COUNT] = {.name = "short_count", .param = {PARAM("by", 2, 1, 255)}},
    [GW_FAULT_LONG_COUNT] = {.name = "long_count", .param = {PARAM("by", 2, 1, 255)}},
    [GW_FAULT_WRONG_FC] = {.name = "wrong_fc"},
    [GW_FAULT_FOREIGN_UNIT] = {.name = "foreign_unit", .param = {PARAM("unit", -1, 0, 255)}},
    [GW_FAULT_WRONG_TID] = {.name = "wrong_tid", .param = {PARAM("by", 1, -65535, 65535)}},
    [GW_FAULT_WRONG_PROTOCOL] = {.name = "wrong_protocol", .param = {PARAM("by", 1, 1, 65535)}},
    [GW_FAULT_WRONG_LENGTH] = {.name = "wrong_length", .param = {PARAM("by", 1, -65535, 65535)}},
    [GW_FAULT_BAD_CRC] = {.name = "bad_crc"},
    [GW_FAULT_CLASH] = {.name = "clash"},
    [GW_FAULT_JUNK_HEAD] = {.name = "junk_head", .param = {PARAM("bytes", 3, 1, GW_FAULT_BYTES)}},
    [GW_FAULT_JUNK_TAIL] = {.name = "junk_tail", .param = {PARAM("bytes", 8, 1, GW_FAULT_BYTES)}},
    [GW_FAULT_TRUNCATE] = {.name = "truncate", .param = {PARAM("bytes", 0, 1, GW_ADU_MAX)}},
    [GW_FAULT_DELAY] = {.name = "delay", .param = {PARAM("ms", 1000, 1, MS_MAX)}},
    [GW_FAULT_DRIBBLE] = {.name = "dribble", .param = {PARAM("ms", 400, 1, MS_MAX)}},
    [GW_FAULT_LATE] = {.name = "late"},
    [GW_FAULT_FROZEN] = {.name = "frozen", .scope = GW_SCOPE_SIGNAL},
    [GW_FAULT_NAN] = {.name = "nan", .scope = GW_SCOPE_SIGNAL},
    [GW_FAULT_INF] = {.name = "inf", .scope = GW_SCOPE_SIGNAL},
    [GW_FAULT_NEG_INF] = {.name = "neg_inf", .scope = GW_SCOPE_SIGNAL},
    [GW_FAULT_REFUSE] = {.name = "refuse", .scope = GW_SCOPE_ENDPOINT},
    [GW_FAULT_BLACK_HOLE] = {.name = "black_hole", .scope = GW_SCOPE_ENDPOINT},
    [GW_FAULT_MUTE] = {.name = "mute", .scope = GW_SCOPE_ENDPOINT},
    [GW_FAULT_HALF_OPEN] = {.name = "half_open", .scope = GW_SCOPE_ENDPOINT},
    [GW_FAULT_HANG_UP] = {.name = "hang_up", .scope = GW_SCOPE_ENDPOINT},
    [GW_FAULT_GARBAGE] = {.name = "garbage",
                          .scope = GW_SCOPE_ENDPOINT,
                          .param = {PARAM("bytes", 5, 1, GW_FAULT_BYTES),
                                    PARAM("ms", 500, 10, MS_MAX)}},
};

const struct gw_fault_def *gw_fault_def(enum gw_fault_kind kind)
{
    assert(kind > GW_FAULT_NONE && kind < GW_FAULT_KINDS);
    return &defs[kind];
}

enum gw_fault_kind gw_fault_find(const char *name)
{
    for (int i = GW_FAULT_NONE + 1; i < GW_FAULT_KINDS; i++)
        if (strcmp(defs[i].name, name) == 0)
            return (enum gw_fault_kind)i;
    return GW_FAULT_NONE;
}

void gw_fault_junk(uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = i % 2 == 0 ? 0xA5 : 0x5A;
}

enum at { TID = 0, PROTOCOL = 2, LENGTH = 4, UNIT = 6, FC = 7, COUNT = 8 };

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void add16(uint8_t *p, int64_t by)
{
    gw_put_be16(p, (uint16_t)(get16(p) + (uint64_t)by));
}

static bool is_exception(const struct gw_tx *tx)
{
    return (tx->bytes[FC] & 0x80u) != 0;
}

static void set_length(struct gw_tx *tx, size_t len)
{
    tx->len = len;
    gw_put_be16(tx->bytes + LENGTH, (uint16_t)(len - UNIT));
}

/* A well-formed reply with the last register, or the last byte of bits, left out. */
static void fewer(struct gw_tx *tx)
{
    uint8_t cut = tx->bytes[FC] == 3 || tx->bytes[FC] == 4 ? 2 : 1;
    if (tx->bytes[COUNT] < cut)
        return;
    tx->bytes[COUNT] = (uint8_t)(tx->bytes[COUNT] - cut);
    set_length(tx, tx->len - cut);
}

/* Another one of the permitted codes. */
static uint8_t other_fc(uint8_t fc)
{
    switch (fc & 0x7Fu) {
    case 1:
        return 2;
    case 2:
        return 1;
    case 3:
        return 4;
    default:
        return 3;
    }
}

static void refuse(struct gw_tx *tx, int64_t code)
{
    tx->bytes[FC] |= 0x80u;
    tx->bytes[COUNT] = (uint8_t)code;
    set_length(tx, COUNT + 1);
}

/* The registers of each pair in the other order, as a device with another word order shows them. */
static void swap_words(struct gw_tx *tx)
{
    if (tx->bytes[FC] != 3 && tx->bytes[FC] != 4)
        return;
    for (size_t at = COUNT + 1; at + 4 <= tx->len; at += 4) {
        uint8_t word[2];
        memcpy(word, tx->bytes + at, 2);
        memcpy(tx->bytes + at, tx->bytes + at + 2, 2);
        memcpy(tx->bytes + at + 2, word, 2);
    }
}

/* Faults inside the PDU. */
static void spoil_pdu(const struct gw_faults *f, struct gw_tx *tx)
{
    if (f->of[GW_FAULT_EXCEPTION].on)
        refuse(tx, f->of[GW_FAULT_EXCEPTION].param[0]);
    if (f->of[GW_FAULT_STORM].on)
        refuse(tx, f->of[GW_FAULT_STORM].param[0]);
    if (!is_exception(tx)) {
        if (f->of[GW_FAULT_SWAP_WORDS].on)
            swap_words(tx);
        if (f->of[GW_FAULT_FEWER].on)
            fewer(tx);
        if (f->of[GW_FAULT_SHORT_COUNT].on)
            tx->bytes[COUNT] = (uint8_t)(tx->bytes[COUNT] - f->of[GW_FAULT_SHORT_COUNT].param[0]);
        if (f->of[GW_FAULT_LONG_COUNT].on)
            tx->bytes[COUNT] = (uint8_t)(tx->bytes[COUNT] + f->of[GW_FAULT_LONG_COUNT].param[0]);
    }
    if (f->of[GW_FAULT_WRONG_FC].on)
        tx->bytes[FC] = (uint8_t)((tx->bytes[FC] & 0x80u) | other_fc(tx->bytes[FC]));
}

/* Faults of the MBAP header. */
static void spoil_header(const struct gw_faults *f, struct gw_tx *tx)
{
    if (f->of[GW_FAULT_FOREIGN_UNIT].on) {
        int64_t unit = f->of[GW_FAULT_FOREIGN_UNIT].param[0];
        tx->bytes[UNIT] = (uint8_t)(unit >= 0 ? unit : tx->bytes[UNIT] + 1);
    }
    if (f->of[GW_FAULT_WRONG_TID].on)
        add16(tx->bytes + TID, f->of[GW_FAULT_WRONG_TID].param[0]);
    if (f->of[GW_FAULT_WRONG_PROTOCOL].on)
        add16(tx->bytes + PROTOCOL, f->of[GW_FAULT_WRONG_PROTOCOL].param[0]);
    if (f->of[GW_FAULT_WRONG_LENGTH].on)
        add16(tx->bytes + LENGTH, f->of[GW_FAULT_WRONG_LENGTH].param[0]);
}

/* More frames than one for the request. data is where the data of the frame begins, end how many
 * bytes stand behind them. */
static void multiply(const struct gw_faults *f, struct gw_tx *tx, size_t data, size_t end)
{
    const size_t len = tx->len;
    int64_t more = f->of[GW_FAULT_STORM].on ? f->of[GW_FAULT_STORM].param[1] - 1 : 0;
    for (; more > 0; more--, tx->len += len)
        memcpy(tx->bytes + tx->len, tx->bytes, len);
    if (!f->of[GW_FAULT_CLASH].on || tx->exception)
        return;
    uint8_t *second = tx->bytes + tx->len;
    memcpy(second, tx->bytes, len);
    for (size_t i = data; i + end < len; i++)
        second[i] ^= 0xFFu;
    if (end > 0)
        (void)gw_rtu_seal(second, len - end);
    tx->len += len;
}

/* Faults behind the frame and before it, and those of its time. */
static void spoil_line(const struct gw_faults *f, struct gw_tx *tx)
{
    if (f->of[GW_FAULT_JUNK_HEAD].on) {
        const size_t n = (size_t)f->of[GW_FAULT_JUNK_HEAD].param[0];
        memmove(tx->bytes + n, tx->bytes, tx->len);
        gw_fault_junk(tx->bytes, n);
        tx->len += n;
    }
    if (f->of[GW_FAULT_JUNK_TAIL].on) {
        const size_t n = (size_t)f->of[GW_FAULT_JUNK_TAIL].param[0];
        gw_fault_junk(tx->bytes + tx->len, n);
        tx->len += n;
    }
    if (f->of[GW_FAULT_TRUNCATE].on) {
        size_t n = (size_t)f->of[GW_FAULT_TRUNCATE].param[0];
        n = n == 0 ? tx->len / 2 : n;
        tx->len = n < tx->len ? n : tx->len;
        tx->close = true;
    }
    if (f->of[GW_FAULT_DELAY].on)
        tx->delay_ms += f->of[GW_FAULT_DELAY].param[0];
    if (f->of[GW_FAULT_DRIBBLE].on)
        tx->gap_ms = f->of[GW_FAULT_DRIBBLE].param[0];
    tx->hold = f->of[GW_FAULT_LATE].on;
}

/* Unit, PDU and CRC of what is still behind an MBAP header. */
static void make_rtu(const struct gw_faults *f, struct gw_tx *tx)
{
    memmove(tx->bytes, tx->bytes + UNIT, tx->len - UNIT);
    tx->len = gw_rtu_seal(tx->bytes, tx->len - UNIT);
    if (f->of[GW_FAULT_BAD_CRC].on)
        tx->bytes[tx->len - 1] ^= 0x01u;
}

static void apply(const struct gw_faults *f, const uint8_t *adu, size_t len,
                  enum gw_framing framing, struct gw_tx *tx)
{
    assert(len > COUNT && len <= GW_ADU_MAX);
    if (f->of[GW_FAULT_SILENCE].on)
        return;
    if (f->of[GW_FAULT_CLOSE].on || f->of[GW_FAULT_RESET].on) {
        tx->close = true;
        tx->reset = f->of[GW_FAULT_RESET].on;
        return;
    }
    memcpy(tx->bytes, adu, len);
    tx->len = len;
    spoil_pdu(f, tx);
    spoil_header(f, tx);
    tx->exception = is_exception(tx);
    if (framing == GW_FRAMING_RTU)
        make_rtu(f, tx);
    const size_t data = framing == GW_FRAMING_RTU ? COUNT + 1 - UNIT : COUNT + 1;
    multiply(f, tx, data, framing == GW_FRAMING_RTU ? GW_RTU_CRC : 0);
    spoil_line(f, tx);
}

void gw_fault_apply(const struct gw_faults *f, const uint8_t *adu, size_t len, int64_t latency_ms,
                    struct gw_tx *tx)
{
    *tx = (struct gw_tx){.delay_ms = latency_ms};
    apply(f, adu, len, GW_FRAMING_TCP, tx);
}

void gw_fault_apply_rtu(const struct gw_faults *f, const uint8_t *adu, size_t len,
                        int64_t latency_ms, struct gw_tx *tx)
{
    *tx = (struct gw_tx){.delay_ms = latency_ms};
    apply(f, adu, len, GW_FRAMING_RTU, tx);
}
