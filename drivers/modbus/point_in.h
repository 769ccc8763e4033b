/* SPDX-License-Identifier: Apache-2.0
 *
 * point_in: the objects inside a point as their tables read them; private to this folder.
 */
#ifndef GW_MODBUS_POINT_IN_H
#define GW_MODBUS_POINT_IN_H

#include <stdint.h>

extern const char *const gw_mb_as_names[]; /* by enum gw_vtype */

struct gw_mb_field_in {
    int64_t shift, bits;
};

struct gw_mb_state_in {
    int64_t mask, equals;
    char is[24];
};

#endif
