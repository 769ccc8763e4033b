/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/probe_link.h"

#include <string.h>

const struct gw_mb_probe_transport *const gw_mb_probe_transports[] = {
    &gw_mb_probe_tcp,
    NULL,
};

const struct gw_mb_probe_transport *gw_mb_probe_transport(const char *endpoint, const char **rest)
{
    for (size_t i = 0; gw_mb_probe_transports[i] != NULL; i++) {
        const char *scheme = gw_mb_probe_transports[i]->scheme;
        const size_t n = strlen(scheme);
        if (strncmp(endpoint, scheme, n) == 0 && endpoint[n] == ':') {
            *rest = endpoint + n + 1;
            return gw_mb_probe_transports[i];
        }
    }
    return NULL;
}
