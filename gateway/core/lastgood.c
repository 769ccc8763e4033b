/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* realpath */
#include "core/lastgood.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define NAME      "last-good"
#define MAGIC     "nonsite-gateway last-good 1\n"
#define SIZE_LEN  20
#define PATH_SIZE 1024 /* the stack of a small box is memory, too */
#define TEXTS_MAX ((size_t)256 << 20)

/* The absolute path of a file, which need not be there; links in its folder are followed, one that
 * it is itself is not, as where it names other files. */
static bool real_path(const char *path, char out[PATH_SIZE])
{
    char dir[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    const size_t n = slash ? (size_t)(slash - path) + 1 : 0;
    if (n >= sizeof dir)
        return false;
    memcpy(dir, path, n);
    dir[n] = '\0';
    char *real = realpath(n > 0 ? dir : ".", NULL);
    if (!real)
        return false;
    const int len =
        snprintf(out, PATH_SIZE, "%s%s%s", real, strcmp(real, "/") == 0 ? "" : "/", path + n);
    free(real);
    return len > 0 && len < PATH_SIZE;
}

/* ---- writing ---- */

static enum gw_status write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return GW_E_IO;
        data += n;
        len -= (size_t)n;
    }
    return GW_OK;
}

static enum gw_status write_texts(int fd, const char *real, const struct gw_site *site)
{
    char head[PATH_SIZE + 64];
    const char *text = NULL;
    size_t len = 0;
    int n = snprintf(head, sizeof head, MAGIC "%s\n%s\n", site->config_sha256, real);
    enum gw_status st = write_all(fd, head, (size_t)n);
    for (size_t i = 0; st == GW_OK; i++) {
        const char *name = gw_site_file(site, i, &text, &len);
        if (!name)
            break;
        n = snprintf(head, sizeof head, "%zu %s\n", len, i == 0 ? real : name);
        st = n > 0 && (size_t)n < sizeof head ? write_all(fd, head, (size_t)n) : GW_E_IO;
        if (st == GW_OK)
            st = write_all(fd, text, len);
    }
    return st == GW_OK && fsync(fd) != 0 ? GW_E_IO : st;
}

/* What is written, and in whose place it is put. */
struct names {
    char to[PATH_SIZE], tmp[PATH_SIZE + 8];
};

static bool make_names(const char *state_dir, struct names *out)
{
    const int n = snprintf(out->to, sizeof out->to, "%s/" NAME, state_dir);
    (void)snprintf(out->tmp, sizeof out->tmp, "%s.new", out->to);
    return n > 0 && (size_t)n < sizeof out->to;
}

