"""The adapters and operators that come with the gateway; each is found by its entry point."""
