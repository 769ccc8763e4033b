// SPDX-License-Identifier: Apache-2.0
// A browser for the tests of the page, and an eye on what it complains of. Node finds the packages by the current folder.
"use strict";
const assert = require("assert");
const fs = require("fs");
const {createRequire} = require("module");

const here = createRequire(process.cwd() + "/");
const {chromium} = here("playwright-core");
const axe = fs.readFileSync(here.resolve("axe-core/axe.min.js"), "utf8") + ";0";

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const VIEWS = ["overview", "cases", "values", "events", "buses", "delivery", "about"];

async function launch() {
    return chromium.launch({executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"]});
}

// A page that remembers what went wrong on it. What a refused or failed request leaves on the console is the browser's
// own line and no fault of the page.
async function open(browser, options) {
    const context = await browser.newContext(Object.assign({viewport: {width: 1024, height: 768}, locale: "zh-CN"}, options));
    const page = await context.newPage();
    page.faults = [];
    page.on("pageerror", (e) => page.faults.push(`error: ${e.message} ${e.stack}`));
    page.on("console", (m) => {
        if ((m.type() === "error" || m.type() === "warning") && !/^Failed to load resource/.test(m.text()))
            page.faults.push(`${m.type()}: ${m.text()}`);
    });
    page.on("dialog", (d) => { page.faults.push(`a dialog of the browser: ${d.message()}`); d.dismiss(); });
    await page.addInitScript(() => {
        window.violations = [];
        document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + " " + e.blockedURI));
    });
    return page;
}

async function clean(page) {
    assert.deepStrictEqual(page.faults, []);
    assert.deepStrictEqual(await page.evaluate(() => window.violations), []);
}

async function noOverflow(page, what) {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert(over <= 0, `${what}: ${over} px wider than the screen`);
}

async function show(page, view) {
    await page.evaluate((v) => { location.hash = v; }, view);
    await page.waitForSelector(`nav a[aria-current="page"][href="#${view.split("/")[0]}"]`);
}

// By axe: faults that keep people out. It comes in by the driver's own way, which the page's policy does not bind.
async function accessible(page, what) {
    if (!await page.evaluate(() => typeof window.axe === "object"))
        await page.evaluate(axe);
    const got = await page.evaluate(() => window.axe.run(document, {resultTypes: ["violations"]}));
    assert(got.passes.length > 10, `${what}: axe has not looked`);
    const bad = got.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
        .map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target + " " + n.failureSummary).join(" | ")}`);
    assert.deepStrictEqual(bad, [], what);
}

module.exports = {launch, open, clean, noOverflow, show, accessible, VIEWS};
