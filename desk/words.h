/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/words: what the Chinese pages call the words of a record. No state; any thread.
 */
#ifndef GW_DESK_WORDS_H
#define GW_DESK_WORDS_H

/* Room for a moment as pages show it. */
#define GW_DESK_MOMENT 40

/* "仪表自报故障" for "BAD_FAULT". An unknown quality is its own word. */
const char *gw_desk_quality_zh(const char *quality);

/* "是" for "true", "正常" for a detector's "NORMAL"; "—" for no value. A number is its own word. */
const char *gw_desk_value_zh(const char *value);

/* "2026-11-22 20:36:15.076" for "2026-11-22T20:36:15.076+08:00"; the pages say that this is the time
 * of Beijing. Another zone stays with it. "—" for no moment. */
const char *gw_desk_moment(const char *iso, char out[GW_DESK_MOMENT]);

#endif
