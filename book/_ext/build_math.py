r"""Sphinx extension: formulas are turned into HTML while the book is built, by KaTeX.

``html_math_renderer = "katex"`` selects it. A reader's browser receives finished formulas: HTML for
the eye, MathML for a screen reader, the attribute ``data-text`` with the formula as plain
characters, for copied text and search excerpts, and ``data-tex`` with its LaTeX where that differs,
for a formula copied alone. A formula that KaTeX rejects is a Sphinx warning with its place in the
source, so an unknown macro fails a build that treats warnings as errors.

MACROS is the only place where macros are defined.
"""

import atexit
import functools
import re
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from light_math import lighter
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

MACROS = {
    r"\R": r"\mathbb{R}",
    r"\E": r"\mathbb{E}",
    r"\P": r"\mathbb{P}",
    r"\norm": r"\lVert #1\rVert",
    r"\inner": r"\langle #1,\,#2\rangle",
    r"\tri": r"\operatorname{tri}",
    r"\sgn": r"\operatorname{sgn}",
    r"\tail": r"\operatorname{tail}",
    r"\Var": r"\operatorname{Var}",
    r"\Cov": r"\operatorname{Cov}",
    r"\diff": r"\mathrm{d}",
}
# KaTeX prints a command that it knows but may not run (\href, \includegraphics) in this colour
# instead of raising.
UNTRUSTED = "#bad000"


# Rendering.


@functools.cache
def katex() -> MiniRacer:
    """The JavaScript engine with KaTeX loaded, started once.

    What KaTeX writes to the console is kept in ``complaints``.
    """
    engine = MiniRacer()
    atexit.register(engine.close)  # else the interpreter waits for the engine's threads at its end
    engine.eval("var complaints = []; console.warn = (text) => { complaints.push(String(text)); };")
    program = Path(__file__).parent / "katex" / "katex.min.js"
    engine.eval(program.read_text(encoding="utf-8") + ";0")
    return engine


@functools.cache
def render(tex: str, display: bool) -> tuple[str, str, str]:
    """``(html, text, complaint)`` of a formula: markup, plain characters, what is wrong with it.

    The complaint is empty if nothing is wrong.
    """
    katex().eval("complaints = []")
    try:
        html = typeset(tex, display)
    except JSEvalException as error:
        # The message's later lines are KaTeX's own program text.
        message = str(error).split("\n")[0].split("KaTeX parse error: ")[-1]
        return "", "", message.replace("\u0332", "")
    complaint = katex().eval("complaints.join('; ')")
    if UNTRUSTED in html:
        complaint = "a command that KaTeX only runs in trusted input"
    mathml = re.search(r"<math.*?</math>", html, flags=re.S).group()
    return lighter(html), plain_text(mathml), complaint


def typeset(tex: str, display: bool) -> str:
    """KaTeX's markup of a formula, without the TeX that it repeats there."""
    options = {
        "displayMode": display,
        "throwOnError": True,
        "strict": "error",
        "errorColor": UNTRUSTED,
        "macros": dict(MACROS),
    }
    html = katex().call("katex.renderToString", tex, options)
    return re.sub(r"<annotation.*?</annotation>|</?semantics>", "", html, flags=re.S)


# Plain text.

