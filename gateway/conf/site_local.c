/* SPDX-License-Identifier: Apache-2.0
 *
 * The "local" section: where people and programs on this box may ask.
 */
#include "conf/site_in.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define SOCKET_PATH_MAX 107 /* what fits into sockaddr_un */

static void check_mode(const struct gw_jnode *n, struct gw_issues *issues)
{
    const char *mode = gw_jnode_str(n);
    if (strlen(mode) != 4 || strspn(mode, "01234567") != 4 || mode[0] != '0' ||
        (mode[1] != '6' && mode[1] != '7')) {
        gw_jnode_issue(n, issues,
                       "must be permissions such as \"0660\", the owner's with a 6, is \"%s\"",
                       mode);
    }
}

static void check_listen(const struct gw_jnode *n, struct gw_issues *issues)
{
    char host[GW_ID_SIZE];
    uint16_t port = 0;
    if (!gw_site_loopback_port(gw_jnode_str(n), host, &port)) {
        gw_jnode_issue(n, issues,
                       "must be an address of this machine and a port, \"127.0.0.1:8480\" or "
                       "\"[::1]:8480\", is \"%s\"; other machines come through a tunnel",
                       gw_jnode_str(n));
    }
}

#define TEXT(s, m)  .offset = offsetof(struct s, m), .size = sizeof(((struct s *)NULL)->m)
#define VALUE(s, m) .offset = offsetof(struct s, m)
#define END                                                                                        \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

/* clang-format off */
const struct gw_key gw_site_local_keys[] = {
    {"socket", GW_KEY_PATH, TEXT(gw_site_local_in, local.socket), .def = "",
     .doc = "Unix socket of the local API, at most 107 bytes; empty: control.sock in state_dir."},
    {"socket_mode", GW_KEY_STR, TEXT(gw_site_local_in, local.socket_mode), .min = 1, .def = "0660",
     .check = check_mode,
     .doc = "Permissions of that socket, octal: who may write to it may read what the gateway knows."},
    {"operator_group", GW_KEY_ID, TEXT(gw_site_local_in, local.operator_group),
     .def = "nonsite-operator",
     .doc = "Group of this machine whose members may acknowledge, shelve and give permits through "
            "that socket; where there is none of that name, only root and the daemon's own user."},
    {"http", GW_KEY_NODE, VALUE(gw_site_local_in, http), .jtype = GW_J_OBJ,
     .doc = "The local API and the local page for a browser on this machine; left out: neither."},
    END,
};

const struct gw_key gw_site_http_keys[] = {
    {"listen", GW_KEY_STR, TEXT(gw_site_http, listen), .min = 1, .required = true,
     .check = check_listen,
     .doc = "Address of this machine and port, \"127.0.0.1:8480\" or \"[::1]:8480\"; no other address."},
    {"password_file", GW_KEY_SECRET, TEXT(gw_site_http, password_file), .def = "",
     .doc = "File with the password of the user \"operator\", or with its hash; empty: this way "
            "nothing can be changed."},
    {"page", GW_KEY_BOOL, VALUE(gw_site_http, page), .def = "true",
     .doc = "Serve the local page there, too."},
    END,
};
/* clang-format on */

static const struct gw_jnode *member_or(const struct gw_jnode *obj, const char *key)
{
    const struct gw_jnode *n = gw_jnode_get(obj, key);
    return n != NULL ? n : obj;
}

static void finish_socket(struct gw_site *site, const struct gw_jnode *obj,
                          struct gw_issues *issues)
{
    char path[GW_PATH_SIZE + 16];
    if (site->local.socket[0] == '\0')
        (void)snprintf(path, sizeof path, "%s/control.sock", site->gateway.state_dir);
    else
        (void)snprintf(path, sizeof path, "%s", site->local.socket);
    if (strlen(path) > SOCKET_PATH_MAX) {
        gw_jnode_issue(
            member_or(obj, "socket"), issues,
            "a socket's path has at most %d bytes, \"%s\" has %zu; name a shorter one in "
            "local.socket",
            SOCKET_PATH_MAX, path, strlen(path));
        return;
    }
    memcpy(site->local.socket, path, strlen(path) + 1);
}

void gw_site_read_local(struct gw_site *site, const struct gw_jnode *obj,
                        const struct gw_jnode *root, struct gw_issues *issues)
{
    struct gw_site_local_in in = {.http = NULL};
    (void)gw_keys_read(obj, gw_site_local_keys, &in, issues);
    site->local = in.local;
    if (in.http != NULL)
        (void)gw_keys_read(in.http, gw_site_http_keys, &site->local.http, issues);
    finish_socket(site, obj != NULL ? obj : root, issues);
}

unsigned gw_site_socket_mode(const struct gw_site_local *local)
{
    unsigned mode = 0;
    for (const char *p = local->socket_mode; *p >= '0' && *p <= '7'; p++)
        mode = mode * 8 + (unsigned)(*p - '0');
    return mode & 0777u;
}

static bool read_port(const char *text, uint16_t *port)
{
    unsigned long n = 0;
    const size_t len = strlen(text);
    if (len == 0 || len > 5 || strspn(text, "0123456789") != len || text[0] == '0')
        return false;
    for (const char *p = text; *p != '\0'; p++)
        n = n * 10 + (unsigned long)(*p - '0');
    *port = (uint16_t)n;
    return n <= UINT16_MAX;
}

bool gw_site_loopback_port(const char *text, char host[GW_ID_SIZE], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    struct in_addr v4;
    if (colon == NULL || (size_t)(colon - text) >= GW_ID_SIZE || !read_port(colon + 1, port))
        return false;
    (void)snprintf(host, GW_ID_SIZE, "%.*s", (int)(colon - text), text);
    if (strcmp(host, "[::1]") == 0) {
        memcpy(host, "::1", sizeof "::1");
        return true;
    }
    return inet_pton(AF_INET, host, &v4) == 1 && gw_site_is_loopback(host);
}
