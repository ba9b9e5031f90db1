"""Draws numbers of a table in the documents as a chart, and cites each cell."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from langchain_core.language_models import BaseChatModel

from assistant.answering.notices import unread_pages_noted
from assistant.answering.tables.grid import Plan, is_year, terms
from assistant.answering.tables.planning import Tabled
from assistant.answering.tables.question import LOOKUP
from assistant.attachments import attached, attachment_kind
from assistant.contract.facts import Looked, Offer, Outcome, Sentence
from assistant.contract.intents import Answer, Chart, Translate
from assistant.contract.reply import Progress, Reply
from assistant.contract.request import Request, Tool
from assistant.i18n.translation import N_, _, ngettext, told
from assistant.images.charts import CannotChart, ChartNumbers, draw, find, kind_of, unit
from assistant.images.vision import Looking, Seen
from assistant.llm import odds, prompts
from assistant.llm.odds import TurnTaking
from assistant.storage.files import Made
from assistant.tools.tables import outcome
from ingest.errors import Stopped
from ingest.language.sentences import numbers

# -- Answers a question about pictures from them and the documents together


class WithPictures:
    """Reads the pictures, then lets the tool for questions answer with them beside the library."""

    name = "answer"

    def __init__(self, looking: Looking, answer: Tool) -> None:
        self._looking = looking
        self._answer = answer

    def offer(self, request: Request) -> Reply | None:
        """None without a picture, here or with the question that this one follows up."""
        pictures = _pictures(request)
        if not pictures or not (request.intent is None or isinstance(request.intent, Answer)):
            return None
        return Reply(
            request.question, lambda reply: self._work(request, pictures, reply), self.name
        )

    def _work(self, request: Request, pictures: Sequence[Path], reply: Reply) -> Iterator[str]:
        try:
            given = attached(look_at(self._looking, pictures, reply))
        except Stopped:
            reply.outcome = Outcome("", stopped=True)
            return
        inner = self._answer.run(given.add_to(request))
        reply.model = inner.model
        yield from inner.work(reply)
        if reply.outcome:
            reply.outcome = given.uncited(reply.outcome)


def look_at(looking: Looking, pictures: Sequence[Path], reply: Reply) -> list[Seen]:
    """The facts about all pictures. Raises UnreadableFile, ModelUnusable or Stopped."""
    seen = []
    for number, path in enumerate(pictures):
        reply.activity.progress = Progress(number, len(pictures)) if len(pictures) > 1 else None
        began = perf_counter()
        reply.activity.stage = _("Reading what is written on {name}", name=path.name)
        written = looking.read_text(path, reply.cancel)
        reply.activity.stage = _("Looking at {name}", name=path.name)
        read = perf_counter()
        seen.append(looking.describe(written, path, reply.cancel))
        reply.trace.facts.looked += (_looked(seen[-1], read - began, perf_counter() - read),)
    return seen


def _looked(seen: Seen, reading: float, looking: float) -> Looked:
    sure = [line.confidence for line in seen.lines]
    mean = round(sum(sure) / len(sure), 3) if sure else None
    return Looked(seen.name, len(sure), mean, seen.shows, (round(reading, 2), round(looking, 2)))


def _pictures(request: Request) -> list[Path]:
    here = [path for path in request.files if attachment_kind(path) == "picture"]
    if here or not request.query.follows_up:
        return here
    before = request.history[-1].files
    return [path for path in before if attachment_kind(path) == "picture" and path.is_file()]


_LISTED = 12  # numbers that are written in the answer, too


class Charting:
    """Handles the intent Chart."""

    name = "chart"

    def __init__(self, made: Made) -> None:
        self._made = made

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Chart):
            return None
        return Reply(
            request.question, lambda reply: self._work(intent, request, reply), self.name, self.name
        )

    def _work(self, intent: Chart, request: Request, reply: Reply) -> Iterator[str]:
        reply.activity.stage = _("Looking for a table")
        try:
            numbers = _found(intent, request)
        except CannotChart as error:
            why = told(str(error))
            yield why
            reply.outcome = _refusal(why)
            return
        if reply.cancel.is_set():
            reply.outcome = Outcome("", stopped=True)
            return
        reply.activity.stage = _("Drawing")
        kind, notice = kind_of(numbers, intent.kind)
        if kind == "pie":
            numbers = replace(numbers, series=numbers.series[:1])
        path = self._made.path(".png")
        missing = draw(numbers, kind, _title(intent.what), source(numbers), path)
        reply.images = (path,)
        text = said(numbers)
        yield text
        plan = Plan(numbers.grid, LOOKUP, numbers.cells, score=numbers.score)
        done = unread_pages_noted(outcome(plan, text), request.evidence, request.alone)
        more = (_backwards(numbers, kind), _left_out(numbers), _without_font(missing))
        notices = tuple(filter(None, (notice, *more)))
        reply.outcome = replace(done, notices=(*notices, *done.notices))


def _found(intent: Chart, request: Request) -> ChartNumbers:
    if not isinstance(request.evidence, Tabled):
        raise CannotChart("The given passages contain no tables.")
    return find(intent.what, request.evidence, request.documents)


def _refusal(text: str) -> Outcome:
    return Outcome(text, (Sentence(text, supported=False),), refused=True)


def _title(what: str) -> str:
    return what[:1].upper() + what[1:]


def source(numbers: ChartNumbers) -> str:
    """Document, page and table."""
    grid = numbers.grid
    table = f", “{grid.table.caption}”" if grid.table.caption else ""
    named = _("{document}, page {page}", document=grid.document, page=grid.page.number)
    return f"{named}{table}"


def said(numbers: ChartNumbers) -> str:
    """A sentence with the numbers as the document writes them."""
    cells = numbers.cells
    named = "; ".join(_named(numbers, at) for at in range(len(numbers.series)))
    scale = f" ({unit(numbers)})" if unit(numbers) else ""
    if len(cells) > _LISTED:
        named = ngettext("{count} number", "{count} numbers", len(cells))
    where = f"{source(numbers)}{scale}"
    return _("Charted from {source}: {numbers}.", source=where, numbers=named)


def _named(numbers: ChartNumbers, at: int) -> str:
    series = numbers.series[at]
    points = ", ".join(f"{p.label} {p.cell.cell.text}" for p in series.points)
    return f"{series.label}: {points}" if series.label else points


def _backwards(numbers: ChartNumbers, kind: str) -> str:
    """Labels stay as they stand in the table: a line over them may run back in time."""
    years = [
        max((int(t) for t in terms(label) if is_year(t)), default=0) for label in numbers.labels
    ]
    newest_first = numbers.timed and years[0] > years[-1]
    return (
        _("The newest value is at the left, as in the table.")
        if newest_first and kind != "pie"
        else ""
    )


def _without_font(letters: str) -> str:
    if not letters:
        return ""
    return _(
        "No font on this machine has these letters; boxes replace them: {letters}",
        letters=letters[:40],
    )


def _left_out(numbers: ChartNumbers) -> str:
    """Totals and changes are not drawn beside their parts."""
    names = ", ".join(f"“{name}”" for name in numbers.left_out[:6])
    more = len(numbers.left_out) - 6
    if more > 0:
        names = ngettext("{names} and {count} more", "{names} and {count} more", more, names=names)
    return _("Not drawn: {names}.", names=names) if names else ""


# -- Translates the text that is written in a picture, line by line, beside the original

DEFAULT = "English"
NO_TEXT = N_("No text could be read on the picture.")
NO_MODEL = N_("The text is not translated, because no chat model is installed.")
_WRONG = N_("[its numbers differ from those of the line]")
_MOST = 4  # tokens of a translation for each word of the original, and 16


class Translating:
    """Handles the intent Translate."""

    name = "translate"

    def __init__(
        self,
        looking: Looking,
        chat: Callable[[], tuple[str, BaseChatModel] | None],
        turns: TurnTaking,
        offers: Callable[[], tuple[Offer, ...]],
    ) -> None:
        """`chat` gives the chat model and its name, when there is something to translate; `offers`
        are chat models."""
        self._looking = looking
        self._chat = chat
        self._turns = turns
        self._offers = offers

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Translate):
            return None
        return Reply(request.question, lambda reply: self._work(intent, reply), self.name)

    def _work(self, intent: Translate, reply: Reply) -> Iterator[str]:
        written: list[str] = []
        try:
            for piece in self._lines(intent, reply):
                written.append(piece)
                yield piece
        except Stopped:
            reply.cancel.set()
        text, stopped = "".join(written), reply.cancel.is_set()
        offers = self._offers() if _(NO_MODEL) in text else ()
        reply.outcome = Outcome(text, stopped=stopped, grounded=False, offers=offers)

    def _lines(self, intent: Translate, reply: Reply) -> Iterator[str]:
        reply.activity.stage = _("Reading what is written")
        lines = [line.text for line in self._looking.read_text(intent.picture, reply.cancel).lines]
        if not lines:
            yield _(NO_TEXT)
            return
        chat = self._chat()
        if chat is None:
            yield "\n".join([*lines, "", _(NO_MODEL)])
            return
        reply.model, model = chat
        with self._turns.turn(reply):
            for number, line in enumerate(lines):
                if reply.cancel.is_set():
                    return
                reply.activity.stage = _("Translating")
                reply.activity.progress = Progress(number, len(lines))
                said = self._translate(model, line, intent.language or DEFAULT, reply)
                wrong = f"  {_(_WRONG)}"
                yield f"{line}\n→ {said}{wrong if _other_numbers(line, said) else ''}\n"

    def _translate(self, model: BaseChatModel, line: str, language: str, reply: Reply) -> str:
        """One line. Raises Stopped."""
        messages = prompts.on_line(line, language)
        ours = isinstance(model, odds.TokenOdds)
        most = _MOST * len(line.split()) + 16
        options: dict[str, Any] = {"cancel": reply.cancel, "max_tokens": most} if ours else {}
        text = ""
        for part in model.stream(messages, **options):
            text += str(part.content)
            if reply.cancel.is_set():
                raise Stopped("Stopped in the middle of a line.")
        return " ".join(text.split()).strip('"“”')


def _other_numbers(line: str, said: str) -> bool:
    """Whether numbers differ: small models change them. Another notation of a time counts, too."""
    return bool(numbers(line) - numbers(said))
