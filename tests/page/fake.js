// SPDX-License-Identifier: Apache-2.0
// A gateway that says what a test wants it to say: the page's own files, and documents as the local API has them. For
// what the real daemon cannot be brought to at will: a stuck core, a full house, hostile texts, a slow answer.
"use strict";
const fs = require("fs");
const http = require("http");
const path = require("path");

const ROOT = path.resolve(__dirname, "../..");
const PAGE = path.join(ROOT, "gateway/control/page");
const TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml"};
// As the daemon sends it.
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";
const PASSWORD = "eight-ducks-swim";
const T0 = Date.parse("2026-11-22T16:49:22+08:00");

const iso = (ms) => new Date(ms + 8 * 3600000).toISOString().replace("Z", "+08:00");

const ORDER10 = (article, item, zh, en, confirmed) => ({document: "工贸企业重大事故隐患判定标准（应急管理部令第10号）", edition: "2023",
    article, item, confirmed: confirmed || "published", text: {zh, en}});
const CW = ORDER10("7", "4", "铸造用熔炼炉的冷却水系统应当设置出水温度、进出水流量差监测报警装置，并与熔融金属加热、输送控制系统联锁",
    "The cooling water of casting melting furnaces needs outlet temperature and flow difference monitoring alarms, interlocked with heating and conveying of molten metal.");
const WORKS = ORDER10("14", "", "本标准所列的监测、报警、防护等设备设施应当保证正常运行、使用，失效或者无效的判定为重大事故隐患",
    "Monitoring, alarm and protection equipment named in the standard must work and be in use; failed or ineffective counts as a major hazard.");
const GAS = ORDER10("7", "7", "使用非水性漆的调漆间、喷漆室应当设置固定式可燃气体浓度监测报警装置",
    "Paint mixing rooms with non-water-borne paint need fixed combustible gas alarms.", "memory");

function instrument(role, zh, en, more) {
    return Object.assign({role, title: {zh, en}, needed: "optional", state: "present", why: {zh: "", en: ""}, points: [], finding: "",
        case: "", clauses: []}, more);
}

// A world at the time when it was asked; `ticks` moves the values a little.
class World {
    constructor() {
        this.started = Date.now();
        this.stuck = this.busy = this.slow = this.journal = this.cut = this.pending = false;
        this.hostile = "";
        this.acked = false;
        this.asked = {}; // kind → {now, most, count}
        this.posts = [];
        this.how = "password";
    }

    now() {
        return T0 + Date.now() - this.started;
    }

    sample(id, x) {
        switch (id) {
        case "pt.t1": return (56.2 + 1.5 * Math.sin(x / 9000)).toFixed(2);
        case "pt.t2": return (31 + 0.2 * Math.sin(x / 5000)).toFixed(2);
        case "flow_in.flow": return (36.8 + 0.3 * Math.sin(x / 3000)).toFixed(2);
        case "gas.p1": return (2.5 + Math.sin(x / 7000)).toFixed(1);
        case "di.di1": return "true";
        default: return "NORMAL";
        }
    }

    point(id, device, type, unit, raw) {
        const cut = this.cut && device === "pt";
        return {id, device, link: cut ? "down" : "ok", type, unit, raw, quality: id === "gas.p2_state" ? "BAD_FAULT" : cut ? "BAD_COMM" : "GOOD",
            t: this.now() - 400, age_ms: cut ? 14000 : 400, value: cut ? undefined : id === "gas.p2_state" ? "SENSOR_FAULT" : this.sample(id, this.now())};
    }

    status() {
        const troubles = [];
        if (this.journal)
            troubles.push({part: "journal", text: "failed: disk I/O error; no alarm or lead leaves until it is back"});
        if (this.cut)
            troubles.push({part: "devices", text: "1 of 4 do not answer"});
        return {gateway: "fake-01", enterprise: this.hostile || "罗庄示范铸造有限公司", sector: "machinery", version: "0.1.0", boot: "1124e25a-286d-44ec-a71e-5eba12ce04db",
            config_sha256: "5bcf7e31fffbf98f35e44e60ca43e7fc536873cabd36321529f64941e9687930", accepted: {present: true},
            chain: {id: "0cdb3bb54a8c171a", seq: 41, kid: "eb938a103f89a3c4", head: "9905535156296bf85815cd6663ddc9c97914fca727a548e7a260dc8285e558a9"},
            delivery: {mqtt: {enabled: true, connected: true, fault: "", published: 52814, acked: 52814, held: 0}, records_waiting: 0,
                unreceipted: 2, oldest_waiting_ms: 3000, telemetry_waiting: 12, telemetry_lost: 0,
                influx: {connected: false, fault: "connection refused", sent: 10, rejected: 0, held: 200}},
            now: iso(this.now()), clock_sync: true, since: iso(T0 - 7200000), uptime_ms: 7200000, points: 6, healthy: troubles.length === 0,
            troubles, engine: {state: this.journal ? "waiting" : "running", alarms: 1, leads: 2, checks: 62, unknown: 2},
            devices: {ok: this.cut ? 3 : 4, down: this.cut ? 1 : 0, suspect: 0, unknown: 0}, journal: {state: this.journal ? "failed" : "ok", fault: "", seq: 41},
            write: {allowed: false, how: this.how}, v: 1};
    }

