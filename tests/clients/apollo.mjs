// Apollo Client: HTTP, live events by graphql-ws and by multipart, persisted queries, and deferred parts.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";

import { DEFERRED, STREAMED } from "./lib/documents.mjs";
import { followThroughACut } from "./lib/following.mjs";
import { resumeLink } from "./lib/resume-apollo.mjs";
import { document, findBundle, order, signUp, URL_OF_GATEWAY } from "./lib/shop.mjs";
import { play } from "./lib/steps.mjs";
import "./lib/websocket.mjs";

const { access_token: token } = await signUp();
const headers = { authorization: `Bearer ${token}` };
let offering, id;

/** Over HTTP, subscriptions as multipart. */
function http(url, more) {
  return new HttpLink({ uri: `${url}/graphql`, headers, ...more });
}

/** Over WebSocket; the link before it connects again, so that graphql-ws need not. */
function webSocket(url) {
  return new GraphQLWsLink(
    createClient({
      url: `${url.replace("http", "ws")}/graphql`,
      connectionParams: headers,
      retryAttempts: 0,
    }),
  );
}

function connect(link, more) {
  return new ApolloClient({ link, cache: new InMemoryCache(), ...more });
}

function over(client) {
  return async (number, variables) => {
    const text = gql(document(number));
    const { data } = await (text.definitions[0].operation === "mutation"
      ? client.mutate({ mutation: text, variables })
      : client.query({ query: text, variables, fetchPolicy: "network-only" }));
    return data;
  };
}

const run = over(connect(http(URL_OF_GATEWAY)));

/** Resolves at the end of the subscription. */
function live(link, variables, saw) {
  return new Promise((complete, failed) => {
    connect(ApolloLink.from([resumeLink, link]))
      .subscribe({ query: gql(document("12")), variables, fetchPolicy: "no-cache" })
      .subscribe({
        next: ({ data, error }) => (error ? failed(error) : saw(data.orderEvents)),
        error: failed,
        complete,
      });
  });
}

/** All that a query answers, part by part, and the media type that it came in. */
function parts(handler, query, variables) {
  const seen = [];
  let type;
  const noting = async (url, options) => {
    const answer = await fetch(url, options);
    type = answer.headers.get("content-type");
    return answer;
  };
  const client = connect(http(URL_OF_GATEWAY, { fetch: noting }), { incrementalHandler: handler });
  const watched = client.watchQuery({ query: gql(query), variables, fetchPolicy: "network-only" });
  return new Promise((ended, failed) => {
    watched.subscribe(({ data, error, loading }) => {
      if (error) return failed(error);
      if (data) seen.push(structuredClone(data));
      if (!loading) ended({ seen, type });
    });
  });
}

function deferred(handler) {
  return async () => {
    const { seen, type } = await parts(handler, DEFERRED, { id: offering });
    assert.match(type, /^multipart\/mixed/);
    assert.equal(seen[0].productOffering.id, offering);
    assert.equal(seen[0].productOffering.terms, undefined);
    assert.ok(Array.isArray(seen.at(-1).productOffering.terms));
  };
}

function streamed(handler) {
  return async () => {
    const { seen, type } = await parts(handler, STREAMED, {});
    assert.match(type, /^multipart\/mixed/);
    assert.equal(seen[0].productOfferings.edges.length, 1);
    assert.equal(seen.at(-1).productOfferings.edges.length, 5);
  };
}

await play({
  "asks a query": async () => {
    offering = await findBundle(run);
  },
  "places an order by mutations": async () => {
    id = await order(run, offering);
  },
  "follows the order through a lost connection, by graphql-ws": async () => {
    await followThroughACut(run, id, (url, saw) => live(webSocket(url), { orderId: id }, saw));
  },
  "follows the order through a lost connection, by multipart": async () => {
    const another = await order(run, offering);
    await followThroughACut(run, another, (url, saw) => live(http(url), { orderId: another }, saw));
  },
  "sends a persisted query's text once": async () => {
    const sent = [];
    const counting = (url, options) => {
      sent.push(JSON.parse(options.body));
      return fetch(url, options);
    };
    const sha256 = (text) => createHash("sha256").update(text).digest("hex");
    const link = http(URL_OF_GATEWAY, { fetch: counting });
    const client = connect(ApolloLink.from([new PersistedQueryLink({ sha256 }), link]));
    const query = gql(`query Once_${token.slice(-12).replace(/\W/g, "_")} { viewer { id } }`);

    for (const _ of [1, 2]) {
      const { data } = await client.query({ query, fetchPolicy: "network-only" });
      assert.ok(data.viewer.id);
    }

    assert.deepEqual(sent.map((body) => "query" in body), [false, true, false]);
  },
  "shows what is deferred once it is there": deferred(new GraphQL17Alpha9Handler()),
  "shows what is deferred once it is there, in the format of 2022": deferred(new Defer20220824Handler()),
  "shows what is streamed row by row": streamed(new GraphQL17Alpha9Handler()),
  "shows what is streamed row by row, in the format of 2022": streamed(new Defer20220824Handler()),
});
