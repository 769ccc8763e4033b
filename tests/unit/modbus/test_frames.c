/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of real devices as printed in their manuals (RTU, with unit and CRC), through the shipped
 * profiles to the values that the manuals give for them.
 */
#include <math.h>
#include <string.h>

#include "base/wire.h"
#include "modbus/decode.h"
#include "modbus/pass.h"
#include "modbus/pdu.h"
#include "sitefile.h"
#include "util.h"

#define BUS   "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}"
#define WANTS 40

struct frame {
    const char *request, *answer;
};

/* What no printed frame says. */
struct word {
    enum gw_mb_fc fc; /* 0 ends the list */
    uint16_t address, value;
};

struct story {
    const char *what;
    const char *device; /* members of the device in the site file */
    const char *points; /* further points of the site file, or NULL */
    struct frame frames[2];
    struct word also[4];
    const char *want[WANTS]; /* "point value quality" */
};

static const struct story stories[] = {
    {
        .what = "KB6000III: number 1 at 25.3, low alarm; number 2 CO at 12, normal",
        .device = "\"profile\": \"kb6000iii\", \"unit\": 99, \"channels\": 2",
        .frames = {{"63 03 01 F4 00 16 8C 48",
                    "63 03 2C 00 01 00 01 00 FD 00 01 00 01 00 05 00 00 00 00 00 00 00 00 00 00"
                    "00 02 00 04 00 0C 00 02 00 00 00 01 00 00 00 00 00 00 00 00 00 00 CA 2D"}},
        .also = {{3, 0, 2}},
        .want = {"detectors 2 GOOD", "d1 25.3 GOOD", "d1_state LOW GOOD", "d1_gas 1 GOOD",
                 "d1_unit 1 GOOD", "d1_point 1 GOOD", "d2 12 GOOD", "d2_state NORMAL GOOD",
                 "d2_gas 4 GOOD", "d2_unit 2 GOOD", "d2_point 0 GOOD"},
    },
    {
        .what = "AX100: 3.2 normal; 27.5 level 1; communication fault; shielded",
        .device = "\"profile\": \"ax100\", \"channels\": 4",
        .frames = {{"01 03 01 01 00 08 14 30",
                    "01 03 10 00 00 00 20 01 00 01 13 10 00 00 00 00 80 00 00 EE EB"}},
        .want = {"p1 3.2 GOOD", "p1_state NORMAL GOOD", "p2 27.5 GOOD", "p2_state LOW GOOD",
                 "p3 0 BAD_COMM", "p3_state COMM_FAULT GOOD", "p4 0 INHIBIT",
                 "p4_state SHIELDED GOOD", "p4_shielded 1 GOOD", "p1_shielded 0 GOOD"},
    },
    {
        .what = "MK102: channel 1 normal, the others without communication",
        .device = "\"profile\": \"mk102\"",
        .frames = {{"01 03 00 01 00 08 15 CC",
                    "01 03 10 00 0A 00 01 00 01 00 01 00 01 00 01 00 01 00 01 D8 B3"},
                   {"01 02 00 01 00 04 28 09", "01 02 01 00 A1 88"}},
        .also = {{4, 1, 0xA019}},
        .want = {"c1 2.5 GOOD", "c1_state NORMAL GOOD", "c2_state COMM_FAULT GOOD", "c2 0 BAD_COMM",
                 "c8_state COMM_FAULT GOOD", "mains_fault 0 GOOD", "battery_fault 0 GOOD",
                 "supply_short 0 GOOD", "s1_short 0 GOOD"},
    },
    {
        .what = "MK102: normal, low, high, sensor fault, four absent; mains and battery fault",
        .device = "\"profile\": \"mk102\"",
        .frames = {{"01 03 00 01 00 08 15 CC",
                    "01 03 10 00 0A 00 0E 00 0F 00 02 00 07 00 07 00 07 00 07 62 A7"},
                   {"01 02 00 01 00 04 28 09", "01 02 01 03 E1 89"}},
        .also = {{4, 1, 0xA019}, {4, 2, 0xA113}, {4, 3, 0xA20D}},
        .want = {"c1 2.5 GOOD", "c1_state NORMAL GOOD", "c2 27.5 GOOD", "c2_state LOW GOOD",
                 "c3 52.5 GOOD", "c3_state HIGH GOOD", "c4 0 BAD_FAULT",
                 "c4_state SENSOR_FAULT GOOD", "c5 0 BAD_COMM", "c5_state ABSENT GOOD",
                 "c8_state ABSENT GOOD", "mains_fault 1 GOOD", "battery_fault 1 GOOD",
                 "supply_short 0 GOOD"},
    },
    {
        .what = "MFE600H: 36.75 m3/h, low word first",
        .device = "\"profile\": \"mfe600h\"",
        .frames = {{"01 04 10 10 00 02 74 CE", "01 04 04 00 00 42 13 8A E9"}},
        .also = {{4, 4126, 5}},
        .want = {"flow 36.75 GOOD", "flow_unit 5 GOOD", "empty_pipe 0 GOOD"},
    },
    {
        .what = "MFE600C: 36.75 m3/h, high word first",
        .device = "\"profile\": \"mfe600c\"",
        .also = {{3, 0, 0x4213}},
        .want = {"flow 36.75 GOOD", "empty_pipe 0 GOOD"},
    },
    {
        .what = "TUF-2000: 36.75 m3/h, low word first",
        .device = "\"profile\": \"tuf-2000\"",
        .frames = {{"01 03 00 00 00 02 C4 0B", "01 03 04 00 00 42 13 8B 5E"}},
        .also = {{3, 33, 0x4213}},
        .want = {"flow 36.75 GOOD", "t1 36.75 GOOD", "t2 0 GOOD", "total 0 GOOD"},
    },
    {
        .what = "vortex meter: registers 3 and 4 are the pressure, bit 0010 its upper alarm",
        .device = "\"profile\": \"vortex\"",
        .also = {{3, 2, 0x4213}, {3, 13, 0x0010}, {3, 15, 0x0041}},
        .want = {"pressure 36.75 GOOD", "upper_pressure 1 GOOD", "upper_actual 0 GOOD",
                 "lower_temperature 1 GOOD", "lower_actual 1 GOOD", "lower_pressure 0 GOOD"},
    },
    {
        .what = "a meter that counts in decimal digits",
        .device = "\"unit\": 1",
        .points = "\"d.total\": {\"address\": 16, \"type\": \"bcd32\", \"as\": \"int\","
                  " \"counter\": 100000000},"
                  "\"d.low\": {\"address\": 18, \"type\": \"bcd\", \"scale\": 0.1}",
        .frames = {{"01 03 00 10 00 03 04 0E", "01 03 06 12 34 56 78 00 99 C2 38"}},
        .want = {"total 12345678 GOOD", "low 9.9 GOOD"},
    },
    {
        .what = "what is no decimal digit makes no number",
        .device = "\"unit\": 1",
        .points = "\"d.total\": {\"address\": 16, \"type\": \"bcd32\", \"as\": \"int\","
                  " \"counter\": 100000000},"
                  "\"d.low\": {\"address\": 18, \"type\": \"bcd\", \"scale\": 0.1}",
        .frames = {{"01 03 00 10 00 03 04 0E", "01 03 06 12 3A 56 78 00 9F 2B FB"}},
        .want = {"total - BAD_RANGE", "low - BAD_RANGE"},
    },
    {
        .what = "36.75 in the four orders of bytes",
        .device = "\"unit\": 1",
        .points = "\"d.abcd\": {\"address\": 0, \"type\": \"f32\"},"
                  "\"d.cdab\": {\"address\": 2, \"type\": \"f32\", \"order\": \"CDAB\"},"
                  "\"d.badc\": {\"address\": 4, \"type\": \"f32\", \"order\": \"BADC\"},"
                  "\"d.dcba\": {\"address\": 6, \"type\": \"f32\", \"order\": \"DCBA\"}",
        .also = {{3, 0, 0x4213}, {3, 3, 0x4213}, {3, 4, 0x1342}, {3, 7, 0x1342}},
        .want = {"abcd 36.75 GOOD", "cdab 36.75 GOOD", "badc 36.75 GOOD", "dcba 36.75 GOOD"},
    },
    {
        .what = "QDY30A: unit kPa, one decimal, 186: 18.6 kPa",
        .device = "\"profile\": \"qdy30a\"",
        .frames = {{"01 03 00 02 00 03 A4 0B", "01 03 06 00 01 00 01 00 BA CC C6"}},
        .want = {"value 18.6 GOOD", "unit_code 1 GOOD", "point 1 GOOD"},
    },
    {
        .what = "DAMpt100: 25.43 degC, as integer and as float",
        .device = "\"profile\": \"dampt100\", \"unit\": 254, \"channels\": 1",
        .points = "\"d.real\": {\"fc\": 4, \"address\": 50, \"type\": \"f32\"}",
        .frames = {{"FE 04 00 00 00 01 25 C5", "FE 04 02 09 EF EA F8"},
                   {"FE 04 00 32 00 02 C4 0B", "FE 04 04 41 CB 70 A4 B5 32"}},
        .want = {"t1 25.43 GOOD", "real 25.43 GOOD"},
    },
    {
        .what = "DAMpt100: 52.37 degC",
        .device = "\"profile\": \"dampt100\", \"unit\": 254, \"channels\": 1",
        .frames = {{"FE 04 00 00 00 01 25 C5", "FE 04 02 14 75 63 C3"}},
        .want = {"t1 52.37 GOOD"},
    },
    {
        .what = "ADAM-4117, inputs set to 4-20 mA: 0, 16384, 32768 and 65535 are 4, 8, 12, 20 mA",
        .device = "\"profile\": \"adam-4117-4to20\", \"channels\": 4",
        .also = {{3, 1, 16384}, {3, 2, 32768}, {3, 3, 65535}},
        .want = {"i1 4 UNCERTAIN", "i2 8.00006 GOOD", "i3 12.00012 GOOD", "i4 20 GOOD"},
    },
    {
        .what = "digital inputs: the first and the third are on",
        .device = "\"profile\": \"di-module\"",
        .frames = {{"01 02 00 00 00 08 79 CC", "01 02 01 05 61 8B"}},
        .want = {"di1 1 GOOD", "di2 0 GOOD", "di3 1 GOOD", "di4 0 GOOD", "di5 0 GOOD", "di6 0 GOOD",
                 "di7 0 GOOD", "di8 0 GOOD"},
    },
    {
        .what = "illegal data address: every point of that request has no value",
        .device = "\"profile\": \"adam-4117\", \"channels\": 2",
        .frames = {{"01 03 00 00 00 02 C4 0B", "01 83 02 C0 F1"}},
        .want = {"i1 - BAD_COMM", "i2 - BAD_COMM"},
    },
};

