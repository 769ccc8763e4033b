/* SPDX-License-Identifier: Apache-2.0
 *
 * decimal: quantities as decimal strings, the only way a measured number enters a record.
 */
#ifndef GW_BASE_DECIMAL_H
#define GW_BASE_DECIMAL_H

#define GW_DECIMAL_SIZE 40
#define GW_DECIMALS_MAX 9

/* Writes v with `decimals` (0..9) digits after the point, rounded half away from zero on the
 * shortest decimal form of v, always with '.', never "-0.00". Magnitudes from 1e15 on, infinities
 * and NaN give "": such a value has no place in a record, and the caller marks it by its quality.
 * So does a number of decimals outside its range. Any thread. */
void gw_decimal(double v, int decimals, char out[GW_DECIMAL_SIZE]);

#endif
