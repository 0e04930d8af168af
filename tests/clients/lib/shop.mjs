// The way from a new account to an order, by the contract's documents, whichever client sends them.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

export const URL_OF_GATEWAY = process.argv[2];
const CONTRACT = new URL("../../contract/", import.meta.url);
const PLACE = {
  address: { street: "Storgatan", houseNumber: "1", postcode: "11122", city: "Stockholm", country: "SE" },
};

/** A document of the contract, byte for byte. */
export function document(number) {
  const name = readdirSync(CONTRACT).find((each) => each.startsWith(`${number}-`));
  return readFileSync(new URL(name, CONTRACT), "utf8");
}

/** A new customer's manager: both tokens of the session. */
export async function signUp() {
  const who = { username: `client-${randomBytes(5).toString("hex")}`, password: randomBytes(12).toString("hex") };
  const customer = { name: "A household", kind: "HOUSEHOLD" };
  await post("/auth/accounts", { ...who, customer }, 201);
  return post("/auth/session", who, 200);
}

/** Plain HTTP: the JSON that is answered with that status. */
export async function post(path, body, status) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(URL_OF_GATEWAY + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, status, await answer.clone().text());
  return answer.json();
}

/** The first predefined television bundle; `run(number, variables)` gives the data of a document of the contract. */
export async function findBundle(run) {
  const filter = { categories: ["iptv"], isBundle: true };
  const { edges } = (await run("02", { filter, first: 1 })).productOfferings;
  assert.equal(edges.length, 1);
  return edges[0].node.id;
}

/** Orders it; the order's id. */
export async function order(run, offeringId) {
  const made = (await run("05", { input: { name: "Mine", offeringId, place: PLACE } })).createBundle;
  assert.deepEqual(made.userErrors, []);
  await fillIn(run, made.bundle.id);
  const { bundle } = await run("10", { id: made.bundle.id });
  assert.equal(bundle.isOrderable, true);
  const input = {
    bundleId: bundle.id,
    expectedRevision: bundle.revision,
    acceptedTermIds: bundle.terms.map((term) => term.id),
    idempotencyKey: randomBytes(16).toString("hex"),
  };
  const placed = (await run("11", { input })).placeOrder;
  assert.deepEqual(placed.userErrors, []);
  return placed.order.id;
}

async function fillIn(run, id) {
  const { bundle } = await run("10", { id });
  for (const issue of bundle.issues) {
    const item = bundle.items.find((each) => each.id === issue.item.id);
    const field = item.orderForm.fields.find((each) => each.key === issue.field);
    const fields = [{ key: field.key, values: [field.constraint.choices[0].value] }];
    const answer = await run("08", { input: { bundleId: id, itemId: item.id, fields } });
    assert.deepEqual(answer.configureBundleItem.userErrors, []);
  }
}

/** The cursors of all of the order's events, oldest first. */
export async function history(run, id) {
  const { order: read } = await run("13", { id, first: 100 });
  assert.equal(read.state, "COMPLETED");
  assert.equal(read.events.pageInfo.hasNextPage, false);
  return read.events.edges.map((edge) => edge.cursor);
}
