/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include "util.h"

void tally_take(struct tally *t, const struct gw_batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        t->any = t->any || b->samples[i].nraw > 0;
    if (!b->last)
        return;
    const struct gw_polls *p = &b->polls;
    assert_int_equal(p->scheduled, p->read + p->failed + p->skipped);
    assert_true(p->scheduled > t->polls.scheduled);
    t->polls = *p;
    t->passes++;
    t->read += t->any;
    t->failed += !t->any;
    t->any = false;
    t->last_ms = b->mono_ms;
}

void tally_check(const struct tally *t, int64_t period_ms, int64_t went_ms, int64_t slack_ms)
{
    assert_int_equal(t->polls.read, t->read);
    assert_int_equal(t->polls.failed, t->failed);
    assert_int_equal(t->polls.skipped, t->polls.scheduled - t->passes);
    assert_in_range((int64_t)t->polls.scheduled * period_ms, went_ms - period_ms - slack_ms,
                    went_ms + period_ms);
    assert_true(t->read > 0 && t->failed > 0);
}

void tally_add(const struct tally *t, struct gw_polls *sum)
{
    sum->scheduled += t->polls.scheduled;
    sum->read += t->polls.read;
    sum->failed += t->polls.failed;
    sum->skipped += t->polls.skipped;
}
