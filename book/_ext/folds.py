"""Sphinx extension: proofs, and all else with the class ``dropdown``, work without a script.

A proof starts with the word "Proof" in bold and has an address of its own, ``proof-thm-x`` after
the statement ``thm-x``; a solution has ``solution-ex-x``. With ``:class: dropdown`` a proof, a
solution or an admonition becomes ``<details>``, which the browser itself opens by keyboard, by a
search in the page, and by a link into it. Of a folded proof that begins with a paragraph
``*Idea.* …``, this stays visible. The cells after a folded solution are folded with it.
"""

from itertools import chain, count, takewhile

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

# Every statement's body has the same id, every exercise's too, and no link uses them.
REPEATED = (["proof-content"], ["exercise-content"], ["solution-content"])


class fold(nodes.General, nodes.Element):
    """``<details>``."""


class fold_title(nodes.Part, nodes.TextElement):
    """``<summary>``."""


def is_proof(node: nodes.Node) -> bool:
    """sphinx-proof makes a proof an admonition of the class ``proof``, a statement its own type."""
    return isinstance(node, nodes.admonition) and "proof" in node["classes"]


def on_doctree_resolved(app: Sphinx, document: nodes.document, docname: str) -> None:
    seen = set(document.ids)
    for proof in list(document.findall(is_proof)):
        name = address(proof, seen)
        seen.add(name)
        proof["ids"] = [name]
        proof["classes"] = ["proof-box", *(name for name in proof["classes"] if name != "proof")]
        open_proof(proof)
    for node in list(document.findall(nodes.Element)):
        if isinstance(node, nodes.section) and node["ids"] in REPEATED:
            node["ids"] = []
        has_title = bool(node.children) and isinstance(node[0], nodes.title)
        if "dropdown" in node.get("classes", ()) and has_title:
            if "solution" in node["classes"]:
                node["ids"] = [f"solution-{node['target_label']}"]
                take_cells(node)
            node.parent.replace(node, folded(node))


def address(proof: nodes.admonition, taken: set[str]) -> str:
    """``proof-`` and the label of the statement before it, or a number; none of those taken."""
    holder = proof.parent
    position = holder.parent.index(holder)
    before = holder.parent[position - 1] if position else None
    label = before.get("label") if isinstance(before, nodes.Element) else None
    stem = f"proof-{label}" if label else "proof"
    numbered = (f"{stem}-{number}" for number in count(2 if label else 1))
    return next(name for name in chain([stem] if label else [], numbered) if name not in taken)


def open_proof(proof: nodes.admonition) -> None:
    """Replace the plain word "Proof. " that sphinx-proof writes into the text.

    By a title if the proof is folded, by a bold word if it is open.
    """
    first = next(proof.findall(nodes.Text), None)
    if first is not None and first.startswith("Proof. "):
        first.parent.replace(first, nodes.Text(first[len("Proof. ") :]))
    elif first is not None and first.strip() == "Proof.":
        first.parent.replace(first, nodes.Text(""))
    if "dropdown" in proof["classes"]:
        proof.insert(0, title_of(proof))
    elif proof.children and isinstance(proof[0], nodes.paragraph):
        proof[0].insert(0, [nodes.strong("", "Proof."), nodes.Text(" ")])


def title_of(proof: nodes.admonition) -> nodes.title:
    """The title of a folded proof, which takes the idea out of the text, if there is one."""
    first = proof[0] if len(proof) > 1 else None
    if not (isinstance(first, nodes.paragraph) and is_idea(first)):
        return nodes.title("", "Proof")
    proof.remove(first)
    idea = nodes.inline("", "", *first.children, classes=["fold-idea"])
    return nodes.title("", "", nodes.strong("", "Proof."), nodes.Text(" "), idea)


def is_idea(paragraph: nodes.paragraph) -> bool:
    """Whether it begins with the word "Idea." in italics."""
    pieces = [piece for piece in paragraph if piece.astext()]
    return (
        len(pieces) > 1 and isinstance(pieces[0], nodes.emphasis) and pieces[0].astext() == "Idea."
    )


def take_cells(solution: nodes.Element) -> None:
    """Move the cells that stand directly after a solution into it, since they are its code."""
    below = solution.parent[solution.parent.index(solution) + 1 :]
    cells = list(takewhile(is_cell, below))
    for cell in cells:
        solution.parent.remove(cell)
    solution.extend(cells)


def is_cell(node: nodes.Node) -> bool:
    """A cell of a notebook, which is more than its code: its outputs are in it."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def folded(node: nodes.Element) -> fold:
    title = fold_title("", "", *node[0].children)
    # A link inside the button that opens the fold would be a button inside a button.
    for reference in list(title.findall(nodes.reference)):
        reference.parent.replace(reference, reference.children)
    classes = [name for name in node["classes"] if name != "dropdown"]
    return fold("", title, *node.children[1:], ids=node["ids"], classes=classes)


def visit_fold(self: HTML5Translator, node: fold) -> None:
    self.body.append(self.starttag(node, "details", CLASS="fold"))


def depart_fold(self: HTML5Translator, node: fold) -> None:
    self.body.append("</details>\n")


def visit_fold_title(self: HTML5Translator, node: fold_title) -> None:
    self.body.append(self.starttag(node, "summary", "", CLASS="fold-title"))


def depart_fold_title(self: HTML5Translator, node: fold_title) -> None:
    self.body.append("</summary>\n")


def setup(app: Sphinx) -> dict:
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(fold_title, html=(visit_fold_title, depart_fold_title))
    app.connect("doctree-resolved", on_doctree_resolved, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
