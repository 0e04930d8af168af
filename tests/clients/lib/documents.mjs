// Documents with parts that may come later.

/** The terms come later. */
export const DEFERRED = /* GraphQL */ `
  query Deferred($id: ID!) {
    productOffering(id: $id) {
      id
      name
      ... @defer {
        terms {
          id
          name
        }
      }
    }
  }
`;

/** The first row comes at once, the four others one by one. */
export const STREAMED = /* GraphQL */ `
  query Streamed {
    productOfferings(first: 5) {
      edges @stream(initialCount: 1) {
        node {
          id
          name
        }
      }
    }
  }
`;
