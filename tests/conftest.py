"""Shared by all tests: fixed seeds for the property tests."""

from hypothesis import settings

# The same commit gives the same verdict: examples are derived from the test's own name, and no
# example is timed.
settings.register_profile("book", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("book")
