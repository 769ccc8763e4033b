/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/slope.h"

#include <assert.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *sorted, size_t n)
{
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* The medians of value and time of n samples. */
static void middle(const struct gw_slope_sample *s, size_t n, double *x, double *t_ms)
{
    double xs[GW_SLOPE_MAX];
    double ts[GW_SLOPE_MAX];
    for (size_t i = 0; i < n; i++) {
        xs[i] = s[i].x;
        ts[i] = (double)(s[i].t_ms - s[0].t_ms);
    }
    qsort(xs, n, sizeof xs[0], by_size);
    *x = median(xs, n);
    *t_ms = median(ts, n) + (double)s[0].t_ms;
}

static bool has_hole(const struct gw_slope_sample *s, size_t n, int64_t from_ms, int64_t to_ms)
{
    const int64_t most = (to_ms - from_ms) / 3;
    for (size_t i = 0; i + 1 < n; i++)
        if (s[i + 1].t_ms - s[i].t_ms > most)
            return true;
    return s[0].t_ms - from_ms > most || to_ms - s[n - 1].t_ms > most;
}

bool gw_slope(const struct gw_slope_sample *s, size_t n, int64_t from_ms, int64_t to_ms,
              double *per_minute)
{
    assert(n <= GW_SLOPE_MAX);
    if (n < (size_t)2 * GW_SLOPE_LEAST || has_hole(s, n, from_ms, to_ms))
        return false;
    const int64_t part = (to_ms - from_ms) / 3;
    size_t first = 0;
    size_t last = 0;
    while (first < n && s[first].t_ms <= from_ms + part)
        first++;
    while (last < n && s[n - 1 - last].t_ms >= to_ms - part)
        last++;
    if (first < GW_SLOPE_LEAST || last < GW_SLOPE_LEAST || first + last > n)
        return false;
    double x0;
    double x1;
    double t0;
    double t1;
    middle(s, first, &x0, &t0);
    middle(s + n - last, last, &x1, &t1);
    *per_minute = (x1 - x0) / ((t1 - t0) / 60000.0);
    return true;
}
