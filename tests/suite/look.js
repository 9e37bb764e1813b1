// Opens a page in Chromium, as light and dark, wide and narrow, and says as JSON what was there: what it asked for, what
// went wrong, what axe-core objects to, what is wider than the window, and what a screen reader is told.
//   node look.js BROWSER MODULES PAGE [FOLDER]      pictures go to FOLDER

const [browser, modules, file, folder] = process.argv.slice(2);
const load = (name) => require(require.resolve(name, { paths: [modules] }));
const puppeteer = load("puppeteer-core");
const axe = require("fs").readFileSync(require.resolve("axe-core", { paths: [modules] }), "utf8");

// axe-core looks twice: at each scheme and each width once.
const looks = [
  ["light", 1400, true],
  ["dark", 1400, false],
  ["light", 360, false],
  ["dark", 360, true],
];

const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((part) => (part.open = true)));

async function look(page, scheme, width, isJudged) {
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setViewport({ width, height: 900, deviceScaleFactor: 1 });
  await page.goto(`file://${file}`, { waitUntil: "load" });
  const name = `${scheme}-${width}`;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  const overflow = await page.evaluate(() => document.scrollingElement.scrollWidth - window.innerWidth);
  // What axe-core costs grows with all that is on the page: of a large one it looks at what is not folded.
  const isLarge = await page.evaluate(() => document.querySelectorAll("*").length > 6000);
  const objections = isJudged && isLarge ? await judged(page) : [];
  await unfold(page);
  if (folder) await page.screenshot({ path: `${folder}/${name}-open.png`, fullPage: true });
  const overflowOpen = await page.evaluate(() => document.scrollingElement.scrollWidth - window.innerWidth);
  if (isJudged && !isLarge) objections.push(...(await judged(page)));
  return { name, overflow: Math.max(overflow, overflowOpen), objections };
}

async function judged(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`);
}

// Every stop of the Tab key, and whether a ring shows it.
async function tabs(page) {
  const stops = [];
  for (let at = 0; at < 80; at += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const on = document.activeElement;
      if (!on || on === document.body) return null;
      const style = getComputedStyle(on);
      return { what: on.tagName.toLowerCase(), text: (on.getAttribute("aria-label") || on.textContent).slice(0, 60), ring: style.outlineStyle !== "none" };
    });
    if (!stop) break;
    stops.push(stop);
  }
  return stops;
}

function names(node, found = []) {
  found.push([node.role, node.name ?? ""]);
  for (const child of node.children ?? []) names(child, found);
  return found;
}

(async () => {
  const running = await puppeteer.launch({
    executablePath: browser,
    headless: true,
    timeout: 120000,
    protocolTimeout: 300000,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND"],
  });
  try {
    const page = await running.newPage();
    const asked = [];
    const said = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("dialog", (dialog) => { said.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    const seen = [];
    for (const [scheme, width, isJudged] of looks) seen.push(await look(page, scheme, width, isJudged));
    await page.setViewport({ width: 1400, height: 900 });
    await page.goto(`file://${file}`, { waitUntil: "load" });
    const stops = await tabs(page);
    await page.goto(`file://${file}`, { waitUntil: "load" });
    await unfold(page);
    const tree = await page.accessibility.snapshot({ interestingOnly: false });
    if (folder) await page.pdf({ path: `${folder}/print.pdf`, format: "A4", printBackground: false, margin: { top: "12mm", bottom: "12mm", left: "12mm", right: "12mm" } });
    const shape = await page.evaluate(() => ({
      title: document.title,
      headings: [...document.querySelectorAll("h1,h2,h3")].map((one) => `${one.tagName} ${one.textContent}`),
      scripts: document.querySelectorAll("script, link, img, iframe, object, embed, form, [onload], [onclick], [onerror]").length,
      headless: [...document.querySelectorAll("th")].filter((one) => !one.scope).length,
      captionless: [...document.querySelectorAll("table")].filter((one) => !one.caption).length,
    }));
    process.stdout.write(JSON.stringify({ asked: [...new Set(asked)], said, seen, stops, names: names(tree), shape }));
  } finally {
    await running.close();
  }
})().catch((error) => { console.error(error); process.exit(1); });