/* Every request that is printed, with what it asks for. */
static const struct {
    const char *frame;
    struct gw_mb_request req;
} requests[] = {
    {"63 03 00 00 00 08 4C 4E", {99, GW_MB_READ_HOLDING, 0, 8}},
    {"63 03 01 F4 00 16 8C 48", {99, GW_MB_READ_HOLDING, 500, 22}},
    {"01 03 02 97 00 01 34 5E", {1, GW_MB_READ_HOLDING, 0x0297, 1}},
    {"01 03 01 01 00 08 14 30", {1, GW_MB_READ_HOLDING, 0x0101, 8}},
    {"01 03 00 01 00 08 15 CC", {1, GW_MB_READ_HOLDING, 1, 8}},
    {"01 04 00 01 00 08 A0 0C", {1, GW_MB_READ_INPUT, 1, 8}},
    {"01 02 00 01 00 04 28 09", {1, GW_MB_READ_DISCRETE, 1, 4}},
    {"01 04 10 10 00 02 74 CE", {1, GW_MB_READ_INPUT, 4112, 2}},
    {"01 04 10 10 00 16 74 C1", {1, GW_MB_READ_INPUT, 4112, 22}},
    {"01 03 00 00 00 02 C4 0B", {1, GW_MB_READ_HOLDING, 0, 2}},
    {"01 03 00 04 00 01 C5 CB", {1, GW_MB_READ_HOLDING, 4, 1}},
    {"01 03 00 02 00 03 A4 0B", {1, GW_MB_READ_HOLDING, 2, 3}},
    {"FE 04 00 00 00 01 25 C5", {254, GW_MB_READ_INPUT, 0, 1}},
    {"FE 04 00 32 00 02 C4 0B", {254, GW_MB_READ_INPUT, 50, 2}},
    {"02 03 00 00 00 08 44 3F", {2, GW_MB_READ_HOLDING, 0, 8}},
    {"01 02 00 00 00 08 79 CC", {1, GW_MB_READ_DISCRETE, 0, 8}},
};

