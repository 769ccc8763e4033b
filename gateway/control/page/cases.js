// SPDX-License-Identifier: Apache-2.0
// Alarms and leads that stand, each with its evidence; permits, shelves and orders that are in force.
import {button} from "./act.js";
import {doc, get, stale} from "./data.js";
import {h} from "./dom.js";
import {both, clock, hms, quality, span, time, units, value, word} from "./format.js";
import {parts} from "./overview.js";
import {badge, clauses, missing, pairs, shownValue} from "./parts.js";
import {plot} from "./plot.js";
import {t} from "./text.js";

const AGAIN_MS = 4000;
const LANES = 6;

const proofs = {};  // record → {asked, doc, fault}
const courses = {}; // point → {asked, doc}: while a window is still growing
const opened = {};  // cases that are unfolded
let busy = false;
let changed = () => {};

export function onEvidence(fn) {
    changed = fn;
}

function standing() {
    return ((doc("alarms") || {}).alarms || []).concat((doc("cases") || {}).cases || []);
}

// A tablet on the wall runs for months: what no longer stands is forgotten.
function forget(list) {
    const known = list.map((c) => c.case);
    const records = list.map((c) => c.record);
    const points = [].concat(...list.filter((c) => opened[c.case]).map((c) => c.points || []));
    for (const [store, alive] of [[opened, known], [proofs, records], [courses, points]])
        for (const key of Object.keys(store))
            if (alive.indexOf(key) < 0)
                delete store[key];
}

function settled(p) {
    return p.doc && (p.doc.window_state === "stored" || p.doc.window_state === "none" || p.doc.window_state === "pruned");
}

function fetchInto(store, key, url) {
    const p = store[key] || (store[key] = {asked: 0, doc: null, fault: null});
    p.asked = performance.now();
    busy = true;
    get(url).then((r) => {
        busy = false;
        p.fault = r.fault || null;
        if (r.doc)
            p.doc = r.doc;
        changed();
    });
}

// One question at a time: the records of unfolded cases, then the course of what they are about.
export function evidence(view) {
    const now = performance.now();
    if (busy || document.hidden || view[0] !== "cases")
        return;
    if (doc("alarms") && doc("cases"))
        forget(standing());
    for (const c of standing()) {
        if (!opened[c.case] || !c.record)
            continue;
        const p = proofs[c.record];
        if (!p || (!settled(p) && now - p.asked > AGAIN_MS)) {
            fetchInto(proofs, c.record, "/v1/evidence?record=" + encodeURIComponent(c.record));
            return;
        }
        if (settled(p))
            continue;
        for (const id of (c.points || []).slice(0, LANES))
            if (!courses[id] || now - courses[id].asked > AGAIN_MS) {
                fetchInto(courses, id, "/v1/trends?point=" + encodeURIComponent(id) + "&minutes=5");
                return;
            }
    }
}

const inner = (x) => (x && x.record && x.record.class ? x.record : x && x.record && x.record.record ? x.record.record : x ? x.record : null);

// The limit that decided, for the lane of the point that it is about.
function limitOf(r, id, role) {
    const c = r.condition || {};
    if (c.limit === undefined || c.limit === "")
        return [];
    const about = r.subject || "";
    const points = ((r.evidence || {}).points || []);
    const mine = about ? about === id : points.length && points[0].id === id;
    if (!mine && !(role && points.length && points[0].role === role))
        return [];
    const low = c.value !== undefined && Number(c.value) < Number(c.limit);
    return [{value: c.limit, side: low ? "low" : "high", finding: r.finding}];
}

function moments(r, decided) {
    const observed = time((r.time || {}).observed);
    const marks = [{t: decided, label: t("decided"), strong: true}];
    if (isFinite(observed) && decided - observed > 1500)
        marks.unshift({t: observed, label: t("observed"), strong: false});
    return {marks, held: isFinite(observed) && observed < decided ? {from: observed, to: decided} : null};
}

function titleOf(id, role) {
    const known = parts()[id];
    return known ? known.title + " " + id : (role + " " + id).trim();
}

function order(r, lanes) {
    const first = r.subject || (((r.evidence || {}).points || [])[0] || {}).id;
    return lanes.sort((a, b) => (a.id === first ? -1 : 0) - (b.id === first ? -1 : 0)).slice(0, LANES);
}

function windowPlot(r, w) {
    const points = w.points || [];
    const any = points.find((p) => p.samples && p.samples.length);
    if (!any)
        return h("p", {class: "note"}, t("window_empty"));
    const offset = any.samples[0].wall_ms - any.samples[0].mono_ms;
    const asked = (r.evidence || {}).window || {};
    const decided = time((r.time || {}).recorded);
    const m = moments(r, isFinite(decided) ? decided : w.from_ms + asked.before_ms + offset);
    const lanes = order(r, points.filter((p) => p.samples.length).map((p) => ({id: p.id, title: titleOf(p.id, p.role),
        unit: p.unit, type: p.vtype, samples: p.samples.map((x) => [x.wall_ms, x.value, x.quality]),
        limits: limitOf(r, p.id, p.role)})));
    return plot({t0: w.from_ms + offset, t1: w.to_ms + offset, lanes, marks: m.marks, held: m.held,
        note: w.complete ? t("window_whole") : t("window_part")});
}

