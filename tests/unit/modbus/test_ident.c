/* SPDX-License-Identifier: Apache-2.0
 *
 * Who a device says it is: what is asked for when, and what text comes of it.
 */
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "modbus/conf.h"
#include "modbus/ident.h"
#include "modbus/pass.h"
#include "modbus/poll.h"
#include "sitefile.h"
#include "util.h"

#define BUS "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}"
#define HEAD                                                                                       \
    "{\"profile\": \"test\", \"title\": {\"zh\": \"x\", \"en\": \"x\"}, \"source\": \"x\", "       \
    "\"confirmed\": \"memory\", "
#define POINTS                                                                                     \
    "\"points\": [{\"name\": \"v\", \"address\": 0}, "                                             \
    "{\"name\": \"set1\", \"address\": 50, \"period_ms\": 600000}]}"

/* ---- texts ---- */

static void expect_report(const char *bytes, size_t n, const char *want)
{
    char mem[600];
    struct gw_buf b;
    gw_buf_fixed(&b, mem, sizeof mem);
    gw_mb_ident_report((const uint8_t *)bytes, n, &b);
    assert_false(b.failed);
    assert_string_equal(mem, want);
}

#define REPORT(bytes, want) expect_report(bytes, sizeof(bytes) - 1, want)

static void a_report_gives_its_texts(void **state)
{
    (void)state;
    REPORT("\x01\xFF"
           "AX100 sn 20241187",
           "AX100 sn 20241187");
    REPORT("\x02\x00"
           "AX100 sn 20241187",
           "AX100 sn 20241187"); /* another unit, and not running: the same device */
    REPORT("\xB4\xFFLMB3.1.6", "LMB3.1.6");
    REPORT("  KB6000 \x00\x01 V2 \x00V2.1\xFF", "KB6000 V2.1"); /* "V2" is too short to be one */
    REPORT("\xB4\xFF", "id B4");
    REPORT("\xB4", "id B4");
    REPORT("\x09\x00\x12\x34\x41\x42", "id 09"); /* three by chance */
    REPORT("", "");
    char full[251];
    memset(full, 'x', sizeof full);
    char want[252];
    memset(want, 'x', 251);
    want[251] = '\0';
    expect_report(full, sizeof full, want);
}

static void expect_says(const struct gw_mb_ident_part *part, const char *bytes, const char *want)
{
    char mem[600];
    struct gw_buf b;
    gw_buf_fixed(&b, mem, sizeof mem);
    gw_mb_ident_value(part, (const uint8_t *)bytes, &b);
    assert_false(b.failed);
    assert_string_equal(b.len > 0 ? mem : "", want);
}

static void texts_stand_in_registers_both_ways(void **state)
{
    (void)state;
    const struct gw_mb_ident_part high = {
        .fc = GW_MB_READ_HOLDING, .count = 4, .text = true, .order = GW_MB_ABCD};
    const struct gw_mb_ident_part low = {
        .fc = GW_MB_READ_HOLDING, .count = 4, .text = true, .order = GW_MB_BADC};
    expect_says(&high, "MFE600H\0", "MFE600H");
    expect_says(&low, "FM6E00\0H", "MFE600H");
    expect_says(&high, "  AB  \xFF\xFF", "AB");
    expect_says(&high, "AB\0trash", "AB");
    expect_says(&high, "A B\xB0\xB2...", "A B<B0><B2>...");
    expect_says(&high, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "");
    expect_says(&high, "\0\0\0\0\0\0\0\0", "");
    expect_says(&high, "12345678", "12345678");
}

static void numbers_stand_in_registers(void **state)
{
    (void)state;
    struct gw_mb_ident_part p = {.fc = GW_MB_READ_INPUT, .count = 2, .type = GW_MB_U32};
    expect_says(&p, "\x01\x34\xDC\xD3", "20241619");
    p.order = GW_MB_CDAB;
    expect_says(&p, "\xDC\xD3\x01\x34", "20241619");
    p = (struct gw_mb_ident_part){.count = 2, .type = GW_MB_BCD32};
    expect_says(&p, "\x20\x24\x11\x87", "20241187");
    expect_says(&p, "\x20\x24\x11\x8A", ""); /* a digit above 9 */
    p = (struct gw_mb_ident_part){.count = 1, .type = GW_MB_BCD};
    expect_says(&p, "\x01\x07", "107");
    p = (struct gw_mb_ident_part){.count = 1, .type = GW_MB_U16};
    expect_says(&p, "\xFF\xFE", "65534");
    p = (struct gw_mb_ident_part){.count = 4, .type = GW_MB_U64};
    expect_says(&p, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "");
}