static size_t from_hex(const char *hex, uint8_t *out, size_t max)
{
    size_t n = 0;
    unsigned byte = 0;
    int used = 0;
    while (sscanf(hex, "%2x%n", &byte, &used) == 1) {
        assert_true(n < max);
        out[n++] = (uint8_t)byte;
        hex += used;
    }
    return n;
}

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static uint16_t crc16(const uint8_t *p, size_t n)
{
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xA001u : crc >> 1;
    }
    return (uint16_t)crc;
}

/* The frame with an MBAP header in place of its CRC, which must be right. */
static size_t as_tcp(const char *hex, uint8_t *out)
{
    uint8_t rtu[256];
    const size_t n = from_hex(hex, rtu, sizeof rtu);
    assert_true(n > 4);
    const uint16_t crc = crc16(rtu, n - 2);
    if (rtu[n - 2] != (crc & 0xFF) || rtu[n - 1] != crc >> 8)
        fail_msg("the CRC of %s is wrong", hex);
    gw_put_be16(out, 1);
    gw_put_be16(out + 2, 0);
    gw_put_be16(out + 4, (uint16_t)(n - 2));
    memcpy(out + 6, rtu, n - 2);
    return n + 4;
}

static struct gw_mb_request as_request(const char *hex)
{
    uint8_t tcp[256];
    assert_int_equal(as_tcp(hex, tcp), 12);
    return (struct gw_mb_request){
        .unit = tcp[6],
        .fc = (enum gw_mb_fc)tcp[7],
        .address = be16(tcp + 8),
        .count = be16(tcp + 10),
    };
}

