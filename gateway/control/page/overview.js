// SPDX-License-Identifier: Apache-2.0
// What each asset must have, and whether it is there and works.
import {doc, stale} from "./data.js";
import {h} from "./dom.js";
import {both, clock, quality, span, time, unit, units, value, word} from "./format.js";
import {badge, clauses, missing, pairs, shownValue} from "./parts.js";
import {t} from "./text.js";

const STATES = ["failed", "bypassed", "tripped", "absent", "unknown", "present"];

function details(i, wall, points) {
    const mine = (i.points || []).map((id) => points[id] || {id});
    return h("div", {class: "inside"},
        i.why ? h("p", null, units(both(i.why))) : null,
        mine.length > 1 ? h("ul", {class: "plain"}, mine.map((p) => h("li", {key: p.id},
            h("a", {href: "#values/" + encodeURIComponent(p.id)}, p.id), " ",
            p.quality ? shownValue(p, "points") : null))) : null,
        pairs([
            [t("role"), i.role],
            i.since ? [t("since"), clock(i.since) + " (" + span(wall - time(i.since)) + ")"] : null,
            mine.length === 1 ? [t("point"), h("a", {href: "#values/" + encodeURIComponent(mine[0].id)}, mine[0].id)] : null,
            mine.length ? null : [t("point"), t("no_point")],
            i.quality ? [t("quality"), quality(i.quality)] : null,
            i.case ? [t("case"), h("a", {href: "#cases/" + encodeURIComponent(i.case)}, i.finding + " · " + t("show"))] :
                i.finding ? [t("finding"), i.finding] : null,
            i.needed === "required" || i.proof ? [t("proof"), i.proof ?
                clock(i.proof.t) + " · " + word("role_", i.proof.role) + " · " + word("proof_", i.proof.what) : t("proof_none")] : null,
        ]),
        clauses(i.clauses));
}

function row(asset, i, wall, points) {
    const one = (i.points || []).length === 1 ? points[i.points[0]] : null;
    const shown = {value: i.value, unit: i.unit, quality: i.quality, age_ms: one ? one.age_ms : undefined};
    return h("details", {key: i.role + (i.points || []).join(), class: "instrument", "data-role": i.role, "data-state": i.state,
        name: null},
    h("summary", null, h("div", {class: "bar"}, badge(i.state, word("is_", i.state)),
        h("span", {class: "what"}, both(i.title) || i.role,
            h("span", {class: "dim need"}, t(i.needed === "required" ? "required" : "optional"), one ? " · " + one.id : "")),
        i.state === "absent" || (i.value === undefined && !i.quality) ? h("span", {class: "value"}, h("b", null, "–")) :
            shownValue(shown, "assets"))),
    details(i, wall, points));
}

function assetCard(a, wall, points) {
    const list = (a.instruments || []).slice().sort((x, y) =>
        (x.needed === "required" ? 0 : 1) - (y.needed === "required" ? 0 : 1) ||
        STATES.indexOf(x.state) - STATES.indexOf(y.state));
    const bad = list.filter((i) => i.state !== "present" && (i.needed === "required" || i.state !== "unknown" && i.state !== "absent"));
    const facts = Object.keys(a.facts || {}).map((k) => word("fact_", k) + t("colon") + word("fact_", a.facts[k])).join(", ");
    return h("section", {key: a.id, class: "card asset", "data-asset": a.id, "aria-label": a.name || a.id},
        h("header", null, h("h3", null, a.name || a.id, " ", h("small", null, a.id)),
            h("span", {class: "dim"}, both(a.title)),
            h("span", {class: "tag"}, word("mode_", String(a.mode || "unknown").toLowerCase()))),
        facts ? h("p", {class: "dim facts"}, facts) : null,
        h("p", {class: "sum"}, list.length === 0 ? t("nothing_demanded") : bad.length ?
            STATES.filter((st) => bad.some((i) => i.state === st)).map((st) =>
                badge(st, word("is_", st) + " " + bad.filter((i) => i.state === st).length)) :
            badge("present", t("all_present"))),
        list.map((i) => row(a, i, wall, points)));
}

function legend() {
    return h("p", {class: "legend dim"}, t("legend"), " ", ["present", "failed", "bypassed", "absent", "tripped", "unknown"].map((st) =>
        h("span", {key: st, class: "key"}, badge(st, word("is_", st)), " ", h("span", null, t("means_" + st)))));
}

export function overview(wall) {
    const d = doc("assets");
    if (!d)
        return [missing("assets", "")];
    const points = {};
    for (const p of (doc("points") || {points: []}).points)
        points[p.id] = p;
    return [h("h2", null, t("nav_overview")), legend(),
        d.assets.length ? h("div", {class: "cards" + (stale("assets") ? " stale" : "")}, d.assets.map((a) => assetCard(a, wall, points))) :
            h("p", {class: "note"}, t("no_assets"))];
}

// How many required instruments are not as they must be: for the glance at the top.
export function lacking() {
    const d = doc("assets");
    const out = {required: 0, bad: 0};
    for (const a of d ? d.assets : [])
        for (const i of a.instruments || [])
            if (i.needed === "required") {
                out.required++;
                if (i.state === "failed" || i.state === "absent" || i.state === "bypassed")
                    out.bad++;
            }
    return out;
}

// What a point is to which asset, for lists of points: {id: "title · asset"}.
export function parts() {
    const out = {};
    for (const a of (doc("assets") || {assets: []}).assets)
        for (const i of a.instruments || [])
            for (const id of i.points || [])
                if (!out[id])
                    out[id] = {title: both(i.title) || i.role, asset: a.name || a.id};
    return out;
}

export const unitOf = (p) => unit(p.unit);
export const textOf = (p) => value(p.value, p.unit);
