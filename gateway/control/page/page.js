// SPDX-License-Identifier: Apache-2.0
// The page: what is asked for, and what is shown.
import {lock, notices, onAct, unlocked} from "./act.js";
import {cases, evidence, onEvidence} from "./cases.js";
import {doc, onNews, stale, start, trust, wallNow, want} from "./data.js";
import {h, patch} from "./dom.js";
import {both, clock, span} from "./format.js";
import {lacking, overview} from "./overview.js";
import {badge} from "./parts.js";
import {about, buses, delivery, events} from "./system.js";
import {english, flip, onLanguage, t} from "./text.js";
import {manyPoints, onTrend, pointsUrl, remember, trends, values} from "./values.js";

const VIEWS = ["overview", "cases", "values", "events", "buses", "delivery", "about"];
const SLOW = 10000;

let asked = false;

function view() {
    const parts = location.hash.slice(1).split("/").map(decodeURIComponent);
    return VIEWS.indexOf(parts[0]) < 0 ? ["overview"] : [parts[0], parts.slice(1).join("/")];
}

// What each view needs beside the four that are always asked for.
function needs(v) {
    const list = {status: {url: "/v1/status"}, alarms: {url: "/v1/alarms"}, cases: {url: "/v1/cases"}, assets: {url: "/v1/assets"}};
    const slow = (name) => { list[name] = {url: "/v1/" + name, every: SLOW}; };
    if (v[0] === "values" || (v[0] === "overview" && !manyPoints()))
        list.points = {url: v[0] === "values" ? pointsUrl() : "/v1/points", other: true};
    if (v[0] === "values")
        slow("devices");
    if (v[0] === "buses") {
        list.buses = {url: "/v1/buses"};
        list.devices = {url: "/v1/devices"};
    }
    if (v[0] === "events") {
        list.events = {url: "/v1/events"};
        slow("leads");
    }
    if (v[0] === "cases")
        ["permits", "shelves", "orders"].forEach(slow);
    return list;
}

// Everything that keeps the page or the gateway from being believed: [{strong, text}].
function warnings() {
    const out = [];
    const how = trust();
    const st = doc("status");
    if (how.how !== "ok" && how.how !== "first")
        out.push({key: how.how, strong: true, text: t("warn_" + how.how) + (isFinite(how.age) ? " " + t("warn_old", {span: span(how.age)}) : "")});
    if (out.length)
        return out; // what the gateway said of itself is old, too
    if (["alarms", "cases", "assets"].some((n) => doc(n) && stale(n)))
        out.push({key: "part", strong: true, text: t("warn_part")});
    if (!st)
        return out;
    if (st.engine && st.engine.state !== "running")
        out.push({key: "engine", strong: true, text: t("warn_engine")});
    for (const x of st.troubles || [])
        if (x.part !== "engine")
            out.push({key: x.part, strong: x.part === "journal", text: t("part_" + x.part) + ": " + both(x.text)});
    if (st.clock_sync === false)
        out.push({key: "clock", strong: false, text: t("warn_clock")});
    return out;
}

function banner() {
    const list = warnings();
    return h("div", {class: list.some((w) => w.strong) ? "banner strong" : "banner", role: "alert", key: "banner"}, list.map((w) => h("p", {key: w.key, class: w.strong ? "strong" : "", "data-warning": w.key},
        h("span", {class: "mark", "aria-hidden": "true"}, w.strong ? "✕" : "!"), w.text)));
}

function tile(to, state, number, label, sub) {
    return h("a", {key: label, class: "tile " + state, href: "#" + to}, h("strong", null, number), h("span", null, label), sub ? h("small", null, sub) : null);
}