static void a_long_text_ends_in_its_hash(void **state)
{
    (void)state;
    char text[120];
    char out[GW_IDENTITY_SIZE];
    memset(text, 'a', sizeof text);
    assert_true(gw_mb_ident_fit(text, GW_IDENTITY_SIZE - 1, out));
    assert_int_equal(strlen(out), GW_IDENTITY_SIZE - 1);
    assert_null(strchr(out, '~'));
    assert_true(gw_mb_ident_fit(text, sizeof text, out));
    assert_int_equal(strlen(out), GW_IDENTITY_SIZE - 1);
    char hash[GW_SHA256_HEX];
    assert_int_equal(gw_sha256_hex(text, sizeof text, hash), GW_OK);
    assert_int_equal(out[GW_IDENTITY_SIZE - 12], '~');
    assert_memory_equal(out + GW_IDENTITY_SIZE - 11, hash, 10);
    char other[GW_IDENTITY_SIZE];
    text[119] = 'b'; /* behind what is shown */
    assert_true(gw_mb_ident_fit(text, sizeof text, other));
    assert_string_not_equal(out, other);
}

/* Whatever a device says, the identity is a short readable text. */
static void any_bytes_make_a_readable_text(void **state)
{
    (void)state;
    uint64_t rand = test_seed();
    for (int round = 0; round < 20000; round++) {
        uint8_t data[251];
        char mem[1024];
        char out[GW_IDENTITY_SIZE];
        struct gw_buf b;
        const size_t n = gw_rand_next(&rand) % (sizeof data + 1);
        /* Printable ones mostly, or no run of them would ever be long. */
        for (size_t i = 0; i < n; i++)
            data[i] = (uint8_t)(gw_rand_next(&rand) % 8 != 0 ? 0x20 + gw_rand_next(&rand) % 95
                                                             : gw_rand_next(&rand));
        gw_buf_fixed(&b, mem, sizeof mem);
        const struct gw_mb_ident_part text = {.count = (uint16_t)(n / 2 < 32 ? n / 2 : 32),
                                              .text = true,
                                              .order = round % 2 != 0 ? GW_MB_ABCD : GW_MB_BADC};
        if (round % 4 < 2)
            gw_mb_ident_report(data, n, &b);
        else
            gw_mb_ident_value(&text, data, &b);
        assert_false(b.failed);
        mem[b.len] = '\0';
        assert_true(gw_mb_ident_fit(mem, b.len, out));
        assert_true(strlen(out) < GW_IDENTITY_SIZE);
        for (const char *p = out; *p != '\0'; p++)
            assert_in_range(*p, 0x20, 0x7E);
    }
}

/* ---- asking ---- */

enum answers { DATA, EXCEPTION, SILENCE };

/* A device, and what it answers when it is asked who it is. */
struct bench {
    struct sitefile f;
    struct gw_mb_pass *pass;
    int64_t now_ms;
    enum answers fn17, serial;
    uint8_t exception;
    const char *model; /* its answer to function 17 */
    const char *sn;    /* eight characters in registers 100..103 */
    unsigned asked17, asked_sn, asked_set1;
    enum gw_mb_outcome outcome;
    struct gw_batch batch; /* the last one */
};

