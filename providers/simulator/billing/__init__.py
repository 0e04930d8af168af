"""What a customer pays: charges of a product, rates of a period, bills. TMF678 v4.0.0."""
