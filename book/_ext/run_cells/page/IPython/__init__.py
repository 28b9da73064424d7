"""A stand-in for IPython in the page: :mod:`IPython.display` alone, and of it what chapters use."""

__version__ = "0"


def get_ipython() -> None:
    """There is no shell."""
