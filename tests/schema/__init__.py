"""What was released to frontend developers goes on working."""
