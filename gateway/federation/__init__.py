"""Many providers as one: discovery, registry, gather, guard, projection."""
