"""Formulas are rendered while the book is built.

What is accepted, what is refused, and what is left in the page.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the book's tools are not installed")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import build_math  # noqa: E402
import search_text  # noqa: E402
from docutils import nodes  # noqa: E402

CONF = """
import sys
sys.path.insert(0, {folder!r})
project = "Book"
extensions = ["myst_parser", "sphinx_proof", "sphinx.ext.autodoc", "build_math", "folds"]
extensions += ["search_text", "alt_text"]
myst_enable_extensions = ["amsmath", "dollarmath", "colon_fence"]
html_math_renderer = "katex"
html_theme = "basic"
numfig = True
"""


def build(folder: Path, text: str) -> tuple[int, str, str]:
    """``(exit code, warnings, page)`` of a book with one page."""
    (folder / "conf.py").write_text(
        CONF.format(folder=str(ROOT / "book" / "_ext")), encoding="utf-8"
    )
    (folder / "index.md").write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "-n",
        "--keep-going",
        "-b",
        "html",
        str(folder),
        str(folder / "site"),
    ]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    page = folder / "site" / "index.html"
    return run.returncode, run.stderr, page.read_text(encoding="utf-8") if page.is_file() else ""


# One formula.


@pytest.mark.parametrize(
    "tex, text",
    [
        (r"e^{-d/2}\norm{f}^2", "e^(−d/2)‖f‖²"),
        (r"\inner{x}{y}\in\R^d", "⟨x, y⟩ ∈ ℝ^d"),
        (r"\E\lvert X\rvert\le\P(A)", "𝔼|X| ≤ ℙ(A)"),
        (r"\frac{1}{2}\int f\,\diff x", "1/2∫f dx"),
        (r"\tri_\theta", "tri_θ"),
        (r"\sqrt{2\pi}", "√(2π)"),
    ],
)
def test_a_formula_as_characters(tex, text):
    assert build_math.render(tex, False)[1:] == (text, "")


def test_every_macro_renders():
    for name, body in build_math.MACROS.items():
        html, _, complaint = build_math.render(
            name + "{x}{y}"[: 3 * build_math_arguments(body)], False
        )
        assert not complaint, name
        assert "<math" in html


def build_math_arguments(body: str) -> int:
    return len(set(re.findall(r"#\d", body)))


@pytest.mark.parametrize("display", [False, True])
def test_no_tex_stays_in_the_markup(display):
    html, _, _ = build_math.render(r"\frac{\norm{x}}{\sqrt{d}}", display)
    assert "annotation" not in html
    assert "\\" not in html
    assert "<math" in html and 'class="katex-html" aria-hidden="true"' in html


@pytest.mark.parametrize(
    "tex, complaint",
    [
        (r"\unknown x", r"Undefined control sequence: \unknown"),
        (r"\frac{1}{2", "expected '}'"),
        (r"x^2 % note", "commentAtEnd"),
        (r"å", "unicodeTextInMathMode"),
        (r"\href{https://example.org}{x}", "trusted"),
        (r"\label{eq-x} x", r"\label"),
        (r"x^2^3", "Double superscript"),
    ],
)
def test_a_wrong_formula_is_refused(tex, complaint):
    assert complaint in build_math.render(tex, True)[2]


def test_what_katex_writes_to_the_console_is_a_complaint(monkeypatch):
    planted = "(...a) => { console.warn('planted'); return kept(...a); }"
    build_math.katex().eval("var kept = katex.renderToString")
    build_math.katex().eval(f"katex.renderToString = {planted}; 0")
    try:
        assert build_math.render("p+l+a+n+t", False)[2] == "planted"
    finally:
        build_math.katex().eval("katex.renderToString = kept")


def source(tex: str, **attributes) -> str:
    return build_math.display_source(nodes.math_block(tex, tex, nowrap=False, **attributes))


def test_the_source_of_a_display():
    assert source("a = b") == "a = b"
    assert source(r"a \\ b") == r"\begin{split}a \\ b\end{split}"
    # KaTeX would drop this break without a word.
    cases = r"\begin{cases}1\\2\end{cases}"
    assert source(cases) == cases
    assert source(cases + r" \\ b") == rf"\begin{{split}}{cases} \\ b\end{{split}}"
    assert source("a\n\nb") == r"\begin{aligned}a\\b\end{aligned}"
    tex = r"\begin{align}a&=b\\c&=d\end{align}"
    assert build_math.display_source(nodes.math_block(tex, tex, nowrap=True)) == tex.replace(
        "align", "align*"
    )


def test_plain_html_reads_each_formula_once():
    formula = build_math.render("x", False)[0]
    html = f'The norm <span class="math" data-text="‖x‖²">{formula}</span> &amp; more'
    assert search_text.plain_html(html) == "The norm ‖x‖² & more"


# A page.

PAGE = r"""# The norm $\norm{x}^2$ & more

A description with $\R^d$.

## A heading with $\tri_\theta$

$$
x = 1
$$ (eq-one)

\begin{align}
a &= b \\
c &= d
\end{align}

$$ y = 2 $$ (eq-two)

