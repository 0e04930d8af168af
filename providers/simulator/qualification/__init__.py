"""Whether an offering can be delivered at a place. TMF679 v4.0.0."""
