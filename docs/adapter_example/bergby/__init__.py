"""Bergby Fibre, a made-up operator: its own small system (`server`), and the gateway's adapter for it (`adapter`)."""
