"""Answer documents, and candidates with features that are chosen."""

from collections.abc import Sequence
from typing import Any

from vectorstore.retrieval.fusion import Candidate, Place, Ranked, ScoreParts
from vectorstore.retrieval.learned_ranker import Considered


def answer(
    id: str,
    question: str,
    *pages: Place,
    refused: bool = False,
    answerable: float | None = 0.6,
    **more: Any,
) -> dict[str, Any]:
    """As `Reply.to_json` makes it, as far as feedback reads it."""
    citations = [{"mark": n, "document": d, "page": p} for n, (d, p) in enumerate(pages, 1)]
    found = {
        "id": id, "question": question, "answer": "Thirty days.", "refused": refused,
        "tool": "answer", "citations": [] if refused else citations, "stopped": False,
        "model": "some-model",
    }  # fmt: skip
    return found | ({} if answerable is None else {"answerable": answerable}) | more


def considered(
    document: str, page: int, score: float, sections: Sequence[str] = (), **features: float
) -> Considered:
    """All features are 0 but those that are given."""
    candidate = Candidate(f"{document}:{page}", document, page, score, 0.0)
    parts = ScoreParts(*(features.get(name, 0.0) for name in ScoreParts._fields))
    own = (features.get(name, 0.0) for name in ("title", "heading", "recent", "place"))
    return Considered(Ranked(candidate, score, parts), *own, frozenset(sections))
