"""Which tool answers a request."""

from collections.abc import Iterator, Sequence
from threading import Event

from assistant.contract.evidence import GivenPassages
from assistant.contract.facts import Outcome
from assistant.contract.intents import Answer, Draw, Intent
from assistant.contract.reply import Reply
from assistant.contract.request import Request, Turn
from assistant.routing.dispatch import Choosing
from assistant.routing.slots import Decision, Message
from tests.assistant.fakes import WordEmbedder


class Says:
    """A tool, and a specialist for questions that hold a word."""

    def __init__(self, name: str, word: str = "") -> None:
        self.name = name
        self._word = word
        self.hurried = 0

    def run(self, request: Request) -> Reply:
        def work(reply: Reply) -> Iterator[str]:
            reply.outcome = Outcome(self.name)
            yield self.name

        return Reply(request.question, work, self.name)

    def prepare(self, request: Request, cancel: Event) -> bool:
        return True

    def hurry(self) -> None:
        self.hurried += 1

    def offer(self, request: Request) -> Reply | None:
        return self.run(request) if self._word in request.question else None


def test_the_first_that_takes_a_request_answers_it_and_the_general_tool_the_rest() -> None:
    choosing = Choosing([Says("table", "total"), Says("summary", "sum")], Says("answer"))
    asked = {
        question: choosing.run(Request(question, GivenPassages([], WordEmbedder()))).tool
        for question in ("the total sum", "sum up", "why?")
    }
    assert asked == {"the total sum": "table", "sum up": "summary", "why?": "answer"}
    ahead = {
        question: choosing.prepare(Request(question, GivenPassages([], WordEmbedder())), Event())
        for question in ("sum up", "why?", "/draw a fox", "/unknown")
    }
    assert [question for question, is_read in ahead.items() if is_read] == ["why?"]


def test_any_question_stops_what_is_read_ahead_before_a_specialist_searches() -> None:
    general = Says("answer")

    class Looks(Says):
        def offer(self, request: Request) -> Reply | None:
            assert general.hurried == 1
            return super().offer(request)

    choosing = Choosing([Looks("table", "total")], general)
    assert choosing.run(Request("the total", GivenPassages([], WordEmbedder()))).tool == "table"


def test_no_specialist_searches_for_a_text_of_many_pages() -> None:
    choosing = Choosing([Says("table", "total")], Says("answer"))
    pasted = Request("the total sum " * 2_000, GivenPassages([], WordEmbedder()))

    assert choosing.run(pasted).tool == "answer"


class Makes:
    """A maker of one kind of intent."""

    name = "draw"

    def offer(self, request: Request) -> Reply | None:
        return Says("draw").run(request) if isinstance(request.intent, Draw) else None


def asked(question: str, intent: Intent | None = None, history: Sequence[Turn] = ()) -> Reply:
    evidence = GivenPassages([], WordEmbedder())
    choosing = Choosing([], Says("answer"), [Makes()])
    return choosing.run(Request(question, evidence, history, intent=intent))


def test_words_intent_for_a_tool_which_says_why_and_can_be_undone() -> None:
    drawn = asked("Please draw a fox")
    assert (drawn.tool, drawn.intent) == ("draw", Draw("a fox"))
    assert drawn.why == "likeness to known requests"
    assert asked("Please draw a fox", Answer()).tool == "answer"


def test_an_intent_whose_tool_is_not_there_is_a_question() -> None:
    reply = asked("/speak Good morning")
    assert (reply.tool, reply.intent, reply.why) == ("answer", None, "")


def test_an_unknown_command_is_told_and_nothing_is_searched() -> None:
    reply = asked("/drw a fox")
    assert "Did you mean /draw?" in reply.finish().text
    assert (reply.tool, reply.finish().grounded) == ("commands", False)


def test_ask_leaves_its_word_to_the_question() -> None:
    reply = asked("/ask draw up the terms")
    assert (reply.tool, reply.question, reply.meant) == (
        "answer", "/ask draw up the terms", "draw up the terms",
    )  # fmt: skip


def test_passages_that_are_given_are_asked_whatever_the_words_are() -> None:
    request = Request("Draw a fox", GivenPassages([], WordEmbedder()), given=True)
    assert Choosing([], Says("answer"), [Makes()]).run(request).tool == "answer"


class AsksNobody:
    """A router that must not be reached."""

    def choose(self, message: Message, embedder: object) -> Decision:
        raise AssertionError(message)


def test_a_command_asks_no_router() -> None:
    choosing = Choosing([], Says("answer"), [Makes()], AsksNobody())
    drawn = choosing.run(Request("/draw a fox", GivenPassages([], WordEmbedder())))
    assert drawn.intent == Draw("a fox")