// While the window grows: what the gateway keeps of these points at present.
function coursePlot(r, c) {
    const lanes = order(r, (c.points || []).map((id) => courses[id] && courses[id].doc ? {id, title: titleOf(id, ""), unit: courses[id].doc.unit,
        samples: courses[id].doc.samples, limits: limitOf(r, id, "").length ? limitOf(r, id, "") : courses[id].doc.limits || []} : null)
        .filter((x) => x && x.samples.length));
    if (!lanes.length)
        return null;
    const decided = time((r.time || {}).recorded);
    const m = moments(r, decided);
    const ends = lanes.map((l) => l.samples[l.samples.length - 1][0]);
    const begins = lanes.map((l) => l.samples[0][0]);
    return plot({t0: Math.max(Math.min(...begins), decided - 120000), t1: Math.max(decided + 5000, Math.max(...ends)), lanes,
        marks: m.marks, held: m.held, note: t("window_pending")});
}

function sampleList(r) {
    const list = ((r.evidence || {}).points || []);
    return list.length ? h("div", {class: "samples"}, h("h4", null, t("deciding_samples")), h("ul", {class: "plain mono"}, list.map((p) =>
        h("li", {key: p.id}, p.role, " ", p.id, " = ", value(p.value, p.unit), " [", quality(p.quality), "] ",
            (p.raw || []).map((x) => "0x" + (x + 0x10000).toString(16).slice(1).toUpperCase()).join(" "))))) : null;
}

function proofOf(c) {
    const p = c.record ? proofs[c.record] : null;
    if (!p || (!p.doc && !p.fault))
        return h("p", {class: "note", key: "wait"}, t(c.record ? "loading" : "no_record"));
    if (!p.doc)
        return h("p", {class: "note", key: "fault"}, both(p.fault.text) || t("no_data"));
    const r = inner(p.doc);
    if (!r)
        return h("p", {class: "note", key: "none"}, t("no_record"));
    const state = p.doc.window_state;
    return h("div", {key: "proof", class: "proof", "data-window": state},
        r.condition && r.condition.text ? h("p", {class: "why"}, h("strong", null, t("reason"), " "), units(both(r.condition.text))) : null,
        h("h4", null, t("evidence")),
        p.doc.window ? windowPlot(r, p.doc.window) : state === "pending" ? coursePlot(r, c) || h("p", {class: "note"}, t("window_pending")) :
            h("p", {class: "note"}, t(state === "pruned" ? "window_pruned" : "window_none")),
        sampleList(r),
        pairs([
            [t("record"), r.id, "mono"],
            r.strength ? [t("strength"), t("strength_" + r.strength)] : null,
            r.severity ? [t("severity"), word("severity_", r.severity)] : null,
            r.condition && r.condition.delay_ms !== undefined ? [t("held_for"), span(r.condition.delay_ms) +
                (r.condition.overridden ? " · " + t("overridden") : "")] : null,
            r.law && r.law.obligation ? [t("obligation"), both(r.law.obligation)] : null,
            [t("accepted"), t(r.accepted ? "yes" : "not_accepted")],
        ]));
}

function tags(c) {
    const out = [];
    if (c.shelved && c.shelved.until)
        out.push(h("span", {key: "s", class: "tag"}, t("shelved_until", {when: hms(time(c.shelved.until))})));
    if (c.permit)
        out.push(h("span", {key: "p", class: "tag"}, t("permitted"), " ", typeof c.permit === "string" ? c.permit : c.permit.id || ""));
    if (c.reopened)
        out.push(h("span", {key: "r", class: "tag"}, t("reopened", {n: c.reopened})));
    if (c.declared === false)
        out.push(h("span", {key: "d", class: "tag"}, t("undeclared")));
    return out;
}

// The value that decides, as it is now; a contact's "yes" would say nothing without its name.
// What is due or absent has no value: that of a neighbour beside it would be taken for it.
function nowOf(c, alarm) {
    return c.kind === "ABS" || c.kind === "CAL" || (c.subject && (c.points || []).indexOf(c.subject) < 0) || c.quality === undefined || c.value === "true" || c.value === "false" ? null : shownValue(c, alarm ? "alarms" : "cases");
}

