/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mailbox.h"
#include "base/worker.h"

#define WAIT_MS   3600000
#define LOOKUP_MS 3600000 /* resolv.conf decides; with its largest numbers it comes near to that */

struct question {
    bool quit;
    uint32_t id;
    uint16_t port;
    char host[GW_MB_HOST_SIZE];
};

struct gw_mb_resolver {
    struct gw_mb_lookup lookup;
    struct gw_mailbox *questions;
    struct gw_mailbox *answers;
    struct gw_worker *worker;
    struct gw_pulse *pulse; /* the worker's turns */
    size_t capacity;
    size_t open; /* questions without an answer; owner's thread */
};

bool gw_mb_numeric(const char *host, uint16_t port, struct gw_mb_addrs *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct gw_mb_addrs found = {.n = 1};
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(&found.at[0].sa, &v4, sizeof v4);
        found.at[0].len = sizeof v4;
    } else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        memcpy(&found.at[0].sa, &v6, sizeof v6);
        found.at[0].len = sizeof v6;
    } else {
        return false;
    }
    *out = found;
    return true;
}

enum gw_status gw_mb_lookup_system(void *ctx, const char *host, uint16_t port,
                                   struct gw_mb_addrs *out, struct gw_err *err)
{
    (void)ctx;
    char service[8];
    snprintf(service, sizeof service, "%u", (unsigned)port);
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    const int rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0)
        return gw_err_set(err, GW_E_NOTFOUND, "%s", gai_strerror(rc));
    struct gw_mb_addrs found = {0};
    for (const struct addrinfo *a = list; a != NULL && found.n < GW_MB_ADDRS_MAX; a = a->ai_next) {
        if (a->ai_addrlen > sizeof found.at[0].sa)
            continue;
        memcpy(&found.at[found.n].sa, a->ai_addr, a->ai_addrlen);
        found.at[found.n].len = a->ai_addrlen;
        found.n++;
    }
    freeaddrinfo(list);
    if (found.n == 0)
        return gw_err_set(err, GW_E_NOTFOUND, "the name has no usable address");
    *out = found;
    return GW_OK;
}

static void body(void *arg)
{
    struct gw_mb_resolver *r = arg;
    for (;;) {
        struct question q;
        gw_pulse_turn(r->pulse, 0);
        if (!gw_mailbox_wait(r->questions, &q, r->pulse != NULL ? GW_PULSE_MS : WAIT_MS))
            continue;
        if (q.quit)
            return;
        struct gw_mb_answer a = {.id = q.id};
        struct gw_err err = {0};
        gw_pulse_turn(r->pulse, LOOKUP_MS);
        a.status = r->lookup.lookup(r->lookup.ctx, q.host, q.port, &a.addrs, &err);
        snprintf(a.text, sizeof a.text, "%.*s", (int)sizeof a.text - 1, err.msg);
        /* There is room for every open question; closed means that the owner is gone. */
        if (gw_mailbox_put(r->answers, &a) == GW_E_CLOSED)
            return;
    }
}

static void release(struct gw_mb_resolver *r)
{
    gw_pulse_end(r->pulse);
    gw_mailbox_free(r->questions);
    gw_mailbox_free(r->answers);
    free(r);
}

enum gw_status gw_mb_resolver_new(const struct gw_mb_lookup *lookup, size_t capacity,
                                  struct gw_pulses *pulses, struct gw_mb_resolver **out,
                                  struct gw_err *err)
{
    struct gw_mb_resolver *r = calloc(1, sizeof *r);
    if (r == NULL)
        return gw_err_set(err, GW_E_NOMEM, "modbus resolver: out of memory");
    r->lookup = *lookup;
    r->capacity = capacity;
    /* One place more for the question that ends the thread. */
    enum gw_status status =
        gw_mailbox_new(sizeof(struct question), capacity + 1, &r->questions, err);
    if (status == GW_OK)
        status = gw_mailbox_new(sizeof(struct gw_mb_answer), capacity, &r->answers, err);
    r->pulse = gw_pulse_begin(pulses, "modbus-names");
    if (status == GW_OK)
        status = gw_worker_start("modbus-names", body, r, &r->worker, err);
    if (status != GW_OK) {
        release(r);
        return status;
    }
    *out = r;
    return GW_OK;
}

void gw_mb_resolver_free(struct gw_mb_resolver *r, int64_t timeout_ms)
{
    if (r == NULL)
        return;
    gw_mailbox_close(r->answers);
    const struct question quit = {.quit = true};
    (void)!gw_mailbox_put(r->questions, &quit); /* a place is kept for it */
    if (gw_worker_join(r->worker, timeout_ms))
        release(r);
    else
        gw_pulse_leave(r->pulse);
}

enum gw_status gw_mb_resolver_ask(struct gw_mb_resolver *r, uint32_t id, const char *host,
                                  uint16_t port)
{
    struct question q = {.id = id, .port = port};
    if (strlen(host) >= sizeof q.host)
        return GW_E_RANGE;
    if (r->open == r->capacity)
        return GW_E_FULL;
    memcpy(q.host, host, strlen(host) + 1);
    const enum gw_status status = gw_mailbox_put(r->questions, &q);
    if (status == GW_OK)
        r->open++;
    return status;
}

bool gw_mb_resolver_get(struct gw_mb_resolver *r, struct gw_mb_answer *out)
{
    if (!gw_mailbox_get(r->answers, out))
        return false;
    r->open--;
    return true;
}

int gw_mb_resolver_fd(const struct gw_mb_resolver *r)
{
    return gw_mailbox_fd(r->answers);
}
