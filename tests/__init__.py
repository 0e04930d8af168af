"""The tests; `tests/requirements.toml` names what they prove."""
