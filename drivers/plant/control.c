/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/control.h"

#include "conf/issues.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct gw_control {
    struct gw_loop *loop;
    struct gw_watch watch;
    FILE *answers;
    const struct gw_scenario *sc;
    struct gw_server *server;
    char line[GW_CONTROL_LINE];
    size_t len;
    bool too_long; /* the rest of this line is thrown away */
};

static void answer_issues(struct gw_control *c, const struct gw_issues *issues)
{
    fputs("error:", c->answers);
    for (size_t i = 0; gw_issues_text(issues, i) != NULL && i < gw_issues_count(issues); i++)
        fprintf(c->answers, "%s %s", i > 0 ? ";" : "", gw_issues_text(issues, i));
    fputc('\n', c->answers);
}

static void do_line(struct gw_control *c)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_action a;
    enum gw_status status = GW_E_NOMEM;
    if (issues != NULL)
        status = gw_scenario_action(c->sc, c->line, c->len, issues, &a);
    if (status == GW_OK) {
        gw_server_apply(c->server, &a);
        gw_action_clean(&a);
        fputs("ok\n", c->answers);
    } else if (status == GW_E_NOMEM) {
        fputs("error: out of memory\n", c->answers);
    } else {
        answer_issues(c, issues);
    }
    gw_issues_free(issues);
}

static void end_line(struct gw_control *c)
{
    if (c->len > 0 && c->line[c->len - 1] == '\r')
        c->len--;
    if (c->too_long)
        fprintf(c->answers, "error: a line has at most %d bytes\n", GW_CONTROL_LINE);
    else if (c->len > 0)
        do_line(c);
    fflush(c->answers);
    c->len = 0;
    c->too_long = false;
}

/* false at the end of the input. */
static bool read_some(struct gw_control *c)
{
    char got[1024];
    ssize_t n = read(c->watch.fd, got, sizeof got);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    for (ssize_t i = 0; i < n; i++)
        if (got[i] == '\n')
            end_line(c);
        else if (c->len < sizeof c->line)
            c->line[c->len++] = got[i];
        else
            c->too_long = true;
    return n > 0;
}

static void on_input(void *arg, unsigned events)
{
    (void)events; /* a hang-up comes with what is still to be read */
    struct gw_control *c = arg;
    if (read_some(c))
        return;
    end_line(c); /* a last line without an end */
    gw_loop_unwatch(c->loop, &c->watch);
}

enum gw_status gw_control_new(struct gw_loop *loop, int fd, FILE *answers,
                              const struct gw_scenario *sc, struct gw_server *server,
                              struct gw_control **out, struct gw_err *err)
{
    struct gw_control *c = calloc(1, sizeof *c);
    if (c == NULL)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    c->loop = loop;
    c->watch = (struct gw_watch){.fd = fd, .ready = on_input, .arg = c};
    c->answers = answers;
    c->sc = sc;
    c->server = server;
    enum gw_status status = gw_loop_watch(loop, &c->watch, GW_LOOP_IN);
    if (status == GW_E_NOMEM) {
        gw_control_free(c);
        return gw_err_set(err, status, "standard input: out of memory");
    }
    if (status != GW_OK) {
        while (read_some(c))
            ;
        end_line(c);
    }
    *out = c;
    return GW_OK;
}

void gw_control_free(struct gw_control *c)
{
    if (c == NULL)
        return;
    gw_loop_unwatch(c->loop, &c->watch);
    free(c);
}
