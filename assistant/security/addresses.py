"""Keeps links and pictures that the documents do not give out of an answer while it is written.

A model can be talked into an address, or make one up. An address stays when it stands in what the
model has read, where instructions to an assistant are left out, or in the question. The markup of
links and pictures is reduced to its words.
"""

import re
from collections.abc import Iterable, Iterator

REMOVED = "[address removed]"
_NAME = r"(?:[a-z0-9-]{1,63}+\.){1,20}[a-z]{2,}"
_ADDRESS = re.compile(
    rf"(?:\b(?:https?|ftp)://|\bmailto:|\bwww\.|\bdata:(?=\w+/))[^\s<>\"'“”»)\]]+"
    rf"|\b[\w.+-]{{1,80}}@{_NAME}",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?P<picture>!?)\[(?P<words>[^\[\]\n]*+)\]\(\s*+"
    r"(?P<address>(?=[^)\s.:/]{0,800}+[.:/])[^)\s]{0,800}+)[^)\n]{0,800}+\)"
)
_TAG = re.compile(r"<(?:img|a|iframe|script|link|video|audio)\b[^>\n]{0,500}+>|</a>", re.IGNORECASE)
_OPEN = re.compile(r"(?:!?\[[^\]\n]*(?:\](?:\([^)\n]*\)?)?)?\S*|<(?=[a-z/])[^>\n]*>?\S*|\S+)\Z")
_LONGEST = 500  # characters that are held back until markup is closed
_REST = re.compile(r"[\W_]+")


class AddressFilter:
    """Passes a text on in pieces, without addresses that stand in none of the texts given."""

    def __init__(self, read: Iterable[str]) -> None:
        """`read`: what the model has read, and the question."""
        self._read = _letters(" ".join(read))
        self._held = ""

    def feed(self, text: str) -> str:
        """The part of the text so far that can be shown: a word or link that may go on is held."""
        self._held += text
        open_end = _OPEN.search(self._held[-_LONGEST:])
        length = len(open_end[0]) if open_end else 0
        cut = len(self._held) - length
        ready, self._held = self._held[:cut], self._held[cut:]
        return self.clean(ready)

    def rest(self) -> str:
        """What was held back, when the text has ended."""
        ready, self._held = self._held, ""
        return self.clean(ready)

    def clean(self, text: str) -> str:
        """A whole text without such addresses."""
        text = _TAG.sub(self._known_tag, _LINK.sub(self._without_markup, text))
        return _ADDRESS.sub(self._known, text)

    def _without_markup(self, link: re.Match[str]) -> str:
        words, address = link["words"], link["address"]
        if link["picture"] or not self._stands(address) or address == words:
            return words
        return f"{words} ({address})"

    def _known_tag(self, tag: re.Match[str]) -> str:
        return tag[0] if self._stands(tag[0]) else ""

    def _known(self, address: re.Match[str]) -> str:
        return address[0] if self._stands(address[0]) else REMOVED

    def _stands(self, address: str) -> bool:
        """Whether it was read, also where a line end divided it."""
        letters = _letters(address)
        return bool(letters) and letters in self._read


def shown(parts: Iterable[str], read: Iterable[str]) -> Iterator[str]:
    """The parts of a text as they may be shown, as `AddressFilter` passes them on."""
    kept = AddressFilter(read)
    for part in parts:
        if ready := kept.feed(part):
            yield ready
    if rest := kept.rest():
        yield rest


def _letters(text: str) -> str:
    return _REST.sub("", re.sub(r"https?://|www\.|mailto:", "", text.casefold()))
