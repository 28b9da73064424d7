"""The fold at a result: what its proof uses, and whose proofs use it."""

import json
import re

from small_book import build, page, text_of, write
from test_claims import SECOND, good_book


def fold(markup: str, label: str) -> str:
    """The fold in the box of a statement, which ends before the next box."""
    box = markup[markup.index(f'id="{label}"') :]
    box = box[: box.index('<div class="proof', 1)] if '<div class="proof' in box[1:] else box
    found = re.search(r"<details>.*?</details>", box, flags=re.S)
    return found[0] if found else ""


def test_a_result_lists_what_it_uses_and_what_uses_it_with_links(tmp_path):
    good_book(tmp_path)
    assert build(tmp_path, "claims", "build_math", "search_text") == []
    lemma, theorem = fold(page(tmp_path, "a"), "lem-series"), fold(page(tmp_path, "b"), "thm-bound")
    assert (
        text_of(lemma).strip()
        == "Uses 1, used by 2 Uses Definition 1.1 Used by Theorem 2.1 , Corollary 2.2"
    )
    assert 'href="b.html#thm-bound"' in lemma and 'href="#def-wave"' in lemma
    assert text_of(theorem).strip() == "Uses 1, used by 1 Uses Lemma 1.2 Used by Corollary 2.2"
    last = text_of(fold(page(tmp_path, "b"), "cor-all"))
    assert last.strip() == "Uses 2 Uses Lemma 1.2 , Theorem 2.1"
    assert fold(page(tmp_path, "b"), "thm-guess") == ""  # it uses nothing, and nothing uses it
    # A copy of the statement on the claims page, which has its own fields, comes without the fold.
    assert 'class="relations' not in page(tmp_path, "c")


def test_the_list_follows_a_proof_on_another_page(tmp_path):
    good_book(tmp_path)
    assert build(tmp_path, "claims") == []
    proof = "By {prf:ref}`lem-series` and {eq}`eq-bound`."
    write(tmp_path / "book", {"b.md": SECOND.replace(proof, "By {eq}`eq-bound`.")})
    assert build(tmp_path, "claims") == []
    assert "used by 1" in fold(page(tmp_path, "a"), "lem-series")


def test_the_list_is_not_searched(tmp_path):
    good_book(tmp_path)
    assert build(tmp_path, "claims", "build_math", "search_text") == []
    index = (tmp_path / "html" / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))
    # "corollary" stands in the list of the lemma on the page a, and nowhere else there.
    found = index["terms"]["corollari"]
    assert index["docnames"].index("a") not in (found if isinstance(found, list) else [found])
