/* SPDX-License-Identifier: Apache-2.0
 *
 * foundry: the plant of most scenarios: an induction furnace with a closed cooling loop and a paint
 * mixing room with two gas detectors on one controller. All instruments are well and nothing is
 * wrong:
 *
 *   gas     (b1) p1, s1, k1: concentration, state, shielded flag of detector 1; p2, s2, k2 of
 *                detector 2; mains, batt
 *   pt      (b2) t1: outlet temperature, p1: a pressure
 *   fi, fo  (b2) q: flow in and out, rated 40 m3/h
 *   di      (b3) run, heat, fan; x1, x2: spare
 *
 * if-1: RUN, T_OUT, Q_IN, Q_OUT, DI_HEAT.  paint-1: GAS, GAS_STATE, GAS_SHIELDED (2 each), mains,
 * battery, DI_FAN, RUN.
 */
#ifndef GW_TESTS_SCENARIO_FOUNDRY_H
#define GW_TESTS_SCENARIO_FOUNDRY_H

#include "scene.h"

#define FOUNDRY_DEVICES                                                                            \
    "\"gas\":{\"bus\":\"b1\",\"make\":\"安信华瑞\",\"model\":\"AX100\",\"serial\":\"AX-1\","   \
    "\"location\":\"外墙\",\"cert_no\":\"临检2026-1\",\"cal_due\":\"2027-03-10\"},"            \
    "\"pt\":{\"bus\":\"b2\"},\"fi\":{\"bus\":\"b2\"},\"fo\":{\"bus\":\"b2\"},"                     \
    "\"di\":{\"bus\":\"b3\"}"

#define FOUNDRY_POINTS                                                                             \
    "\"gas.p1\":{\"is\":\"number\",\"unit\":\"%LEL\"},\"gas.s1\":{\"is\":\"state\"},"              \
    "\"gas.p2\":{\"is\":\"number\",\"unit\":\"%LEL\"},\"gas.s2\":{\"is\":\"state\"},"              \
    "\"gas.k1\":{\"is\":\"contact\"},\"gas.k2\":{\"is\":\"contact\"},"                             \
    "\"gas.mains\":{\"is\":\"contact\"},\"gas.batt\":{\"is\":\"contact\"},"                        \
    "\"pt.t1\":{\"is\":\"number\",\"unit\":\"degC\"},"                                             \
    "\"fi.q\":{\"is\":\"number\",\"unit\":\"m3/h\"},"                                              \
    "\"fo.q\":{\"is\":\"number\",\"unit\":\"m3/h\"},"                                              \
    "\"di.run\":{\"is\":\"contact\"},\"di.heat\":{\"is\":\"contact\"},"                            \
    "\"di.fan\":{\"is\":\"contact\"},\"di.x1\":{\"is\":\"contact\"},"                              \
    "\"di.x2\":{\"is\":\"contact\"},\"pt.p1\":{\"is\":\"number\",\"unit\":\"MPa\"}"

#define FOUNDRY_FURNACE                                                                            \
    "\"if-1\":{\"type\":\"if_furnace\",\"name\":\"1号中频炉\",\"location\":\"东跨\","        \
    "\"facts\":{\"loop\":\"closed\"},\"rated\":{\"Q_IN\":40},"                                     \
    "\"roles\":{\"RUN\":\"di.run\",\"T_OUT\":\"pt.t1\",\"Q_IN\":\"fi.q\",\"Q_OUT\":\"fo.q\","      \
    "\"DI_HEAT\":\"di.heat\"}}"

#define FOUNDRY_PAINT                                                                              \
    "\"paint-1\":{\"type\":\"paint_mix\",\"name\":\"调漆间\",\"location\":\"北侧\","          \
    "\"facts\":{\"paint\":\"solvent\"},"                                                           \
    "\"roles\":{\"RUN\":\"di.run\",\"GAS\":[\"gas.p1\",\"gas.p2\"],"                               \
    "\"GAS_STATE\":[\"gas.s1\",\"gas.s2\"],\"GAS_SHIELDED\":[\"gas.k1\",\"gas.k2\"],"              \
    "\"CTRL_MAINS_FAULT\":\"gas.mains\",\"CTRL_BATT_FAULT\":\"gas.batt\","                         \
    "\"DI_FAN\":\"di.fan\"}}"

/* The plant above, running, 30 m3/h, 40 degC, 0.3 MPa, no gas. */
struct scene *foundry_new(void);
/* The same with another assets section. */
struct scene *foundry_with(const char *assets);
/* The same instruments; NULL in conf: as above. */
struct scene *foundry_conf(const struct scene_conf *conf);

#endif