static void every_printed_request_is_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        uint8_t printed[256];
        uint8_t ours[12];
        assert_true(gw_mb_request_valid(&requests[i].req));
        assert_int_equal(as_tcp(requests[i].frame, printed),
                         gw_mb_encode_tcp(&requests[i].req, 1, ours));
        assert_memory_equal(printed, ours, sizeof ours);
    }
}

/* What the device holds, by function code. */
struct image {
    uint16_t of[5][65536];
    uint8_t exception;
};

/* Puts the data of a printed answer where the printed request asks for it. */
static void put_frame(struct image *m, const struct frame *f)
{
    const struct gw_mb_request req = as_request(f->request);
    uint8_t answer[256];
    const size_t len = as_tcp(f->answer, answer);
    struct gw_mb_reply reply;
    struct gw_err err;
    assert_int_equal(gw_mb_check_tcp(&req, 1, answer, len, &reply, &err), GW_OK);
    m->exception = reply.exception;
    for (uint16_t i = 0; reply.exception == 0 && i < req.count; i++) {
        const bool bits = req.fc == GW_MB_READ_COILS || req.fc == GW_MB_READ_DISCRETE;
        const unsigned bit = bits ? (unsigned)reply.data[i / 8] >> (i % 8) & 1u : 0;
        m->of[req.fc][req.address + i] = bits ? (uint16_t)bit : be16(reply.data + (size_t)i * 2);
    }
}

