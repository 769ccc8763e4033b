// SPDX-License-Identifier: Apache-2.0
// The page against a gateway that says what it is told to: languages, every way in which data can be stale, hostile texts,
// passwords, keyboard, narrow screens, accessibility.
"use strict";
const assert = require("assert");
const {accessible, clean, launch, noOverflow, open, show, VIEWS} = require("./browser.js");
const fake = require("./fake.js");

const BANNER = (key) => `.banner [data-warning="${key}"]`;
const gone = {state: "detached", timeout: 20000};
const soon = {timeout: 12000};

async function languages(browser, gateway) {
    const page = await open(browser);
    await page.goto(gateway.url);
    await page.waitForSelector(".asset");
    assert.strictEqual(await page.getAttribute("html", "lang"), "zh-CN");
    assert.match(await page.textContent("nav"), /总览.*报警与线索/);
    await page.click("button.language");
    await page.waitForSelector("text=Overview");
    assert.strictEqual(await page.getAttribute("html", "lang"), "en");
    assert.doesNotMatch(await page.textContent("nav"), /[\u3400-\u9fff]/);
    await page.reload();
    await page.waitForSelector(".asset");
    assert.strictEqual(await page.getAttribute("html", "lang"), "en", "the language is remembered");
    await page.click("button.language");
    await page.waitForSelector("html[lang=zh-CN]");
    await clean(page);
    return page;
}

// Each way of not knowing is told at once, in words, and takes the certainty from what is shown.
async function staleness(page, gateway) {
    const {world} = gateway;
    const told = async (key, words) => {
        await page.waitForSelector(BANNER(key), soon);
        assert.match(await page.textContent(BANNER(key)), words);
    };
    // As if somebody took up the tablet again: the page asks at once, whatever its back-off.
    const look = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    const greyed = async () => {
        assert(await page.$("main.stale") && await page.$(".glance.stale"), "what is shown is greyed");
        assert.match(await page.textContent(".glance .tile"), /\?.*状态不明/, "the gateway's tile says that nothing is known");
        assert.match(await page.textContent("footer"), /已过时/);
    };
    await show(page, "overview");
    for (const [name, words] of [["stuck", /核心没有响应.*旧数据/], ["busy", /访问者已满/]]) {
        world[name] = true;
        await told(name, words);
        await greyed();
        world[name] = false;
        if (name === "busy")
            await look();
        await page.waitForSelector(BANNER(name), gone);
        assert(!await page.$("main.stale"));
    }
    await gateway.stop();
    await told("away", /无法连接网关.*数据已有/);
    await greyed();
    assert(await page.$(".asset"), "what was known stays to be seen");
    const back = await fake.start(gateway.port);
    back.world.journal = true;
    await look();
    await page.waitForSelector(BANNER("away"), gone);
    await told("journal", /记录库故障/);
    await told("engine", /列表为空不表示一切正常/);
    await show(page, "cases");
    await page.waitForSelector("text=判定尚未进行", soon);
    assert(!await page.$("text=没有报警。"), "an empty list is not told as good news");
    back.world.journal = false;
    await page.waitForSelector(BANNER("engine"), gone);
    back.world.cut = true;
    await told("devices", /1 of 4/);
    await show(page, "values");
    await page.waitForSelector('[data-point="pt.t1"] .value.old', soon);
    assert.match(await page.textContent('[data-point="pt.t1"] .value'), /–.*✕.*通信中断.*前/);
    assert.doesNotMatch(await page.textContent('[data-point="flow_in.flow"] .value'), /中断/);
    await show(page, "buses");
    await page.waitForSelector('text=no answer within 500 ms', soon);
    back.world.cut = false;
    await clean(page);
    return back;
}

// A slow gateway is not asked the same twice at a time.
async function oneAtATime(browser, gateway) {
    const {world} = gateway;
    world.slow = true;
    world.asked = {};
    const page = await open(browser);
    await page.goto(gateway.url + "/#values");
    await page.waitForFunction(() => document.querySelectorAll(".point").length > 0, null, soon);
    await page.waitForTimeout(1500);
    for (const kind of Object.keys(world.asked))
        assert.strictEqual(world.asked[kind].most, 1, `${kind} was asked ${world.asked[kind].most} times at once`);
    world.slow = false;
    await page.close();
}

