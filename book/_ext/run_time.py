"""The role ``run-time``: the time that this page's code took when it was executed.

It is known also when the page's outputs now come from the cache.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxRole


class run_time(nodes.Inline, nodes.Element):
    """Stands where the time goes until the page has been executed."""


def readable(seconds: float | None) -> str:
    """Seconds as a reader says them; no line breaks between a number and its unit.

    >>> [readable(s) for s in (None, 0.2, 4.4, 59.7, 75)]
    ['not executed', 'under 1\\xa0s', '4\\xa0s', '1\\xa0min', '1\\xa0min 15\\xa0s']
    """
    if seconds is None:
        return "not executed"
    if seconds < 1:
        return "under 1\u00a0s"
    minutes, rest = divmod(round(seconds), 60)
    parts = {"min": minutes, "s": rest}
    return " ".join(f"{number}\u00a0{unit}" for unit, number in parts.items() if number)


class RunTimeRole(SphinxRole):
    """The page's run time; what the author writes in the role is not read."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [run_time()], []


class Render(SphinxPostTransform):
    """Put the measured time in its place."""

    default_priority = 8

    def run(self, **kwargs: object) -> None:
        metadata = getattr(self.env, "nb_metadata", {}).get(self.env.docname, {})
        data = metadata.get("exec_data") or {}
        for node in list(self.document.findall(run_time)):
            time = readable(data.get("runtime"))
            node.replace_self(nodes.inline("", time, classes=["run-time"]))


def setup(app: Sphinx) -> dict:
    app.add_node(run_time)
    app.add_role("run-time", RunTimeRole())
    app.add_post_transform(Render)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
