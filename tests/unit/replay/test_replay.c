/* SPDX-License-Identifier: Apache-2.0
 *
 * nonsited --replay as a whole, and its reader of recordings: every form, every way to be wrong.
 */
#define _GNU_SOURCE /* open_memstream, mkdtemp */
#include "replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "modbus/driver.h"
#include "support/cmocka_all.h"

#define T0 INT64_C(1795305600000) /* 2026-11-22T08:00:00+08:00 */

static const struct gw_conf_driver *const drivers[] = {&gw_modbus_tcp_conf, NULL};

static const char site[] =
    "{\"gateway\": {\"id\": \"g1\", \"catalogue\": \"" GW_SOURCE_DIR "/config/findings.json\","
    "  \"profiles\": \"" GW_SOURCE_DIR "/config/devices\"},"
    " \"enterprise\": {\"uscc\": \"91371311MAXX00015G\", \"name\": \"n\", \"county\": \"371311\","
    "  \"sector\": \"machinery\"},"
    " \"buses\": {\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"192.0.2.1\"}},"
    " \"devices\": {"
    "  \"gas\": {\"bus\": \"b\", \"unit\": 1, \"profile\": \"ax100\", \"channels\": 1},"
    "  \"pt\": {\"bus\": \"b\", \"unit\": 2, \"profile\": \"dampt100\", \"channels\": 2}},"
    " \"derived\": {\"rise\": {\"kind\": \"difference\", \"of\": [\"pt.t1\", \"pt.t2\"]}},"
    " \"assets\": {"
    "  \"if-1\": {\"type\": \"if_furnace\", \"name\": \"f\", \"facts\": {\"loop\": \"closed\"},"
    "   \"roles\": {\"T_OUT\": \"pt.t1\"}},"
    "  \"paint\": {\"type\": \"paint_mix\", \"name\": \"p\", \"facts\": {\"paint\": \"solvent\"},"
    "   \"roles\": {\"GAS\": \"gas.p1\", \"GAS_STATE\": \"gas.p1_state\"}}},"
    " \"publish\": {\"mqtt\": {\"host\": \"127.0.0.1\", \"tls\": false, \"receipts\": false}}}";

struct bench {
    char dir[96], site[128], data[128], more[128];
    char *out, *err; /* of the last run */
    size_t out_len, err_len;
};

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    const char *tmp = getenv("TMPDIR");
    assert_non_null(b);
    (void)snprintf(b->dir, sizeof b->dir, "%s/gw-replay-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(b->dir));
    (void)snprintf(b->site, sizeof b->site, "%s/site.json", b->dir);
    (void)snprintf(b->data, sizeof b->data, "%s/data", b->dir);
    (void)snprintf(b->more, sizeof b->more, "%s/more", b->dir);
    put(b->site, site);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    (void)unlink(b->site);
    (void)unlink(b->data);
    (void)unlink(b->more);
    (void)rmdir(b->dir);
    free(b->out);
    free(b->err);
    free(b);
    return 0;
}

#define ARGS 12

/* Runs with these arguments, NULL-terminated; returns the exit status. */
static int run(struct bench *b, const char *const *args)
{
    char *argv[ARGS + 2];
    char texts[ARGS + 1][160];
    int n = 0;
    (void)snprintf(texts[n], sizeof texts[n], "--replay");
    argv[n] = texts[n];
    for (n++; args[n - 1] != NULL; n++) {
        assert_true(n <= ARGS);
        (void)snprintf(texts[n], sizeof texts[n], "%s", args[n - 1]);
        argv[n] = texts[n];
    }
    argv[n] = NULL;
    free(b->out);
    free(b->err);
    b->out = b->err = NULL;
    FILE *out = open_memstream(&b->out, &b->out_len);
    FILE *err = open_memstream(&b->err, &b->err_len);
    assert_true(out != NULL && err != NULL);
    const int code = gw_replay(n, argv, drivers, out, err);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(err), 0);
    return code;
}

static int run_data(struct bench *b, const char *text)
{
    put(b->data, text);
    return run(b, (const char *const[]){b->site, "--data", b->data, "--json", NULL});
}

static void said(const struct bench *b, const char *text)
{
    if (strstr(b->err, text) == NULL)
        fail_msg("\"%s\" is not in:\n%s", text, b->err);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        n++;
    return n;
}

/* ---- forms: the same twenty-one seconds of a furnace that becomes hot, in each of them ---- */

enum form { LINES, NANOSECONDS, ROWS, TOPICS, LONG, WIDE, FLUX, FORMS };

