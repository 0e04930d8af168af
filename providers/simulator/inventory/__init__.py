"""The products that customers hold. TMF637 v4.0.0."""