static void bench_open(struct bench *b, const char *device, const char *identity)
{
    char devices[160];
    char profile[1024];
    memset(b, 0, sizeof *b);
    b->exception = 1;
    b->model = "\x01\xFF"
               "AX100";
    b->sn = "20241187";
    (void)snprintf(devices, sizeof devices, "\"d\": {\"bus\": \"b\", \"profile\": \"test\"%s}",
                   device);
    (void)snprintf(profile, sizeof profile, HEAD "%s" POINTS, identity);
    sitefile_load(&b->f, BUS, devices, "", profile);
    assert_true(sitefile_good(&b->f));
    struct gw_err err;
    assert_int_equal(gw_mb_pass_new(b->f.site, 0, "10.0.0.7:502", &b->pass, &err), GW_OK);
    gw_mb_pass_start(b->pass, 0);
}

static void bench_close(struct bench *b)
{
    gw_mb_pass_free(b->pass);
    sitefile_free(&b->f);
}

static void collect(struct bench *b)
{
    const struct gw_stamp stamp = {.mono_ms = b->now_ms, .wall_ms = b->now_ms};
    b->outcome = gw_mb_pass_end(b->pass, &stamp);
    size_t from = 0;
    while (gw_mb_pass_batch(b->pass, &from, &b->batch))
        ;
}

/* Answers one request; false when there is to be none. */
static bool answer(struct bench *b, const struct gw_mb_request *req)
{
    static const uint8_t zero[250];
    const struct gw_stamp stamp = {.mono_ms = b->now_ms, .wall_ms = b->now_ms};
    struct gw_mb_reply reply = {.data = zero, .data_len = (size_t)req->count * 2};
    enum answers how = DATA;
    if (req->fc == GW_MB_REPORT_ID) {
        b->asked17++;
        assert_int_equal(req->count, 0);
        how = b->fn17;
        reply.data = (const uint8_t *)b->model;
        reply.data_len = strlen(b->model);
    } else if (req->address == 100) {
        b->asked_sn++;
        assert_int_equal(req->count, 4);
        how = b->serial;
        reply.data = (const uint8_t *)b->sn;
    } else if (req->address == 50) {
        b->asked_set1++;
    }
    if (how == SILENCE)
        return false;
    if (how == EXCEPTION)
        reply = (struct gw_mb_reply){.exception = b->exception};
    gw_mb_pass_answer(b->pass, &reply, &stamp);
    return true;
}

static void pass_after(struct bench *b, int64_t s)
{
    struct gw_mb_request req;
    b->now_ms += s * 1000;
    gw_mb_pass_begin(b->pass, b->now_ms, false);
    while (gw_mb_pass_next(b->pass, &req)) {
        if (!answer(b, &req)) {
            gw_mb_pass_break(b->pass, "no whole answer within 1000 ms");
            break;
        }
    }
    collect(b);
}

static void passes(struct bench *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        pass_after(b, 1);
}

static void down(struct bench *b)
{
    for (int i = 0; i < GW_MB_DOWN_AFTER; i++) {
        b->now_ms += 1000;
        gw_mb_pass_begin(b->pass, b->now_ms, false);
        gw_mb_pass_break(b->pass, "no answer");
        collect(b);
        assert_int_equal(b->outcome, GW_MB_PASS_SILENT);
    }
}

#define BOTH                                                                                       \
    "\"identity\": {\"fn17\": true, \"registers\": [{\"label\": \"sn\", \"address\": 100, "        \
    "\"type\": \"text\", \"regs\": 4}]}, "

static void it_is_asked_when_it_came_up_and_then_seldom(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", BOTH);
    pass_after(&b, 0);
    assert_int_equal(b.asked17 + b.asked_sn, 0); /* first the values */
    assert_string_equal(b.batch.identity, "");
    pass_after(&b, 1);
    assert_int_equal(b.asked17, 1);
    assert_int_equal(b.asked_sn, 1);
    assert_string_equal(b.batch.identity, "AX100 sn 20241187");
    passes(&b, 599);
    assert_int_equal(b.asked17, 1);
    assert_string_equal(b.batch.identity, "AX100 sn 20241187");
    b.sn = "20250001";
    passes(&b, 2);
    assert_int_equal(b.asked17, 2);
    assert_string_equal(b.batch.identity, "AX100 sn 20250001");
    bench_close(&b);
}