function actions(c, alarm) {
    const open = c.state === "unacked";
    const list = [
        alarm && open ? button("ack", c) : null,
        alarm && c.shelved && c.shelved.until ? button("unshelve", c, true) : alarm && c.shelve_max_min ? button("shelve", c, true) : null,
        alarm ? null : button("permit", {title: c.title, asset: c.asset, asset_name: c.asset_name, assets: (doc("assets") || {}).assets}, true),
    ].filter((x) => x);
    return list.length ? h("div", {class: "row acts"}, list) : null;
}

function assetName(c) {
    const a = ((doc("assets") || {}).assets || []).find((x) => x.id === c.asset);
    return c.asset_name || (a && a.name) || both(c.asset_title) || c.asset;
}

function item(c, alarm, wall) {
    const open = Boolean(opened[c.case]);
    return h("details", {key: c.case, class: "case" + (alarm ? " alarm" : " lead"), "data-case": c.case, "data-finding": c.finding,
        "data-state": c.state, prop: {open},
        ontoggle: (e) => {
            if (e.target.open === Boolean(opened[c.case]))
                return;
            opened[c.case] = e.target.open;
            changed();
        }},
    h("summary", null, h("div", {class: "bar"},
        badge(alarm ? "alarm" : "lead", alarm ? t("priority", {n: c.priority}) : word("kind_", c.kind)),
        h("span", {class: "what"}, both(c.title) || c.finding,
            h("span", {class: "dim"}, assetName(c), " · ", c.finding, c.subject ? " · " + c.subject : ""), tags(c)),
        h("span", {class: "side"}, nowOf(c, alarm), h("span", {class: "state"}, word("state_", c.state)),
            h("span", {class: "dim"}, clock(c.since, wall), " · ", span(wall - time(c.since)))))),
    open ? h("div", {class: "inside"},
        actions(c, alarm),
        c.advice && both(c.advice) ? h("p", null, h("strong", null, t("advice"), " "), both(c.advice)) : null,
        clauses(c.clauses),
        proofOf(c)) : h("div", null));
}

function group(name, list, alarm, wall) {
    const d = doc(alarm ? "alarms" : "cases");
    return h("section", {key: name, class: "group" + (stale(alarm ? "alarms" : "cases") ? " stale" : "")},
        h("h2", null, t(name), " ", h("small", null, d ? String(list.length) : "")),
        !d || !list.length || d.deciding === false ? missing(alarm ? "alarms" : "cases",
            t(d && d.deciding === false ? "not_deciding" : alarm ? "no_alarms" : "no_leads")) : null,
        list.map((c) => item(c, alarm, wall)));
}

// Each as {what, id, asset, name, until, by, reason, end}.
function inForce() {
    const permits = ((doc("permits") || {}).permits || []).map((p) => ({what: "permit", id: p.ref, asset: p.target, name: word("scope_", p.scope), until: p.until,
        by: word("by_", p.by) + (p.who ? " " + p.who : ""), reason: p.reason, end: p.by === "platform" ? null : button("permit_end", {id: p.ref, title: p.ref, say: p.reason}, true)}));
    const shelves = ((doc("shelves") || {}).shelves || []).map((p) => ({what: "shelf", id: p.check, asset: "", name: p.check,
        until: p.until, by: word("by_", p.by) + (p.who ? " " + p.who : ""), reason: p.reason, end: null}));
    const orders = ((doc("orders") || {}).orders || []).map((p) => ({what: "order", id: p.ref, asset: p.target, name: word("order_", p.order), until: null,
        by: word("by_", "platform"), reason: p.reason, end: null}));
    return orders.concat(permits, shelves);
}

function governed(wall) {
    const list = inForce();
    return h("section", {key: "governed", class: "group"}, h("h2", null, t("in_force"), " ", h("small", null, String(list.length))),
        h("div", {class: "row"}, button("permit", {assets: (doc("assets") || {}).assets})),
        list.length ? h("div", {class: "card"}, h("ul", {class: "plain force"}, list.map((x) => h("li", {key: x.what + x.id},
            badge("wait", t(x.what)),
            h("span", {class: "what"}, x.name, h("span", {class: "dim"}, [x.name === x.id ? "" : x.id, x.asset, x.by, x.reason].filter((y) => y).join(" · "))),
            x.until ? h("span", {class: "dim"}, t("until"), " ", clock(x.until, wall)) : h("span", null, ""), x.end || h("span", null, ""))))) :
            h("p", {class: "note"}, t("nothing_in_force")));
}

export function cases(view, wall) {
    const c = view[1];
    if (c && opened[c] === undefined)
        opened[c] = true;
    const alarms = ((doc("alarms") || {}).alarms || []).slice().sort((a, b) =>
        (a.state === "unacked" ? 0 : 1) - (b.state === "unacked" ? 0 : 1) || a.priority - b.priority || time(b.since) - time(a.since));
    const leads = ((doc("cases") || {}).cases || []).slice().sort((a, b) => a.priority - b.priority || time(b.since) - time(a.since));
    return [group("alarms", alarms, true, wall), group("leads", leads, false, wall), governed(wall)];
}
