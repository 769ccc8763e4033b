// SPDX-License-Identifier: Apache-2.0
// What a person may tell the gateway: acknowledge, shelve, permit, and the ends of these. Over TCP the gateway asks for
// a password; it is kept in this module alone, for a quarter of an hour of quiet.
import {doc, hurry, post, wallNow} from "./data.js";
import {h, patch} from "./dom.js";
import {both, clock, span} from "./format.js";
import {t} from "./text.js";

const KEEP_MS = 15 * 60000;
const ROLES = ["technician", "supervisor", "third_party"];
const SCOPES = ["maintenance", "shield", "calibration", "hot_work"];

let password = null;
let used = 0;
let shown = null; // {spec, busy, fault, dialog}
let notice = null;
let changed = () => {};

export function onAct(fn) {
    changed = fn;
}

export function unlocked() {
    if (password !== null && performance.now() - used > KEEP_MS)
        password = null;
    return password !== null;
}

export function lock() {
    password = null;
    changed();
}

export function mayWrite() {
    const s = doc("status");
    return Boolean(s && s.write && s.write.how && s.write.how !== "none");
}

function needsPassword() {
    const s = doc("status");
    return s && s.write && s.write.how === "password" && !unlocked();
}

export function notices() {
    return notice ? h("p", {class: "notice", role: "status"}, h("span", {class: "mark", "aria-hidden": "true"}, "✓"), notice,
        h("button", {type: "button", class: "quiet", onclick: () => { notice = null; changed(); }}, t("close"))) : null;
}

function options(list, word) {
    return list.map((v) => h("option", {key: v, value: v}, word(v)));
}

function field(label, control, hint) {
    return h("label", {class: "field", key: label}, h("span", null, label), control, hint ? h("small", null, hint) : null);
}

const roleField = () => field(t("ask_role"), h("select", {name: "role"}, options(ROLES, (r) => t("role_" + r))));
const reasonField = () => field(t("ask_reason"), h("input", {name: "reason", maxlength: 80, required: true, autocomplete: "off"}));

const ACTS = {
    ack: {title: "act_ack", say: "act_ack_say", fields: () => [roleField(),
        field(t("ask_note"), h("input", {name: "note", maxlength: 80, autocomplete: "off"}))],
    body: (f, x) => (f.note ? {case: x.case, role: f.role, note: f.note} : {case: x.case, role: f.role})},
    shelve: {title: "act_shelve", say: "act_shelve_say", fields: (x) => [
        field(t("ask_minutes"), h("select", {name: "minutes"}, options([5, 10, 15, 30, 60, 240, 480].filter((n) => n <= (x.shelve_max_min || 30)), (n) => span(n * 60000)))),
        reasonField(), roleField()],
    body: (f, x) => ({case: x.case, minutes: Number(f.minutes), reason: f.reason, role: f.role})},
    unshelve: {title: "act_unshelve", fields: () => [roleField()], body: (f, x) => ({case: x.case, role: f.role})},
    permit: {title: "act_permit", say: "act_permit_say", fields: (x) => [
        field(t("asset"), h("select", {name: "asset"}, (x.assets || []).map((a) =>
            h("option", {key: a.id, value: a.id, selected: a.id === x.asset}, (a.name || a.id) + " " + a.id)))),
        field(t("ask_scope"), h("select", {name: "kind",
            onchange: (e) => { shown.hot = e.target.value === "hot_work"; draw(); }}, options(SCOPES, (k) => t("scope_" + k)))),
        shown.hot ? [field(t("ask_certificate"), h("input", {name: "certificate", maxlength: 60, required: true, autocomplete: "off"})),
            field(t("ask_certificate_until"), h("input", {name: "certificate_until", type: "date", required: true}))] : null,
        field(t("ask_number"), h("input", {name: "number", maxlength: 31, autocomplete: "off"}), t("ask_number_hint")),
        field(t("ask_hours"), h("select", {name: "hours"}, options([1, 2, 4, 8, 12, 24], (n) => span(n * 3600000)))),
        reasonField(), roleField()],
    body: (f) => {
        const b = {asset: f.asset, kind: f.kind, until: Math.round(wallNow() + Number(f.hours) * 3600000),
            reason: f.reason, role: f.role};
        if (f.number)
            b.number = f.number;
        if (f.certificate) {
            b.certificate = f.certificate;
            b.certificate_until = Date.parse(f.certificate_until + "T23:59:59+08:00");
        }
        return b;
    }},
    permit_end: {title: "act_permit_end", fields: () => [roleField()], body: (f, x) => ({id: x.id, role: f.role})},
};