static const char *const headings[FORMS] = {
    [LONG] = "point,time,quality,value,comment\n",
    [WIDE] = "name,time,clock_sync,county,device,gateway,t1,t1_q,p1,p1_q\n",
    [FLUX] = "#datatype,string,long,dateTime:RFC3339,string,string,string,string\n"
             "#group,false,false,false,false,true,true,true\n#default,_result,,,,,,\n"
             ",result,table,_time,_value,_field,_measurement,device\n",
};

static void second(FILE *f, enum form form, int s, double t1)
{
    const long long t = T0 + s * 1000;
    switch (form) {
    case LINES:
    case NANOSECONDS:
        fprintf(f,
                "nonsite,county=371311,device=pt,gateway=g1 t1=%.2f,t1_q=\"GOOD\",clock_sync=1i "
                "%lld%s\n",
                t1, t, form == NANOSECONDS ? "000000" : "");
        break;
    case ROWS:
    case TOPICS:
        fprintf(f,
                "%s{\"device\":\"pt\",\"gateway\":\"g1\",\"points\":{\"pt.t1\":{\"q\":\"GOOD\","
                "\"t\":%lld,\"v\":\"%.2f\"}},\"sync\":true,\"t\":%lld,\"v\":1}\n",
                form == TOPICS ? "nonsite/v1/g1/telemetry " : "", t, t1, t);
        break;
    case LONG:
        fprintf(f,
                "pt.t1,2026-11-22T%02d:00:%02d.000+08:00,GOOD,%.2f,\"a \"\"word\"\", or two\"\r\n",
                8, s, t1);
        break;
    case WIDE:
        fprintf(f, "nonsite,%lld,1,371311,pt,g1,%.2f,GOOD,,\n", t * 1000000, t1);
        break;
    case FLUX:
        fprintf(f, ",_result,0,2026-11-22T00:00:%02dZ,%.2f,t1,nonsite,pt\n", s, t1);
        break;
    case FORMS:
        break;
    }
}

/* The qualities of an export stand behind all the values. */
static void qualities(FILE *f)
{
    fprintf(f, "\n,result,table,_time,_value,_field,_measurement,device\n");
    for (int s = 0; s <= 40; s++)
        fprintf(f, ",_result,1,2026-11-22T00:00:%02dZ,GOOD,t1_q,nonsite,pt\n", s);
}

static void every_form_tells_the_same(void **state)
{
    struct bench *b = *state;
    for (enum form form = LINES; form < FORMS; form++) {
        FILE *f = fopen(b->data, "w");
        assert_non_null(f);
        if (headings[form] != NULL)
            fputs(headings[form], f);
        for (int s = 0; s <= 40; s++)
            second(f, form, s, s < 5 ? 40.0 : 52.5);
        if (form == FLUX)
            qualities(f);
        assert_int_equal(fclose(f), 0);
        const int code = run(b, (const char *const[]){b->site, "--data", b->data, "--json", NULL});
        if (code != 0)
            fail_msg("form %d: %d\n%s", (int)form, code, b->err);
        /* 52.5 is over 50 from 08:00:05 on; the delay is 10 s. */
        assert_int_equal(count(b->out, "\n"), 1);
        assert_non_null(strstr(b->out, "\"finding\":\"CW-EV-TOUT-H\""));
        assert_non_null(strstr(b->out, "\"recorded\":\"2026-11-22T08:00:15.000+08:00\""));
        assert_non_null(strstr(b->out, "\"observed\":\"2026-11-22T08:00:05.000+08:00\""));
        said(b, "41 samples from 2026-11-22T08:00:00.000+08:00 to 2026-11-22T08:00:40.000+08:00");
        said(b, "1 alarms and 0 leads stand at the end");
    }
}

/* ---- what is wrong ---- */

