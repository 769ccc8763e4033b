/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* explicit_bzero */
#include "publish/influx_http.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "publish/influx_request.h"

#include <curl/curl.h>

#define CONNECT_MS 5000
#define POLL_MS    1000
#define URL_MAX    2048

struct gw_influx_http {
    CURLM *multi;
    CURL *easy;
    struct gw_buf url;
    char *body; /* GW_INFLUX_ANSWER_MAX bytes */
    size_t len;
    bool endless; /* the body was longer than that */
    char error[CURL_ERROR_SIZE];
};

enum gw_status gw_influx_http_library(struct gw_err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return gw_err_set(err, GW_E_IO, "libcurl cannot be initialised");
    return GW_OK;
}

/* Returning less than was given ends the transfer. */
static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
    struct gw_influx_http *h = arg;
    size_t len = size * n;
    size_t room = GW_INFLUX_ANSWER_MAX - h->len;

    if (len > room) {
        h->endless = true;
        len = room;
    }
    memcpy(h->body + h->len, data, len);
    h->len += len;
    return h->endless ? 0 : size * n;
}

/* What does not change from post to post. */
static bool set_options(struct gw_influx_http *h, const struct gw_site_influx *site)
{
    CURL *e = h->easy;
    long timeout_ms = (long)site->timeout_ms;
    CURLcode rc[] = {
        curl_easy_setopt(e, CURLOPT_URL, h->url.data),
        curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L),
        /* Without it the end of a transfer waits for a resolver that waits for a dead server. */
        curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L),
        curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, timeout_ms),
        curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                         timeout_ms < CONNECT_MS ? timeout_ms : CONNECT_MS),
        curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L),
        curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, timeout_ms / 1000 + 1),
        curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L),
        curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L),
        curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https"),
        curl_easy_setopt(e, CURLOPT_PROXY, ""),
        curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1),
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L),
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L),
        curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2),
        site->ca_file[0] != '\0' ? curl_easy_setopt(e, CURLOPT_CAINFO, site->ca_file) : CURLE_OK,
        curl_easy_setopt(e, CURLOPT_USERAGENT, "nonsite-gateway/" GW_VERSION),
        curl_easy_setopt(e, CURLOPT_POST, 1L),
        curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body),
        curl_easy_setopt(e, CURLOPT_WRITEDATA, h),
        curl_easy_setopt(e, CURLOPT_ERRORBUFFER, h->error),
    };
    for (size_t i = 0; i < sizeof rc / sizeof rc[0]; i++) {
        if (rc[i] != CURLE_OK)
            return false;
    }
    return true;
}

enum gw_status gw_influx_http_new(const struct gw_site_influx *site, struct gw_influx_http **out,
                                  struct gw_err *err)
{
    struct gw_influx_http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    gw_buf_init(&h->url, URL_MAX);
    gw_influx_url(site, &h->url);
    h->body = malloc(GW_INFLUX_ANSWER_MAX);
    h->multi = curl_multi_init();
    h->easy = curl_easy_init();
    if (h->url.failed || h->body == NULL || h->multi == NULL || h->easy == NULL ||
        !set_options(h, site)) {
        gw_influx_http_free(h);
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    }
    *out = h;
    return GW_OK;
}

void gw_influx_http_free(struct gw_influx_http *h)
{
    if (h == NULL)
        return;
    if (h->easy != NULL)
        curl_easy_cleanup(h->easy);
    if (h->multi != NULL)
        curl_multi_cleanup(h->multi);
    gw_buf_free(&h->url);
    free(h->body);
    free(h);
}

/* ---- one post ---- */

static bool add_header(struct curl_slist **list, const char *text)
{
    struct curl_slist *more = curl_slist_append(*list, text);
    if (more == NULL)
        return false;
    *list = more;
    return true;
}

static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *i = list; i != NULL; i = i->next)
        explicit_bzero(i->data, strlen(i->data)); /* one of them has the secret */
    curl_slist_free_all(list);
}

