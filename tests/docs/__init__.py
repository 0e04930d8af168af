"""What is written for readers is true."""
