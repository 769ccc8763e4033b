/* SPDX-License-Identifier: Apache-2.0 */
#include "foundry.h"

struct scene *foundry_conf(const struct scene_conf *conf)
{
    struct scene_conf c = *conf;
    c.devices = c.devices != NULL ? c.devices : FOUNDRY_DEVICES;
    c.points = c.points != NULL ? c.points : FOUNDRY_POINTS;
    c.assets = c.assets != NULL ? c.assets : FOUNDRY_FURNACE "," FOUNDRY_PAINT;
    struct scene *s = scene_new(&c);
    scene_num(s, "pt.t1", 40);
    scene_num(s, "pt.p1", 0.3);
    scene_num(s, "fi.q", 30);
    scene_num(s, "fo.q", 30);
    scene_contact(s, "di.run", true);
    scene_contact(s, "di.heat", true);
    return s;
}

struct scene *foundry_with(const char *assets)
{
    const struct scene_conf conf = {.assets = assets};
    return foundry_conf(&conf);
}

struct scene *foundry_new(void)
{
    return foundry_with(NULL);
}