static const struct {
    const char *line, *why;
} bad_lines[] = {
    {"nonsite,device=pt t1=1.0,t1_q=\"GOOD\"", "the line has no time"},
    {"nonsite,device=pt t1=1.0,t1_q=\"GOOD\" 17953056", "not 10, 13, 16 or 19 digits"},
    {"nonsite,device=pt t1=1.0,t1_q=\"GOOD\" soon", "neither a number nor 2026"},
    {"nonsite,device=pt t1=1i,t1_q=\"GOOD\" 1795305600000", "but the field is an integer"},
    {"nonsite,device=gas p1_state=1.0,p1_state_q=\"GOOD\" 1795305600000",
     "the field is no integer"},
    {"nonsite,device=gas p1_state=99i,p1_state_q=\"GOOD\" 1795305600000", "\"99\" is not a state"},
    {"nonsite,device=pt t1=nan,t1_q=\"GOOD\" 1795305600000", "\"nan\" is not a number"},
    {"nonsite,device=pt t1=1e999,t1_q=\"GOOD\" 1795305600000", "is not a number"},
    {"nonsite,device=pt t1=0x10,t1_q=\"GOOD\" 1795305600000", "is not a number"},
    {"nonsite,device=pt t1=1.0,t1=2.0 1795305600000", "pt.t1 is given twice"},
    {"nonsite,device=pt t1=1.0,t1_q=\"FINE\" 1795305600000", "\"FINE\" is not a quality"},
    {"nonsite,device=pt t1=1.0,t1_q=1.0 1795305600000", "a quality is a text"},
    {"nonsite,device=pt t1=\"GOOD\" 1795305600000", "a value is no text"},
    {"nonsite,device=pt t1=1.0,t1_q=\"GOOD 1795305600000", "no closing quote"},
    {"nonsite,device=pt t1 1795305600000", "a field has no value"},
    {"nonsite,device=pt", "the line has no fields"},
    {"nonsite,device t1=1.0 1795305600000", "a tag has no value"},
    {"nonsite,gateway=g1 t1=1.0 1795305600000", "the tag \"device\" is missing"},
    {"rubbish", "not a line of line protocol"},
};

static void every_bad_line_is_named(void **state)
{
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof bad_lines / sizeof bad_lines[0]; i++) {
        char text[512];
        char where[160];
        (void)snprintf(text, sizeof text,
                       "nonsite,device=pt t1=40.0,t1_q=\"GOOD\" 1795305600000\n%s\n"
                       "nonsite,device=pt t1=40.0,t1_q=\"GOOD\" 1795305601000\n",
                       bad_lines[i].line);
        assert_int_equal(run_data(b, text), 65);
        (void)snprintf(where, sizeof where, "%s:2: ", b->data);
        said(b, where);
        said(b, bad_lines[i].why);
        said(b, "2 samples");
        said(b, "1 bad lines were left out");
        assert_string_equal(b->out, "");
    }
}

static const struct {
    const char *text, *why;
} bad_tables[] = {
    {"time,point,quality\n1795305600000,pt.t1,GOOD\n", ":1: the heading has no column \"value\""},
    {"time,value,quality\n1795305600000,1,GOOD\n", ":1: the heading has no column \"point\""},
    {"time,point,value,quality\n1795305600000,pt.t1,1\n", ":2: 3 columns, but the heading has 4"},
    {"time,point,value,quality\n1795305600000,pt.t1,,\n", ":2: pt.t1 has neither a value nor"},
    {"time,point,value,quality\n2026-11-22 08:00:00,pt.t1,1,GOOD\n", ":2: time"},
    {"time,point,value,quality\n2026-02-30T08:00:00Z,pt.t1,1,GOOD\n", ":2: time"},
    {"time,point,value,quality\n1795305600000,pt.t1,\"1,GOOD\n", ":2: a quoted cell does not end"},
    {"time,point,value,quality\n1795305600000,gas.p1_state,FINE,GOOD\n",
     ":2: gas.p1_state: \"FINE\""},
    {"{\"device\":\"pt\"}\n", ":1: not a telemetry row"},
    {"{\"device\":\"pt\",\"gateway\":\"g1\",\"heartbeat_s\":60,\"points\":{},\"sync\":true,"
     "\"t\":1795305600000,\"v\":1}\n",
     ":1: this row was sent by exception"},
    {"{\"device\":\"pt\",\"gateway\":\"g1\",\"points\":{},\"sync\":true,\"t\":1795305600000,\"v\":"
     "2}\n",
     ":1: not a telemetry row"},
};

static void bad_tables_and_rows_are_named(void **state)
{
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof bad_tables / sizeof bad_tables[0]; i++) {
        assert_int_equal(run_data(b, bad_tables[i].text), 65);
        said(b, bad_tables[i].why);
    }
}

static void no_quality_is_not_good(void **state)
{
    struct bench *b = *state;
    put(b->data, "time,point,value\n1795305600000,pt.t1,58\n1795305601000,pt.t1,58\n");
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->data, NULL}), 65);
    said(b, "2 values without a quality were left out");
    assert_int_equal(
        run(b, (const char *const[]){b->site, "--data", b->data, "--assume-good", NULL}), 0);
    said(b, "2 samples");
}