Links {eq}`eq-one`, $\eqref{eq-two}$ and {prf:ref}`thm-a`.

```{prf:theorem} On $\norm{f}$
:label: thm-a
It holds for $f$.
```

```{prf:proof}
:class: dropdown
By $\sgn$.
```

```{prf:proof}
An open one.
```

```{eval-rst}
.. function:: f(x)

   The value :math:`\sqrt{2}`.

   .. math:: \rho^2 = 3
```
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    code, warnings, html = build(folder, PAGE)
    assert (code, warnings) == (0, "")
    return folder, html


def test_no_formula_is_left_as_source(page):
    _, html = page
    formulas = html.count("data-text=")
    assert formulas >= 9
    assert html.count('class="katex"') == formulas
    hidden = r'<script.*?</script>|data-tex="[^"]*"'
    assert "\\" not in re.sub(hidden, "", html, flags=re.S)
    assert "mathjax@" not in html.lower() and "tex-mml" not in html


@pytest.mark.parametrize(
    "tex, latex",
    [
        (r"\R^d\ni\diff x", r"\mathbb{R}^d\ni\mathrm{d} x"),
        (r"\norm\theta", r"\lVert \theta\rVert"),
        (r"\norm{\inner{\{w\}}x}y", r"\lVert \langle \{w\},\,x\rangle\rVert y"),
        (r"\inner fg_1", r"\langle f,\,g\rangle_1"),
        (r"\Rho\\\E", r"\Rho\\\mathbb{E}"),
    ],
)
def test_a_formula_for_other_documents_has_no_macro_of_the_book(tex, latex):
    assert build_math.expanded(tex) == latex


def test_a_formula_without_the_macros_looks_the_same(monkeypatch):
    tex = r"\E\norm{\inner wx}^2\ge\P(\tri>\sgn t)\norm\theta\Var x+\Cov(\tail_r)\,\diff x"
    shown = build_math.render(tex, True)[0]
    latex = build_math.expanded(tex)
    monkeypatch.setattr(build_math, "MACROS", {})
    assert build_math.render(latex, True)[0] == shown


def test_latex_is_kept_where_the_characters_are_not_it(page):
    _, html = page
    assert r'data-tex="\lVert x\rVert^2" data-text="‖x‖²"' in html
    assert not re.search(r'data-tex="([^"]*)" data-text="\1"', html)


def test_a_comma_stays_with_its_formula(tmp_path):
    _, _, html = build(tmp_path, "# T\n\nSo $x$, and ($y$) and $z$ too, *all $w$*.\n")
    text = search_text.BeautifulSoup(html.replace("\u2060", "|"), "html.parser").find("p")
    for formula in text.select("[data-text]"):
        formula.replace_with(formula["data-text"])
    assert text.get_text() == "So x|, and (|y|) and z too, all w|."


def test_the_head_has_no_markup_and_no_tex(page):
    _, html = page
    assert re.search(r"<title>(.*?)</title>", html)[1].startswith("The norm ‖x‖² &amp; more")
    assert (
        '<meta name="description" content="A description with ℝ^d ." />' in html
        or 'content="A description with ℝ^d.' in html
    )


def test_equations_are_numbered_once_each_and_linked(page):
    _, html = page
    assert re.findall(r'class="eqno">\(([\d.]+)\)', html) == ["1", "2", "3"]
    links = re.findall(r'href="#(equation-eq-\w+)">(\([\d.]+\))', html)
    assert links == [("equation-eq-one", "(1)"), ("equation-eq-two", "(3)")]
    assert 'id="equation-eq-one"' in html and 'id="equation-eq-two"' in html


def test_the_search_index_has_no_tex(page):
    folder, _ = page
    index = (
        (folder / "site" / "searchindex.js")
        .read_text(encoding="utf-8")
        .encode()
        .decode("unicode_escape")
    )
    assert "‖x‖²" in index and "‖f‖" in index
    for word in ("katex", "norm}", "eqref", "begin", "span"):
        assert word not in index


def test_proofs_fold_without_a_script(page):
    _, html = page
    fold = r'<details class="proof-box fold" id="proof-thm-a">'
    assert re.search(fold + r'\s*<summary class="fold-title">Proof</summary>', html)
    assert "<strong>Proof.</strong> An open one." in html
    assert html.count("Proof.") == 1
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "text, complaint",
    [
        (
            "# T\n\ntext\n\nso $\\unknown$ x\n",
            r"index.md:5: WARNING: formula '\\unknown': Undefined control sequence",
        ),
        ("# T\n\n$$\n\\frac{1\n$$\n", r"index.md:3: WARNING: formula"),
        ("# T\n\nso $\\eqref{eq-nowhere}$\n", "equation not found: eq-nowhere"),
        ("# The $\\unknown$ title\n", r"index.md:1: WARNING: formula '\\unknown'"),
    ],
)
def test_a_wrong_formula_fails_the_build(tmp_path, text, complaint):
    code, warnings, _ = build(tmp_path, text)
    assert code != 0
    assert complaint in warnings
