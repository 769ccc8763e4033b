/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/influx_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/backoff.h"
#include "publish/telemetry.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct gw_point points[] = {
    {.id = "gas.p1", .def = &(const struct gw_point_def){.vtype = GW_V_NUM, .decimals = 1}},
    {.id = "gas.p2", .def = &(const struct gw_point_def){.vtype = GW_V_NUM, .decimals = 0}},
    {.id = "gas.p1_state", .def = &(const struct gw_point_def){.vtype = GW_V_STATE}},
    {.id = "gas.fan", .def = &(const struct gw_point_def){.vtype = GW_V_BOOL}},
    {.id = "gas.events", .def = &(const struct gw_point_def){.vtype = GW_V_INT}},
};

static bool vtype_of(const void *ctx, const char *id, enum gw_vtype *out)
{
    (void)ctx;
    for (size_t i = 0; i < COUNT(points); i++) {
        if (strcmp(points[i].id, id) == 0) {
            *out = points[i].def->vtype;
            return true;
        }
    }
    return false;
}

static struct gw_influx_line *make(const struct gw_influx_tag *tags, size_t n)
{
    struct gw_influx_line_conf conf = {.tags = tags, .ntags = n, .vtype = vtype_of};
    struct gw_influx_line *l = NULL;
    struct gw_err err = {0};
    if (gw_influx_line_new(&conf, &l, &err) != GW_OK)
        fail_msg("%s", err.msg);
    return l;
}

static void expect(const struct gw_influx_line *l, const char *row, const char *line)
{
    struct gw_buf out;
    char device[GW_ID_SIZE];
    gw_buf_init(&out, 1 << 16);
    assert_int_equal(gw_influx_line_encode(l, row, strlen(row), device, &out), GW_OK);
    assert_string_equal(out.data, line);
    gw_buf_free(&out);
}

#define ROW(points)                                                                                \
    "{\"device\":\"gas\",\"gateway\":\"g1\",\"points\":{" points                                   \
    "},\"sync\":true,\"t\":1795305600130,\"v\":1}"
#define POINT(id, q, v) "\"" id "\":{\"q\":\"" q "\",\"t\":1795305600123,\"v\":\"" v "\"}"
#define BARE(id, q)     "\"" id "\":{\"q\":\"" q "\",\"t\":1795305600123}"

/* What the encoder of rows writes, this one reads. */
static void a_pass_is_one_line(void **state)
{
    (void)state;
    struct gw_sample samples[COUNT(points)] = {
        {.point = 0, .quality = GW_Q_GOOD, .valued = 1, .value.num = 3.25},
        {.point = 1, .quality = GW_Q_BAD_RANGE, .valued = 1, .value.num = -40},
        {.point = 2, .quality = GW_Q_GOOD, .valued = 1, .value.i = GW_S_SENSOR_FAULT},
        {.point = 3, .quality = GW_Q_GOOD, .valued = 1, .value.i = 1},
        {.point = 4, .quality = GW_Q_BAD_COMM},
    };
    uint32_t order[COUNT(points)];
    uint32_t rank[COUNT(points)];
    assert_int_equal(gw_telemetry_rank(points, COUNT(points), rank), GW_OK);
    for (size_t i = 0; i < COUNT(points); i++) {
        samples[i].vtype = points[i].def->vtype;
        samples[i].wall_ms = INT64_C(1795305600123);
    }
    struct gw_telemetry_pass pass = {.gateway = "g1",
                                     .device = "gas",
                                     .points = points,
                                     .samples = samples,
                                     .n = COUNT(points),
                                     .rank = rank,
                                     .order = order,
                                     .norder = COUNT(points),
                                     .end = {.wall_ms = INT64_C(1795305600130)}};
    struct gw_buf row, out;
    char device[GW_ID_SIZE];
    gw_buf_init(&row, 4096);
    gw_buf_init(&out, 4096);
    gw_telemetry_encode(&pass, &row);
    assert_false(row.failed);
    static const struct gw_influx_tag tags[] = {{"enterprise", "91371311MAXX00015G"},
                                                {"county", "371311"}};
    struct gw_influx_line *l = make(tags, 2);
    assert_int_equal(gw_influx_line_encode(l, row.data, row.len, device, &out), GW_OK);
    assert_string_equal(out.data,
                        "nonsite,county=371311,device=gas,enterprise=91371311MAXX00015G,gateway=g1 "
                        "events_q=\"BAD_COMM\",fan=1i,fan_q=\"GOOD\",p1=3.3,p1_q=\"GOOD\","
                        "p1_state=7i,p1_state_q=\"GOOD\",p2=-40,p2_q=\"BAD_RANGE\",clock_sync=0i "
                        "1795305600130\n");
    assert_string_equal(device, "gas");
    gw_buf_free(&row);
    gw_buf_free(&out);
    gw_influx_line_free(l);
}

