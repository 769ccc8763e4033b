/* SPDX-License-Identifier: Apache-2.0
 *
 * listen: the sockets at which the local API is found.
 *
 * A socket file that a crash left behind is replaced; one behind which somebody listens is not, nor
 * is anything that is no socket. Any thread; no state.
 */
#ifndef GW_CONTROL_LISTEN_H
#define GW_CONTROL_LISTEN_H

#include <stddef.h>
#include <sys/types.h>

#include "base/status.h"

#define GW_SOCKET_PATH_MAX 107 /* bytes of a socket's path, without the NUL */

/* Which file is ours, to remove no other at the end. */
struct gw_listen {
    int fd; /* listening, non-blocking */
    dev_t dev;
    ino_t ino;
};

/* Listens at path with permissions mode (0660). GW_E_REFUSED: somebody listens there, or something
 * else than a socket is there; GW_E_RANGE: the path is too long; GW_E_IO: the folder is missing,
 * cannot be written ... err names the path. */
enum gw_status gw_listen_open(const char *path, mode_t mode, struct gw_listen *out,
                              struct gw_err *err) GW_MUST_CHECK;

/* Closes, and removes the file if it is still the one that was made. */
void gw_listen_close(struct gw_listen *l, const char *path);

/* Listens at an address of this machine and a port (gw_site_loopback_port), for good until *fd is
 * closed. GW_E_INVAL: where is something else; GW_E_IO: the port is taken ... err names it. */
enum gw_status gw_listen_tcp(const char *where, int *fd, struct gw_err *err) GW_MUST_CHECK;

#endif
