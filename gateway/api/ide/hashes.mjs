// Writes cdn.json, or the file that is named: each file of the pinned packages that the page needs without a build,
// with its hash, and what each import stands for. A CDN has the files as they are in the package, and a browser links
// them by an import map.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const STYLE = "node_modules/graphiql/dist/style.css";
const require = createRequire(import.meta.url);
process.env.NODE_ENV = "production";

/** Every module from the page's first one on, with its imports. */
async function graph() {
  const { metafile } = await build({
    absWorkingDir: HERE,
    entryPoints: ["unbuilt.mjs"],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    outdir: "out",
    // A browser loads what is imported, used or not.
    treeShaking: false,
    ignoreAnnotations: true,
    loader: { ".css": "empty" },
    // The script that a package has for a page of old is a module beside it.
    plugins: [{ name: "modules", setup: (at) => at.onResolve({ filter: /^prettier\/parser-/ }, prettierModule) }],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return metafile.inputs;
}

function prettierModule({ path }) {
  return { path: join(HERE, `node_modules/prettier/plugins/${path.replace("prettier/parser-", "")}.mjs`) };
}

const versions = new Map();

/** `name@version/file`, as the CDN has it. */
function onCdn(path) {
  const [, folder, name, file] = path.match(/^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\/(.+)$/);
  if (!versions.has(folder)) versions.set(folder, require(join(HERE, folder, "package.json")).version);
  return `${name}@${versions.get(folder)}/${file}`;
}

const isPackage = (path) => path.includes("node_modules/");
const isCommonJs = (input) => input.format !== "esm" && !input.imports.some((each) => each.kind === "import-statement");

/** What an import stands for: a file on the CDN, or null for a style sheet. */
const target = (path) => (path.endsWith(".css") ? null : onCdn(path));

function link(inputs) {
  const linked = { imports: {}, scopes: {}, addresses: {} };
  for (const [path, input] of Object.entries(inputs)) {
    if (isPackage(path) && isCommonJs(input)) continue;
    const packages = input.imports.filter((each) => each.original && isPackage(each.path));
    for (const each of packages) add(linked, path, each.original, each.path);
  }
  return linked;
}

function add({ imports, scopes, addresses }, importer, original, found) {
  if (/^\.{1,2}$/.test(original)) {
    // A browser takes these two for names of packages: they stand for something else in each file.
    (scopes[onCdn(importer)] ??= {})[original] = target(found);
  } else if (original.startsWith(".")) {
    const address = posix.join(posix.dirname(onCdn(importer)), original);
    if (address !== target(found)) addresses[address] = target(found);
  } else if ((imports[original] ??= target(found)) !== target(found)) {
    const scope = onCdn(importer).match(/^(@?[^@]+@[^/]+\/)/)[1];
    (scopes[scope] ??= {})[original] = target(found);
  }
}

/** CommonJS files are made modules in the page: with these names for who imports them, after these others. */
function commonJs(inputs, { imports, scopes, addresses }) {
  const imported = new Set([imports, addresses, ...Object.values(scopes)].flatMap(Object.values));
  const scripts = Object.entries(inputs).filter(([path]) => isPackage(path) && path.endsWith("js"));
  const found = scripts.filter(([, input]) => isCommonJs(input));
  return Object.fromEntries(
    found.map(([path, input]) => {
      const needs = input.imports.map((each) => [each.original, onCdn(each.path)]);
      const names = imported.has(onCdn(path)) ? Object.keys(require(join(HERE, path))) : [];
      return [onCdn(path), { names: names.filter((name) => name !== "default"), needs: Object.fromEntries(needs) }];
    }),
  );
}

async function hashes(paths) {
  const all = {};
  for (const path of paths.sort()) {
    const [, name, file] = onCdn(path).match(/^(@?[^@]+@[^/]+)\/(.+)$/);
    (all[name] ??= {})[file] = createHash("sha256").update(await readFile(join(HERE, path))).digest("base64");
  }
  return all;
}

const inputs = await graph();
const files = Object.keys(inputs).filter((path) => isPackage(path) && /\.[mc]?js$/.test(path));
const linked = link(inputs);
const found = {
  style: onCdn(STYLE),
  ...linked,
  commonJs: commonJs(inputs, linked),
  hashes: await hashes([...files, STYLE]),
};
await writeFile(process.argv[2] ?? join(HERE, "cdn.json"), `${JSON.stringify(found, null, 1)}\n`);
console.log(`cdn.json: ${files.length} files of ${Object.keys(found.hashes).length} packages`);
