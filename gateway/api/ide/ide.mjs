// GraphiQL on this gateway: requests by fetch, subscriptions by WebSocket, both as who is signed in.

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

import { showSession } from "./bar.mjs";
import { Session, at, bearer } from "./session.mjs";

// Often enough to see that a token is about to run out.
const LOOK_MS = 5_000;

/** Fills the page. */
export function open() {
  const session = new Session();
  showSession(session);
  const url = at("graphql").href;
  const fetcher = createGraphiQLFetcher({ url, fetch: asCaller(session), wsClient: socket(session) });
  const tabs = JSON.parse(document.getElementById("examples").textContent);
  const ide = createElement(
    GraphiQL,
    {
      fetcher,
      defaultTabs: tabs,
      defaultEditorToolsVisibility: "variables",
      // The session's token is sent by itself: no header is left to be written.
      isHeadersEditorEnabled: false,
      showPersistHeadersSettings: false,
    },
    createElement(GraphiQL.Logo, null, " "),
  );
  createRoot(document.getElementById("ide")).render(ide);
}

function asCaller(session) {
  return async (url, given) => {
    const token = await session.token();
    const response = await fetch(url, { ...given, headers: { ...given.headers, ...bearer(token) } });
    // The session has ended elsewhere: say so, rather than fail at each request.
    if (response.status === 401 && token) session.forget();
    return response;
  };
}

function socket(session) {
  const url = at("graphql");
  url.protocol = url.protocol.replace("http", "ws");
  const client = createClient({ url: url.href, connectionParams: async () => bearer(await session.token()) });
  // A connection is of who opened it: the next one is of who is signed in then.
  session.addEventListener("change", () => client.terminate());
  client.on("connected", (opened) => keepSignedIn(opened, session));
  return client;
}

/** What follows for longer than a token lives goes on: a ping with the next token renews the connection. */
function keepSignedIn(opened, session) {
  let told = null;
  const look = async () => {
    const token = await session.token();
    const isNew = told !== null && token !== null && token !== told;
    told = token;
    if (isNew) opened.send(JSON.stringify({ type: "ping", payload: bearer(token) }));
  };
  look();
  const looks = setInterval(look, LOOK_MS);
  opened.addEventListener("close", () => clearInterval(looks));
}
