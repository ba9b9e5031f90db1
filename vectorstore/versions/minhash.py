"""A document's words in 528 bytes, to estimate how alike documents are without reading them.

MinHash (Broder 1997) over runs of five words, in numpy: datasketch's import alone takes 0.8 s.
"""

import hashlib
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ingest.document.model import Document

_HASHES = 128  # the standard error of a likeness of .25 is .04, of .9 is .03
_RUN = 5
_FEWEST = 20  # words; shorter forms are alike and yet different
_PRIME = np.uint64((1 << 61) - 1)
_BLOCK = 1024  # runs hashed at once: 1 MB of memory, a few times
_SEED = np.random.default_rng(5)
_FACTORS = _SEED.integers(1, 1 << 29, _HASHES, dtype=np.uint64)  # times 32 bits: below 2 ** 61
_SUMMANDS = _SEED.integers(0, 1 << 60, _HASHES, dtype=np.uint64)
_DIGEST = 16  # bytes of a hash of all words, so that equal texts are recognised exactly

_WORD = re.compile(r"\w+")

Sketches = NDArray[np.uint32]  # one row a document


def sketch(document: Document) -> bytes | None:
    """The sketch; None when there are too few words."""
    if len(list(islice(_words(document), _FEWEST))) < _FEWEST:
        return None
    digest = hashlib.sha256()
    words = _add_to_digest(_words(document), digest)
    hashes = (zlib.crc32(run.encode()) for run in _runs(words))
    smallest = np.full(_HASHES, np.iinfo(np.uint64).max, np.uint64)
    while block := list(islice(hashes, _BLOCK)):
        smallest = np.minimum(smallest, _mixed(block).min(axis=0))
    return digest.digest()[:_DIGEST] + smallest.astype("<u4").tobytes()


def same_words(one: bytes, other: bytes) -> bool:
    """Whether two sketches are of documents with the same words."""
    return one[:_DIGEST] == other[:_DIGEST]


def table(sketches: Iterable[bytes]) -> Sketches:
    """Sketches as an array of shape (documents, hashes)."""
    joined = b"".join(sketch[_DIGEST:] for sketch in sketches)
    return np.frombuffer(joined, "<u4").reshape(-1, _HASHES)


def joined(one: Sketches, other: Sketches) -> Sketches:
    """The rows of both."""
    return np.concatenate([one, other])


def without(sketches: Sketches, index: int) -> Sketches:
    """All rows but one."""
    return np.delete(sketches, index, axis=0)


def likeness(one: bytes, others: Sketches) -> NDArray[np.float64]:
    """The estimated share of runs that are in both documents, of all runs in either."""
    return np.asarray((table([one]) == others).mean(axis=1))


def _words(document: Document) -> Iterator[str]:
    return (w for page in document.pages for w in _WORD.findall(page.text.lower()))


def _add_to_digest(words: Iterable[str], digest: "hashlib._Hash") -> Iterator[str]:
    """Yields the words and adds them to the digest, with a space between two."""
    blank = ""
    for word in words:
        digest.update(f"{blank}{word}".encode())
        blank = " "
        yield word


def _runs(words: Iterable[str]) -> Iterator[str]:
    """One after the other: those of a thousand pages take 90 MB together."""
    last: deque[str] = deque(maxlen=_RUN)
    for word in words:
        last.append(word)
        if len(last) == _RUN:
            yield " ".join(last)


def _mixed(hashes: list[int]) -> NDArray[np.uint64]:
    """A row for each, a column for each hash function."""
    block = np.array(hashes, np.uint64)[:, None]
    return (block * _FACTORS + _SUMMANDS) % _PRIME & np.uint64(0xFFFFFFFF)
