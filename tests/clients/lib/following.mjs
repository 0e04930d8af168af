// Follows an order over a line that is cut in the middle, and compares what came with the history.
import assert from "node:assert/strict";

import { openLine } from "./line.mjs";
import { history } from "./shop.mjs";

const CUT_AFTER = 3;

/**
 * `follow(url, saw)` subscribes at that address, calls `saw` with each event and resolves when it has ended. What it
 * saw must be each event of the order's history, once, in its order, on two connections or more.
 */
export async function followThroughACut(run, orderId, follow) {
  const line = await openLine();
  const seen = [];
  await follow(line.url, (event) => {
    seen.push(event.cursor);
    if (seen.length === CUT_AFTER) line.cut();
  });
  assert.equal(line.cuts, 1);
  assert.ok(line.connections >= 2, `${line.connections} connections`);
  assert.deepEqual(seen, await history(run, orderId));
}
