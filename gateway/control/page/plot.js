// SPDX-License-Identifier: Apache-2.0
// Sparklines and plots. A value that is not trusted is never drawn as a line; the band below says in words why.
import {h, s} from "./dom.js";
import {bare, hms, quality, unit} from "./format.js";
import {t} from "./text.js";

const LEFT = 52;
const RIGHT = 10;
const BAND = 9;

// samples: [[t, "value", quality], ...], oldest first.
const number = (v) => (v === "true" ? 1 : v === "false" ? 0 : v === undefined || v === "" ? NaN : Number(v));

const good = (x) => x[2] === "GOOD" && isFinite(number(x[1]));

// The line through the good samples as a path, broken where one is not good; of many samples that share a pixel the
// lowest and the highest are drawn, so that no peak is lost.
function path(samples, x, y, step) {
    let d = "";
    let pen = false;
    let last = null;
    let column = null;
    const go = (sample) => {
        const px = x(sample[0]).toFixed(1);
        const py = y(number(sample[1])).toFixed(1);
        d += !pen ? "M" + px + " " + py : step ? "H" + px + "V" + py : "L" + px + " " + py;
        pen = true;
    };
    const flush = () => {
        if (!column)
            return;
        const list = [column.first, column.low, column.high, column.last]
            .filter((v, i, all) => all.indexOf(v) === i).sort((a, b) => a[0] - b[0]);
        list.forEach(go);
        column = null;
    };
    for (const one of samples) {
        if (!good(one)) {
            flush();
            if (pen && last && step)
                d += "H" + x(one[0]).toFixed(1);
            pen = false;
            continue;
        }
        const at = Math.round(x(one[0]));
        if (column && column.at !== at)
            flush();
        if (!column)
            column = {at, first: one, low: one, high: one, last: one};
        if (number(one[1]) < number(column.low[1]))
            column.low = one;
        if (number(one[1]) > number(column.high[1]))
            column.high = one;
        column.last = one;
        last = one;
    }
    flush();
    return d;
}

// Stretches of one quality (of: index 2) or one state (1): [{from, to, word}].
function stretches(samples, of, t1) {
    const out = [];
    for (const one of samples) {
        const tail = out[out.length - 1];
        if (tail && tail.word === one[of]) {
            tail.to = one[0];
        } else {
            if (tail)
                tail.to = one[0];
            out.push({from: one[0], to: one[0], word: one[of]});
        }
    }
    if (out.length)
        out[out.length - 1].to = Math.max(t1, out[out.length - 1].to);
    return out;
}

export function spark(samples, label) {
    const W = 120;
    const H = 26;
    if (!samples.length)
        return s("svg", {class: "spark", viewBox: "0 0 " + W + " " + H, "aria-hidden": "true"});
    const t0 = samples[0][0];
    const t1 = Math.max(samples[samples.length - 1][0], t0 + 1);
    const vs = samples.filter(good).map((p) => number(p[1]));
    const lo = Math.min(...vs);
    const hi = Math.max(...vs);
    const bool = samples.some((p) => p[1] === "true" || p[1] === "false");
    const words = !bool && !vs.length ? stretches(samples.map((p) => [p[0], p[1] || "", p[2]]), 1, t1) : [];
    const room = bool ? 0.2 : Math.max((hi - lo) * 0.15, Math.abs(hi) * 0.005, 1e-6);
    const x = (v) => (v - t0) / (t1 - t0) * W;
    const y = bool ? (v) => H - 5 - v * (H - 10) : (v) => H - 3 - (v - lo + room) / (hi - lo + 2 * room) * (H - 6);
    return s("svg", {class: "spark", viewBox: "0 0 " + W + " " + H, preserveAspectRatio: "none", role: "img", "aria-label": label},
        stretches(samples, 2, t1).filter((b) => b.word !== "GOOD" && !words.length).map((b, i) =>
            s("rect", {key: "b" + i, x: x(b.from).toFixed(1), y: 0, width: Math.max(1.5, x(b.to) - x(b.from)).toFixed(1),
                height: H, fill: "url(#hatch)"})),
        words.map((b, i) => s("rect", {key: "w" + i, class: i % 2 ? "state odd" : "state", x: x(b.from).toFixed(1), y: 7,
            width: Math.max(1, x(b.to) - x(b.from)).toFixed(1), height: H - 14}, s("title", null, bare(b.word || "–")))),
        s("path", {key: "l", class: "line", d: vs.length ? path(samples, x, y, bool) : ""}));
}

