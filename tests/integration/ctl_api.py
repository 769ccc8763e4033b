# SPDX-License-Identifier: Apache-2.0
"""nonsitectl against a scripted API: what it sends, what it prints in 80 columns, its exit codes."""
import json
import os
import pathlib
import socketserver
import subprocess
import tempfile
import threading
import unicodedata

from harness import BUILD, ROOT, run

CTL = str(BUILD / "bin/nonsitectl")
ZH = "调漆间、喷漆室疑似未设置固定式可燃气体浓度监测报警装置"
CLAUSE = {"document": "工贸企业重大事故隐患判定标准", "edition": "2023", "article": "7", "item": "(7)",
          "confirmed": "published"}
STANDING = {"asset": "paint-1", "case": "paint-1:GAS-EV-HIGH:gas.p1#12", "declared": True, "finding": "GAS-EV-HIGH",
            "kind": "EV", "priority": 1, "since": "2026-11-22T14:28:57.000+08:00", "state": "unacked",
            "subject": "gas.p1", "title": {"zh": ZH, "en": "Gas alarm"}}
COMM = {"exceptions": {"2": 5}, "frame_errors": 3, "lost": 1, "opens": 2, "time_sum_ms": 480, "timeouts": 7,
        "times": [0, 8, 4], "hold_ms": 4200}
