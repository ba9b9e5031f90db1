"""Scores one question of a run: a value for each applicable measure.

A row of a run holds the question, the pages that were found, and the answer document:

    {"id", "question": {...}, "hits": [[document, page], ...], "search_seconds",
     "answer": {...} | None, "error": ""}

Documents are named as the question set names them.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.evaluation import judging
from assistant.evaluation.metrics import (
    PagePair,
    document_hit,
    first_distinct,
    ndcg,
    page_hit,
    page_recall,
    recall,
)
from assistant.evaluation.sets.question_sets import Behaviour, EvidencePage, Question, from_row

Row = dict[str, Any]
Pair = tuple[float, float]  # of a ratio: how many are right, how many there are


@dataclass(frozen=True)
class Scored:
    """A question with its values. `means` count once a question; `pairs` are summed first."""

    question: Question
    means: dict[str, float]
    pairs: dict[str, Pair]
    label: str = ""  # its label
    failed: bool = False


def scored(row: Row) -> Scored:
    """All values of a row."""
    question = from_row(row["question"])
    hits = row.get("hits")
    means = {} if hits is None else _retrieval(question, [(doc, page) for doc, page in hits])
    answer, failed = row.get("answer"), bool(row.get("error"))
    if answer is None and not failed:
        return Scored(question, means, {})
    said = answer or {"answer": "", "refused": False, "citations": [], "sentences": []}
    label = _label(question, said)
    answered, pairs = _answered(question, said, label), _pairs(question, said)
    return Scored(question, means | answered, pairs, label, failed)


# -- retrieval


def _retrieval(question: Question, pages: Sequence[PagePair]) -> dict[str, float]:
    if not question.evidence:
        return {}
    evidence, ranking = question.evidence, first_distinct(pages, 10)
    found = {"document_hit@5": float(document_hit(ranking[:5], evidence))}
    if all(place.page is None for place in evidence):
        ids = list(dict.fromkeys(document for document, _ in pages))
        return found | {
            "document_recall@10": recall(ids, question.documents, 10),
            "ndcg@10": ndcg(ids, question.documents, 10),
        }
    names = [f"{document}:{page}" for document, page in ranking]
    relevant = {f"{place.doc}:{place.page}" for place in evidence}
    return found | {
        "page_hit@5": float(page_hit(ranking[:5], evidence)),
        "page_hit@5_one_off": float(page_hit(ranking[:5], evidence, 1)),
        "page_recall@5": page_recall(ranking[:5], evidence),
        "page_hit@10": float(page_hit(ranking, evidence)),
        "page_hit@10_one_off": float(page_hit(ranking, evidence, 1)),
        "ndcg@10": ndcg(names, relevant, 10),
    }


# -- answers


def behaviour(said: Row) -> Behaviour:
    """What the assistant did."""
    if said["refused"]:
        return "refuse"
    return "ask back" if said["answer"].rstrip().endswith("?") else "answer"


def _label(question: Question, said: Row) -> str:
    """The label: correct, wrong or refused; for unanswerable questions, refused or answered."""
    did = behaviour(said)
    if question.wanted == "ask back":
        return "asked back" if did == "ask back" else {"refuse": "refused"}.get(did, "answered")
    if question.wanted == "refuse":
        return "refused" if did == "refuse" else "answered"
    if not question.answers:  # nobody knows the answer
        return "refused" if did == "refuse" else "not judged"
    return judging.label(said["answer"], said["refused"], question.answers)


def _answered(question: Question, said: Row, label: str) -> dict[str, float]:
    right = {"right_behaviour": float(behaviour(said) == question.wanted)}
    if question.wanted == "ask back":
        return right | {"asked_back": float(label == "asked back")}
    if question.wanted == "refuse":
        return right | {"refusal_recall": float(label == "refused")}
    if not question.answers:
        return right | {"refused": float(label == "refused")}
    return right | {name: float(label == name) for name in ("correct", "wrong", "refused")}


def _pairs(question: Question, said: Row) -> dict[str, Pair]:
    pairs: dict[str, Pair] = {}
    if question.wanted != "ask back" and said["refused"]:
        pairs["refusal_precision"] = float(question.wanted == "refuse"), 1.0
    if question.wanted == "answer" and question.evidence and not said["refused"]:
        pairs |= _citations(question.evidence, said)
    return pairs


def _citations(evidence: Collection[EvidencePage], said: Row) -> dict[str, Pair]:
    """How many citations point at known evidence, and how many sentences cite some."""
    true = {c["mark"] for c in said["citations"] if _is_evidence(c, evidence)}
    marks = [set(sentence["marks"]) for sentence in said["sentences"]]
    cited = sum(map(len, marks))
    found: dict[str, Pair] = {"citation_recall": (sum(bool(m & true) for m in marks), len(marks))}
    if cited:
        found["citation_precision"] = sum(len(m & true) for m in marks), cited
    return found


def _is_evidence(citation: Row, evidence: Collection[EvidencePage]) -> bool:
    return any(
        citation["document"] == place.doc and place.page in (None, citation["page"])
        for place in evidence
    )


# -- seconds and tokens

COSTS: dict[str, Callable[[Row], float | None]] = {
    "search_seconds": lambda row: row.get("search_seconds"),
    "first_token_seconds": lambda row: _of_answer(row, "seconds_first_token"),
    "total_seconds": lambda row: _of_answer(row, "seconds_total"),
    "prompt_tokens": lambda row: _tokens(row, "prompt_tokens"),
    "completion_tokens": lambda row: _tokens(row, "completion_tokens"),
}


def _of_answer(row: Row, name: str) -> float | None:
    value: float | None = (row.get("answer") or {}).get(name)
    return value


def _tokens(row: Row, name: str) -> float | None:
    """The tokens; None for a refusal by the gate, which has none."""
    value: float | None = ((row.get("answer") or {}).get("usage") or {}).get(name)
    return value or None
