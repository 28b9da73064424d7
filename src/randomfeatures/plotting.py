"""The book's look: one style for each kind of curve, the same in every chapter. Needs matplotlib; no other module imports this one."""

import matplotlib.pyplot as plt
from IPython.display import display

# Okabe and Ito's colours, which colour-blind readers can tell apart; the line or marker tells the kinds apart without colour.
PROVED = {"color": "#0072B2", "linestyle": "-", "linewidth": 2.2}
PAPER = {"color": "#CC79A7", "linestyle": ":", "linewidth": 2.2}
EXACT = {"color": "#D55E00", "linestyle": "--", "linewidth": 1.8}
MEASURED = {"color": "#009E73", "marker": "o", "linestyle": "none", "markersize": 5}
CONTRAST = {"color": "#E69F00", "marker": "s", "linestyle": "none", "markersize": 5}
QUIET = {"color": "#7f7f7f", "linestyle": "-", "linewidth": 1.0}


def use_style() -> None:
    """Set matplotlib's defaults for a chapter: vector output, readable sizes, light grid."""
    plt.rcParams.update(
        {
            "figure.figsize": (7.0, 3.8),
            "figure.dpi": 110,
            "savefig.bbox": "tight",
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "svg.hashsalt": "randomfeatures",
        }
    )


def glue(name: str, text: str) -> None:
    """Keep ``text`` under ``name`` with the chapter's outputs, so that the prose prints the number that the run produced.

    In the book the prose reads it with the role ``glue:text``; in a notebook the cell simply shows nothing.
    """
    display(
        {"application/papermill.record/text/plain": repr(text)},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": "application/papermill.record/"}},
    )
