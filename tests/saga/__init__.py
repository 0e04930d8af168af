"""The saga: plan, steps, driver and engine."""