/* The numbers in the database are the numbers of the interface: they never change. */
static void states_keep_their_numbers(void **state)
{
    (void)state;
    static const char *const names[] = {
        "UNKNOWN",    "NORMAL",       "WARMUP",     "PRE_ALARM",  "LOW",      "HIGH",
        "OVER_RANGE", "SENSOR_FAULT", "DATA_ERROR", "COMM_FAULT", "NEED_CAL", "STEL",
        "TWA",        "SHIELDED",     "INHIBIT",    "ABSENT",     "EXPIRED"};
    assert_int_equal(COUNT(names), GW_S_COUNT);
    struct gw_influx_line *l = make(NULL, 0);
    for (int i = 0; i < GW_S_COUNT; i++) {
        char row[256], line[256];
        snprintf(row, sizeof row, ROW(POINT("gas.p1_state", "GOOD", "%s")), names[i]);
        snprintf(line, sizeof line,
                 "nonsite,device=gas,gateway=g1 p1_state=%di,p1_state_q=\"GOOD\",clock_sync=1i "
                 "1795305600130\n",
                 i);
        expect(l, row, line);
    }
    gw_influx_line_free(l);
}

#define LINE(fields) "nonsite,device=gas,gateway=g1 " fields ",clock_sync=1i 1795305600130\n"

static void a_field_keeps_its_type(void **state)
{
    (void)state;
    static const struct {
        const char *row, *line;
    } rows[] = {
        {ROW(POINT("gas.p2", "GOOD", "3")), LINE("p2=3,p2_q=\"GOOD\"")},
        {ROW(POINT("gas.events", "GOOD", "3")), LINE("events=3i,events_q=\"GOOD\"")},
        {ROW(POINT("gas.events", "GOOD", "-9223372036854775808")),
         LINE("events=-9223372036854775808i,events_q=\"GOOD\"")},
        {ROW(POINT("gas.fan", "GOOD", "false")), LINE("fan=0i,fan_q=\"GOOD\"")},
        /* Written under another declaration: the text decides. */
        {ROW(POINT("gas.p1", "GOOD", "NORMAL")), LINE("p1=1i,p1_q=\"GOOD\"")},
        {ROW(POINT("gas.fan", "GOOD", "1.5")), LINE("fan=1.5,fan_q=\"GOOD\"")},
        {ROW(POINT("gas.events", "GOOD", "9223372036854775808")),
         LINE("events=9223372036854775808,events_q=\"GOOD\"")},
        /* By exception. */
        {"{\"device\":\"gas\",\"gateway\":\"g1\",\"heartbeat_s\":60,\"points\":{" POINT(
             "gas.fan", "GOOD", "true") "},\"sync\":true,\"t\":1795305600130,\"v\":1}",
         LINE("fan=1i,fan_q=\"GOOD\"")},
        /* Not declared any more. */
        {ROW(POINT("gas.gone", "GOOD", "12")), LINE("gone=12,gone_q=\"GOOD\"")},
        {ROW(POINT("gas.gone", "GOOD", "true")), LINE("gone=1i,gone_q=\"GOOD\"")},
        {ROW(BARE("gas.gone", "STALE")), LINE("gone_q=\"STALE\"")},
        /* Names that the database keeps for itself, and one of another device. */
        {ROW(POINT("gas._x", "GOOD", "1") "," POINT("gas.time", "GOOD", "2")),
         LINE("p_x=1,p_x_q=\"GOOD\",ptime=2,ptime_q=\"GOOD\"")},
        {ROW(POINT("other.p1", "GOOD", "1")), LINE("other.p1=1,other.p1_q=\"GOOD\"")},
    };
    struct gw_influx_line *l = make(NULL, 0);
    for (size_t i = 0; i < COUNT(rows); i++)
        expect(l, rows[i].row, rows[i].line);
    gw_influx_line_free(l);
}

static void tags_are_sorted_and_escaped(void **state)
{
    (void)state;
    static const struct gw_influx_tag tags[] = {
        {"车间", "铸造 东跨"}, {"a b", "x,y=z"},     {"zone", "C:\\plant"},
        {"empty", ""},         {"k=", "say \"hi\""},
    };
    struct gw_influx_line *l = make(tags, COUNT(tags));
    expect(l, ROW(BARE("gas.p1", "GOOD")),
           "nonsite,a\\ b=x\\,y\\=z,device=gas,gateway=g1,k\\==say\\ \"hi\",zone=C:\\plant,"
           "车间=铸造\\ 东跨 p1_q=\"GOOD\",clock_sync=1i 1795305600130\n");
    gw_influx_line_free(l);
}

