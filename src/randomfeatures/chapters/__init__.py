"""What only the book's chapters use: nothing else imports it.

- ``explorer``: the numbers of the explorer on the page "Just the numbers".
- ``plotting``: the look of the figures (needs matplotlib).
- ``results``: the result files of the larger runs.
- ``tables``: tables that a chapter prints.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "explorer",
        "plotting",
        "results",
        "tables",
    ],
)
