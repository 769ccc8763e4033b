/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* adjtimex, CLOCK_BOOTTIME */
#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define UNSYNCED_MAXERROR_US 16000000L
#define SYNC_KNOWN_MS        100

#define MS_PER_DAY        INT64_C(86400000)
#define CST_OFFSET_MS     (8 * INT64_C(3600000))
#define LAST_LOCAL_MS     INT64_C(253402300799999) /* 9999-12-31T23:59:59.999 */
#define DAYS_PER_ERA      INT64_C(146097)          /* 400 Gregorian years */
#define DAYS_0000_TO_1970 INT64_C(719468)          /* from 0000-03-01 */

static int64_t read_ms(clockid_t id)
{
    struct timespec ts;
    if (clock_gettime(id, &ts) != 0)
        return 0;
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Whether the kernel's clock is synchronised, and until when (monotonic) that is taken as known. To
 * ask feeds the kernel's pool of random numbers, which costs more than all else that is done to read
 * a device; so one answer serves all threads for a moment. */
static _Atomic bool sync_known;
static _Atomic int64_t sync_until_ms;

/* STA_UNSYNC is not asked: some time daemons leave it set to keep the kernel off the RTC. */
static bool kernel_synchronised(int64_t mono_ms)
{
    if (mono_ms >= sync_until_ms) {
        struct timex tx = {.modes = 0};
        sync_known = adjtimex(&tx) >= 0 && tx.maxerror < UNSYNCED_MAXERROR_US;
        sync_until_ms = mono_ms + SYNC_KNOWN_MS;
    }
    return sync_known;
}

static void system_now(void *ctx, struct gw_stamp *out)
{
    (void)ctx;
    out->mono_ms = read_ms(CLOCK_MONOTONIC);
    out->boot_ms = read_ms(CLOCK_BOOTTIME);
    out->wall_ms = read_ms(CLOCK_REALTIME);
    out->sync = kernel_synchronised(out->mono_ms);
}

struct gw_clock gw_clock_system(void)
{
    return (struct gw_clock){.now = system_now, .ctx = NULL};
}

int64_t gw_clock_mono_ms(const struct gw_clock *clock)
{
    /* Loops ask this every round; the machine's clock need not be read in full for it. */
    if (clock->now == system_now)
        return read_ms(CLOCK_MONOTONIC);
    return gw_clock_now(clock).mono_ms;
}

/* Days since 1970-01-01 to a date of the Gregorian calendar, years counted from March so that the
 * leap day is the last of its year. days >= 0. */
static void civil_date(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + DAYS_0000_TO_1970;
    int64_t era = z / DAYS_PER_ERA;
    int64_t doe = z % DAYS_PER_ERA;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2 ? 1 : 0));
}

void gw_clock_iso(int64_t wall_ms, char out[GW_ISO_SIZE])
{
    int64_t local_ms = LAST_LOCAL_MS;
    if (wall_ms < -CST_OFFSET_MS)
        local_ms = 0;
    else if (wall_ms <= LAST_LOCAL_MS - CST_OFFSET_MS)
        local_ms = wall_ms + CST_OFFSET_MS;

    int year;
    int month;
    int day;
    civil_date(local_ms / MS_PER_DAY, &year, &month, &day);
    int ms = (int)(local_ms % MS_PER_DAY);

    /* Wider than the result, since the compiler cannot know the ranges. */
    char text[96];
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03d+08:00", year, month, day,
             ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
    memcpy(out, text, GW_ISO_SIZE - 1);
    out[GW_ISO_SIZE - 1] = '\0';
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    const int64_t y = month <= 2 ? year - 1 : year; /* years that begin in March */
    const int64_t m = month <= 2 ? month + 9 : month - 3;
    const int64_t in_year = (153 * m + 2) / 5 + day - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

/* Text against a pattern in which D stands for a digit; each run of digits becomes a number of out.
 */
static bool match(const char *text, const char *pattern, int64_t *out)
{
    bool inside = false;
    for (; *pattern; pattern++, text++) {
        if (*pattern != 'D') {
            out += inside;
            inside = false;
            if (*text != *pattern)
                return false;
            continue;
        }
        if (*text < '0' || *text > '9')
            return false;
        *out = *out * 10 + (*text - '0');
        inside = true;
    }
    return *text == '\0';
}

bool gw_clock_parse(const char *text, int64_t *wall_ms)
{
    int64_t day[3] = {0}, f[7] = {0};
    char back[GW_ISO_SIZE];
    if (match(text, "DDDD-DD-DD", day))
        memcpy(f, day, sizeof day);
    else if (!match(text, "DDDD-DD-DDTDD:DD:DD.DDD+08:00", f))
        return false;
    const int64_t ms =
        days_of(f[0], f[1], f[2]) * MS_PER_DAY + ((f[3] * 60 + f[4]) * 60 + f[5]) * 1000 + f[6];
    /* What does not read back is no date: 31 February would be taken for March. */
    gw_clock_iso(ms - CST_OFFSET_MS, back);
    if (strncmp(text, back, strlen(text)) != 0)
        return false;
    *wall_ms = ms - CST_OFFSET_MS;
    return true;
}

bool gw_clock_parse_boot_id(const char *text, char out[GW_BOOT_ID_SIZE])
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    char id[GW_BOOT_ID_SIZE];
    const bool dashes = strchr(text, '-') != NULL;
    _Static_assert(sizeof form == sizeof id, "a boot id has 36 characters");
    for (size_t i = 0; i < sizeof form - 1; i++) {
        char c = '-';
        if (form[i] != '-' || dashes)
            c = *text++;
        if (c == '\0' || (form[i] == '-') != (c == '-') || strchr("0123456789abcdef-", c) == NULL)
            return false;
        id[i] = c;
    }
    id[sizeof id - 1] = '\0';
    if (*text != '\0')
        return false;
    memcpy(out, id, sizeof id);
    return true;
}

void gw_clock_boot_id(char out[GW_BOOT_ID_SIZE])
{
    char text[GW_BOOT_ID_SIZE] = "";
    const char *given = getenv("NONSITE_BOOT_ID");
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        const ssize_t n = read(fd, text, sizeof text - 1);
        close(fd);
        text[n > 0 ? n : 0] = '\0';
    }
    if (!gw_clock_parse_boot_id(text, out) &&
        (given == NULL || !gw_clock_parse_boot_id(given, out)))
        snprintf(out, GW_BOOT_ID_SIZE, "%s", GW_BOOT_UNKNOWN);
}
