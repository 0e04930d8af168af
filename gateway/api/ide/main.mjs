// Where the built page starts: Monaco's workers first, as it looks for them when it is loaded.

import { open } from "./ide.mjs";

// Their names have hashes: the build fills them in.
const WORKERS = BUILT_WORKERS;

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(new URL(WORKERS[label] ?? WORKERS.editor, import.meta.url)),
};
open();
