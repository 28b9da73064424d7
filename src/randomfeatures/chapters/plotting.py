"""The book's look: one style for each kind of curve, the same in every chapter. Needs matplotlib;
no other module imports this one.
"""

import base64
import hashlib
import html
import io
from typing import Any

import matplotlib.pyplot as plt
from IPython.display import HTML, display
from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind readers can tell apart, darkened until each can also
# be a word on white (4.5:1). In the dark the page turns their lightness around and keeps their hue;
# the line or marker tells the kinds apart without colour.
INK = "#1b1f24"
PROVED = {"color": "#005a9c", "linestyle": "-", "linewidth": 2.2}
PAPER = {"color": "#a8508a", "linestyle": ":", "linewidth": 2.2}
EXACT = {"color": "#c04f00", "linestyle": "--", "linewidth": 1.8}
MEASURED = {"color": "#00805c", "marker": "o", "linestyle": "none", "markersize": 5}
CONTRAST = {"color": "#9c6600", "marker": "s", "linestyle": "none", "markersize": 5}
QUIET = {"color": "#6b6b6b", "linestyle": "-", "linewidth": 1.0}

THIRD = {"color": "#a8508a", "marker": "^", "linestyle": "none", "markersize": 5}
FOURTH = {"color": "#257bb4", "marker": "D", "linestyle": "none", "markersize": 5}
SERIES = (MEASURED, CONTRAST, THIRD, FOURTH)
"""Up to four kinds of measurements in one panel."""

TEN = (
    "#7a7a1f",
    "#9c6600",
    "#257bb4",
    "#00805c",
    "#6b6b6b",
    "#005a9c",
    "#c04f00",
    "#a8508a",
    "#8b4513",
    "#5d3a9b",
)
"""Colours for ten classes, which the page tells apart by a mark of each class too."""

PAGE = 7.2
"""Width of a figure with several panels, in inches; one panel is 6 wide. The page shows an inch as
96 pixels where it has them, so that the words of a figure are nearly as large as its caption.
"""

ENOUGH = {"color": "#257bb4", "linestyle": "-.", "linewidth": 1.5}
"""What is proved to be enough, where PROVED is what is proved to be needed."""

FAMILY = (
    {"color": "#005a9c", "marker": "o", "linestyle": "-", "linewidth": 1.0},
    {"color": "#9c6600", "marker": "s", "linestyle": "--", "linewidth": 1.0},
    {"color": "#00805c", "marker": "^", "linestyle": ":", "linewidth": 1.0},
    {"color": "#a8508a", "marker": "d", "linestyle": "-.", "linewidth": 1.0},
)
"""Up to four curves of one kind, say for four dimensions; ``small(style, 0)`` has no markers."""


def joined(style: dict, line: str = "-") -> dict:
    """The style with its markers joined by a line, ``line`` as matplotlib writes it."""
    return style | {"linestyle": line}


def small(style: dict, size: float = 3) -> dict:
    """The style with markers of ``size`` points instead of 5, for many points."""
    return style | {"markersize": size}


def thin(style: dict, width: float = 1.3) -> dict:
    """The style with a line of ``width`` points, for one of many curves."""
    return style | {"linewidth": width}


def hollow(style: dict) -> dict:
    """The style with empty markers."""
    return style | {"markerfacecolor": "none"}


def in_colour(style: dict, other: dict) -> dict:
    """The style in another's colour, for curves of one kind that belong to different things."""
    return style | {"color": other["color"]}


def marked(style: dict, marker: str = "") -> dict:
    """The style with another marker, as matplotlib writes it, or with none."""
    return style | {"marker": marker}


def colour(style: dict) -> str:
    """The colour of the style alone, for bars, areas and words."""
    return style["color"]


def panels(columns: int, height: float = 3.6, **settings: Any) -> tuple[Figure, Any]:
    """A figure as wide as the page with ``columns`` axes side by side; further settings go to
    ``plt.subplots``.
    """
    return plt.subplots(1, columns, figsize=(PAGE, height), **settings)


