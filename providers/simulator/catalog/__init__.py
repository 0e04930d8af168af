"""What an operator sells, where, and at what price: TMF620 expanded from a compact file."""
