/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* struct ucred, getgrnam_r */
#include "control/access.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define TAG          "control"
#define USER         "operator:"
#define SECRET_MAX   1024
#define PREFIX       "pbkdf2-sha256:"
#define KEY_SIZE     32
#define SALT_MAX     64
#define GROUPS_MAX   1024
#define GROUP_BUFFER 16384

void gw_access_init(struct gw_access *a, const struct gw_site_local *local)
{
    char host[GW_ID_SIZE];
    uint16_t port = 0;

    *a = (struct gw_access){.local = local};
    if (!local->http.listen[0] || !gw_site_loopback_port(local->http.listen, host, &port))
        return;
    (void)snprintf(a->port, sizeof a->port, "%u", port);
    (void)snprintf(a->literal, sizeof a->literal, strchr(host, ':') ? "[%s]" : "%s", host);
}

/* ---- whom a request means ---- */

static bool is_place(const struct gw_access *a, const char *text)
{
    char ours[GW_ID_SIZE + 16];

    (void)snprintf(ours, sizeof ours, "%s:%s", a->literal, a->port);
    if (strcmp(text, ours) == 0)
        return true;
    (void)snprintf(ours, sizeof ours, "localhost:%s", a->port);
    return strcmp(text, ours) == 0;
}

bool gw_access_is_ours(const struct gw_access *a, const char *host, const char *origin)
{
    static const char scheme[] = "http://";

    if (!a->port[0] || !host || !is_place(a, host))
        return false;
    return !origin || (strncmp(origin, scheme, sizeof scheme - 1) == 0 &&
                       is_place(a, origin + sizeof scheme - 1));
}

const char *gw_access_how(const struct gw_access *a, bool tcp)
{
    if (!tcp)
        return "group";
    return a->local->http.password_file[0] ? "password" : "none";
}

/* ---- the Unix socket ---- */

static bool find_group(const char *name, gid_t *out)
{
    struct group group, *found = NULL;
    char *mem = malloc(GROUP_BUFFER);

    if (!mem)
        return false;
    const bool there = getgrnam_r(name, &group, mem, GROUP_BUFFER, &found) == 0 && found != NULL;
    if (there)
        *out = found->gr_gid;
    free(mem);
    return there;
}

/* Whether the process at the other end is in the group, by what the kernel says of it. */
static bool is_member(int fd, gid_t own, gid_t group)
{
    gid_t *list = malloc(GROUPS_MAX * sizeof *list);
    socklen_t size = GROUPS_MAX * sizeof *list;
    bool found = own == group;

    if (list && !found && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &size) == 0)
        for (size_t i = 0; i < size / sizeof *list; i++)
            found = found || list[i] == group;
    free(list);
    return found;
}

enum gw_access_word gw_access_socket(const struct gw_access *a, int fd, char by[GW_ACCESS_BY])
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    gid_t group = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof peer)
        return GW_ACCESS_NO;
    (void)snprintf(by, GW_ACCESS_BY, "uid %u", (unsigned)peer.uid);
    if (peer.uid == 0 || peer.uid == geteuid())
        return GW_ACCESS_YES;
    if (!a->local->operator_group[0] || !find_group(a->local->operator_group, &group))
        return GW_ACCESS_NO;
    return is_member(fd, peer.gid, group) ? GW_ACCESS_YES : GW_ACCESS_NO;
}

/* ---- the password ---- */

