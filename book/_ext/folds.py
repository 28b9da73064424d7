"""Sphinx extension: proofs, and anything else with the class ``dropdown``, as HTML that works without a script.

A proof starts with the word "Proof" in bold and has an address of its own, ``proof-thm-x`` after the statement ``thm-x``. With
``:class: dropdown`` a proof, a solution or an admonition becomes ``<details>``, which the browser itself opens by keyboard, by a search
in the page, and by a link into it.
"""

from docutils import nodes


class fold(nodes.General, nodes.Element):
    """``<details>``."""


class fold_title(nodes.Part, nodes.TextElement):
    """``<summary>``."""


def is_proof(node: nodes.Node) -> bool:
    """sphinx-proof makes a proof an admonition of the classes ``proof`` twice, and a statement a node type of its own."""
    return isinstance(node, nodes.admonition) and "proof" in node["classes"]


def on_doctree_resolved(app, document, docname) -> None:
    seen = set(document.ids)
    for proof in list(document.findall(is_proof)):
        name = address(proof, seen)
        seen.add(name)
        proof["ids"] = [name]
        proof["classes"] = ["proof-box", *(name for name in proof["classes"] if name != "proof")]
        open_proof(proof)
    for node in list(document.findall(nodes.Element)):
        # Every statement's body has the same id, every exercise's too, and no link uses them.
        if isinstance(node, nodes.section) and node["ids"] in (["proof-content"], ["exercise-content"], ["solution-content"]):
            node["ids"] = []
        if "dropdown" in node.get("classes", ()) and node.children and isinstance(node[0], nodes.title):
            node.parent.replace(node, folded(node))


def address(proof: nodes.admonition, taken: set[str]) -> str:
    holder = proof.parent
    position = holder.parent.index(holder)
    before = holder.parent[position - 1] if position else None
    label = before.get("label") if isinstance(before, nodes.Element) else None
    name = f"proof-{label}" if label else "proof-1"
    number = 1
    while name in taken:
        number += 1
        name = f"proof-{label or ''}{'-' if label else ''}{number}"
    return name


def open_proof(proof: nodes.admonition) -> None:
    """Replace the plain word "Proof. ", which sphinx-proof writes into the text: by a title if folded, by a bold word if open."""
    first = next(proof.findall(nodes.Text), None)
    if first is not None and first.startswith("Proof. "):
        first.parent.replace(first, nodes.Text(first[len("Proof. ") :]))
    elif first is not None and first.strip() == "Proof.":
        first.parent.replace(first, nodes.Text(""))
    if "dropdown" in proof["classes"]:
        proof.insert(0, nodes.title("", "Proof"))
    elif proof.children and isinstance(proof[0], nodes.paragraph):
        proof[0].insert(0, [nodes.strong("", "Proof."), nodes.Text(" ")])


def folded(node: nodes.Element) -> fold:
    title = fold_title("", "", *node[0].children)
    # A link inside the button that opens the fold would be a button inside a button.
    for reference in list(title.findall(nodes.reference)):
        reference.parent.replace(reference, reference.children)
    return fold("", title, *node.children[1:], ids=node["ids"], classes=[name for name in node["classes"] if name != "dropdown"])


def visit_fold(self, node: fold) -> None:
    self.body.append(self.starttag(node, "details", CLASS="fold"))


def visit_fold_title(self, node: fold_title) -> None:
    self.body.append(self.starttag(node, "summary", "", CLASS="fold-title"))


def setup(app):
    app.add_node(fold, html=(visit_fold, lambda self, node: self.body.append("</details>\n")))
    app.add_node(fold_title, html=(visit_fold_title, lambda self, node: self.body.append("</summary>\n")))
    app.connect("doctree-resolved", on_doctree_resolved, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
