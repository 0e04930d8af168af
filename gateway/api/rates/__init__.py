"""How often something may be done: counted in this process, or over all gateways in one Redis."""
