/**
 * @generated SignedSource<<381e3e8f8b4056bcb651afeb24d1e0dc>>
 * @relayHash f16ab9fe0d05afba09a2dd0c84941343
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

// @relayRequestID 10861a22862bae113c4ae2225705dd12e7f7dc334b3cb4b9b31de01ce9257fc2

var node = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "id"
  }
],
v1 = [
  {
    "kind": "Variable",
    "name": "id",
    "variableName": "id"
  }
],
v2 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
},
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "name",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "ShopOfferingQuery",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "ProductOffering",
        "kind": "LinkedField",
        "name": "productOffering",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          (v3/*:: as any*/),
          {
            "kind": "Defer",
            "selections": [
              {
                "args": null,
                "kind": "FragmentSpread",
                "name": "Shop_terms"
              }
            ]
          }
        ],
        "storageKey": null
      }
    ],
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "ShopOfferingQuery",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "ProductOffering",
        "kind": "LinkedField",
        "name": "productOffering",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          (v3/*:: as any*/),
          {
            "if": null,
            "kind": "Defer",
            "label": "ShopOfferingQuery$defer$terms",
            "selections": [
              {
                "alias": null,
                "args": null,
                "concreteType": "Term",
                "kind": "LinkedField",
                "name": "terms",
                "plural": true,
                "selections": [
                  (v2/*:: as any*/),
                  (v3/*:: as any*/)
                ],
                "storageKey": null
              }
            ]
          }
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "id": "10861a22862bae113c4ae2225705dd12e7f7dc334b3cb4b9b31de01ce9257fc2",
    "metadata": {},
    "name": "ShopOfferingQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

node.hash = "f55acee7aee8d9fc4d167b7422469dea";

module.exports = node;
