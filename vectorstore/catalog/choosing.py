"""Chooses and sorts documents of a list by what it says of them."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Literal, get_args

from vectorstore.catalog.records import DocumentInfo
from vectorstore.catalog.tags import cleaned, key
from vectorstore.errors import WrongDate

State = Literal["", "look", "old"]  # all; not all was read; there is a newer version
Sort = Literal["name", "newest", "oldest", "largest", "kind", "dated"]
SORTS: tuple[Sort, ...] = get_args(Sort)
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)


@dataclass(frozen=True)
class Filter:
    """Which documents a question is asked of: by their tags, and by their own dates.

    A document has to have all the tags. `after` and `before` are a year, a month or a day, as in
    2024, 2024-06 or 2024-06-30: dated then or later, and earlier than its begin.
    """

    tags: tuple[str, ...] = ()
    after: str = ""
    before: str = ""

    def __post_init__(self) -> None:
        """Raises WrongTag or WrongDate."""
        object.__setattr__(self, "tags", tuple(dict.fromkeys(map(cleaned, self.tags))))
        for text in (self.after, self.before):
            if text:
                _check_date(text)

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.tags or self.after or self.before)

    def keeps(self, document: DocumentInfo) -> bool:
        """A document without a date is in no period."""
        dated = document.dated
        if (self.after or self.before) and not dated:
            return False
        if dated < self.after or (self.before and dated >= self.before):
            return False
        return {key(tag) for tag in self.tags} <= {key(tag) for tag in document.tags}

    def names(
        self, documents: Sequence[DocumentInfo], among: Collection[str] | None = None
    ) -> frozenset[str]:
        """The names of those that it keeps, `among` these where any are named.

        Of a document with several versions that it keeps, the newest one; others by their name.
        """
        kept = {d.document: d for d in documents if self.keeps(d)}
        if among is not None:
            return frozenset(name for name in kept if name in among)
        newer = {d.document: d.superseded_by for d in documents if d.superseded_by}
        return frozenset(n for n in kept if not any(v in kept for v in _versions(n, newer)))


EVERYTHING = Filter()


def _versions(name: str, newer: Mapping[str, str]) -> Iterator[str]:
    """The newer versions of a document."""
    seen = {name}
    while (name := newer.get(name, "")) and name not in seen:
        seen.add(name)
        yield name


def _check_date(text: str) -> None:
    """Raises WrongDate."""
    try:
        if found := _DATE.fullmatch(text):
            date(*map(int, found.groups("01")))
            return
    except ValueError:  # such as a 30th of February
        pass
    raise WrongDate(
        f"{text!r} is no date: give a year, a month or a day, such as 2024, 2024-06 or 2024-06-30."
    )


def kind(document: DocumentInfo) -> str:
    """The ending of its name, such as `pdf`; empty without one."""
    return PurePosixPath(document.document).suffix.lower().lstrip(".")


def kinds(documents: Sequence[DocumentInfo]) -> dict[str, int]:
    """How many there are of each kind, the most first."""
    return dict(Counter(map(kind, documents)).most_common())


def worth_a_look(document: DocumentInfo) -> bool:
    """Whether some of it was not read, or read in another way than it stands there."""
    read = document.coverage
    return bool(read.unread or read.ocr or read.hidden or document.status != "ready")


def chosen(
    documents: Sequence[DocumentInfo], part: str = "", of_kind: str = "", state: State = "",
    sort: Sort = "name", within: Filter = EVERYTHING,
) -> list[DocumentInfo]:  # fmt: skip
    """Those whose name has the part, of the kind and in the state; empty means any."""
    wanted = part.casefold().strip()
    found = [
        document
        for document in documents
        if wanted in document.document.casefold()
        and (not of_kind or kind(document) == of_kind)
        and _in_state(document, state)
        and within.keeps(document)
    ]
    return _sorted(found, sort)


def _in_state(document: DocumentInfo, state: State) -> bool:
    if state == "look":
        return worth_a_look(document)
    return state == "" or document.superseded_by is not None


def _sorted(documents: list[DocumentInfo], sort: Sort) -> list[DocumentInfo]:
    """Ties by name, as the list comes."""
    by_name = sorted(documents, key=lambda document: document.document.casefold())
    match sort:
        case "newest":
            return sorted(by_name, key=lambda document: document.added, reverse=True)
        case "oldest":
            return sorted(by_name, key=lambda document: document.added)
        case "largest":
            return sorted(by_name, key=lambda document: -document.pages)
        case "dated":
            return sorted(by_name, key=lambda document: document.dated, reverse=True)
        case "kind":
            return sorted(by_name, key=kind)
    return by_name
