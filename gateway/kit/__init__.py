"""For adapter authors: an HTTP client that speaks the error tree, and what else every adapter needs."""
