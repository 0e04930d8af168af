"""What the tour sends: GraphQL documents as a frontend would write them."""

BROWSE = """
query Browse($filter: ProductOfferingFilter, $first: Int, $after: String) {
  productOfferings(filter: $filter, first: $first, after: $after) {
    edges { node { id name role provider { name } } }
    pageInfo { hasNextPage endCursor }
    unavailableProviders { provider { name } }
  }
}"""

CREATE_BUNDLE = """
mutation CreateBundle($input: CreateBundleInput!) {
  createBundle(input: $input) { bundle { id } userErrors { code message } }
}"""

ADD_ITEM = """
mutation AddItem($input: AddBundleItemInput!) {
  addBundleItem(input: $input) { item { id offeringName } userErrors { code message } }
}"""

CONFIGURE_ITEM = """
mutation ConfigureItem($input: ConfigureBundleItemInput!) {
  configureBundleItem(input: $input) { item { id } userErrors { code message } }
}"""

CANDIDATES = """
query Candidates($bundleId: ID!, $role: ProviderRole!, $first: Int) {
  bundle(id: $bundleId) {
    candidates(role: $role, first: $first) {
      edges { node {
        offering { id name provider { name } }
        agreements { name }
        satisfies { requirement { label } actual { name values unit } }
      } }
    }
  }
}"""

REVIEW = """
query Review($id: ID!) {
  bundle(id: $id) {
    revision
    isOrderable
    items {
      id role offeringName provider { name }
      orderForm { fields { key label constraint { ... on ChoiceConstraint { choices { value label } } } } }
    }
    price {
      oneTime { amount currency }
      recurring { period amount { amount currency } }
      tax { amount currency }
      byProvider { provider { name } }
    }
    terms { id name provider { name } }
    issues { code field message item { id } }
  }
}"""

PLACE_ORDER = """
mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    order { id state items { id state offeringName role provider { name } } }
    userErrors { code message }
  }
}"""

TRACK_ORDER = """
subscription TrackOrder($orderId: ID!) {
  orderEvents(orderId: $orderId) { sequence message orderState itemState completionPercent item { id } }
}"""

CANCEL_ORDER = """
mutation CancelOrder($input: CancelOrderInput!) {
  cancelOrder(input: $input) { cancellation { state } order { state } userErrors { code message } }
}"""

PRODUCTS = """
query Products {
  customer {
    products(first: 100) {
      edges { node { name status provider { name } } }
      unavailableProviders { provider { name } }
    }
  }
}"""

BILLS = """
query Bills {
  customer {
    bills(first: 100) {
      edges { node { billNumber state taxIncluded { amount currency } provider { name }
        lines(first: 20) { edges { node { description amount { amount currency } } } } } }
    }
    currentCharges { charges { provider { name } total { amount currency } } }
  }
}"""
