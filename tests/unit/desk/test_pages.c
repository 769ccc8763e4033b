/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "desk/conf.h"
#include "desk/dirty.h"
#include "desk/markup.h"
#include "desk/plot.h"
#include "desk/sheet.h"
#include "desk/words.h"
#include "model/value.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text_cannot_become_markup(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 4096);
    gw_markup(&out, "<b title=\"%s\">%s%%</b>%r", "\"'<&>", "a\x01\xff汉\n", "<i/>");
    assert_false(out.failed);
    assert_string_equal(out.data,
                        "<b title=\"&quot;&#39;&lt;&amp;&gt;\">a\xef\xbf\xbd\xef\xbf\xbd汉\n"
                        "%</b><i/>");
    gw_buf_free(&out);
}

static void links_are_plain_and_different(void **state)
{
    char a[GW_DESK_LINK], b[GW_DESK_LINK];
    (void)state;
    gw_desk_sheet_link("371311", "gw", "a:X.b#1", a);
    gw_desk_sheet_link("371311", "gw", "a:X_b#1", b);
    assert_string_not_equal(a, b);
    gw_desk_sheet_link("../etc", "../..", "/x/../y", a);
    assert_null(strstr(a, ".."));
    assert_int_equal(
        strspn(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/."), strlen(a));
}

static void a_page_is_marked_once(void **state)
{
    struct gw_desk_dirty *d = calloc(1, sizeof *d);
    struct gw_desk_page page = {.gateway = "gw", .county = "371311"};
    (void)state;
    assert_non_null(d);
    for (int i = 0; i < GW_DESK_DIRTY; i++) {
        (void)snprintf(page.case_id, sizeof page.case_id, "case %d", i);
        assert_true(gw_desk_dirty_add(d, &page, true));
        if (i + 1 < GW_DESK_DIRTY)
            assert_true(gw_desk_dirty_add(d, &page, true));
    }
    assert_int_equal(d->ncases, GW_DESK_DIRTY);
    assert_int_equal(d->ncounties, 1);
    assert_false(gw_desk_dirty_add(d, &page, true));
    /* Some are written: the others wait, and there is room. */
    gw_desk_dirty_drop(d, 3);
    assert_int_equal(d->ncases, GW_DESK_DIRTY - 3);
    assert_int_equal(d->ncounties, 1); /* its feed waits for all of them */
    assert_string_equal(d->cases[0].case_id, "case 3");
    assert_true(gw_desk_dirty_add(d, &page, true)); /* waits already */
    assert_int_equal(d->ncases, GW_DESK_DIRTY - 3);
    gw_desk_dirty_drop(d, d->ncases);
    assert_int_equal(d->ncases, 0);
    assert_int_equal(d->ncounties, 0);
    free(d);
}

/* Bad quality interrupts the line and shows as a band; a limit is drawn for its own point alone. */
static void a_plot_invents_no_value(void **state)
{
    static const char window[] =
        "{\"points\":[{\"id\":\"t\",\"role\":\"T\",\"unit\":\"degC\",\"vtype\":\"num\",\"samples\":"
        "["
        "{\"quality\":\"GOOD\",\"value\":\"10\",\"wall_ms\":1000},"
        "{\"quality\":\"GOOD\",\"value\":\"11\",\"wall_ms\":2000},"
        "{\"quality\":\"BAD_COMM\",\"wall_ms\":3000},"
        "{\"quality\":\"BAD_COMM\",\"wall_ms\":60000},"
        "{\"quality\":\"GOOD\",\"value\":\"12\",\"wall_ms\":61000}]},"
        "{\"id\":\"s\",\"role\":\"S\",\"unit\":\"\",\"vtype\":\"state\",\"samples\":[]}]}";
    struct gw_json *doc = NULL;
    struct gw_buf out;
    struct gw_issues *issues = gw_issues_new();
    (void)state;
    assert_int_equal(gw_json_parse(window, strlen(window), "w", issues, &doc), GW_OK);
    const struct gw_desk_plot plot = {
        .window = gw_json_root(doc), .moment_ms = 2000, .limit_point = "t", .limit = 55};
    gw_buf_init(&out, 65536);
    gw_desk_plot(&plot, &out);
    assert_false(out.failed);
    size_t lines = 0;
    for (const char *p = out.data; (p = strstr(p, "<polyline")) != NULL; p++)
        lines++;
    assert_int_equal(lines, 2);
    assert_non_null(strstr(out.data, "class=\"bad\""));
    assert_non_null(strstr(out.data, ">无应答<"));
    assert_non_null(strstr(out.data, "限值 55"));
    assert_non_null(strstr(out.data, "<figcaption>T · t · °C</figcaption>"));
    assert_non_null(strstr(out.data, "没有样本"));
    assert_null(strstr(out.data, "nan"));
    gw_buf_free(&out);
    gw_json_free(doc);
    gw_issues_free(issues);
}

static void words_are_chinese(void **state)
{
    char out[GW_DESK_MOMENT];
    (void)state;
    for (int q = 0; q < GW_Q_COUNT; q++) {
        const char *name = gw_quality_name((enum gw_quality)q);
        assert_string_not_equal(gw_desk_quality_zh(name), name);
    }
    for (int v = 0; v < GW_S_COUNT; v++) {
        const char *name = gw_state_name((enum gw_state)v);
        assert_string_not_equal(gw_desk_value_zh(name), name);
    }
    assert_string_equal(gw_desk_value_zh("true"), "是");
    assert_string_equal(gw_desk_value_zh(""), "—");
    assert_string_equal(gw_desk_value_zh("58.21"), "58.21");
    assert_string_equal(gw_desk_quality_zh("ELSE"), "ELSE");

    static const char *const rows[][2] = {
        {"2026-11-22T20:36:15.076+08:00", "2026-11-22 20:36:15.076"},
        {"2026-11-22T20:36:15+08:00", "2026-11-22 20:36:15"},
        {"2026-11-22T12:36:15.076Z", "2026-11-22T12:36:15.076Z"},
        {"2026-11-22T20:36:15.076+09:00", "2026-11-22T20:36:15.076+09:00"},
        {"2026-11-22", "2026-11-22"},
        {"+08:00", "+08:00"},
        {"T+08:00", " "},
        {"", "—"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(gw_desk_moment(rows[i][0], out), rows[i][1]);
    /* Whatever a gateway may send: no more than there is room for. */
    char longest[200];
    memset(longest, '7', sizeof longest);
    memcpy(longest + sizeof longest - 8, "T+08:00", 8);
    assert_true(strlen(gw_desk_moment(longest, out)) < sizeof out);
}

/* Every key of the desk's file is explained where the documentation says it is, word for word. */
static void every_key_is_documented(void **state)
{
    const struct gw_key *const tables[] = {gw_desk_keys, gw_desk_broker_keys, gw_desk_gateway_keys};
    char *text = NULL;
    size_t len = 0;
    struct gw_err err;
    (void)state;
    assert_int_equal(
        gw_file_read(GW_SOURCE_DIR "/config/interface/desk.md", (size_t)1 << 20, &text, &len, &err),
        GW_OK);
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct gw_key *k = tables[t]; k->type != GW_KEY_END; k++) {
            char row[512];
            (void)snprintf(row, sizeof row, "| `%s` | %s", k->name, k->doc);
            if (!strstr(text, row))
                fail_msg("not in desk.md: %s", row);
            if (k->def && k->def[0] != '\0') {
                (void)snprintf(row, sizeof row, "| `%s` | %s (%s) |", k->name, k->doc, k->def);
                if (!strstr(text, row))
                    fail_msg("not in desk.md: %s", row);
            }
        }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_cannot_become_markup),
        cmocka_unit_test(links_are_plain_and_different),
        cmocka_unit_test(a_page_is_marked_once),
        cmocka_unit_test(every_key_is_documented),
        cmocka_unit_test(a_plot_invents_no_value),
        cmocka_unit_test(words_are_chinese),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
