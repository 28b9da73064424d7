"""The examples in the docstrings of the extensions."""

import doctest
import importlib

import pytest
import small_book  # noqa: F401  (it puts the extensions on the path)

NAMES = (
    "claims.filters",
    "claims.functions",
    "docstrings",
    "notebooks",
    "pages",
    "run_time",
    "search_results.entries",
    "search_results.synonyms",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_say_what_the_functions_return(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted and not result.failed
