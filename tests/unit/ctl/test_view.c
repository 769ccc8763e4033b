/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/view.h"

#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

/* What the view makes of the document; freed by the caller. */
static char *show(gw_view *view, const char *json)
{
    char *text = NULL;
    size_t len = 0;
    struct gw_json *doc = NULL;
    struct gw_issues *issues = gw_issues_new();
    assert_non_null(issues);
    assert_int_equal(gw_json_parse(json, strlen(json), "test", issues, &doc), GW_OK);
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    const struct gw_look look = {.out = f};
    assert_int_equal(view(gw_json_root(doc), &look), GW_OK);
    assert_int_equal(fclose(f), 0);
    gw_json_free(doc);
    gw_issues_free(issues);
    return text;
}

static void spans(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {-5, "0.0 s"},    {0, "0.0 s"},        {250, "0.2 s"},     {9999, "9.9 s"},
        {10000, "10 s"},  {119999, "119 s"},   {120000, "2 min"},  {7199999, "119 min"},
        {7200000, "2 h"}, {172799999, "47 h"}, {172800000, "2 d"}, {INT64_MAX, "106751991167 d"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[GW_VIEW_SPAN];
        gw_view_span(rows[i].ms, out);
        assert_string_equal(out, rows[i].text);
    }
}

static void a_bad_value_is_not_shown(void **state)
{
    (void)state;
    char *text = show(
        gw_view_points,
        "{\"points\":["
        "{\"age_ms\":300,\"id\":\"gas.p1\",\"link\":\"ok\",\"quality\":\"GOOD\",\"raw\":[125,65535]"
        ","
        "\"unit\":\"%LEL\",\"value\":\"12.5\"},"
        "{\"age_ms\":300,\"id\":\"gas.p2\",\"link\":\"ok\",\"quality\":\"BAD_FAULT\",\"raw\":[0],"
        "\"unit\":\"%LEL\",\"value\":\"0.0\"},"
        "{\"id\":\"gas.p3\",\"link\":\"unknown\",\"quality\":\"NOT_YET\",\"raw\":[],\"unit\":\"\"},"
        "{\"age_ms\":300,\"id\":\"gas.p4\",\"link\":\"ok\",\"quality\":\"INHIBIT\",\"raw\":[7],"
        "\"unit\":\"%LEL\",\"value\":\"0.7\"}]}");
    assert_string_equal(text, "POINT   VALUE  UNIT  QUALITY      AGE  RAW (HEX)  LINK\n"
                              "gas.p1   12.5  %LEL  GOOD       0.3 s  007D FFFF  ok\n"
                              "gas.p2      -  %LEL  BAD_FAULT  0.3 s  0000       ok\n"
                              "gas.p3      -        NOT_YET        -             unknown\n"
                              "gas.p4    0.7  %LEL  INHIBIT    0.3 s  0007       ok\n");
    free(text);
}

/* A unit stands as people write it, and its column is as wide as it looks. */
static void a_unit_is_text(void **state)
{
    (void)state;
    char *text = show(gw_view_points,
                      "{\"points\":["
                      "{\"id\":\"pt.t1\",\"link\":\"ok\",\"quality\":\"GOOD\",\"raw\":[1],"
                      "\"unit\":\"degC\",\"value\":\"58.21\"},"
                      "{\"id\":\"flow_in.flow\",\"link\":\"ok\",\"quality\":\"GOOD\",\"raw\":[2],"
                      "\"unit\":\"m3/h\",\"value\":\"36.75\"}]}");
    assert_string_equal(text, "POINT         VALUE  UNIT  QUALITY  AGE  RAW (HEX)  LINK\n"
                              "pt.t1         58.21  °C    GOOD       -  0001       ok\n"
                              "flow_in.flow  36.75  m³/h  GOOD       -  0002       ok\n");
    free(text);
}

