/* SPDX-License-Identifier: Apache-2.0
 *
 * No allocation in the steady state: the linker puts these functions in front of the allocator for
 * all code that is linked in statically, ours.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "catcher.h"
#include "modbus/driver.h"
#include "peer.h"
#include "sitefile.h"
#include "util.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static atomic_ulong allocations;

void *__wrap_malloc(size_t n)
{
    atomic_fetch_add(&allocations, 1);
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    atomic_fetch_add(&allocations, 1);
    return __real_realloc(p, n);
}

/* Every third request of unit 2 is answered wrongly, so that connections come and go. */
static bool serve(void *arg, const struct peer_call *call)
{
    (void)arg;
    if (call->req == NULL)
        return true;
    uint8_t answer[260];
    const size_t n = peer_answer(call, 1, answer);
    if (call->req[6] == 2 && call->nth % 3 == 0)
        answer[6] = 9;
    peer_send(call, answer, n);
    return true;
}

static void polling_allocates_nothing(void **state)
{
    (void)state;
    struct peer *peer = peer_start(serve, NULL);
    char buses[200];
    (void)snprintf(buses, sizeof buses,
                   "\"a\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\", \"port\": %u}",
                   (unsigned)peer_port(peer));
    struct sitefile f;
    sitefile_load(&f, buses,
                  "\"gas\": {\"bus\": \"a\", \"profile\": \"ax100\", \"channels\": 20,"
                  " \"period_ms\": 100},"
                  "\"bad\": {\"bus\": \"a\", \"unit\": 2, \"profile\": \"mfe600h\","
                  " \"period_ms\": 100}",
                  "\"gas.slow\": {\"address\": 700, \"period_ms\": 300}", NULL);
    assert_true(sitefile_good(&f));
    struct catcher c;
    catcher_init(&c);
    const struct gw_clock clock = gw_clock_system();
    const struct gw_driver_env env = {
        .site = f.site, .clock = &clock, .sink = catcher_sink(&c), .seed = test_seed()};
    struct gw_driver_instance *inst = NULL;
    const unsigned long before = atomic_load(&allocations);
    assert_int_equal(gw_modbus_tcp_driver.open(&env, &inst, NULL), GW_OK);
    assert_true(atomic_load(&allocations) > before); /* the counting works */
    /* All was sized when it was opened, but for what a device says of itself, once it came up. */
    catcher_wait_passes(&c, 0, 2);
    assert_string_equal(catcher_device(&c, 0).batch.identity, "PEER");
    const unsigned long opened = atomic_load(&allocations);
    catcher_wait_passes(&c, 0, 30);
    catcher_wait_passes(&c, 1, 2);
    assert_int_equal(atomic_load(&allocations), opened);
    assert_true(catcher_device(&c, 0).batch.polls.read > 0);
    assert_true(catcher_device(&c, 1).batch.polls.failed > 0);
    gw_modbus_tcp_driver.close(inst);
    sitefile_free(&f);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polling_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
