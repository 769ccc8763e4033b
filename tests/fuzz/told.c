/* SPDX-License-Identifier: Apache-2.0
 *
 * What people tell the local API: each input as the body of every verb.
 */
#include "control/told.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

static bool ends(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"/v1/ack", "/v1/shelve", "/v1/unshelve", "/v1/permit",
                                        "/v1/permit_end"};
    if (size > 4096)
        return -1;
    char *body = malloc(size + 1);
    FUZZ_HOLDS(body != NULL);
    if (size > 0)
        memcpy(body, data, size);
    body[size] = '\0';
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct gw_told_verb *verb = gw_told_find(paths[i]);
        struct gw_command cmd;
        struct gw_err err = {0};
        FUZZ_HOLDS(verb != NULL);
        if (gw_told_read(verb, body, size, "uid 1000", 1, &cmd, &err) != GW_OK) {
            FUZZ_HOLDS(err.msg[0] != '\0');
            continue;
        }
        FUZZ_HOLDS(cmd.by == GW_BY_LOCAL && cmd.kind < GW_COMMAND_COUNT);
        FUZZ_HOLDS(ends(cmd.who, sizeof cmd.who) && strchr(cmd.who, '/') != NULL);
        FUZZ_HOLDS(ends(cmd.target, sizeof cmd.target) && ends(cmd.reason, sizeof cmd.reason));
        FUZZ_HOLDS(cmd.hash[0] == '\0' && cmd.body[0] == '\0'); /* the platform's alone */
    }
    free(body);
    return 0;
}