static void requests_are_summed_up(void **state)
{
    (void)state;
    char *text = show(gw_view_buses,
                      "{\"buses\":[{\"comm\":{\"exceptions\":{\"11\":2,\"2\":5},"
                      "\"frame_errors\":3,\"lost\":1,\"opens\":2,\"time_sum_ms\":480,"
                      "\"timeouts\":7,\"times\":[0,8,4]},\"devices\":3,\"driver\":\"modbus-rtu\","
                      "\"id\":\"panel\",\"link\":\"ok\",\"since_ms\":5000},{\"devices\":1,"
                      "\"driver\":\"gpio\",\"id\":\"box\",\"link\":\"unknown\"}]}");
    assert_string_equal(
        text,
        "BUS    DRIVER      LINK       FOR  MS  TIMEOUTS  BAD FRAMES  EXCEPTIONS  LOST  OPENED  "
        "DEVICES  ANSWERS\n"
        "panel  modbus-rtu  ok       5.0 s  40         7           3           7     1       2  "
        "      3       12\n"
        "box    gpio        unknown      -   -         -           -           -     0       0  "
        "      1        0\n");
    free(text);
    text = show(gw_view_devices,
                "{\"devices\":[{\"bus\":\"panel\",\"comm\":{\"exceptions\":{},\"frame_errors\":0,"
                "\"hold_ms\":4200,\"time_sum_ms\":0,\"timeouts\":7,\"times\":[0,0,0]},"
                "\"fault\":\"no whole answer\",\"id\":\"gas\",\"link\":\"down\",\"polls\":{"
                "\"failed\":7,\"read\":0,\"scheduled\":20,\"skipped\":13},\"since_ms\":5000}]}");
    assert_string_equal(
        text, "DEVICE  BUS    LINK    FOR  READ  FAILED  SKIPPED  MS  TIMEOUTS  BAD FRAMES  "
              "EXCEPTIONS  BACK-OFF  IDENTITY  FAULT\n"
              "gas     panel  down  5.0 s     0       7       13   -         7           0  "
              "         0     4.2 s            no whole answer\n");
    free(text);
}

static void cases_are_listed_with_their_title(void **state)
{
    (void)state;
    char *text = show(
        gw_view_cases,
        "{\"cases\":[{\"asset\":\"if-1\",\"case\":\"if-1:CW-ABS-02#1\",\"declared\":false,"
        "\"finding\":\"CW-ABS-02\",\"kind\":\"ABS\",\"since\":\"2026-11-22T14:28:57.000+08:00\","
        "\"state\":\"open\",\"subject\":\"\",\"title\":{\"en\":\"e\",\"zh\":\"水流\"}}],"
        "\"deciding\":true}");
    assert_non_null(strstr(text, "2026-11-22 14:28:57  open (not in the site file)  ABS   if-1   "
                                 "CW-ABS-02           水流   if-1:CW-ABS-02#1\n"));
    free(text);
    text = show(gw_view_cases, "{\"cases\":[],\"deciding\":true}");
    assert_string_equal(text, "No case stands.\n");
    free(text);
    text = show(gw_view_alarms, "{\"alarms\":[],\"deciding\":false}");
    assert_string_equal(text, "Nothing is decided until the journal is open.\n");
    free(text);
}

static void status_names_the_troubles(void **state)
{
    (void)state;
    char *text =
        show(gw_view_status,
             "{\"clock_sync\":true,\"devices\":{\"down\":1,\"ok\":3},\"engine\":{\"state\":"
             "\"waiting\"},\"gateway\":\"g1\",\"healthy\":false,\"journal\":{\"state\":"
             "\"failed\"},\"troubles\":[{\"part\":\"journal\",\"text\":\"failed: disk is "
             "full\"}],\"uptime_ms\":3000}");
    assert_non_null(strstr(text, "DEGRADED\n"));
    assert_non_null(strstr(text, "journal: failed: disk is full\n"));
    assert_non_null(strstr(text, "3 ok, 0 suspect, 1 down, 0 unknown\n"));
    assert_non_null(strstr(text, "nothing is decided until the journal is open\n"));
    free(text);
}

/* A daemon of another version, or something else entirely. */
static void foreign_documents_do_no_harm(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "{}",
        "[]",
        "7",
        "null",
        "{\"points\":7,\"cases\":{},\"alarms\":null,\"devices\":\"x\",\"troubles\":3,\"journal\":[]"
        "}",
        "{\"points\":[1,\"x\",null,[],{}],\"cases\":[{}],\"alarms\":[{\"title\":7}],\"devices\":[{}"
        "]}",
        "{\"points\":[{\"raw\":[-1,70000,1.5,\"x\",1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}]}",
        "{\"buses\":[{\"comm\":7},{\"comm\":{\"times\":[1,\"x\",{}],\"exceptions\":[1]}},"
        "{\"comm\":{\"times\":{},\"exceptions\":{\"2\":\"x\"}}},3]}",
        "{\"uptime_ms\":1e300,\"since\":\"x\",\"devices\":[{\"since_ms\":-1e300}]}",
    };
    static gw_view *const views[] = {gw_view_status, gw_view_buses, gw_view_devices,
                                     gw_view_points, gw_view_cases, gw_view_alarms};
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
        for (size_t k = 0; k < sizeof views / sizeof views[0]; k++)
            free(show(views[k], documents[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans),
        cmocka_unit_test(a_bad_value_is_not_shown),
        cmocka_unit_test(a_unit_is_text),
        cmocka_unit_test(requests_are_summed_up),
        cmocka_unit_test(cases_are_listed_with_their_title),
        cmocka_unit_test(status_names_the_troubles),
        cmocka_unit_test(foreign_documents_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
