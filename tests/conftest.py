"""What every test has: Ctrl-C, the closed network, the table of requirements, the shared material where it is there.

A run of all tests has all cores, too.
"""

pytest_plugins = [
    "tests.plugins.databases",
    "tests.plugins.interrupts",
    "tests.plugins.network",
    "tests.plugins.requirements",
    "tests.plugins.shared",
    "tests.plugins.spreading",
]
