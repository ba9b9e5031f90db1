"""Asks the questions of a set, and saves each result at once."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.conversation.assistant import Assistant
from assistant.conversation.from_messages import turns
from assistant.evaluation.runs import EvaluationRuns
from assistant.evaluation.sets.question_sets import Question, to_row
from assistant.evaluation.sets.sources import QuestionSource
from ingest.errors import PinciteError
from vectorstore.retrieval.reranker import Reranker, reranked

HITS = 25  # pages that are requested; the first five or ten count
Row = dict[str, Any]


@dataclass(frozen=True)
class EvaluationStep:
    """The progress of a run."""

    done: int
    total: int
    question: str


@dataclass
class RunningEvaluation:
    """Asks a set. `run` may be called in a thread, and `stop` from another one."""

    runs: EvaluationRuns
    source: QuestionSource
    assistant: Assistant | None  # None: only searches
    reranker: Reranker | None = None  # orders what a search finds, as for answers
    passages: int = 0  # number of whole passages given from a corpus; 0: the assistant searches
    show: Callable[[EvaluationStep], None] = lambda step: None
    cancel: threading.Event = field(default_factory=threading.Event)

    def run(self, number: int, questions: Sequence[Question]) -> None:
        """Ask all questions that were not answered before; failed ones are asked again."""
        done = {row["id"] for row in self.runs.rows(number) if not row["error"]}
        left = [question for question in questions if question.id not in done]
        if left and left[0].passages is None:
            self.source.library.search(left[0].question, 1)  # loads the model first
        for question in left:
            self.show(EvaluationStep(len(questions) - len(left), len(questions), question.question))
            row = self._row(question)
            if self.cancel.is_set():
                return
            self.runs.put(number, row)
            left = left[1:]
        self.show(EvaluationStep(len(questions), len(questions), ""))
        self.runs.finish(number)

    def stop(self) -> None:
        """End within half a second; the current question is asked again next time."""
        self.cancel.set()

    def _row(self, question: Question) -> Row:
        row: Row = {"id": question.id, "question": to_row(question), "hits": None, "error": ""}
        try:
            if question.passages is None and not question.history:
                row |= self._searched(question)
            if self.assistant is not None:
                row["answer"] = self._ask(self.assistant, question)
        except PinciteError as error:
            row["error"] = str(error)
        return row

    def _searched(self, question: Question) -> Row:
        started = time.perf_counter()
        found = self.source.library.search(question.question, HITS)
        hits = reranked(self.reranker, question.question, found)
        seconds = round(time.perf_counter() - started, 4)
        pages = [[self.source.named(hit.document), hit.page] for hit in hits]
        return {"hits": pages, "search_seconds": seconds}

    def _ask(self, assistant: Assistant, question: Question) -> Row:
        """The answer document, with document names as in the set."""
        history = turns(question.history)
        titles = self._best(question) if self.passages and question.passages is None else {}
        given = question.passages or [(title, self._text(id)) for title, id in titles.items()]
        if question.passages is None and not titles:
            reply = assistant.ask(question.question, history=history)
        else:
            reply = assistant.ask_given(question.question, given, history)
        reply.cancel = self.cancel
        answer = reply.to_json()
        for cited in (*answer["citations"], *answer["passages"]):
            name = cited["document"]
            cited["document"] = self.source.named(titles.get(name, name))
        return answer

    def _best(self, question: Question) -> dict[str, str]:
        """The best passages of a corpus: title -> document; a title that repeats is numbered."""
        found: dict[str, str] = {}
        for hit in self.source.library.search(question.question, self.passages):
            title = self.source.library.page(hit.document, 1).lines[0].text
            found[title if title not in found else f"{title} ({len(found) + 1})"] = hit.document
        return found

    def _text(self, document: str) -> str:
        """A passage without its title."""
        return " ".join(line.text for line in self.source.library.page(document, 1).lines[1:])
