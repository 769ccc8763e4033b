/* SPDX-License-Identifier: Apache-2.0
 *
 * export: `nonsitectl export`: the records of a gateway as one file, for `nonsitectl verify` and for
 * whoever wants to check them: from the running daemon, page by page, or from the records.db of
 * one that is stopped. Memory does not grow with the export.
 */
#ifndef GW_CTL_EXPORT_H
#define GW_CTL_EXPORT_H

/* argv[0] is "export"; socket_path: where the daemon listens unless the options say otherwise.
 * Returns the exit code: 0 all was written; 2 not all, and why was told; 3 the daemon cannot be
 * reached; 64 wrong usage. */
int gw_export_run(int argc, char **argv, const char *socket_path);

extern const char gw_export_usage[];

#endif
