"""Starts the command line."""

import sys

from providers.simulator.commandline import main

sys.exit(main())
