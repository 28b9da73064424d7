"""What is wrong with a finished PDF: blank sheets, links that lead nowhere, fonts left out."""

import re
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader

# A sheet with a running head has about sixty characters before its text begins.
LEAST_CHARACTERS = 120
# Curves on a sheet. Boxes and the roots of formulas have about a hundred; a figure's words alone,
# which are drawn, have many hundreds.
LEAST_CURVES = 300


def complaints(reader: PdfReader) -> list[str]:
    return [*blank(reader), *astray(reader), *not_embedded(reader)]


def blank(reader: PdfReader) -> list[str]:
    """Sheets with hardly any text and without a picture."""
    found = []
    for number, sheet in enumerate(reader.pages, 1):
        text = re.sub(r"\s+", " ", sheet.extract_text())
        if len(text) < LEAST_CHARACTERS and not has_picture(sheet):
            found.append(f"sheet {number} is nearly blank: {text!r}")
    return found


def has_picture(sheet: Any) -> bool:
    """Whether the sheet has an image, or a drawing among its own lines."""
    contents = sheet.get_contents()
    curves = contents.get_data().count(b" c\n") if contents is not None else 0
    return curves >= LEAST_CURVES or any(pictures(sheet))


def pictures(sheet: Any) -> Iterator[Any]:
    objects = sheet.get("/Resources", {}).get("/XObject", {})
    yield from (o for o in objects.values() if o.get_object().get("/Subtype") == "/Image")


def links(sheet: Any) -> Iterator[tuple[str, str]]:
    """The kind and the target of each link: ``inside`` a name, ``outside`` an address."""
    for annotation in sheet.get("/Annots") or ():
        link = annotation.get_object()
        if link.get("/Subtype") != "/Link":
            continue
        action = link.get("/A", {})
        if "/Dest" in link:
            yield "inside", str(link["/Dest"])
        elif "/URI" in action:
            yield "outside", str(action["/URI"])


def astray(reader: PdfReader) -> list[str]:
    """Links to a place that the document does not have, or to this machine."""
    names, found = reader.named_destinations, []
    for number, sheet in enumerate(reader.pages, 1):
        for kind, target in links(sheet):
            if kind == "inside" and target not in names:
                found.append(f"sheet {number}: no place {target}")
            if kind == "outside" and not re.match(r"https?:|mailto:", target):
                found.append(f"sheet {number}: a link to this machine: {target}")
    return found


def not_embedded(reader: PdfReader) -> list[str]:
    return sorted({name for sheet in reader.pages for name, whole in fonts(sheet) if not whole})


def fonts(sheet: Any) -> Iterator[tuple[str, bool]]:
    """Name of each font of a sheet, and whether the file has it."""
    for font in sheet.get("/Resources", {}).get("/Font", {}).values():
        font = font.get_object()
        inner = font.get("/DescendantFonts", [font])[0].get_object()
        descriptor = inner["/FontDescriptor"].get_object() if "/FontDescriptor" in inner else {}
        files = {"/FontFile", "/FontFile2", "/FontFile3"}
        # A font of type 3 is drawn in the file itself.
        embedded = font["/Subtype"] == "/Type3" or bool(files & set(descriptor))
        yield str(font.get("/BaseFont")), embedded
