"""The hub: who wants to hear what happens, and the telling."""