function glance() {
    const st = doc("status");
    const how = trust().how;
    const sure = how === "ok";
    const alarms = doc("alarms");
    const leads = doc("cases");
    const need = lacking();
    const unacked = alarms ? alarms.alarms.filter((a) => a.state === "unacked").length : 0;
    const d = (st && st.devices) || {ok: 0, down: 0, suspect: 0, unknown: 0};
    const all = d.ok + d.down + d.suspect + d.unknown;
    const number = (x, n) => (x && x.deciding !== false ? String(n) : "?");
    const tone = (x, list, word) => (!x || x.deciding === false ? "warn" : list.length ? word : "fine");
    const sub = (text) => (sure ? text : t("outdated"));
    return h("section", {class: "glance" + (sure ? "" : " stale"), "aria-label": t("glance"), key: "glance"},
        tile("about", !sure ? "unknown" : st.healthy ? "fine" : "warn", !sure ? "?" : st.healthy ? "✓" : "!", t("gateway"),
            t(!sure ? "gw_unknown" : st.healthy ? "gw_healthy" : "gw_degraded")),
        tile("cases", tone(alarms, (alarms || {}).alarms, "trip"), "▲ " + number(alarms, alarms ? alarms.alarms.length : 0), t("alarms"), sub(unacked ? t("n_unacked", {n: unacked}) : "")),
        tile("cases", tone(leads, (leads || {}).cases, "bad"), "◆ " + number(leads, leads ? leads.cases.length : 0), t("leads"), sub("")),
        tile("overview", need.bad ? "bad" : "fine", number(doc("assets"), (need.required - need.bad) + "/" + need.required), t("instruments"), sub(need.bad ? t("n_lacking", {n: need.bad}) : "")),
        tile("buses", st && d.ok < all ? "warn" : "fine", number(st, d.ok + "/" + all), t("answering"), sub("")));
}

function header() {
    const st = doc("status");
    return h("header", {class: "top", key: "top"}, h("div", null, h("h1", null, t("app")),
        h("p", {class: "dim"}, st ? [both(st.enterprise) || (st.enterprise || {}).name, st.gateway].filter((x) => x).join(" · ") : "–")),
    h("div", {class: "row"}, unlocked() ? h("button", {type: "button", class: "quiet", onclick: lock}, t("forget")) : null,
        h("button", {type: "button", class: "language", lang: english() ? "zh-CN" : "en", onclick: flip}, t("other_language"))));
}

function body(v, wall) {
    switch (v[0]) {
    case "values": return values(v);
    case "cases": return cases(v, wall);
    case "events": return events(wall);
    case "buses": return buses();
    case "delivery": return delivery();
    case "about": return about(wall);
    default: return overview(wall);
    }
}

function draw() {
    const v = view();
    const wall = wallNow();
    const sure = trust().how === "ok";
    document.title = t("nav_" + v[0]) + " · " + t("app");
    patch(document.getElementById("app"), [
        header(), banner(), glance(),
        h("nav", {key: "nav", "aria-label": t("sections")}, VIEWS.map((x) => h("a", {key: x, href: "#" + x, "aria-current": x === v[0] ? "page" : null}, t("nav_" + x)))),
        notices(),
        h("main", {key: "main", class: (sure ? "" : "stale"), id: "main"}, body(v, wall)),
        h("footer", {key: "foot", class: "dim"}, doc("status") ? [badge(sure ? "ok" : "unknown", t(sure ? "live" : "outdated")), " ", t("gateway_time"), " ", clock(wall)] : t("loading")),
    ]);
}

function redraw() {
    if (asked || document.hidden)
        return;
    asked = true;
    requestAnimationFrame(() => {
        asked = false;
        draw();
    });
}

function turn() {
    want(needs(view()));
    redraw();
}

onNews((name) => {
    if (name === "points")
        remember();
    turn();
});
onTrend(turn);
onEvidence(redraw);
onAct(redraw);
onLanguage(redraw);
window.addEventListener("hashchange", () => {
    turn();
    const chosen = view()[1];
    if (!chosen)
        window.scrollTo(0, 0);
});
window.addEventListener("resize", redraw);
setInterval(redraw, 1000); // ages grow without news
setInterval(() => {
    trends(view());
    evidence(view());
}, 150);
turn();
start();
