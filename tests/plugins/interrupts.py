"""Has Ctrl-C reach the tests and what they start, also where all of it began in the background of a shell.

There SIGINT is ignored, and so it would be by every program that is started.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
