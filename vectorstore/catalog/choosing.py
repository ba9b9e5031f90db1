"""Chooses and sorts documents of a list by what it says of them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal, get_args

from vectorstore.catalog.records import DocumentInfo

State = Literal["", "look", "old"]  # all; not all was read; there is a newer version
Sort = Literal["name", "newest", "oldest", "largest", "kind"]
SORTS: tuple[Sort, ...] = get_args(Sort)


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
    sort: Sort = "name",
) -> list[DocumentInfo]:  # fmt: skip
    """Those whose name has the part, of the kind and in the state; empty means any."""
    wanted = part.casefold().strip()
    found = [
        document
        for document in documents
        if wanted in document.document.casefold()
        and of_kind in ("", kind(document))
        and _in_state(document, state)
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
        case "kind":
            return sorted(by_name, key=kind)
    return by_name
