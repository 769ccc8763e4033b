/* SPDX-License-Identifier: Apache-2.0
 *
 * The section publish.influx: its tags, and what is wrong between its keys.
 */
#include "conf/site_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct gw_jnode *member_or(const struct gw_jnode *obj, const char *key)
{
    const struct gw_jnode *n = gw_jnode_get(obj, key);
    return n != NULL ? n : obj;
}

/* ---- the url ---- */

/* Copies the host of "scheme://host:port/path"; false: it is no such url. */
static bool split_url(const char *url, bool *tls, char host[GW_PATH_SIZE])
{
    static const char host_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789.-_";
    *tls = strncmp(url, "https://", 8) == 0;
    if (!*tls && strncmp(url, "http://", 7) != 0)
        return false;
    const char *p = url + (*tls ? 8 : 7);
    const bool v6 = *p == '[';
    p += v6;
    const size_t len = strspn(p, v6 ? "0123456789abcdefABCDEF:." : host_chars);
    if (len == 0 || (v6 && p[len] != ']'))
        return false;
    (void)snprintf(host, GW_PATH_SIZE, "%.*s", (int)len, p);
    p += len + v6;
    if (*p == ':') {
        const size_t digits = strspn(++p, "0123456789");
        const long port = digits > 0 && digits <= 5 ? strtol(p, NULL, 10) : 0;
        if (port < 1 || port > 65535)
            return false;
        p += digits;
    }
    if (*p != '\0' && *p != '/')
        return false;
    for (; *p != '\0'; p++)
        if (*p <= ' ' || strchr("?#\"<>\\^`{|}", *p) != NULL || *p == 0x7f)
            return false;
    return true;
}

static void check_url(const struct gw_site_influx *in, const struct gw_jnode *obj,
                      struct gw_issues *issues)
{
    static const char *const secrets[] = {"token_file", "password_file"};
    char host[GW_PATH_SIZE];
    bool tls = false;
    const struct gw_jnode *n = gw_jnode_get(obj, "url");
    if (in->url[0] == '\0')
        return;
    if (!split_url(in->url, &tls, host)) {
        gw_jnode_issue(n, issues,
                       "must be as \"https://host:8086\", without user name and parameters, is "
                       "\"%s\"",
                       in->url);
        return;
    }
    if (tls || in->allow_plaintext || gw_site_is_loopback(host))
        return;
    gw_jnode_issue(n, issues,
                   "must start with \"https://\", because \"%s\" is another machine; "
                   "\"allow_plaintext\": true takes the risk by name",
                   host);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (gw_jnode_get(obj, secrets[i]) != NULL) {
            gw_jnode_issue(gw_jnode_get(obj, secrets[i]), issues,
                           "what is in it would travel in the clear to \"%s\"", host);
        }
    }
}

/* ---- which keys a version has ---- */

#define V(n) (1u << (n))

static void check_version(const struct gw_site_influx *in, const struct gw_jnode *obj,
                          struct gw_issues *issues)
{
    static const struct {
        const char *key;
        unsigned has, needs; /* versions */
    } rows[] = {
        {"db", V(1) | V(3), V(1) | V(3)}, {"rp", V(1), 0},       {"org", V(2), V(2)},
        {"bucket", V(2), V(2)},           {"username", V(1), 0}, {"password_file", V(1), 0},
        {"token_file", ~0u, V(2)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gw_jnode *n = gw_jnode_get(obj, rows[i].key);
        const bool given = n != NULL && gw_jnode_type(n) == GW_J_STR && gw_jnode_str(n)[0] != '\0';
        if (given && (rows[i].has & V(in->version)) == 0)
            gw_jnode_issue(n, issues, "InfluxDB %d has no such thing", (int)in->version);
        if (n == NULL && (rows[i].needs & V(in->version)) != 0) {
            gw_jnode_issue(obj, issues, "\"%s\" is missing; InfluxDB %d needs it", rows[i].key,
                           (int)in->version);
        }
        if (n != NULL && gw_jnode_type(n) == GW_J_STR && !given &&
            (rows[i].needs & V(in->version)) != 0)
            gw_jnode_issue(n, issues, "must not be empty");
    }
    if (in->password_file[0] != '\0' && in->username[0] == '\0') {
        gw_jnode_issue(member_or(obj, "password_file"), issues,
                       "belongs to \"username\", which is missing");
    }
    if (in->token_file[0] != '\0' && in->username[0] != '\0') {
        gw_jnode_issue(member_or(obj, "username"), issues,
                       "give \"username\" or \"token_file\", not both");
    }
}

/* ---- tags ---- */

/* Why text cannot be a tag's key or value; NULL: it can. */
static const char *tag_fault(const char *text, size_t size)
{
    const size_t len = strlen(text);
    if (len == 0 || len >= size)
        return "is empty or too long";
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return "must not hold control characters";
        if (text[i] == '\\' && (i + 1 == len || strchr(",= ", text[i + 1]) != NULL))
            return "must not hold '\\' at the end or before ',', '=' or a space";
    }
    return NULL;
}

