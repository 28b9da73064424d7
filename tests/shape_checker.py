"""The type checker of ``tests/package/test_shapes.py``: beartype, with an int accepted where a float is
asked for, as Python itself does.
"""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