function steps(lo, hi, most) {
    const raw = (hi - lo) / most;
    const ten = Math.pow(10, Math.floor(Math.log10(raw)));
    const step = ten * [1, 2, 5, 10].find((m) => m * ten >= raw);
    const out = [];
    for (let v = Math.ceil(lo / step - 1e-9) * step; v <= hi + step * 1e-6; v += step)
        out.push(v);
    return {at: out, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9))};
}

const TIME_STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];

function timeSteps(t0, t1, most) {
    const step = 1000 * (TIME_STEPS.find((x) => (t1 - t0) / (1000 * x) <= most) || 86400);
    const out = [];
    for (let v = Math.ceil(t0 / step) * step; v <= t1; v += step)
        out.push(v);
    return {at: out, step};
}

function extent(lane) {
    const vs = lane.samples.filter(good).map((p) => number(p[1]));
    for (const l of lane.limits || [])
        vs.push(Number(l.value));
    let lo = Math.min(...vs);
    let hi = Math.max(...vs);
    if (!isFinite(lo))
        return null;
    const room = Math.max((hi - lo) * 0.12, Math.abs(hi) * 0.004, 1e-3);
    return {lo: lo - room, hi: hi + room};
}

function isBool(lane) {
    return lane.type === "bool" || lane.samples.some((p) => p[1] === "true" || p[1] === "false");
}

function isState(lane) {
    return lane.type === "state" || (!isBool(lane) && lane.samples.some((p) => p[1] && !isFinite(Number(p[1]))));
}

// Value strip of a lane whose values are words.
function stateStrip(lane, x, t1, H) {
    return stretches(lane.samples.map((p) => [p[0], p[1] || "", p[2]]), 1, t1).map((b, i) => {
        const w = Math.max(1, x(b.to) - x(b.from));
        return s("g", {key: "s" + i}, s("rect", {class: i % 2 ? "state odd" : "state", x: x(b.from), y: 4, width: w, height: H - 8}),
            w > 46 ? s("text", {x: x(b.from) + 4, y: H / 2 + 4, class: "small"}, bare(b.word || "–")) : null,
            s("title", null, bare(b.word || "–") + " " + hms(b.from) + "–" + hms(b.to)));
    });
}

function qualityBand(lane, x, t1, y) {
    return stretches(lane.samples, 2, t1).map((b, i) => {
        const w = Math.max(1.5, x(b.to) - x(b.from));
        const ok = b.word === "GOOD";
        return s("g", {key: "q" + i, class: "quality", "data-quality": b.word},
            s("rect", {class: ok ? "good" : "bad", x: x(b.from), y, width: w, height: BAND, fill: ok ? null : "url(#hatch)"}),
            s("title", null, quality(b.word) + " " + hms(b.from) + "–" + hms(b.to)));
    });
}

// Lines across the whole height: the condition begins, the decision falls.
function moments(plot, x, top, bottom, words, W) {
    const marks = (plot.marks || []).filter((m) => m.t >= plot.t0 && m.t <= plot.t1);
    const tight = W < 560 || marks.some((m) => m.strong && W - x(m.t) <= 120); // one label has room
    return marks.map((m, i) => {
        const room = m.strong ? W - x(m.t) > 120 : x(m.t) < LEFT + 130;
        return s("g", {key: "m" + i, class: m.strong ? "moment strong" : "moment"},
            s("line", {x1: x(m.t), x2: x(m.t), y1: top, y2: bottom}),
            m.strong ? s("path", {d: "M" + (x(m.t) - 5) + " " + top + "h10l-5 8z"}) : null,
            words && (m.strong || !tight) ? s("text", {x: x(m.t) + (room ? 7 : -7), y: top + 8, "text-anchor": room ? "start" : "end"},
                m.label + " " + hms(m.t)) : null);
    });
}

function numberLane(lane, ex, x, H, W, dy) {
    const y = (v) => dy + H - (v - ex.lo) / (ex.hi - ex.lo) * H;
    const ticks = steps(ex.lo, ex.hi, Math.max(2, Math.floor(H / 28)));
    const labels = [];
    return [
        ticks.at.map((v, i) => s("g", {key: "t" + i, class: "tick"},
            s("line", {x1: LEFT, x2: W - RIGHT, y1: y(v), y2: y(v)}),
            s("text", {x: LEFT - 5, y: y(v) + 4, "text-anchor": "end"}, v.toFixed(ticks.digits)))),
        s("path", {key: "line", class: "line", d: path(lane.samples, x, y, false)}),
        (lane.limits || []).map((l, i) => {
            const at = y(Number(l.value));
            const text = at < dy + 14 ? at + 13 : at - 4;
            const free = labels.every((v) => Math.abs(v - text) > 12);
            if (free)
                labels.push(text);
            return s("g", {key: "l" + i, class: "limit", "data-limit": l.value},
                s("line", {x1: LEFT, x2: W - RIGHT, y1: at, y2: at}),
                free ? s("text", {x: W - RIGHT - 3, y: text, "text-anchor": "end"},
                    (l.side === "low" ? "≤ " : "≥ ") + l.value + " " + unit(lane.unit) + (l.finding ? " " + l.finding : "")) : s("title", null, l.value + " " + (l.finding || "")));
        }),
    ];
}

