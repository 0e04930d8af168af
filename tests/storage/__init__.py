"""What is kept, on every database."""
