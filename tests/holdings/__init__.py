"""What a customer holds and owes, across providers."""
