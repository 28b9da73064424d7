"""A sentence that only who knows the answer can read.

An answer is stretched: hashed some ten thousand times over, with the exercise's name as salt. From
the result comes a tag, by which a later answer is recognised, and a key, with which the sentence
for this answer is hidden. What a student receives holds tags and hidden sentences.

This protects from reading: nobody meets an answer by chance, in an error's traceback, with a
search, or in the data file. It does not protect from a computer that tries all answers: a whole
number up to a thousand is found in a minute, six significant digits of one decade in hours. It does
not have to: who wants to be told opens the solution, which stands in the public book.
"""

import hashlib

ROUNDS = 30_000
TAG, BLOCK = 16, 32


def stretched(label: str, place: int, text: str) -> bytes:
    """The key of one number of an answer: of the exercise ``label``, at ``place`` in the answer."""
    salt = hashlib.sha256(f"{label} {place}".encode()).digest()
    key = hashlib.sha512(salt + text.encode()).digest()
    for _ in range(ROUNDS):
        key = hashlib.sha512(key + salt).digest()
    return key


def tag(key: bytes) -> str:
    """What recognises a key, and does not give it."""
    return hashlib.sha256(b"tag" + key).hexdigest()[: 2 * TAG]


def sealed(text: str, keys: list[bytes]) -> str:
    """``text`` hidden with the keys of all numbers of an answer; its length is rounded up.

    >>> key = stretched("ex-any", 0, "17")
    >>> hidden = sealed("You counted both ends.", [key])
    >>> "counted" in hidden, opened(hidden, [key])
    (False, 'You counted both ends.')
    """
    data = text.encode()
    data += b"\0" * (-len(data) % (4 * BLOCK))
    return mixed(data, keys).hex()


def opened(hidden: str, keys: list[bytes]) -> str:
    """The sentence that :func:`sealed` has hidden; letters without sense for other keys."""
    return mixed(bytes.fromhex(hidden), keys).rstrip(b"\0").decode(errors="replace")


def mixed(data: bytes, keys: list[bytes]) -> bytes:
    """``data`` with a stream of hashes of the keys added to it; twice is the data again."""
    whole = hashlib.sha256(b"text" + b"".join(keys)).digest()
    blocks = range(-(-len(data) // BLOCK))
    stream = b"".join(hashlib.sha256(whole + n.to_bytes(4, "big")).digest() for n in blocks)
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))
