// The lint of the schema: the recommended rules and those of Relay, but for what is declared here with its reason.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import plugin from "@graphql-eslint/eslint-plugin";
import { buildSchema } from "graphql";

const SCHEMA = fileURLToPath(new URL("../../../schema.graphql", import.meta.url));

// Types without an `id`, by reason.
const VALUES = {
  "two are the same when all of their fields are": [
    "Address", "Characteristic", "Money", "Place", "Quantity", "RecurringTotal",
  ],
  "a part of its owner, which has the id, and never shown without it": [
    "BillLine", "BundledGroup", "BundledOffering", "BundlePrice", "CancellationRefusal", "Hold", "Membership",
    "OrderItemFailure", "ProviderPrice",
  ],
  "a part of an order form, which is asked for anew; a field's name is its `key`": [
    "Choice", "ChoiceConstraint", "OrderField", "OrderForm", "RangeConstraint", "TextConstraint",
  ],
  "worked out for one question, and kept nowhere": [
    "AlternativeOffering", "BundleCandidate", "BundleIssue", "CurrentCharges", "CurrentChargesAnswer",
    "OfferingQualification", "OfferingQualificationAnswer", "QualificationReason", "Satisfaction",
    "UnavailableProvider",
  ],
  "what a registration's checks and calls have found, shown with it alone": [
    "CapabilityHealth", "ProviderCheck", "ProviderConformance", "ProviderHealth", "ProviderLimits",
  ],
  "how far an authorization goes, a part of it": [
    "AuthorizationConditions", "AuthorizationHours", "EverythingScope", "OfferingScope", "ProductScope",
  ],
  "a part of an order's records or of a security event, shown with it alone": [
    "OrderStep", "OrderStepInput", "SecurityEventParameter",
  ],
  "how things stand at the moment of the question; an executor has a name": ["Executor", "OrderBacklog"],
  "the Relay specification gives it no id": ["PageInfo"],
};
// The answer of one mutation, what is wrong with its input, and the two types of a page.
const SUFFIXES = ["Payload", "UserError", "Connection", "Edge"];

const types = buildSchema(readFileSync(SCHEMA, "utf8")).getTypeMap();
for (const name of Object.values(VALUES).flat()) {
  if (!types[name] || "id" in types[name].getFields()) throw new Error(`${name} is no exception any more`);
}

export default [
  {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": plugin },
    languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema: SCHEMA } } },
    rules: {
      ...plugin.configs["flat/schema-recommended"].rules,
      ...plugin.configs["flat/schema-relay"].rules,
      "@graphql-eslint/strict-id-in-types": [
        "error",
        { exceptions: { types: Object.values(VALUES).flat(), suffixes: SUFFIXES } },
      ],
      // GraphQL's own directive, which is printed because older tools do not know it yet.
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          DirectiveDefinition: true,
          rootField: true,
          ignoredSelectors: ["DirectiveDefinition[name.value=oneOf]"],
        },
      ],
      // `billNumber` and `billDate` are TM Forum's names (TMF678), beside `number` and `date` of other things.
      "@graphql-eslint/no-typename-prefix": "off",
      // Pages go forward only.
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
      // A short list with a documented maximum is a list. The rows of a bill and a bundle's candidates are no nodes.
      "@graphql-eslint/relay-edge-types": [
        "error",
        { withEdgeSuffix: true, listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
      ],
    },
  },
];
