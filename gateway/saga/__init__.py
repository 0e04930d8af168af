"""An order's way to its end: plan, steps, and the engine that never forgets."""
