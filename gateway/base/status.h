/* SPDX-License-Identifier: Apache-2.0
 *
 * status: the one result type of the project, and the one carrier of human context.
 *
 * A function that can fail returns enum gw_status and hands values back through out-parameters,
 * which are untouched on failure. Codes of errno and of libraries are translated where they arise.
 * struct gw_err belongs to the caller and is filled once, where the cause is known.
 * Any thread; no state.
 */
#ifndef GW_BASE_STATUS_H
#define GW_BASE_STATUS_H

#define GW_MUST_CHECK   __attribute__((warn_unused_result))
#define GW_PRINTF(f, a) __attribute__((format(printf, f, a)))

enum gw_status {
    GW_OK = 0,
    GW_E_NOMEM,       /* out of memory */
    GW_E_INVAL,       /* the caller's argument is wrong */
    GW_E_RANGE,       /* a number outside its permitted range */
    GW_E_PARSE,       /* text or bytes that do not follow their format */
    GW_E_IO,          /* the operating system refused an I/O operation */
    GW_E_TIMEOUT,     /* no answer in time */
    GW_E_PROTO,       /* the peer broke its protocol */
    GW_E_REFUSED,     /* the peer, or a permission, said no */
    GW_E_FULL,        /* a bounded thing is full; try again later */
    GW_E_CLOSED,      /* the thing is shut down */
    GW_E_UNSUPPORTED, /* not offered here */
    GW_E_NOTFOUND     /* no such thing */
};

struct gw_err {
    enum gw_status status;
    char msg[256]; /* one line, no newline, names the place: "buses.plc: connection refused" */
};

/* A short name such as "timeout". Never NULL. */
const char *gw_status_name(enum gw_status status);

/* Fills err (which may be NULL) and returns status, so that a caller can write
 * `return gw_err_set(err, GW_E_IO, "...")`. A text that does not fit ends in "..."; control
 * characters become spaces. err->msg itself may be among the arguments. */
enum gw_status gw_err_set(struct gw_err *err, enum gw_status status, const char *fmt, ...)
    GW_PRINTF(3, 4);

#endif
