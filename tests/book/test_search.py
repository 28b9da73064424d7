"""The search page's own list: what it is made of, what it finds first, and by which keys."""

import json
import re
import sys
from pathlib import Path

import pytest
import test_browser
from small_book import build, write
from test_browser import SITE, visit

BOOK = Path(__file__).resolve().parents[2] / "book"
sys.path.insert(0, str(BOOK / "_ext"))
from search_results.entries import Entry  # noqa: E402
from search_results.synonyms import read_synonyms, resolve  # noqa: E402

browser, site, desk = test_browser.browser, test_browser.site, test_browser.desk

LIMIT = 70_000  # bytes of the file that the search page fetches

# What a reader types, and where the first line of the list has to lead.
FIRST = {
    "Theorem concentration": "limits/concentration.html#thm-concentration",
    "concentration theorem": "limits/concentration.html#thm-concentration",
    "Theorem 7.3": "power/tangent-kernel.html#prop-lazy",
    "exact optimum": "sharp/optimum.html#thm-exact-optimum",
    "width bound": "limits/any-coefficients.html#thm-any-coefficients",
    "width_bound": "limits/any-coefficients.html#thm-any-coefficients",
    "Ky Fan": "sharp/optimum.html#lem-best-subspace",
    "NTK": "power/tangent-kernel.html#prop-tangent-kernel",
    "RKHS": "power/kernels.html",
    "XOR": "beyond/amplification.html",
    "lottery ticket": "neighbours/pruning.html",
    "NNGP": "beyond/prior-kernel.html",
    "cite": "intro.html#sec-cite",
    "how to cite": "intro.html#sec-cite",
    "notation": "notation.html",
    "errata": "errata.html",
    "ledger": "claims.html",
    "install": "intro.html#sec-run",
    "kappa": "notation.html#concentration",
    "Bernstein": "beyond/amplification-end-to-end.html#lem-bernstein-moments",
}

CHAPTER = """# Waves of $\\gamma$

```{prf:theorem} The bound of $e^{-d/2}$
:label: thm-wave

Let $\\norm f\\le1$. Small. {source}`standard` {no-function}`none`
```

```{prf:proof}
Easy.
```

```{exercise} A double
:label: ex-double
```
"""
NOTATION = """# Notation

## Letters

| Symbol | Meaning |
|---|---|
| $\\kappa(t)$ | kernel ({prf:ref}`thm-wave`). *Code:* `kernel` |
"""
TEST = """
import pytest

@pytest.mark.claim("thm-wave", kind="identity")
def test_wave(): ...
"""


def small(folder: Path, synonyms: str) -> list[str]:
    pages = {"a.md": CHAPTER, "notation.md": NOTATION, "synonyms.yml": synonyms}
    write(folder / "book", pages)
    write(folder / "tests", {"test_waves.py": TEST})
    write(folder / "src", {"waves.py": '"""Nothing."""\n'})
    return build(folder, "sphinx_exercise", "claims", "search_results")


def test_the_file_has_statements_exercises_symbols_and_pages_in_plain_characters(tmp_path):
    assert small(tmp_path, "ky fan: [thm-wave, notation, the bound]\n") == []
    data = json.loads((tmp_path / "html" / "search-results.json").read_text(encoding="utf-8"))
    rows = [
        (data["pages"][at], anchor, data["kinds"][kind], *rest)
        for at, anchor, kind, *rest in data["entries"]
    ]
    assert ("a.html", "", "Chapter", "1", "Waves of γ") in rows
    statement = ("The bound of e^(−d/2)", "", "Let ‖f‖ ≤ 1. Small.")
    assert ("a.html", "thm-wave", "Theorem", "1.1", *statement) in rows
    assert ("a.html", "ex-double", "Exercise", "1.1", "A double") in rows
    assert ("notation.html", "letters", "Symbol", "", "κ(t)", "", "kernel") in rows
    [[phrases, direct, words]] = data["synonyms"]
    assert phrases == ["ky fan"] and words == ["the bound"]
    assert [rows[place][1] for place in direct] == ["thm-wave", ""]


@pytest.mark.parametrize(
    ("synonyms", "complaint"),
    [
        ("wave: [thm-gone]\n", "'wave' leads to 'thm-gone', which nothing is called"),
        ("wave: [a#sec-gone]\n", "'wave' leads to 'a#sec-gone', which nothing is called"),
        ("wave: [nothing like it]\n", "'wave' leads to 'nothing like it'"),
        ("wave, Wave: [a]\n", "the synonym 'wave' stands there twice"),
    ],
)
def test_a_synonym_that_leads_nowhere_is_a_warning(tmp_path, synonyms, complaint):
    [warning] = small(tmp_path, synonyms)
    assert complaint in warning


def test_a_section_of_a_page_can_be_meant():
    entries = [Entry("intro", "", "Page", "Introduction", [], "")]
    said = [(["cite"], ["intro#sec-cite"])]
    found, lost = resolve(said, entries, {"intro": {"sec-cite": "How to cite"}})
    assert found == [(["cite"], [1], [])] and lost == []
    assert entries[1] == Entry("intro", "sec-cite", "Section", "How to cite", [], "")