DOCUMENTS = {
    "/v1/status": {"healthy": True, "gateway": "gw-test", "enterprise": "罗庄示例铸造有限公司", "uptime_ms": 5000,
                   "since": "2026-11-22T14:28:57.000+08:00", "journal": {"state": "ok", "seq": 2},
                   "troubles": [], "engine": {"state": "running"}, "mqtt": {"state": "connected"}},
    "/v1/assets": {"assets": [{"id": "paint-1", "type": "paint_mix", "name": "调漆间", "mode": "unknown",
                               "title": {"zh": "调漆间", "en": "paint mixing room"}, "instruments": [
                                   {"role": "GAS", "title": {"zh": "可燃气体浓度", "en": "gas"}, "needed": "required",
                                    "state": "present", "value": "12.5", "unit": "%LEL", "clauses": [CLAUSE],
                                    "why": {"zh": "", "en": ""},
                                    "proof": {"t": 1795305600000, "role": "technician", "what": "moved"}},
                                   {"role": "DI_FAN", "title": {"zh": "风机运行", "en": "fan"}, "needed": "required",
                                    "state": "absent", "clauses": [CLAUSE, CLAUSE],
                                    "why": {"zh": "没有任何测点对应该角色，疑似未安装", "en": "no point plays it"}}]},
                              {"id": "if-1", "type": "if_furnace", "name": "1号中频炉", "mode": "run",
                               "title": {"zh": "中频感应炉", "en": "furnace"}, "instruments": []}]},
    "/v1/buses": {"buses": [{"comm": COMM, "devices": 3, "driver": "modbus-rtu", "id": "drying-line-panel",
                             "link": "ok", "since_ms": 5000}]},
    "/v1/devices": {"devices": [{"bus": "drying-line-panel", "comm": COMM, "id": "gas", "link": "down",
                                 "fault": "connect to 192.168.10.21 port 502: connection refused",
                                 "identity": "AX100 sn 20241187", "since_ms": 5000,
                                 "polls": {"failed": 7, "read": 0, "scheduled": 20, "skipped": 13}}]},
    "/v1/points": {"points": [{"age_ms": 300, "id": "gas.p1_state", "link": "ok", "quality": "GOOD",
                               "raw": [125, 65535], "unit": "%LEL", "value": "12.5"}]},
    "/v1/cases": {"deciding": True, "cases": [STANDING]},
    "/v1/alarms": {"deciding": True, "alarms": [STANDING]},
    "/v1/leads": {"leads": [{"id": "r-1", "t": 1795305600000, "case": "paint-1:GAS-ABS-01#1", "state": "raised",
                             "finding": "GAS-ABS-01", "title": {"zh": ZH, "en": "No gas alarm"}, "asset": "paint-1"}]},
    "/v1/events": {"first": 1, "last": 2, "events": [
        {"n": 1, "t": 1795305600000, "kind": "bus", "place": "cooling", "text": {"zh": "总线断开", "en": "bus down"}},
        {"n": 2, "t": 1795305601000, "kind": "clock", "place": "", "text": "clock \"set\""}]},
    "/v1/health": {"document": {"v": 1, "mqtt": {"connected": True}, "buses": [{"id": "a"}, {"id": "b"}]}, "sig": "x"},
}
RECORD = {"record": {"class": "lead", "state": "raised", "case": "paint-1:GAS-ABS-01#1", "seq": 2,
                     "time": {"observed": "2026-11-22T14:28:57.000+08:00"}, "title": {"zh": ZH, "en": "No gas alarm"}},
          "sig": "x"}


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        method, target, _ = self.rfile.readline().decode().split()
        length = 0
        while (line := self.rfile.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.seen.append((method, target, body))
        path = target.split("?")[0]
        if self.server.code != 200:
            code, out = self.server.code, {"error": {"zh": "不行", "en": "no such luck"}}
        elif method == "POST":
            code, out = 200, {"done": True, "record": "rec-7"}
        elif path == "/v1/records":
            code, out = 200, RECORD if target.endswith("=2") else None
        elif path in DOCUMENTS:
            code, out = 200, DOCUMENTS[path]
        else:
            code, out = 404, {"error": "no such document"}
        text = b"" if out is None else json.dumps(out).encode() + b"\n"
        self.wfile.write(b"HTTP/1.0 %d x\r\nContent-Length: %d\r\n\r\n" % (code, len(text)) + text)


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "s")
        server = Server(path, Handler)
        server.seen, server.code = [], 200
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def ctl(*args, columns="80"):
            env = dict(os.environ, COLUMNS=columns)
            return subprocess.run([CTL, "-s", path, *args], capture_output=True, text=True, timeout=30, env=env)

        # Every verb that shows something, in 80 columns and fewer, in both languages, and as JSON.
        for target, document in DOCUMENTS.items():
            verb = target[4:]
            for columns in ("80", "100", "132"):
                done = ctl(verb, columns=columns)
                assert done.returncode == 0 and not done.stderr and done.stdout, (verb, done)
                wide = [ln for ln in done.stdout.splitlines() if width(ln) > int(columns)]
                assert not wide, (verb, columns, wide)
            assert json.loads(ctl(verb, "--json").stdout) == document == json.loads(ctl("--json", verb).stdout)
        squeezed = "".join(ctl("leads").stdout.split())
        assert all(part in squeezed for part in ("调漆间", "2026-11-22")), squeezed
        assert ZH in ctl("cases", "--wide").stdout and "Gas alarm" in ctl("cases", "--wide", "--en").stdout
        assert "paint-1:GAS-EV-HIGH:gas.p1#12" in ctl("alarms", "--wide").stdout
        assert "KIND" in ctl("cases", "--wide").stdout and "KIND" not in ctl("cases").stdout
        assets = ctl("assets", "--wide").stdout
        assert "absent" in assets and "2026-11-22 moved" in assets and "7(7)" in assets.replace("7 (7)", "7(7)"), assets
        assert "Nothing is demanded" in assets
        assert "connected: yes" in ctl("health").stdout and "- " not in ctl("health").stdout.split("buses")[0]
        server.seen.clear()
        ctl("leads", "--limit", "5"), ctl("points", "gas")
        assert [t for _, t, _ in server.seen] == ["/v1/leads?limit=5", "/v1/points?device=gas"], server.seen

        # What the others send, and that they say what became of it.
        server.seen.clear()
        case = STANDING["case"]
        for args, target, body in [
            (["ack", case], "ack", {"case": case, "role": "operator"}),
            (["ack", "--note", "看过", case, "-r", "shift_lead"], "ack", {"case": case, "note": "看过", "role": "shift_lead"}),
            (["shelve", case, "-m", "20", "--reason", "标定"], "shelve",
             {"case": case, "minutes": 20, "reason": "标定", "role": "operator"}),
            (["unshelve", case], "unshelve", {"case": case, "role": "operator"}),
            (["permit", "paint-1", "-k", "maintenance", "--until", "2026-11-23T18:00", "--from", "2026-11-23 08:00:00",
              "--reason", "x", "--number", "A-7"], "permit",
             {"asset": "paint-1", "from": 1795392000000, "kind": "maintenance", "number": "A-7", "reason": "x",
              "role": "operator", "until": 1795428000000}),
            (["permit", "booth-1", "-k", "hot_work", "--until", "2026-11-23T18:00", "--reason", "weld", "--certificate", "T3705",
              "--certificate-until", "2027-03-31"], "permit",
             {"asset": "booth-1", "certificate": "T3705", "certificate_until": 1806422400000, "kind": "hot_work",
              "reason": "weld", "role": "operator", "until": 1795428000000}),
            (["permit", "--end", "p-1"], "permit_end", {"id": "p-1", "role": "operator"}),
        ]:
            done = ctl(*args)
            assert done.returncode == 0 and done.stdout == "done, record rec-7\n", done
            assert server.seen[-1] == ("POST", "/v1/" + target, body), server.seen[-1]
        assert json.loads(ctl("ack", case, "--json").stdout)["record"] == "rec-7"
        done = ctl("permit", "*", "-k", "calibration", "--hours", "2", "--reason", "x")
        assert done.returncode == 0 and server.seen[-1][2]["asset"] == "*", done

        # What bash completes, with the names that the daemon knows.
        def complete(*words, program="nonsitectl"):
            script = (f'. {ROOT}/gateway/ctl/completion/{program}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                      f'_{program}; printf "%s\\n" "${{COMPREPLY[@]}}"')
            env = dict(os.environ, PATH=f"{BUILD}/bin:" + os.environ["PATH"])
            done = subprocess.run(["bash", "-c", script, "x", program, *words], capture_output=True, text=True,
                                  timeout=30, env=env)
            assert done.returncode == 0 and not done.stderr, done
            return done.stdout.split()
        told = [ln.split()[0] for ln in ctl("--help").stdout.splitlines() if ln.startswith("  ") and ln[2].islower()]
        assert complete("") == told and "commission" not in complete("st") == ["status"], complete("st")
        assert complete("--j") == ["--json"] and complete("shelve", "x", "--m") == ["--minutes"]
        assert complete("-s", path, "points", "") == ["gas"] == complete("-s", path, "devices", "g")
        assert complete("-s", path, "ack", "") == [case] and complete("-s", path, "permit", "i") == ["if-1"]
        assert complete("-s", path + ".none", "points", "") == []
        assert complete("permit", "if-1", "-k", "s") == ["shield"]
        assert "--print-config" in complete("--p", program="nonsited") and complete("--probe", "--ident", program="nonsited") == ["--identity"]

        # Refused, failed, away and wrong are told apart.
        for code, status in [(401, 4), (403, 4), (409, 4), (422, 4), (404, 2), (429, 2), (500, 2), (503, 2)]:
            server.code = code
            for args in (["ack", case], ["points"]):
                done = ctl(*args, "--en")
                assert done.returncode == status and "no such luck" in done.stderr and not done.stdout, (code, done)
            assert "不行" in ctl("ack", case).stderr
        server.code = 200
        DOCUMENTS["/v1/status"]["healthy"] = False
        assert ctl("status").returncode == 1 == ctl("status", "--json").returncode
        sent = len(server.seen)
        for args in ([], ["bogus"], ["--bogus", "status"], ["status", "--bogus"], ["status", "x"], ["points", "a", "b"],
                     ["points", "../x"], ["leads", "--limit", "0"], ["leads", "--limit"], ["ack"], ["ack", "a", "b"],
                     ["shelve", case], ["shelve", case, "--minutes", "5"], ["shelve", case, "--minutes", "0", "--reason", "x"],
                     ["permit"], ["permit", "a"], ["permit", "a", "-k", "shield", "--reason", "x"],
                     ["permit", "a", "-k", "shield", "--reason", "x", "--until", "tomorrow"],
                     ["permit", "a", "-k", "shield", "--reason", "x", "--until", "2026-13-01"],
                     ["permit", "a", "-k", "shield", "--reason", "x", "--hours", "1", "--until", "2026-11-23"],
                     ["permit", "a", "--end", "p-1"], ["ack", "x" * 5000], ["tail", "--seconds", "0"], ["tail", "x"]):
            done = ctl(*args)
            assert done.returncode == 64 and done.stderr and not done.stdout, (args, done)
        assert len(server.seen) == sent, "wrong usage asks nobody"
        for verb in [v[4:] for v in DOCUMENTS] + ["tail", "ack", "shelve", "unshelve", "permit", "export", "verify"]:
            done = ctl(verb, "--help")
            assert done.returncode == 0 and done.stdout.startswith("usage: nonsitectl " + verb), (verb, done)
            assert all(width(ln) <= 100 for ln in done.stdout.splitlines()), done.stdout
            assert f"  {verb} " in ctl("--help").stdout

        # tail: what was, then what comes; each line once.
        done = ctl("tail", "-n", "1", "--seconds", "2", "--json")
        lines = [json.loads(ln) for ln in done.stdout.splitlines()]
        assert done.returncode == 0 and lines == [RECORD, DOCUMENTS["/v1/events"]["events"][1]], done
        done = ctl("tail", "-n", "5", "--seconds", "1", "--en")
        assert "bus down" in done.stdout and "clock" in done.stdout, done
        server.shutdown()
        server.server_close()
        os.unlink(path)
        for verb in ("status", "tail", "leads"):
            assert ctl(verb).returncode == 3, verb
        assert ctl("ack", case).returncode == 3
        print("as wanted")


run(main)
