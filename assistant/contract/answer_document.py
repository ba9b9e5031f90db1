"""The answer document: the JSON of an answer that the command line prints, and that conversations,
receipts and runs keep.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.contract import asked_in
from assistant.contract.facts import Citation, Outcome, Sentence
from assistant.contract.intents import to_row
from vectorstore.federation import qualified, renamed

if TYPE_CHECKING:
    from assistant.contract.reply import Reply

Answer = dict[str, Any]


def answer_document(reply: "Reply") -> dict[str, Any]:
    """The JSON of a finished reply. Fields may be added; none is removed or changes its meaning."""
    done = reply.outcome
    assert done is not None
    return {
        "id": reply.id,
        "question": reply.question,
        "answer": done.text,
        "refused": done.refused,
        "asked_back": done.asked_back,
        "tool": reply.tool,
        "citations": [_citation_json(citation, done) for citation in done.citations],
        "sentences": [_sentence_json(sentence) for sentence in done.sentences],
        **({"closest": [_told(_line_json(c)) for c in done.closest]} if done.closest else {}),
        "passages": [_told(vars(passage)) for passage in done.passages],
        "notices": list(done.notices),
        **({"cells": [vars(cell) for cell in done.cells]} if done.cells else {}),
        **({"choices": list(done.choices)} if done.choices else {}),
        **({} if done.grounded else {"grounded": False}),
        **({"offers": [vars(offer) for offer in done.offers]} if done.offers else {}),
        **({"why": reply.why} if reply.why else {}),
        **({"wish": to_row(reply.intent)} if reply.intent else {}),
        **_made(reply),
        **({"filter": asked_in.to_row(reply.within)} if reply.within else {}),
        **({"attached": [str(path) for path in reply.attached]} if reply.attached else {}),
        "images": [str(path) for path in reply.images],
        "audio": [str(path) for path in reply.audio],
        "usage": {
            "prompt_tokens": done.prompt_tokens,
            "completion_tokens": done.completion_tokens,
        },
        "model": reply.model,
        **(
            {}
            if reply.trace.answerable is None
            else {"answerable": round(reply.trace.answerable, 4)}
        ),
        "stopped": done.stopped,
        **({"unsaved": reply.unsaved} if reply.unsaved else {}),
        "seconds_first_quote": reply.activity.seconds_first_quote,
        "seconds_first_token": reply.activity.seconds_first_token,
        "seconds_total": reply.activity.seconds_total,
    }


def _made(reply: "Reply") -> dict[str, Any]:
    """How a tool came to what it says: nothing else keeps it, for tools have no receipt."""
    facts = reply.trace.facts
    if not reply.intent or not (facts.looked or facts.heard):
        return {}
    heard = {"heard": asdict(facts.heard)} if facts.heard else {}
    return {"facts": {"looked": [asdict(one) for one in facts.looked], **heard}}


def _sentence_json(sentence: Sentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "supported": sentence.supported,
        "support": sentence.support,
        "unstated": list(sentence.unstated),
        "marks": list(sentence.marks),
    }


def _citation_json(citation: Citation, done: Outcome) -> dict[str, Any]:
    """With `support` "partly" when the lines are only close to the sentences that they stand at."""
    at = {s.support for s in done.sentences if citation.mark in s.marks}
    partly = {"support": "partly"} if at == {"partly"} else {}
    return _told({**_line_json(citation), **partly})


def _line_json(citation: Citation) -> dict[str, Any]:
    return {**vars(citation), "boxes": [[round(v, 2) for v in box] for box in citation.boxes]}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A row without empty rare fields, such as the seconds of a recording."""
    rare = {"seconds": None, "instructions": (), "library": ""}
    return {name: value for name, value in row.items() if name not in rare or value != rare[name]}


# -- Takes a document out of what is kept of answers. Of an answer that read the document remain the
# question and the sentences that cite other documents alone: anything else may repeat what it said.

FORGOTTEN = "[This part came from a document that was forgotten.]"
_ROWS = ("citations", "passages", "closest")  # rows that name their document
_DERIVED = ("cells", "notices", "choices", "why")  # what may repeat its words


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
