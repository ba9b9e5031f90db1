"""The Reply that every tool returns: it streams, and has its citations when it is done."""

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.contract.activity import Activity
from assistant.contract.answer_document import answer_document
from assistant.contract.intents import Intent
from assistant.contract.outcome import Citation, Outcome
from assistant.contract.trace import Trace
from assistant.errors import AssistantError
from vectorstore.catalog.choosing import EVERYTHING, Filter


@dataclass
class Reply:
    """Iterate for the text as it is written; `outcome` is complete afterwards.

    `work` is called once, by the iteration, with this Reply; it yields text and sets `outcome`.
    `stop()` may be called from another thread: the iteration then ends within half a second.
    """

    question: str
    work: Callable[["Reply"], Iterator[str]]
    tool: str = "answer"
    model: str = ""
    meant: str = ""  # the completed question, if that was answered instead
    why: str = ""  # why this tool was chosen, as a short phrase; empty for an answer
    intent: Intent | None = None  # the request to a tool; None for an answer
    attached: tuple[Path, ...] = ()  # attachments of the question
    within: Filter = EVERYTHING  # it has chosen the documents that were asked
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    so_far: str = ""
    outcome: Outcome | None = None
    unsaved: str = ""  # why a complete answer could not be kept
    images: tuple[Path, ...] = ()
    audio: tuple[Path, ...] = ()
    activity: Activity = field(default_factory=Activity)
    trace: Trace = field(default_factory=Trace)
    cancel: threading.Event = field(default_factory=threading.Event)
    when_quoted: Callable[["Reply"], None] = lambda reply: None
    when_done: Callable[["Reply"], None] = lambda reply: None

    def __iter__(self) -> Iterator[str]:
        self.activity.start()
        for token in self.work(self):
            self.activity.write()
            self.so_far += token
            yield token
        self.activity.end()
        try:
            self.when_done(self)
        except AssistantError as error:
            self.unsaved = str(error)
            raise

    def quote(self, citations: Iterable[Citation]) -> None:
        """Show the closest lines while a model reads."""
        self.activity.quote(citations)
        self.when_quoted(self)

    def stop(self) -> None:
        """End the answer now; the text so far stays."""
        self.cancel.set()

    def finish(self) -> Outcome:
        """Run to the end if nobody iterated yet, and return the outcome."""
        if self.outcome is None:
            for _ in self:
                pass
        assert self.outcome is not None
        return self.outcome

    def to_json(self) -> dict[str, Any]:
        """The answer document of the public contract; runs to the end first."""
        self.finish()
        return answer_document(self)
