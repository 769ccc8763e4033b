/* SPDX-License-Identifier: Apache-2.0
 *
 * The probe's way over Modbus TCP: the driver's own client on a loop of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "conf/keys.h"
#include "modbus/probe_link.h"
#include "modbus/resolve.h"
#include "modbus/tcp.h"

#define PORT              502
#define CONNECT_TIMEOUT   3000
#define ENDPOINT_TEXT_MAX 120

struct gw_mb_probe_link {
    char host[GW_MB_HOST_SIZE];
    uint16_t port;
    struct gw_mb_addrs addrs;
    size_t at; /* the address that is tried */
    struct gw_clock clock;
    struct gw_loop *loop;
    struct gw_mb_tcp *tcp;

    /* The request in flight. */
    bool done;
    enum gw_status status;
    struct gw_mb_probe_reply *reply;
    char text[160];
};

static bool parse_port(const char *text, uint16_t *out)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    const unsigned long v = strtoul(text, &end, 10);
    if (*end != '\0' || v < 1 || v > 65535)
        return false;
    *out = (uint16_t)v;
    return true;
}

/* "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT". */
static bool parse_endpoint(const char *rest, struct gw_mb_probe_link *link)
{
    const char *host = rest;
    const char *end = NULL;
    const char *port = NULL;
    link->port = PORT;
    if (rest[0] == '[') {
        host = rest + 1;
        end = strchr(host, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return false;
        port = end[1] == ':' ? end + 2 : NULL;
    } else {
        end = strchr(rest, ':');
        port = end != NULL ? end + 1 : NULL;
        end = end != NULL ? end : rest + strlen(rest);
    }
    const size_t n = (size_t)(end - host);
    if (n == 0 || n >= sizeof link->host)
        return false;
    memcpy(link->host, host, n);
    link->host[n] = '\0';
    return port == NULL || parse_port(port, &link->port);
}

static void close_link(struct gw_mb_probe_link *link)
{
    if (link == NULL)
        return;
    gw_mb_tcp_free(link->tcp);
    gw_loop_free(link->loop);
    free(link);
}

static enum gw_status open_link(const char *rest, int64_t timeout_ms, struct gw_mb_probe_link **out,
                                struct gw_err *err)
{
    struct gw_mb_probe_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    link->clock = gw_clock_system();
    enum gw_status status = GW_OK;
    if (!parse_endpoint(rest, link)) {
        status = gw_err_set(err, GW_E_PARSE,
                            "\"tcp:%.*s\" is no endpoint; it is tcp:HOST[:PORT], the port 1..65535",
                            ENDPOINT_TEXT_MAX, rest);
        goto out;
    }
    if (!gw_mb_numeric(link->host, link->port, &link->addrs)) {
        struct gw_err why;
        status = gw_mb_lookup_system(NULL, link->host, link->port, &link->addrs, &why);
        if (status != GW_OK) {
            (void)gw_err_set(err, status, "%s: the name has no address: %s", link->host, why.msg);
            goto out;
        }
    }
    status = gw_loop_new(&link->clock, &link->loop, err);
    if (status != GW_OK)
        goto out;
    const struct gw_mb_tcp_conf conf = {
        .addr = link->addrs.at[0].sa,
        .addr_len = link->addrs.at[0].len,
        .connect_timeout_ms = CONNECT_TIMEOUT,
        .timeout_ms = timeout_ms,
    };
    status = gw_mb_tcp_new(link->loop, &conf, &link->tcp, err);
    if (status == GW_OK) {
        *out = link;
        return GW_OK;
    }
out:
    close_link(link);
    return status;
}

static void on_done(void *arg, enum gw_status status, const struct gw_mb_reply *reply,
                    const char *text)
{
    struct gw_mb_probe_link *link = arg;
    link->done = true;
    link->status = status;
    snprintf(link->text, sizeof link->text, "%s", text != NULL ? text : "");
    if (status != GW_OK)
        return;
    link->reply->exception = reply->exception;
    link->reply->len = reply->exception == 0 ? reply->data_len : 0;
    if (link->reply->len > 0)
        memcpy(link->reply->data, reply->data, link->reply->len);
}

static enum gw_status ask_once(struct gw_mb_probe_link *link, const struct gw_mb_request *req,
                               struct gw_err *err)
{
    link->done = false;
    enum gw_status status = gw_mb_tcp_request(link->tcp, req, on_done, link);
    while (status == GW_OK && !link->done)
        status = gw_loop_round(link->loop, -1); /* the client's own time-outs end this */
    if (status != GW_OK)
        return gw_err_set(err, status, "cannot ask: %s", gw_status_name(status));
    if (link->status != GW_OK)
        return gw_err_set(err, link->status, "%s", link->text);
    return GW_OK;
}

/* Until one address has answered a connect, the others of the name are tried, too. */
static enum gw_status ask(struct gw_mb_probe_link *link, const struct gw_mb_request *req,
                          struct gw_mb_probe_reply *out, bool *reached, struct gw_err *err)
{
    link->reply = out;
    for (;;) {
        const enum gw_status status = ask_once(link, req, err);
        *reached = gw_mb_tcp_reached(link->tcp);
        if (status == GW_OK || *reached || link->at + 1 >= link->addrs.n)
            return status;
        link->at++;
        gw_mb_tcp_address(link->tcp, &link->addrs.at[link->at].sa, link->addrs.at[link->at].len);
    }
}

static void print_bus(const struct gw_mb_probe_link *link, struct gw_buf *out)
{
    gw_buf_str(out, "\"driver\": \"modbus-tcp\", \"host\": ");
    gw_keys_print_str(link->host, out);
    if (link->port != PORT)
        gw_buf_printf(out, ", \"port\": %u", (unsigned)link->port);
}

const struct gw_mb_probe_transport gw_mb_probe_tcp = {
    .scheme = "tcp",
    .form = "tcp:HOST[:PORT]",
    .open = open_link,
    .close = close_link,
    .ask = ask,
    .print_bus = print_bus,
};
