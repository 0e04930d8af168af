/**
 * @generated SignedSource<<1f1194b458b628cfa9098c276d1e2c4a>>
 * @relayHash 65ea2fcd67901a5b21659f0f3d0ae98c
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

// @relayRequestID 83531f77a5bac8ff697bbb497d7b7a05c0559239038b1aa15b250d1622cdbf75

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
    "concreteType": "ConfigureBundleItemPayload",
    "kind": "LinkedField",
    "name": "configureBundleItem",
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
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "revision",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "isOrderable",
            "storageKey": null
          }
        ],
        "storageKey": null
      },
      {
        "alias": null,
        "args": null,
        "concreteType": "ConfigureBundleItemUserError",
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
    "name": "ShopConfigureMutation",
    "selections": (v1/*:: as any*/),
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "ShopConfigureMutation",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "id": "83531f77a5bac8ff697bbb497d7b7a05c0559239038b1aa15b250d1622cdbf75",
    "metadata": {},
    "name": "ShopConfigureMutation",
    "operationKind": "mutation",
    "text": null
  }
};
})();

node.hash = "4035726c16afabb032360b63b57d6c14";

module.exports = node;
