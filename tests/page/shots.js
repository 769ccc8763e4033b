// SPDX-License-Identifier: Apache-2.0
// usage: node shots.js URL FOLDER   The pictures, each when the story is there.
"use strict";
const path = require("path");
const {launch, open, show} = require("./browser.js");

const [url, folder] = process.argv.slice(2);
const story = {timeout: 150000};

async function at(browser, view, options) {
    const page = await open(browser, options);
    await page.goto(url + "#" + view);
    await page.waitForSelector("main .card, main .case, main .note", story);
    return page;
}

const tablet = {viewport: {width: 1024, height: 768}};
const phone = {viewport: {width: 360, height: 720}, deviceScaleFactor: 2};

async function english(page) {
    await page.click("button.language");
    await page.waitForSelector("html[lang=en]");
}

async function take(page, name) {
    await page.waitForTimeout(2500); // one more poll, so that nothing says "loading"
    await page.screenshot({path: path.join(folder, name + ".png")});
    console.log(name);
}

// From here on, the top of what is looked at stands below the top of the screen.
async function scroll(page, selector) {
    await page.evaluate((x) => {
        const banner = document.querySelector(".banner").getBoundingClientRect().height;
        window.scrollBy(0, document.querySelector(x).getBoundingClientRect().top - banner - 12);
    }, selector);
}

async function unfold(page, finding) {
    const card = `[data-finding="${finding}"]`;
    await page.waitForSelector(card, story);
    await page.click(card + " summary");
    await page.waitForSelector(card + " .proof[data-window=stored] .lane", story);
    await scroll(page, card);
}

async function main() {
    const browser = await launch();
    try {
        const overview = await at(browser, "overview", tablet);
        const cases = await at(browser, "cases", tablet);
        const small = await at(browser, "cases", phone);
        const values = await at(browser, "values/pt.t1", phone);
        await Promise.all([english(cases), english(values)]);
        // Vapour, and nobody acts: the alarm that somebody acknowledges, with its window.
        await unfold(small, "GAS-EV-HIGH");
        await take(small, "phone-alarm-zh");
        await overview.waitForSelector('[data-role="DI_BYPASS"][data-state=bypassed]', story);
        await take(overview, "tablet-overview-zh");
        // The furnace overheats.
        await unfold(cases, "CW-EV-TOUT-HH");
        await take(cases, "tablet-alarm-en");
        await values.waitForSelector(".trend .limit", story);
        await scroll(values, '[data-device="pt"]');
        await take(values, "phone-trend-en");
        await show(overview, "buses");
        await take(overview, "tablet-buses-zh");
    } finally {
        await browser.close();
    }
}

main().then(() => process.exit(0), (e) => { console.error(e); process.exit(1); });