/* Lets the transfer run to its end. */
static enum gw_status run(struct gw_influx_http *h, int stop_fd, CURLcode *result,
                          struct gw_err *err)
{
    struct curl_waitfd stop = {.fd = stop_fd, .events = CURL_WAIT_POLLIN};
    int running = 1, left = 0;

    for (;;) {
        CURLMcode rc = curl_multi_perform(h->multi, &running);
        if (rc == CURLM_OK && running > 0)
            rc = curl_multi_poll(h->multi, &stop, 1, POLL_MS, NULL);
        if (rc != CURLM_OK)
            return gw_err_set(err, GW_E_IO, "libcurl: %s", curl_multi_strerror(rc));
        if (running == 0)
            break;
        if (stop.revents != 0)
            return gw_err_set(err, GW_E_CLOSED, "stopped");
    }
    const CURLMsg *msg = curl_multi_info_read(h->multi, &left);
    if (msg == NULL || msg->msg != CURLMSG_DONE)
        return gw_err_set(err, GW_E_IO, "libcurl lost the transfer");
    *result = msg->data.result;
    return GW_OK;
}

static enum gw_status explain(const struct gw_influx_http *h, CURLcode rc, struct gw_err *err)
{
    const char *text = h->error[0] != '\0' ? h->error : curl_easy_strerror(rc);
    switch (rc) {
    case CURLE_OUT_OF_MEMORY:
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    case CURLE_OPERATION_TIMEDOUT:
        return gw_err_set(err, GW_E_TIMEOUT, "%s", text);
    case CURLE_PEER_FAILED_VERIFICATION:
        return gw_err_set(err, GW_E_REFUSED, "%s", text);
    case CURLE_SSL_CACERT_BADFILE:
        return gw_err_set(err, GW_E_REFUSED, "ca_file: %s", text);
    case CURLE_WRITE_ERROR:
        return gw_err_set(err, GW_E_PROTO, "an answer of more than %zu bytes: is that an InfluxDB?",
                          GW_INFLUX_ANSWER_MAX);
    default:
        return gw_err_set(err, GW_E_IO, "%s", text);
    }
}

/* What the end of the transfer means. */
static enum gw_status conclude(struct gw_influx_http *h, CURLcode rc, struct gw_influx_answer *out,
                               struct gw_err *err)
{
    long status = 0;
    curl_off_t retry_after_s = 0;

    (void)curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(h->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    /* A long complaint is a complaint; a long success is something else. */
    bool complaint = rc == CURLE_WRITE_ERROR && h->endless && status >= 300;
    if ((rc != CURLE_OK && !complaint) || status <= 0)
        return explain(h, rc, err);
    *out = (struct gw_influx_answer){.status = (unsigned)status,
                                     .retry_after_s = (int64_t)retry_after_s,
                                     .body = h->body,
                                     .len = h->len};
    return GW_OK;
}

enum gw_status gw_influx_http_post(struct gw_influx_http *h, const struct gw_influx_post *post,
                                   int stop_fd, struct gw_influx_answer *out, struct gw_err *err)
{
    struct curl_slist *headers = NULL;
    CURLcode result = CURLE_OK;
    enum gw_status status = GW_OK;

    h->len = 0;
    h->endless = false;
    h->error[0] = '\0';
    if (!add_header(&headers, "Content-Type: text/plain; charset=utf-8") ||
        !add_header(&headers, "Expect:") ||
        (post->gzip && !add_header(&headers, "Content-Encoding: gzip")) ||
        (post->authorization != NULL && !add_header(&headers, post->authorization)) ||
        curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
        curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->len) != CURLE_OK ||
        curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, post->data) != CURLE_OK ||
        curl_multi_add_handle(h->multi, h->easy) != CURLM_OK) {
        status = gw_err_set(err, GW_E_NOMEM, "out of memory");
        goto out;
    }
    status = run(h, stop_fd, &result, err);
    (void)curl_multi_remove_handle(h->multi, h->easy);
    if (status == GW_OK)
        status = conclude(h, result, out, err);

out:
    (void)curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, NULL);
    (void)curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, NULL);
    free_headers(headers);
    return status;
}
