"""What carries operations: HTTP and WebSocket."""
