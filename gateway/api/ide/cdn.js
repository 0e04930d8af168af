// Loads the page's packages from a CDN, each file held to its hash, then the page.

(async ({ nonce, dataset }) => {
  const at = (path) => new URL(`graphql/ide/${path}`, document.baseURI).href;
  const onCdn = (file) => dataset.cdn + file;
  const { style, imports, scopes, addresses, commonJs, hashes } = await (await fetch(at("cdn.json"))).json();
  const listed = Object.entries(hashes).flatMap(([name, files]) =>
    Object.entries(files).map(([file, hash]) => [`${name}/${file}`, `sha256-${hash}`]),
  );
  const integrity = Object.fromEntries(listed);

  /** A file as the package has it; an error where it is another. */
  const text = async (file) => (await fetch(onCdn(file), { integrity: integrity[file], credentials: "omit" })).text();

  const made = new Map();
  const make = (file) => made.get(file) ?? made.set(file, asModule(file, commonJs[file])).get(file);

  /** The address of a module that is what a CommonJS file exports. */
  async function asModule(file, { names, needs }) {
    const others = await Promise.all(Object.entries(needs).map(async ([name, other]) => [name, await make(other)]));
    const lines = [
      ...others.map(([, address], number) => `import other${number} from "${address}";`),
      `const others = { ${others.map(([name], number) => `"${name}": other${number}`)} };`,
      "const made = { exports: {} };",
      `(function (module, exports, require) {${await text(file)}`,
      "}).call(made.exports, made, made.exports, (name) => others[name]);",
      "export default made.exports;",
      names.length ? `export const { ${names} } = made.exports;` : "",
    ];
    return URL.createObjectURL(new Blob([lines.join("\n")], { type: "text/javascript" }));
  }

  /** What the browser is told of each import. */
  async function map() {
    const blobs = Object.fromEntries(
      await Promise.all(Object.keys(commonJs).map(async (file) => [file, await make(file)])),
    );
    const address = (file) => (file === null ? at("nothing.mjs") : (blobs[file] ?? onCdn(file)));
    const each = (given, key = (name) => name) =>
      Object.fromEntries(Object.entries(given).map(([name, file]) => [key(name), address(file)]));
    const within = Object.entries(scopes).map(([scope, given]) => [onCdn(scope), each(given)]);
    const files = Object.fromEntries(Object.keys(blobs).map((file) => [file, file]));
    return {
      imports: { ...each(imports), ...each(addresses, onCdn), ...each(files, onCdn) },
      scopes: Object.fromEntries(within),
      integrity: { ...Object.fromEntries(listed.map(([file, hash]) => [onCdn(file), hash])), [at("wrong.mjs")]: WRONG },
    };
  }

  function add(kind, properties) {
    return document.head.appendChild(Object.assign(document.createElement(kind), properties));
  }

  const WRONG = `sha256-${btoa("\0".repeat(32))}`;
  add("link", { rel: "stylesheet", href: onCdn(style), integrity: integrity[style], crossOrigin: "anonymous" });
  // Packages ask which of their two kinds they are.
  globalThis.process = { env: { NODE_ENV: "production" } };
  add("script", { type: "importmap", nonce, textContent: JSON.stringify(await map()) });
  // A browser that takes a module whose hash is wrong would take any.
  const isHeld = await import(at("wrong.mjs")).then(() => false, () => true);
  if (!isHeld) throw new Error("this browser does not hold modules to their hashes");
  await import(at("unbuilt.mjs"));
})(document.currentScript).catch((error) => {
  document.querySelector("#ide > p").textContent = `The editor can't be loaded: ${error.message}.`;
});
