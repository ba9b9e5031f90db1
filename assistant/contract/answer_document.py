"""Takes a document or the name of a library out of answer documents: the JSON of answers, which the
command line prints, and conversations, receipts and runs keep.

Of an answer that read a document that is forgotten remain the question and the sentences that cite
other documents alone: anything else may repeat what it said.
"""

from typing import Any

from vectorstore.federation import qualified, renamed

Answer = dict[str, Any]

FORGOTTEN = "[This part came from a document that was forgotten.]"
_ROWS = ("citations", "passages", "closest")  # rows that name their document
_DERIVED = ("cells", "notices", "why")  # what may repeat its words


def reads(value: Any, document: str, library: str = "") -> bool:
    """Whether any part of a JSON value is about the document. `library`: where several were asked
    at once, the one that it is of."""
    if isinstance(value, dict):
        about = _is_of(value, document, library)
        return about or any(reads(part, document, library) for part in value.values())
    if isinstance(value, list):
        return any(reads(part, document, library) for part in value)
    return False


def _is_of(row: Answer, document: str, library: str) -> bool:
    names = [row.get("document", row.get("doc"))]
    if "titles" in row:  # of two documents that were compared
        names += row["documents"]
    of = row.get("library", "")  # facts have the qualified name instead
    return (document in names and of in ("", library)) or qualified(library, document) in names


def without(answer: Answer, document: str, library: str = "") -> Answer:
    """The answer without what came from the document."""
    other = {name: rows for name, rows in answer.items() if name not in _DERIVED}
    for name in {*_ROWS} & other.keys():
        other[name] = [row for row in answer[name] if not _is_of(row, document, library)]
    marks = {row["mark"] for row in other["citations"]}
    sentences = answer.get("sentences", [])
    kept = [s for s in sentences if s["marks"] and marks.issuperset(s["marks"])]
    said = [s["text"] if s in kept else FORGOTTEN for s in sentences] or [FORGOTTEN]
    other |= {"sentences": kept, "answer": " ".join(dict.fromkeys(said)), "notices": []}
    return other


def unfound(receipt: Answer, document: str, library: str = "") -> Answer:
    """The receipt of an answer without the document among what its search has found: that a search
    finds something does not mean that it is read."""
    facts = receipt.get("facts") or {}
    found = [row for row in facts.get("found", ()) if not _is_of(row, document, library)]
    return receipt | {"facts": facts | {"found": found}}


# -- A library gets another name in what is kept of answers: conversations and receipts have it in
# their JSON where several libraries were asked at once.


def with_library(value: Any, old: str, new: str) -> Any:
    """A JSON value, such as an answer document, in which a library has its new name."""
    if isinstance(value, list):
        return [with_library(part, old, new) for part in value]
    if not isinstance(value, dict):
        return value
    row = {name: with_library(part, old, new) for name, part in value.items()}
    if isinstance(library := row.get("library"), str):
        row["library"] = renamed(library, old, new)
    document, before = row.get("document"), qualified(old, "")
    if not row.get("library") and isinstance(document, str) and document.startswith(before):
        row["document"] = qualified(new, document.removeprefix(before))  # in facts
    return row
