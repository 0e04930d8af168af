// graphql-sse: server-sent events, a connection an operation and one connection for all.
import { createClient } from "graphql-sse";
import assert from "node:assert/strict";

import { followThroughACut } from "./lib/following.mjs";
import { follow } from "./lib/resuming.mjs";
import { document, findBundle, order, signUp, URL_OF_GATEWAY } from "./lib/shop.mjs";
import { play } from "./lib/steps.mjs";

const { access_token: token } = await signUp();

/** A client that connects again 200 ms after it has lost its connection. */
function connect(url, singleConnection) {
  return createClient({
    url: `${url}/graphql`,
    singleConnection,
    headers: () => ({ authorization: `Bearer ${token}` }),
    retry: () => new Promise((resolve) => setTimeout(resolve, 200)),
  });
}

function steps(mode, singleConnection) {
  const client = connect(URL_OF_GATEWAY, singleConnection);
  let offering, id;

  async function run(number, variables) {
    for await (const result of client.iterate({ query: document(number), variables })) {
      assert.equal(result.errors, undefined);
      return result.data;
    }
  }

  return {
    [`asks a query, ${mode}`]: async () => {
      offering = await findBundle(run);
    },
    [`places an order by mutations, ${mode}`]: async () => {
      id = await order(run, offering);
    },
    [`follows the order through a lost connection, ${mode}`]: async () => {
      await followThroughACut(run, id, (url, saw) => {
        const request = { query: document("12"), variables: { orderId: id } };
        return new Promise((complete, error) => {
          follow(connect(url, singleConnection), request, {
            next: ({ data }) => saw(data.orderEvents),
            error,
            complete,
          });
        });
      });
    },
  };
}

await play({ ...steps("distinct connections", false), ...steps("a single connection", true) });
