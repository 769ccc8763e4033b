// SPDX-License-Identifier: Apache-2.0
// Pieces that several views share. A state is always told by a shape and a word, the colour only repeats them.
import {age, stale, trust} from "./data.js";
import {h} from "./dom.js";
import {both, clause, quality, span, value, word} from "./format.js";
import {t} from "./text.js";

const MARKS = {present: "✓", failed: "✕", bypassed: "⊘", absent: "–", tripped: "▲", unknown: "?",
    ok: "✓", down: "✕", suspect: "?", connected: "✓", away: "✕", off: "–", full: "✕", running: "✓", waiting: "?",
    alarm: "▲", lead: "◆", wait: "…"};
const TONES = {ok: "present", connected: "present", running: "present", down: "failed", away: "failed",
    full: "failed", suspect: "unknown", waiting: "unknown", off: "absent", wait: "unknown", alarm: "tripped", lead: "failed"};

export function badge(state, text, title) {
    return h("span", {class: "badge " + (TONES[state] || state), title: title || null, "data-state": state},
        h("span", {class: "mark", "aria-hidden": "true"}, MARKS[state] || "?"), text);
}

export function linkBadge(link) {
    return badge(MARKS[link] ? link : "unknown", word("link_", link));
}

// How long ago the gateway read it, as of this moment: what it said, and the time since it said so.
export function aged(name, ms) {
    return ms === undefined || ms === null ? Infinity : ms + age(name);
}

const CALM = {GOOD: true};

// A value with what is to be known of it: its quality when it is not good, its age when it is old.
// p: {value, unit, quality, age_ms}; from: the document it is of.
export function shownValue(p, from) {
    const old = stale(from);
    const bad = p.quality && !CALM[p.quality];
    const back = aged(from, p.age_ms);
    const late = isFinite(back) && back > 10000; // told; whether that is too old, the gateway says by the quality
    const told = !bad || (p.quality === "STALE" && p.value);
    return h("span", {class: "value" + (bad || old ? " old" : "")},
        h("b", null, told ? value(p.value, p.unit) : "–"),
        bad ? h("span", {class: "q"}, h("span", {class: "mark", "aria-hidden": "true"}, p.quality === "BAD_COMM" ||
            p.quality === "BAD_FAULT" || p.quality === "BAD_RANGE" ? "✕" : p.quality === "INHIBIT" ? "⊘" : "?"),
        quality(p.quality)) : null,
        old ? h("span", {class: "q"}, t("outdated")) : null,
        (bad || late || old) && isFinite(back) ? h("span", {class: "age"}, t("ago", {span: span(back)})) : null);
}

export function clauses(list) {
    if (!list || !list.length)
        return null;
    return h("div", {class: "clauses", key: "clauses"}, h("h4", null, t("clause")), list.map((c, i) => h("div", {key: i, class: "clause"},
        h("p", null, h("strong", null, clause(c)),
            c.confirmed && c.confirmed !== "published" ? h("span", {class: "tag"}, t("unconfirmed")) : null),
        c.text ? h("p", {class: "dim", lang: null}, both(c.text)) : null)));
}

export function pairs(list, more) {
    return h("dl", {class: more ? "pairs " + more : "pairs"}, list.filter((p) => p).map((p) => h("div", {key: p[0]},
        h("dt", null, p[0]), h("dd", {class: p[2] || null}, p[1] === "" || p[1] === undefined || p[1] === null ? "–" : p[1]))));
}

// A table that becomes a list of cards where the screen is narrow: each cell carries its heading.
export function table(caption, heads, rows) {
    return h("div", {class: "scroll"}, h("table", null, h("caption", null, caption),
        h("thead", null, h("tr", null, heads.map((x, i) => h("th", {key: i, scope: "col", class: x.num ? "num" : null}, x.text)))),
        h("tbody", null, rows.map((r) => h("tr", {key: r.key}, r.cells.map((c, i) =>
            h(i ? "td" : "th", {key: i, scope: i ? null : "row", class: heads[i].num ? "num" : null, "data-head": heads[i].text},
                h("div", null, c)))))),
        ));
}

// What stands where a document is missing, or how far it may be believed.
export function missing(name, empty) {
    const how = trust().how;
    return h("p", {class: "note"}, stale(name) ? t(how === "first" || how === "ok" ? "loading" : "no_data") : empty);
}
