// A person at the page of a checkout without a build; the installed packages stand in for the CDN.

import { Editors, serveInstalled, withBrowser } from "./browser.mjs";

const [executable, url, cdn, forged] = process.argv.slice(2);

async function use(page) {
  const editors = new Editors(page);
  await editors.ready();
  const answer = await editors.run("BrowseCatalog", { first: 2 });
  const [tabs, faults] = [await editors.tabs(), await editors.faults("{ nothing }")];
  return { tabs, answer, faults, workers: page.workers().length };
}

async function read(page) {
  const line = page.locator("#ide > p").filter({ hasText: "can't be loaded" });
  await line.waitFor({ timeout: 60_000 });
  return { line: await line.textContent(), isForged: await page.evaluate(() => "isForged" in globalThis) };
}

const seen = await withBrowser(executable, async (page, context) => {
  await serveInstalled(context, cdn, forged);
  await page.goto(`${url}/graphql`);
  return forged ? read(page) : use(page);
});
console.log(JSON.stringify(seen));
