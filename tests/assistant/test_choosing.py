"""Which tool answers a request."""

from collections.abc import Iterator

from assistant.evidence import GivenPassages
from assistant.reply import Outcome, Reply
from assistant.tools import Request
from assistant.tools.choosing import Choosing
from tests.assistant.fakes import WordEmbedder


class Says:
    """A tool, and a specialist for questions that hold a word."""

    def __init__(self, name: str, word: str = "") -> None:
        self.name = name
        self._word = word

    def run(self, request: Request) -> Reply:
        def work(reply: Reply) -> Iterator[str]:
            reply.outcome = Outcome(self.name)
            yield self.name

        return Reply(request.question, work, self.name)

    def offer(self, request: Request) -> Reply | None:
        return self.run(request) if self._word in request.question else None


def test_the_first_that_takes_a_request_answers_it_and_the_general_tool_the_rest() -> None:
    choosing = Choosing([Says("table", "total"), Says("summary", "sum")], Says("answer"))
    asked = {
        question: choosing.run(Request(question, GivenPassages([], WordEmbedder()))).tool
        for question in ("the total sum", "sum up", "why?")
    }
    assert asked == {"the total sum": "table", "sum up": "summary", "why?": "answer"}
