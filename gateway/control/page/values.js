// SPDX-License-Identifier: Apache-2.0
// Every point with its value, and its course: what the gateway keeps, continued by what this page has seen.
import {doc, get, stale} from "./data.js";
import {h} from "./dom.js";
import {clock, hms, quality, value} from "./format.js";
import {parts} from "./overview.js";
import {badge, linkBadge, missing, shownValue} from "./parts.js";
import {plot, spark} from "./plot.js";
import {t} from "./text.js";

const KEEP = 600;            // samples of a point here
const AGAIN_MS = 60000;      // a sparkline's past is asked for so often
const MANY = 300;            // points of a site from which on one device at a time is shown
const SPANS = [5, 15, 60];

const courses = {};          // point → {samples, asked, trend}
let busy = false;
let minutes = 15;
let device = "";
let changed = () => {};
const visible = {};

export function onTrend(fn) {
    changed = fn;
}

function course(id) {
    if (!courses[id])
        courses[id] = {samples: [], asked: -Infinity, trend: null};
    return courses[id];
}

// Takes what the points document says into the courses.
export function remember() {
    const d = doc("points");
    for (const p of d ? d.points : []) {
        const c = course(p.id);
        const last = c.samples[c.samples.length - 1];
        if (p.t === undefined || (last && p.t <= last[0]))
            continue;
        c.samples.push([p.t, p.value, p.quality]);
        if (c.samples.length > KEEP)
            c.samples.shift();
    }
}

function merge(c, trend) {
    const end = trend.samples.length ? trend.samples[trend.samples.length - 1][0] : 0;
    c.samples = trend.samples.concat(c.samples.filter((x) => x[0] > end)).slice(-KEEP);
}

// One at a time: first the point whose plot is open, every 2 s; then sparklines that have no past yet.
export function trends(view) {
    const open = view[0] === "values" ? view[1] : null;
    const now = performance.now();
    if (busy || document.hidden || view[0] !== "values")
        return;
    let id = open && now - course(open).asked >= 2000 ? open : null;
    if (!id)
        id = Object.keys(courses).find((x) => visible[x] && now - courses[x].asked >= AGAIN_MS);
    if (!id)
        return;
    const c = course(id);
    c.asked = now;
    busy = true;
    get("/v1/trends?point=" + encodeURIComponent(id) + "&minutes=" + (id === open ? minutes : 5)).then((r) => {
        busy = false;
        if (r.doc) {
            if (id === open)
                c.trend = r.doc;
            merge(c, r.doc);
            changed();
        }
    });
}

export function big(id, trend) {
    const lane = {title: trend.point || id, unit: trend.unit, samples: trend.samples, limits: trend.limits || []};
    const last = trend.samples.length ? trend.samples[trend.samples.length - 1][0] : Date.now();
    const t1 = Math.max(trend.to || last, last);
    const t0 = trend.samples.length ? Math.max(trend.from || 0, Math.min(trend.samples[0][0], t1 - 10000)) : t1 - 60000;
    const first = trend.samples.length ? trend.samples[0][0] : t0;
    return plot({t0: Math.max(t0, Math.min(first, t1 - 10000)), t1, lanes: [lane], tall: 190,
        note: trend.kept_ms ? t("kept", {since: hms(first)}) : ""});
}

function panel(p, c) {
    const good = c.samples.filter((x) => x[2] === "GOOD" && isFinite(Number(x[1])));
    const digits = (String(p.value || "").split(".")[1] || "").length;
    const nums = good.map((x) => Number(x[1]));
    return h("div", {class: "trend", key: "trend"},
        h("div", {class: "row"}, h("span", {class: "dim"}, t("span")), SPANS.map((m) => h("button", {key: m, type: "button",
            "aria-pressed": String(m === minutes), class: "quiet",
            onclick: () => { minutes = m; c.asked = -Infinity; c.trend = null; changed(); }}, t("span_min", {n: m}))),
        nums.length ? h("span", {class: "dim"}, t("low_high", {low: value(Math.min(...nums).toFixed(digits), p.unit), high: value(Math.max(...nums).toFixed(digits), p.unit)})) : null),
        c.trend ? big(p.id, c.trend) : h("p", {class: "note"}, t("loading")),
        h("p", {class: "dim mono"}, t("raw"), " ", (p.raw || []).map((r) => "0x" + (r + 0x10000).toString(16).slice(1).toUpperCase()).join(" ") || "–",
            " · ", t("read_at"), " ", clock(p.t)));
}

function row(p, known, open) {
    const c = course(p.id);
    const is = known[p.id];
    visible[p.id] = true;
    return h("div", {key: p.id, class: "point" + (open ? " open" : ""), "data-point": p.id},
        h("a", {class: "line", href: open ? "#values" : "#values/" + encodeURIComponent(p.id), "aria-expanded": String(open), role: "button"},
            h("span", {class: "what"}, is ? is.title : p.id, h("span", {class: "dim"}, is ? is.asset + " · " + p.id : "")),
            spark(c.samples.slice(-240), t("trend_of", {point: p.id})),
            shownValue(p, "points"),
            p.quality === "GOOD" && !stale("points") ? h("span", {class: "check", title: quality(p.quality)}, "✓") : h("span", {class: "check"}, "")),
        open ? panel(p, c) : null);
}

export function pointsUrl() {
    const s = doc("status");
    return s && s.points > MANY && device ? "/v1/points?device=" + encodeURIComponent(device) : "/v1/points";
}

export function manyPoints() {
    const s = doc("status");
    return Boolean(s && s.points > MANY);
}

function chooser(devices) {
    if (!device && devices.length)
        device = devices[0].id;
    return h("label", {class: "field"}, h("span", null, t("device")), h("select", {prop: {value: device},
        onchange: (e) => { device = e.target.value; changed(); }},
    devices.map((d) => h("option", {key: d.id, value: d.id}, d.id + " " + (d.location || "")))));
}

export function values(view) {
    const d = doc("points");
    const devices = (doc("devices") || {devices: []}).devices;
    const known = parts();
    for (const id of Object.keys(visible))
        delete visible[id];
    if (!d)
        return [h("h2", null, t("nav_values")), missing("points", "")];
    const groups = [];
    for (const p of d.points) {
        const tail = groups[groups.length - 1];
        if (tail && tail.id === p.device)
            tail.points.push(p);
        else
            groups.push({id: p.device, link: p.link, points: [p]});
    }
    return [h("h2", null, t("nav_values")), manyPoints() ? chooser(devices) : null,
        groups.map((g) => {
            const is = devices.find((x) => x.id === g.id) || {};
            return h("section", {key: g.id, class: "card device" + (stale("points") ? " stale" : ""), "data-device": g.id},
                h("header", null, h("h3", null, g.id, " ", h("small", null, is.location || "")),
                    is.identity ? h("span", {class: "dim"}, is.identity) : null,
                    g.link && !(is.driver === "derived") ? linkBadge(g.link) : badge("present", t("derived"))),
                g.points.map((p) => row(p, known, view[1] === p.id)));
        })];
}
