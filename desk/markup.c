/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/markup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "conf/keys.h"

#define PATH_MAX_LEN 1024

static void escape(struct gw_buf *out, const char *s)
{
    const size_t len = strlen(s);
    for (size_t i = 0; i < len;) {
        const size_t n = gw_utf8_char(s + i, len - i);
        const unsigned char c = (unsigned char)s[i];
        if (n == 0 || (n == 1 && c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            gw_buf_str(out, "\xef\xbf\xbd");
        else if (c == '<')
            gw_buf_str(out, "&lt;");
        else if (c == '>')
            gw_buf_str(out, "&gt;");
        else if (c == '&')
            gw_buf_str(out, "&amp;");
        else if (c == '"')
            gw_buf_str(out, "&quot;");
        else if (c == '\'')
            gw_buf_str(out, "&#39;");
        else
            gw_buf_put(out, s + i, n);
        i += n > 0 ? n : 1;
    }
}

void gw_markup(struct gw_buf *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    for (const char *p = fmt; *p;) {
        const size_t plain = strcspn(p, "%");
        gw_buf_put(out, p, plain);
        p += plain;
        if (p[0] == '%' && p[1] == 's')
            escape(out, va_arg(ap, const char *));
        else if (p[0] == '%' && p[1] == 'r')
            gw_buf_str(out, va_arg(ap, const char *));
        else if (p[0] == '%' && p[1] == '%')
            gw_buf_char(out, '%');
        else if (p[0] == '%')
            out->failed = true; /* our own mistake, never the reader's */
        p += p[0] == '%' ? (p[1] ? 2 : 1) : 0;
    }
    va_end(ap);
}

void gw_markup_json(struct gw_buf *out, const char *text)
{
    gw_keys_print_str(text, out);
}

/* Makes the folders that lead to path. */
static enum gw_status make_folders(const char *path, struct gw_err *err)
{
    char part[PATH_MAX_LEN];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return gw_err_set(err, GW_E_IO, "%s: %s", part, strerror(errno));
    }
    return GW_OK;
}

static enum gw_status write_file(const char *path, const struct gw_buf *out, struct gw_err *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return gw_err_set(err, GW_E_IO, "%s: %s", path, strerror(errno));
    size_t done = 0;
    while (done < out->len) {
        const ssize_t n = write(fd, out->data + done, out->len - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    const bool whole = done == out->len;
    const int error = errno;
    if (close(fd) == 0 && whole)
        return GW_OK;
    (void)unlink(path);
    return gw_err_set(err, GW_E_IO, "%s: %s", path, strerror(whole ? errno : error));
}

enum gw_status gw_markup_save(const char *path, const struct gw_buf *out, struct gw_err *err)
{
    char temp[PATH_MAX_LEN];
    if (out->failed || strlen(path) + 5 > sizeof temp)
        return gw_err_set(err, GW_E_INVAL, "%s: the page cannot be written", path);
    (void)snprintf(temp, sizeof temp, "%s.new", path);
    enum gw_status st = make_folders(path, err);
    if (st == GW_OK)
        st = write_file(temp, out, err);
    if (st == GW_OK && rename(temp, path) != 0) {
        st = gw_err_set(err, GW_E_IO, "%s: %s", path, strerror(errno));
        (void)unlink(temp);
    }
    return st;
}
