# SPDX-License-Identifier: Apache-2.0
"""Reads Modbus servers that nobody here wrote: every type in every byte order, over TCP and RTU.

pymodbus serves Modbus TCP, RTU frames over TCP and RTU on a pair of ptys; jsmodbus serves Modbus TCP.
All serve the same registers, made here; each value must arrive as what it was made of.
"""
import json
import os
import pathlib
import struct

from foreign_npm import npm_folder
from harness import ROOT, Rig, free_port, listens, run, until
from spoilt import samples

HERE = ROOT / "tests/integration"
SERVER_PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's pymodbus
UNIT = 3

# type, struct format, value, decimals, as published
VALUES = [
    ("u16", ">H", 51234, 0, "51234"),
    ("i16", ">h", -12345, 0, "-12345"),
    ("u32", ">I", 3123456789, 0, "3123456789"),
    ("i32", ">i", -2012345678, 0, "-2012345678"),
    ("u64", ">Q", 1234567890123456789, 0, "1234567890123456789"),
    ("f32", ">f", 36.75, 2, "36.75"),
    ("f64", ">d", -1234.56789, 5, "-1234.56789"),
]
ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
COILS = [1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0]
DISCRETE = [0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1]


def words(fmt, value, order):
    """The registers of a value, by the definition of the orders in the documentation."""
    raw = struct.pack(fmt, value)
    pairs = [raw[i:i + 2] for i in range(0, len(raw), 2)]
    if order in ("CDAB", "DCBA"):
        pairs.reverse()
    if order in ("BADC", "DCBA"):
        pairs = [p[::-1] for p in pairs]
    return [p[0] << 8 | p[1] for p in pairs]


def layout():
    """(data for the servers, points of a device, what each must show)."""
    registers, points, wanted = [], {}, {}
    for kind, fmt, value, decimals, text in VALUES:
        for order in ORDERS if struct.calcsize(fmt) > 2 else ("ABCD",):
            for fc in (3, 4):
                name = f"{kind}_{order}_{fc}"
                points[name] = {"fc": fc, "address": len(registers), "type": kind, "order": order,
                                "decimals": decimals}
                if kind == "u64":  # a counter: more digits than a number has
                    points[name] = {"fc": fc, "address": len(registers), "type": kind, "order": order, "as": "int"}
                wanted[name] = text
            registers += words(fmt, value, order)
    for name, fc, bits in (("coil", 1, COILS), ("input", 2, DISCRETE)):
        for i, bit in enumerate(bits):
            points[f"{name}_{i}"] = {"fc": fc, "address": i}
            wanted[f"{name}_{i}"] = "true" if bit else "false"
    data = {"holding": registers, "input": registers, "coils": COILS, "discrete": DISCRETE}
    return data, points, wanted


def start_servers(rig, data):
    """{bus: its keys}"""
    path = rig.dir / "registers.json"
    path.write_text(json.dumps(data))
    pymodbus = [SERVER_PYTHON, HERE / "foreign_pymodbus.py"]
    ports = {name: free_port() for name in ("py", "pyrtu", "js")}
    rig.start("py", [*pymodbus, "tcp", ports["py"], path])
    rig.start("pyrtu", [*pymodbus, "rtu-tcp", ports["pyrtu"], path])
    rig.start("socat", ["socat", f"pty,raw,echo=0,link={rig.dir}/far", f"pty,raw,echo=0,link={rig.dir}/near"])
    until("ptys", 10, lambda: (rig.dir / "far").exists() and (rig.dir / "near").exists())
    line = rig.start("pyline", [*pymodbus, "rtu", rig.dir / "far", path])
    far = os.path.realpath(rig.dir / "far")
    until("server pyline", 30, lambda: far in map(os.path.realpath, pathlib.Path(f"/proc/{line.pid}/fd").iterdir()))
    rig.start("js", ["env", "-C", npm_folder(), "node", HERE / "npm/server.js", ports["js"], path])
    for name, port in ports.items():
        until(f"server {name}", 30, lambda: listens(port))
    tcp = {"driver": "modbus-tcp", "host": "127.0.0.1"}
    return {
        "py": dict(tcp, port=ports["py"]),
        "pyrtu": dict(tcp, port=ports["pyrtu"], framing="rtu"),
        "pyline": {"driver": "modbus-rtu", "port": str(rig.dir / "near"), "baud": 19200},
        "js": dict(tcp, port=ports["js"]),
    }


def main():
    data, points, wanted = layout()
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        buses = start_servers(rig, data)
        rig.gateway(rig.site(
            buses=buses,
            devices={bus: {"bus": bus, "unit": UNIT, "period_ms": 1000, "max_gap_regs": 0} for bus in buses},
            points={f"{bus}.{name}": p for bus in buses for name, p in points.items()}))
        for bus in buses:
            for name, value in wanted.items():
                point = f"{bus}.{name}"
                until(f"{point} is GOOD", 60, lambda: any(q == "GOOD" for q, _ in samples(rig, 0, point)))
                good = {v for q, v in samples(rig, 0, point) if q == "GOOD"}
                assert good == {value}, (point, good, value)
            print(f"{bus}: {len(wanted)} points as wanted")
        # Nobody had to be asked twice.
        until("ten polls each", 60, lambda: all(
            d["polls"]["read"] >= 10 for d in (rig.document("health") or {"devices": []})["devices"]) and
            rig.document("health"))
        for d in rig.document("health")["devices"]:
            assert d["link"] == "ok" and d["polls"]["failed"] == 0, d


run(main)
