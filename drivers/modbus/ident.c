/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/ident.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"

#define RUN_MIN      4 /* characters that make a text of the answer to function 17 */
#define HASH_DIGITS  10
#define FAILURES_MAX 2
#define SAID_MAX     2048 /* characters of a whole round */
#define NEVER        INT64_MAX

static bool printable(uint8_t c)
{
    return c >= 0x20 && c < 0x7F;
}

/* ---- texts ---- */

void gw_mb_ident_report(const uint8_t *data, size_t n, struct gw_buf *out)
{
    const size_t before = out->len;
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && printable(data[end]))
            end++;
        size_t first = i;
        size_t last = end;
        while (first < last && data[first] == ' ')
            first++;
        while (last > first && data[last - 1] == ' ')
            last--;
        if (last - first >= RUN_MIN) {
            gw_buf_str(out, out->len > before ? " " : "");
            gw_buf_put(out, data + first, last - first);
        }
        i = end > i ? end : i + 1;
    }
    if (out->len == before && n > 0)
        gw_buf_printf(out, "id %02X", (unsigned)data[0]);
}

/* The next byte of a text in registers. */
static uint8_t text_byte(const struct gw_mb_ident_part *part, const uint8_t *data, size_t i)
{
    return data[part->order == GW_MB_BADC ? i ^ 1u : i];
}

static bool blank(uint8_t c)
{
    return c == ' ' || c == 0xFF;
}

static void put_text(const struct gw_mb_ident_part *part, const uint8_t *data, struct gw_buf *out)
{
    size_t first = 0;
    size_t end = 0;
    while (end < (size_t)2 * part->count && text_byte(part, data, end) != 0)
        end++;
    while (first < end && blank(text_byte(part, data, first)))
        first++;
    while (end > first && blank(text_byte(part, data, end - 1)))
        end--;
    for (size_t i = first; i < end; i++) {
        const uint8_t c = text_byte(part, data, i);
        if (printable(c))
            gw_buf_char(out, (char)c);
        else if (c != 0xFF)
            gw_buf_printf(out, "<%02X>", (unsigned)c);
    }
}

void gw_mb_ident_value(const struct gw_mb_ident_part *part, const uint8_t *data, struct gw_buf *out)
{
    if (part->text) {
        put_text(part, data, out);
        return;
    }
    const struct gw_mb_format format = {
        .type = part->type,
        .order = part->order,
        .vtype = GW_V_INT,
        .bit = -1,
        .scale = 1,
        .sane_lo = -(double)INFINITY,
        .sane_hi = (double)INFINITY,
    };
    uint16_t regs[GW_RAW_MAX] = {0};
    struct gw_sample s = {0};
    assert(part->count <= GW_RAW_MAX);
    for (size_t k = 0; k < part->count; k++)
        regs[k] = (uint16_t)((unsigned)data[2 * k] << 8 | data[2 * k + 1]);
    gw_mb_decode(&format, regs, &s);
    if (s.valued)
        gw_buf_printf(out, "%" PRId64, s.value.i);
}

bool gw_mb_ident_fit(const char *text, size_t len, char out[GW_IDENTITY_SIZE])
{
    char hash[GW_SHA256_HEX];
    if (len < GW_IDENTITY_SIZE) {
        memcpy(out, text, len);
        out[len] = '\0';
        return true;
    }
    if (gw_sha256_hex(text, len, hash) != GW_OK)
        return false;
    snprintf(out, GW_IDENTITY_SIZE, "%.*s~%.*s", GW_IDENTITY_SIZE - 2 - HASH_DIGITS, text,
             HASH_DIGITS, hash);
    return true;
}

/* ---- asking ---- */

void gw_mb_ident_init(struct gw_mb_ident *id, const struct gw_mb_ident_conf *conf,
                      int64_t period_ms)
{
    *id = (struct gw_mb_ident){.conf = conf, .period_ms = period_ms, .due_ms = NEVER};
    gw_buf_init(&id->said, SAID_MAX);
}

void gw_mb_ident_free(struct gw_mb_ident *id)
{
    gw_buf_free(&id->said);
}

/* Everything is asked for anew. */
void gw_mb_ident_restart(struct gw_mb_ident *id, int64_t now_ms)
{
    memset(id->refused, 0, sizeof id->refused);
    id->failures = 0;
    id->due_ms = id->conf->nparts > 0 && id->period_ms > 0 ? now_ms : NEVER;
}