def test_the_table_of_synonyms_is_well_formed():
    said, wrong = read_synonyms(BOOK / "synonyms.yml")
    assert wrong == []
    assert len(said) > 40 and all(meant for _, meant in said)


# On the site --------------------------------------------------------------------------------------


def raw_latex(text: str) -> list[str]:
    r"""What looks like the source of a formula.

    >>> raw_latex(r"e^(−d/2) \\norm $x$")
    ['\\', '\\', '$', '$']
    """
    return re.findall(r"\\|\$", text)


def test_the_file_is_small_and_has_no_latex():
    file = SITE / "search-results.json"
    if not file.is_file():
        pytest.skip("no built site: run `make book` first")
    text = file.read_text(encoding="utf-8")
    assert len(text.encode()) <= LIMIT
    shown = [str(part) for row in json.loads(text)["entries"] for part in row[3:]]
    assert not raw_latex("".join(shown))


RANK = """async ([queries, cut]) => {
  const data = await (await fetch("search-results.json")).json();
  if (cut) data[cut] = data[cut].slice(0, 1);
  const read = bookSearch.read(data);
  return queries.map((query) => bookSearch.rank(read, query).map((entry) => entry.uri));
}"""


def ranked(desk, queries: list[str], cut: str = "") -> dict[str, list[str]]:
    """Where the lines of the list lead, for each query; with a part of the file cut off."""
    desk.page.goto(desk.base + "search.html")
    return dict(zip(queries, desk.page.evaluate(RANK, [queries, cut]), strict=True))


def test_every_query_finds_what_it_means_first(desk):
    found = ranked(desk, list(FIRST))
    wrong = {query: found[query][:3] for query in FIRST if found[query][:1] != [FIRST[query]]}
    assert not wrong


def test_without_the_synonyms_it_would_not(desk):
    """The check above sees a lost table of synonyms, and nothing is found for what is nowhere."""
    found = ranked(desk, [*FIRST, "zyzzyva", "Theorem 7.99", "theorem zyzzyva"], cut="synonyms")
    missed = {query for query in FIRST if found[query][:1] != [FIRST[query]]}
    assert {"Ky Fan", "NTK", "lottery ticket", "RKHS", "NNGP", "install"} <= missed
    assert {"Theorem concentration", "Theorem 7.3"}.isdisjoint(missed)
    assert found["zyzzyva"] == found["Theorem 7.99"] == found["theorem zyzzyva"] == []


def test_the_list_stands_first_and_is_walked_by_keyboard(desk):
    page = desk.page
    page.goto(desk.base + "search.html?q=Ky+Fan")
    page.wait_for_selector(".found li a")
    page.wait_for_selector("#search-results h2")
    order = "() => document.querySelector('.found').compareDocumentPosition(RESULTS) & 4"
    assert page.evaluate(order.replace("RESULTS", "document.querySelector('#search-results')"))
    assert re.match(r"\d+ match", page.locator(".found [role=status]").inner_text())
    assert page.locator(".search-again input").input_value() == "Ky Fan"
    page.locator(".search-again input").focus()
    for _ in range(2):  # past the button, to the first line
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.found li') !== null")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sharp/optimum.html#lem-best-subspace")
    assert page.locator("#lem-best-subspace").count() == 1


def test_a_long_list_is_opened_by_keyboard(desk):
    page = desk.page
    page.goto(desk.base + "search.html?q=theorem")
    page.wait_for_selector(".found li a")
    lines = page.locator(".found li")
    few = page.locator(".found li:visible").count()
    assert 3 < few < lines.count()
    page.locator(".found > button").focus()
    page.keyboard.press("Enter")
    assert page.locator(".found li:visible").count() == lines.count()
    assert lines.nth(few).locator("a").evaluate("link => link === document.activeElement")


def test_asking_again_on_a_phone(browser, site):
    here = visit(browser, site, 390, "light")
    here.page.goto(here.base + "search.html?q=zyzzyva")
    here.page.wait_for_selector(".found [role=status]")
    assert here.page.locator(".found [role=status]").inner_text() == "No matches"
    here.page.locator(".search-again input").fill("width bound")
    here.page.keyboard.press("Enter")
    here.page.wait_for_selector(".found li a")
    assert here.page.locator(".found li a").first.inner_text().startswith("Theorem")
    assert not raw_latex(here.page.locator(".found").inner_text())
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 390
    here.page.close()
    assert not here.found, here.found


def test_no_other_page_fetches_the_list(desk):
    asked = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.page.goto(desk.base + "limits/concentration.html", wait_until="networkidle")
    assert not [url for url in asked if "search-results" in url or "search_results" in url]
    desk.page.goto(desk.base + "search.html?q=NTK")
    desk.page.wait_for_selector(".found li a")
    assert [url for url in asked if "search-results.json" in url]
