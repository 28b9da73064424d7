"""Seals: opened by the answer alone."""

from randomfeatures.exercises.sealing import opened, sealed, stretched, tag

SENTENCE = "The factor 2 is missing; the mean of cos² is one half."


def test_only_the_answer_opens_a_seal():
    keys = [stretched("ex-one", 0, "12e-1"), stretched("ex-one", 1, "7")]
    hidden = sealed(SENTENCE, keys)
    assert opened(hidden, keys) == SENTENCE
    others = [
        [stretched("ex-one", 0, "12e-2"), keys[1]],
        [stretched("ex-two", 0, "12e-1"), keys[1]],
        keys[::-1],
        keys[:1],
    ]
    for other in others:
        assert "factor" not in opened(hidden, other)


def test_tag_and_seal_show_nothing():
    key = stretched("ex-one", 0, "12e-1")
    assert key.hex() not in sealed(SENTENCE, [key]) + tag(key)
    assert tag(key) not in key.hex()
    lengths = {len(sealed("x" * n, [key])) for n in range(1, 129)}
    assert len(lengths) == 1  # the length of a sentence says nothing


def test_equal_answers_of_two_exercises_and_places_differ():
    tags = {tag(stretched(label, n, "7")) for label in ("ex-a", "ex-b") for n in (0, 1)}
    assert len(tags) == 4


def test_trying_is_slow():
    """A key takes as many hashes as ROUNDS says; counted, not timed."""
    import hashlib

    from randomfeatures.exercises import sealing

    count = 0
    plain = hashlib.sha512

    class Counting:
        sha256 = staticmethod(hashlib.sha256)

        @staticmethod
        def sha512(data):
            nonlocal count
            count += 1
            return plain(data)

    sealing.hashlib, kept = Counting, sealing.hashlib
    try:
        stretched("ex-one", 0, "7")
    finally:
        sealing.hashlib = kept
    assert count > 20_000
