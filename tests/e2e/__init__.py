"""The whole demo, as real processes, over HTTP and WebSocket."""