void gw_mb_ident_link(struct gw_mb_ident *id, bool up, int64_t now_ms)
{
    if (up == id->up)
        return;
    id->up = up;
    id->text[0] = '\0';
    id->due_ms = NEVER;
    if (up)
        gw_mb_ident_restart(id, now_ms);
}

static void skip_refused(struct gw_mb_ident *id)
{
    while (id->part < id->conf->nparts && id->refused[id->part])
        id->part++;
}

void gw_mb_ident_begin(struct gw_mb_ident *id, int64_t tick_ms)
{
    id->asking = id->up && tick_ms >= id->due_ms;
    if (!id->asking)
        return;
    gw_buf_clear(&id->said);
    id->part = 0;
    skip_refused(id);
    /* What refused all of its parts has none. */
    id->asking = id->part < id->conf->nparts;
    if (!id->asking)
        id->due_ms = NEVER;
}

bool gw_mb_ident_next(const struct gw_mb_ident *id, uint8_t unit, struct gw_mb_request *out)
{
    if (!id->asking)
        return false;
    const struct gw_mb_ident_part *part = &id->conf->parts[id->part];
    *out = (struct gw_mb_request){
        .unit = unit, .fc = part->fc, .address = part->address, .count = part->count};
    return true;
}

static int64_t retry_ms(const struct gw_mb_ident *id)
{
    return id->period_ms < GW_MB_IDENT_RETRY_MS ? id->period_ms : GW_MB_IDENT_RETRY_MS;
}

/* The round does not end. A device that is known asks for patience only; one that never said
 * anything may not like the question. */
void gw_mb_ident_silent(struct gw_mb_ident *id, int64_t now_ms)
{
    const bool known = id->text[0] != '\0';
    gw_buf_free(&id->said);
    id->asking = false;
    id->failures++;
    if (id->failures < FAILURES_MAX)
        id->due_ms = now_ms + retry_ms(id);
    else
        id->due_ms = known ? now_ms + id->period_ms : NEVER;
}

static void end_round(struct gw_mb_ident *id, int64_t now_ms)
{
    char text[GW_IDENTITY_SIZE];
    /* Only memory can have been short, see the assertion below. */
    const bool whole = !id->said.failed;
    id->asking = false;
    id->failures = 0;
    id->due_ms = now_ms + (whole ? id->period_ms : retry_ms(id));
    if (whole && gw_mb_ident_fit(id->said.len > 0 ? id->said.data : "", id->said.len, text))
        memcpy(id->text, text, sizeof id->text);
    gw_buf_free(&id->said);
}

/* Five texts in which each byte shows as four characters, with label and blanks, and the answer to
 * function 17. */
_Static_assert(SAID_MAX >=
                   (GW_MB_IDENT_PARTS - 1) * (GW_MB_IDENT_REGS * 2 * 4 + 16) + 2 * GW_MB_MAX_PDU,
               "a whole identity fits");

static void take_part(struct gw_mb_ident *id, const struct gw_mb_reply *reply)
{
    const struct gw_mb_ident_part *part = &id->conf->parts[id->part];
    char mem[GW_MB_IDENT_REGS * 2 * 4 + 2 * GW_MB_MAX_PDU];
    struct gw_buf value;
    gw_buf_fixed(&value, mem, sizeof mem);
    if (part->fc == GW_MB_REPORT_ID)
        gw_mb_ident_report(reply->data, reply->data_len, &value);
    else
        gw_mb_ident_value(part, reply->data, &value);
    if (value.len == 0)
        return;
    gw_buf_str(&id->said, id->said.len > 0 ? " " : "");
    if (part->label[0] != '\0')
        gw_buf_printf(&id->said, "%s ", part->label);
    gw_buf_put(&id->said, value.data, value.len);
}

void gw_mb_ident_answer(struct gw_mb_ident *id, const struct gw_mb_reply *reply, int64_t now_ms)
{
    assert(id->asking);
    switch (reply->exception) {
    case GW_MB_EX_NONE:
        take_part(id, reply);
        break;
    case GW_MB_EX_FUNCTION:
    case GW_MB_EX_ADDRESS:
    case GW_MB_EX_VALUE:
        id->refused[id->part] = true;
        break;
    default: /* busy, or its gateway does not reach it */
        gw_mb_ident_silent(id, now_ms);
        return;
    }
    id->part++;
    skip_refused(id);
    if (id->part == id->conf->nparts)
        end_round(id, now_ms);
}

const char *gw_mb_ident_text(const struct gw_mb_ident *id)
{
    return id->text;
}
