"""Rows of runs, as the runner makes them."""

from typing import Any

from assistant.evaluation.metrics import EvidencePage, Question, to_row

HERE = EvidencePage("plan.pdf", 7)
QUESTION = Question("q", "How long?", ("6 weeks",), evidence=(HERE,))
HIDDEN = Question("u", "Who pays?", answerable=False)


def row(
    question: Question = QUESTION,
    text: str | None = None,
    *,
    refused: bool = False,
    hits: list[list[Any]] | None = None,
    cited: list[tuple[str, int]] = (),  # type: ignore[assignment]
    marks: list[list[int]] = (),  # type: ignore[assignment]
    error: str = "",
    seconds: float = 1.0,
) -> dict[str, Any]:
    """Without a text it is of a run that only searched; `marks` are those of each sentence."""
    answer = None
    if text is not None:
        answer = {
            "answer": text,
            "refused": refused,
            "citations": [
                {"mark": mark, "document": document, "page": page}
                for mark, (document, page) in enumerate(cited, start=1)
            ],
            "sentences": [{"text": "S.", "marks": list(some)} for some in marks],
            "usage": {"prompt_tokens": 900, "completion_tokens": 0 if refused else 20},
            "seconds_first_token": seconds / 2,
            "seconds_total": seconds,
        }
    return {
        "id": question.id, "question": to_row(question), "hits": hits, "search_seconds": 0.01,
        "answer": answer, "error": error,
    }  # fmt: skip
