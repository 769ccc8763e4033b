// SPDX-License-Identifier: Apache-2.0
// Times, spans, values and clauses as people write them.
import {english, has, pick, t} from "./text.js";

const DAY = 86400000;
const CST = 8 * 3600000; // the records are in China Standard Time, wherever this screen is

export function time(x) {
    if (x === null || x === undefined || x === "")
        return NaN;
    return typeof x === "number" ? x : Date.parse(x);
}

const iso = (ms) => new Date(ms + CST).toISOString();

export function hms(ms) {
    return isFinite(ms) ? iso(ms).slice(11, 19) : "–";
}

// The day only where it is another one than that of `near`.
export function clock(x, near) {
    const ms = time(x);
    if (!isFinite(ms))
        return "–";
    if (near !== undefined && Math.floor((ms + CST) / DAY) === Math.floor((near + CST) / DAY))
        return hms(ms);
    return iso(ms).slice(0, 10) + " " + hms(ms);
}

export function span(ms) {
    if (!isFinite(ms))
        return "–";
    const sec = Math.max(0, Math.round(ms / 1000));
    const parts = [["d", Math.floor(sec / 86400)], ["h", Math.floor(sec / 3600) % 24],
        ["min", Math.floor(sec / 60) % 60], ["s", sec % 60]];
    const first = parts.findIndex((p) => p[1] > 0);
    if (first < 0)
        return t("span_s", {n: 0});
    return parts.slice(first, first + 2).filter((p) => p[1] > 0).map((p) => t("span_" + p[0], {n: p[1]})).join(" ");
}

// As gateway/model/unit.c has them; a test holds the two together.
const UNITS = {degC: "°C", m3: "m³", "m3/h": "m³/h", "m3/min": "m³/min", "m3/s": "m³/s", "mg/m3": "mg/m³", "1/min": "min⁻¹"};
const CODES = Object.keys(UNITS).sort((a, b) => b.length - a.length).join("|");
const IN_SENTENCE = new RegExp("(\\d) (" + CODES + ")(?!\\w)", "g");

export function unit(u) {
    return UNITS[u] || u || "";
}

// In a sentence of the gateway's, where it still has a code.
export function units(text) {
    return typeof text === "string" ? text.replace(IN_SENTENCE, (all, n, u) => n + " " + UNITS[u]) : text;
}

export function bare(value) {
    if (value === "true" || value === "false")
        return t("bool_" + value);
    if (has("gas_" + value))
        return english() ? value.replace(/_/g, " ").toLowerCase() : t("gas_" + value);
    return value;
}

export function value(v, u) {
    if (v === undefined || v === null || v === "")
        return "–";
    const text = bare(String(v));
    return u ? text + " " + unit(u) : text;
}

export function quality(q) {
    return has("q_" + q) ? t("q_" + q) : String(q || "");
}

export function clause(c) {
    const number = /^\d+$/.test(c.article);
    if (english())
        return c.document + (c.article ? ", " + (number ? "Art. " : "") + c.article : "") + (c.item ? "(" + c.item + ")" : "");
    return c.document + (c.article ? " " + (number ? "第" + c.article + "条" : c.article) : "") +
        (c.item ? "（" + c.item + "）" : "");
}

export function word(prefix, key) {
    return has(prefix + key) ? t(prefix + key) : String(key === undefined || key === null ? "" : key);
}

export function both(x) {
    return pick(x);
}

export const count = (n) => (n === undefined || n === null ? "–" : String(n).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f"));
