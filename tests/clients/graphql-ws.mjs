// graphql-ws: all three kinds of operation over one WebSocket, and a token renewed on it.
import assert from "node:assert/strict";

import { createClient } from "graphql-ws";

import { followThroughACut } from "./lib/following.mjs";
import { renew } from "./lib/renewing.mjs";
import { follow, patient } from "./lib/resuming.mjs";
import { document, findBundle, order, post, signUp, URL_OF_GATEWAY } from "./lib/shop.mjs";
import { play } from "./lib/steps.mjs";
import "./lib/websocket.mjs";

const session = await signUp();
let token = session.access_token;
let client, offering, id;

/** A client that connects again when it has lost its connection. */
function connect(url, on) {
  return createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    connectionParams: () => ({ authorization: `Bearer ${token}` }),
    ...patient,
    on,
  });
}

async function run(number, variables) {
  for await (const result of client.iterate({ query: document(number), variables })) {
    assert.equal(result.errors, undefined);
    return result.data;
  }
}

await play({
  "asks a query": async () => {
    client = connect(URL_OF_GATEWAY);
    offering = await findBundle(run);
  },
  "places an order by mutations": async () => {
    id = await order(run, offering);
  },
  "follows the order through a lost connection": async () => {
    await followThroughACut(run, id, (url, saw) => {
      const request = { query: document("12"), variables: { orderId: id } };
      return new Promise((complete, error) => {
        follow(connect(url), request, { next: ({ data }) => saw(data.orderEvents), error, complete });
      });
    });
  },
  "renews its token on the connection that it has": async () => {
    const sockets = [];
    const renewing = connect(URL_OF_GATEWAY, { opened: (socket) => sockets.push(socket) });
    const watched = [];
    const stop = follow(
      renewing,
      { query: document("18"), variables: {} },
      { next: ({ data }) => watched.push(data.customerEvents), error: assert.fail, complete: assert.fail },
    );
    while (!watched.length) await new Promise((resolve) => setTimeout(resolve, 20));
    token = (await post("/auth/refresh", { refresh_token: session.refresh_token }, 200)).access_token;

    const expiry = await renew(renewing, sockets[0], token);

    const seconds = (expiry - Date.now()) / 1000;
    assert.ok(800 < seconds && seconds <= 900, `${seconds} s`);
    const before = watched.length;
    const another = await order(run, offering);
    while (!watched.slice(before).some((event) => event.order.id === another)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(sockets.length, 1);
    stop();
  },
});
