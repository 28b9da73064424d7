"""Lighter markup of formulas: shorter, and to the eye the same.

Both markups of a formula are laid out in a browser, and every character and line of them compared.
"""

import re
import sys
from pathlib import Path

import pytest
import test_browser

pytest.importorskip("sphinx", reason="the book's tools are not installed")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import build_math  # noqa: E402
import light_math  # noqa: E402

browser = test_browser.browser
STATIC = ROOT / "book" / "_static"

FORMULAS = [
    r"x_1^2+(y)=f'(0)/2,\quad a\le-1",
    r"\E\norm{\tri_\theta-\inner wx}^2\ge\frac{\sgn t}{\sqrt{2\pi d}}",
    r"\Bigl(\tfrac12-\sum_{k=0}^{K}N(d,k)\,\lambda_k\Bigr)\log\frac{r}{\binom dk}",
    r"\begin{aligned}a&=\int_0^1\hat f\,\diff x\\&\to\begin{cases}1&x>0\\0\end{cases}\end{aligned}",
    r"\left[\begin{matrix}1&2\\3&4\end{matrix}\right]\overline{AB}\,\widetilde{ghk}",
    r"\max_{1\le i\le n}\underbrace{u_i+\dots}_{m}\overset{*}{=}\xrightarrow{n\to\infty}",
    r"\sqrt[3]{1+\sqrt{x}}\ne\mathbf{v}^{\mathsf T}\mathcal{N}(0,1)\not\in\mathfrak{S}",
    r"\operatorname*{arg\,min}_{\beta\in\R^r}\Bigl\{\int|f-g|^2\Bigr\}\,\text{ if }\Vert u\Vert",
    r"e^{e^{-x^2}}\mathrlap{/}{=}\boxed{z}\left\{\begin{matrix}1\\2\\3\\4\\5\end{matrix}\right.",
]

# Every character, and every element that paints or props, with its box inside the formula.
BOXES = """formula => {
  const from = formula.getBoundingClientRect(), found = [], range = document.createRange();
  const keep = (name, box) => found.push([
    name, box.left - from.left, box.top - from.top, box.width, box.height].join(" "));
  const texts = document.createTreeWalker(formula, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    for (let i = 0; i < text.data.length; i++) {
      range.setStart(text, i);
      range.setEnd(text, i + 1);
      keep(text.data[i], range.getBoundingClientRect());
    }
  }
  for (const kind of [".frac-line", ".overline-line", ".pstrut", "svg", "path"]) {
    for (const element of formula.querySelectorAll(kind)) {
      keep(kind, element.getBoundingClientRect());
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def formulas() -> list[tuple[str, str]]:
    """Each formula, in the text and displayed: as KaTeX writes it, and as the book does."""
    kept = [build_math.typeset(tex, display) for tex in FORMULAS for display in (False, True)]
    return [(markup, light_math.lighter(markup)) for markup in kept]


@pytest.fixture(scope="module")
def sheets() -> str:
    katex = (STATIC / "katex" / "katex.min.css").read_text(encoding="utf-8")
    katex = katex.replace("url(fonts/", f"url({(STATIC / 'katex' / 'fonts').as_uri()}/")
    return katex + (STATIC / "formulas.css").read_text(encoding="utf-8")


@pytest.fixture
def laid_out(formulas, browser, sheets, tmp_path):  # KaTeX's engine runs before the browser's
    """A function from markups and style sheets to the boxes and the picture of each formula."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})

    def show(markups: list[str], sheets: str = sheets) -> list[tuple[list[str], bytes]]:
        body = "".join(f"<p>{markup}</p>" for markup in markups)
        text = f"<!doctype html><meta charset='utf-8'><style>{sheets}</style>{body}"
        (tmp_path / "formulas.html").write_text(text, encoding="utf-8")
        page.goto((tmp_path / "formulas.html").as_uri())
        page.evaluate("() => document.fonts.ready.then(() => true)")
        formulas = page.locator("p").all()
        return [(formula.evaluate(BOXES), formula.screenshot()) for formula in formulas]

    yield show
    page.close()


def test_a_formula_looks_the_same(formulas, laid_out):
    before = laid_out([kept for kept, _ in formulas])
    after = laid_out([light for _, light in formulas])
    for (markup, _), old, new in zip(formulas, before, after, strict=True):
        assert len(old[0]) > 20
        assert old[0] == new[0], markup
        assert old[1] == new[1], markup


def test_a_formula_is_shorter(formulas):
    assert sum(len(light) for _, light in formulas) < 0.8 * sum(len(kept) for kept, _ in formulas)


@pytest.mark.parametrize(
    "right, wrong",
    [
        # A class means another style; it yields to KaTeX's own rules; its rule is away.
        ("height: 2.7em", "height: 2.8em"),
        ("margin-right: 0.2778em !important", "margin-right: 0.25em !important"),
        (".katex .k0 { font-size: .7em", ".katex .k { font-size: .7em"),
    ],
)
def test_a_wrong_rule_is_seen(formulas, laid_out, sheets, right, wrong):
    assert right in sheets
    light = [light for _, light in formulas]
    shown, other = laid_out(light), laid_out(light, sheets.replace(right, wrong))
    assert any(old[0] != new[0] for old, new in zip(shown, other, strict=True))


def test_what_the_sheets_do_not_know_stays_as_it_was():
    kept = '<span class="mfrac" style="top:9.8765em;color:red;" aria-hidden="true">x</span>'
    assert light_math.lighter(kept) == kept
    sized = '<span class="katex-sizing reset-size6 size9 mtight">x</span>'
    assert light_math.lighter(sized) == '<span class="katex-sizing reset-size6 size9">x</span>'


def test_the_words_and_the_mathml_of_a_formula_stay(formulas):
    for kept, light in formulas:
        assert re.sub("<[^>]*>", "", light) == re.sub("<[^>]*>", "", kept)
        mathml = re.compile("<math.*</math>", flags=re.S)
        without = re.sub(r' xmlns="[^"]*"', "", mathml.search(kept)[0])
        assert mathml.search(light)[0] == without


def test_each_style_has_one_class():
    rules = (STATIC / "formulas.css").read_text(encoding="utf-8").splitlines()[1:]
    short = light_math.sheets().short
    assert len(short) == len(set(short.values())) == len(rules) == 200
