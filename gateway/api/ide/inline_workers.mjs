// Monaco's workers in the page's own thread: a worker's modules can't be held to hashes, the page's are.

import { SimpleWorkerServer } from "monaco-editor/esm/vs/base/common/worker/simpleWorker.js";
import { EditorSimpleWorker } from "monaco-editor/esm/vs/editor/common/services/editorSimpleWorker.js";
import { EditorWorkerHost } from "monaco-editor/esm/vs/editor/common/services/editorWorkerHost.js";
import { jsonDefaults } from "monaco-editor/esm/vs/language/json/monaco.contribution.js";
import { GraphQLWorker } from "monaco-graphql/esm/GraphQLWorker.js";

const LANGUAGES = { graphql: (context, data) => new GraphQLWorker(context, data) };

/** Takes messages as a worker does. */
class InlineWorker {
  #isStarted = false;
  #server;

  constructor(language) {
    const answer = (message) => this.onmessage({ data: message });
    const host = (server) => EditorWorkerHost.getChannel(server);
    const handler = (server) => new EditorSimpleWorker(host(server), LANGUAGES[language] ?? null);
    this.#server = new SimpleWorkerServer(answer, handler);
  }

  postMessage(message) {
    // The first one only names the worker's module.
    if (this.#isStarted) queueMicrotask(() => this.#server.onmessage(message));
    this.#isStarted = true;
  }

  addEventListener() {}

  terminate() {}
}

globalThis.MonacoEnvironment = { getWorker: (_id, label) => new InlineWorker(label) };
// The language service of JSON comes as a worker only: variables have colours, and no hints.
jsonDefaults.setModeConfiguration({ tokens: true });
