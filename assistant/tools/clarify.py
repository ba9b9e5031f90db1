"""Asks for clarification of an unclear question, without a model."""

from collections.abc import Iterator, Sequence

from assistant.answering.query.clarification import Clarification, question_back
from assistant.answering.whole_document.sections import Shelf
from assistant.contract.outcome import Outcome, Passage
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from vectorstore.library import Hit

_HITS = 24  # looked at for what the question may mean
_SHOWN = 4  # passages


class AskBack:
    """Asks for clarification only when a rule of `assistant/answering/query/ambiguity.py` fires."""

    name = "ask_back"

    def offer(self, request: Request) -> Reply | None:
        """None for a question that is clear, and for one about which was asked before."""
        found = None if request.clear else request.query.unnamed
        if found is None:
            return None
        hits = request.evidence.passages(request.query.alone, _HITS, request.documents)
        alone, given = _alone(request), request.given
        asked = question_back(request.question, request.query.said, found, hits, alone, given)
        if asked is None:
            return None
        return Reply(
            request.question, lambda reply: _work(asked, hits, reply), self.name, self.name
        )


def _alone(request: Request) -> bool:
    """One document is asked: "this" may be all of it."""
    shelf = request.evidence
    if request.given or not isinstance(shelf, Shelf):
        return False
    return len(shelf.documents() if request.documents is None else request.documents) == 1


def _work(asked: Clarification, hits: Sequence[Hit], reply: Reply) -> Iterator[str]:
    yield asked.text
    passages = [Passage(h.document, h.page, round(h.score, 4), h.text) for h in hits[:_SHOWN]]
    reply.outcome = Outcome(
        asked.text, passages=tuple(passages), asked_back=True, choices=asked.choices
    )
