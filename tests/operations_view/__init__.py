"""What operations sees and does."""
