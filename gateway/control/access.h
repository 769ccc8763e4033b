/* SPDX-License-Identifier: Apache-2.0
 *
 * access: who may tell the local API something, and which requests a browser was talked into.
 *
 * At the Unix socket it is the kernel that says who asks: root, the daemon's own user, and members
 * of the operator group. Over TCP it is a password, of the user "operator". Its file is read anew
 * each time: a line with the password or "pbkdf2-sha256:<rounds>:<salt>:<key>" in hexadecimal. After
 * GW_ACCESS_WRONG_MAX wrong passwords within a minute nobody is let in until that minute is over.
 * Owned by the local API's thread.
 */
#ifndef GW_CONTROL_ACCESS_H
#define GW_CONTROL_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "conf/site.h"

#define GW_ACCESS_WRONG_MAX  5
#define GW_ACCESS_MINUTE_MS  60000
#define GW_ACCESS_ROUNDS_MAX 2000000

enum gw_access_word {
    GW_ACCESS_YES = 0,
    GW_ACCESS_NO,       /* not at this door, or not this user */
    GW_ACCESS_PASSWORD, /* a password is missing or wrong */
    GW_ACCESS_LATER     /* too many were wrong */
};

struct gw_access {
    const struct gw_site_local *local;     /* lent */
    char port[8];                          /* of local.http; "" without one */
    char literal[GW_ID_SIZE + 4];          /* its address as it stands in a URL */
    int64_t wrong_ms[GW_ACCESS_WRONG_MAX]; /* monotonic times of the last wrong ones; 0: none */
    unsigned next;                         /* the oldest of them */
    char
        known[GW_SHA256_HEX]; /* of the last right words with the file's, so that a page need not be
                                  slow; "" */
};

void gw_access_init(struct gw_access *a, const struct gw_site_local *local);

/* Whether a request over TCP means this address: its Host does, and its Origin, if there is one.
 * Either may be NULL. */
bool gw_access_is_ours(const struct gw_access *a, const char *host, const char *origin);

/* How writing is let in there at all: "group", "password" or "none". */
const char *gw_access_how(const struct gw_access *a, bool tcp);

/* The Unix socket. by gets how it was let in: "uid 1000". */
#define GW_ACCESS_BY 24
enum gw_access_word gw_access_socket(const struct gw_access *a, int fd, char by[GW_ACCESS_BY]);
/* TCP; authorization: the header, or NULL. retry_s: how long GW_ACCESS_LATER lasts. */
enum gw_access_word gw_access_password(struct gw_access *a, const char *authorization,
                                       int64_t now_ms, int64_t *retry_s);

#endif
