"""``display`` and ``HTML`` as the page shows them."""

from typing import Any

import book_page


class HTML:
    """Markup that the page shows as it is."""

    def __init__(self, data: str) -> None:
        self.data = data

    def _repr_html_(self) -> str:
        return self.data


def display(*objects: Any, raw: bool = False, metadata: dict[str, Any] | None = None) -> None:
    """Show the objects. What chapters keep for their prose (``raw``) is not shown."""
    if not raw:
        for item in objects:
            book_page.show(item)
