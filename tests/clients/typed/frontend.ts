// What the compiler holds a frontend to, with the types that are made of the schema; it is checked, and never run.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

import { useFragment as unmask } from "./generated";
import {
  BrowseCatalogDocument,
  OfferingCardFragmentDoc,
  OrderDocument,
  PlaceOrderDocument,
  TrackOrderDocument,
  type PlaceOrderUserErrorCode,
} from "./generated/graphql";

declare function run<Data, Input>(document: TypedDocumentNode<Data, Input>, variables: Input): Promise<Data>;

/** A price is a string, never a number; a fragment's fields are its own component's. */
export async function prices(): Promise<string[]> {
  const { productOfferings } = await run(BrowseCatalogDocument, { first: 3 });
  return productOfferings.edges.flatMap(({ node }) => {
    // @ts-expect-error The name is in the fragment.
    void node.name;
    const card = unmask(OfferingCardFragmentDoc, node);
    return card.prices.flatMap((price) => (price.__typename === "OneTimePrice" ? [price.amount.amount] : []));
  });
}

/** An order that is not the caller's is null. */
export async function state(id: string): Promise<string> {
  const { order } = await run(OrderDocument, { id });
  // @ts-expect-error It may be null.
  void order.state;
  return order?.state ?? "nothing";
}

/** A user error's code is one of the mutation's own. */
export async function place(bundleId: string, expectedRevision: number): Promise<PlaceOrderUserErrorCode | null> {
  const input = { bundleId, expectedRevision, idempotencyKey: "a key" };
  const { placeOrder } = await run(PlaceOrderDocument, { input });
  // @ts-expect-error A key is always sent.
  void run(PlaceOrderDocument, { input: { bundleId, expectedRevision } });
  // @ts-expect-error There is no such code.
  if (placeOrder.userErrors[0]?.code === "NO_SUCH_CODE") return null;
  return placeOrder.userErrors[0]?.code ?? null;
}

/** An event tells its kind, and the cursor to go on after. */
export async function cursor(orderId: string, after?: string): Promise<string> {
  const { orderEvents } = await run(TrackOrderDocument, { orderId, after: after ?? null });
  return orderEvents.__typename === "OrderItemFailed" ? (orderEvents.reason?.message ?? "") : orderEvents.cursor;
}
