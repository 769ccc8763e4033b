// SPDX-License-Identifier: Apache-2.0
// Events, buses and instruments, delivery, the chain, and what this gateway is.
import {lock, unlocked} from "./act.js";
import {doc, stale} from "./data.js";
import {h, s} from "./dom.js";
import {both, clock, count, span, word} from "./format.js";
import {badge, linkBadge, missing, pairs, table} from "./parts.js";
import {t} from "./text.js";

// Upper ends of the counts in comm.times; the last is "longer".
const TIMES = [5, 10, 20, 50, 100, 200, 500, 1000];

function place(e) {
    return e.place || e.subject || "";
}

export function events(wall) {
    const d = doc("events");
    const leads = doc("leads");
    if (!d)
        return [h("h2", null, t("nav_events")), missing("events", "")];
    const list = d.events.slice().reverse();
    return [h("h2", null, t("nav_events")),
        h("section", {class: "card" + (stale("events") ? " stale" : "")},
            list.length ? h("ol", {class: "plain log"}, list.map((e) => h("li", {key: e.n},
                h("time", null, clock(e.t, wall)), h("span", {class: "what"}, both(e.text) || word("event_", e.kind),
                    h("span", {class: "dim"}, word("event_", e.kind), place(e) ? " · " + place(e) : ""))))) :
                h("p", {class: "note"}, t("no_events"))),
        leads && leads.leads ? h("section", {class: "card"}, h("h3", null, t("last_leads")), leads.leads.length ?
            h("ol", {class: "plain log"}, leads.leads.map((e) => h("li", {key: e.id},
                h("time", null, clock(e.t, wall)), h("span", {class: "what"}, both(e.title) || e.finding,
                    h("span", {class: "dim"}, word("record_", e.state), " · ", e.asset, " · ", e.finding, " · ", e.id))))) :
            h("p", {class: "note"}, t("no_leads"))) : null];
}

function answers(c) {
    return (c.times || []).reduce((a, b) => a + b, 0);
}

function mean(c) {
    const n = answers(c);
    return n ? (c.time_sum_ms / n < 10 ? (c.time_sum_ms / n).toFixed(1) : Math.round(c.time_sum_ms / n)) + " ms" : "–";
}

// 19 of 20 answers were as fast as this: the end of the class in which the 95th percentile falls.
function mostly(c) {
    const n = answers(c);
    let sum = 0;
    for (let i = 0; n && i < c.times.length; i++) {
        sum += c.times[i];
        if (sum >= 0.95 * n)
            return i < TIMES.length ? "≤ " + TIMES[i] + " ms" : "> 1 s";
    }
    return "–";
}

function bars(c, label) {
    const n = answers(c);
    if (!n)
        return "–";
    const top = Math.max(...c.times);
    return s("svg", {class: "bars", viewBox: "0 0 90 22", role: "img", "aria-label": label + ": " + mean(c) + ", " + mostly(c)},
        c.times.map((k, i) => s("rect", {key: i, x: i * 10, width: 8, y: 22 - (k ? Math.max(1.5, 20 * k / top) : 0.6),
            height: k ? Math.max(1.5, 20 * k / top) : 0.6}, s("title", null,
            (i < TIMES.length ? "≤ " + TIMES[i] + " ms: " : "> 1 s: ") + k))));
}

function exceptions(c) {
    const keys = Object.keys(c.exceptions || {}).filter((k) => c.exceptions[k] > 0);
    return keys.length ? keys.map((k) => k + "×" + count(c.exceptions[k])).join(" ") : "0";
}

const since = (x) => (x.since_ms === undefined ? "–" : span(x.since_ms));

export function buses() {
    const b = doc("buses");
    const d = doc("devices");
    if (!b || !d)
        return [h("h2", null, t("nav_buses")), missing("devices", "")];
    const empty = {times: [], exceptions: {}, time_sum_ms: 0};
    const heads = (first) => [first, {text: t("link")}, {text: t("mean"), num: true}, {text: t("mostly"), num: true}, {text: t("times")},
        {text: t("timeouts"), num: true}, {text: t("bad_frames"), num: true}, {text: t("exceptions"), num: true}, {text: t("lost"), num: true}];
    const counts = (x, label) => {
        const c = x.comm || empty;
        return [mean(c), mostly(c), bars(c, label), count(c.timeouts || 0), count(c.frame_errors || 0), exceptions(c), count(c.lost || 0)];
    };
    return [h("h2", null, t("nav_buses")),
        h("section", {class: "card" + (stale("buses") ? " stale" : "")}, table(t("buses"), heads({text: t("bus")}), b.buses.map((x) => ({key: x.id,
            cells: [[h("strong", null, x.id), h("span", {class: "dim"}, " " + x.driver + " · " + t("n_devices", {n: x.devices}))],
                [linkBadge(x.link), h("span", {class: "dim"}, " " + since(x))]].concat(counts(x, x.id))})))),
        h("section", {class: "card" + (stale("devices") ? " stale" : "")}, table(t("devices"),
            heads({text: t("device")}).concat([{text: t("back_off"), num: true}, {text: t("polls"), num: true}]),
            d.devices.filter((x) => x.driver !== "derived").map((x) => ({key: x.id,
                cells: [[h("strong", null, x.id), h("span", {class: "dim"}, " " + [x.location, x.identity || x.profile, x.bus].filter((y) => y).join(" · ")),
                    x.fault ? h("span", {class: "fault"}, " ✕ " + x.fault) : null],
                [linkBadge(x.link), h("span", {class: "dim"}, " " + since(x))]].concat(counts(x, x.id),
                    [x.comm && x.comm.hold_ms ? span(x.comm.hold_ms) : "–",
                        x.polls ? count(x.polls.read) + " / " + count(x.polls.failed) + " / " + count(x.polls.skipped) : "–"])}))),
        h("p", {class: "dim"}, t("polls_say")))];
}