    assets() {
        const out = (id) => (this.cut ? {state: "failed", why: {zh: "无有效应答", en: "no valid answer"}, quality: "BAD_COMM"} :
            {state: "tripped", why: {zh: "冷却水出水温度超高", en: "Cooling water outlet temperature high-high"}, finding: "CW-EV-TOUT-HH",
                case: "if-1:CW-EV-TOUT-HH:pt.t1#1", since: iso(T0 - 12000), quality: "GOOD", value: this.sample(id, this.now()), unit: "degC"});
        return {deciding: true, now: iso(this.now()), assets: [
            {id: "if-1", type: "if_furnace", name: this.hostile || "1号中频炉", title: {zh: "中频感应炉", en: "medium-frequency induction furnace"}, mode: "run", facts: {loop: "closed"},
                instruments: [
                    instrument("T_OUT", "冷却水出水温度", "cooling water outlet temperature", Object.assign({needed: "required", points: ["pt.t1"], clauses: [CW]}, out("pt.t1"))),
                    instrument("Q_IN", "冷却水进水流量", "cooling water inlet flow", {needed: "required", points: ["flow_in.flow"], value: this.sample("flow_in.flow", this.now()), unit: "m3/h", quality: "GOOD", clauses: [CW],
                        proof: {t: iso(T0 - 86400000 * 20), role: "technician", what: "moved"}}),
                    instrument("Q_OUT", "冷却水出水流量", "cooling water outlet flow", {needed: "required", state: "absent", why: {zh: "未设置（未申报）", en: "not declared"},
                        finding: "CW-ABS-02", case: "if-1:CW-ABS-02#1", since: iso(T0 - 3600000), clauses: [CW]}),
                    instrument("RUN", "设备运行", "asset running", {points: ["di.di1"], value: "true", unit: "", quality: "GOOD"}),
                ]},
            {id: "paint-1", type: "paint_mix", name: "调漆间", title: {zh: "调漆间", en: "paint mixing room"}, mode: "unknown", facts: {paint: "solvent"}, instruments: [
                instrument("GAS", "气体浓度", "gas concentration", {needed: "required", points: ["gas.p1"], value: this.sample("gas.p1", this.now()), unit: "%LEL", quality: "GOOD", clauses: [GAS]}),
                instrument("GAS_STATE", "气体探测器状态", "gas detector state", {points: ["gas.p2_state"], state: "failed", why: {zh: "自报故障", en: "declares itself failed"}, value: "SENSOR_FAULT", quality: "BAD_FAULT",
                    finding: "GAS-FLT-01", case: "paint-1:GAS-FLT-01:gas.p2_state#1", since: iso(T0 - 600000), clauses: [GAS, WORKS]}),
                instrument("GAS_SHIELDED", "气体探测器屏蔽标志", "gas detector shielded flag", {points: ["gas.p2_state"], state: "bypassed", why: {zh: "已屏蔽", en: "shielded"}, value: "true", quality: "INHIBIT"}),
            ]}]};
    }

    points() {
        return {now: iso(this.now()), points: [this.point("pt.t1", "pt", "num", "degC", [5620]), this.point("pt.t2", "pt", "num", "degC", [3100]),
            this.point("flow_in.flow", "flow_in", "num", "m3/h", [0, 16915]), this.point("gas.p1", "gas", "num", "%LEL", [25]),
            this.point("gas.p2_state", "gas", "state", "", [4]), this.point("di.di1", "di", "bool", "", [1])]};
    }

    alarms() {
        return {deciding: !this.journal, now: iso(this.now()), alarms: this.journal ? [] : [{case: "if-1:CW-EV-TOUT-HH:pt.t1#1", asset: "if-1", asset_name: "1号中频炉", finding: "CW-EV-TOUT-HH", kind: "EV",
            priority: 2, title: {zh: this.hostile || "冷却水出水温度超高", en: this.hostile || "Cooling water outlet temperature high-high"}, since: iso(T0 - 12000),
            state: this.acked ? "acked" : "unacked", subject: "pt.t1", record: "0cdb3bb54a8c171a-40", points: ["pt.t1"], reopened: 0, declared: true, clauses: [], shelve_max_min: 30,
            advice: {zh: "降低功率，检查冷却水。", en: "Reduce power, check the cooling water."}, value: this.sample("pt.t1", this.now()), unit: "degC", quality: "GOOD"}]};
    }