async function hostile(browser, gateway) {
    const {world} = gateway;
    world.hostile = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=2</script>";
    const page = await open(browser);
    await page.goto(gateway.url);
    for (const view of VIEWS) {
        await show(page, view);
        await page.waitForFunction(() => document.body.textContent.includes("<img src=x onerror"), null, soon);
    }
    assert.strictEqual(await page.evaluate(() => window.hacked), undefined);
    assert.strictEqual(await page.evaluate(() => document.querySelectorAll("img, main script").length), 0);
    world.hostile = "";
    await clean(page);
    await page.close();
}

async function evidence(browser, gateway) {
    const page = await open(browser);
    gateway.world.pending = true;
    await page.goto(gateway.url + "/#cases");
    await page.click('[data-finding="CW-EV-TOUT-HH"] summary', soon);
    await page.waitForSelector(".proof[data-window=pending] .lane .limit", soon);
    gateway.world.pending = false;
    await page.waitForSelector(".proof[data-window=stored] .lane", soon);
    assert.strictEqual(await page.getAttribute(".proof .limit", "data-limit"), "55.00");
    assert.match(await page.textContent(".proof .moment.strong text"), /判定 16:49:12/);
    assert.strictEqual(await page.locator(".proof .lane").count(), 2, "a lane for each point");
    assert.match(await page.textContent(".proof .lane-title"), /pt\.t1/, "what it is about comes first");
    assert(await page.$('.proof [data-quality="BAD_COMM"]') && await page.$('.proof [data-quality="GOOD"]'));
    assert.match(await page.textContent(".proof figcaption"), /可信.*通信中断/);
    const d = await page.getAttribute(".proof .lane .line", "d");
    assert(d.split("M").length === 3, "the line is broken where the value is not trusted: " + d);
    await clean(page);
    return page;
}

async function acting(page, gateway) {
    const {world} = gateway;
    const card = '[data-finding="CW-EV-TOUT-HH"]';
    await page.click(card + " [data-act=ack]");
    await page.waitForSelector("dialog[open] input[type=password]");
    await page.fill("dialog input[name=note]", "已派人");
    await page.fill("dialog input[type=password]", "wrong");
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog .fault");
    assert.match(await page.textContent("dialog .fault"), /密码不正确/);
    await page.fill("dialog input[type=password]", fake.PASSWORD);
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog", gone);
    assert.match(await page.textContent(".notice"), /已确认.*0cdb3bb54a8c171a-42/);
    await page.waitForSelector(card + "[data-state=acked]", soon);
    const last = world.posts[world.posts.length - 1];
    assert.deepStrictEqual(last.body, {case: "if-1:CW-EV-TOUT-HH:pt.t1#1", role: "technician", note: "已派人"});
    assert.strictEqual(last.headers["x-nonsite"], "1");
    // It is known now, and a refusal is told with its reason.
    await page.click(card + " [data-act=shelve]");
    assert.strictEqual(await page.$("dialog input[type=password]"), null, "asked for once");
    await page.fill("dialog input[name=reason]", "标定");
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog .fault");
    assert.match(await page.textContent("dialog .fault"), /未执行.*不得搁置/);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", gone);
    await page.click("[data-act=permit] >> nth=-1");
    await page.fill("dialog input[name=reason]", "动火");
    await page.selectOption("dialog select[name=kind]", "hot_work");
    await page.fill("dialog input[name=certificate]", "T371312");
    await page.fill("dialog input[name=certificate_until]", "2027-05-31");
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog", gone);
    const permit = world.posts[world.posts.length - 1].body;
    assert.strictEqual(permit.kind, "hot_work");
    assert(permit.until > world.now() && permit.asset === "if-1" && permit.reason === "动火", permit);
    assert.strictEqual(permit.certificate_until, Date.parse("2027-05-31T23:59:59+08:00"));
    const kept = await page.evaluate(() => JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie]));
    assert(!kept.includes(fake.PASSWORD), "the password is in memory only");
    await page.click("text=忘记密码");
    await page.click("[data-act=permit] >> nth=-1");
    await page.waitForSelector("dialog input[type=password]");
    await page.keyboard.press("Escape");
    world.how = "none";
    await page.waitForSelector("[data-act]", gone);
    world.how = "password";
    await clean(page);
    await page.close();
}

