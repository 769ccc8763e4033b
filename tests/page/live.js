// SPDX-License-Identifier: Apache-2.0
// usage: node live.js URL PASSWORD   The page on the real daemon. What happens at the plant is asked of the caller: a line
// with its name goes to stdout, a line comes back when it has been done.
"use strict";
const assert = require("assert");
const readline = require("readline");
const {accessible, clean, launch, noOverflow, open, show, VIEWS} = require("./browser.js");

const [url, password] = process.argv.slice(2);
const answers = readline.createInterface({input: process.stdin})[Symbol.asyncIterator]();
const soon = {timeout: 30000};
const HIGH = '[data-finding="CW-EV-TOUT-HH"]';

async function please(what) {
    console.log(what);
    const said = await answers.next();
    assert.strictEqual(said.value, "done", what);
}

async function languages(page) {
    assert.strictEqual(await page.getAttribute("html", "lang"), "zh-CN");
    assert.match(await page.textContent('[data-asset="if-1"] h3'), /1号中频炉/);
    await page.click("button.language");
    await page.waitForSelector("html[lang=en]");
    assert.match(await page.textContent('[data-asset="if-1"]'), /cooling water outlet temperature/);
    await page.click("button.language");
    await page.waitForSelector("html[lang=zh-CN]");
}

// What the catalogue demands of the furnace, and how it is: one instrument was never installed.
async function instruments(page) {
    const of = (role) => page.locator(`[data-asset="if-1"] [data-role="${role}"]`);
    await of("T_OUT").first().waitFor(soon);
    assert.strictEqual(await of("T_OUT").first().getAttribute("data-state"), "present");
    assert.match(await of("T_OUT").first().innerText(), /在位.*42\.00 °C/s);
    const absent = of("Q_OUT").first();
    assert.strictEqual(await absent.getAttribute("data-state"), "absent");
    await absent.locator("summary").click();
    assert.match(await absent.innerText(), /第7条（4）/);
    await page.waitForSelector('.tile:has-text("必设仪表") >> text=/缺失/', soon);
}

// The temperature rises: the alarm comes without anybody touching the page, and its evidence with it.
async function appears(page) {
    await show(page, "cases");
    assert.strictEqual(await page.locator(HIGH).count(), 0);
    await please("hot");
    await page.waitForSelector(HIGH + "[data-state=unacked]", soon);
    assert.match(await page.innerText(HIGH), /冷却水出水温度超高/);
    await page.click(HIGH + " summary");
    await page.waitForSelector(HIGH + " .proof .lane .limit", soon);
    await page.waitForSelector(HIGH + " .proof[data-window=stored]", soon);
    assert.strictEqual(Number(await page.getAttribute(HIGH + " .proof .limit", "data-limit")), 55);
    assert.match(await page.textContent(HIGH + " .proof .moment.strong text"), /判定 \d\d:\d\d:\d\d/);
    const line = await page.getAttribute(HIGH + " .proof .lane .line", "d");
    assert(line.length > 100, "the course is drawn: " + line);
    assert(await page.$(HIGH + ' .proof [data-quality="GOOD"]'), "and its quality");
}

async function acknowledge(page) {
    await page.click(HIGH + " [data-act=ack]");
    await page.fill("dialog[open] input[type=password]", "not the password");
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog .fault", soon);
    assert.match(await page.textContent("dialog .fault"), /密码不正确/);
    await page.fill("dialog input[type=password]", password);
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog", {state: "detached", timeout: 30000});
    assert.match(await page.textContent(".notice"), /已确认/);
    await page.waitForSelector(HIGH + '[data-state="acked"]', soon);
    await please("acknowledged");
}

// The password is known now. What is set aside and what is allowed stand on the page until they end.
async function govern(page) {
    const send = async (fields) => {
        for (const name of Object.keys(fields))
            await page.fill(`dialog input[name=${name}]`, fields[name]);
        assert.strictEqual(await page.locator("dialog input[type=password]").count(), 0, "asked for once");
        await page.click("dialog button[type=submit]");
        await page.waitForSelector("dialog", {state: "detached", timeout: 30000});
    };
    await page.click(HIGH + " [data-act=shelve]");
    await send({reason: "换探头"});
    await page.waitForSelector(HIGH + " .tag:has-text('搁置至')", soon);
    await page.click("section.group:last-child > .row [data-act=permit]");
    await page.selectOption("dialog select[name=asset]", "paint-1");
    await send({reason: "检修", number: "JX-7"});
    await page.waitForSelector(".force li:has-text('JX-7')", soon);
    await page.click(".force li:has-text('JX-7') [data-act=permit_end]");
    await send({});
    await page.waitForSelector(".force li:has-text('JX-7')", {state: "detached", timeout: 30000});
    await page.click(HIGH + " [data-act=unshelve]");
    await send({});
    await page.waitForSelector(HIGH + " .tag:has-text('搁置至')", {state: "detached", timeout: 30000});
}

async function cut(page) {
    await show(page, "values");
    await page.waitForSelector('[data-point="pt.t1"] .check:text("✓")', soon);
    await please("cut");
    await page.waitForSelector('[data-point="pt.t1"] .value.old', soon);
    assert.match(await page.innerText('[data-point="pt.t1"] .value'), /通信中断.*前/s);
    await page.waitForSelector('.banner [data-warning="devices"]', soon);
    assert.strictEqual(await page.locator('[data-point="gas.p1"] .value.old').count(), 0, "only what is cut");
    await show(page, "overview");
    await page.waitForSelector('[data-asset="if-1"] [data-role="T_OUT"][data-state="failed"]', soon);
}

async function gone(page) {
    await please("stop");
    await page.waitForSelector('.banner [data-warning="away"]', soon);
    assert(await page.$("main.stale"));
    await please("start");
    await page.waitForSelector('.banner [data-warning="away"]', {state: "detached", timeout: 40000});
}

async function main() {
    const browser = await launch();
    try {
        const page = await open(browser);
        await page.goto(url);
        await page.waitForSelector('[data-asset="if-1"]', soon);
        await languages(page);
        await instruments(page);
        await appears(page);
        await acknowledge(page);
        await govern(page);
        await cut(page);
        await page.setViewportSize({width: 360, height: 740});
        for (const view of VIEWS) {
            await show(page, view);
            await page.waitForSelector("main .card, main .case", soon);
            await noOverflow(page, view);
            await accessible(page, view);
        }
        await gone(page);
        await clean(page);
    } finally {
        await browser.close();
    }
}

main().then(() => process.exit(0), (e) => { console.error(e); process.exit(1); });
