/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/grid.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

static void widths_are_those_of_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(gw_grid_width(""), 0);
    assert_int_equal(gw_grid_width("gas.p1"), 6);
    assert_int_equal(gw_grid_width("调漆间"), 6);
    assert_int_equal(gw_grid_width("1号中频炉"), 9);
    assert_int_equal(gw_grid_width("（有毒）"), 8);         /* full-width brackets */
    assert_int_equal(gw_grid_width("ｱ"), 1);                /* half-width katakana */
    assert_int_equal(gw_grid_width("Ω°µ—…"), 5);            /* one column each */
    assert_int_equal(gw_grid_width("e\xCC\x81"), 1);        /* e with a combining accent */
    assert_int_equal(gw_grid_width("\xF0\xA0\x80\x80"), 2); /* U+20000 */
    assert_int_equal(gw_grid_width("\xFF\xFE"), 2);         /* no characters: one each */
}

/* What the grid prints; freed by the caller. */
static char *print(const char *const *heads, const char *const *cells)
{
    char *text = NULL;
    size_t len = 0;
    struct gw_grid *g = gw_grid_new(heads);
    assert_non_null(g);
    for (; *cells; cells++)
        gw_grid_cell(g, *cells);
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    assert_int_equal(gw_grid_print(g, f), GW_OK);
    assert_int_equal(fclose(f), 0);
    gw_grid_free(g);
    return text;
}

static void columns_stand_below_each_other(void **state)
{
    (void)state;
    char *text = print(
        (const char *const[]){"ASSET", ">VALUE", "TITLE", NULL},
        (const char *const[]){"if-1", "36.75", "冷却水", "调漆间", "-1", "短", "x", "", "", NULL});
    assert_string_equal(text, "ASSET   VALUE  TITLE\n"
                              "if-1    36.75  冷却水\n"
                              "调漆间     -1  短\n"
                              "x              \n");
    free(text);
}

/* A device's text must not give orders to the terminal. */
static void control_characters_become_spaces(void **state)
{
    (void)state;
    char *text = print((const char *const[]){"A", "B", NULL},
                       (const char *const[]){"\x1B[31mred\n", "\xC2\x9Bx\x7F\xFF", NULL});
    assert_string_equal(text, "A          B\n [31mred     x ?\n");
    free(text);
}

static void only_heads_are_a_table(void **state)
{
    (void)state;
    char *text = print((const char *const[]){"POINT", "LINK", NULL}, (const char *const[]){NULL});
    assert_string_equal(text, "POINT  LINK\n");
    free(text);
    gw_grid_free(NULL);
}

static void many_cells(void **state)
{
    (void)state;
    struct gw_grid *g = gw_grid_new((const char *const[]){"A", "B", NULL});
    for (int i = 0; i < 20000; i++)
        gw_grid_cell(g, "cell");
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert_int_equal(gw_grid_print(g, f), GW_OK);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(len, 8 + 10000 * 11);
    gw_grid_free(g);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_are_those_of_a_terminal),
        cmocka_unit_test(columns_stand_below_each_other),
        cmocka_unit_test(control_characters_become_spaces),
        cmocka_unit_test(only_heads_are_a_table),
        cmocka_unit_test(many_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
