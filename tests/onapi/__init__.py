"""ON-API: the network that speaks it, the adapter, and what is delivered over it."""