static void another_device_shows_when_it_came_back(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", BOTH);
    passes(&b, 3);
    const unsigned before = b.asked_set1;
    down(&b);
    assert_string_equal(b.batch.identity, ""); /* nobody answers: nobody is known */
    b.sn = "20250001";
    passes(&b, 2);
    assert_string_equal(b.batch.identity, "AX100 sn 20250001");
    assert_int_equal(b.asked_set1, before + 1); /* what is read seldom, too, is read at once */
    bench_close(&b);
}

static void a_refusal_is_no_fault_and_final(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", BOTH);
    b.fn17 = EXCEPTION;
    passes(&b, 1300);
    assert_string_equal(b.batch.identity, "sn 20241187");
    assert_string_equal(b.batch.fault, "");
    assert_int_equal(b.outcome, GW_MB_PASS_READ);
    assert_int_equal(b.asked17, 1);
    assert_int_equal(b.asked_sn, 3);
    down(&b);
    passes(&b, 3);
    assert_int_equal(b.asked17, 2); /* it may be another device */
    bench_close(&b);

    bench_open(&b, "", "\"identity\": {\"fn17\": true}, ");
    b.fn17 = EXCEPTION;
    passes(&b, 1300);
    assert_int_equal(b.asked17, 1);
    assert_string_equal(b.batch.identity, "");
    bench_close(&b);
}

static void silence_spoils_no_value(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", BOTH);
    b.fn17 = SILENCE;
    passes(&b, 2);
    assert_int_equal(b.outcome, GW_MB_PASS_READ);
    assert_int_equal(b.batch.samples[0].quality, GW_Q_GOOD);
    assert_string_equal(
        b.batch.fault,
        "unit 1 at 10.0.0.7:502: identity (function 17): no whole answer within 1000 ms");
    assert_string_equal(b.batch.identity, "");
    passes(&b, 2000);
    assert_int_equal(b.asked17, 2); /* once more after a minute, then never again */
    assert_string_equal(b.batch.fault, "");
    assert_string_equal(b.batch.identity, ""); /* half an identity is none */
    bench_close(&b);
}

static void a_known_device_stays_known(void **state)
{
    (void)state;
    static const struct {
        enum answers how;
        uint8_t exception;
    } ways[] = {{SILENCE, 0}, {EXCEPTION, 6}, {EXCEPTION, 11}, {EXCEPTION, 4}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct bench b;
        bench_open(&b, "", BOTH);
        passes(&b, 2);
        b.serial = ways[i].how;
        b.exception = ways[i].exception;
        b.sn = "20250001";
        passes(&b, 3000);
        assert_string_equal(b.batch.identity, "AX100 sn 20241187");
        assert_in_range(b.asked_sn, 3, 8);
        b.serial = DATA;
        passes(&b, 601);
        assert_string_equal(b.batch.identity, "AX100 sn 20250001");
        bench_close(&b);
    }
}

static void a_profile_or_site_without_a_word_asks_nothing(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", "");
    passes(&b, 700);
    assert_int_equal(b.asked17 + b.asked_sn, 0);
    bench_close(&b);
    bench_open(&b, ", \"identity_s\": 0", BOTH);
    passes(&b, 700);
    assert_int_equal(b.asked17 + b.asked_sn, 0);
    bench_close(&b);
    bench_open(&b, ", \"fn17\": true", ""); /* the site file knows better */
    passes(&b, 2);
    assert_string_equal(b.batch.identity, "AX100");
    bench_close(&b);
    bench_open(&b, ", \"fn17\": false", BOTH);
    passes(&b, 2);
    assert_int_equal(b.asked17, 0);
    assert_string_equal(b.batch.identity, "sn 20241187");
    bench_close(&b);
    bench_open(&b, ", \"identity_s\": 30", BOTH);
    passes(&b, 92);
    assert_int_equal(b.asked17, 4);
    bench_close(&b);
}

