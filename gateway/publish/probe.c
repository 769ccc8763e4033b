/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/probe.h"

#include "base/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* One question to the resolver. The asker and the thread share it; the last one frees it. */
struct query {
    pthread_mutex_t mutex; /* guards owners and, until done_fd is raised, the answer */
    int owners;
    int done_fd;
    char *host;
    char port[6];
    int error; /* of getaddrinfo */
    struct addrinfo *answer;
};

struct gw_probe {
    const char *host;
    uint16_t port;
    bool keep;
    struct query *query;      /* asked and not answered yet, or NULL */
    struct gw_worker *worker; /* the thread of query */
    struct gw_probe_found last;
};

static void query_release(struct query *q)
{
    pthread_mutex_lock(&q->mutex);
    int left = --q->owners;
    pthread_mutex_unlock(&q->mutex);
    if (left > 0)
        return;
    if (q->answer != NULL)
        freeaddrinfo(q->answer);
    if (q->done_fd >= 0)
        close(q->done_fd);
    pthread_mutex_destroy(&q->mutex);
    free(q->host);
    free(q);
}

static int lookup(const char *host, const char *port, int flags, struct addrinfo **out)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    return getaddrinfo(host, port, &hints, out);
}

static void resolve(void *arg)
{
    struct query *q = arg;
    struct addrinfo *answer = NULL;
    int error = lookup(q->host, q->port, 0, &answer);
    uint64_t one = 1;

    pthread_mutex_lock(&q->mutex);
    q->error = error;
    q->answer = error == 0 ? answer : NULL;
    ssize_t n = write(q->done_fd, &one, sizeof one); /* a fresh eventfd takes a 1 */
    (void)n;
    pthread_mutex_unlock(&q->mutex);
    query_release(q);
}

enum gw_status gw_probe_new(const char *host, uint16_t port, bool keep, struct gw_probe **out)
{
    struct gw_probe *p = calloc(1, sizeof *p);
    if (p == NULL)
        return GW_E_NOMEM;
    p->host = host;
    p->port = port;
    p->keep = keep;
    *out = p;
    return GW_OK;
}

/* Forgets the present query. The thread of an answered one has nothing left to do but end. */
static void drop_query(struct gw_probe *p, int64_t timeout_ms)
{
    if (p->query == NULL)
        return;
    bool ended = gw_worker_join(p->worker, timeout_ms);
    (void)ended; /* if not, it is on its own and frees the query */
    query_release(p->query);
    p->query = NULL;
    p->worker = NULL;
}

void gw_probe_free(struct gw_probe *p)
{
    if (p == NULL)
        return;
    drop_query(p, 0);
    free(p);
}

static enum gw_status ask(struct gw_probe *p, const char *port, struct gw_err *err)
{
    struct query *q = calloc(1, sizeof *q);
    if (q == NULL || pthread_mutex_init(&q->mutex, NULL) != 0) {
        free(q);
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    }
    q->owners = 1;
    snprintf(q->port, sizeof q->port, "%s", port);
    q->host = strdup(p->host);
    q->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum gw_status status = GW_OK;
    if (q->host == NULL || q->done_fd < 0)
        status = gw_err_set(err, GW_E_NOMEM, "no memory or descriptor to resolve the name");
    if (status == GW_OK) {
        q->owners = 2;
        status = gw_worker_start("resolve", resolve, q, &p->worker, err);
    }
    if (status != GW_OK) {
        q->owners = 1;
        query_release(q);
        return status;
    }
    p->query = q;
    return GW_OK;
}

/* Waits for fd. GW_OK: ready for events; GW_E_TIMEOUT; GW_E_CLOSED: stop_fd came first. */
static enum gw_status wait_for(int fd, short events, int stop_fd, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = stop_fd, .events = POLLIN}, {.fd = fd, .events = events}};
    int n;

    do {
        n = poll(fds, 2, timeout_ms);
    } while (n < 0 && errno == EINTR);
    if (fds[0].revents != 0)
        return GW_E_CLOSED;
    return n > 0 ? GW_OK : GW_E_TIMEOUT;
}

