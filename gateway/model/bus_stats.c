/* SPDX-License-Identifier: Apache-2.0 */
#include "model/bus_stats.h"

#include <stdio.h>

const int64_t gw_stats_times_ms[GW_STATS_TIMES] = {5, 10, 20, 50, 100, 200, 500, 1000, 0};

void gw_bus_stats_answer(struct gw_bus_stats *s, int64_t took_ms, uint8_t exception)
{
    unsigned i = 0;
    while (i < GW_STATS_TIMES - 1 && took_ms > gw_stats_times_ms[i])
        i++;
    s->times[i]++;
    s->time_sum_ms += took_ms > 0 ? (uint64_t)took_ms : 0;
    if (exception != 0)
        s->exceptions[exception < GW_STATS_EXCEPTIONS ? exception : 0]++;
}

void gw_bus_stats_failure(struct gw_bus_stats *s, enum gw_status status)
{
    if (status == GW_E_TIMEOUT)
        s->timeouts++;
    else if (status == GW_E_PROTO)
        s->frame_errors++;
    else
        s->lost++;
}

uint64_t gw_bus_stats_answers(const struct gw_bus_stats *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < GW_STATS_TIMES; i++)
        n += s->times[i];
    return n;
}

uint64_t gw_bus_stats_all_exceptions(const struct gw_bus_stats *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < GW_STATS_EXCEPTIONS; i++)
        n += s->exceptions[i];
    return n;
}

bool gw_bus_stats_any(const struct gw_bus_stats *s)
{
    return gw_bus_stats_answers(s) > 0 || s->timeouts > 0 || s->frame_errors > 0 || s->lost > 0;
}

static void add_counters(struct gw_bus_stats *sum, const struct gw_bus_stats *one)
{
    for (unsigned i = 0; i < GW_STATS_TIMES; i++)
        sum->times[i] += one->times[i];
    for (unsigned i = 0; i < GW_STATS_EXCEPTIONS; i++)
        sum->exceptions[i] += one->exceptions[i];
    sum->time_sum_ms += one->time_sum_ms;
    sum->timeouts += one->timeouts;
    sum->frame_errors += one->frame_errors;
    sum->lost += one->lost;
    sum->splits += one->splits;
}

void gw_bus_stats_add_past(struct gw_bus_stats *now, const struct gw_bus_stats *past)
{
    add_counters(now, past);
    now->opens += past->opens;
}

void gw_bus_stats_add(struct gw_bus_stats *sum, const struct gw_bus_stats *one)
{
    add_counters(sum, one);
    sum->refused = (uint16_t)(sum->refused + one->refused);
    if (sum->opens < one->opens)
        sum->opens = one->opens;
}

static void write_exceptions(struct gw_jcs *j, const struct gw_bus_stats *s)
{
    /* In the order of their names as texts. */
    static const uint8_t codes[GW_STATS_EXCEPTIONS] = {1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9, 0};

    gw_jcs_obj(j, "exceptions");
    for (unsigned i = 0; i < GW_STATS_EXCEPTIONS; i++) {
        char key[8] = "other";
        if (s->exceptions[codes[i]] == 0)
            continue;
        if (codes[i] != 0)
            (void)snprintf(key, sizeof key, "%u", (unsigned)codes[i]);
        gw_jcs_int(j, key, s->exceptions[codes[i]]);
    }
    gw_jcs_end(j);
}

void gw_bus_stats_write(struct gw_jcs *j, const struct gw_bus_stats *s, enum gw_stats_of of)
{
    gw_jcs_obj(j, "comm");
    write_exceptions(j, s);
    gw_jcs_int(j, "frame_errors", s->frame_errors);
    if (of == GW_STATS_OF_DEVICE)
        gw_jcs_int(j, "hold_ms", s->hold_ms);
    gw_jcs_int(j, "lost", s->lost);
    if (of == GW_STATS_OF_BUS)
        gw_jcs_int(j, "opens", s->opens);
    gw_jcs_int(j, "refused", s->refused);
    gw_jcs_int(j, "splits", s->splits);
    gw_jcs_int(j, "time_sum_ms", (int64_t)s->time_sum_ms);
    gw_jcs_int(j, "timeouts", s->timeouts);
    gw_jcs_arr(j, "times");
    for (unsigned i = 0; i < GW_STATS_TIMES; i++)
        gw_jcs_int(j, NULL, s->times[i]);
    gw_jcs_end(j);
    if (of == GW_STATS_OF_DEVICE)
        gw_jcs_int(j, "tries", s->tries);
    gw_jcs_end(j);
}
