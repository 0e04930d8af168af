"""Product orders: taken in, delivered after a while, cancelled in time. TMF622 v4.0.0."""
