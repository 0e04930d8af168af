// A Chromium without a window, and the editors of the page in it as a person uses them.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROJECT = new URL("../../gateway/api/ide/", import.meta.url);
const require = createRequire(new URL("package.json", PROJECT));
const { chromium } = require("playwright-core");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];
const QUIET = ["--disable-background-networking", "--disable-component-update"];

const [QUERY, RESPONSE] = ["operation.graphql", "response.json"];

/** In the page: what stands in an editor, and first writes it where it is given. */
function text([ending, written]) {
  const model = globalThis.__MONACO.editor.getModels().find((each) => each.uri.path.endsWith(ending));
  if (written !== undefined) model.setValue(written);
  return model.getValue();
}

/** In the page: what the editors say of what stands in them. */
const said = () => globalThis.__MONACO.editor.getModelMarkers({}).map((marker) => marker.message);

/** Opens a browser for as long as `use` takes; what the page did beside comes back with its answer. */
export async function withBrowser(executable, use) {
  const profile = await mkdtemp(join(tmpdir(), "ide-"));
  const args = [...FLAGS, ...QUIET];
  const viewport = { width: 1400, height: 850 };
  const context = await chromium.launchPersistentContext(profile, { executablePath: executable, args, viewport });
  const seen = { console: [], violations: [], requests: [] };
  const page = context.pages()[0] ?? (await context.newPage());
  try {
    await watch(context, page, seen);
    return { ...seen, ...(await use(page, context)) };
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

async function watch(context, page, seen) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.console.push(message.text());
  });
  page.on("pageerror", (error) => seen.console.push(String(error)));
  context.on("request", (request) => seen.requests.push({ method: request.method(), url: request.url() }));
  page.on("websocket", (socket) => seen.requests.push({ method: "WEBSOCKET", url: socket.url() }));
  await page.exposeFunction("tellViolation", (text) => seen.violations.push(text));
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      globalThis.tellViolation(`${event.effectiveDirective} ${event.blockedURI}`),
    ),
  );
}

/** Answers what goes to the CDN with the files of the installed packages, byte for byte, but for a `forged` one. */
export async function serveInstalled(context, cdn, forged) {
  const { packages } = JSON.parse(await readFile(new URL("package-lock.json", PROJECT)));
  const folders = Object.entries(packages).map(([folder, { version }]) => [
    `${folder.split("node_modules/").at(-1)}@${version}`,
    new URL(`${folder}/`, PROJECT),
  ]);
  const installed = Object.fromEntries(folders);
  await context.route(`${cdn}/**`, async (route) => {
    const path = new URL(route.request().url()).pathname.replace("/npm/", "");
    const [, name, file] = path.match(/^(@?[^@]+@[^/]+)\/(.+)$/);
    const content = await readFile(new URL(file, installed[name]), "utf8");
    const body = path === forged ? `${content}\n;globalThis.isForged = true;` : content;
    const headers = { "access-control-allow-origin": "*" };
    await route.fulfill({ contentType: file.endsWith(".css") ? "text/css" : "text/javascript", headers, body });
  });
}

/** Puts the editors to use. */
export class Editors {
  constructor(page) {
    this.page = page;
  }

  /** Waits until they are there, and the schema is. */
  async ready() {
    await this.page.locator(".graphiql-query-editor .monaco-editor").first().waitFor({ timeout: 60_000 });
    await this.page.waitForFunction(() => globalThis.__MONACO && !document.querySelector(".graphiql-spinner"));
  }

  /** The names of the tabs. */
  async tabs() {
    return this.page.locator(".graphiql-tab-button").allTextContents();
  }

  /** Goes to a tab. */
  async open(tab) {
    await this.page.locator(".graphiql-tab-button").getByText(tab, { exact: true }).click();
  }

  /** Writes another document where the tab's stands. */
  async write(document) {
    await this.page.evaluate(text, [QUERY, document]);
  }

  /** Goes to a tab, gives it variables where there are some, and sends it; the answer, as soon as `isEnough`. */
  async run(tab, variables, isEnough) {
    await this.open(tab);
    if (variables) await this.#fill(variables);
    return this.send(isEnough);
  }

  /** Sends what stands there. */
  async send(isEnough = () => true) {
    // The editor takes a moment to see that it has another operation.
    await this.page.waitForTimeout(500);
    await this.page.evaluate(text, [RESPONSE, ""]);
    await this.page.getByRole("button", { name: "Execute query" }).click();
    const until = Date.now() + 40_000;
    for (let answer = null; ; answer = await this.answer()) {
      if (answer && isEnough(answer)) return answer;
      if (Date.now() > until) throw new Error(`answered ${JSON.stringify(answer)}`);
      await this.page.waitForTimeout(50);
    }
  }

  /** What stands in the answer's editor; null while that is nothing. */
  async answer() {
    const found = await this.page.evaluate(text, [RESPONSE]);
    return found ? JSON.parse(found) : null;
  }

  /** What the editor says of a document, once it says something. */
  async faults(document) {
    await this.write(document);
    for (let waited = 0; waited < 20_000; waited += 100) {
      const faults = await this.page.evaluate(said);
      if (faults.length) return faults;
      await this.page.waitForTimeout(100);
    }
    return [];
  }

  async #fill(variables) {
    await this.page.getByRole("region", { name: "Variables" }).locator(".monaco-editor").click();
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.press("Delete");
    await this.page.keyboard.insertText(JSON.stringify(variables));
  }
}