static void a_device_that_started_anew_is_asked_anew(void **state)
{
    (void)state;
    const struct gw_mb_ident_conf conf = {.nparts = 1, .parts = {{.fc = GW_MB_REPORT_ID}}};
    struct gw_mb_ident id;
    struct gw_mb_request req;
    gw_mb_ident_init(&id, &conf, 600000);
    gw_mb_ident_link(&id, true, 1000);
    gw_mb_ident_begin(&id, 1000);
    assert_true(gw_mb_ident_next(&id, 7, &req));
    assert_int_equal(req.unit, 7);
    gw_mb_ident_answer(&id, &(struct gw_mb_reply){.exception = 1}, 1000);
    assert_false(gw_mb_ident_next(&id, 7, &req));
    gw_mb_ident_restart(&id, 2000);
    gw_mb_ident_begin(&id, 2000);
    assert_true(gw_mb_ident_next(&id, 7, &req));
    const uint8_t data[] = {0x01, 0xFF, 'A', 'B', 'C', 'D'};
    gw_mb_ident_answer(&id, &(struct gw_mb_reply){.data = data, .data_len = 6}, 2000);
    assert_string_equal(gw_mb_ident_text(&id), "ABCD");
    assert_null(id.said.data); /* nothing is kept between two rounds */
    gw_mb_ident_free(&id);
}

/* ---- the keys ---- */

static void expect_issue(const char *identity, const char *want)
{
    struct sitefile f;
    char profile[1024];
    (void)snprintf(profile, sizeof profile, HEAD "\"identity\": %s, " POINTS, identity);
    sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\", \"profile\": \"test\", \"max_regs\": 16}", "",
                  profile);
    assert_null(f.site);
    assert_true(sitefile_has_issue(&f, want));
    sitefile_free(&f);
}

static void mistakes_are_told(void **state)
{
    (void)state;
    expect_issue("{}", "says no way to ask");
    expect_issue("{\"fn17\": false, \"registers\": []}", "says no way to ask");
    expect_issue("{\"fn18\": true}", "fn18");
    expect_issue("{\"registers\": [{\"address\": 1}]}", "\"regs\" is missing");
    expect_issue("{\"registers\": [{\"regs\": 4}]}", "address");
    expect_issue("{\"registers\": [{\"address\": 1, \"type\": \"u16\", \"regs\": 1}]}",
                 "only for a text");
    expect_issue("{\"registers\": [{\"address\": 1, \"type\": \"u16\", \"order\": \"CDAB\"}]}",
                 "has no meaning for u16");
    expect_issue("{\"registers\": [{\"address\": 1, \"regs\": 2, \"order\": \"CDAB\"}]}",
                 "must be ABCD or BADC");
    expect_issue("{\"registers\": [{\"address\": 65535, \"type\": \"u32\"}]}", "end behind 65535");
    expect_issue("{\"registers\": [{\"address\": 1, \"type\": \"f32\"}]}", "f32");
    expect_issue("{\"registers\": [{\"address\": 1, \"fc\": 1, \"regs\": 1}]}", "fc");
    expect_issue("{\"registers\": [{\"address\": 1, \"regs\": 17}]}", "max_regs is 16");
    expect_issue("{\"registers\": [{\"address\": 1, \"type\": \"u16\"}, "
                 "{\"address\": 1, \"type\": \"u16\"}, {\"address\": 1, \"type\": \"u16\"}, "
                 "{\"address\": 1, \"type\": \"u16\"}, {\"address\": 1, \"type\": \"u16\"}, "
                 "{\"address\": 1, \"type\": \"u16\"}]}",
                 "at most 5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_gives_its_texts),
        cmocka_unit_test(texts_stand_in_registers_both_ways),
        cmocka_unit_test(numbers_stand_in_registers),
        cmocka_unit_test(a_long_text_ends_in_its_hash),
        cmocka_unit_test(any_bytes_make_a_readable_text),
        cmocka_unit_test(it_is_asked_when_it_came_up_and_then_seldom),
        cmocka_unit_test(another_device_shows_when_it_came_back),
        cmocka_unit_test(a_refusal_is_no_fault_and_final),
        cmocka_unit_test(silence_spoils_no_value),
        cmocka_unit_test(a_known_device_stays_known),
        cmocka_unit_test(a_profile_or_site_without_a_word_asks_nothing),
        cmocka_unit_test(a_device_that_started_anew_is_asked_anew),
        cmocka_unit_test(mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
