/* SPDX-License-Identifier: Apache-2.0
 *
 * verify: `nonsitectl verify`: an export of records checked offline, with public keys alone.
 *
 * Needs no daemon and no network. Reads line by line: memory does not grow with the export.
 */
#ifndef GW_CTL_VERIFY_H
#define GW_CTL_VERIFY_H

/* argv[0] is "verify". Returns the exit code: 0 all is good; 1 a fault was found and told; 2 the
 * check could not be done; 64 wrong usage. */
int gw_verify_run(int argc, char **argv);

extern const char gw_verify_usage[];

#endif
