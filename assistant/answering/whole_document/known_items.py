"""The items of a list so far: each thing once, in whatever words it is said."""

import re
from collections.abc import Collection, Sequence

from ingest.language.sentences import numbers
from ingest.language.words import stems
from vectorstore.embedding.embedder import Embedder

_SAME = 0.93  # cosine of two items in other words
_TELLING = 4  # stems: between shorter items one word makes another thing
_REST = re.compile(r"(?<!\s)\s*+(?::\s|\(|(?<=\s)[–—-]\s).*", re.DOTALL)


class KnownItems:
    """Knows the items that were named."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._items: list[str] = []
        self._heads: set[frozenset[str]] = set()

    def unknown(self, items: Sequence[str]) -> list[str]:
        """Those that were not named, each once."""
        found: dict[frozenset[str], str] = {}
        for item in items:
            if item and not self._heads & {_head(item), stems(item)} and not self._meant(item):
                found.setdefault(_head(item), item)
        return list(found.values())

    def new(self, items: Sequence[str]) -> list[str]:
        """The same, which are named from now on."""
        fresh = self.unknown(items)
        self._items += fresh
        self._heads |= {key for item in fresh for key in (_head(item), stems(item))}
        return fresh

    def refuse(self, items: Collection[str]) -> None:
        """These are other things, and never new."""
        self._heads |= {stems(item) for item in items}

    def _meant(self, item: str) -> bool:
        """Whether a longer item says the same as a known one, with the same numbers."""
        alike = [
            one for one in self._items
            if min(len(stems(one)), len(stems(item))) >= _TELLING and numbers(one) == numbers(item)
        ]  # fmt: skip
        if not alike:
            return False
        cosines = self._embedder.passages(alike) @ self._embedder.passages([item])[0]
        return bool(cosines.max() >= _SAME)


def _head(item: str) -> frozenset[str]:
    """What an item is called, without the explanation behind it."""
    return stems(_REST.sub("", item)) or stems(item)
