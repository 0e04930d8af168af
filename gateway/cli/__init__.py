"""The command line: demo (and its tour), serve, schema, provider, db."""
