// Subscriptions of urql by fetch, across lost connections.
import { makeOperation } from "@urql/core";
import { filter, makeSubject, merge, pipe, tap } from "wonka";

const AGAIN_AFTER_MS = 200;

/** An exchange, for before `fetchExchange`: a subscription that lost its connection goes on after the last event. */
export const resumeExchange = ({ forward }) => (operations) => {
  const again = makeSubject();
  const followed = new Map();

  function note({ kind, key, variables }) {
    if (kind === "teardown") followed.delete(key);
    if (kind === "subscription") followed.set(key, variables.after);
  }

  function sendAgain({ kind, key, variables, context, ...rest }) {
    if (!followed.has(key)) return;
    const after = followed.get(key);
    again.next(makeOperation(kind, { ...rest, key, variables: { ...variables, after } }, context));
  }

  function isForTheAsker({ operation, data, error }) {
    if (operation.kind !== "subscription") return true;
    for (const event of Object.values(data ?? {})) {
      if (event?.cursor) followed.set(operation.key, event.cursor);
    }
    if (!error?.networkError) return true;
    setTimeout(sendAgain, AGAIN_AFTER_MS, operation);
    return false;
  }

  return pipe(merge([pipe(operations, tap(note)), again.source]), forward, filter(isForTheAsker));
};
