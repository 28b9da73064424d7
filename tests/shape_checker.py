"""The type checker of ``package/test_shapes.py``: beartype, with an int where a float is asked for.

Python itself accepts that, too.
"""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