static bool is_taken(const struct gw_site_influx *in, const char *key)
{
    static const char *const own[] = {"device", "gateway", "county", "enterprise", "time"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(own[i], key) == 0)
            return true;
    for (size_t i = 0; i < in->ntags; i++)
        if (strcmp(in->tags[i].key, key) == 0)
            return true;
    return key[0] == '_';
}

static void read_tag(struct gw_site_influx *in, const struct gw_jnode *n, struct gw_issues *issues)
{
    const char *key = gw_jnode_key(n);
    const char *fault = tag_fault(key, sizeof(in->tags[0].key));
    if (fault != NULL) {
        gw_jnode_issue(n, issues, "the name of a tag %s", fault);
        return;
    }
    if (is_taken(in, key)) {
        gw_jnode_issue(n, issues, "the name is taken by the gateway or by InfluxDB itself");
        return;
    }
    if (gw_jnode_type(n) != GW_J_STR) {
        gw_jnode_issue(n, issues, "must be a string, is %s", gw_jtype_name(gw_jnode_type(n)));
        return;
    }
    fault = tag_fault(gw_jnode_str(n), sizeof(in->tags[0].value));
    if (fault != NULL) {
        gw_jnode_issue(n, issues, "%s", fault);
        return;
    }
    if (in->ntags == GW_SITE_TAGS_MAX) {
        gw_jnode_issue(n, issues, "more than %d tags", GW_SITE_TAGS_MAX);
        return;
    }
    struct gw_site_tag *tag = &in->tags[in->ntags++];
    (void)snprintf(tag->key, sizeof tag->key, "%s", key);
    (void)snprintf(tag->value, sizeof tag->value, "%s", gw_jnode_str(n));
}

/* ---- points ---- */

/* A point that would be written under a name that another field has, or that InfluxDB keeps. */
static void check_point(const struct gw_site *site, const struct gw_point *point,
                        const struct gw_jnode *obj, struct gw_issues *issues)
{
    char other[GW_POINT_ID];
    uint32_t at = 0;
    const char *name = strchr(point->id, '.') + 1;
    const size_t len = strlen(point->id);
    if (name[0] == '_' || strcmp(name, "time") == 0) {
        gw_jnode_issue(obj, issues, "InfluxDB keeps the name of point \"%s\" for itself",
                       point->id);
    }
    if (strcmp(name, "clock_sync") == 0) {
        gw_jnode_issue(obj, issues, "point \"%s\" has the name of a field of the gateway's own",
                       point->id);
    }
    if (len < 3 || strcmp(point->id + len - 2, "_q") != 0)
        return;
    (void)snprintf(other, sizeof other, "%.*s", (int)len - 2, point->id);
    if (gw_site_find_point(site, other, &at)) {
        gw_jnode_issue(obj, issues,
                       "point \"%s\" has the name of the field for the quality of "
                       "\"%s\"",
                       point->id, other);
    }
}

void gw_site_read_influx(struct gw_site *site, const struct gw_jnode *obj, struct gw_issues *issues)
{
    struct gw_site_influx_in in;
    memset(&in, 0, sizeof in);
    (void)gw_keys_read(obj, gw_site_influx_keys, &in, issues);
    const struct gw_jnode *n = in.tags != NULL ? gw_jnode_first(in.tags) : NULL;
    for (; n != NULL; n = gw_jnode_next(n))
        read_tag(&in.influx, n, issues);
    site->influx = in.influx;
    if (!in.influx.enabled || obj == NULL || gw_jnode_type(obj) != GW_J_OBJ)
        return;
    n = gw_jnode_get(obj, "url");
    if (n == NULL || (gw_jnode_type(n) == GW_J_STR && gw_jnode_str(n)[0] == '\0'))
        gw_jnode_issue(obj, issues, "\"url\" is missing; or set \"enabled\": false");
    check_url(&in.influx, obj, issues);
    if (gw_jnode_get(obj, "version") == NULL)
        gw_jnode_issue(obj, issues, "\"version\" is missing: 1, 2 or 3");
    else if (in.influx.version != 0)
        check_version(&in.influx, obj, issues);
    for (size_t i = 0; i < site->npoints; i++)
        check_point(site, &site->points[i], obj, issues);
}
