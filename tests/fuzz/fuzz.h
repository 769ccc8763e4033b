/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz: what every fuzz target has. Built with libFuzzer (preset "fuzz") it makes up its inputs;
 * otherwise replay.c runs it over files.
 */
#ifndef GW_TESTS_FUZZ_H
#define GW_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* 0: done; -1: the input is not worth keeping. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input: ends the program with the place where it does not. */
#define FUZZ_HOLDS(condition) fuzz_holds((condition), #condition, __FILE__, __LINE__)
void fuzz_holds(int condition, const char *text, const char *file, int line);

#endif
