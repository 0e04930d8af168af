"""What is kept of people: handed out, erased, and never told where it must not be."""