function boolLane(lane, x, H, W, dy) {
    const y = (v) => dy + (v ? 8 : H - 8);
    return [[1, 0].map((v) => s("g", {key: "t" + v, class: "tick"},
        s("line", {x1: LEFT, x2: W - RIGHT, y1: y(v), y2: y(v)}),
        s("text", {x: LEFT - 5, y: y(v) + 4, "text-anchor": "end"}, t(v ? "bool_true" : "bool_false")))),
    s("path", {key: "line", class: "line", d: path(lane.samples, x, y, true) + "h0"})];
}

function lanePicture(plot, lane, W, first) {
    const top = first ? 16 : 4;
    const words = isState(lane);
    const bool = !words && isBool(lane);
    const ex = words || bool ? null : extent(lane);
    const H = words ? 30 : bool ? 44 : plot.tall || 96;
    const bottom = top + H;
    const x = (v) => LEFT + (Math.min(Math.max(v, plot.t0), plot.t1) - plot.t0) / (plot.t1 - plot.t0) * (W - LEFT - RIGHT);
    const band = plot.held ? s("rect", {key: "held", class: "held", x: x(plot.held.from), y: top,
        width: Math.max(0, x(plot.held.to) - x(plot.held.from)), height: H}) : null;
    const ticks = timeSteps(plot.t0, plot.t1, Math.max(2, Math.floor((W - LEFT) / 82)));
    const height = bottom + BAND + 22;
    return s("svg", {class: "lane", viewBox: "0 0 " + W + " " + height, width: W, height, role: "img",
        "aria-label": lane.title},
    band,
    words ? s("g", {key: "words", transform: "translate(0 " + top + ")"}, stateStrip(lane, x, plot.t1, H)) : null,
    bool ? s("g", {key: "bool"}, boolLane(lane, x, H, W, top)) : null,
    ex ? s("g", {key: "number"}, numberLane(lane, ex, x, H, W, top)) : null,
    !ex && !words && !bool ? s("text", {key: "none", x: W / 2, y: top + H / 2, "text-anchor": "middle"}, t("plot_none")) : null,
    s("g", {key: "band"}, qualityBand(lane, x, plot.t1, bottom + 2)),
    s("g", {key: "time", class: "tick"}, ticks.at.map((v, i) =>
        s("text", {key: i, x: x(v), y: height - 4, "text-anchor": "middle"},
            ticks.step < 60000 ? hms(v) : hms(v).slice(0, 5)))),
    s("g", {key: "moments"}, moments(plot, x, first ? 2 : top, bottom, first, W)));
}

export function plotWidth() {
    const wide = document.documentElement.clientWidth;
    return Math.max(280, Math.min(wide - (wide < 600 ? 44 : 76), 940));
}

// plot: {t0, t1, lanes: [{title, unit, type, samples, limits}], marks: [{t, label, strong}], held: {from, to}, tall}
export function plot(p) {
    const W = p.width || plotWidth();
    const seen = [];
    for (const lane of p.lanes)
        for (const x of lane.samples)
            if (seen.indexOf(x[2]) < 0)
                seen.push(x[2]);
    return h("figure", {class: "plot"},
        p.lanes.map((lane, i) => h("div", {key: i, class: "laned"},
            h("div", {class: "lane-title"}, lane.title, lane.unit ? " · " + unit(lane.unit) : ""),
            lanePicture(p, lane, W, i === 0))),
        h("figcaption", null, h("span", null, t("plot_band"), " "),
            seen.map((q) => h("span", {key: q, class: "key"},
                h("i", {class: q === "GOOD" ? "swatch good" : "swatch bad", "aria-hidden": "true"}), quality(q), " ")),
            p.held ? h("span", {class: "key"}, h("i", {class: "swatch held", "aria-hidden": "true"}), t("plot_held"), " ") : null,
            p.note || ""));
}
