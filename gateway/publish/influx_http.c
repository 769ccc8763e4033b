/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* explicit_bzero */
#include "publish/influx_http.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/dynlib.h"
#include "publish/influx_request.h"

#define CURL_DISABLE_TYPECHECK /* its macros name the functions directly */
#include <curl/curl.h>

#define CONNECT_MS 5000
#define POLL_MS    1000
#define URL_MAX    2048

/* What is used of the library, in the order of symbols. */
struct curl {
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *easy);
    CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
    const char *(*easy_strerror)(CURLcode code);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_cleanup)(CURLM *multi);
    CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
    CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
    CURLMcode (*multi_perform)(CURLM *multi, int *running);
    CURLMcode (*multi_poll)(CURLM *multi, struct curl_waitfd fds[], unsigned n, int timeout_ms,
                            int *ready);
    CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
    const char *(*multi_strerror)(CURLMcode code);
    struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
    void (*slist_free_all)(struct curl_slist *list);
};

static const char *const symbols[] = {
    "curl_global_init",         "curl_easy_init",      "curl_easy_cleanup",
    "curl_easy_setopt",         "curl_easy_getinfo",   "curl_easy_strerror",
    "curl_multi_init",          "curl_multi_cleanup",  "curl_multi_add_handle",
    "curl_multi_remove_handle", "curl_multi_perform",  "curl_multi_poll",
    "curl_multi_info_read",     "curl_multi_strerror", "curl_slist_append",
    "curl_slist_free_all",
};

_Static_assert(sizeof(struct curl) == sizeof symbols / sizeof symbols[0] * sizeof(void *),
               "every member has its name");

static const struct gw_dynlib libcurl = {
    .soname = "libcurl.so.4",
    .package = "libcurl4",
    .symbols = symbols,
    .n = sizeof symbols / sizeof symbols[0],
};

struct gw_influx_http {
    struct curl curl;
    CURLM *multi;
    CURL *easy;
    struct gw_buf url;
    char *body; /* GW_INFLUX_ANSWER_MAX bytes */
    size_t len;
    bool endless; /* the body was longer than that */
    int64_t timeout_ms;
    char error[CURL_ERROR_SIZE];
};

static enum gw_status load_library(struct curl *out, struct gw_err *err)
{
    struct gw_err why;
    enum gw_status status = gw_dynlib_load(&libcurl, out, &why);
    if (status != GW_OK)
        return gw_err_set(err, status, "influx: %s", why.msg);
    if (out->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return gw_err_set(err, GW_E_IO, "influx: libcurl cannot be initialised");
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
        h->curl.easy_setopt(e, CURLOPT_URL, h->url.data),
        h->curl.easy_setopt(e, CURLOPT_NOSIGNAL, 1L),
        /* Without it the end of a transfer waits for a resolver that waits for a dead server. */
        h->curl.easy_setopt(e, CURLOPT_QUICK_EXIT, 1L),
        h->curl.easy_setopt(e, CURLOPT_TIMEOUT_MS, timeout_ms),
        h->curl.easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                            timeout_ms < CONNECT_MS ? timeout_ms : CONNECT_MS),
        h->curl.easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L),
        h->curl.easy_setopt(e, CURLOPT_LOW_SPEED_TIME, timeout_ms / 1000 + 1),
        h->curl.easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L),
        h->curl.easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L),
        h->curl.easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https"),
        h->curl.easy_setopt(e, CURLOPT_PROXY, ""),
        h->curl.easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1),
        h->curl.easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L),
        h->curl.easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L),
        h->curl.easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2),
        site->ca_file[0] != '\0' ? h->curl.easy_setopt(e, CURLOPT_CAINFO, site->ca_file) : CURLE_OK,
        h->curl.easy_setopt(e, CURLOPT_USERAGENT, "nonsite-gateway/" GW_VERSION),
        h->curl.easy_setopt(e, CURLOPT_POST, 1L),
        h->curl.easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body),
        h->curl.easy_setopt(e, CURLOPT_WRITEDATA, h),
        h->curl.easy_setopt(e, CURLOPT_ERRORBUFFER, h->error),
    };
    for (size_t i = 0; i < sizeof rc / sizeof rc[0]; i++)
        if (rc[i] != CURLE_OK)
            return false;
    return true;
}

