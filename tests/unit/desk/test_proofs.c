/* SPDX-License-Identifier: Apache-2.0
 *
 * The sheet of proof tests: what was tested, in Chinese, what never was, and no text as markup.
 */
#include "base/file.h"
#include "desk/intake.h"
#include "desk/proofs.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN "0123456789abcdef"

struct fixture {
    struct gw_desk_store *store;
    struct gw_buf page;
    int n;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct gw_err err;
    assert_non_null(f);
    assert_int_equal(gw_desk_store_open(":memory:", &f->store, &err), GW_OK);
    gw_buf_init(&f->page, GW_DESK_SHEET_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    gw_buf_free(&f->page);
    gw_desk_store_close(f->store);
    free(f);
    return 0;
}

/* Keeps a record of class command as the intake would. */
static void keep(struct fixture *f, const char *wire)
{
    struct gw_err err;
    enum gw_desk_put how = GW_DESK_AGAIN;
    struct gw_desk_record r = {
        .gateway = "gw-test",
        .claim = {.chain = CHAIN, .seq = ++f->n, .cls = "command"},
        .case_id = "",
        .finding = "",
        .kind = "",
        .state = "",
        .county = "371311",
        .about = "",
        .received_ms = 1000 + f->n,
        .wire = wire,
        .wire_len = strlen(wire),
    };
    (void)snprintf(r.claim.hash, sizeof r.claim.hash, "%064d", f->n);
    (void)snprintf(r.claim.prev, sizeof r.claim.prev, "%064d", f->n - 1);
    assert_int_equal(gw_desk_store_begin(f->store, &err), GW_OK);
    assert_int_equal(gw_desk_store_put(f->store, &r, &how, &err), GW_OK);
    assert_int_equal(gw_desk_store_commit(f->store, &err), GW_OK);
    assert_int_equal(how, GW_DESK_NEW);
}

static char *sample(const char *name)
{
    char path[512];
    char *text = NULL;
    size_t len = 0;
    struct gw_err err;
    (void)snprintf(path, sizeof path, "%s/config/interface/samples/%s.json", GW_SOURCE_DIR, name);
    assert_int_equal(gw_file_read(path, (size_t)1 << 20, &text, &len, &err), GW_OK);
    return text;
}

static void keep_sample(struct fixture *f, const char *name)
{
    char *text = sample(name);
    keep(f, text);
    free(text);
}

static const char *page(struct fixture *f)
{
    struct gw_err err;
    gw_buf_free(&f->page);
    gw_buf_init(&f->page, GW_DESK_SHEET_MAX);
    assert_int_equal(gw_desk_proofs(f->store, "gw-test", &f->page, &err), GW_OK);
    return f->page.data;
}

static void has(struct fixture *f, const char *text)
{
    if (!strstr(page(f), text))
        fail_msg("'%s' is not in %s", text, f->page.data);
}

static void has_not(struct fixture *f, const char *text)
{
    if (strstr(page(f), text))
        fail_msg("'%s' is in %s", text, f->page.data);
}

static void without_a_proof_there_is_no_sheet(void **state)
{
    struct fixture *f = *state;
    struct gw_err err;
    assert_int_equal(gw_desk_proofs(f->store, "gw-test", &f->page, &err), GW_E_NOTFOUND);
    keep_sample(f, "command"); /* a permit */
    assert_int_equal(gw_desk_proofs(f->store, "gw-test", &f->page, &err), GW_E_NOTFOUND);
    assert_int_equal(f->page.len, 0);
}

static void what_was_seen_is_told(void **state)
{
    struct fixture *f = *state;
    keep_sample(f, "command-proof");
    has(f, "功能试验记录单");
    has(f, "测试铸造有限公司");
    has(f, "<td>paint-1</td><td>gas.p1_state<br>GAS_STATE</td>");
    has(f, "<td>信号变化<br>正常 → 高报</td>");
    has(f, "企业技术人员 uid 0");
    has(f, "标准气体");
    has(f, "网关时钟未同步");
    has(f, "1 条");
    has(f, "签名正确");
    /* An interlock, later: it stands first. */
    keep(f, "{\"record\":{\"after_ms\":1250,\"at\":\"2026-11-23T08:00:00.000+08:00\",\"command\":"
            "\"proof\",\"enterprise\":{\"county\":\"371311\",\"name\":\"甲\",\"uscc\":\"U\"},"
            "\"from_value\":\"false\",\"point\":\"di.fan\",\"role\":\"DI_FAN\",\"target\":\"p\","
            "\"time\":{\"recorded\":\"2026-11-23T08:00:01.000+08:00\",\"sync\":true},"
            "\"to_value\":\"true\",\"what\":\"acted\",\"who\":\"third_party/uid 7\"},\"sig\":"
            "\"aDydUMRh3OHfPhlbpvcJIyT0k1I8CAz7AYzAl7dNC2QOwnYxUTs1yqYg4Squ2KZwqxM-"
            "7gZvhGFArNPd_BiUAg\"}");
    has(f, "<td>联锁动作<br>否 → 是<br>触发条件出现后 1.2 s</td>");
    has(f, "第三方机构 uid 7");
    has(f, "2 条，最近一次试验 2026-11-23 08:00:00.000");
    assert_true(strstr(f->page.data, "di.fan") < strstr(f->page.data, "gas.p1_state"));
}

static void no_text_becomes_markup(void **state)
{
    struct fixture *f = *state;
    keep(f,
         "{\"record\":{\"command\":\"proof\",\"enterprise\":{\"county\":\"<i>\",\"name\":\"<b>\","
         "\"uscc\":\"&\"},\"from_value\":\"<u>\",\"point\":\"<script>\",\"reason\":"
         "\"\\\"><img src=x>\",\"role\":\"<a>\",\"target\":\"<p>\",\"to_value\":\"<s>\",\"what\":"
         "\"<q>\",\"who\":\"<em>/<tt>\"},\"sig\":"
         "\"aDydUMRh3OHfPhlbpvcJIyT0k1I8CAz7AYzAl7dNC2QOwnYxUTs1yqYg4Squ2KZwqxM-"
         "7gZvhGFArNPd_BiUAg\"}");
    has(f, "&lt;script&gt;");
    has(f, "&quot;&gt;&lt;img src=x&gt;");
    static const char *const marks[] = {"<i>", "<b>",  "<u>", "<script", "<img",
                                        "<a>", "<p>i", "<s>", "<em>",    "<tt>"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        has_not(f, marks[i]);
}

/* A note that looks like one makes no proof of another command. */
static void a_note_is_no_proof(void **state)
{
    struct fixture *f = *state;
    struct gw_err err;
    keep(f, "{\"record\":{\"command\":\"ack\",\"reason\":\"{\\\"command\\\":\\\"proof\\\"}\"},"
            "\"sig\":\"aDydUMRh3OHfPhlbpvcJIyT0k1I8CAz7AYzAl7dNC2QOwnYxUTs1yqYg4Squ2KZwqxM-"
            "7gZvhGFArNPd_BiUAg\"}");
    assert_int_equal(gw_desk_proofs(f->store, "gw-test", &f->page, &err), GW_E_NOTFOUND);
}

static void what_never_was_tested_is_told(void **state)
{
    struct fixture *f = *state;
    struct gw_err err;
    keep_sample(f, "command-proof");
    has(f, "尚未收到该网关的清单");
    char *inventory = sample("inventory");
    assert_int_equal(gw_desk_store_put_document(f->store, "gw-test", "inventory", inventory,
                                                strlen(inventory), &err),
                     GW_OK);
    has(f, "<tr><td>if-1 1号中频炉</td><td>pt.t1</td><td>T_OUT</td></tr>");
    has(f, "<td>gas.p2_state</td><td>GAS_STATE</td>");
    has_not(f, "<td>gas.p1_state</td><td>GAS_STATE</td>");
    free(inventory);
}

static void its_place_is_no_cases(void **state)
{
    char proofs[GW_DESK_LINK], sheet[GW_DESK_LINK];
    (void)state;
    gw_desk_proofs_link("371311", "gw", proofs);
    assert_string_equal(proofs, "371311/gw/proofs.html");
    gw_desk_sheet_link("371311", "gw", "proofs.html", sheet);
    assert_string_not_equal(proofs, sheet);
    gw_desk_proofs_link("../etc", "../..", proofs);
    assert_null(strstr(proofs, ".."));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(without_a_proof_there_is_no_sheet),
        T(what_was_seen_is_told),
        T(no_text_becomes_markup),
        T(a_note_is_no_proof),
        T(what_never_was_tested_is_told),
        T(its_place_is_no_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
