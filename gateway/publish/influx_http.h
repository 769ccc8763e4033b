/* SPDX-License-Identifier: Apache-2.0
 *
 * influx_http: one POST at a time to one place. The only file that includes libcurl.
 *
 * The connection is kept between posts. A dead name server, a host that swallows packets, a server
 * that says nothing or talks without end: each ends within the site's timeout, and at once when the
 * stop is asked for. Certificates are always verified; redirects, proxies of the environment and
 * other protocols are never followed. Owned by one thread.
 *
 * The library is loaded when it is first used: with all that it brings along it takes 5 MB, and
 * most sites write to no database.
 */
#ifndef GW_PUBLISH_INFLUX_HTTP_H
#define GW_PUBLISH_INFLUX_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pulse.h"
#include "base/status.h"
#include "conf/site.h"

#define GW_INFLUX_ANSWER_MAX ((size_t)64 * 1024) /* of a body; what follows is not read */

struct gw_influx_post {
    const char *data;
    size_t len;
    bool gzip;                 /* data is */
    const char *authorization; /* the header, or NULL */
    struct gw_pulse *pulse;    /* of the calling thread; NULL: nobody looks */
};

struct gw_influx_answer {
    unsigned status;
    int64_t retry_after_s; /* 0: not said; a date was turned into seconds */
    const char *body;      /* lent until the next post */
    size_t len;
};

struct gw_influx_http;

/* site is lent. To be called by one thread at a time. GW_E_NOTFOUND: no libcurl; GW_E_IO,
 * GW_E_NOMEM.
 */
enum gw_status gw_influx_http_new(const struct gw_site_influx *site, struct gw_influx_http **out,
                                  struct gw_err *err) GW_MUST_CHECK;
void gw_influx_http_free(struct gw_influx_http *h);

/* GW_OK: an answer came, whatever its status. GW_E_CLOSED: stop_fd became readable.
 * GW_E_REFUSED: the server's certificate does not verify. GW_E_TIMEOUT, GW_E_IO, GW_E_PROTO:
 * no answer; err has the library's word. GW_E_NOMEM. */
enum gw_status gw_influx_http_post(struct gw_influx_http *h, const struct gw_influx_post *post,
                                   int stop_fd, struct gw_influx_answer *out,
                                   struct gw_err *err) GW_MUST_CHECK;

#endif