    cases() {
        return {deciding: !this.journal, now: iso(this.now()), cases: this.journal ? [] : [
            {case: "if-1:CW-ABS-02#1", asset: "if-1", asset_name: "1号中频炉", finding: "CW-ABS-02", kind: "ABS", priority: 2, since: iso(T0 - 3600000), state: "open", subject: "", reopened: 0, declared: true,
                title: {zh: "冷却水系统疑似未设置进出水流量差监测报警装置", en: "No cooling water flow difference alarm seen"}, record: "0cdb3bb54a8c171a-3", points: ["flow_in.flow"], clauses: [CW], advice: {zh: "现场核实是否设置。", en: "Check on site."}},
            {case: "paint-1:GAS-FLT-01:gas.p2_state#1", asset: "paint-1", asset_name: "调漆间", finding: "GAS-FLT-01", kind: "FLT", priority: 2, since: iso(T0 - 600000), state: "open", subject: "gas.p2_state", reopened: 1, declared: true,
                title: {zh: "可燃（有毒）气体探测器故障失效", en: "Gas detector failed"}, record: "0cdb3bb54a8c171a-12", points: ["gas.p2_state"], clauses: [GAS, WORKS], permit: "JX-7"}]};
    }

    trends(q) {
        const id = q.get("point");
        const minutes = Number(q.get("minutes") || 15);
        const samples = [];
        for (let i = 300; i >= 0; i--) {
            const at = this.now() - i * minutes * 200;
            samples.push([at, this.sample(id, at), i > 200 && i < 220 ? "BAD_COMM" : "GOOD"]);
        }
        return {point: id, unit: id === "pt.t1" ? "degC" : id === "flow_in.flow" ? "m3/h" : "", decimals: 2, from: samples[0][0], to: this.now(), samples, kept_ms: minutes * 60000,
            limits: id === "pt.t1" ? [{finding: "CW-EV-TOUT-HH", side: "high", value: "55.00", priority: 2}, {finding: "CW-EV-TOUT-H", side: "high", value: "50.00", priority: 3}] : []};
    }

    evidence() {
        const decided = T0 - 10000;
        const numbers = [];
        const contact = [];
        for (let i = 0; i <= 30; i++) {
            const at = decided - 20000 + i * 1000;
            const bad = i === 6 || i === 7;
            numbers.push({mono_ms: 1000000 + i * 1000, wall_ms: at, quality: bad ? "BAD_COMM" : "GOOD", raw: bad ? [] : [5000 + i * 30], value: bad ? undefined : (46 + i * 0.5).toFixed(2)});
            contact.push({mono_ms: 1000000 + i * 1000, wall_ms: at, quality: "GOOD", raw: [1], value: i > 25 ? "false" : "true"});
        }
        const record = {class: "alarm", id: "0cdb3bb54a8c171a-40", finding: "CW-EV-TOUT-HH", subject: "pt.t1", strength: "A", severity: "major", accepted: true,
            condition: {rule: "limit", delay_ms: 2000, overridden: true, value: "55.50", limit: "55.00", text: {zh: "pt.t1 55.50 °C ≥ 55.00 °C，持续 2 s", en: "pt.t1 55.50 degC >= 55.00 degC for 2 s"}},
            evidence: {points: [{id: "pt.t1", role: "T_OUT", quality: "GOOD", raw: [5550], unit: "degC", value: "55.50", decimals: 2}, {id: "di.di1", role: "RUN", quality: "GOOD", raw: [1], unit: "", value: "true"}],
                window: {before_ms: 20000, after_ms: 10000}}, time: {observed: iso(decided - 2000), recorded: iso(decided)}};
        const window = {complete: true, from_ms: 1000000, to_ms: 1030000, points: [
            {id: "di.di1", role: "RUN", unit: "", vtype: "bool", decimals: 0, samples: contact},
            {id: "pt.t1", role: "T_OUT", unit: "degC", vtype: "num", decimals: 2, samples: numbers}]};
        return {record: {record, sig: "x"}, window: this.pending ? null : window, window_state: this.pending ? "pending" : "stored"};
    }

