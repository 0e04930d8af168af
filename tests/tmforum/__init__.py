"""The TM Forum adapter, against the simulator's operators and against servers with the quirks of real ones."""
