"""Bundles that a customer puts together, and the orders they become."""
