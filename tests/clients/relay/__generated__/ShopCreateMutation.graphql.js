/**
 * @generated SignedSource<<97d6578a91399dbc23b40fcfeece60a1>>
 * @relayHash 29730cd6f9c9b45b1a716604c63bfeb7
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

// @relayRequestID 470f37a5bfc326301eb71a3670073d86e66370caa7da43099b67de6a305cf0e8

var node = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "input"
  }
],
v1 = [
  {
    "alias": null,
    "args": [
      {
        "kind": "Variable",
        "name": "input",
        "variableName": "input"
      }
    ],
    "concreteType": "CreateBundlePayload",
    "kind": "LinkedField",
    "name": "createBundle",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "concreteType": "Bundle",
        "kind": "LinkedField",
        "name": "bundle",
        "plural": false,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "id",
            "storageKey": null
          }
        ],
        "storageKey": null
      },
      {
        "alias": null,
        "args": null,
        "concreteType": "CreateBundleUserError",
        "kind": "LinkedField",
        "name": "userErrors",
        "plural": true,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "code",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "field",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "message",
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "ShopCreateMutation",
    "selections": (v1/*:: as any*/),
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "ShopCreateMutation",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "id": "470f37a5bfc326301eb71a3670073d86e66370caa7da43099b67de6a305cf0e8",
    "metadata": {},
    "name": "ShopCreateMutation",
    "operationKind": "mutation",
    "text": null
  }
};
})();

node.hash = "696b628ec7ba926d1a38b47c96edace7";

module.exports = node;