// What a tablet of 2017 lacks: requests that can be given up, dialogs.
async function oldTablet(browser, gateway) {
    const page = await open(browser);
    await page.addInitScript(() => {
        delete window.AbortController;
        delete HTMLDialogElement.prototype.showModal;
        delete HTMLDialogElement.prototype.close;
    });
    await page.goto(gateway.url + "#cases");
    const card = '[data-finding="CW-EV-TOUT-HH"]';
    await page.click(card + " summary");
    await page.click(card + " [data-act=ack]");
    await page.fill("dialog input[type=password]", "wrong");
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog .fault");
    await noOverflow(page, "the box");
    await page.click("dialog button[type=button]");
    await page.waitForSelector("dialog", gone);
    await page.click(card + " [data-act=ack]");
    await page.waitForSelector("dialog[open] input[type=password]");
    await page.click("dialog button[type=button]");
    await page.waitForSelector("dialog", gone);
    await clean(page);
    await page.close();
}

// Everything at every width and in both languages, light and dark; nobody is kept out.
async function fitting(browser, gateway) {
    for (const [width, height, colorScheme, english] of [[360, 740, "light", false], [360, 740, "light", true], [1024, 768, "light", true], [1024, 768, "dark", false]]) {
        const page = await open(browser, {viewport: {width, height}, colorScheme});
        await page.goto(gateway.url);
        await page.waitForSelector(".asset");
        if (english)
            await page.click("button.language");
        for (const view of VIEWS) {
            await show(page, view);
            await page.waitForSelector("main .card, main .case", soon);
            await page.evaluate(() => document.querySelectorAll("details > summary").forEach((x) => x.click()));
            if (view === "cases")
                await page.waitForSelector(".proof .lane", soon);
            if (view === "values") {
                await show(page, "values/pt.t1");
                await page.waitForSelector(".trend .limit", soon);
            }
            const what = `${view}, ${width} px, ${colorScheme}, ${english ? "en" : "zh"}`;
            await noOverflow(page, what);
            // The narrow page is looked at in live.js; in the dark other colours are all that differs.
            if (width > 360 && (colorScheme === "light" || view === "cases" || view === "overview"))
                await accessible(page, what);
        }
        await clean(page);
        await page.close();
    }
}

async function keyboard(browser, gateway) {
    const page = await open(browser);
    await page.goto(gateway.url);
    await page.waitForSelector(".asset");
    const reach = async (selector) => {
        for (let i = 0; i < 40; i++) {
            await page.keyboard.press("Tab");
            if (await page.evaluate((x) => document.activeElement.matches(x), selector))
                return;
        }
        assert.fail(`${selector} is not reached by Tab`);
    };
    await reach("details.instrument > summary");
    await page.keyboard.press("Enter");
    await page.waitForSelector("details.instrument[open] .clause");
    await page.waitForTimeout(2500); // a poll goes by
    assert(await page.evaluate(() => document.activeElement.matches("summary") && document.activeElement.parentNode.open),
        "a poll takes neither focus nor what was opened");
    await page.emulateMedia({media: "print"});
    assert.strictEqual(await page.isVisible("nav"), false);
    assert(await page.isVisible(".asset"));
    await clean(page);
    await page.close();
}

async function main() {
    const browser = await launch();
    const timed = async (name, work) => {
        const from = Date.now();
        const got = await work();
        console.log(`${name}: ${((Date.now() - from) / 1000).toFixed(1)} s`);
        return got;
    };
    // Each row has a gateway of its own, and the rows run beside each other: most of it is waiting for a poll.
    const rows = [
        async (gateway) => {
            const page = await timed("languages", () => languages(browser, gateway));
            return timed("staleness", () => staleness(page, gateway));
        },
        async (gateway) => {
            await timed("an old tablet", () => oldTablet(browser, gateway));
            await timed("hostile texts", () => hostile(browser, gateway));
            await timed("acting", async () => acting(await evidence(browser, gateway), gateway));
            await timed("keyboard", () => keyboard(browser, gateway));
            await timed("one at a time", () => oneAtATime(browser, gateway));
            return gateway;
        },
        async (gateway) => {
            await timed("fitting", () => fitting(browser, gateway));
            return gateway;
        },
    ];
    try {
        await Promise.all(rows.map((row) => fake.start().then(row).then((gateway) => gateway.stop())));
    } finally {
        await browser.close();
    }
}

main().then(() => process.exit(0), (e) => { console.error(e); process.exit(1); });
