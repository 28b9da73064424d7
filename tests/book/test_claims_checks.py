"""The marks on the tests: only what pytest runs is a check."""

from small_book import claims, write

HELPERS = """import pytest

@pytest.mark.claim("lem-file", kind="identity")
def test_never(): ...
"""


def test_a_mark_that_pytest_would_not_run_is_no_check(tmp_path):
    write(
        tmp_path / "tests",
        {
            "test_marks.py": """
from pytest import mark; import pytest
claim = pytest.mark.claim
pytestmark = pytest.mark.claim("lem-module", kind="identity")

@pytest.mark.claim("lem-helper", kind="identity")
def helper(): ...

@pytest.mark.claim("lem-empty", kind="identity")
class TestEmpty: ...

@pytest.mark.skip
@pytest.mark.claim("lem-skipped", kind="identity")
def test_skipped(): ...

@pytest.mark.xfail(reason="wrong")
@pytest.mark.claim("lem-wrong", kind="identity")
def test_wrong(): ...

@pytest.mark.claim("lem-kindless")
def test_kindless(): ...

@pytest.mark.claim(LABEL, kind="identity")
def test_computed(): ...

@pytest.mark.claim
def test_bare(): ...

def test_outer():
    @pytest.mark.claim("lem-inner", kind="identity")
    def test_inner(): ...

@pytest.mark.parametrize("d", [pytest.param(2, marks=mark.claim("lem-param", kind="identity"))])
@pytest.mark.claim("lem-good", kind="identity")
def test_good(d): ...
""",
            "helpers.py": HELPERS,
        },
    )
    checks, wrong = claims.checks.read_checks(tmp_path / "tests")
    assert [(c.label, c.test) for c in checks] == [("lem-good", "tests/test_marks.py::test_good")]
    lines = {place.split("/")[1] for place, _ in wrong}
    assert lines == {
        "helpers.py:3",
        *(f"test_marks.py:{n}" for n in (3, 4, 6, 9, 13, 17, 20, 23, 26, 30, 33)),
    }
