"""What providers sell: offerings, prices, order forms, requirements, and where they can be delivered."""
