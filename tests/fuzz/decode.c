/* SPDX-License-Identifier: Apache-2.0
 *
 * Passes over devices of the shipped profiles, answered by the fuzzer: decoding, states, decimal
 * points, presence, expectations.
 *
 * The first byte of an input chooses the device. Each request takes a byte: 0: the pass breaks; 1 to
 * 11: an exception of that code; more: an answer of the bytes that follow, filled up with zeros.
 */
#include <math.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "modbus/pass.h"
#include "modbus/point.h"
#include "sitefile.h"

#define PASSES 6

static const char *const devices[] = {
    "\"profile\": \"ax100\", \"channels\": 3",
    "\"profile\": \"kb6000iii\", \"channels\": 3",
    "\"profile\": \"mk102\"",
    "\"profile\": \"mfe600h\"",
    "\"profile\": \"mfe600c\"",
    "\"profile\": \"tuf-2000\"",
    "\"profile\": \"vortex\"",
    "\"profile\": \"qdy30a\"",
    "\"profile\": \"dampt100\", \"channels\": 4",
    "\"profile\": \"di-module\", \"channels\": 9",
    "",
};
static const char points[] =
    "\"d.u16\": {\"address\": 65535}, \"d.i16\": {\"address\": 0, \"type\": \"i16\"},"
    "\"d.u32\": {\"address\": 2, \"type\": \"u32\", \"order\": \"CDAB\"},"
    "\"d.i32\": {\"address\": 4, \"type\": \"i32\", \"order\": \"BADC\", \"scale\": 0.001},"
    "\"d.u64\": {\"address\": 6, \"type\": \"u64\", \"order\": \"DCBA\"},"
    "\"d.f32\": {\"address\": 10, \"type\": \"f32\", \"sane\": [-5, 5]},"
    "\"d.f64\": {\"address\": 12, \"type\": \"f64\"}, \"d.bcd\": {\"address\": 16, \"type\": "
    "\"bcd\"},"
    "\"d.mk\": {\"address\": 17, \"type\": \"mk102\"}, \"d.b\": {\"address\": 18, \"bit\": 15},"
    "\"d.coil\": {\"fc\": 1, \"address\": 3}, \"d.in\": {\"fc\": 2, \"address\": 65535}";

static void load(struct sitefile *f, size_t device)
{
    char text[160];
    (void)snprintf(text, sizeof text, "\"d\": {\"bus\": \"b\", \"warmup_s\": 1%s%s}",
                   devices[device][0] != '\0' ? ", " : "", devices[device]);
    sitefile_load(f, "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}", text,
                  devices[device][0] != '\0' ? "" : points, NULL);
    FUZZ_HOLDS(sitefile_good(f));
}

static void check(const struct gw_site *site, const struct gw_sample *s)
{
    const struct gw_mb_point *p = site->point_priv[s->point];
    FUZZ_HOLDS(s->nraw <= GW_RAW_MAX);
    FUZZ_HOLDS(s->nraw > 0 || (!s->valued && s->quality != GW_Q_GOOD));
    if (s->quality != GW_Q_GOOD)
        return;
    FUZZ_HOLDS(s->valued);
    if (s->vtype == GW_V_NUM)
        FUZZ_HOLDS(isfinite(s->value.num) && s->value.num >= p->def->format.sane_lo &&
                   s->value.num <= p->def->format.sane_hi);
    if (s->vtype == GW_V_BOOL)
        FUZZ_HOLDS(s->value.i == 0 || s->value.i == 1);
}

/* Answers the request from the input; false: the pass breaks. */
static bool answer(struct gw_mb_pass *pass, const struct gw_mb_request *req, const uint8_t **data,
                   size_t *size, const struct gw_stamp *now)
{
    uint8_t bytes[256] = {0};
    const uint8_t what = *size > 0 ? **data : 0;
    if (what == 0)
        return false;
    (*data)++;
    (*size)--;
    struct gw_mb_reply reply = {.exception = what};
    if (what > GW_MB_EX_GATEWAY_TARGET) {
        reply = (struct gw_mb_reply){.data = bytes, .data_len = gw_mb_reply_bytes(req)};
        const size_t n = reply.data_len < *size ? reply.data_len : *size;
        memcpy(bytes, *data, n);
        *data += n;
        *size -= n;
    }
    gw_mb_pass_answer(pass, &reply, now);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sitefile files[sizeof devices / sizeof devices[0]];
    if (size < 1)
        return -1;
    const size_t device = data[0] % (sizeof devices / sizeof devices[0]);
    struct sitefile *f = &files[device];
    if (f->site == NULL)
        load(f, device);
    data++;
    size--;
    struct gw_mb_pass *pass = NULL;
    FUZZ_HOLDS(gw_mb_pass_new(f->site, 0, "x", &pass, NULL) == GW_OK);
    struct gw_stamp now = {.mono_ms = 1000, .wall_ms = 1000};
    gw_mb_pass_start(pass, now.mono_ms);
    for (int i = 0; i < PASSES && size > 0; i++, now.mono_ms += 1000) {
        struct gw_mb_request req;
        gw_mb_pass_begin(pass, now.mono_ms, i == PASSES / 2);
        while (gw_mb_pass_next(pass, &req)) {
            FUZZ_HOLDS(gw_mb_request_valid(&req));
            if (!answer(pass, &req, &data, &size, &now))
                gw_mb_pass_break(pass, "no answer");
        }
        (void)gw_mb_pass_end(pass, &now);
        struct gw_batch batch;
        size_t from = 0;
        while (gw_mb_pass_batch(pass, &from, &batch))
            for (size_t k = 0; k < batch.n; k++)
                check(f->site, &batch.samples[k]);
        if (size > 0 && *data == 0) {
            data++;
            size--;
        }
    }
    gw_mb_pass_free(pass);
    return 0;
}