    document(kind, q) {
        const comm = {exceptions: {2: 3}, frame_errors: 1, hold_ms: this.cut ? 8000 : 0, lost: 0, refused: 0, splits: 0, time_sum_ms: 4000, timeouts: 7, times: [100, 200, 60, 20, 5, 1, 0, 0, 0], tries: 0};
        const link = (id) => (this.cut && id === "pt" ? "down" : "ok");
        switch (kind) {
        case "status": case "assets": case "points": case "alarms": case "cases": return this[kind]();
        case "trends": return this.trends(q);
        case "evidence": return this.evidence();
        case "events": return {first: 1, last: 2, events: [{n: 1, t: iso(T0 - 7200000), kind: "started", subject: "", text: {zh: "网关 0.1.0 已启动", en: "gateway 0.1.0 started"}},
            {n: 2, t: iso(T0 - 60000), kind: "device_down", subject: "pt", text: {zh: "仪表 pt 无应答", en: "instrument pt is silent"}}]};
        case "leads": return {leads: [{id: "0cdb3bb54a8c171a-12", t: iso(T0 - 600000), case: "paint-1:GAS-FLT-01:gas.p2_state#1", finding: "GAS-FLT-01", state: "raised", title: {zh: "可燃（有毒）气体探测器故障失效", en: "Gas detector failed"}, asset: "paint-1"}]};
        case "buses": return {buses: ["panel", "cooling", "io"].map((id) => ({id, driver: "modbus-tcp", link: "ok", devices: 1, since_ms: 7200000, comm}))};
        case "devices": return {devices: ["gas", "flow_in", "pt", "di"].map((id) => ({id, bus: "cooling", driver: "modbus-tcp", link: link(id), since_ms: 14000, location: "配电柜", profile: "dampt100",
            identity: id === "gas" ? "AX100 sn 20241187" : "", fault: link(id) === "ok" ? "" : "no answer within 500 ms", polls: {read: 7200, failed: 14, skipped: 0, scheduled: 7214}, comm}))};
        case "permits": return {permits: [{ref: "JX-7", target: "paint-1", scope: "maintenance", by: "local", until: iso(T0 + 3600000), reason: "更换 2 号探测器", from: iso(T0 - 3600000)}]};
        case "shelves": return {shelves: []};
        case "orders": return {orders: []};
        default: return null;
        }
    }
}

function post(world, kind, request, body) {
    world.posts.push({kind, headers: request.headers, body});
    const said = Buffer.from((request.headers.authorization || "").replace("Basic ", ""), "base64").toString();
    if (world.how === "password" && said !== "operator:" + PASSWORD)
        return [401, {error: "wrong password"}];
    if (request.headers["x-nonsite"] !== "1")
        return [403, {error: "X-Nonsite is missing"}];
    if (kind === "shelve")
        return [409, {error: {zh: "此报警不得搁置", en: "this alarm may not be shelved"}}];
    if (kind === "ack")
        world.acked = true;
    return [200, {done: true, record: "0cdb3bb54a8c171a-42"}];
}

function serve(world, request, response) {
    const url = new URL(request.url, "http://x");
    const kind = url.pathname.replace("/v1/", "");
    const say = (code, type, body, more) => {
        response.writeHead(code, Object.assign({"Content-Type": type, "Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff", Connection: "close", "Cache-Control": "no-store"}, more));
        response.end(body);
    };
    const json = (code, doc) => say(code, "application/json; charset=utf-8", JSON.stringify(doc), code === 401 ? {"WWW-Authenticate": "Basic realm=\"nonsite\""} : {});
    if (!url.pathname.startsWith("/v1/")) {
        const file = path.join(PAGE, url.pathname === "/" ? "index.html" : path.basename(url.pathname));
        return fs.existsSync(file) ? say(200, TYPES[path.extname(file)], fs.readFileSync(file)) : say(404, "text/plain", "");
    }
    if (request.method === "POST") {
        let body = "";
        request.on("data", (d) => { body += d; });
        return request.on("end", () => json(...post(world, kind, request, JSON.parse(body))));
    }
    const count = world.asked[kind] || (world.asked[kind] = {now: 0, most: 0, count: 0});
    count.count++;
    count.most = Math.max(count.most, ++count.now);
    response.on("close", () => count.now--);
    const answer = () => {
        if (world.stuck)
            return json(503, {error: "the core does not answer"});
        if (world.busy)
            return json(503, {error: "busy: too many clients, try again soon"});
        const doc = world.document(kind, url.searchParams);
        return doc ? json(200, doc) : json(404, {error: "no such document"});
    };
    return world.slow ? setTimeout(answer, 3000) : answer();
}

// Resolves to {url, world, stop}.
function start(port) {
    const world = new World();
    const server = http.createServer((request, response) => serve(world, request, response));
    return new Promise((done) => server.listen(port || 0, "127.0.0.1", () => done({
        url: "http://127.0.0.1:" + server.address().port, port: server.address().port, world,
        stop: () => new Promise((gone) => { server.close(gone); server.closeAllConnections(); })})));
}

module.exports = {start, PASSWORD};
