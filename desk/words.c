/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct word {
    const char *key, *zh;
};

static const struct word qualities[] = {{"GOOD", "可信"},
                                        {"UNCERTAIN", "存疑"},
                                        {"BAD_COMM", "无应答"},
                                        {"BAD_FAULT", "仪表自报故障"},
                                        {"BAD_RANGE", "超出可能范围"},
                                        {"WARMUP", "预热"},
                                        {"INHIBIT", "屏蔽或测试"},
                                        {"STALE", "过期"},
                                        {"NOT_YET", "尚未读到"}};
/* The states are called as the gateway calls them in the texts of its records. */
static const struct word values[] = {{"true", "是"},
                                     {"false", "否"},
                                     {"", "—"},
                                     {"UNKNOWN", "状态不明"},
                                     {"NORMAL", "正常"},
                                     {"WARMUP", "预热"},
                                     {"PRE_ALARM", "预报警"},
                                     {"LOW", "低报"},
                                     {"HIGH", "高报"},
                                     {"OVER_RANGE", "超量程"},
                                     {"SENSOR_FAULT", "传感器故障"},
                                     {"DATA_ERROR", "数据错误"},
                                     {"COMM_FAULT", "通信故障"},
                                     {"NEED_CAL", "需标定"},
                                     {"STEL", "短时接触超限"},
                                     {"TWA", "时间加权超限"},
                                     {"SHIELDED", "屏蔽"},
                                     {"INHIBIT", "禁止"},
                                     {"ABSENT", "无此节点"},
                                     {"EXPIRED", "已到期"}};

static const char *word(const struct word *list, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].key, key) == 0)
            return list[i].zh;
    return key;
}

const char *gw_desk_quality_zh(const char *quality)
{
    return word(qualities, COUNT(qualities), quality);
}

const char *gw_desk_value_zh(const char *value)
{
    return word(values, COUNT(values), value);
}

const char *gw_desk_moment(const char *iso, char out[GW_DESK_MOMENT])
{
    const size_t day = strcspn(iso, "T"), end = strcspn(iso, "+Z");
    const bool here = strcmp(iso + end, "+08:00") == 0;
    if (iso[0] == '\0')
        (void)snprintf(out, GW_DESK_MOMENT, "—");
    else if (iso[day] == '\0' || end <= day || !here)
        (void)snprintf(out, GW_DESK_MOMENT, "%s", iso);
    else
        (void)snprintf(out, GW_DESK_MOMENT, "%.*s %.*s", (int)day, iso, (int)(end - day - 1),
                       iso + day + 1);
    return out;
}
