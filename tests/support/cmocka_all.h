/* SPDX-License-Identifier: Apache-2.0
 *
 * cmocka_all: what cmocka.h wants to be included before it, and cmocka.h.
 */
#ifndef GW_TESTS_SUPPORT_CMOCKA_ALL_H
#define GW_TESTS_SUPPORT_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