static void answer(struct gw_mb_pass *pass, const struct image *m, const struct gw_mb_request *req)
{
    static const struct gw_stamp now = {.mono_ms = 1000, .wall_ms = 1795305600000};
    uint8_t data[GW_MB_MAX_PDU] = {0};
    const bool bits = req->fc == GW_MB_READ_COILS || req->fc == GW_MB_READ_DISCRETE;
    for (uint16_t i = 0; i < req->count; i++) {
        const uint16_t word = m->of[req->fc][req->address + i];
        if (bits)
            data[i / 8] = (uint8_t)(data[i / 8] | (unsigned)(word & 1u) << (i % 8));
        else
            gw_put_be16(data + (size_t)i * 2, word);
    }
    const struct gw_mb_reply reply = {
        .exception = m->exception,
        .data = data,
        .data_len = bits ? (req->count + 7u) / 8u : (size_t)req->count * 2,
    };
    gw_mb_pass_answer(pass, &reply, &now);
}

static void run_pass(struct gw_mb_pass *pass, const struct image *m)
{
    static const struct gw_stamp now = {.mono_ms = 1000, .wall_ms = 1795305600000};
    struct gw_mb_request req;
    gw_mb_pass_start(pass, 0);
    gw_mb_pass_begin(pass, 0, false);
    while (gw_mb_pass_next(pass, &req))
        answer(pass, m, &req);
    (void)gw_mb_pass_end(pass, &now);
}

/* The last sample of the point; fails the test when there is none. */
static struct gw_sample sample_of(const struct gw_mb_pass *pass, uint32_t point)
{
    struct gw_batch batch;
    size_t from = 0;
    while (gw_mb_pass_batch(pass, &from, &batch)) {
        for (size_t i = 0; i < batch.n; i++)
            if (batch.samples[i].point == point)
                return batch.samples[i];
    }
    fail_msg("no sample");
    return (struct gw_sample){0};
}

static bool value_is(const struct gw_sample *s, const char *want)
{
    if (strcmp(want, "-") == 0)
        return !s->valued;
    if (!s->valued)
        return false;
    if (s->vtype == GW_V_STATE)
        return strcmp(gw_state_name((enum gw_state)s->value.i), want) == 0;
    if (s->vtype != GW_V_NUM)
        return s->value.i == strtoll(want, NULL, 10);
    return fabs(s->value.num - strtod(want, NULL)) < 5e-6;
}

static void check_want(const struct story *t, const struct sitefile *f,
                       const struct gw_mb_pass *pass, const char *want)
{
    char name[40];
    char value[40];
    char quality[40];
    assert_int_equal(sscanf(want, "%39s %39s %39s", name, value, quality), 3);
    char id[48];
    (void)snprintf(id, sizeof id, "d.%s", name);
    const struct gw_sample s = sample_of(pass, sitefile_point(f, id));
    if (!value_is(&s, value) || strcmp(gw_quality_name((enum gw_quality)s.quality), quality) != 0)
        fail_msg("%s: want \"%s\", have %s: %s %.9g", t->what, want,
                 gw_quality_name((enum gw_quality)s.quality), s.valued ? "value" : "no value",
                 s.vtype == GW_V_NUM ? s.value.num : (double)s.value.i);
}

static void all_frames_decode_as_printed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        const struct story *t = &stories[i];
        struct image *m = calloc(1, sizeof *m);
        assert_non_null(m);
        for (size_t k = 0; k < 2 && t->frames[k].request != NULL; k++)
            put_frame(m, &t->frames[k]);
        for (size_t k = 0; k < 4 && t->also[k].fc != 0; k++)
            m->of[t->also[k].fc][t->also[k].address] = t->also[k].value;
        char device[200];
        (void)snprintf(device, sizeof device, "\"d\": {\"bus\": \"b\", %s}", t->device);
        struct sitefile f;
        sitefile_load(&f, BUS, device, t->points != NULL ? t->points : "", NULL);
        assert_true(sitefile_good(&f));
        struct gw_mb_pass *pass = NULL;
        struct gw_err err;
        assert_int_equal(gw_mb_pass_new(f.site, 0, "a", &pass, &err), GW_OK);
        run_pass(pass, m);
        for (size_t k = 0; k < WANTS && t->want[k] != NULL; k++)
            check_want(t, &f, pass, t->want[k]);
        gw_mb_pass_free(pass);
        sitefile_free(&f);
        free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_printed_request_is_what_it_says),
        cmocka_unit_test(all_frames_decode_as_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
