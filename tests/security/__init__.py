"""Security events: recorded, chained, bounded, watched, shown to whom they concern."""
