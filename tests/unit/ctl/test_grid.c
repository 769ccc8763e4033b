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
static char *print_in(size_t width, const char *const *heads, const char *const *cells)
{
    char *text = NULL;
    size_t len = 0;
    struct gw_grid *g = gw_grid_new(heads);
    assert_non_null(g);
    for (; *cells; cells++)
        gw_grid_cell(g, *cells);
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    assert_int_equal(gw_grid_print(g, width, f), GW_OK);
    assert_int_equal(fclose(f), 0);
    gw_grid_free(g);
    return text;
}

static char *print(const char *const *heads, const char *const *cells)
{
    return print_in(0, heads, cells);
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

/* Columns that can be spared go first, the last one before the others. */
static void a_narrow_terminal_spares_columns(void **state)
{
    (void)state;
    const char *const heads[] = {"ID", "?KIND", ">?N", "TEXT", NULL};
    const char *const cells[] = {"if-1", "ABS", "12", "冷却水", NULL};
    char *text = print_in(22, heads, cells);
    assert_string_equal(text, "ID    KIND   N  TEXT\n"
                              "if-1  ABS   12  冷却水\n");
    free(text);
    text = print_in(21, heads, cells);
    assert_string_equal(text, "ID    KIND  TEXT\n"
                              "if-1  ABS   冷却水\n");
    free(text);
    text = print_in(17, heads, cells);
    assert_string_equal(text, "ID    TEXT\n"
                              "if-1  冷却水\n");
    free(text);
}

/* A text that is too long goes on below, cut at spaces or between Chinese characters. */
static void long_texts_go_on_below(void **state)
{
    (void)state;
    const char *const heads[] = {"ID", "TEXT", ">N", NULL};
    char *text = print_in(22, heads,
                          (const char *const[]){"if-1", "no answer within 1000 ms", "7", "if-2",
                                                "冷却水出水温度超高报警", "", NULL});
    assert_string_equal(text, "ID    TEXT           N\n"
                              "if-1  no answer      7\n"
                              "      within 1000     \n"
                              "      ms              \n"
                              "if-2  冷却水出水温    \n"
                              "      度超高报警      \n");
    free(text);
    /* Nothing is lost where a word has no place to be cut, nor where the width is too small. */
    text = print_in(4, (const char *const[]){"A", NULL},
                    (const char *const[]){"0123456789abcdef", NULL});
    assert_string_equal(text, "A\n01234567\n89abcdef\n");
    free(text);
}

static void a_line_ends_where_it_may(void **state)
{
    (void)state;
    assert_int_equal(gw_grid_part("", 8), 0);
    assert_int_equal(gw_grid_part("abc", 8), 3);
    assert_int_equal(gw_grid_part("abc def", 3), 4);
    assert_int_equal(gw_grid_part("abc def", 5), 4);
    assert_int_equal(gw_grid_part("冷却水", 5), 6);
    assert_int_equal(gw_grid_part("冷", 1), 3); /* at least one character */
    assert_int_equal(gw_grid_part("\xFF\xFF", 1), 1);
}

/* Whatever the cells are, a table with room for its columns is never wider than it may be. */
static void no_line_is_wider(void **state)
{
    (void)state;
    static const char *const words[] = {"",
                                        "x",
                                        "36.75",
                                        "调漆间可燃气体报警装置",
                                        "a b",
                                        "gas.p1",
                                        "no whole answer within 1000 ms"};
    unsigned seed = 7;
    for (int round = 0; round < 200; round++) {
        const char *cells[41] = {NULL};
        for (size_t i = 0; i < 40; i++) {
            seed = seed * 1103515245u + 12345u;
            cells[i] = words[seed / 65536u % (sizeof words / sizeof words[0])];
        }
        const size_t width = 40 + (size_t)round % 60;
        char *text = print_in(width, (const char *const[]){"A", "?B", ">C", "D", NULL}, cells);
        for (char *at = text, *eol; (eol = strchr(at, '\n')) != NULL; at = eol + 1) {
            *eol = '\0';
            assert_true(gw_grid_width(at) <= width);
        }
        free(text);
    }
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
    assert_int_equal(gw_grid_print(g, 0, f), GW_OK);
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
        cmocka_unit_test(a_narrow_terminal_spares_columns),
        cmocka_unit_test(long_texts_go_on_below),
        cmocka_unit_test(a_line_ends_where_it_may),
        cmocka_unit_test(no_line_is_wider),
        cmocka_unit_test(many_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
