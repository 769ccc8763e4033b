/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ratelog.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/log.h"
#include "base/text.h"

#define FIRST_INTERVAL_MS 1000
#define LAST_INTERVAL_MS  (INT64_C(24) * 3600 * 1000)

static int64_t doubled(int64_t interval_ms)
{
    if (interval_ms == 0)
        return FIRST_INTERVAL_MS;
    return interval_ms < LAST_INTERVAL_MS / 2 ? interval_ms * 2 : LAST_INTERVAL_MS;
}

bool gw_ratelog_fail(struct gw_ratelog *rl, int64_t now_ms, const char *tag, const char *fmt, ...)
{
    if (!rl->failing)
        *rl = (struct gw_ratelog){.failing = true, .since_ms = now_ms, .next_ms = now_ms};
    rl->count++;
    rl->unlogged++;
    if (now_ms < rl->next_ms)
        return false;

    char text[512];
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(text, sizeof text, fmt, ap);
    va_end(ap);
    if (rl->count == 1) {
        gw_log(GW_LOG_WARN, tag, "%s", text);
    } else {
        gw_log(GW_LOG_WARN, tag, "%s (%" PRIu64 " more, %" PRIu64 " failures in %" PRId64 " s)",
               text, rl->unlogged, rl->count, (now_ms - rl->since_ms) / 1000);
    }
    rl->unlogged = 0;
    rl->interval_ms = doubled(rl->interval_ms);
    rl->next_ms = now_ms + rl->interval_ms;
    return true;
}

bool gw_ratelog_ok(struct gw_ratelog *rl, int64_t now_ms, const char *tag, const char *what)
{
    if (!rl->failing)
        return false;
    gw_log(GW_LOG_INFO, tag, "%s works again after %" PRIu64 " failure%s in %" PRId64 " s", what,
           rl->count, rl->count == 1 ? "" : "s", (now_ms - rl->since_ms) / 1000);
    *rl = (struct gw_ratelog){0};
    return true;
}
