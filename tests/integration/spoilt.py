# SPDX-License-Identifier: Apache-2.0
"""Plays one misbehaviour on devices whose registers hold a known value, and judges what was published.

During the fault every published value must be either not GOOD or the true one; afterwards the device
must be GOOD again with the value of that time.
"""
import json

from harness import until

TRUE = {"before": 1000, "during": 2000, "after": 3000}


def samples(rig, start, point):
    """(quality, value) of every telemetry sample of the point from message `start` on."""
    out = []
    for topic, payload in rig.messages[start:]:
        if topic == "telemetry" and f'"{point}"' in payload:
            p = json.loads(payload)["points"][point]
            out.append((p["q"], p.get("v")))
    return out


def judge(fault, device, during, after, must_fail):
    """during, after: samples since the fault began and since it ended."""
    what = f"{fault} on {device}"
    seen = during + after
    good = [v for q, v in seen if q == "GOOD"]
    allowed = {str(v) for v in TRUE.values()}
    assert set(good) <= allowed, f"{what}: published as good: {set(good) - allowed}"
    # Once the value changed, the one of before may not come back as fresh.
    after_during = good[good.index("2000"):] if "2000" in good else []
    assert "1000" not in after_during, f"{what}: an old value came back"
    after = good[good.index("3000"):]
    assert set(after) == {"3000"}, f"{what}: after recovery: {after}"
    if must_fail:
        assert "2000" not in good, f"{what}: a spoilt reply was published as good"
        assert any(q == "BAD_COMM" for q, _ in during), f"{what}: {during}"
    assert all(v is None for q, v in seen if q == "BAD_COMM"), f"{what}: {seen}"


def play(rig, plant, devices, fault, must_fail):
    """Plays the fault on all devices at once; the value stands in register 10, point <device>.x.

    A unit that disturbs its line pays for it by being left alone: it may take minutes to be heard again."""
    def put(value):
        for d in devices:
            rig.tell(plant, {"device": d, "clear": True, "set": {"r10": value}})

    def healthy(start, value):
        return all(("GOOD", str(value)) in samples(rig, start, f"{d}.x") for d in devices)

    put(TRUE["before"])
    start = len(rig.messages)
    until("healthy before", 240, lambda: healthy(start, TRUE["before"]))
    # The value changes together with the fault: a late reply with the old value would show.
    start = len(rig.messages)
    for d in devices:
        rig.tell(plant, dict(fault, device=d, set={"r10": TRUE["during"]}))

    # Telemetry is committed once a second, so the first samples to arrive may be of before the fault.
    def enough(device):
        seen = samples(rig, start, f"{device}.x")
        first = next((i for i, s in enumerate(seen) if s != ("GOOD", str(TRUE["before"]))), None)
        return first is not None and len(seen) >= first + 2

    until("enough passes", 240, lambda: all(enough(d) for d in devices))
    during = {d: samples(rig, start, f"{d}.x") for d in devices}
    put(TRUE["after"])
    mark = len(rig.messages)
    until("healthy after", 240, lambda: healthy(mark, TRUE["after"]))
    for d in devices:
        judge(fault, d, during[d], samples(rig, mark, f"{d}.x"), must_fail)
