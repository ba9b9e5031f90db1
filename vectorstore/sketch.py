"""A document's words in 528 bytes: how alike two documents are, without reading them again.

MinHash (Broder 1997) over runs of five words, in numpy: datasketch's import alone takes 0.8 s.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ingest.document import Document

_HASHES = 128  # the standard error of a likeness of .25 is .04, of .9 is .03
_RUN = 5
_FEWEST = 20  # words; forms of fewer are alike and yet different
_PRIME = np.uint64((1 << 61) - 1)
_BLOCK = 4096  # runs hashed at once: 4 MB of memory
_SEED = np.random.default_rng(5)
_FACTORS = _SEED.integers(1, 1 << 29, _HASHES, dtype=np.uint64)  # times 32 bits: below 2 ** 61
_SUMMANDS = _SEED.integers(0, 1 << 60, _HASHES, dtype=np.uint64)
_DIGEST = 16  # bytes in front: of all words, so that the same words are known exactly

_WORD = re.compile(r"\w+")

Sketches = NDArray[np.uint32]  # one row a document


def sketch(document: Document) -> bytes | None:
    """None when there are too few words to tell."""
    words = [w for page in document.pages for w in _WORD.findall(page.text.lower())]
    if len(words) < _FEWEST:
        return None
    digest = hashlib.sha256(" ".join(words).encode()).digest()[:_DIGEST]
    return digest + _smallest(words).astype("<u4").tobytes()


def same_words(one: bytes, other: bytes) -> bool:
    return one[:_DIGEST] == other[:_DIGEST]


def table(sketches: Iterable[bytes]) -> Sketches:
    joined = b"".join(sketch[_DIGEST:] for sketch in sketches)
    return np.frombuffer(joined, "<u4").reshape(-1, _HASHES)


def joined(one: Sketches, other: Sketches) -> Sketches:
    return np.concatenate([one, other])


def without(sketches: Sketches, index: int) -> Sketches:
    return np.delete(sketches, index, axis=0)


def likeness(one: bytes, others: Sketches) -> NDArray[np.float64]:
    """The estimated share of runs that are in both documents, of all runs in either."""
    return np.asarray((table([one]) == others).mean(axis=1))


def _smallest(words: list[str]) -> NDArray[np.uint64]:
    runs = {" ".join(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1)}
    hashes = np.fromiter((zlib.crc32(run.encode()) for run in runs), np.uint64, len(runs))
    smallest = np.full(_HASHES, np.iinfo(np.uint64).max, np.uint64)
    for start in range(0, len(hashes), _BLOCK):
        block = hashes[start : start + _BLOCK, None]
        mixed = (block * _FACTORS + _SUMMANDS) % _PRIME
        smallest = np.minimum(smallest, (mixed & np.uint64(0xFFFFFFFF)).min(axis=0))
    return smallest
