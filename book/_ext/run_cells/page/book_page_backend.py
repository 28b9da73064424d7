"""matplotlib's backend in the page: figures are drawn by Agg and sent as PNG."""

import base64
import io
from typing import Any

import book_page
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas
from matplotlib.figure import Figure

__all__ = ["FigureCanvas", "FigureManager", "send", "show"]

FigureManager = FigureManagerBase


def send(figure: Figure) -> None:
    """Send one figure, at two dots for each of its pixels, for sharp screens."""
    file = io.BytesIO()
    fast = {"compress_level": 1}  # the file goes nowhere: what counts is the time
    figure.savefig(file, format="png", dpi=2 * figure.dpi, bbox_inches="tight", pil_kwargs=fast)
    book_page.send("image", base64.b64encode(file.getvalue()).decode())


def show(*arguments: Any, **settings: Any) -> None:
    """Send all open figures, in their order, and close them."""
    for manager in Gcf.get_all_fig_managers():
        send(manager.canvas.figure)
    Gcf.destroy_all()
