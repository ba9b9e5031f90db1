"""Small real implementations of the seams, with results that can be checked by hand."""

import re
from collections.abc import Sequence

import numpy as np

from vectorstore.store import Vectors

WORDS = ("leave", "expense", "password", "laptop", "travel", "revenue", "visitor")


class WordEmbedder:
    """Counts the words of a small vocabulary, one dimension each, and makes the length 1.

    "leave" is (1, 0, 0, ...), "leave expense" is (.71, .71, 0, ...); a text without any of the
    words lies in a last dimension of its own.
    """

    def __init__(self, words: Sequence[str] = WORDS, identity: str = "words") -> None:
        self._words = tuple(words)
        self.identity = identity

    def passages(self, texts: Sequence[str]) -> Vectors:
        vectors = [self.query(text) for text in texts]
        return np.stack(vectors) if vectors else np.zeros((0, len(self._words) + 1), np.float32)

    def query(self, text: str) -> Vectors:
        found = re.findall(r"\w+", text.lower())
        counts = [found.count(word) for word in self._words]
        vector = np.array([*counts, not any(counts)], np.float32)
        return vector / np.linalg.norm(vector)