enum gw_status gw_influx_http_new(const struct gw_site_influx *site, struct gw_influx_http **out,
                                  struct gw_err *err)
{
    struct gw_influx_http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    gw_buf_init(&h->url, URL_MAX);
    h->timeout_ms = site->timeout_ms;
    enum gw_status status = load_library(&h->curl, err);
    if (status != GW_OK) {
        gw_influx_http_free(h);
        return status;
    }
    gw_influx_url(site, &h->url);
    h->body = malloc(GW_INFLUX_ANSWER_MAX);
    h->multi = h->curl.multi_init();
    h->easy = h->curl.easy_init();
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
        h->curl.easy_cleanup(h->easy);
    if (h->multi != NULL)
        h->curl.multi_cleanup(h->multi);
    gw_buf_free(&h->url);
    free(h->body);
    free(h);
}

/* ---- one post ---- */

static bool add_header(const struct gw_influx_http *h, struct curl_slist **list, const char *text)
{
    struct curl_slist *more = h->curl.slist_append(*list, text);
    if (more == NULL)
        return false;
    *list = more;
    return true;
}

static void free_headers(const struct gw_influx_http *h, struct curl_slist *list)
{
    for (struct curl_slist *i = list; i != NULL; i = i->next)
        explicit_bzero(i->data, strlen(i->data)); /* one of them has the secret */
    h->curl.slist_free_all(list);
}

/* Lets the transfer run to its end. */
static enum gw_status run(struct gw_influx_http *h, struct gw_pulse *pulse, int stop_fd,
                          CURLcode *result, struct gw_err *err)
{
    struct curl_waitfd stop = {.fd = stop_fd, .events = CURL_WAIT_POLLIN};
    int running = 1, left = 0;

    for (;;) {
        /* The library may be slow about names and certificates. */
        gw_pulse_turn(pulse, h->timeout_ms);
        CURLMcode rc = h->curl.multi_perform(h->multi, &running);
        if (rc == CURLM_OK && running > 0)
            rc = h->curl.multi_poll(h->multi, &stop, 1, POLL_MS, NULL);
        if (rc != CURLM_OK)
            return gw_err_set(err, GW_E_IO, "libcurl: %s", h->curl.multi_strerror(rc));
        if (running == 0)
            break;
        if (stop.revents != 0)
            return gw_err_set(err, GW_E_CLOSED, "stopped");
    }
    const CURLMsg *msg = h->curl.multi_info_read(h->multi, &left);
    if (msg == NULL || msg->msg != CURLMSG_DONE)
        return gw_err_set(err, GW_E_IO, "libcurl lost the transfer");
    *result = msg->data.result;
    return GW_OK;
}

static enum gw_status explain(const struct gw_influx_http *h, CURLcode rc, struct gw_err *err)
{
    const char *text = h->error[0] != '\0' ? h->error : h->curl.easy_strerror(rc);
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

    (void)h->curl.easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)h->curl.easy_getinfo(h->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
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
    if (!add_header(h, &headers, "Content-Type: text/plain; charset=utf-8") ||
        !add_header(h, &headers, "Expect:") ||
        (post->gzip && !add_header(h, &headers, "Content-Encoding: gzip")) ||
        (post->authorization != NULL && !add_header(h, &headers, post->authorization)) ||
        h->curl.easy_setopt(h->easy, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
        h->curl.easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->len) !=
            CURLE_OK ||
        h->curl.easy_setopt(h->easy, CURLOPT_POSTFIELDS, post->data) != CURLE_OK ||
        h->curl.multi_add_handle(h->multi, h->easy) != CURLM_OK) {
        status = gw_err_set(err, GW_E_NOMEM, "out of memory");
        goto out;
    }
    status = run(h, post->pulse, stop_fd, &result, err);
    (void)h->curl.multi_remove_handle(h->multi, h->easy);
    if (status == GW_OK)
        status = conclude(h, result, out, err);

out:
    (void)h->curl.easy_setopt(h->easy, CURLOPT_HTTPHEADER, NULL);
    (void)h->curl.easy_setopt(h->easy, CURLOPT_POSTFIELDS, NULL);
    free_headers(h, headers);
    return status;
}