/* A bad quality is carried through, with and without a value. */
static void a_bad_quality_stays_bad(void **state)
{
    struct bench *b = *state;
    FILE *f = fopen(b->data, "w");
    assert_non_null(f);
    for (int s = 0; s <= 400; s++)
        fprintf(f, "nonsite,device=pt t1=60.0,t1_q=\"BAD_FAULT\",t2=30.0,t2_q=\"GOOD\" %lld\n",
                (long long)(T0 + s * 1000));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->data, "--json", NULL}), 0);
    assert_int_equal(count(b->out, "CW-EV-TOUT"), 0);
    assert_int_equal(count(b->out, "\"finding\":\"CW-FLT-01\""), 1);
    assert_non_null(strstr(b->out, "\"recorded\":\"2026-11-22T08:05:00.000+08:00\""));
}

static void what_is_not_of_this_site_is_passed_over(void **state)
{
    struct bench *b = *state;
    assert_int_equal(run_data(b,
                              "nonsite,device=pt,gateway=g1 t1=40.0,t1_q=\"GOOD\" 1795305600000\n"
                              "nonsite,device=pt,gateway=g2 t1=40.0,t1_q=\"GOOD\" 1795305600000\n"
                              "cpu,host=a load=1.0 1795305600000\n"
                              "nonsite,device=lost,gateway=g1 t1=40.0 1795305600000\n"
                              "nonsite,device=pt,gateway=g1 t9=40.0 1795305600000\n"
                              "nonsite,device=derived,gateway=g1 rise=9.0,rise_q=\"GOOD\" "
                              "1795305600000\n"),
                     0);
    said(b, "1 samples");
    said(b, "2 lines of another gateway or measurement");
    said(b, "not in the site file: lost\n");
    said(b, "not in the site file: pt.t9\n");
}

/* ---- order ---- */

static void rows_out_of_order_find_their_place(void **state)
{
    struct bench *b = *state;
    FILE *f = fopen(b->data, "w");
    assert_non_null(f);
    /* Blocks of ten seconds, each backwards. */
    for (int block = 0; block < 5; block++)
        for (int s = 9; s >= 0; s--)
            second(f, LINES, block * 10 + s, block < 2 ? 40.0 : 52.5);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->data, "--json", NULL}), 0);
    assert_non_null(strstr(b->out, "\"recorded\":\"2026-11-22T08:00:30.000+08:00\""));
    /* With less of a window they are late, and are told. */
    assert_int_equal(
        run(b, (const char *const[]){b->site, "--data", b->data, "--json", "--window", "3", NULL}),
        65);
    said(b, "its time is more than 3 s behind what was read before it");
}

static void files_are_merged(void **state)
{
    struct bench *b = *state;
    FILE *f = fopen(b->data, "w");
    FILE *more = fopen(b->more, "w");
    assert_true(f != NULL && more != NULL);
    fputs(headings[LONG], more);
    for (int s = 0; s <= 40; s++)
        second(s % 2 == 0 ? f : more, s % 2 == 0 ? LINES : LONG, s, s < 5 ? 40.0 : 52.5);
    assert_int_equal(fclose(f) + fclose(more), 0);
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->data, "--data", b->more,
                                                  "--json", "--window", "0", NULL}),
                     0);
    assert_int_equal(count(b->out, "\n"), 1);
    said(b, "41 samples");
}

/* Hours without a row: the gateway was off, and that time counts for nothing. */
static void a_time_without_rows_counts_for_nothing(void **state)
{
    struct bench *b = *state;
    FILE *f = fopen(b->data, "w");
    assert_non_null(f);
    for (int s = 0; s < 400; s++)
        fprintf(f, "nonsite,device=pt t1_q=\"BAD_FAULT\",t2=30.0,t2_q=\"GOOD\" %lld\n",
                (long long)(T0 + (s < 200 ? s : s + 7200) * 1000));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->data, "--json", NULL}), 0);
    said(b, "1 times without data, 2.0 h together");
    /* 199 s before, 101 s of the 300 s after it. */
    assert_int_equal(count(b->out, "\"state\":\"raised\""), 1);
    assert_non_null(strstr(b->out, "\"recorded\":\"2026-11-22T10:05:01.000+08:00\""));
}

/* ---- settings and comparing ---- */

static void chatter(const struct bench *b)
{
    /* Half a minute over 55, a minute a little under it, three times. */
    FILE *f = fopen(b->data, "w");
    assert_non_null(f);
    for (int s = 0; s < 400; s++)
        fprintf(f, "nonsite,device=pt t1=%.2f,t1_q=\"GOOD\" %lld\n",
                s < 270 && s % 90 < 30 ? 55.5 : 53.5, (long long)(T0 + s * 1000));
    assert_int_equal(fclose(f), 0);
}

