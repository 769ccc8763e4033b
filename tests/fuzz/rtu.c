/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer path of RTU over TCP.
 */
#include "fuzz/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_client(GW_MB_FRAMING_RTU, data, size);
}
