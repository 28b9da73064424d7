"""The exercises: is this answer right, and if not, in which way is it wrong?

>>> from randomfeatures import exercises
>>> exercises.check("ex-parseval")
No answer yet. Asked: a number, to 6 significant digits. Put it in the place of the dots.

Nothing here, and nothing in the data beside it, says an answer in readable form; ``sealing`` says
what that protects from and what not.

- ``checking``: right, or which kind of wrong.
- ``counterexamples``: answers that are judged by trying them.
- ``reading``: the number that an answer of any type stands for.
- ``sealing``: what is known only to who knows the answer.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["checking", "counterexamples", "reading", "sealing"],
    submod_attrs={"checking": ["check"]},
)
