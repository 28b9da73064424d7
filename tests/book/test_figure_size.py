"""Figures say their size, and those that stand low are loaded when they come near."""

import base64
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the book's tools are not installed")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book" / "_ext"))

import figure_size
from PIL import Image


def test_a_first_figure_below_three_paragraphs_is_late():
    figure = '<img alt="x" src="_images/a.png" />'
    assert "lazy" not in figure_size.sized("<p>one</p><p>two</p>" + figure, {})
    assert "lazy" in figure_size.sized("<p>one</p><p>two</p><p>three</p>" + figure, {})


def test_a_figure_has_its_size_and_only_the_first_is_not_late(tmp_path):
    names = ["a.png", "b.png"]
    for width, name in zip((30, 50), names, strict=True):
        Image.new("RGB", (width, 20)).save(tmp_path / name)
    page = "".join(f'<p><img alt="x" src="../_images/{name}" /></p>' for name in names)
    first, second = figure_size.sized(page, {name: tmp_path / name for name in names}).split(
        "</p>"
    )[:2]
    assert 'width="30" height="20"' in first and "lazy" not in first
    assert 'width="50" height="20"' in second and 'loading="lazy"' in second
    assert 'alt="x"' in second and 'src="../_images/b.png"' in second


def test_a_drawing_has_its_size_and_keeps_the_width_that_is_asked_for(tmp_path):
    file = tmp_path / "a.svg"
    file.write_text(
        '<?xml version="1.0"?>\n<svg height="36pt" version="1.1" width="72pt">', "utf-8"
    )
    plain, asked = '<img src="../_images/a.svg" alt="x">', '<img alt="x" src="_images/a.svg" {} />'
    assert figure_size.sized(plain, {"a.svg": file}).startswith('<img width="96" height="48" src=')
    for width in ('width="480px"', 'width="480"'):
        found = figure_size.sized(asked.format(width), {"a.svg": file})
        assert 'width="480" height="240"' in found and found.count("width=") == 1
    file.write_text("<svg>", encoding="utf-8")  # which says nothing
    assert figure_size.sized(plain, {"a.svg": file}) == plain


def test_what_is_no_figure_or_has_no_file_is_left_alone(tmp_path):
    for image in (
        '<img src="../_static/logo.svg">',
        '<img width="3" src="_images/a.png">',
        '<img alt="x" src="_images/gone.png">',
    ):
        assert figure_size.sized(image, {}) == image


def test_a_picture_written_into_the_page_becomes_a_file(tmp_path):
    Image.effect_noise((60, 40), 50).save(tmp_path / "noise.png")
    picture = (tmp_path / "noise.png").read_bytes()
    written = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    page = f'<p>{written[:40]}</p><img src="{written}" alt="x"><img src="{written}" hidden>'
    html, files = figure_size.filed(page, tmp_path / "site" / "_images", "../_images")
    [(name, path)] = files.items()
    assert path.read_bytes() == picture and path.parent == tmp_path / "site" / "_images"
    assert html == page.replace(f'src="{written}"', f'src="../_images/{name}"')
    assert figure_size.sized(html, files).count('width="60" height="40"') == 2


def test_a_small_picture_stays_in_the_page(tmp_path):
    page = '<img src="data:image/png;base64,AAAA" alt="x">'
    assert figure_size.filed(page, tmp_path, "_images") == (page, {})
