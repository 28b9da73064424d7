"""Shared by all tests: fixed seeds for the property tests, and a process that hears Ctrl-C."""

import signal

from hypothesis import settings

# The same commit gives the same verdict: examples are derived from the test's own name, and no
# example is timed.
settings.register_profile("book", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("book")

# A shell makes what it starts in the background deaf to Ctrl-C, and so everything that is started
# from there; the tests that press it need a run that hears.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
