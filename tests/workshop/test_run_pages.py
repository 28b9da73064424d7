"""What the sweep over the Run buttons calls the same, and what it finds."""

import run_pages


def shown(text: str, images: int = 0) -> dict:
    return {"text": text, "images": images}


def test_space_is_no_difference_and_a_digit_is():
    assert run_pages.difference(shown(" 1.5   2\n\n"), shown("1.5 2")) == ""
    assert run_pages.difference(shown("1.5 2\n3"), shown("1.5 2.1\n3")) == "- 1.5 2\n+ 1.5 2.1"
    assert "another order" in run_pages.difference(shown("1\n2"), shown("2\n1"))


def test_a_figure_that_is_missing_is_found():
    assert run_pages.difference(shown("", 2), shown("", 1)) == "1 figures instead of 2"


def test_pages_are_those_with_cells(tmp_path):
    bar = '<div class="run-bar" data-cell="1">'
    for name, markup in {"a/one": bar, "two": "", "_static/three": bar, "four": bar}.items():
        path = tmp_path / f"{name}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(markup, encoding="utf-8")
    assert run_pages.pages(tmp_path) == ["a/one", "four"]


def test_a_line_says_what_a_page_took_and_what_is_wrong():
    swept = run_pages.Swept("sharp/one", 3, 1, 4.0, [0.5, 2.5], {2: "- 1\n+ 2"})
    assert str(swept) == (
        "sharp/one: 3 cells, 1 for the notebook; first 4.0 s, then 3.0 s, the longest 2.5 s\n"
        "  cell 2: - 1\n    + 2"
    )
