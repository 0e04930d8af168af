"""Who may do what, accounts, places and the inbox."""
