"""With an address of the repository a chapter opens on Colab and Binder, and can be corrected."""

import json
import re

import pytest

pytest.importorskip("myst_nb", reason="the book's tools are not installed")
import notebooks_branch
import small_book
import yaml
from small_book import EXTENSIONS

BOOK = EXTENSIONS.parent
CHAPTER = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---
# Chapter

```{code-cell} ipython3
1
```
"""


def built(folder, **settings: str) -> tuple[str, str]:
    """A chapter and a page of prose."""
    small_book.write(folder / "book", {"part one.md": CHAPTER, "prose.md": "# Prose\n\nText.\n"})
    fixed = {
        "nb_execution_mode": "off",
        "suppress_warnings": ["myst-nb.lexer"],
        "copyright": "2026",
        "html_theme": "furo",
        "claims_repository": "",
        "templates_path": [str(BOOK / "_templates")],
        "html_static_path": [str(BOOK / "_static")],
    }
    extensions = ("myst_nb", "build_math", "search_text", "claims", "notebooks", "pages")
    small_book.build(folder, *extensions, **fixed, **settings)
    return small_book.page(folder, "part one"), small_book.page(folder, "prose")


def links(markup: str) -> dict[str, str]:
    """The links whose words say what they do, to addresses outside."""
    return {
        words: url for url, words in re.findall(r'href="(https://[^"]*)"[^>]*>([^<]+)</a>', markup)
    }


def test_a_chapter_opens_where_its_repository_says(tmp_path):
    chapter, prose = map(links, built(tmp_path, book_repository="https://github.com/owner/book/"))
    github = "https://github.com/owner/book"
    file = "part%20one.ipynb"
    assert chapter["Colab"] == (
        f"https://colab.research.google.com/github/owner/book/blob/notebooks/{file}"
    )
    assert chapter["Binder"] == f"https://mybinder.org/v2/gh/owner/book/notebooks?labpath={file}"
    assert chapter["suggest a change"] == f"{github}/edit/main/book/part%20one.md"
    assert chapter["report an error on this page"] == f"{github}/issues/new?title=part%20one"
    assert "Colab" not in prose and "Binder" not in prose  # it has no cells
    assert prose["suggest a change"] == f"{github}/edit/main/book/prose.md"
    notebook = (tmp_path / "html" / "_sources" / "part one.ipynb").read_text(encoding="utf-8")
    assert f"git+{github} " in notebook


def test_another_branch(tmp_path):
    settings = {"book_branch": "next/one", "book_notebooks": "made/here"}
    repository = "https://github.com/owner/book"
    chapter, _ = map(links, built(tmp_path, book_repository=repository, **settings))
    assert "/blob/made/here/" in chapter["Colab"]
    assert "/owner/book/made%2Fhere?" in chapter["Binder"]  # one part of the path, as Binder wants
    assert "/edit/next/one/" in chapter["suggest a change"]


@pytest.mark.parametrize("repository", ["", "https://example.org/owner/book"])
def test_no_button_leads_nowhere(tmp_path, repository):
    chapter, prose = built(tmp_path, book_repository=repository)
    assert "page-launch" not in chapter + prose
    assert ("suggest a change" in links(prose)) == bool(repository)
    assert not any("colab" in url or "binder" in url for url in links(chapter).values())


def test_the_book_names_no_address_yet_or_a_real_one():
    config = yaml.safe_load((BOOK.parent / "_config.yml").read_text(encoding="utf-8"))
    address = config["sphinx"]["config"]["book_repository"]
    assert address == "" or re.fullmatch(r"https://[\w.-]+/[\w.-]+/[\w.-]+", address)


def test_the_branch_has_what_the_buttons_open_and_an_environment(tmp_path):
    html, _ = built(tmp_path, book_repository="https://github.com/owner/book")
    old = tmp_path / "branch" / "gone.ipynb"
    old.parent.mkdir()
    old.write_text("{}", encoding="utf-8")
    assert notebooks_branch.fill(tmp_path / "html" / "_sources", tmp_path / "branch") == 1
    assert not old.exists()
    (name,) = re.findall(r"labpath=([^\"]*)", html)
    cells = json.loads((tmp_path / "branch" / name.replace("%20", " ")).read_text("utf-8"))["cells"]
    assert cells[1]["source"][0].startswith("%pip install")
    environment = yaml.safe_load((tmp_path / "branch" / "environment.yml").read_text("utf-8"))
    packages = environment["dependencies"][-1]["pip"]
    assert {re.split("[<>=]", line)[0] for line in packages} == {
        *("array-api-compat", "jaxtyping", "lazy-loader", "matplotlib"),
        *("numpy", "python-flint", "scipy"),
    }
    assert environment["dependencies"][0] == "python >=3.11"
    assert notebooks_branch.fill(tmp_path / "nothing", tmp_path / "branch") == 0


def test_the_workflow_fills_the_branch_that_the_buttons_name():
    config = yaml.safe_load((BOOK.parent / "_config.yml").read_text(encoding="utf-8"))
    workflow = (BOOK.parent / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8")
    branch = config["sphinx"]["config"]["book_notebooks"]
    assert f'git push --quiet --force "$remote" {branch}\n' in workflow
    assert f"--initial-branch {branch}\n" in workflow
