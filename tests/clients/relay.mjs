// Relay: its own environment over fetch and graphql-ws, which send the ids of the
// documents that its compiler has persisted; the gateway has its manifest.
import assert from "node:assert/strict";

import { createClient } from "graphql-ws";
import relay from "relay-runtime";

import Bundle from "./relay/__generated__/ShopBundleQuery.graphql.js";
import Configure from "./relay/__generated__/ShopConfigureMutation.graphql.js";
import Create from "./relay/__generated__/ShopCreateMutation.graphql.js";
import Offering from "./relay/__generated__/ShopOfferingQuery.graphql.js";
import Offerings from "./relay/__generated__/ShopOfferingsQuery.graphql.js";
import Order from "./relay/__generated__/ShopOrderQuery.graphql.js";
import OrderRefetch from "./relay/__generated__/ShopOrderRefetchQuery.graphql.js";
import Place from "./relay/__generated__/ShopPlaceMutation.graphql.js";
import Track from "./relay/__generated__/ShopTrackSubscription.graphql.js";
import OrderFragment from "./relay/__generated__/Shop_order.graphql.js";
import TermsFragment from "./relay/__generated__/Shop_terms.graphql.js";
import { followThroughACut } from "./lib/following.mjs";
import { parts } from "./lib/multipart.mjs";
import { follow, patient } from "./lib/resuming.mjs";
import { findBundle, order, signUp, URL_OF_GATEWAY } from "./lib/shop.mjs";
import { play } from "./lib/steps.mjs";
import "./lib/websocket.mjs";

const { Environment, Network, Observable, RecordSource, Store } = relay;
const { commitMutation, createOperationDescriptor, fetchQuery, getSingularSelector, requestSubscription } = relay;

const { access_token: token } = await signUp();
const headers = { authorization: `Bearer ${token}` };
const RUNS = { "02": Offerings, "05": Create, "08": Configure, "10": Bundle, "11": Place, "13": Order };
let offering, id;

function connect(url) {
  const socket = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    connectionParams: headers,
    ...patient,
  });
  const network = Network.create(
    (request, variables) => Observable.create((sink) => void send(url, request, variables, sink)),
    (request, variables) =>
      Observable.create((sink) => {
        // graphql-ws wants a `query`; the document is found by its hash.
        const extensions = { persistedQuery: { version: 1, sha256Hash: request.id } };
        return follow(socket, { query: "", extensions, variables }, sink);
      }),
  );
  return new Environment({ network, store: new Store(new RecordSource()) });
}

/** One operation over HTTP, as one answer or in parts. */
async function send(url, request, variables, sink) {
  try {
    const answer = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: {
        ...headers,
        "content-type": "application/json",
        accept: "multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json;q=0.9",
      },
      body: JSON.stringify({ documentId: request.id, variables }),
    });
    for await (const { incremental, hasNext, ...whole } of parts(answer)) {
      const extensions = { is_final: hasNext !== true };
      if ("data" in whole || whole.errors) sink.next({ ...whole, extensions });
      else sink.next((incremental ?? []).map((part) => ({ ...part, extensions })));
    }
    sink.complete();
  } catch (error) {
    sink.error(error);
  }
}

const environment = connect(URL_OF_GATEWAY);

async function run(number, variables) {
  if (RUNS[number].params.operationKind === "query") {
    return fetchQuery(environment, RUNS[number], variables, { fetchPolicy: "network-only" }).toPromise();
  }
  return new Promise((onCompleted, onError) => {
    commitMutation(environment, { mutation: RUNS[number], variables, onCompleted, onError });
  });
}

await play({
  "asks a query": async () => {
    offering = await findBundle(run);
  },
  "reads page after page into one list": async () => {
    const filter = { categories: ["iptv"] };
    const read = createOperationDescriptor(Offerings, { filter, first: 2 });
    const kept = environment.retain(read);
    const page = async (after) => {
      await fetchQuery(environment, Offerings, { filter, first: 2, after }).toPromise();
      return environment.lookup(read.fragment).data.productOfferings;
    };

    const first = await page(null);
    const both = await page(first.pageInfo.endCursor);

    assert.equal(first.edges.length, 2);
    assert.equal(new Set(both.edges.map((edge) => edge.node.id)).size, 4);
    kept.dispose();
  },
  "places an order by mutations": async () => {
    id = await order(run, offering);
  },
  "follows the order through a lost connection": async () => {
    await followThroughACut(run, id, (url, saw) =>
      new Promise((onCompleted, onError) => {
        requestSubscription(connect(url), {
          subscription: Track,
          variables: { orderId: id },
          onNext: ({ orderEvents }) => saw(orderEvents),
          onCompleted,
          onError,
        });
      }));
  },
  "fetches a node again by its id": async () => {
    const { node } = await fetchQuery(environment, OrderRefetch, { id }).toPromise();
    const { data } = environment.lookup(getSingularSelector(OrderFragment, node));
    assert.deepEqual(data, { id, state: "COMPLETED", completionPercent: 100 });
  },
  "shows what is deferred once it is there": async () => {
    const terms = [];
    const look = (offering) => environment.lookup(getSingularSelector(TermsFragment, offering));
    await new Promise((complete, error) => {
      fetchQuery(environment, Offering, { id: offering }).subscribe({
        next: ({ productOffering }) => terms.push(look(productOffering)),
        error,
        complete,
      });
    });
    assert.equal(terms[0].isMissingData, true);
    assert.equal(terms.at(-1).isMissingData, false);
    assert.ok(Array.isArray(terms.at(-1).data.terms));
  },
});