static void another_deadband_makes_one_alarm_of_three(void **state)
{
    struct bench *b = *state;
    chatter(b);
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->data, "--compare-override",
                                                  "if-1:CW-EV-TOUT-HH:deadband=2", NULL}),
                     0);
    said(b, "only in A 2, only in B 0, in both at other times 1, the same 1\n");
    assert_int_equal(count(b->out, "CW-EV-TOUT-HH"), 3);
    assert_non_null(strstr(b->out, "2026-11-22T08:00:10.000 .. 08:01:00.000"));
    assert_non_null(strstr(b->out, "2026-11-22T08:00:10.000 .. stands"));
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->data, "--compare", b->site,
                                                  "--json", NULL}),
                     0);
    assert_string_equal(b->out, "");
    said(b, "only in A 0, only in B 0, in both at other times 0, the same 4\n");
    assert_int_equal(
        run(b, (const char *const[]){b->site, "--data", b->data, "--compare",
                                     GW_SOURCE_DIR "/config/findings.json", "--compare-override",
                                     "if-1:CW-EV-TOUT-HH:deadband=2", "--json", NULL}),
        0);
    assert_int_equal(count(b->out, "\"in\":\"A\""), 2);
    assert_int_equal(count(b->out, "\"in\":\"both\""), 1);
}

static void overrides_are_held_to_their_bounds(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"if-1:CW-EV-TOUT-HH:deadband=9", "deadband"},
        {"if-1:CW-EV-TOUT-HH:deadband=x", "--override"},
        {"if-1:CW-EV-TOUT-HH:deadband", "is not ASSET:CODE:PARAMETER=VALUE"},
        {"if-9:CW-EV-TOUT-HH:deadband=1", "there is no such asset"},
        {"if-1:CW-EV-NO:deadband=1", "CW-EV-NO"},
    };
    chatter(b);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->data, "--override",
                                                      rows[i].text, NULL}),
                         78);
        said(b, rows[i].why);
    }
    /* A record says that no file holds this configuration. */
    assert_int_equal(
        run(b, (const char *const[]){b->site, "--data", b->data, "--json", "--override",
                                     "if-1:CW-EV-TOUT-HH:deadband=2", NULL}),
        0);
    assert_non_null(strstr(b->out, "\"config_sha256\":\"0000000000000000"));
    assert_non_null(strstr(b->out, "\"overridden\":true"));
}

static void the_exit_status_tells(void **state)
{
    struct bench *b = *state;
    chatter(b);
    put(b->more, "{\"points\": []}");
    assert_int_equal(run(b, (const char *const[]){"--help", NULL}), 0);
    assert_int_equal(run(b, (const char *const[]){b->site, NULL}), 64);
    assert_int_equal(run(b, (const char *const[]){"--data", b->data, NULL}), 64);
    assert_int_equal(
        run(b, (const char *const[]){b->site, "--data", b->data, "--window", "x", NULL}), 64);
    assert_int_equal(
        run(b, (const char *const[]){b->site, "--data", "-", "--compare", b->site, NULL}), 64);
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", "/nowhere/data", NULL}), 65);
    said(b, "/nowhere/data: No such file");
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->dir, NULL}), 65);
    assert_int_equal(run(b, (const char *const[]){"/nowhere/site", "--data", b->data, NULL}), 78);
    assert_int_equal(
        run(b, (const char *const[]){b->site, "--data", b->data, "--findings", b->more, NULL}), 78);
    assert_int_equal(
        run(b, (const char *const[]){b->site, "--data", b->data, "--compare", b->more, NULL}), 78);
    said(b, "neither a site file nor a catalogue");
    assert_int_equal(run_data(b, ""), 65);
    said(b, "the data has no samples of this site");
}

static void a_table_for_people(void **state)
{
    struct bench *b = *state;
    chatter(b);
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->data, "--zh", NULL}), 0);
    assert_non_null(strstr(b->out, "冷却水出水温度"));
    assert_int_equal(run(b, (const char *const[]){b->site, "--data", b->data, NULL}), 0);
    assert_non_null(strstr(b->out, "2026-11-22T08:00:10.000+08:00"));
    assert_non_null(strstr(b->out, "if-1 pt.t1"));
    assert_non_null(strstr(b->out, "pt.t1 55.50 °C >= 55.00 °C"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_form_tells_the_same),
        T(every_bad_line_is_named),
        T(bad_tables_and_rows_are_named),
        T(no_quality_is_not_good),
        T(a_bad_quality_stays_bad),
        T(what_is_not_of_this_site_is_passed_over),
        T(rows_out_of_order_find_their_place),
        T(files_are_merged),
        T(a_time_without_rows_counts_for_nothing),
        T(another_deadband_makes_one_alarm_of_three),
        T(overrides_are_held_to_their_bounds),
        T(the_exit_status_tells),
        T(a_table_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
