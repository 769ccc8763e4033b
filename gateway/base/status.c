/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"

static const char *const names[] = {
    [GW_OK] = "ok",
    [GW_E_NOMEM] = "out of memory",
    [GW_E_INVAL] = "invalid argument",
    [GW_E_RANGE] = "out of range",
    [GW_E_PARSE] = "malformed",
    [GW_E_IO] = "I/O error",
    [GW_E_TIMEOUT] = "timeout",
    [GW_E_PROTO] = "protocol error",
    [GW_E_REFUSED] = "refused",
    [GW_E_FULL] = "full",
    [GW_E_CLOSED] = "closed",
    [GW_E_UNSUPPORTED] = "unsupported",
    [GW_E_NOTFOUND] = "not found",
};

const char *gw_status_name(enum gw_status status)
{
    size_t i = (size_t)status;
    return i < sizeof names / sizeof names[0] ? names[i] : "unknown status";
}

enum gw_status gw_err_set(struct gw_err *err, enum gw_status status, const char *fmt, ...)
{
    if (err == NULL)
        return status;

    /* By way of a copy, because callers put a place in front of err->msg itself. */
    char msg[sizeof err->msg];
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(msg, sizeof msg, fmt, ap);
    va_end(ap);
    memcpy(err->msg, msg, sizeof msg);
    err->status = status;
    return status;
}