static int digit64(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* Base64 with its padding into text; false: it is none, is too long or holds a NUL. */
static bool decode64(const char *in, char *out, size_t size)
{
    const size_t len = strlen(in);
    size_t n = 0;

    if (len == 0 || len % 4 != 0 || len / 4 * 3 >= size)
        return false;
    for (size_t i = 0; i < len; i += 4) {
        const bool last = i + 4 == len;
        const int pad = last && in[i + 3] == '=' ? (in[i + 2] == '=' ? 2 : 1) : 0;
        uint32_t bits = 0;
        for (int k = 0; k < 4; k++) {
            const int d = k >= 4 - pad ? 0 : digit64(in[i + (size_t)k]);
            if (d < 0)
                return false;
            bits = bits << 6 | (uint32_t)d;
        }
        for (int k = 0; k < 3 - pad; k++)
            out[n++] = (char)(bits >> (16 - 8 * k) & 0xff);
    }
    out[n] = '\0';
    return strlen(out) == n;
}

static bool decode_hex(const char *in, size_t digits, uint8_t *out)
{
    static const char hex[] = "0123456789abcdef";

    if (digits % 2 != 0)
        return false;
    for (size_t i = 0; i < digits; i++) {
        const char *at = in[i] != '\0' ? strchr(hex, in[i]) : NULL;
        if (!at)
            return false;
        out[i / 2] = (uint8_t)(i % 2 == 0 ? (at - hex) << 4 : out[i / 2] | (at - hex));
    }
    return true;
}

/* "<rounds>:<salt>:<key>" against what was said. */
static bool is_hashed(const char *hash, const char *said)
{
    uint8_t salt[SALT_MAX], want[KEY_SIZE], got[KEY_SIZE];
    char *end = NULL;
    const long rounds = strtol(hash, &end, 10);

    if (rounds < 1 || rounds > GW_ACCESS_ROUNDS_MAX || *end != ':')
        return false;
    const char *salt_text = end + 1;
    const char *key_text = strchr(salt_text, ':');
    if (!key_text)
        return false;
    const size_t salt_digits = (size_t)(key_text - salt_text);
    key_text++;
    return salt_digits >= 16 && salt_digits <= (size_t)2 * SALT_MAX &&
           strlen(key_text) == (size_t)2 * KEY_SIZE && decode_hex(salt_text, salt_digits, salt) &&
           decode_hex(key_text, strlen(key_text), want) &&
           gw_pbkdf2_sha256(said, salt, salt_digits / 2, (unsigned)rounds, got) == GW_OK &&
           gw_same_bytes(want, got, KEY_SIZE);
}

/* Hashes make the time that it takes say nothing of the length. */
static bool is_same(const char *secret, const char *said)
{
    char a[GW_SHA256_HEX], b[GW_SHA256_HEX];
    return gw_sha256_hex(secret, strlen(secret), a) == GW_OK &&
           gw_sha256_hex(said, strlen(said), b) == GW_OK && gw_same_bytes(a, b, sizeof a);
}

/* What is in the file, without the line's end; NULL: there is no password. */
static char *read_secret(const char *path)
{
    struct gw_err err = {0};
    char *secret = NULL;
    size_t len = 0;

    if (gw_file_read(path, SECRET_MAX, &secret, &len, &err) != GW_OK) {
        gw_log(GW_LOG_WARN, TAG, "nobody is let in by password: %s", err.msg);
        return NULL;
    }
    secret[strcspn(secret, "\r\n")] = '\0';
    if (secret[0])
        return secret;
    gw_log(GW_LOG_WARN, TAG, "nobody is let in by password: %s is empty", path);
    free(secret);
    return NULL;
}

/* What stands for a password that was right for this file's content. */
static bool mark_of(const char *secret, const char *said, char mark[GW_SHA256_HEX])
{
    char both[2 * SECRET_MAX + 2];
    (void)snprintf(both, sizeof both, "%s\n%s", secret, said);
    return gw_sha256_hex(both, strlen(both), mark) == GW_OK;
}

/* It is the one that was right last: told without the cost of a hash made to be slow. */
static bool is_known(const struct gw_access *a, const char *said)
{
    char mark[GW_SHA256_HEX];
    char *secret = a->known[0] ? read_secret(a->local->http.password_file) : NULL;
    const bool known =
        secret && mark_of(secret, said, mark) && gw_same_bytes(mark, a->known, sizeof mark);
    free(secret);
    return known;
}

static bool is_right(struct gw_access *a, const char *said)
{
    char mark[GW_SHA256_HEX];
    char *secret = read_secret(a->local->http.password_file);

    if (!secret)
        return false;
    const bool right = strncmp(secret, PREFIX, sizeof PREFIX - 1) == 0
                           ? is_hashed(secret + sizeof PREFIX - 1, said)
                           : is_same(secret, said);
    if (right && mark_of(secret, said, mark))
        memcpy(a->known, mark, sizeof a->known);
    free(secret);
    return right;
}

enum gw_access_word gw_access_password(struct gw_access *a, const char *authorization,
                                       int64_t now_ms, int64_t *retry_s)
{
    static const char basic[] = "Basic ";
    char words[SECRET_MAX];
    const int64_t oldest = a->wrong_ms[a->next];

    if (!a->local->http.password_file[0])
        return GW_ACCESS_NO;
    if (!authorization)
        return GW_ACCESS_PASSWORD;
    const bool read = strncmp(authorization, basic, sizeof basic - 1) == 0 &&
                      decode64(authorization + sizeof basic - 1, words, sizeof words) &&
                      strncmp(words, USER, sizeof USER - 1) == 0;
    /* Who was let in before stays in, whatever others try. */
    if (read && is_known(a, words + sizeof USER - 1))
        return GW_ACCESS_YES;
    if (oldest != 0 && now_ms - oldest < GW_ACCESS_MINUTE_MS) {
        *retry_s = (GW_ACCESS_MINUTE_MS - (now_ms - oldest) + 999) / 1000;
        return GW_ACCESS_LATER;
    }
    if (read && is_right(a, words + sizeof USER - 1))
        return GW_ACCESS_YES;
    a->wrong_ms[a->next] = now_ms > 0 ? now_ms : 1;
    a->next = (a->next + 1) % GW_ACCESS_WRONG_MAX;
    gw_log(GW_LOG_WARN, TAG, "a wrong password at the local API");
    return GW_ACCESS_PASSWORD;
}
