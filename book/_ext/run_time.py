"""The role ``run-time``: the time that this page's code took when it was executed, also when its outputs now come from the cache."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class run_time(nodes.Inline, nodes.Element):
    """Stands where the time goes until the page has been executed."""


def readable(seconds: float | None) -> str:
    """Seconds as a reader says them.

    >>> [readable(s) for s in (None, 0.2, 4.4, 59.7, 75)]
    ['not executed', 'under 1 s', '4 s', '1 min', '1 min 15 s']
    """
    if seconds is None:
        return "not executed"
    if seconds < 1:
        return "under 1 s"
    minutes, rest = divmod(round(seconds), 60)
    return " ".join([f"{minutes} min"] * (minutes > 0) + [f"{rest} s"] * (rest > 0))


def run_time_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    return [run_time()], []


class Render(SphinxPostTransform):
    """Put the measured time in its place."""

    default_priority = 8

    def run(self, **kwargs) -> None:
        data = getattr(self.env, "nb_metadata", {}).get(self.env.docname, {}).get("exec_data") or {}
        for node in list(self.document.findall(run_time)):
            node.replace_self(nodes.inline("", readable(data.get("runtime")), classes=["run-time"]))


def setup(app) -> dict:
    app.add_node(run_time)
    app.add_role("run-time", run_time_role)
    app.add_post_transform(Render)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
