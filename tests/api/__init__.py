"""The API, driven over real HTTP and WebSockets."""
