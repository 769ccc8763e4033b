/* SPDX-License-Identifier: Apache-2.0
 *
 * The driver with its thread and the real library, on whatever GPIO chips the machine has: none
 * that is called like this.
 */
#include "gpio/driver.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "sitefile.h"
#include "support/cmocka_all.h"

struct catcher {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    unsigned batches;
    struct gw_batch batch;
};

static enum gw_status take(void *ctx, const struct gw_batch *b)
{
    struct catcher *c = ctx;
    (void)pthread_mutex_lock(&c->mutex);
    c->batches++;
    c->batch = *b;
    (void)pthread_cond_broadcast(&c->cond);
    (void)pthread_mutex_unlock(&c->mutex);
    return GW_OK;
}

static struct gw_batch first_batch(struct catcher *c)
{
    struct timespec deadline;
    (void)clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 40;
    (void)pthread_mutex_lock(&c->mutex);
    int error = 0;
    while (c->batches == 0 && error == 0)
        error = pthread_cond_timedwait(&c->cond, &c->mutex, &deadline);
    const struct gw_batch b = c->batch;
    (void)pthread_mutex_unlock(&c->mutex);
    assert_int_equal(error, 0);
    return b;
}

static void run(const char *chip, const char *fault)
{
    struct sitefile f;
    char bus[200];
    (void)snprintf(bus, sizeof bus, "\"c\": {\"driver\": \"gpio\", \"chip\": \"%s\"}", chip);
    sitefile_load(&f, bus, "\"di\": {\"bus\": \"c\"}", "\"di.a\": {\"line\": 0, \"edges\": true}");
    assert_non_null(f.site);
    struct catcher c = {.batches = 0};
    assert_int_equal(pthread_mutex_init(&c.mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&c.cond, NULL), 0);
    const struct gw_clock clock = gw_clock_system();
    const struct gw_driver_env env = {.site = f.site, .clock = &clock, .sink = {take, &c}};
    struct gw_driver_instance *inst = NULL;
    assert_int_equal(gw_gpio_driver.open(&env, &inst, NULL), GW_OK);
    assert_non_null(inst);
    const struct gw_batch b = first_batch(&c);
    assert_int_equal(b.link, GW_LINK_DOWN);
    assert_int_equal(b.n, 2);
    assert_int_equal(b.samples[0].quality, GW_Q_BAD_COMM);
    assert_int_equal(b.samples[1].quality, GW_Q_BAD_COMM);
    if (strstr(b.fault, fault) == NULL)
        fail_msg("%s", b.fault);
    gw_gpio_driver.close(inst);
    assert_int_equal(pthread_cond_destroy(&c.cond), 0);
    assert_int_equal(pthread_mutex_destroy(&c.mutex), 0);
    sitefile_free(&f);
}

static void a_chip_that_is_not_there_is_told(void **state)
{
    (void)state;
    run("no-such-chip-here", "chip no-such-chip-here: ");
    run("/dev/no-such-chip", "chip /dev/no-such-chip: No such file or directory");
    run("/dev/null", "chip /dev/null: ");
}

static void a_site_without_lines_needs_no_thread(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, "", "", "");
    assert_non_null(f.site);
    const struct gw_clock clock = gw_clock_system();
    struct catcher c = {.batches = 0};
    const struct gw_driver_env env = {.site = f.site, .clock = &clock, .sink = {take, &c}};
    struct gw_driver_instance *inst = NULL;
    assert_int_equal(gw_gpio_driver.open(&env, &inst, NULL), GW_OK);
    assert_null(inst);
    gw_gpio_driver.close(inst);
    sitefile_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chip_that_is_not_there_is_told),
        cmocka_unit_test(a_site_without_lines_needs_no_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
