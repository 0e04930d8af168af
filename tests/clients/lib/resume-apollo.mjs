// Subscriptions of Apollo Client, by whatever link, across lost connections.
import { ApolloLink } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { OperationTypeNode } from "graphql";
import { defer, retry, tap, throwError, timer } from "rxjs";

/**
 * Stands before the link that sends: a subscription that lost its connection goes on after the last event, ten tries
 * long. What the gateway itself refuses is final.
 */
export const resumeLink = new ApolloLink((operation, forward) => {
  if (operation.operationType !== OperationTypeNode.SUBSCRIPTION) return forward(operation);
  const { variables } = operation;
  return defer(() => forward(operation)).pipe(
    tap(({ data }) => {
      for (const event of Object.values(data ?? {})) variables.after = event?.cursor ?? variables.after;
    }),
    retry({
      count: 10,
      resetOnSuccess: true,
      delay: (error, tries) => (CombinedGraphQLErrors.is(error) ? throwError(() => error) : timer(200 * tries)),
    }),
  );
});
