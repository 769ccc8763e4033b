/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define LINE_MAX_BYTES 2048

static enum gw_log_level log_level = GW_LOG_INFO;

static const struct {
    const char *name;
    int priority; /* of syslog(3) */
} levels[] = {
    [GW_LOG_ERR] = {"err", 3},
    [GW_LOG_WARN] = {"warn", 4},
    [GW_LOG_INFO] = {"info", 6},
    [GW_LOG_DEBUG] = {"debug", 7},
};

void gw_log_set_level(enum gw_log_level level)
{
    log_level = level;
}

bool gw_log_level_parse(const char *name, enum gw_log_level *out)
{
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(name, levels[i].name) == 0) {
            *out = (enum gw_log_level)i;
            return true;
        }
    }
    return false;
}

/* "<4>mqtt: " under systemd, else "2026-11-22 13:10:00.123 warn mqtt: ". */
static size_t prefix(char *out, size_t size, enum gw_log_level level, const char *tag)
{
    int n;
    if (getenv("JOURNAL_STREAM") != NULL) {
        n = snprintf(out, size, "<%d>%.40s: ", levels[level].priority, tag);
    } else {
        struct gw_clock clock = gw_clock_system();
        int64_t wall_ms = gw_clock_now(&clock).wall_ms;
        time_t seconds = (time_t)(wall_ms / 1000);
        struct tm tm;
        char date[32] = "?";
        if (localtime_r(&seconds, &tm) != NULL)
            strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &tm);
        n = snprintf(out, size, "%s.%03d %s %.40s: ", date, (int)(wall_ms % 1000),
                     levels[level].name, tag);
    }
    return n > 0 ? (size_t)n : 0;
}

void gw_log(enum gw_log_level level, const char *tag, const char *fmt, ...)
{
    if (level > log_level)
        return;

    int saved_errno = errno;
    char line[LINE_MAX_BYTES];
    size_t len = prefix(line, sizeof line, level, tag);
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(line + len, sizeof line - len - 1, fmt, ap);
    va_end(ap);
    len += strlen(line + len);
    line[len++] = '\n';

    /* A log that cannot be written has nowhere to complain. */
    ssize_t written;
    do {
        written = write(STDERR_FILENO, line, len);
    } while (written < 0 && errno == EINTR);
    errno = saved_errno;
}
