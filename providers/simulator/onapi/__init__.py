"""A network operator that speaks ON-API 2.6 (open access networks): accesses, services, orders, subscriptions, events.

Source: ON-API 2.6. What the API leaves open is decided in the README of the simulator.
"""
