// SPDX-License-Identifier: Apache-2.0
// The page's files by themselves: every text in both languages, nothing that Chrome 61 does not know, no way from data to
// markup, nothing from elsewhere.
"use strict";
const assert = require("assert");
const fs = require("fs");
const path = require("path");
const {createRequire} = require("module");
const acorn = createRequire(process.cwd() + "/")("acorn");

const ROOT = path.resolve(__dirname, "../..");
const PAGE = path.join(ROOT, "gateway/control/page");
const read = (name) => fs.readFileSync(path.join(PAGE, name), "utf8");
const scripts = fs.readdirSync(PAGE).filter((n) => n.endsWith(".js"));

function walk(node, see) {
    if (!node || typeof node.type !== "string")
        return;
    see(node);
    for (const key of Object.keys(node)) {
        const v = node[key];
        if (Array.isArray(v))
            v.forEach((x) => walk(x, see));
        else if (v && typeof v === "object")
            walk(v, see);
    }
}

// ES2017 in modules is what Chrome 61 and Safari 11 run (2017-09); acorn refuses what is newer.
const trees = {};
for (const name of scripts)
    trees[name] = acorn.parse(read(name), {ecmaVersion: 2017, sourceType: "module", locations: true});

function table() {
    let found = null;
    walk(trees["text.js"], (n) => {
        if (n.type === "VariableDeclarator" && n.id.name === "TEXT")
            found = n.init.properties;
    });
    const out = new Map();
    for (const p of found) {
        const key = p.key.name || p.key.value;
        assert(!out.has(key), `text.js: ${key} stands twice`);
        assert(p.value.type === "ArrayExpression" && p.value.elements.length === 2, `text.js: ${key} has not two texts`);
        out.set(key, p.value.elements.map((e) => e.value));
    }
    return out;
}

const texts = table();
const CJK = /[\u3400-\u9fff]/;
const NAMES = new Set(["part_influx", "colon", "other_language"]);

for (const [key, [zh, en]] of texts) {
    for (const text of [zh, en])
        assert(typeof text === "string" && text.trim() !== "", `${key}: a text is empty`);
    if (!NAMES.has(key)) {
        assert(CJK.test(zh), `${key}: ${zh} is not Chinese`);
        assert(!CJK.test(en), `${key}: ${en} is not English`);
    }
    const places = (text) => (text.match(/\{\w+\}/g) || []).sort().join();
    assert.strictEqual(places(zh), places(en), `${key}: other places in the two texts`);
}

// Every key that is asked for is there, and every key that is there is asked for: by itself, or by its beginning.
const whole = new Set();
const begins = new Set();
for (const name of scripts.filter((n) => n !== "text.js"))
    walk(trees[name], (n) => {
        if (n.type === "Literal" && typeof n.value === "string") {
            if (texts.has(n.value))
                whole.add(n.value);
            else if (/^[a-z]+_$/.test(n.value))
                begins.add(n.value);
        }
        if (n.type !== "CallExpression" || n.callee.name !== "t" || !n.arguments.length)
            return;
        const says = [];
        const choose = (x) => (x.type === "ConditionalExpression" ? (choose(x.consequent), choose(x.alternate)) : says.push(x));
        choose(n.arguments[0]);
        for (const x of says)
            if (x.type === "Literal")
                assert(texts.has(x.value), `${name}:${n.loc.start.line}: no text ${x.value}`);
    });
for (const b of begins)
    assert([...texts.keys()].some((k) => k.startsWith(b)), `no text begins with ${b}`);
for (const key of texts.keys())
    assert(whole.has(key) || [...begins].some((b) => key.startsWith(b)), `text ${key} is not used`);

// Words for what the gateway says.
const schema = (name) => JSON.parse(fs.readFileSync(path.join(ROOT, "config/interface", name + ".schema.json"), "utf8"));
const common = schema("common").$defs;
for (const q of common.quality.enum)
    assert(texts.has("q_" + q), `no word for the quality ${q}`);
for (const l of common.link.enum)
    assert(texts.has("link_" + l), `no word for the link ${l}`);
for (const k of schema("event").properties.kind.enum)
    assert(texts.has("event_" + k), `no word for the event ${k}`);
for (const k of common.kind.enum.filter((x) => x !== "EV"))
    assert(texts.has("kind_" + k), `no word for the kind ${k}`);

// From data to markup, and out of the box: there is no way.
for (const name of scripts) {
    walk(trees[name], (n) => {
        const where = `${name}:${n.loc ? n.loc.start.line : 0}`;
        if (n.type === "MemberExpression" && !n.computed)
            assert(!["innerHTML", "outerHTML", "insertAdjacentHTML", "writeln", "srcdoc", "cssText"].includes(n.property.name) &&
                !(n.object.name === "document" && n.property.name === "write"), `${where}: ${n.property.name}`);
        if (n.type === "Identifier")
            assert(!["eval", "Function", "importScripts", "XMLHttpRequest", "WebSocket", "DOMParser"].includes(n.name), `${where}: ${n.name}`);
        if (n.type === "Literal" && typeof n.value === "string")
            assert(!/^\w+:\/\//.test(n.value) || n.value === "http://www.w3.org/2000/svg", `${where}: ${n.value}`);
    });
    for (const late of [".replaceAll(", ".matchAll(", ".at(", ".flatMap(", "fromEntries", "replaceChildren", "allSettled", "structuredClone",
        ".finally(", "toggleAttribute", "trimStart", "trimEnd", "ResizeObserver", "queueMicrotask", "formatToParts"])
        assert(!read(name).includes(late), `${name}: ${late} is newer than Chrome 61`);
}
const html = read("index.html");
assert(!/\son\w+=|style=|<style|javascript:|\/\/\w/.test(html), "index.html: inline script or style, or another place");
for (const m of html.match(/<script[^>]*>/g))
    assert(/src="\/page\.js"/.test(m), m);
const css = read("page.css");
assert(!/@import|url\(|expression/.test(css), "page.css: from elsewhere");
for (const late of [/[^-]gap:/, /\binset:/, /aspect-ratio/, /\b(clamp|min|max)\(/, /:(is|where|has)\(/])
    assert(!late.test(css.replace(/@media[^{]*/g, "").replace(/(column|grid)-gap:/g, "")), `page.css: ${late} is newer than Chrome 61`);

console.log(`${texts.size} texts in two languages, ${scripts.length} scripts`);
