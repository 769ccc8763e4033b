/* SPDX-License-Identifier: Apache-2.0
 *
 * Thirty days of a plant that is run well: not one lead. The same days with forty violations: these
 * forty cases, each in its time, also when the gateway is stopped two hundred times meanwhile.
 */
#include "month.h"
#include "support/cmocka_all.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t seed_of_run(void)
{
    const char *text = getenv("GW_TEST_SEED");
    const uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);
    printf("GW_TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}

static void print_leads(const struct scene *s)
{
    for (size_t i = 0; i < scene_records(s); i++) {
        const struct scene_record *r = scene_record(s, i);
        if (r->cls == GW_CLASS_LEAD)
            print_message("%s %s %s: %s\n", rec_str(r, "time/recorded"), r->key,
                          rec_str(r, "state"), rec_str(r, "condition/text/en"));
    }
}

static size_t count(const struct scene *s, enum gw_class cls)
{
    size_t n = 0;
    for (size_t i = 0; i < scene_records(s); i++)
        n += scene_record(s, i)->cls == cls ? 1 : 0;
    return n;
}

static void a_month_run_well_has_no_lead(void **state)
{
    (void)state;
    struct month *m = month_new(seed_of_run(), "");
    while (m->at_ms < MONTH_MS)
        month_step(m, NULL, NULL);
    print_leads(m->scene);
    assert_int_equal(count(m->scene, GW_CLASS_LEAD), 0);
    /* The month was not empty: vapour and a spark were told, and ended. */
    assert_int_equal(scene_count(m->scene, "GAS-EV-LOW", "raised"), 1);
    assert_int_equal(scene_count(m->scene, "GAS-EV-LOW", "returned"), 1);
    assert_int_equal(scene_count(m->scene, "DC-EV-SPARK", "raised"), 1);
    assert_int_equal(scene_count(m->scene, "DC-EV-SPARK", "returned"), 1);
    assert_int_equal(count(m->scene, GW_CLASS_ALARM), 4);
    month_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_month_run_well_has_no_lead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