def use_style() -> None:
    """Set matplotlib's defaults for a chapter: readable sizes, light grid, no ground of its own."""
    plt.rcParams.update(
        {
            "figure.figsize": (6.0, 3.6),
            "figure.dpi": 110,
            "savefig.bbox": "tight",
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.titlesize": "medium",
            "axes.labelsize": "medium",
            "xtick.labelsize": "medium",
            "ytick.labelsize": "medium",
            "legend.fontsize": "medium",
            "legend.handlelength": 1.6,
            "legend.handletextpad": 0.5,
            "legend.labelspacing": 0.3,
            "legend.borderaxespad": 0.2,
            "legend.borderpad": 0.2,
            "legend.columnspacing": 1.2,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.edgecolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.facecolor": "none",
            "axes.grid": True,
            "grid.alpha": 0.25,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "svg.hashsalt": "randomfeatures",
        }
    )


def glue(name: str, text: str) -> None:
    """Keep ``text`` under ``name`` with the chapter's outputs, so that the prose prints the number
    that the run produced.

    In the book the prose reads it with the role ``glue:text``; in a notebook the cell simply shows
    nothing.
    """
    display(
        {"application/papermill.record/text/plain": repr(text)},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": "application/papermill.record/"}},
    )


def film(frames: list[tuple[str, Figure]], alt: str) -> HTML:
    """The figures, one at a time, with a slider and a button that plays them; nothing moves until
    it is pressed.

    ``frames`` are pairs of a short label and a figure, all figures of one size; they are closed.
    ``alt`` says once, in words, what the frames show together. Without scripts the page shows the
    last frame.

    Raises: ValueError if there are fewer than two frames, or ``alt`` is empty.
    """
    if len(frames) < 2 or not alt.strip():
        raise ValueError(
            "film must have at least two frames and a text for readers who cannot see it, "
            f"got {len(frames)} and {alt!r}"
        )
    images = []
    for _, figure in frames:
        file = io.BytesIO()
        # A tight box would depend on the frame's contents, and the film would jump. No date and no
        # version: the same run, the same bytes.
        with plt.rc_context({"savefig.bbox": "standard"}):
            figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
        plt.close(figure)
        images.append(base64.b64encode(file.getvalue()).decode())
    name = "film-" + hashlib.sha256("".join(images).encode()).hexdigest()[:10]
    last = len(frames) - 1
    texts = [html.escape(f"{alt} This frame: {label}.") for label, _ in frames]
    pictures = [
        f'<img src="data:image/png;base64,{image}" alt="{text}" hidden>'
        for image, text in zip(images, texts, strict=True)
    ]
    pictures[last] = pictures[last].replace(" hidden>", ">")
    labels = html.escape("|".join(label for label, _ in frames))
    controls = (
        '<div hidden style="gap: 0.8rem; align-items: center; flex-wrap: wrap">'
        '<button type="button">Play</button>'
        f'<input type="range" min="0" max="{last}" value="{last}" aria-label="frame" '
        'style="flex: 1; min-width: 8rem">'
        "<output></output></div>"
    )
    return HTML(
        f'<div class="film" id="{name}" data-labels="{labels}">{"".join(pictures)}{controls}</div>'
        f"{_PLAYER.replace('NAME', name)}"
    )


_PLAYER = """<script>
(() => {
  const film = document.getElementById("NAME");
  const images = film.querySelectorAll("img"), controls = film.lastElementChild;
  const [button, slider, output] = controls.children, labels = film.dataset.labels.split("|");
  let timer = null;
  const show = () => {
    images.forEach((image, i) => { image.hidden = i !== slider.valueAsNumber; });
    output.textContent = labels[slider.valueAsNumber];
    slider.setAttribute("aria-valuetext", output.textContent);
  };
  const stop = () => { clearInterval(timer); timer = null; button.textContent = "Play"; };
  const next = () => {
    if (slider.valueAsNumber === images.length - 1) return stop();
    slider.valueAsNumber += 1;
    show();
  };
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (slider.valueAsNumber === images.length - 1) { slider.valueAsNumber = 0; show(); }
    timer = setInterval(next, 700);
    button.textContent = "Pause";
  });
  slider.addEventListener("input", () => { stop(); show(); });
  controls.hidden = false;
  controls.style.display = "flex";
  show();
})();
</script>"""
