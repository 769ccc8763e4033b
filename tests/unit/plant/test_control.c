/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "plant/control.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char plant[] = "{\"endpoints\": {\"e\": {\"units\": {\"1\": \"m\"}}},"
                            " \"devices\": {\"m\": {\"kind\": \"map\", \"regs\": {\"0\": [1]}}}}";

struct desk {
    struct rig r;
    int in; /* our end of its input */
    int in_other;
    char *said;
    size_t said_len;
    FILE *answers;
    struct gw_control *c;
};

static void open_desk(struct desk *d)
{
    int ends[2];
    struct gw_err err;
    memset(d, 0, sizeof *d);
    rig_serve(&d->r, plant, false);
    assert_int_equal(pipe(ends), 0);
    d->in = ends[1];
    d->in_other = ends[0];
    d->answers = open_memstream(&d->said, &d->said_len);
    assert_non_null(d->answers);
    assert_int_equal(
        gw_control_new(d->r.loop, ends[0], d->answers, d->r.sc, d->r.server, &d->c, &err), GW_OK);
}

static void close_desk(struct desk *d)
{
    gw_control_free(d->c);
    rig_close(&d->r);
    if (d->in >= 0)
        close(d->in);
    close(d->in_other);
    fclose(d->answers);
    free(d->said);
}

static void type(struct desk *d, const char *text)
{
    assert_int_equal(write(d->in, text, strlen(text)), (ssize_t)strlen(text));
    rig_pass(&d->r, 0);
}

static void test_lines_are_done_and_answered_in_order(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    type(&d, "{\"device\": \"m\", \"set\": {\"r0\": 5}}\n");
    assert_string_equal(d.said, "ok\n");
    assert_true(rig_value(&d.r, "m.r0") == 5);

    type(&d, "{\"device\": \"m\", \"set\": {\"r0\": 6}}\r\n\n{\"device\": \"m\", \"set\":");
    assert_string_equal(d.said, "ok\nok\n");
    assert_true(rig_value(&d.r, "m.r0") == 6);
    type(&d, " {\"r0\": 7}}\n");
    assert_string_equal(d.said, "ok\nok\nok\n");
    assert_true(rig_value(&d.r, "m.r0") == 7);
    close_desk(&d);
}

static void test_bad_lines_say_all_and_change_nothing(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    type(&d,
         "{\"device\": \"m\", \"set\": {\"r0\": 5, \"r9\": 1}, \"fault\": \"fire\"}\nnonsense\n");
    const char *second = strchr(d.said, '\n');
    assert_non_null(second);
    assert_int_equal(strncmp(d.said, "error: stdin:1: ", 16), 0);
    assert_non_null(strstr(d.said, "there is no fault 'fire'; "));
    assert_non_null(strstr(d.said, "has no signal 'r9'"));
    assert_int_equal(strncmp(second + 1, "error: ", 7), 0);
    assert_string_equal(strchr(second + 1, '\n'), "\n");
    assert_true(rig_value(&d.r, "m.r0") == 1);
    close_desk(&d);
}

static void test_line_that_is_too_long(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    static char longest[GW_CONTROL_LINE + 1];
    memset(longest, ' ', GW_CONTROL_LINE);
    static const char entry[] = "{\"device\": \"m\", \"set\": {\"r0\": 5}}";
    memcpy(longest, entry, sizeof entry - 1);
    type(&d, longest);
    type(&d, "\n");
    for (int i = 0; i < 20; i++)
        rig_pass(&d.r, 0);
    assert_string_equal(d.said, "ok\n");
    type(&d, longest);
    type(&d, " \n{\"device\": \"m\", \"clear\": true}\n");
    for (int i = 0; i < 20; i++)
        rig_pass(&d.r, 0);
    assert_string_equal(d.said, "ok\nerror: a line has at most 8192 bytes\nok\n");
    close_desk(&d);
}

static void test_end_of_input_ends_nothing(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d);
    type(&d, "{\"device\": \"m\", \"set\": {\"r0\": 9}}"); /* no newline */
    close(d.in);
    d.in = -1;
    rig_pass(&d.r, 0);
    assert_string_equal(d.said, "ok\n");
    assert_true(rig_value(&d.r, "m.r0") == 9);
    rig_pass(&d.r, 1000);
    int fd = rig_connect(&d.r);
    rig_send(&d.r, fd, "0001 0000 0006 01 03 0000 0001");
    rig_expect(&d.r, fd, "0001 0000 0005 01 03 02 0009");
    close(fd);
    close_desk(&d);
}

static void test_input_that_cannot_be_watched(void **state)
{
    (void)state;
    struct rig r;
    struct gw_err err;
    rig_serve(&r, plant, false);
    FILE *in = tmpfile();
    FILE *answers = tmpfile();
    assert_true(in != NULL && answers != NULL);
    fputs("{\"device\": \"m\", \"set\": {\"r0\": 3}}\n{\"device\": \"m\", \"set\": {\"r0\": 4}}",
          in);
    rewind(in);
    struct gw_control *c = NULL;
    assert_int_equal(gw_control_new(r.loop, fileno(in), answers, r.sc, r.server, &c, &err), GW_OK);
    assert_true(rig_value(&r, "m.r0") == 4);
    gw_control_free(c);

    int null = open("/dev/null", O_RDONLY);
    assert_true(null >= 0);
    assert_int_equal(gw_control_new(r.loop, null, answers, r.sc, r.server, &c, &err), GW_OK);
    gw_control_free(c);
    close(null);
    fclose(in);
    fclose(answers);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_done_and_answered_in_order),
        cmocka_unit_test(test_bad_lines_say_all_and_change_nothing),
        cmocka_unit_test(test_line_that_is_too_long),
        cmocka_unit_test(test_end_of_input_ends_nothing),
        cmocka_unit_test(test_input_that_cannot_be_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