SPACED = set("=≠<>≤≥≈≡∼≅∈∉⊂⊆→←↦⇒⇔:≪≫∝⟹⟺")
KEYBOARD = str.maketrans({"\u2061": "", "\u00a0": " ", "∣": "|", "∥": "‖"})
SUPERSCRIPT = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
SUBSCRIPT = str.maketrans("0123456789+-−", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
DOUBLE_STRUCK = str.maketrans("CENPQRZ", "ℂ𝔼ℕℙℚℝℤ")
ACCENTS = {
    "^": "\u0302",
    "~": "\u0303",
    "˜": "\u0303",
    "ˉ": "\u0304",
    "¯": "\u0304",
    "‾": "\u0304",
    "˙": "\u0307",
    "→": "\u20d7",
}
# A line may break beside a formula; this character, of no width, keeps a comma from starting the
# next line.
JOINER = "\u2060"
OPENING = ("(", "[", "“")
CLOSING = (",", ".", ";", ":", "?", "!", ")", "]", "”", "’", "-")


def plain_text(mathml: str) -> str:
    """A formula as one line of characters: ``e^(−d/2)‖f‖²``."""
    return re.sub(r"\s+", " ", flat(ElementTree.fromstring(mathml.replace("&nbsp;", " ")))).strip()


def flat(node: ElementTree.Element) -> str:
    tag = node.tag.rsplit("}", 1)[-1]
    parts = [flat(child) for child in node]
    if tag in ("mi", "mn", "mo", "mtext"):
        text = (node.text or "").translate(KEYBOARD)
        if node.get("mathvariant") == "double-struck":
            return text.translate(DOUBLE_STRUCK)
        if (tag == "mo" and text in SPACED) or (tag == "mi" and len(text) > 1):
            return f" {text} "
        return text + " " if tag == "mo" and text in {",", ";"} else text
    if tag == "mspace":
        return " "
    if tag in ("msup", "mover"):
        above = ACCENTS.get(parts[1].strip()) or shifted(parts[1], "^", SUPERSCRIPT)
        return parts[0].rstrip() + above
    if tag in ("msub", "munder"):
        return parts[0].rstrip() + shifted(parts[1], "_", SUBSCRIPT)
    if tag in ("msubsup", "munderover"):
        below, above = shifted(parts[1], "_", SUBSCRIPT), shifted(parts[2], "^", SUPERSCRIPT)
        return parts[0].rstrip() + below + above
    if tag == "mfrac":
        return "/".join(grouped(part) for part in parts)
    if tag == "msqrt":
        return "√" + grouped("".join(parts))
    if tag == "mroot":
        return shifted(parts[1], "", SUPERSCRIPT) + "√" + grouped(parts[0])
    return {"mtr": " ", "mtable": "; "}.get(tag, "").join(parts)


def shifted(text: str, sign: str, table: dict[int, int]) -> str:
    """An exponent or index: in raised or lowered characters where all exist, else after ``sign``.

    After a single character a space keeps what follows apart.
    """
    text = text.strip()
    if text in {"′", "′′", "∗", "⊤"}:
        return text
    if text and all(ord(letter) in table for letter in text):
        return text.translate(table)
    return f"{sign}{text} " if len(text) == 1 else sign + grouped(text)


def grouped(text: str) -> str:
    text = text.strip()
    return text if len(text) == 1 or text.isdigit() else f"({text})"


# LaTeX for other documents.

COMMAND = re.compile(r"\\(?:[a-zA-Z]+|.)", flags=re.S)
TOKEN = re.compile(r"\s*(\\[a-zA-Z]+|\\.|[^\\{}\s])", flags=re.S)


def expanded(tex: str) -> str:
    r"""A formula without this book's macros, as any other document can typeset it.

    >>> print(expanded(r"\E\norm u^2\ge\inner{w}x"))
    \mathbb{E}\lVert u\rVert^2\ge\langle w,\,x\rangle
    """
    done = ""
    while match := COMMAND.search(tex):
        done, tex = done + tex[: match.start()], tex[match.end() :]
        first, *others = re.split(r"#\d", MACROS.get(match[0], match[0]))
        for part in others:
            value, tex = argument(tex)
            first += expanded(value) + part
        # A letter would become part of the command's name.
        joined = re.search(r"\\[a-zA-Z]+$", first) and re.match("[a-zA-Z]", tex)
        done += f"{first} " if joined else first
    return done + tex


def argument(tex: str) -> tuple[str, str]:
    """The first argument of a macro, and what follows it."""
    if token := TOKEN.match(tex):
        return token[1], tex[token.end() :]
    depth, start = 0, tex.index("{")
    for brace in re.finditer(r"\\.|[{}]", tex, flags=re.S):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if not depth and brace[0] == "}":
            return tex[start + 1 : brace.start()], tex[brace.end() :]
    raise ValueError(f"a brace is not closed: {tex!r}")


def forms(tex: str, text: str) -> dict[str, str]:
    """The attributes of a formula: its characters, and its LaTeX where that is something else."""
    latex = re.sub(r"\s+", " ", expanded(tex) if text else tex).strip()
    return {"data-text": text, **({} if latex == text else {"data-tex": latex})}


# Sphinx.


def formula(node: nodes.Element, tex: str, display: bool) -> tuple[str, str]:
    """HTML and plain text of a formula; where KaTeX rejects it, a warning and its source in red."""
    html, text, complaint = render(tex, display)
    if complaint:
        where = {"location": place(node), "type": "math", "subtype": "katex"}
        logger.warning("formula %r: %s", tex, complaint, **where)
    return html or f'<code class="katex-error">{nodes.unescape(tex)}</code>', text


def place(node: nodes.Node) -> nodes.Node:
    """The node, or the nearest around it, that knows its line in the source."""
    while not node.line and node.parent is not None:
        node = node.parent
    return node


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    html, text = formula(node, node.astext(), display=False)
    attributes = {"CLASS": "math notranslate nohighlight", **forms(node.astext(), text)}
    self.body.append(JOINER if beside(node, -1).endswith(OPENING) else "")
    self.body.append(self.starttag(node, "span", "", **attributes) + html + "</span>")
    self.body.append(JOINER if beside(node, 1).startswith(CLOSING) else "")
    raise nodes.SkipNode


def beside(node: nodes.Node, step: int) -> str:
    """The text directly before (-1) or after (1) a formula.

    Also where the formula begins or ends an emphasis.
    """
    while node.parent is not None:
        siblings = node.parent.children
        position = next(index for index, sibling in enumerate(siblings) if sibling is node) + step
        if 0 <= position < len(siblings):
            neighbour = siblings[position]
            return neighbour.astext() if isinstance(neighbour, nodes.Text) else ""
        if not isinstance(node.parent, nodes.Inline):
            break
        node = node.parent
    return ""


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    tex = display_source(node)
    html, text = formula(node, tex, display=True)
    self.body.append(self.starttag(node, "div", "", CLASS="math notranslate nohighlight"))
    self.body.append(self.starttag({}, "div", "", CLASS="formula", **forms(tex, text)))
    self.body.append(f"{html}</div>")
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def display_source(node: nodes.math_block) -> str:
    r"""The TeX of a display.

    As in Sphinx's other renderers, blank lines separate the lines of one alignment, and ``\\``
    breaks a line.

    An amsmath environment is set without its own numbers: Sphinx numbers it, once.
    """
    source = node.astext().strip()
    if node.get("nowrap"):
        return re.sub(r"\\(begin|end)\{(equation|align|alignat|gather)\}", r"\\\1{\2*}", source)
    parts = [part.strip() for part in source.split("\n\n") if part.strip()]
    parts = [split(part) for part in parts]
    if len(parts) == 1:
        return parts[0]
    return r"\begin{aligned}" + r"\\".join(parts) + r"\end{aligned}"


def split(part: str) -> str:
    r"""A part of a display, in an environment if ``\\`` breaks it outside of any."""
    broken = r"\\" in outside_environments(part)
    return rf"\begin{{split}}{part}\end{{split}}" if broken else part


def outside_environments(tex: str) -> str:
    innermost, before = r"\\begin\{(\w+\*?)\}(?:(?!\\begin).)*?\\end\{\1\}", ""
    while tex != before:
        before, tex = tex, re.sub(innermost, "", tex, flags=re.S)
    return tex


class EquationReferences(SphinxTransform):
    r"""``$\eqref{eq-x}$`` is the same link as the role ``{eq}`eq-x```.

    Only Sphinx knows the numbers of other pages.
    """

    default_priority = 400

    def apply(self, **kwargs: object) -> None:
        for node in list(self.document.findall(nodes.math)):
            match = re.fullmatch(r"\\(?:eqref|ref)\{([^{}]+)\}", node.astext().strip())
            if match:
                target = {"refdomain": "math", "reftype": "eq", "reftarget": match[1]}
                reference = pending_xref("", nodes.literal(text=match[1]), **target)
                reference["refdoc"], reference["refwarn"] = self.env.docname, True
                reference.source, reference.line = node.source, node.line
                node.parent.replace(node, reference)


def setup(app: Sphinx) -> dict:
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.add_transform(EquationReferences)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