function mqttState(m, enabled) {
    const off = enabled === false || m.state === "off" || m.enabled === false;
    const on = m.connected === true || m.state === "connected";
    return badge(off ? "off" : on ? "connected" : "away", word("mqtt_", off ? "off" : on ? "connected" : "away"));
}

export function delivery() {
    const st = doc("status");
    if (!st)
        return [h("h2", null, t("nav_delivery")), missing("status", "")];
    const d = st.delivery || {};
    const m = d.mqtt || st.mqtt || {};
    const j = st.journal || {};
    const of = (k) => (d[k] !== undefined ? d[k] : j[k]);
    const chain = st.chain || {};
    const old = stale("status") ? " stale" : "";
    return [h("h2", null, t("nav_delivery")),
        h("section", {class: "card" + old, key: "mqtt"}, h("h3", null, "MQTT ", mqttState(m)),
            m.fault ? h("p", {class: "fault"}, "✕ ", m.fault) : null,
            pairs([[t("published"), count(m.published)], [t("acked"), count(m.acked)], [t("held"), count(m.held)],
                [t("records_waiting"), count(of("records_waiting"))], [t("unreceipted"), count(of("unreceipted"))],
                [t("oldest_waiting"), of("oldest_waiting_ms") ? span(of("oldest_waiting_ms")) : "–"],
                [t("telemetry_waiting"), count(of("telemetry_waiting"))], [t("telemetry_lost"), count(of("telemetry_lost"))]], "two")),
        d.influx ? h("section", {class: "card" + old, key: "influx"}, h("h3", null, "InfluxDB ", mqttState(d.influx)),
            d.influx.fault ? h("p", {class: "fault"}, "✕ ", d.influx.fault) : null,
            pairs([[t("sent"), count(d.influx.sent)], [t("rejected"), count(d.influx.rejected)], [t("held"), count(d.influx.held)]], "two")) : null,
        h("section", {class: "card" + old, key: "journal"}, h("h3", null, t("journal"), " ", badge(j.state === "ok" ? "ok" : "down", word("journal_", j.state))),
            j.fault ? h("p", {class: "fault"}, "✕ ", j.fault) : null,
            h("h4", null, t("chain_head")),
            pairs([[t("key_id"), chain.kid, "mono"], [t("chain"), chain.id, "mono"], [t("seq"), count(chain.seq !== undefined ? chain.seq : j.seq)],
                [t("head"), chain.head, "mono"]]),
            h("p", {class: "dim"}, t("chain_say")))];
}

export function about(wall) {
    const st = doc("status");
    if (!st)
        return [h("h2", null, t("nav_about")), missing("status", "")];
    const acceptedText = st.accepted === undefined ? "–" : typeof st.accepted === "object" ? (st.accepted.present ? t("yes") : t("not_accepted")) :
        t(st.accepted ? "yes" : "not_accepted");
    return [h("h2", null, t("nav_about")), h("section", {class: "card"}, pairs([
        [t("gateway"), st.gateway, "mono"], [t("enterprise"), both(st.enterprise) || (st.enterprise || {}).name], [t("sector"), word("sector_", st.sector)],
        [t("version"), st.version], [t("config_hash"), st.config_sha256, "mono"], [t("inventory"), acceptedText],
        [t("started"), clock(st.since, wall)], [t("uptime"), span(st.uptime_ms)], [t("boot"), st.boot, "mono"],
        [t("clock"), t(st.clock_sync ? "clock_yes" : "clock_no")], [t("engine"), word("engine_", (st.engine || {}).state) + " · " +
            t("n_checks", {n: (st.engine || {}).checks || 0, unknown: (st.engine || {}).unknown || 0})],
        [t("write"), word("write_", (st.write || {}).how || "none")]]),
    unlocked() ? h("button", {type: "button", onclick: lock}, t("forget")) : null,
    h("p", {class: "dim"}, t("about_say")))];
}