enum gw_status gw_lastgood_write(const char *state_dir, const char *path,
                                 const struct gw_site *site, struct gw_err *err)
{
    struct names names;
    char real[PATH_SIZE];
    const enum gw_status made = gw_dir_make(state_dir, err);
    if (made != GW_OK)
        return made;
    if (!make_names(state_dir, &names) || !real_path(path, real))
        return gw_err_set(err, GW_E_IO, "%s: %s", path, strerror(errno));
    const int fd = open(names.tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return gw_err_set(err, GW_E_IO, "%s: %s", names.tmp, strerror(errno));
    enum gw_status st = write_texts(fd, real, site);
    if (close(fd) != 0)
        st = GW_E_IO;
    if (st != GW_OK) {
        const int error = errno;
        (void)unlink(names.tmp);
        return gw_err_set(err, st, "%s: %s", names.tmp, strerror(error));
    }
    return GW_OK;
}

enum gw_status gw_lastgood_keep(const char *state_dir, struct gw_err *err)
{
    struct names names;
    if (!make_names(state_dir, &names))
        return gw_err_set(err, GW_E_IO, "%s: the path is too long", state_dir);
    if (rename(names.tmp, names.to) != 0)
        return gw_err_set(err, GW_E_IO, "%s: %s", names.to, strerror(errno));
    return GW_OK;
}

void gw_lastgood_drop(const char *state_dir)
{
    struct names names;
    if (make_names(state_dir, &names))
        (void)unlink(names.tmp);
}

/* ---- reading ---- */

/* What is left to read of the file's text. */
struct cursor {
    const char *at, *end;
};

/* A line without its end, into out; false: there is none, or it is too long. */
static bool take_line(struct cursor *c, char *out, size_t size)
{
    const char *nl = memchr(c->at, '\n', (size_t)(c->end - c->at));
    const size_t n = nl ? (size_t)(nl - c->at) : 0;
    if (!nl || n >= size)
        return false;
    memcpy(out, c->at, n);
    out[n] = '\0';
    c->at = nl + 1;
    return true;
}

/* The next text with its path; false: there is none. */
static bool take_text(struct cursor *c, char *path, struct cursor *text)
{
    char line[PATH_SIZE + 32];
    if (!take_line(c, line, sizeof line))
        return false;
    char *space = strchr(line, ' ');
    const size_t digits = strspn(line, "0123456789");
    if (!space || digits == 0 || line + digits != space || digits > SIZE_LEN ||
        strlen(space + 1) >= PATH_SIZE)
        return false;
    const uintmax_t len = strtoumax(line, NULL, 10);
    if (len > (uintmax_t)(c->end - c->at))
        return false;
    memcpy(path, space + 1, strlen(space + 1) + 1);
    *text = (struct cursor){.at = c->at, .end = c->at + len};
    c->at += len;
    return true;
}

static enum gw_status read_kept(void *ctx, const char *path, char **out, size_t *len,
                                struct gw_err *err)
{
    struct cursor c = *(const struct cursor *)ctx, text;
    char name[PATH_SIZE];
    while (take_text(&c, name, &text)) {
        const size_t n = (size_t)(text.end - text.at);
        if (strcmp(name, path) != 0)
            continue;
        char *copy = malloc(n + 1);
        if (!copy)
            return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", path);
        memcpy(copy, text.at, n);
        copy[n] = '\0';
        *out = copy;
        *len = n;
        return GW_OK;
    }
    return gw_err_set(err, GW_E_NOTFOUND, "%s: was not kept", path);
}

/* The kept texts are of that site file: c then stands at the first of them. */
static enum gw_status check_head(struct cursor *c, const char *path, char real[PATH_SIZE],
                                 char sha256[GW_SHA256_HEX], struct gw_err *err)
{
    char was[PATH_SIZE], magic[sizeof MAGIC];
    if (!take_line(c, magic, sizeof magic) || strncmp(magic, MAGIC, strlen(magic)) != 0 ||
        !take_line(c, sha256, GW_SHA256_HEX) || !take_line(c, was, sizeof was))
        return gw_err_set(err, GW_E_PARSE, NAME " is damaged");
    if (!real_path(path, real) || strcmp(real, was) != 0)
        return gw_err_set(err, GW_E_NOTFOUND, NAME " is of another site file, %.100s", was);
    return GW_OK;
}

static enum gw_status load_kept(struct cursor *c, const char *site, const char *sha256,
                                const struct gw_conf_driver *const *drivers, struct gw_config **out,
                                struct gw_err *err)
{
    struct cursor at = *c, text;
    char name[PATH_SIZE];
    struct gw_config *config = NULL;
    const struct gw_site_files files = {.read = read_kept, .ctx = c};
    struct gw_issues *issues = gw_issues_new();
    if (!issues)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    /* The first one is the site file. */
    enum gw_status st = take_text(&at, name, &text) && strcmp(name, site) == 0 ? GW_OK : GW_E_PARSE;
    if (st == GW_OK)
        st = gw_config_load_from(name, drivers, &files, issues, &config);
    if (st == GW_OK && strcmp(config->load.site->config_sha256, sha256) != 0)
        st = GW_E_PARSE;
    if (st != GW_OK) {
        (void)gw_err_set(err, st, NAME ": %s",
                         gw_issues_count(issues) > 0 ? gw_issues_text(issues, 0) : "is damaged");
        gw_config_drop(config);
    } else {
        *out = config;
    }
    gw_issues_free(issues);
    return st;
}

enum gw_status gw_lastgood_load(const char *state_dir, const char *path,
                                const struct gw_conf_driver *const *drivers, struct gw_config **out,
                                struct gw_err *err)
{
    char from[PATH_SIZE], site[PATH_SIZE], sha256[GW_SHA256_HEX];
    char *text = NULL;
    size_t len = 0;
    (void)snprintf(from, sizeof from, "%s/" NAME, state_dir);
    enum gw_status st = gw_file_read(from, TEXTS_MAX, &text, &len, err);
    if (st != GW_OK)
        return st;
    struct cursor c = {.at = text, .end = text + len};
    st = check_head(&c, path, site, sha256, err);
    if (st == GW_OK)
        st = load_kept(&c, site, sha256, drivers, out, err);
    free(text);
    return st;
}

enum gw_status gw_lastgood_find(const char *path, const struct gw_conf_driver *const *drivers,
                                struct gw_config **out, struct gw_err *err)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    char dir[GW_PATH_SIZE] = "";
    const char *service = getenv("STATE_DIRECTORY");
    if (!issues)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    (void)!gw_site_load_partly(path, drivers, issues, &site);
    if (site)
        (void)snprintf(dir, sizeof dir, "%s", site->gateway.state_dir);
    gw_site_free(site);
    gw_issues_free(issues);
    enum gw_status st = GW_E_NOTFOUND;
    if (dir[0])
        st = gw_lastgood_load(dir, path, drivers, out, err);
    else
        (void)gw_err_set(err, st, "the state folder is not known");
    if (st != GW_OK && service && service[0] && strcmp(service, dir) != 0) {
        (void)snprintf(dir, sizeof dir, "%.*s", (int)strcspn(service, ":"), service);
        st = gw_lastgood_load(dir, path, drivers, out, err);
    }
    return st;
}
