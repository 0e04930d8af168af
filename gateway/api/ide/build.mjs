// Builds the page's assets from the pinned packages into assets/: names with hashes, compressed, and a list of them.

import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ASSETS = join(HERE, "assets");
const CONTRACT = join(HERE, "../../../tests/contract");
const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
};
const SHARED = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  write: false,
  outdir: ASSETS,
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  target: ["chrome120", "firefox128", "safari17"],
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
};

/** The built workers, and their names by what Monaco calls them. */
async function workers() {
  const built = await build({ ...SHARED, entryPoints: WORKERS, format: "iife" });
  const names = built.outputFiles.map((file) => basename(file.path));
  const labels = Object.keys(WORKERS).map((label) => [label, names.find((name) => name.startsWith(`${label}-`))]);
  return { files: built.outputFiles, names: Object.fromEntries(labels) };
}

/** The page's script, in parts that are loaded when they are needed, and its style sheet. */
async function page(workerNames) {
  const scripts = await build({
    ...SHARED,
    entryPoints: ["main.mjs"],
    format: "esm",
    splitting: true,
    // The packages import single style sheets; graphiql/style.css has all of them.
    loader: { ".css": "empty" },
    define: { ...SHARED.define, BUILT_WORKERS: JSON.stringify(workerNames) },
  });
  const styles = await build({ ...SHARED, entryPoints: ["main.css"] });
  return [...scripts.outputFiles, ...styles.outputFiles];
}

/** The operations of the contract; in a checkout the page reads them where they are. */
async function operations() {
  const names = (await readdir(CONTRACT)).filter((name) => name.endsWith(".graphql")).sort();
  const read = names.map(async (name) => [name, await readFile(join(CONTRACT, name), "utf8")]);
  return Object.fromEntries(await Promise.all(read));
}

/** Written aside and renamed: who serves the folder meanwhile never sees half a file. */
async function put(name, content) {
  await writeFile(join(ASSETS, `.${name}`), content);
  await rename(join(ASSETS, `.${name}`), join(ASSETS, name));
}

const { files, names } = await workers();
const all = [...files, ...(await page(names))];
const built = all.map((file) => basename(file.path));
const main = (kind) => built.find((name) => name.startsWith("main-") && name.endsWith(kind));
await mkdir(ASSETS, { recursive: true });
await Promise.all(all.map((file) => put(`${basename(file.path)}.gz`, gzipSync(file.contents, { level: 9 }))));
await put("operations.json", JSON.stringify(await operations()));
await put("manifest.json", JSON.stringify({ script: main(".js"), style: main(".css") }));

const kept = new Set([...built.map((name) => `${name}.gz`), "operations.json", "manifest.json"]);
const left = (await readdir(ASSETS)).filter((name) => !kept.has(name));
await Promise.all(left.map((name) => rm(join(ASSETS, name), { recursive: true })));
console.log(`assets/: ${kept.size} files`);
