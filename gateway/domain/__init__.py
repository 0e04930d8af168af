"""The language of the gateway: values, states, rules and errors, on the standard library alone."""
