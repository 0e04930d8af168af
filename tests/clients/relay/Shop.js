// The documents of a frontend that uses Relay: relay-compiler checks them against the schema and writes
// `__generated__`, with the manifest `persisted.json` that the gateway takes as its trusted documents.
const { graphql } = require("relay-runtime");

graphql`
  query ShopOfferingsQuery($filter: ProductOfferingFilter, $first: Int!, $after: String) {
    productOfferings(filter: $filter, first: $first, after: $after) @connection(key: "Shop_productOfferings") {
      edges {
        node {
          id
          name
        }
      }
    }
  }
`;

graphql`
  query ShopOfferingQuery($id: ID!) {
    productOffering(id: $id) {
      id
      name
      ...Shop_terms @defer(label: "terms")
    }
  }
`;

graphql`
  fragment Shop_terms on ProductOffering {
    terms {
      id
      name
    }
  }
`;

graphql`
  mutation ShopCreateMutation($input: CreateBundleInput!) {
    createBundle(input: $input) {
      bundle {
        id
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

graphql`
  query ShopBundleQuery($id: ID!) {
    bundle(id: $id) {
      id
      revision
      isOrderable
      items {
        id
        orderForm {
          fields {
            key
            constraint {
              ... on ChoiceConstraint {
                choices {
                  value
                }
              }
            }
          }
        }
      }
      terms {
        id
      }
      issues {
        item {
          id
        }
        field
      }
    }
  }
`;

graphql`
  mutation ShopConfigureMutation($input: ConfigureBundleItemInput!) {
    configureBundleItem(input: $input) {
      bundle {
        id
        revision
        isOrderable
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

graphql`
  mutation ShopPlaceMutation($input: PlaceOrderInput!) {
    placeOrder(input: $input) {
      order {
        id
        state
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

graphql`
  subscription ShopTrackSubscription($orderId: ID!, $after: String) {
    orderEvents(orderId: $orderId, after: $after) {
      __typename
      id
      cursor
      sequence
      message
      orderState
      completionPercent
      order {
        id
      }
    }
  }
`;

graphql`
  query ShopOrderQuery($id: ID!, $first: Int, $after: String) {
    order(id: $id) {
      id
      state
      events(first: $first, after: $after) {
        edges {
          cursor
        }
        pageInfo {
          hasNextPage
        }
      }
    }
  }
`;

graphql`
  fragment Shop_order on Order @refetchable(queryName: "ShopOrderRefetchQuery") {
    id
    state
    completionPercent
  }
`;
