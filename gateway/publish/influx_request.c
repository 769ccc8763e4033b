/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* explicit_bzero */
#include "publish/influx_request.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define SECRET_MAX 4096

/* ---- the place ---- */

/* RFC 3986: all but the unreserved characters. */
static void put_encoded(struct gw_buf *out, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (const char *p = text; *p != '\0'; p++)
        if (strchr(plain, *p) != NULL)
            gw_buf_char(out, *p);
        else
            gw_buf_printf(out, "%%%02X", (unsigned)(unsigned char)*p);
}

/* Parameters without a value are left out; precision comes last and closes the list. */
static void put_param(struct gw_buf *out, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    gw_buf_printf(out, "%s=", key);
    put_encoded(out, value);
    gw_buf_char(out, '&');
}

void gw_influx_url(const struct gw_site_influx *site, struct gw_buf *out)
{
    size_t len = strlen(site->url);
    while (len > 0 && site->url[len - 1] == '/')
        len--;
    gw_buf_put(out, site->url, len);
    switch (site->version) {
    case 1:
        gw_buf_str(out, "/write?");
        put_param(out, "db", site->db);
        put_param(out, "rp", site->rp);
        gw_buf_str(out, "precision=ms");
        break;
    case 2:
        gw_buf_str(out, "/api/v2/write?");
        put_param(out, "org", site->org);
        put_param(out, "bucket", site->bucket);
        gw_buf_str(out, "precision=ms");
        break;
    default:
        gw_buf_str(out, "/api/v3/write_lp?");
        put_param(out, "db", site->db);
        gw_buf_str(out, "precision=millisecond");
        break;
    }
}

/* ---- the credentials ---- */

void gw_influx_secret_free(char *text)
{
    if (text == NULL)
        return;
    explicit_bzero(text, strlen(text));
    free(text);
}

/* A file of one line. */
static enum gw_status read_secret(const char *what, const char *path, char **out,
                                  struct gw_err *err)
{
    char *text = NULL;
    size_t len = 0;
    enum gw_status status = gw_file_read(path, SECRET_MAX, &text, &len, err);
    if (status != GW_OK)
        return status == GW_E_NOMEM ? status
                                    : gw_err_set(err, GW_E_REFUSED, "%s file %s: %s", what, path,
                                                 gw_status_name(status));
    size_t end = len;
    while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r'))
        text[--end] = '\0';
    for (size_t i = 0; i < end; i++) {
        if ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f)
            continue;
        explicit_bzero(text, len);
        free(text);
        return gw_err_set(err, GW_E_REFUSED, "%s file %s: must hold one line of text", what, path);
    }
    *out = text;
    return GW_OK;
}

static char *base64(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(text), n = 0;
    char *out = malloc((len + 2) / 3 * 4 + 1);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (i + k < len ? (unsigned char)text[i + k] : 0);
        for (size_t k = 0; k < 4; k++) {
            out[n] = '=';
            if (i + k <= len)
                out[n] = digits[bits >> (18 - 6 * k) & 63];
            n++;
        }
    }
    out[n] = '\0';
    return out;
}

/* a and b in a row, as one secret. */
static char *join(const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 1;
    char *out = malloc(size);
    if (out != NULL)
        (void)snprintf(out, size, "%s%s", a, b);
    return out;
}

static char *basic(const char *username, const char *password)
{
    char *out = NULL;
    char *name = join(username, ":");
    char *pair = name != NULL ? join(name, password) : NULL;
    char *code = pair != NULL ? base64(pair) : NULL;
    if (code != NULL)
        out = join("Authorization: Basic ", code);
    gw_influx_secret_free(name);
    gw_influx_secret_free(pair);
    gw_influx_secret_free(code);
    return out;
}

enum gw_status gw_influx_authorization(const struct gw_site_influx *site, char **out,
                                       struct gw_err *err)
{
    char *secret = NULL;
    enum gw_status status = GW_OK;
    bool token = site->token_file[0] != '\0';

    *out = NULL;
    if (token)
        status = read_secret("token", site->token_file, &secret, err);
    else if (site->username[0] == '\0')
        return GW_OK;
    else if (site->password_file[0] != '\0')
        status = read_secret("password", site->password_file, &secret, err);
    if (status != GW_OK)
        return status;
    const char *text = secret != NULL ? secret : "";
    if (token)
        *out = join(site->version == 3 ? "Authorization: Bearer " : "Authorization: Token ", text);
    else
        *out = basic(site->username, text);
    gw_influx_secret_free(secret);
    return *out != NULL ? GW_OK : gw_err_set(err, GW_E_NOMEM, "out of memory");
}
