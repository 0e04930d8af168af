"""What every test has: the closed network, the table of requirements, and the shared material where it is there."""

pytest_plugins = [
    "tests.plugins.network",
    "tests.plugins.requirements",
    "tests.plugins.shared",
    "tests.plugins.spreading",
]
