/* SPDX-License-Identifier: Apache-2.0
 *
 * dynlib: a shared library that is loaded when something needs it, so that who does not need it
 * has neither its memory nor that of what it brings along.
 *
 * What is used of it is a struct of function pointers, in the order of a table of names.
 */
#ifndef GW_BASE_DYNLIB_H
#define GW_BASE_DYNLIB_H

#include <stddef.h>

#include "base/status.h"

struct gw_dynlib {
    const char *soname;         /* "libx.so.1": the version whose header was compiled against */
    const char *package;        /* of Debian, to be named when it is missing */
    const char *const *symbols; /* one for each pointer of the struct */
    size_t n;
};

/* Loads the library, if it is not loaded yet, and fills the n pointers at `table`, a struct of
 * nothing else; on failure they are all untouched. It stays loaded for the life of the process: few
 * libraries can be unloaded, and their threads, exit handlers and per-thread data are their own.
 * GW_E_NOTFOUND: there is no such library, or it lacks a symbol; err names it and the package. May be
 * called again then. Any thread; reads files. */
enum gw_status gw_dynlib_load(const struct gw_dynlib *lib, void *table,
                              struct gw_err *err) GW_MUST_CHECK;

#endif
