/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/site.h"

#include <string.h>

#define LENGTH 18

static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

char gw_uscc_check_char(const char *code)
{
    unsigned sum = 0;
    unsigned weight = 1;
    for (int i = 0; i < LENGTH - 1; i++) {
        const char *c = code[i] != '\0' ? strchr(alphabet, code[i]) : NULL;
        if (c == NULL)
            return '\0';
        sum += weight * (unsigned)(c - alphabet);
        weight = weight * 3 % 31;
    }
    return alphabet[(31 - sum % 31) % 31];
}

bool gw_uscc_valid(const char *code)
{
    const char check = gw_uscc_check_char(code);
    return check != '\0' && code[LENGTH - 1] == check && code[LENGTH] == '\0';
}
