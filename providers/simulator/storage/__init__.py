"""What an operator keeps on disk: one SQLite file each, so that what belongs together commits together."""
