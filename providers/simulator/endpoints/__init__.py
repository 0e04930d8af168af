"""The operators' HTTP: TM Forum's APIs, the hub, and the control API for tests."""