static void tags_that_cannot_be_written_are_refused(void **state)
{
    (void)state;
    static const struct gw_influx_tag bad[] = {
        {"", "x"},     {"a", "x\\"},        {"a", "x\\ y"},   {"a", "x\\,y"},
        {"a\\", "x"},  {"a", "two\nlines"}, {"a", "\x01"},    {"a", "\x7f"},
        {"a", "\xff"}, {"device", "x"},     {"gateway", "x"}, {"a\\=", "x"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct gw_influx_line_conf conf = {.tags = &bad[i], .ntags = 1, .vtype = vtype_of};
        struct gw_influx_line *l = NULL;
        struct gw_err err = {0};
        assert_int_equal(gw_influx_line_new(&conf, &l, &err), GW_E_INVAL);
        assert_null(l);
        assert_non_null(strstr(err.msg, "tag"));
    }
    assert_true(gw_influx_tag_valid("C:\\plant"));
}

static void what_is_no_row_makes_no_line(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        enum gw_status status;
    } rows[] = {
        {ROW(""), GW_E_NOTFOUND},
        {"", GW_E_PARSE},
        {"{}", GW_E_PARSE},
        {ROW("\"gas.p1\":{}"), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GOOD", "NaN")), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GOOD", "inf")), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GOOD", "1e5")), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GOOD", "1.")), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GOOD", "")), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GOOD", "-")), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GOOD", "0x10")), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GOOD", "normal")), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GO\\\"OD", "1")), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GO\nOD", "1")), GW_E_PARSE},
        {ROW(POINT("gas.p1", "GOOD", "1")) " ", GW_E_PARSE},
        {ROW(POINT("gas.p1", "GOOD", "1") ","), GW_E_PARSE},
        {"{\"device\":\"\",\"gateway\":\"g1\",\"points\":{},\"sync\":true,\"t\":1,\"v\":1}",
         GW_E_PARSE},
        {"{\"device\":\"gas\",\"gateway\":\"g1\",\"points\":{},\"sync\":true,\"t\":,\"v\":1}",
         GW_E_PARSE},
        {"{\"device\":\"gas\",\"gateway\":\"g1\",\"points\":{},\"sync\":true,\"t\":1.5,\"v\":1}",
         GW_E_PARSE},
        {"{\"device\":\"gas\",\"gateway\":\"g1\",\"points\":{},\"sync\":true,\"t\":1,\"v\":2}",
         GW_E_PARSE},
    };
    struct gw_influx_line *l = make(NULL, 0);
    struct gw_buf out;
    char device[GW_ID_SIZE];
    gw_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(gw_influx_line_encode(l, rows[i].row, strlen(rows[i].row), device, &out),
                         rows[i].status);
    /* Nothing is ever cut. */
    const char *row = ROW(POINT("gas.p1", "GOOD", "1"));
    struct gw_buf tiny;
    gw_buf_init(&tiny, 40);
    assert_int_equal(gw_influx_line_encode(l, row, strlen(row), device, &tiny), GW_E_FULL);
    gw_buf_free(&tiny);
    gw_buf_free(&out);
    gw_influx_line_free(l);
}

/* Cut and changed rows: never a crash, and a line has exactly one newline, at its end. */
static void changed_rows_do_no_harm(void **state)
{
    (void)state;
    const char *given = getenv("GW_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 20261122;
    print_message("GW_TEST_SEED=%llu\n", (unsigned long long)seed);
    static const char row[] =
        ROW(POINT("gas.p1", "GOOD", "3.2") "," POINT("gas.p1_state", "GOOD", "NORMAL"));
    struct gw_influx_line *l = make(NULL, 0);
    struct gw_buf out;
    char device[GW_ID_SIZE];
    gw_buf_init(&out, 1 << 16);
    for (int i = 0; i < 20000; i++) {
        char text[sizeof row];
        size_t len = gw_rand_below(&seed, sizeof row);
        memcpy(text, row, sizeof row);
        for (uint64_t n = gw_rand_below(&seed, 3); n > 0; n--)
            text[gw_rand_below(&seed, sizeof row - 1)] = (char)gw_rand_below(&seed, 256);
        if (gw_rand_below(&seed, 2) == 0)
            len = sizeof row - 1;
        if (gw_influx_line_encode(l, text, len, device, &out) == GW_OK)
            assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
    }
    gw_buf_free(&out);
    gw_influx_line_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pass_is_one_line),
        cmocka_unit_test(states_keep_their_numbers),
        cmocka_unit_test(a_field_keeps_its_type),
        cmocka_unit_test(tags_are_sorted_and_escaped),
        cmocka_unit_test(tags_that_cannot_be_written_are_refused),
        cmocka_unit_test(what_is_no_row_makes_no_line),
        cmocka_unit_test(changed_rows_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