function faultText(r) {
    const said = both(r.text);
    if (r.code === 0)
        return t("fault_away");
    if (r.code === 401)
        return t("fault_password");
    if (r.code === 429)
        return t("fault_wait", {n: r.retry || 60});
    return t(r.code === 403 ? "fault_forbidden" : r.code === 409 ? "fault_refused" : r.code === 503 ? "fault_busy" : "fault_other") +
        (said ? ": " + said : "");
}

function fields(form) {
    const out = {};
    for (const c of Array.from(form.elements))
        if (c.name)
            out[c.name] = c.value.trim();
    return out;
}

function submit(event) {
    event.preventDefault();
    if (shown.busy)
        return;
    const f = fields(event.target);
    const act = ACTS[shown.name];
    const pass = f.password !== undefined ? event.target.elements.password.value : password;
    shown.busy = true;
    shown.fault = null;
    draw();
    post("/v1/" + shown.name, act.body(f, shown.about), doc("status").write.how === "password" ? pass : null).then((r) => {
        if (!shown)
            return;
        shown.busy = false;
        if (r.code === 200) {
            if (pass) {
                password = pass;
                used = performance.now();
            }
            notice = t("done_" + shown.name) + (r.doc && r.doc.record ? " · " + t("record") + " " + r.doc.record : "");
            close();
            hurry("status", "alarms", "cases", "assets", "shelves", "permits");
        } else {
            if (r.code === 401) {
                password = null;
                shown.secret = true;
            }
            shown.fault = faultText(r);
            draw();
        }
        changed();
    });
}

function close() {
    const last = shown;
    shown = null;
    if (last && last.dialog.close && last.dialog.open)
        last.dialog.close();
    patch(document.getElementById("dialogs"), []);
    if (last && last.back && document.contains(last.back))
        last.back.focus();
}

function draw() {
    const act = ACTS[shown.name];
    const about = shown.about;
    patch(document.getElementById("dialogs"), [h("dialog", {key: shown.name, "aria-labelledby": "act-title",
        oncancel: (e) => { e.preventDefault(); close(); }},
    h("form", {onsubmit: submit, autocomplete: "off"},
        h("h2", {id: "act-title"}, t(act.title)),
        about.title ? h("p", null, h("strong", null, both(about.title)), " ", about.asset_name || about.asset || "") : null,
        about.since ? h("p", {class: "dim"}, about.finding, " · ", t("since"), " ", clock(about.since)) : null,
        about.say ? h("p", {class: "dim"}, about.say) : null,
        act.say ? h("p", null, t(act.say)) : null,
        act.fields(about),
        shown.secret ? field(t("ask_password"), h("input", {name: "password", type: "password", required: true,
            autocomplete: "off", maxlength: 200}), t("ask_password_hint")) : null,
        shown.fault ? h("p", {class: "fault", role: "alert"}, h("span", {class: "mark", "aria-hidden": "true"}, "✕"), shown.fault) : null,
        h("div", {class: "row"},
            h("button", {type: "submit", class: "main", disabled: shown.busy}, shown.busy ? t("sending") : t(act.title)),
            h("button", {type: "button", onclick: close}, t("cancel")))))]);
}

// A browser before 2022 may not know dialogs: a box on top, which its button closes.
function plain(dialog) {
    dialog.setAttribute("open", "");
    dialog.classList.add("plain-dialog");
    const first = dialog.querySelector("input, select, button");
    if (first)
        first.focus();
}

// name: a key of ACTS; about: what it is about (a case, a permit).
export function open(name, about) {
    shown = {name, about, hot: false, busy: false, fault: null, secret: needsPassword(), back: document.activeElement};
    draw();
    shown.dialog = document.querySelector("#dialogs dialog");
    if (shown.dialog.showModal)
        shown.dialog.showModal();
    else
        plain(shown.dialog);
}

export function button(name, about, quiet) {
    return mayWrite() ? h("button", {type: "button", key: name, class: quiet ? "quiet" : null, "data-act": name,
        onclick: () => open(name, about)}, t(ACTS[name].title)) : null;
}
