// graphql-request, and nothing but fetch for the live events.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { GraphQLClient } from "graphql-request";

import { followThroughACut } from "./lib/following.mjs";
import { document, findBundle, order, signUp, URL_OF_GATEWAY } from "./lib/shop.mjs";
import { play } from "./lib/steps.mjs";

const { access_token: token } = await signUp();
const headers = { authorization: `Bearer ${token}` };
const client = new GraphQLClient(`${URL_OF_GATEWAY}/graphql`, { headers });
const run = (number, variables) => client.request(document(number), variables);
let offering, id;

/** The events of a subscription, by fetch alone: after a lost connection the server is told the last `id` it sent. */
async function* events(url, body) {
  for (let last = null; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    try {
      for await (const event of stream(url, body, last)) {
        if (event.event === "complete") return;
        last = event.id ?? last;
        yield JSON.parse(event.data);
      }
    } catch (error) {
      // What fetch throws when the line is gone.
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

/** The server-sent events of one connection, as their fields. */
async function* stream(url, body, last) {
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      ...headers,
      "content-type": "application/json",
      accept: "text/event-stream",
      ...(last && { "last-event-id": last }),
    },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200);
  let text = "";
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const event = Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/)));
      if (event.event) yield event;
    }
  }
}

await play({
  "asks a query by graphql-request": async () => {
    offering = await findBundle(run);
  },
  "asks a query by the id that codegen has given it": async () => {
    const persisted = JSON.parse(readFileSync(new URL("typed/generated/persisted-documents.json", import.meta.url)));
    const documentId = Object.keys(persisted).find((each) => persisted[each].startsWith("query Viewer"));
    const answer = await fetch(`${URL_OF_GATEWAY}/graphql`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ documentId }),
    });
    assert.equal(answer.status, 200);
    assert.equal((await answer.json()).data.viewer.memberships.length, 1);
  },
  "places an order by mutations by graphql-request": async () => {
    id = await order(run, offering);
  },
  "follows the order through a lost connection by fetch and Last-Event-ID": async () => {
    await followThroughACut(run, id, async (url, saw) => {
      const body = { query: document("12"), variables: { orderId: id } };
      for await (const { data } of events(`${url}/graphql`, body)) saw(data.orderEvents);
    });
  },
});
