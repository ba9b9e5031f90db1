"""The tools that read attachments: they answer about them, describe and translate them."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from langchain_core.language_models import BaseChatModel

from assistant.attachments import CAME_WITH, Attached, attached, attachment_kind, pages_of
from assistant.contract.facts import Looked, Offer, Outcome
from assistant.contract.intents import Answer, Clip, Describe, Translate
from assistant.contract.reply import Event, Progress, Reply
from assistant.contract.request import IntentTool, Request, Tool
from assistant.i18n.translation import N_, _, told
from assistant.images.vision import Looking, Seen
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds, TurnTaking
from ingest.document.model import NOWHERE, Line, Page
from ingest.document.source import readable
from ingest.errors import Stopped, UnsupportedFile
from ingest.images.stills import place
from ingest.language.sentences import numbers
from ingest.language.words import language_of_question
from ingest.media.ffmpeg import clock

# -- Answers a question about attachments from them and the documents together


class WithFiles:
    """Reads pictures, and documents of the conversation, then lets the tool for questions answer
    with them beside the library."""

    name = "answer"

    def __init__(self, looking: Looking, answer: Tool) -> None:
        self._looking = looking
        self._answer = answer

    def offer(self, request: Request) -> Reply | None:
        """The reply; None without a document of this conversation, and a picture here or in the
        question that this one follows up."""
        pictures, documents = _pictures(request), _documents(request)
        asks = request.intent is None or isinstance(request.intent, Answer)
        if not (pictures or documents) or not asks:
            return None
        return Reply(
            request.question, lambda reply: self._work(request, pictures, documents, reply),
            self.name,
        )  # fmt: skip

    def _work(
        self, request: Request, pictures: Sequence[Path], documents: Sequence[Path], reply: Reply
    ) -> Iterator[Event]:
        try:
            seen = look_at(self._looking, pictures, reply)
            read = partial(self._looking.read, cancel=reply.cancel)
            given = attached(seen, {path: pages_of(path, read) for path in documents})
        except Stopped:
            reply.outcome = Outcome("", stopped=True)
            return
        yield from _answered(self._answer, given.add_to(request), given, reply)


def _answered(
    tool: Tool, request: Request, given: Attached, reply: Reply, unless: str = ""
) -> Iterator[Event]:
    """What the tool says, without citations of a model's words; no words where they are `unless`,
    its refusal."""
    inner = tool.run(request)
    reply.model = inner.model
    yield from _unless(unless, inner.work(reply)) if unless else inner.work(reply)
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


def _documents(request: Request) -> list[Path]:
    """Those that came with this question or an earlier one, and are there."""
    every = (path for turn in request.history for path in turn.files)
    found = dict.fromkeys((*every, *request.files))
    return [path for path in found if attachment_kind(path) == "document" and path.is_file()]


# -- Describes pictures and their text, or answers a question about them

_TEXT = 12  # words on pictures from which a question is rather about what is written there
NOTHING = N_("No text could be read on it, and no vision model is installed to describe it.")
_NOT_WRITTEN = N_("What is written on it does not answer this. This is what can be told of it:")
_UNSEEN = N_("It is not described, because no vision model is installed.")


class Describing(IntentTool[Describe]):
    """The tool of the intent Describe: describes pictures and answers about them."""

    name, kind = "describe", Describe

    def __init__(
        self,
        looking: Looking,
        answer: Callable[[], Tool],
        offers: Callable[[], tuple[Offer, ...]],
    ) -> None:
        """`answer` gives what answers questions from text; `offers` gives the models that would say
        more, where none that sees is there."""
        self._looking = looking
        self._answer = answer
        self._offers = offers

    def _work(self, request: Request, intent: Describe, reply: Reply) -> Iterator[Event]:
        seen = look_at(self._looking, intent.pictures, reply)
        if intent.question:
            yield from self._answer_question(request, intent, seen, reply)
        else:
            yield (text := _facts(seen))
            reply.outcome = self._outcome(text)

    def _answer_question(
        self, request: Request, intent: Describe, seen: list[Seen], reply: Reply
    ) -> Iterator[Event]:
        """From what is written on them, with citations; where that does not answer, by the model
        that sees, else with all that is known."""
        words = sum(len(one.text.split()) for one in seen)
        said = "" if words >= _TEXT else self._ask_viewer(intent, reply)
        if said:
            yield said
            reply.outcome = self._outcome(said)
            return
        given = attached(seen)
        if not given.pages:
            yield _(NOTHING)
            reply.outcome = self._outcome(_(NOTHING))
            return
        refusal = prompts.refusal(language_of_question(intent.question))
        alone = given.alone(request, intent.question)
        yield from _answered(self._answer(), alone, given, reply, refusal)
        if reply.outcome and reply.outcome.refused:
            said = self._ask_viewer(intent, reply) if words >= _TEXT else ""
            if not said:
                said, reply.model = f"{_(_NOT_WRITTEN)}\n\n{_facts(seen)}", ""
            yield said
            reply.outcome = self._outcome(said)

    def _ask_viewer(self, intent: Describe, reply: Reply) -> str:
        reply.activity.stage = _("Looking for the answer")
        return self._looking.answer(intent.pictures[0], intent.question, reply.cancel)

    def _outcome(self, text: str) -> Outcome:
        return Outcome(text, grounded=False, offers=self._offers())


def _unless(refusal: str, events: Iterator[Event]) -> Iterator[Event]:
    """The events as they come, but no words where they are the refusal."""
    held = ""
    for event in events:
        if not isinstance(event, str):
            yield event
            continue
        held += event
        if not refusal.startswith(held):
            yield held
            held = ""
    if held and held != refusal:
        yield held


def _facts(seen: Sequence[Seen]) -> str:
    return "\n\n".join(describe_facts(one, named=len(seen) > 1) for one in seen)


def describe_facts(seen: Seen, named: bool = False) -> str:
    """The facts about a picture, for people."""
    written = f"{_('Written on it:')}\n{seen.text}" if seen.lines else ""
    known = [part for part in (seen.shows, written) if part]
    if seen.lines and not seen.shows:
        known.append(_(_UNSEEN))
    text = "\n\n".join(known) or _(NOTHING)
    return f"{seen.name}: {text}" if named else text


# -- Describes a video with times, or answers a question about it

DEAF = N_("There is no speech model for its sound, and a video is not read without it.")
_NOT_RECOGNISED = N_(
    "It contains no speech and no text, and nothing is recognised in its pictures."
)
NO_VISION = N_(
    "It contains no speech and no text, and no vision model is installed to describe its pictures."
)


@dataclass(frozen=True)
class Watched:
    """What is known of a video: its transcript with what is written on it, and what it shows."""

    name: str
    page: Page  # lines with seconds
    shown: tuple[Line, ...] = ()  # a model's words, or tags: never evidence

    @property
    def attached(self) -> Attached:
        """As evidence: one page of what is heard and written, and one of what is shown."""
        pages = {f"{CAME_WITH[1]}{self.name}": (self.page,)} if self.page.lines else {}
        if not self.shown:
            return Attached(pages)
        name = f"what your video {self.name} shows"
        return Attached({**pages, name: (Page(1, 0, 0, self.shown),)}, frozenset([name]))

    def timeline(self) -> Iterator[str]:
        """A line for each moment, in order: speech, text or scene."""
        told = [(line.seconds or 0.0, _("Shows"), line.text) for line in self.shown]
        written: dict[float, list[str]] = {}
        for line in self.page.lines:
            if self._is_written(line):
                written.setdefault(line.seconds or 0.0, []).append(line.text)
            else:
                told.append((line.seconds or 0.0, _("Says"), line.text))
        told += [(moment, _("Written"), " / ".join(texts)) for moment, texts in written.items()]
        for moment, how, text in sorted(told):
            yield f"{clock(moment)}  {how}: {text}"

    def _is_written(self, line: Line) -> bool:
        """On a picture of that moment; else it is said."""
        moment = clock(line.seconds or 0.0)
        return any(f.caption == moment and line.text in f.description for f in self.page.figures)


class Clipping(IntentTool[Clip]):
    """The tool of the intent Clip: describes a video, or answers about it."""

    name, kind = "clip", Clip

    def __init__(
        self,
        looking: Looking,
        answer: Callable[[], Tool],
        offers: Callable[[], tuple[Offer, ...]],
        hearing: Callable[[], tuple[Offer, ...]] = lambda: (),
    ) -> None:
        """As in Describing; `hearing` gives speech models, where none is installed."""
        self._looking = looking
        self._answer = answer
        self._offers = offers
        self._hearing = hearing

    def _work(self, request: Request, intent: Clip, reply: Reply) -> Iterator[Event]:
        try:
            watched = self._watch(intent.video, reply)
            given = watched.attached
            if intent.question and given.pages:
                alone = given.alone(request, intent.question)
                yield from _answered(self._answer(), alone, given, reply)
            else:
                nothing = _NOT_RECOGNISED if self._looking.viewer() else NO_VISION
                text = "\n".join(watched.timeline()) or _(nothing)
                yield text
                note = told(watched.page.note)
                notices = (f"{watched.name}: {note}.",) if note else ()
                reply.outcome = Outcome(
                    text, grounded=False, offers=self._offers(), notices=notices
                )
        except UnsupportedFile:
            if not (missing := self._hearing()):
                raise
            yield _(DEAF)
            reply.outcome = Outcome(_(DEAF), grounded=False, offers=missing)

    def _watch(self, video: Path, reply: Reply) -> Watched:
        reply.activity.stage = _("Listening, and reading what is written")
        document = self._looking.read(video, reply.cancel)
        with tempfile.TemporaryDirectory(prefix="pincite-") as folder:
            reply.activity.stage = _("Looking for its scenes")
            moments = self._looking.stills(video, Path(folder), reply.cancel)
            shown = self._describe_scenes(Path(folder), moments, reply)
        return Watched(readable(video.name), document.pages[0], shown)

    def _describe_scenes(
        self, folder: Path, moments: Sequence[float], reply: Reply
    ) -> tuple[Line, ...]:
        lines: list[Line] = []
        for number, seconds in enumerate(moments):
            at = clock(seconds)
            reply.activity.stage = _("Looking at the picture at {time}", time=at)
            reply.activity.progress = Progress(number, len(moments))
            seen = self._looking.describe(Seen("", ()), place(folder, number), reply.cancel)
            if seen.shows and (not lines or lines[-1].text != seen.shows):
                lines.append(Line(seen.shows, NOWHERE, seconds=seconds))
        return tuple(lines)


# -- Translates the text that is written in a picture, line by line, beside the original

DEFAULT = "English"
NO_TEXT = N_("No text could be read on the picture.")
NO_MODEL = N_("The text is not translated, because no chat model is installed.")
_WRONG = N_("[its numbers differ from those of the line]")
_MOST = 4  # tokens of a translation for each word of the original, and 16


class Translating(IntentTool[Translate]):
    """The tool of the intent Translate."""

    name, kind = "translate", Translate

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

    def _work(self, request: Request, intent: Translate, reply: Reply) -> Iterator[str]:
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
                # Small models change numbers. Another notation of a time counts, too.
                wrong = f"  {_(_WRONG)}" if numbers(line) - numbers(said) else ""
                yield f"{line}\n→ {said}{wrong}\n"

    def _translate(self, model: BaseChatModel, line: str, language: str, reply: Reply) -> str:
        """One line. Raises Stopped."""
        messages = prompts.on_line(line, language)
        ours = isinstance(model, TokenOdds)
        most = _MOST * len(line.split()) + 16
        options: dict[str, Any] = {"cancel": reply.cancel, "max_tokens": most} if ours else {}
        text = ""
        for part in model.stream(messages, **options):
            text += str(part.content)
            if reply.cancel.is_set():
                raise Stopped("Stopped in the middle of a line.")
        return " ".join(text.split()).strip('"“”')
