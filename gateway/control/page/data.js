// SPDX-License-Identifier: Apache-2.0
// Asks the gateway, and keeps what it said last and when. Of each kind of question one is under way at most; one that
// fails is asked again after 2, 4, 8 and then every 15 s.

const EVERY_MS = 2000;
const PATIENCE_MS = 8000; // the gateway itself gives up after 6 s
const FRESH_MS = 7000;    // what is older is stale, whatever the reason
const BACKOFF_MS = [2000, 4000, 8000, 15000];

const kinds = {};
let wanted = {};
let heard = () => {};

const now = () => performance.now();

function kind(name) {
    if (!kinds[name])
        kinds[name] = {name, url: "", every: EVERY_MS, busy: false, due: 0, fails: 0, doc: null, got: 0, fault: null};
    return kinds[name];
}

export function onNews(fn) {
    heard = fn;
}

// What is needed at present: {name: {url, every}}; the rest rests.
export function want(list) {
    wanted = list;
    for (const name of Object.keys(list)) {
        const k = kind(name);
        if (k.url !== list[name].url) {
            k.url = list[name].url;
            k.due = 0;
            if (list[name].other)
                k.doc = null;
        }
        k.every = list[name].every || EVERY_MS;
    }
}

export function doc(name) {
    return kinds[name] ? kinds[name].doc : null;
}

// Milliseconds since the document came.
export function age(name) {
    return kinds[name] && kinds[name].doc ? now() - kinds[name].got : Infinity;
}

// The gateway's wall clock now, as far as it is known.
export function wallNow() {
    const k = kinds.status;
    if (!k || !k.doc)
        return Date.now();
    const said = typeof k.doc.now === "number" ? k.doc.now : Date.parse(k.doc.now);
    return said + now() - k.got;
}

// {how: "ok" | "first" | "away" | "stuck" | "busy" | "error" | "old", age, text}: how far the page can be believed.
export function trust() {
    const k = kind("status");
    const old = k.doc ? now() - k.got : Infinity;
    if (k.fault)
        return {how: k.fault.how, age: old, text: k.fault.text};
    if (!k.doc)
        return {how: "first", age: old, text: ""};
    return {how: old > FRESH_MS ? "old" : "ok", age: old, text: ""};
}

// Whether this document's last question failed, or it is too old: true means do not believe it.
export function stale(name) {
    const k = kinds[name];
    return !k || !k.doc || k.fault !== null || now() - k.got > Math.max(FRESH_MS, 3 * k.every);
}

function words(text) {
    try {
        const said = JSON.parse(text);
        return said.error === undefined ? "" : said.error;
    } catch (e) {
        return "";
    }
}

function timed(url, options) {
    // Browsers before 2018 cannot abort: there the answer is only waited for no longer.
    const stop = typeof AbortController === "function" ? new AbortController() : null;
    let done = null;
    const late = new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
            if (stop)
                stop.abort();
            reject(new Error("late"));
        }, PATIENCE_MS);
        done = () => clearTimeout(timer);
    });
    const asked = fetch(url, Object.assign({credentials: "omit", cache: "no-store"}, stop ? {signal: stop.signal} : {}, options))
        .then((r) => r.text().then((text) => ({code: r.status, text, retry: r.headers.get("Retry-After")})));
    return Promise.race([asked, late]).then((r) => { done(); return r; }, (e) => { done(); throw e; });
}

// One document, once: resolves to {doc} or {fault: {how, text}}.
export function get(url) {
    return timed(url, {}).then((r) => {
        if (r.code === 200) {
            try {
                return {doc: JSON.parse(r.text)};
            } catch (e) {
                return {fault: {how: "error", text: "JSON"}};
            }
        }
        const text = words(r.text);
        if (r.code !== 503)
            return {fault: {how: "error", text: text || String(r.code)}};
        return {fault: {how: /busy/.test(text.en || text) ? "busy" : "stuck", text}};
    }, () => ({fault: {how: "away", text: ""}}));
}

// Resolves to {code, doc, text, retry}; code 0: no answer.
export function post(url, body, password) {
    const headers = {"Content-Type": "application/json", "X-Nonsite": "1"};
    if (password !== null) {
        const bytes = new TextEncoder().encode("operator:" + password);
        headers.Authorization = "Basic " + btoa(String.fromCharCode.apply(null, bytes));
    }
    return timed(url, {method: "POST", headers, body: JSON.stringify(body)}).then((r) => {
        let said = null;
        try {
            said = JSON.parse(r.text);
        } catch (e) {
            said = null;
        }
        return {code: r.code, doc: said, text: words(r.text), retry: r.retry};
    }, () => ({code: 0, doc: null, text: "", retry: null}));
}

function ask(k) {
    const url = k.url;
    k.busy = true;
    get(url).then((r) => {
        k.busy = false;
        if (url !== k.url)
            return; // meanwhile something else is wanted
        if (r.doc) {
            k.doc = r.doc;
            k.got = now();
            k.fault = null;
            k.fails = 0;
            k.due = now() + k.every;
        } else {
            k.fault = r.fault;
            k.due = now() + BACKOFF_MS[Math.min(k.fails, BACKOFF_MS.length - 1)];
            k.fails++;
        }
        heard(k.name);
    });
}

export function hurry(...names) {
    for (const name of names)
        if (kinds[name])
            kinds[name].due = 0;
}

function tick() {
    if (document.hidden)
        return; // nobody looks: the gateway is left alone
    for (const name of Object.keys(wanted)) {
        const k = kind(name);
        if (!k.busy && now() >= k.due)
            ask(k);
    }
}

export function start() {
    setInterval(tick, 100);
    document.addEventListener("visibilitychange", () => {
        if (!document.hidden) {
            hurry(...Object.keys(wanted));
            heard("");
        }
    });
}
