/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dynlib.h"

#include <dlfcn.h>
#include <string.h>

_Static_assert(sizeof(void *) == sizeof(void (*)(void)), "POSIX: dlsym gives functions");

enum gw_status gw_dynlib_load(const struct gw_dynlib *lib, void *table, struct gw_err *err)
{
    void *handle = dlopen(lib->soname, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return gw_err_set(err, GW_E_NOTFOUND, "%s (package %s)", dlerror(), lib->package);
    for (size_t i = 0; i < lib->n; i++) {
        if (dlsym(handle, lib->symbols[i]) == NULL) {
            (void)dlclose(handle); /* nothing of it was called: the right one may be tried later */
            return gw_err_set(err, GW_E_NOTFOUND, "%s has no %s (package %s)", lib->soname,
                              lib->symbols[i], lib->package);
        }
    }
    for (size_t i = 0; i < lib->n; i++) {
        void *symbol = dlsym(handle, lib->symbols[i]);
        memcpy((char *)table + i * sizeof symbol, &symbol, sizeof symbol);
    }
    return GW_OK;
}
