// The audits of graphql-http: what the GraphQL over HTTP specification asks of a server, one line an audit.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: `${process.argv[2]}/graphql`, fetchFn: fetch });
for (const { id, name, status, reason } of results) {
  console.log(JSON.stringify({ step: id, error: status === "ok" ? null : `${name}: ${status}: ${reason}` }));
}
process.exit(0);
