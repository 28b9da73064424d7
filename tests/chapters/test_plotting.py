"""A film is HTML that stands alone; its buttons are pressed in tests/book/test_browser.py."""

import matplotlib.pyplot as plt
import pytest
from bs4 import BeautifulSoup

from randomfeatures.chapters.plotting import (
    EXACT,
    MEASURED,
    PAGE,
    PROVED,
    colour,
    film,
    joined,
    marked,
    panels,
    small,
    thin,
)


def frames(number):
    result = []
    for i in range(number):
        figure, ax = plt.subplots(figsize=(1, 1))
        ax.plot([0, i])
        result.append((f"step {i}", figure))
    return result


def test_film_shows_its_last_frame_and_describes_each():
    result = film(frames(3), alt="A line < rises.").data
    images = BeautifulSoup(result, "html.parser").find_all("img")
    assert [image["alt"] for image in images] == [
        f"A line < rises. This frame: step {i}." for i in range(3)
    ]
    assert [image.has_attr("hidden") for image in images] == [True, True, False]
    assert "http" not in result and not plt.get_fignums()


def test_the_same_frames_give_the_same_film():
    assert (
        film(frames(2), alt="A line.").data
        == film(frames(2), alt="A line.").data
        != film(frames(3), alt="A line.").data
    )


def test_film_refuses_what_no_reader_can_use():
    with pytest.raises(ValueError, match="at least two frames"):
        film(frames(1), alt="A line.")
    with pytest.raises(ValueError, match="text for readers who cannot see it"):
        film(frames(2), alt=" ")
    plt.close("all")


def test_a_changed_style_leaves_the_shared_one_as_it_is():
    before = dict(MEASURED)
    assert joined(MEASURED) == before | {"linestyle": "-"}
    assert joined(MEASURED, ":") == before | {"linestyle": ":"}
    assert marked(MEASURED, "^") == before | {"marker": "^"}
    assert marked(MEASURED) == before | {"marker": ""}
    assert small(MEASURED) == before | {"markersize": 3}
    assert thin(PROVED)["linewidth"] < PROVED["linewidth"]
    assert colour(EXACT) == EXACT["color"]
    assert before == MEASURED


def test_panels_are_as_wide_as_the_page():
    figure, axes = panels(3, 2.5, sharey=True)
    assert tuple(figure.get_size_inches()) == (PAGE, 2.5)
    assert len(axes) == 3 and axes[0].get_shared_y_axes().joined(axes[0], axes[2])
    plt.close(figure)
