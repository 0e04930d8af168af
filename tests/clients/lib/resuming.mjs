// Follows live events with graphql-ws or graphql-sse across lost connections.

/**
 * Options of a client of graphql-ws. Unless told to, it gives up at a connection that is refused, as while the gateway
 * starts again. (An app leaves out `retryWait`: by itself the client waits longer each time.)
 */
export const patient = {
  shouldRetry: (problem) => !(problem instanceof Error),
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 200)),
};

/**
 * Subscribes with a client of graphql-ws or of graphql-sse. Either sends the request anew when it connects again, and
 * reads `variables.after` anew for it: nothing is missed, nothing comes twice. Returns what ends the subscription.
 */
export function follow(client, { variables, ...named }, sink) {
  let after = variables?.after;
  const request = { ...named, variables: { ...variables, get after() { return after; } } };
  return client.subscribe(request, {
    next(result) {
      for (const event of Object.values(result.data ?? {})) after = event?.cursor ?? after;
      sink.next(result);
    },
    error: (error) => sink.error(error),
    complete: () => sink.complete(),
  });
}
