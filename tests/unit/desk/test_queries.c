/* SPDX-License-Identifier: Apache-2.0
 *
 * A desk keeps what comes for years: what it asks for with each record or page must not go through
 * all that it has. SQLite says of each query by which index it finds its rows.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "desk/store_sql.h"
#include "support/cmocka_all.h"

static void each_query_of_a_page_has_its_index(void **state)
{
    static const struct {
        enum gw_desk_sql sql;
        const char *by; /* what must be in the plan */
    } rows[] = {
        {SQL_HASH, "(gateway=? AND chain=? AND seq=?)"},
        {SQL_CASE, "by_case (gateway=? AND case_id=?)"},
        {SQL_LEADS, "by_county (county=?)"},
        {SQL_LEADS_ALL, "by_arrival"},
        {SQL_RECORD, "by_id (gateway=? AND id=?)"},
        {SQL_EVIDENCE, "by_about (gateway=? AND about=?)"},
        {SQL_WINDOW, "(gateway=? AND sha256=?)"},
        {SQL_EACH_ASKED, "by_subject (gateway=? AND subject=?)"},
        {SQL_DOUBT, "by_record (gateway=? AND about=?)"},
        {SQL_MISSING, "by_window (gateway=? AND sha256=?)"},
    };
    sqlite3 *db = NULL;
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, gw_desk_schema, NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[2048], plan[1024] = "";
        sqlite3_stmt *stmt = NULL;
        (void)snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", gw_desk_sql[rows[i].sql]);
        assert_int_equal(sqlite3_prepare_v2(db, text, -1, &stmt, NULL), SQLITE_OK);
        while (sqlite3_step(stmt) == SQLITE_ROW)
            (void)snprintf(plan + strlen(plan), sizeof plan - strlen(plan), "%s; ",
                           (const char *)sqlite3_column_text(stmt, 3));
        assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
        if (strstr(plan, rows[i].by) == NULL)
            fail_msg("%s: %s", gw_desk_sql[rows[i].sql], plan);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_query_of_a_page_has_its_index)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
