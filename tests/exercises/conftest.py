"""The checks of exercises with seals that are quick to break: the same table, hashed three times
instead of thirty thousand.

That the data file is that of the table, with its real seals, `workshop/test_seal_answers.py` says.
"""

import sys
from pathlib import Path

import pytest

from randomfeatures.exercises import checking, sealing

sys.path.append(str(Path(__file__).resolve().parents[2] / "answers"))

import seal_answers


@pytest.fixture(scope="module")
def quick_seals():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "ROUNDS", 3)
        quick = {question.label: seal_answers.shut(question) for question in seal_answers.table()}
        patch.setattr(checking, "questions", lambda: quick)
        yield
