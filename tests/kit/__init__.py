"""The kit for adapter authors, against servers made for the purpose."""
