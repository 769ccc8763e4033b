/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "base/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUIET_ROUNDS 5
#define PATIENCE_MS  10000

static void read_scenario(struct rig *r, const char *text)
{
    memset(r, 0, sizeof *r);
    gw_fake_clock_init(&r->fake);
    r->clock = gw_fake_clock_clock(&r->fake);
    struct gw_issues *issues = gw_issues_new();
    assert_non_null(issues);
    enum gw_status status = gw_scenario_parse(text, strlen(text), "test", issues, &r->sc);
    if (status != GW_OK)
        gw_issues_print(issues, stderr);
    gw_issues_free(issues);
    assert_int_equal(status, GW_OK);
    assert_int_equal(gw_plant_new(r->sc, &r->plant), GW_OK);
}

void rig_plant(struct rig *r, const char *scenario)
{
    read_scenario(r, scenario);
}

void rig_serve(struct rig *r, const char *scenario, bool hold)
{
    struct gw_err err = {.msg = ""};
    read_scenario(r, scenario);
    assert_int_equal(gw_loop_new(&r->clock, &r->loop, &err), GW_OK);
    assert_int_equal(gw_counters_new(r->sc, &r->counters), GW_OK);
    enum gw_status status =
        gw_server_start(r->loop, r->sc, r->plant, r->counters, hold, &r->server, &err);
    assert_string_equal(err.msg, "");
    assert_int_equal(status, GW_OK);
}

void rig_close(struct rig *r)
{
    gw_server_free(r->server);
    gw_counters_free(r->counters);
    gw_loop_free(r->loop);
    gw_plant_free(r->plant);
    gw_scenario_free(r->sc);
}

void rig_do(struct rig *r, const char *entry)
{
    struct gw_issues *issues = gw_issues_new();
    assert_non_null(issues);
    struct gw_action a;
    enum gw_status status = gw_scenario_action(r->sc, entry, strlen(entry), issues, &a);
    if (status != GW_OK)
        gw_issues_print(issues, stderr);
    gw_issues_free(issues);
    assert_int_equal(status, GW_OK);
    if (r->server != NULL)
        gw_server_apply(r->server, &a);
    else
        gw_plant_apply(r->plant, &a);
    gw_action_clean(&a);
}

double rig_value(const struct rig *r, const char *name)
{
    char device[GW_PLANT_NAME];
    const char *dot = strchr(name, '.');
    assert_non_null(dot);
    snprintf(device, sizeof device, "%.*s", (int)(dot - name), name);
    int d = gw_scenario_device(r->sc, device);
    assert_true(d >= 0);
    int s = gw_scenario_signal(&r->sc->devices[d], dot + 1);
    if (s >= 0)
        return gw_plant_value(r->plant, (size_t)d, (size_t)s);
    int o = gw_scenario_output(&r->sc->devices[d], dot + 1);
    assert_true(o >= 0);
    return gw_plant_output(r->plant, (size_t)d, (size_t)o);
}

size_t rig_bytes(const char *hex, uint8_t *out, size_t size)
{
    size_t n = 0;
    int high = -1;
    for (const char *p = hex; *p != '\0'; p++) {
        static const char digits[] = "0123456789ABCDEF";
        const char *at = strchr(digits, *p);
        if (*p == ' ')
            continue;
        assert_non_null(at);
        int v = (int)(at - digits);
        if (high < 0) {
            high = v;
            continue;
        }
        assert_true(n < size);
        out[n++] = (uint8_t)(high << 4 | v);
        high = -1;
    }
    assert_int_equal(high, -1);
    return n;
}

/* With both sides as text, a failure shows them. */
static void assert_bytes(const uint8_t *got, size_t n, const char *hex)
{
    uint8_t want[1024];
    char got_text[2 * 1024 + 1] = "";
    char want_text[2 * 1024 + 1] = "";
    size_t want_n = rig_bytes(hex, want, sizeof want);
    assert_true(n <= 1024);
    for (size_t i = 0; i < n; i++)
        snprintf(got_text + 2 * i, 3, "%02X", got[i]);
    for (size_t i = 0; i < want_n; i++)
        snprintf(want_text + 2 * i, 3, "%02X", want[i]);
    assert_string_equal(got_text, want_text);
}

void rig_expect_pdu(struct rig *r, const char *device, const char *request, const char *reply)
{
    uint8_t pdu[300];
    uint8_t out[GW_PDU_MAX];
    size_t n = rig_bytes(request, pdu, sizeof pdu);
    int d = gw_scenario_device(r->sc, device);
    assert_true(d >= 0);
    n = gw_plant_answer(r->plant, (size_t)d, 1, pdu, n, out);
    assert_bytes(out, n, reply);
}

/* ---- sockets ---- */

static void rounds(struct rig *r, int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(gw_loop_round(r->loop, 0), GW_OK);
}

int rig_connect(struct rig *r)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(gw_server_port(r->server, 0)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    const int on = 1; /* what a test sends is there at once, also while nothing is answered */
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    rounds(r, QUIET_ROUNDS);
    return fd;
}

void rig_send(struct rig *r, int fd, const char *hex)
{
    uint8_t bytes[1024];
    size_t n = rig_bytes(hex, bytes, sizeof bytes);
    assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
    rounds(r, QUIET_ROUNDS);
}

/* Serves until fd is readable. */
static void wait_readable(struct rig *r, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (int waited = 0; waited < PATIENCE_MS; waited++) {
        rounds(r, 1);
        int n = poll(&p, 1, waited == 0 ? 0 : 1);
        assert_true(n >= 0 || errno == EINTR);
        if (n > 0)
            return;
    }
    fail_msg("nothing came");
}

void rig_expect(struct rig *r, int fd, const char *hex)
{
    uint8_t want[1024];
    uint8_t got[1024];
    size_t want_n = rig_bytes(hex, want, sizeof want);
    size_t n = 0;
    while (n < want_n) {
        wait_readable(r, fd);
        ssize_t more = recv(fd, got + n, sizeof got - n, 0);
        assert_true(more > 0);
        n += (size_t)more;
    }
    assert_bytes(got, n, hex);
}

void rig_expect_nothing(struct rig *r, int fd)
{
    uint8_t got[1024];
    rounds(r, QUIET_ROUNDS);
    ssize_t n = recv(fd, got, sizeof got, 0);
    if (n > 0)
        assert_bytes(got, (size_t)n, "");
    assert_int_equal(n, -1);
    assert_true(errno == EAGAIN || errno == EWOULDBLOCK);
}

void rig_expect_closed(struct rig *r, int fd)
{
    uint8_t got[1024];
    wait_readable(r, fd);
    ssize_t n = recv(fd, got, sizeof got, 0);
    if (n > 0)
        assert_bytes(got, (size_t)n, "");
    assert_true(n == 0 || errno == ECONNRESET);
    close(fd);
}

void rig_pass(struct rig *r, int64_t ms)
{
    gw_fake_clock_advance(&r->fake, ms);
    if (r->loop != NULL)
        rounds(r, QUIET_ROUNDS);
    else
        gw_plant_advance(r->plant, gw_plant_now_ms(r->plant) + ms);
}