/* The addresses of the host; the caller frees them. */
static enum gw_status addresses(struct gw_probe *p, int stop_fd, struct addrinfo **out,
                                struct gw_err *err)
{
    char port[6];
    snprintf(port, sizeof port, "%u", (unsigned)p->port);
    if (lookup(p->host, port, AI_NUMERICHOST, out) == 0)
        return GW_OK;

    /* One thread at a time: while the name server is dead, each query takes its time to fail. */
    enum gw_status status = p->query == NULL ? ask(p, port, err) : GW_OK;
    if (p->query == NULL)
        return status;
    status = wait_for(p->query->done_fd, POLLIN, stop_fd, GW_PROBE_RESOLVE_MS);
    if (status == GW_E_CLOSED)
        return gw_err_set(err, status, "stopped");
    if (status != GW_OK) {
        status = gw_err_set(err, GW_E_TIMEOUT, "the name server does not answer");
    } else {
        pthread_mutex_lock(&p->query->mutex);
        int error = p->query->error;
        *out = p->query->answer;
        p->query->answer = NULL;
        pthread_mutex_unlock(&p->query->mutex);
        drop_query(p, GW_PROBE_CONNECT_MS);
        if (error == 0)
            return GW_OK;
        *out = NULL;
        status = gw_err_set(err, error == EAI_AGAIN ? GW_E_TIMEOUT : GW_E_NOTFOUND,
                            "the name cannot be resolved: %s", gai_strerror(error));
    }
    if (p->keep && p->last.address[0] != '\0' &&
        lookup(p->last.address, port, AI_NUMERICHOST, out) == 0)
        return GW_OK;
    return status;
}

/* One bounded TCP connection, closed at once. */
static enum gw_status try_address(const struct addrinfo *ai, const char *text, int stop_fd,
                                  struct gw_err *err)
{
    enum gw_status status = GW_OK;
    int error = 0;
    socklen_t size = sizeof error;

    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return gw_err_set(err, GW_E_IO, "no socket: %s", strerror(errno));
    if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
        goto out;
    error = errno;
    if (error == EINPROGRESS) {
        status = wait_for(fd, POLLOUT, stop_fd, GW_PROBE_CONNECT_MS);
        if (status == GW_E_CLOSED) {
            gw_err_set(err, status, "stopped");
            goto out;
        }
        if (status == GW_E_TIMEOUT) {
            gw_err_set(err, status, "no answer from %s in %d s", text, GW_PROBE_CONNECT_MS / 1000);
            goto out;
        }
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
            error = errno;
    }
    if (error != 0)
        status = gw_err_set(err, GW_E_IO, "%s: %s", text, strerror(error));

out:
    close(fd);
    return status;
}

enum gw_status gw_probe_run(struct gw_probe *p, int stop_fd, struct gw_probe_found *out,
                            struct gw_err *err)
{
    struct addrinfo *list = NULL;
    enum gw_status status = addresses(p, stop_fd, &list, err);
    if (status != GW_OK)
        return status;

    status = gw_err_set(err, GW_E_NOTFOUND, "the name has no address");
    int tried = 0;
    for (const struct addrinfo *ai = list; ai != NULL && tried < GW_PROBE_ADDRESSES;
         ai = ai->ai_next) {
        struct gw_probe_found found = {.ipv6 = ai->ai_family == AF_INET6};
        if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
            continue;
        if (getnameinfo(ai->ai_addr, ai->ai_addrlen, found.address, sizeof found.address, NULL, 0,
                        NI_NUMERICHOST) != 0)
            continue;
        tried++;
        status = try_address(ai, found.address, stop_fd, err);
        if (status == GW_OK) {
            p->last = found;
            *out = found;
        }
        if (status == GW_OK || status == GW_E_CLOSED)
            break;
    }
    freeaddrinfo(list);
    return status;
}
