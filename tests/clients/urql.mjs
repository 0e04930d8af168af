// urql: fetch and persisted queries, live events by graphql-ws and by fetch, and deferred parts.
import assert from "node:assert/strict";

import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import { cacheExchange, Client, fetchExchange, subscriptionExchange } from "urql";

import { DEFERRED, STREAMED } from "./lib/documents.mjs";
import { followThroughACut } from "./lib/following.mjs";
import { resumeExchange } from "./lib/resume-urql.mjs";
import { follow, patient } from "./lib/resuming.mjs";
import { document, findBundle, order, signUp, URL_OF_GATEWAY } from "./lib/shop.mjs";
import { play } from "./lib/steps.mjs";
import "./lib/websocket.mjs";

const { access_token: token } = await signUp();
const fetchOptions = { headers: { authorization: `Bearer ${token}` } };
let offering, id;

/** A client at that address; `more` replaces some of its options. */
function connect(url, more) {
  return new Client({ url: `${url}/graphql`, exchanges: [cacheExchange, fetchExchange], fetchOptions, ...more });
}

function over(client) {
  return async (number, variables) => {
    const text = document(number);
    const context = { requestPolicy: "network-only" };
    const asked = /^mutation/m.test(text) ? client.mutation(text, variables) : client.query(text, variables, context);
    const { data, error } = await asked.toPromise();
    assert.equal(error, undefined);
    return data;
  };
}

const run = over(connect(URL_OF_GATEWAY));

/** Subscriptions over graphql-ws. */
function liveByWebSocket(url) {
  const socket = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    connectionParams: fetchOptions.headers,
    ...patient,
  });
  return subscriptionExchange({
    forwardSubscription: ({ query, variables }) => ({
      subscribe: (sink) => ({ unsubscribe: follow(socket, { query, variables }, sink) }),
    }),
  });
}

/** Resolves at the end of the subscription; urql repeats the last event then, with `hasNext: false`. */
function live(client, variables, saw) {
  return new Promise((ended, failed) => {
    client.subscription(document("12"), variables).subscribe(({ data, error, hasNext }) => {
      if (error) return failed(error);
      if (!hasNext) return ended();
      saw(data.orderEvents);
    });
  });
}

/** All that a query answers, part by part, and the last of them. */
function parts(client, query, variables) {
  const seen = [];
  return new Promise((ended, failed) => {
    client.query(query, variables, { requestPolicy: "network-only" }).subscribe((result) => {
      if (result.error) return failed(result.error);
      seen.push(structuredClone(result.data));
      if (!result.hasNext) ended(seen);
    });
  });
}

await play({
  "asks a query": async () => {
    offering = await findBundle(run);
  },
  "places an order by mutations": async () => {
    id = await order(run, offering);
  },
  "follows the order through a lost connection, by graphql-ws": async () => {
    await followThroughACut(run, id, (url, saw) =>
      live(connect(url, { exchanges: [liveByWebSocket(url)] }), { orderId: id }, saw));
  },
  "follows the order through a lost connection, by server-sent events": async () => {
    const another = await order(run, offering);
    await followThroughACut(run, another, (url, saw) => {
      const client = connect(url, { exchanges: [resumeExchange, fetchExchange], fetchSubscriptions: true });
      return live(client, { orderId: another }, saw);
    });
  },
  "sends a persisted query's text once": async () => {
    const sent = [];
    const counting = (url, options) => {
      sent.push(options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(url).searchParams));
      return fetch(url, options);
    };
    const exchanges = [persistedExchange(), fetchExchange];
    const first = over(connect(URL_OF_GATEWAY, { exchanges, fetch: counting }));
    const unique = `query Once_${token.slice(-12).replace(/\W/g, "_")} { viewer { id } }`;
    const client = connect(URL_OF_GATEWAY, { exchanges, fetch: counting });

    for (const _ of [1, 2]) {
      const { data, error } = await client.query(unique, {}, { requestPolicy: "network-only" }).toPromise();
      assert.equal(error, undefined);
      assert.ok(data.viewer.id);
    }

    assert.deepEqual(sent.map((body) => "query" in body), [false, true, false]);
    assert.equal(await findBundle(first), offering);
  },
  "shows what is deferred once it is there": async () => {
    const [first, ...later] = await parts(connect(URL_OF_GATEWAY), DEFERRED, { id: offering });
    assert.equal(first.productOffering.id, offering);
    assert.equal(first.productOffering.terms, undefined);
    assert.ok(later.length >= 1);
    assert.ok(Array.isArray(later.at(-1).productOffering.terms));
  },
  "shows what is streamed row by row": async () => {
    const seen = await parts(connect(URL_OF_GATEWAY), STREAMED, {});
    assert.equal(seen[0].productOfferings.edges.length, 1);
    assert.equal(seen.at(-1).productOfferings.edges.length, 5);
    assert.equal(new Set(seen.at(-1).productOfferings.edges.map((edge) => edge.node.id)).size, 5);
  },
});
