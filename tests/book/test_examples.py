"""The examples in the docstrings of the extensions."""

import doctest
import importlib

import pytest
import small_book  # noqa: F401  (it puts the extensions on the path)


@pytest.mark.parametrize("name", ["claims.functions", "docstrings", "notebooks", "run_time"])
def test_the_examples_say_what_the_functions_return(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted and not result.failed
