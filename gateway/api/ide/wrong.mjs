// Refused wherever modules are held to their hashes: its own is wrong on purpose.
